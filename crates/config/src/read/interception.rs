//! How connections come to the agent: `interception` and the options that go with either kind.

use std::{iter, num::NonZeroU32};

use ringlock_finding::Position;

use super::{listeners, ports::StoragePorts};
use crate::{
    Interception, Listener,
    section::{Given, Reader, Section, Settled},
    value,
};

const INBOUND_PORT: u16 = 17_000;
const OUTBOUND_PORT: u16 = 17_001;
/// `RL`.
const MARK: NonZeroU32 = NonZeroU32::MIN.saturating_add(0x524B);

#[derive(Clone, Copy)]
enum Kind {
    Transparent,
    Listen,
}

impl Kind {
    const WORDS: [&str; 2] = ["transparent", "listen"];

    fn parse(text: &str) -> Result<Self, value::Wrong> {
        value::one_of(&Self::WORDS, &[Self::Transparent, Self::Listen], text)
    }
}

/// The options of both kinds, as they are given.
struct Options {
    inbound_port: Given<u16>,
    outbound_port: Given<u16>,
    mark: Given<NonZeroU32>,
    listeners: Given<Vec<Listener>>,
}

pub(super) fn read(
    section: &Section<'_>,
    storage: &StoragePorts,
    reader: &mut Reader,
) -> Option<Interception> {
    let kind = section
        .get("interception", Kind::parse, reader)
        .or(Kind::Transparent);
    let options = Options {
        inbound_port: section.get("inbound_port", value::port, reader),
        outbound_port: section.get("outbound_port", value::port, reader),
        mark: section.get("mark", value::mark, reader),
        listeners: listeners::read(section, reader),
    };
    let kind = kind?;
    match kind.value {
        Kind::Transparent => transparent(options, section, storage, reader),
        Kind::Listen => listen(options, section, &kind, reader),
    }
}

fn transparent(
    options: Options,
    section: &Section<'_>,
    storage: &StoragePorts,
    reader: &mut Reader,
) -> Option<Interception> {
    refuse(
        section,
        "listeners",
        options.listeners.at(),
        "listen",
        reader,
    );
    let inbound = options.inbound_port.or(INBOUND_PORT);
    let outbound = options.outbound_port.or(OUTBOUND_PORT);
    let mark = options.mark.or(MARK);
    let [storage_name, ssl_name] = storage.names.clone();
    refuse_equal_ports(
        [
            NamedPort::new(section.path_of("inbound_port"), inbound.as_ref()),
            NamedPort::new(section.path_of("outbound_port"), outbound.as_ref()),
        ],
        [
            NamedPort::new(storage_name, storage.storage.as_ref()),
            NamedPort::new(ssl_name, storage.ssl_storage.as_ref()),
        ],
        reader,
    );
    Some(Interception::Transparent {
        inbound_port: inbound?.value,
        outbound_port: outbound?.value,
        mark: mark?.value,
    })
}

fn listen(
    options: Options,
    section: &Section<'_>,
    kind: &Settled<Kind>,
    reader: &mut Reader,
) -> Option<Interception> {
    for (key, at) in [
        ("inbound_port", options.inbound_port.at()),
        ("outbound_port", options.outbound_port.at()),
        ("mark", options.mark.at()),
    ] {
        refuse(section, key, at, "transparent", reader);
    }
    let at = match &options.listeners {
        Given::Here(listeners, at) if listeners.is_empty() => *at,
        Given::Absent => kind.at.unwrap_or(section.at()),
        Given::Here(..) | Given::Wrong => return listening(options.listeners),
    };
    let finding = reader
        .finding(at, &section.path_of("listeners"), "missing")
        .expected("at least one listener, because interception is listen");
    reader.report(finding);
    None
}

fn listening(listeners: Given<Vec<Listener>>) -> Option<Interception> {
    match listeners {
        Given::Here(listeners, _) => Some(Interception::Listen { listeners }),
        Given::Absent | Given::Wrong => None,
    }
}

/// Tells that an option goes only with the other kind of interception.
fn refuse(
    section: &Section<'_>,
    key: &str,
    at: Option<Position>,
    needed: &str,
    reader: &mut Reader,
) {
    if let Some(at) = at {
        let message = format!("goes only with interception: {needed}");
        let finding = reader.finding(at, &section.path_of(key), message);
        reader.report(finding.hint("remove it, or change interception"));
    }
}

struct NamedPort {
    key: String,
    /// None if it could not be read.
    port: Option<u16>,
    at: Option<Position>,
}

impl NamedPort {
    fn new(key: String, settled: Option<&Settled<u16>>) -> Self {
        Self {
            key,
            port: settled.map(|settled| settled.value),
            at: settled.and_then(|settled| settled.at),
        }
    }
}

/// Connections redirected to a port that is redirected itself would come back for ever.
fn refuse_equal_ports(own: [NamedPort; 2], databases: [NamedPort; 2], reader: &mut Reader) {
    let [inbound, outbound] = &own;
    let across = databases
        .iter()
        .flat_map(|database| [(inbound, database), (outbound, database)]);
    for (one, other) in iter::once((inbound, outbound)).chain(across) {
        // Blames what is written, and of two that are written the one further down.
        let (blamed, other) = if one.at > other.at {
            (one, other)
        } else {
            (other, one)
        };
        let (Some(port), Some(at)) = (blamed.port, blamed.at) else {
            continue;
        };
        if other.port == Some(port) {
            let place = match other.at {
                Some(at) => format!("line {}", at.line),
                None => "default".to_owned(),
            };
            let message = format!("the same port as {} ({place})", other.key);
            let finding = reader.finding(at, &blamed.key, message);
            reader.report(finding.found(port.to_string()).hint("give another port"));
        }
    }
}
