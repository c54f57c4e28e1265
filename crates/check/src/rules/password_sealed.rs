use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "password-not-opened",
    severity: Severity::Error,
    requirement: "B-46 B-49",
    title: "a password does not open with the key that is named for it",
    explanation: "The agent does not start with a value that was encrypted with another key than that of \
         `ringlock.secret_key`, or that was changed since. Where `config_encryption_active` is true in \
         `dse.yaml`, DSE does not start with such a value either, nor with a store's password that is plain \
         text. `ringlock secret encrypt` and `dsetool encryptconfigvalue` make values.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        for password in &stores.refused {
            let message = format!("does not open: {}", password.value);
            found.push(RULE.about(node, stores, password, message));
        }
    }
}
