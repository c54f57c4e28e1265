use ringlock_config::dialect::Dialects;
use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "store-too-new",
    severity: Severity::Note,
    requirement: "",
    title: "old releases of Java 8 cannot open a PKCS12 store",
    explanation: "OpenSSL 3 and newer releases of keytool encrypt PKCS12 stores with AES and HMAC-SHA256 \
         (PBES2). Java 8 before update 301 does not know that and says `HmacPBESHA256 not \
         available` or that it cannot verify the MAC. Told for Cassandra 3 and DSE. Update \
         Java, or write the store with `openssl pkcs12 -export -legacy`.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !Dialects::C3.and(Dialects::DSE).contains(node.dialect) {
        return;
    }
    for stores in node.stores {
        for store in &stores.protection {
            let new = |text: &&String| text.contains("PBES2") || text.contains("HMAC-SHA256");
            let Some(found_in) = store.value.iter().find(new) else {
                continue;
            };
            let message =
                format!("is protected by {found_in}, which Java 8 before update 301 cannot open");
            found.push(RULE.about(node, stores, store, message));
        }
    }
}
