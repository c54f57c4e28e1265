use ringlock_finding::{Finding, Severity};

use crate::{
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "store-not-examined",
    severity: Severity::Note,
    requirement: "DSE-33 B-46 B-49",
    title: "a store could not be examined, as its password is encrypted",
    explanation: "The password of the store stands encrypted in the file, and its key is not at hand, so that \
         nothing is known of what the store holds. Values of `ringlock secret encrypt` are opened with \
         the file that `ringlock.secret_key` names; those of DSE with the system key of the `dse.yaml` that \
         `ringlock.dse_config` names, or that lies beside `cassandra.yaml`, in the folder above, or in \
         `resources/dse/conf`. Check where these can be read. KMIP servers are not asked: \
         `ringlock secret verify --dse` does that.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    for stores in node.stores {
        for store in &stores.locked {
            let why = &store.value;
            let message = format!(
                "could not be examined: its password is encrypted, and cannot be opened: {why}"
            );
            found.push(RULE.about(node, stores, store, message));
        }
    }
}
