//! The whole file: each section's options, and what does not fit together.
//!
//! Every option is read before anything is given up, so that all mistakes are told at once. None
//! in place of a value means that a finding was reported.

mod database;
mod identity;
mod interception;
mod listeners;
mod offer;
mod ports;
mod server_encryption;
mod source;
mod token;
mod topology;
mod trusted_peers;

use std::{
    num::NonZeroUsize,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use ringlock_finding::{Findings, Position};

use self::{
    database::Database,
    source::{Block, Source},
};
use crate::{
    Config, DatabaseText, Dialect, Document, IdentityFiles, ServerEncryption, StaleLists, TokenKey,
    keys::{RINGLOCK, TOP},
    section::{Given, Reader, Section},
    tree::Node,
    value::{self, Wrong},
};

const ADMIN_SOCKET: &str = "/run/ringlock/admin.sock";
const STATE_DIRECTORY: &str = "/var/lib/ringlock";
const MAX_WORKERS: usize = 256;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HANDSHAKES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
const MAX_MAX_HANDSHAKES: usize = 65_536;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// In milliseconds.
const MINUTE: u64 = 60_000;
const YEAR: u64 = 365 * 24 * 60 * MINUTE;

/// What the databases say in their own words.
pub(crate) struct Words<'w> {
    /// `ringlock.yaml` itself; none if it is not what a database would read.
    pub(crate) own: Option<Document>,
    /// The file that `database_config` names.
    pub(crate) database: Option<DatabaseText<'w>>,
}

pub(crate) fn config(root: &Node, words: Words<'_>, reader: &mut Reader) -> Option<Config> {
    let top = Section::open(root, Position::START, String::new(), &TOP, reader);
    let own = top.section(&RINGLOCK, reader);
    let database = database::read(&top, words.database, reader);
    let ports = ports::read(&top, &database, reader);
    let cluster = own.required(
        "cluster",
        "the cluster's name as the peers' certificates give it",
        value::text,
        reader,
    );
    let interception = interception::read(&own, &ports, reader);
    let limits = Limits::read(&own, reader);
    let files = Files::read(&own, reader);
    let outside = Outside {
        token: token::read(&own, reader),
        stale_lists: own.get("stale_revocation_lists", stale_lists, reader),
        fips: own.get("fips", value::boolean, reader),
    };
    let listed = trusted_peers::read(&own, words.own.as_ref(), &database, reader);
    let internode = internode(&top, words.own, &database, outside, reader);
    let topology = topology::read(&own, &database, reader);
    let trusted_peers = listed.and_then(|lists| lists.under(internode.as_ref(), reader));
    let (limits, files) = (limits?, files?);
    let database = match database {
        Given::Here(database, _) => Some(database.file),
        Given::Absent => None,
        Given::Wrong => return None,
    };
    Some(Config {
        path: reader.file().to_owned(),
        cluster: cluster?,
        interception: interception?,
        admin_socket: files.admin_socket,
        state_directory: files.state_directory,
        secret_key: files.secret_key,
        dse_config: files.dse_config,
        workers: limits.workers,
        busy_poll: limits.busy_poll,
        handshake_timeout: limits.handshake_timeout,
        max_handshakes: limits.max_handshakes,
        drain_timeout: limits.drain_timeout,
        max_link_age: limits.max_link_age,
        storage_port: ports.storage?.value,
        ssl_storage_port: ports.ssl_storage?.value,
        internode: internode?,
        trusted_peers: trusted_peers?,
        topology: topology?,
        database,
        warnings: Findings::new(),
        origins: reader.take_origins(),
    })
}

/// What `ringlock` says about the block.
pub(crate) struct Outside {
    token: Given<TokenKey>,
    stale_lists: Given<StaleLists>,
    fips: Given<bool>,
}

fn stale_lists(text: &str) -> Result<StaleLists, Wrong> {
    let values = [StaleLists::Refuse, StaleLists::Accept];
    value::one_of(&["refuse", "accept"], &values, text)
}

/// The block of the one file that has it.
fn internode(
    top: &Section<'_>,
    own: Option<Document>,
    database: &Given<Database>,
    outside: Outside,
    reader: &mut Reader,
) -> Option<ServerEncryption> {
    const BLOCK: &str = "server_encryption_options";
    let own = Source::new(own?, Dialect::Ringlock);
    let source = match database {
        Given::Here(database, _) if own.has_block() && database.source.has_block() => {
            let message = format!("given in {} as well", database.source.block_place());
            let finding = reader.finding(own.block_at(), BLOCK, message);
            reader.report(finding.hint("keep one of them"));
            return None;
        }
        Given::Here(database, _) if !own.has_block() => &database.source,
        Given::Wrong if !own.has_block() => return None,
        Given::Here(..) | Given::Absent | Given::Wrong => &own,
    };
    if !own.has_block() && top.is_unclear(BLOCK) {
        return None;
    }
    let mut block = Block::new(source);
    let token_at = outside.token.at();
    let internode = server_encryption::read(&mut block, outside);
    let uses_token = internode
        .as_ref()
        .is_none_or(|internode| matches!(internode.identity, IdentityFiles::Token { .. }));
    if let Some(at) = token_at.filter(|_| !uses_token) {
        let finding = reader.finding(at, "ringlock.pkcs11", "no key is looked for in the token");
        reader.report(finding.hint("write keystore: NONE and keystore_type: PKCS11, or remove it"));
    }
    reader.report_all(block.into_findings());
    reader.add_origins(source.origins(BLOCK));
    internode
}

/// Options of the agent that bound what it does at once and how long.
struct Limits {
    workers: Option<NonZeroUsize>,
    busy_poll: Option<bool>,
    handshake_timeout: Duration,
    max_handshakes: NonZeroUsize,
    drain_timeout: Duration,
    max_link_age: Option<Duration>,
}

impl Limits {
    fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Self> {
        let workers = section
            .get(
                "workers",
                |text| value::count(text, MAX_WORKERS).map(Some),
                reader,
            )
            .or(None);
        let busy_poll = section
            .get("busy_poll", |text| value::boolean(text).map(Some), reader)
            .or(None);
        let handshake_timeout = section
            .get(
                "handshake_timeout",
                |text| value::duration(text, 1, 10 * MINUTE),
                reader,
            )
            .or(HANDSHAKE_TIMEOUT);
        let max_handshakes = section
            .get(
                "max_handshakes",
                |text| value::count(text, MAX_MAX_HANDSHAKES),
                reader,
            )
            .or(MAX_HANDSHAKES);
        let drain_timeout = section
            .get(
                "drain_timeout",
                |text| value::duration(text, 0, 60 * MINUTE),
                reader,
            )
            .or(DRAIN_TIMEOUT);
        let max_link_age = section
            .get(
                "max_link_age",
                |text| value::duration(text, 1000, YEAR).map(Some),
                reader,
            )
            .or(None);
        Some(Self {
            workers: workers?.value,
            busy_poll: busy_poll?.value,
            handshake_timeout: handshake_timeout?.value,
            max_handshakes: max_handshakes?.value,
            drain_timeout: drain_timeout?.value,
            max_link_age: max_link_age?.value,
        })
    }
}

/// Paths of the agent's own.
struct Files {
    admin_socket: PathBuf,
    state_directory: PathBuf,
    secret_key: Option<PathBuf>,
    dse_config: Option<PathBuf>,
}

impl Files {
    fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Self> {
        let folder = reader.folder().to_owned();
        let admin_socket = section
            .get("admin_socket", |text| socket(&folder, text), reader)
            .or(ADMIN_SOCKET.into());
        let state_directory = path(section, "state_directory", reader).or(STATE_DIRECTORY.into());
        let mut named = |key| match path(section, key, reader) {
            Given::Here(path, _) => Some(Some(path)),
            Given::Absent => Some(None),
            Given::Wrong => None,
        };
        let (secret_key, dse_config) = (named("secret_key"), named("dse_config"));
        Some(Self {
            admin_socket: admin_socket?.value,
            state_directory: state_directory?.value,
            secret_key: secret_key?,
            dse_config: dse_config?,
        })
    }
}

/// A file that the configuration names, relative to where it lies itself.
fn path(section: &Section<'_>, key: &'static str, reader: &mut Reader) -> Given<PathBuf> {
    let folder = reader.folder().to_owned();
    section.get(key, |text| Ok(folder.join(value::text(text)?)), reader)
}

/// A path that fits into `sockaddr_un` with the NUL that ends it (unix(7)).
fn socket(folder: &Path, text: &str) -> Result<PathBuf, Wrong> {
    const LONGEST: usize = 107;
    let path = folder.join(value::text(text)?);
    if path.as_os_str().as_bytes().len() > LONGEST {
        let expected = format!("at most {LONGEST} bytes together with the folder");
        return Err(Wrong::new("too long for a Unix socket", expected));
    }
    Ok(path)
}
