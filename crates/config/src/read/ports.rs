//! The databases' ports, of `ringlock.yaml` or of the database's own file.

use ringlock_finding::Position;

use super::database::Database;
use crate::{
    resolve::Setting,
    section::{Given, Reader, Section, Settled},
    value,
};

const STORAGE: &str = "storage_port";
const SSL_STORAGE: &str = "ssl_storage_port";

/// The databases' ports, as far as they could be read.
pub(super) struct StoragePorts {
    pub(super) storage: Option<Settled<u16>>,
    pub(super) ssl_storage: Option<Settled<u16>>,
    /// What each is called in messages, with its file where that is not `ringlock.yaml`.
    pub(super) names: [String; 2],
}

pub(super) fn read(
    top: &Section<'_>,
    database: &Given<Database>,
    reader: &mut Reader,
) -> StoragePorts {
    let storage = top.get(STORAGE, value::port, reader);
    let ssl_storage = top.get(SSL_STORAGE, value::port, reader);
    let (database, at) = match database {
        Given::Here(database, at) => (database, *at),
        Given::Absent | Given::Wrong => {
            return StoragePorts {
                storage: storage.or(7000),
                ssl_storage: ssl_storage.or(7001),
                names: [STORAGE.to_owned(), SSL_STORAGE.to_owned()],
            };
        }
    };
    let ports = &database.source.resolved.ports;
    for (key, own, theirs) in [
        (STORAGE, storage.at(), &ports.storage),
        (SSL_STORAGE, ssl_storage.at(), &ports.ssl_storage),
    ] {
        if let Some(own) = own.filter(|_| theirs.is_given()) {
            let message = format!("given in {} as well", theirs.origin);
            let finding = reader.finding(own, key, message);
            reader.report(finding.hint("keep one of them"));
        }
    }
    let file = database.file.path.display();
    let names = [(STORAGE, storage.at()), (SSL_STORAGE, ssl_storage.at())].map(|(key, own)| {
        if own.is_some() {
            key.to_owned()
        } else {
            format!("{key} of {file}")
        }
    });
    let storage = taken(storage, STORAGE, &ports.storage, database, at, reader);
    let ssl_storage = match ports.ssl_storage.value {
        // ScyllaDB then has no such listener, and nobody dials it.
        0 if ssl_storage.at().is_none() => storage.as_ref().map(|storage| Settled {
            value: storage.value,
            at: Some(at),
        }),
        _ => taken(
            ssl_storage,
            SSL_STORAGE,
            &ports.ssl_storage,
            database,
            at,
            reader,
        ),
    };
    StoragePorts {
        storage,
        ssl_storage,
        names,
    }
}

/// One port of the database's file, unless `ringlock.yaml` gives it; its place is that of
/// `database_config`.
fn taken(
    own: Given<u16>,
    key: &'static str,
    theirs: &Setting<u16>,
    database: &Database,
    at: Position,
    reader: &mut Reader,
) -> Option<Settled<u16>> {
    match own {
        Given::Here(value, at) => Some(Settled {
            value,
            at: Some(at),
        }),
        Given::Wrong => None,
        Given::Absent if theirs.value == 0 => {
            let finding = reader.finding(at, "database_config", "names a file without a port");
            reader.report(finding.found(format!("{key}: 0")));
            None
        }
        Given::Absent => {
            reader.add_origins(database.source.origins(key));
            Some(Settled {
                value: theirs.value,
                at: Some(at),
            })
        }
    }
}
