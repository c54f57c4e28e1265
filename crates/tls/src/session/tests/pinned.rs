use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};
use ringlock_pki::LeafFacts;
use ringlock_store::{CertificateEntry, KeyStore, PrivateKey};
use rustls_pki_types::CertificateDer;

use super::*;
use crate::trusted::Trusted;

/// A node's certificate that is self-signed, as `keytool -genkeypair` makes it.
struct Own {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

impl Own {
    fn new(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = params();
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().into();
        Self { params, key, der }
    }

    fn issue(&self) -> Self {
        let (params, key) = (params(), KeyPair::generate().unwrap());
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().into();
        Self { params, key, der }
    }

    /// Not judged by our own rules, so that peers have to.
    fn identity(&self, also_sent: &[&Self]) -> Identity {
        let chain = std::iter::once(self).chain(also_sent.iter().copied());
        Identity {
            chain: chain.map(|it| it.der.clone()).collect(),
            key: IdentityKey::Private(PrivateKey::pkcs8(self.key.serialize_der())),
            leaf: LeafFacts::read(&self.der).unwrap(),
            unused: Vec::new(),
        }
    }
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "node");
    params.subject_alt_names = vec![SanType::IpAddress(SERVER), SanType::IpAddress(CLIENT)];
    params
}

fn ca() -> Own {
    Own::new(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "CA");
    })
}

fn expired(params: &mut CertificateParams) {
    params.not_after = OffsetDateTime::now_utc() - Duration::HOUR;
}

fn trusting(trusted: &[&Own]) -> Trust {
    let entries = trusted.iter().map(|it| it.der.clone());
    let store = KeyStore {
        certificates: entries.map(CertificateEntry::from).collect(),
        ..KeyStore::default()
    };
    Trust::select(&store, OffsetDateTime::now_utc()).unwrap()
}

fn node(identity: &Identity, trusted: &[&Own], offer: &Offer) -> TlsState {
    TlsState::build(identity, &trusting(trusted), STRICT, offer).unwrap()
}

/// What nodes that trust `trusted` say of a server that shows `identity`, and of a client.
fn said_of(identity: &Identity, trusted: &[&Own]) -> [Result<(), HandshakeFailure>; 2] {
    let judge = Own::new(|_| {});
    let said = offers().map(|offer| {
        let peer = node(&judge.identity(&[]), trusted, &offer);
        let subject = node(identity, &[&judge], &offer);
        let dialled = meet(
            &mut peer.dial(SERVER).unwrap(),
            &mut subject.accept().unwrap(),
        );
        let dials = meet(
            &mut subject.dial(SERVER).unwrap(),
            &mut peer.accept().unwrap(),
        );
        let outcome = |met: Result<Handshake, Failed>| match met {
            Ok(Handshake::Done) => Ok(()),
            Ok(Handshake::NeedsBytes) => panic!("it waits"),
            Err(failed) => Err(failed.failure),
        };
        [outcome(dialled.client), outcome(dials.server)]
    });
    let [newer, older, openssl] = said;
    assert_eq!(newer, older);
    assert_eq!(newer, openssl);
    newer
}

#[test]
fn a_pinned_certificate_is_accepted_for_itself_alone_and_while_it_is_valid() {
    let (pinned, other, namesake) = (Own::new(|_| {}), Own::new(|_| {}), Own::new(|_| {}));
    let old = Own::new(expired);
    let trusted = [&other, &old, &pinned];
    assert_eq!(said_of(&pinned.identity(&[]), &trusted), [Ok(()), Ok(())]);
    // What else is sent changes nothing.
    let more = pinned.identity(&[&namesake]);
    assert_eq!(said_of(&more, &trusted), [Ok(()), Ok(())]);

    let issued = pinned.issue();
    let unknown = || Err(HandshakeFailure::UnknownIssuer);
    for stranger in [
        namesake.identity(&[]),
        namesake.identity(&[&pinned]),
        issued.identity(&[]),
        issued.identity(&[&pinned]),
    ] {
        assert_eq!(said_of(&stranger, &trusted), [unknown(), unknown()]);
    }
    let beside_ca = [&ca(), &pinned];
    for said in said_of(&issued.identity(&[&pinned]), &beside_ca) {
        let said = said.unwrap_err().to_string();
        assert!(said.ends_with("its issuer is not a CA"), "{said}");
    }
    for said in said_of(&old.identity(&[]), &trusted) {
        assert!(
            matches!(said, Err(HandshakeFailure::Expired(_))),
            "{said:?}"
        );
    }
}

#[test]
fn pinned_certificates_keep_to_their_usages_and_addresses() {
    let server = Own::new(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let said = said_of(&server.identity(&[]), &[&server]);
    assert_eq!(said, [Ok(()), Err(HandshakeFailure::WrongPurpose)]);
    let nameless = Own::new(|params| params.subject_alt_names.clear());
    let [as_server, as_client] = said_of(&nameless.identity(&[]), &[&nameless]);
    assert!(matches!(
        as_server,
        Err(HandshakeFailure::AddressNotCertified { .. })
    ));
    // Of one who dials the agent compares the address after the handshake.
    assert_eq!(as_client, Ok(()));
}

#[test]
fn nodes_that_pin_each_other_talk_beside_those_of_a_ca() {
    let ca = ca();
    let (one, two, of_ca) = (Own::new(|_| {}), Own::new(|_| {}), ca.issue());
    let trusted = [&ca, &one, &two];
    for offer in offers() {
        let state = |own: &Own| node(&own.identity(&[]), &trusted, &offer);
        Pair::new(&state(&one), &state(&two)).talk();
        Pair::new(&state(&one), &state(&of_ca)).talk();
        Pair::new(&state(&of_ca), &state(&two)).talk();
        assert_eq!(state(&one).self_check(), Ok(()));
    }
}

#[test]
fn diallers_are_told_the_subjects_of_all_that_is_trusted_each_once() {
    let named = |name: &str| {
        Own::new(|params| {
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
        })
    };
    let hints = |names: &[String]| {
        let own: Vec<_> = names.iter().map(|name| named(name)).collect();
        let own: Vec<_> = own.iter().collect();
        Trusted::new(&trusting(&own), None).unwrap().hints().len()
    };
    let names: Vec<_> = (0..700).map(|at| format!("{at:060}")).collect();
    let repeated = [&names[..5], &names[..5]].concat();
    assert_eq!(hints(&repeated), 5);
    assert_eq!(hints(&names), 700);
    // More do not fit into a CertificateRequest; none stands for any.
    let long: Vec<_> = names.iter().map(|name| format!("{name}{name}")).collect();
    assert_eq!(hints(&long), 0);
}
