use ringlock_finding::{Finding, Severity};

use crate::{
    block::{Block, given},
    certificates::Stores,
    node::Node,
    rule::{Check, Rule},
};
use ringlock_store::Format;

pub(super) static RULE: Rule = Rule {
    code: "store-type-mismatch",
    severity: Severity::Error,
    requirement: "C3N-18 G-21",
    title: "the type of a store contradicts its content or another key",
    explanation: "store_type is for both stores of a block; DSE from 6.7 on has keystore_type and \
         truststore_type instead, and giving both kinds leaves open which is read. Java opens \
         JKS and PKCS12 files by either name, but JCEKS only by its own, and PEM only through \
         PEMBasedSslContextFactory.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for block in node.blocks() {
        // The factory for PEM ignores all types.
        if !block.is_pem() {
            types(node, &block, found);
        }
        let stores = node.stores_of(&block);
        if let Some(stores) = stores.filter(|_| node.is_java()) {
            content(node, &block, stores, found);
        }
    }
}

fn types(node: &Node<'_>, block: &Block<'_>, found: &mut Vec<Finding>) {
    let Some(one) = given(&block.tls.store_type) else {
        return;
    };
    for (key, setting) in [
        ("keystore_type", &block.tls.keystore_type),
        ("truststore_type", &block.tls.truststore_type),
    ] {
        let other = given(setting).filter(|other| !one.eq_ignore_ascii_case(other));
        if let Some(other) = other {
            found.push(
                RULE.on(
                    node,
                    block.at(setting),
                    block.path(key),
                    "contradicts store_type",
                )
                .severity(Severity::Warning)
                .found(other)
                .expected(one)
                .hint("give the types by one kind of key only"),
            );
        }
    }
}

fn content(node: &Node<'_>, block: &Block<'_>, stores: &Stores, found: &mut Vec<Finding>) {
    let own_kinds = stores.formats.iter().filter(|it| it.value != Format::Pem);
    for store in own_kinds {
        let (kind, is) = (block.store_kind(store.key), store.value);
        let (message, hint) = if block.is_pem() {
            (
                format!("is {is}, and PEMBasedSslContextFactory reads PEM only"),
                "convert it to PEM, or remove ssl_context_factory",
            )
        } else if !opens(kind, is) {
            (
                format!("is {is}, which Java does not open as {kind}"),
                "name the type that the file has",
            )
        } else {
            continue;
        };
        found.push(RULE.about(node, stores, store, message).hint(hint));
    }
    if block.is_pem() || !block.has_own_factory() {
        return;
    }
    let message = "is PEM, which Java opens through PEMBasedSslContextFactory only";
    let pem = stores.formats.iter().filter(|it| it.value == Format::Pem);
    found.extend(pem.map(|store| RULE.about(node, stores, store, message)));
}

/// Whether Java opens a store of this format by the name of a type.
fn opens(kind: &str, is: Format) -> bool {
    match kind.to_ascii_uppercase().as_str() {
        // Java's loaders for these two read each other's files.
        "JKS" | "PKCS12" => is != Format::Jceks,
        "JCEKS" => matches!(is, Format::Jceks | Format::Jks),
        _ => true,
    }
}
