use std::net::{IpAddr, Ipv4Addr};

use ringlock_model::{ClientAuth, Direction};
use ringlock_tls::{
    Handshake, HandshakeFailure, Offer, Options, Session, TlsState, Version, sealed_size,
};
use ringlock_token::open;

use crate::{
    PIN,
    site::{KINDS, Site, alone},
};
use ringlock_pki::Identity;
use time::OffsetDateTime;

/// The address in every certificate here.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn state(site: &Site, identity: &Identity, version: Version) -> TlsState {
    let options = Options {
        client_auth: ClientAuth::Required,
        endpoint_verification: true,
        session_tickets: true,
    };
    let offer = Offer {
        versions: vec![version],
        ..Offer::default()
    };
    TlsState::build(identity, &site.trust(), options, &offer).unwrap()
}

/// How a handshake failed.
#[derive(Debug, PartialEq)]
struct Failure {
    /// What the side says at which it failed.
    by: HandshakeFailure,
    /// What the other side then has been told.
    told: Option<HandshakeFailure>,
}

/// Carries a handshake through.
fn meet(client: &TlsState, server: &TlsState) -> Result<(Session, Session), Failure> {
    let mut sides = [client.dial(ADDRESS).unwrap(), server.accept().unwrap()];
    let mut bytes = Vec::new();
    let mut done = [false; 2];
    for turn in (0..2).cycle() {
        let mut outgoing = Vec::new();
        match sides[turn].handshake(&mut bytes, &mut outgoing) {
            Ok(turned) => done[turn] = turned == Handshake::Done,
            Err(failed) => {
                outgoing.extend_from_slice(&failed.alert);
                let told = sides[1 - turn].handshake(&mut outgoing, &mut Vec::new());
                return Err(Failure {
                    by: failed.failure,
                    told: told.err().map(|failed| failed.failure),
                });
            }
        }
        if done == [true; 2] {
            break;
        }
        bytes = outgoing;
    }
    let [client, server] = sides;
    Ok((client, server))
}

fn pass(from: &mut Session, to: &mut Session, mut behind: Vec<u8>) -> Vec<u8> {
    let mut records = vec![0; sealed_size(4)];
    let sealed = from.seal(b"ping", &mut records).unwrap();
    behind.extend_from_slice(&records[..sealed]);
    let mut plaintext = vec![0; behind.len()];
    let opened = to.open(&behind, &mut plaintext, &mut Vec::new()).unwrap();
    plaintext.truncate(opened.plaintext);
    plaintext
}

#[test]
fn keys_in_tokens_authenticate_both_sides_in_both_versions() {
    alone(
        "handshakes::keys_in_tokens_authenticate_both_sides_in_both_versions",
        |site| {
            for (index, (kind, _)) in KINDS.iter().enumerate() {
                site.add_key(kind, &format!("0{index}"), kind);
            }
            for (dials, _) in KINDS {
                for (accepts, _) in KINDS {
                    for version in Version::ALL {
                        let client = state(site, &site.identity(dials), version);
                        let server = state(site, &site.identity(accepts), version);
                        assert!(client.signs_remotely(Direction::Outbound));
                        assert!(server.signs_remotely(Direction::Inbound));
                        assert_eq!(client.self_check(), Ok(()));
                        let (mut client, mut server) = meet(&client, &server).unwrap();
                        assert_eq!(
                            server.peer_certificate(),
                            Some(&site.certificate(dials)),
                            "{dials} to {accepts}"
                        );
                        assert_eq!(client.peer_certificate(), Some(&site.certificate(accepts)));
                        assert_eq!(client.facts().unwrap().version, version.as_str());
                        assert_eq!(pass(&mut client, &mut server, Vec::new()), b"ping");
                    }
                }
            }
        },
    );
}

#[test]
fn without_the_token_either_side_fails_by_name_tells_the_other_and_recovers() {
    alone(
        "handshakes::without_the_token_either_side_fails_by_name_tells_the_other_and_recovers",
        |site| {
            site.add_key("p256", "01", "p256");
            let token = open(&site.unpluggable_config("p256"), PIN).unwrap();
            let certificates = vec![site.certificate("p256")];
            let now = OffsetDateTime::now_utc();
            let in_token = Identity::with_signer(token, certificates, now).unwrap();
            let in_file = site.identity_in_file("p256");
            for version in Version::ALL {
                for (client, server) in [(&in_file, &in_token), (&in_token, &in_file)] {
                    let client = state(site, client, version);
                    let server = state(site, server, version);
                    site.put("removed", b"");
                    let said = "there is no token labelled \"node\"; no token is there".to_owned();
                    let expected = Failure {
                        by: HandshakeFailure::NotSigned(said),
                        told: Some(HandshakeFailure::Alert("internal_error".to_owned())),
                    };
                    assert_eq!(meet(&client, &server).err(), Some(expected), "{version:?}");
                    site.run("rm removed");
                    meet(&client, &server).unwrap();
                }
            }
        },
    );
}
