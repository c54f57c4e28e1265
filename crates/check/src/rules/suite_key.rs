use ringlock_finding::{Finding, Severity};
use ringlock_pki::Identity;
use ringlock_suites::{Authentication, Suite};
use x509_parser::{parse_x509_certificate, public_key::PublicKey};

use crate::{
    block::items,
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "suites-without-key",
    severity: Severity::Error,
    requirement: "C3N-19",
    title: "no cipher suite in the list can be used with the node's key",
    explanation: "Up to TLS 1.2 a suite says how the server proves itself: TLS_RSA_… and \
         TLS_ECDHE_RSA_… need an RSA key, TLS_ECDHE_ECDSA_… one on an elliptic curve. A list that was \
         written for the one serves nobody with the other: every connection ends with `no cipher \
         suites in common` or handshake_failure. Suites of TLS 1.3 go with any key. Add suites for \
         the key, or issue the certificate for a key of the other kind.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        let suites = || items(&block.tls.cipher_suites);
        let needed: Vec<_> = suites().filter_map(|(_, name)| needs(name)).collect();
        let Some((at, _)) = suites().next().filter(|_| !needed.is_empty()) else {
            continue;
        };
        for (_, own) in node.identities().filter(|(it, _)| it.section == block.name) {
            let Some((kind, has)) = own.value.as_ref().ok().and_then(kind) else {
                continue;
            };
            if needed
                .iter()
                .all(|needed| *needed != Key::Any && *needed != has)
            {
                let message = format!("none of them goes with the node's key, which is {kind}");
                let path = block.path("cipher_suites");
                let mut finding = RULE.on(node, at, path, message);
                if !block.in_use {
                    finding.severity = finding.severity.min(Severity::Warning);
                }
                found.push(finding.hint("add suites with ECDHE for that kind of key"));
            }
        }
    }
}

/// What proves the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Rsa,
    Ecdsa,
    /// Whatever it is, as in TLS 1.3.
    Any,
}

/// None for what the node can never use, such as a name that is not known.
fn needs(name: &str) -> Option<Key> {
    match Suite::by_name(name)?.suite.authentication() {
        Authentication::Rsa => Some(Key::Rsa),
        Authentication::Ecdsa => Some(Key::Ecdsa),
        Authentication::Any => Some(Key::Any),
        _ => None,
    }
}

/// The kind of the node's key, with its article.
fn kind(identity: &Identity) -> Option<(&'static str, Key)> {
    let (_, certificate) = parse_x509_certificate(identity.chain.first()?).ok()?;
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(_) => Some(("an RSA key", Key::Rsa)),
        PublicKey::EC(_) => Some(("one on an elliptic curve", Key::Ecdsa)),
        _ => None,
    }
}
