use ringlock_finding::{Finding, Severity};

use crate::certificates::Stores;
use crate::{
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
    for (section, _) in node.sections() {
        let one = section.text("store_type");
        for key in ["keystore_type", "truststore_type"] {
            let other = section.text(key);
            if let (Some(one), Some(other)) = (one, other)
                && !one.eq_ignore_ascii_case(other)
            {
                found.push(
                    RULE.on(
                        node,
                        section.place(key),
                        section.path(key),
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
    for stores in node.stores.iter().filter(|_| node.is_java()) {
        content(node, stores, found);
    }
}

fn content(node: &Node<'_>, stores: &Stores, found: &mut Vec<Finding>) {
    let sections = node.sections();
    let Some((section, _)) = sections.iter().find(|(it, _)| it.name == stores.section) else {
        return;
    };
    for store in &stores.closed {
        let named = section.text(match store.key {
            "truststore" => "truststore_type",
            _ => "keystore_type",
        });
        let kind = named
            .or_else(|| section.text("store_type"))
            .unwrap_or("JKS");
        let is_jceks = store.value == Format::Jceks;
        let said_jceks = kind.eq_ignore_ascii_case("JCEKS");
        let opens = match kind.to_ascii_uppercase().as_str() {
            "JKS" | "PKCS12" | "JCEKS" => {
                is_jceks == said_jceks || !is_jceks && said_jceks && store.value == Format::Jks
            }
            _ => true,
        };
        if !opens {
            let message = format!("is {}, which Java does not open as {kind}", store.value);
            found.push(
                RULE.on(
                    node,
                    store.at,
                    format!("{}.{}", stores.section, store.key),
                    message,
                )
                .found(store.written.as_str())
                .hint("name the type that the file has"),
            );
        }
    }
}
