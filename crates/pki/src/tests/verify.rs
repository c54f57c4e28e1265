use super::*;
use crate::{
    RevocationLists, TrustError,
    verify::{Peer, Question, Refusal, Role},
};
use std::net::IpAddr;

const PEERS: [Peer; 3] = [Peer::Java, Peer::Scylla, Peer::Ringlock];

fn trusting(made: &[&Made]) -> KeyStore {
    KeyStore {
        certificates: made.iter().map(|it| it.der.clone().into()).collect(),
        ..KeyStore::default()
    }
}

fn verdict(peer: Peer, role: Role, chain: &[&Made], trust: &KeyStore) -> Vec<Refusal> {
    at_addresses(peer, role, chain, trust, &[])
}

fn at_addresses(
    peer: Peer,
    role: Role,
    chain: &[&Made],
    trust: &KeyStore,
    addresses: &[IpAddr],
) -> Vec<Refusal> {
    let chain: Vec<_> = chain.iter().map(|it| it.der.clone()).collect();
    let question = Question {
        chain: &chain,
        trust,
        lists: &RevocationLists::default(),
        addresses,
        now: NOW,
    };
    question.verdict(peer, role).refusals
}

fn ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn expired(params: &mut CertificateParams) {
    params.not_after = NOW - Duration::HOUR;
}

#[test]
fn an_issued_certificate_is_accepted_by_all_in_both_roles() {
    let own = test_ca();
    let issued = own.issue(&request(), NOW).unwrap();
    let trust = parse_pem(own.certificate_pem().as_bytes()).unwrap();
    let addresses = request().ips;
    let question = Question {
        chain: &[issued.certificate],
        trust: &trust,
        lists: &RevocationLists::default(),
        addresses: &addresses,
        now: NOW,
    };
    let verdicts = question.verdicts();
    assert_eq!(verdicts.len(), 6);
    for verdict in verdicts {
        assert_eq!(verdict.refusals, [], "{verdict:?}");
    }
}

#[test]
fn another_ca_and_a_missing_intermediate_are_told_apart() {
    let (root, other) = (Made::root("root", |_| {}), Made::root("other", |_| {}));
    let namesake = Made::root("root", |_| {});
    let middle = root.sign("middle", ca);
    let leaf = middle.sign("leaf", |_| {});
    for peer in PEERS {
        let says = |chain: &[&Made], trusted: &[&Made]| {
            let found = verdict(peer, Role::Server, chain, &trusting(trusted));
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(says(&[&leaf, &middle], &[&other, &root]).is_empty());
        assert!(says(&[&leaf], &[&middle]).is_empty());
        assert!(says(&[&leaf, &root, &middle], &[&namesake, &root]).is_empty());
        let missing = "CN=middle, which issued CN=leaf, is neither sent nor in the truststore";
        assert_eq!(says(&[&leaf], &[&root]), [missing], "{peer:?}");
        let missing = "CN=root, which issued CN=middle, is neither sent nor in the truststore";
        assert_eq!(says(&[&leaf, &middle], &[&other]), [missing], "{peer:?}");
        let untrusted = "CN=root is a root that the truststore does not hold";
        assert_eq!(
            says(&[&leaf, &middle, &root], &[&other]),
            [untrusted],
            "{peer:?}"
        );
        let found = says(&[&leaf, &middle], &[&namesake]);
        assert!(
            found[0].contains("another CA of the same name"),
            "{found:?}"
        );
    }
}

#[test]
fn what_has_expired_is_named_and_gnutls_looks_at_anchors_too() {
    let root = Made::root("root", |_| {});
    let old = Made::root("old", expired);
    let leaf = root.sign("leaf", expired);
    let of_old = old.sign("of old", |_| {});
    for peer in PEERS {
        let found = verdict(peer, Role::Client, &[&leaf], &trusting(&[&root]));
        assert!(matches!(&found[..], [Refusal::Expired { subject, .. }] if subject == "CN=leaf"));
    }
    let found = |peer| verdict(peer, Role::Client, &[&of_old], &trusting(&[&old, &root]));
    assert_eq!(found(Peer::Java), []);
    assert!(matches!(
        &found(Peer::Scylla)[..],
        [Refusal::Expired { .. }]
    ));
    assert!(matches!(
        &found(Peer::Ringlock)[..],
        [Refusal::MissingIssuer { .. }]
    ));
}

#[test]
fn the_usage_must_fit_the_role_but_for_gnutls() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let trust = trusting(&[&root]);
    for peer in PEERS {
        assert_eq!(
            verdict(peer, Role::Server, &[&leaf], &trust),
            [],
            "{peer:?}"
        );
        let client = verdict(peer, Role::Client, &[&leaf], &trust);
        if peer == Peer::Scylla {
            assert_eq!(client, []);
            continue;
        }
        assert_eq!(
            client[0].to_string(),
            "CN=leaf lacks the extended key usage clientAuth"
        );
    }
    let says =
        verdict(Peer::Java, Role::Client, &[&leaf], &trust)[0].says(Peer::Java, Role::Client);
    let text = "Extended key usage does not permit use for TLS client authentication";
    assert_eq!(says.as_deref(), Some(text));
}

#[test]
fn a_key_usage_without_signatures_is_refused_by_all() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    });
    for peer in PEERS {
        let found = verdict(peer, Role::Server, &[&leaf], &trusting(&[&root]));
        assert!(
            matches!(&found[..], [Refusal::KeyUsage { .. }]),
            "{peer:?} {found:?}"
        );
    }
}

#[test]
fn addresses_count_by_their_ip_names_and_scylla_does_not_look() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |params| {
        params
            .subject_alt_names
            .push(SanType::DnsName("10.0.0.2".try_into().unwrap()));
        params
            .subject_alt_names
            .push(SanType::IpAddress("fd00::1".parse().unwrap()));
    });
    let trust = trusting(&[&root]);
    let addresses = ["10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "10.0.0.2"];
    let addresses = addresses.map(|address| address.parse().unwrap());
    for peer in [Peer::Java, Peer::Ringlock] {
        let found = at_addresses(peer, Role::Server, &[&leaf], &trust, &addresses);
        assert_eq!(found.len(), 1, "{found:?}");
        let text = "No subject alternative names matching IP address 10.0.0.2 found";
        let said = found[0].says(peer, Role::Server);
        assert_eq!(said.as_deref(), (peer == Peer::Java).then_some(text));
    }
    let found = at_addresses(Peer::Scylla, Role::Server, &[&leaf], &trust, &addresses);
    assert_eq!(found, []);
}

fn own(subject: &str, edit: impl FnOnce(&mut CertificateParams)) -> Made {
    Made::root(subject, |params| {
        params.is_ca = IsCa::NoCa;
        edit(params);
    })
}

#[test]
fn a_self_signed_leaf_that_is_trusted_itself_is_accepted_by_all() {
    let (leaf, other) = (own("leaf", |_| {}), own("other", |_| {}));
    let ca = Made::root("ca", |_| {});
    for trusted in [&[&other, &leaf][..], &[&ca, &leaf]] {
        for (peer, role) in PEERS
            .into_iter()
            .flat_map(|peer| [(peer, Role::Server), (peer, Role::Client)])
        {
            let found = verdict(peer, role, &[&leaf], &trusting(trusted));
            assert_eq!(found, [], "{peer:?} {role:?}");
        }
    }
}

#[test]
fn a_leaf_that_a_ca_issued_and_that_is_trusted_itself_is_no_trust_for_ringlock() {
    let leaf = Made::root("ca", |_| {}).sign("leaf", |_| {});
    let trust = trusting(&[&leaf]);
    assert_eq!(verdict(Peer::Java, Role::Server, &[&leaf], &trust), []);
    assert_eq!(verdict(Peer::Scylla, Role::Server, &[&leaf], &trust), []);
    let found = verdict(Peer::Ringlock, Role::Server, &[&leaf], &trust);
    assert!(matches!(
        &found[..],
        [Refusal::Trust(TrustError::NotCa { .. })]
    ));
}

#[test]
fn a_leaf_that_is_trusted_itself_and_has_expired_is_accepted_by_java_alone() {
    let (leaf, other) = (own("leaf", expired), own("other", |_| {}));
    let trust = trusting(&[&other, &leaf]);
    for peer in PEERS {
        let found = verdict(peer, Role::Server, &[&leaf], &trust);
        match peer {
            Peer::Java => assert_eq!(found, []),
            _ => assert!(
                matches!(&found[..], [Refusal::Expired { subject, .. }] if subject == "CN=leaf"),
                "{peer:?} {found:?}"
            ),
        }
    }
}

#[test]
fn a_node_that_is_trusted_itself_vouches_for_nobody() {
    let is_no_ca = |params: &mut CertificateParams| params.is_ca = IsCa::ExplicitNoCa;
    let (node, namesake) = (own("node", is_no_ca), own("node", is_no_ca));
    let issued = node.sign("issued", |_| {});
    for peer in PEERS {
        let trust = trusting(&[&node]);
        let found = verdict(peer, Role::Server, &[&issued, &node], &trust);
        assert!(
            matches!(&found[..], [Refusal::NotCa { subject, .. }] if subject == "CN=node"),
            "{peer:?} {found:?}"
        );
        let found = verdict(peer, Role::Server, &[&namesake], &trust);
        assert!(
            matches!(&found[..], [Refusal::UntrustedRoot { subject }] if subject == "CN=node"),
            "{peer:?} {found:?}"
        );
    }
}

#[test]
fn gnutls_takes_a_self_signed_certificate_that_does_not_say_what_it_is_for_a_ca() {
    let node = own("node", |_| {});
    let issued = node.sign("issued", |_| {});
    for peer in PEERS {
        for chain in [&[&issued][..], &[&issued, &node]] {
            let found = verdict(peer, Role::Server, chain, &trusting(&[&node]));
            match peer {
                Peer::Scylla => assert_eq!(found, []),
                _ => assert!(
                    matches!(&found[..], [Refusal::NotCa { subject, .. }] if subject == "CN=node"),
                    "{peer:?} {found:?}"
                ),
            }
        }
    }
}

#[test]
fn an_issuer_that_is_no_ca_is_refused() {
    let root = Made::root("root", |_| {});
    let node = root.sign("node", |_| {});
    let forged = node.sign("forged", |_| {});
    for peer in PEERS {
        let found = verdict(peer, Role::Client, &[&forged, &node], &trusting(&[&root]));
        assert_eq!(found.len(), 1, "{peer:?} {found:?}");
        if peer != Peer::Ringlock {
            assert!(matches!(&found[0], Refusal::NotCa { subject, .. } if subject == "CN=node"));
        }
    }
}

#[test]
fn an_empty_truststore_is_told_in_javas_words() {
    let leaf = Made::root("leaf", |_| {});
    let mut trust = trusting(&[&leaf]);
    trust.certificates[0].trusted = false;
    let found = verdict(Peer::Java, Role::Server, &[&leaf], &trust);
    assert_eq!(found, [Refusal::NoAnchors]);
    let says = found[0].says(Peer::Java, Role::Server);
    assert_eq!(
        says.as_deref(),
        Some("the trustAnchors parameter must be non-empty")
    );
    let found = verdict(Peer::Java, Role::Server, &[], &trust);
    assert_eq!(found, [Refusal::NothingSent]);
}
