//! The users of this machine, as far as files' owners are judged by them.

use std::path::Path;

use ringlock_config::{Dialect, dialect::Product};
use ringlock_files::read_limited;

/// The users of this machine.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Vec<Account>);

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    /// The group that the user is in by default.
    pub(crate) gid: u32,
}

impl Accounts {
    /// Those of `/etc/passwd`; none where it cannot be read, as then no owner can be judged.
    pub(crate) fn of_this_machine() -> Self {
        const MAX_BYTES: u64 = 4 << 20;
        match read_limited(Path::new("/etc/passwd"), MAX_BYTES) {
            Ok(bytes) => Self::parse(&String::from_utf8_lossy(&bytes)),
            Err(_) => Self::default(),
        }
    }

    /// Reads passwd(5): `name:password:uid:gid:…`, one user a line.
    pub(crate) fn parse(text: &str) -> Self {
        let account = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account { name, uid, gid })
        };
        Self(text.lines().filter_map(account).collect())
    }

    /// The user that the packages of a product make for it, where this machine has it.
    pub(crate) fn of_database(&self, dialect: Dialect) -> Option<&Account> {
        let name = match dialect.product() {
            Product::Cassandra | Product::Dse | Product::Hcd => "cassandra",
            Product::Scylla => "scylla",
            Product::Ringlock => "ringlock",
        };
        self.0.iter().find(|account| account.name == name)
    }

    /// A user as an operator knows it.
    pub(crate) fn name_of(&self, uid: u32) -> String {
        match self.0.iter().find(|account| account.uid == uid) {
            Some(account) => account.name.clone(),
            None => format!("user {uid}"),
        }
    }
}
