use ringlock_finding::{Finding, Severity};

use crate::{
    block::{given, given_path},
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "pkcs11-without-none",
    severity: Severity::Error,
    requirement: "DSE-15 G-03",
    title: "PKCS11 and the keystore NONE do not stand together",
    explanation: "A hardware token has no file: keystore_type PKCS11 goes with the literal keystore \
         NONE, and NONE goes with nothing else. Otherwise a file of that name is opened and the \
         node does not start.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    if !node.is_dse() {
        return;
    }
    for block in node.blocks() {
        let token = [&block.tls.keystore_type, &block.tls.store_type]
            .into_iter()
            .filter_map(given)
            .any(|kind| kind.eq_ignore_ascii_case("PKCS11"));
        let setting = &block.tls.keystore;
        let keystore = given_path(setting);
        let none = keystore.is_some_and(|path| path.text == "NONE");
        let (message, expected) = match (token, none) {
            (true, false) => ("is a file, though the keystore's type is PKCS11", "NONE"),
            (false, true) => (
                "NONE stands for a hardware token, though the keystore's type is not PKCS11",
                "the path of the keystore, or keystore_type: PKCS11",
            ),
            _ => continue,
        };
        let mut finding = RULE
            .on(node, block.at(setting), block.path("keystore"), message)
            .expected(expected);
        finding.found = keystore.map(|path| path.text.clone());
        found.push(finding);
    }
}
