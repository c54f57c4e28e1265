use ringlock_finding::{Finding, Severity};

use crate::{
    accounts::{Account, Accounts},
    facts::{Facts, Purpose},
    node::Node,
    rule::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    code: "file-owner",
    severity: Severity::Warning,
    requirement: "ROLL-15 ROLL-16 ROLL-17",
    title: "a file of keys or trust belongs to somebody else than the database",
    explanation: "The owner of a file may open and change it whatever its mode says, and its group \
         what the mode allows. Keys, passwords and trusted certificates belong to the \
         database's user (cassandra for Cassandra, DSE and HCD, scylla for ScyllaDB) or to root; \
         where root owns them, the mode must let the database's group read. Nothing is said \
         where this machine has no such user, as for an installation from an archive.",
    check: Check::Node(check),
};

fn check(node: &Node<'_>, found: &mut Vec<Finding>) {
    let Some(database) = node.accounts.of_database(node.dialect) else {
        return;
    };
    for file in node.files.iter() {
        let Some(facts) = file.facts() else { continue };
        let private = matches!(file.purpose, Purpose::Key | Purpose::Password);
        if let Some((message, severity)) = judge(facts, private, database, node.accounts) {
            found.push(
                RULE.on(node, file.at, file.path_of_key(), message)
                    .severity(severity)
                    .found(file.written.as_str())
                    .expected(format!("the owner {}", database.name))
                    .hint(format!(
                        "chown {0}:{0} {1}",
                        database.name,
                        facts.path.display()
                    )),
            );
        }
    }
}

/// What is wrong with the owner or group of a file, for a node that runs as `database`.
pub(crate) fn judge(
    facts: &Facts,
    private: bool,
    database: &Account,
    accounts: &Accounts,
) -> Option<(String, Severity)> {
    const ROOT: u32 = 0;
    let of_database = facts.uid == database.uid;
    if !of_database && facts.uid != ROOT {
        let owner = accounts.name_of(facts.uid);
        let severity = if private {
            Severity::Error
        } else {
            Severity::Warning
        };
        return Some((
            format!("belongs to {owner}, who may read and change it"),
            severity,
        ));
    }
    let group_reads = facts.mode & 0o040 != 0;
    let of_its_group = facts.gid == database.gid;
    let readable = of_database || facts.mode & 0o004 != 0 || (of_its_group && group_reads);
    if !readable && database.uid != ROOT {
        let message = format!(
            "belongs to root, and {} may not read it (mode {:04o})",
            database.name, facts.mode
        );
        return Some((message, Severity::Warning));
    }
    if private && group_reads && !of_its_group && facts.gid != ROOT {
        let message = format!(
            "may be read by the group {}, which is not that of {}",
            facts.gid, database.name
        );
        return Some((message, Severity::Warning));
    }
    None
}
