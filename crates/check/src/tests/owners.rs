//! Whose files may be, for a database that runs as a user of its own.

use std::path::PathBuf;

use ringlock_config::Dialect;
use ringlock_finding::Severity;

use crate::{accounts::Accounts, facts::Facts, rules::file_owner::judge};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
                      cassandra:x:110:115::/var/lib/cassandra:/usr/sbin/nologin\n\
                      broken line\n\
                      alice:x:1000:1000:Alice:/srv/alice:/bin/sh\n";

/// What is said of a file with this owner, group and mode.
fn told(uid: u32, gid: u32, mode: u32, private: bool) -> Option<(String, Severity)> {
    let accounts = Accounts::parse(PASSWD);
    let database = accounts.of_database(Dialect::Dse67).unwrap();
    let facts = Facts {
        path: PathBuf::from("/k"),
        real: PathBuf::from("/k"),
        mode,
        uid,
        gid,
        folder_mode: None,
    };
    judge(&facts, private, database, &accounts)
}

#[test]
fn the_users_of_a_product_are_found_in_passwd() {
    let accounts = Accounts::parse(PASSWD);
    assert_eq!(
        accounts
            .of_database(Dialect::Cassandra41)
            .map(|it| (it.uid, it.gid)),
        Some((110, 115))
    );
    assert_eq!(accounts.of_database(Dialect::Scylla), None);
    assert_eq!(accounts.name_of(1000), "alice");
    assert_eq!(accounts.name_of(7), "user 7");
}

#[test]
fn the_database_and_root_may_own_what_the_database_can_read() {
    assert_eq!(told(110, 115, 0o600, true), None);
    assert_eq!(told(110, 0, 0o600, true), None);
    assert_eq!(told(0, 115, 0o640, true), None);
    assert_eq!(told(0, 0, 0o644, false), None);
}

#[test]
fn anybody_else_as_owner_is_told_by_name() {
    let (message, severity) = told(1000, 115, 0o640, true).unwrap();
    assert!(message.contains("alice"), "{message}");
    assert_eq!(severity, Severity::Error);
    let (_, severity) = told(1000, 1000, 0o644, false).unwrap();
    assert_eq!(severity, Severity::Warning);
}

#[test]
fn a_key_that_the_database_cannot_read_or_another_group_can_is_told() {
    let (message, _) = told(0, 0, 0o600, true).unwrap();
    assert!(message.contains("cassandra may not read it"), "{message}");
    let (message, _) = told(110, 1000, 0o640, true).unwrap();
    assert!(message.contains("group 1000"), "{message}");
}
