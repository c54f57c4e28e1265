use ringlock_finding::{Finding, Severity};

use crate::{
    block::{Block, given, items},
    node::Node,
    read::Profile,
    rule::{Check, Rule},
};
use ringlock_suites::{Suite, priority::Priorities};

pub(super) static RULE: Rule = Rule {
    code: "not-fips",
    severity: Severity::Error,
    requirement: "DSE-12 C3N-20",
    title: "something is not allowed by FIPS 140-3",
    explanation: "Told with --profile fips only. Suites must use AES with an ephemeral key exchange, as \
         SP 800-52r2 asks; TLS versions must be 1.2 or 1.3; JKS and JCEKS stores use algorithms \
         that a validated module refuses.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if node.profile != Some(Profile::Fips) {
        return;
    }
    for block in node.blocks() {
        for (at, name) in items(&block.tls.cipher_suites) {
            if Suite::by_name(name).is_some_and(|named| !named.suite.is_allowed_by_fips()) {
                found.push(
                    RULE.on(
                        node,
                        at,
                        block.path("cipher_suites"),
                        "not allowed by FIPS 140-3",
                    )
                    .found(name)
                    .expected("a suite with ECDHE or DHE and AES"),
                );
            }
        }
        types(node, &block, found);
        priorities(node, &block, found);
    }
}

fn types(node: &Node<'_>, block: &Block<'_>, found: &mut Vec<Finding>) {
    for (key, setting) in [
        ("store_type", &block.tls.store_type),
        ("keystore_type", &block.tls.keystore_type),
        ("truststore_type", &block.tls.truststore_type),
    ] {
        let Some(kind) = given(setting) else { continue };
        let old = ["JKS", "JCEKS"];
        if old.iter().any(|old| kind.eq_ignore_ascii_case(old)) {
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path(key),
                    "a validated module does not open such a store",
                )
                .found(kind)
                .expected("BCFKS, PKCS11 or what the module's provider offers"),
            );
        }
    }
}

fn priorities(node: &Node<'_>, block: &Block<'_>, found: &mut Vec<Finding>) {
    let setting = &block.tls.priority_string;
    let Some(text) = given(setting).filter(|_| node.is_scylla()) else {
        return;
    };
    let Ok(priorities) = Priorities::parse(text) else {
        return;
    };
    let refused: Vec<&str> = priorities
        .usable_suites()
        .filter(|suite| !suite.is_allowed_by_fips())
        .map(Suite::name)
        .collect();
    if let Some(first) = refused.first() {
        let message = format!(
            "leaves {} suites that FIPS 140-3 does not allow, such as {first}",
            refused.len()
        );
        found.push(
            RULE.on(
                node,
                block.at(setting),
                block.path("priority_string"),
                message,
            )
            .found(text),
        );
    }
}
