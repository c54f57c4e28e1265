//! `ringlock.listeners`: addresses to listen on and where their connections go.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use ringlock_finding::Position;
use ringlock_model::Direction;

use crate::{
    Listener,
    keys::LISTENER,
    section::{Given, Reader, Section},
    tree::Node,
    value,
};

/// All of them; wrong if one of them is.
pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Given<Vec<Listener>> {
    let (items, at) = match section.list("listeners", reader) {
        Given::Here(items, at) => (items, at),
        Given::Absent => return Given::Absent,
        Given::Wrong => return Given::Wrong,
    };
    let mut taken = HashMap::new();
    let mut listeners = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let path = section.path_of(&format!("listeners[{position}]"));
        if let Some(listener) = read_one(item, &path, reader) {
            refuse_collision(&listener, item.at, &path, &mut taken, reader);
            listeners.push(listener);
        }
    }
    if listeners.len() == items.len() {
        Given::Here(listeners, at)
    } else {
        Given::Wrong
    }
}

fn read_one(item: &Node, path: &str, reader: &mut Reader) -> Option<Listener> {
    let section = Section::open(item, item.at, path.to_owned(), &LISTENER, reader);
    let address = section.required("address", "where to listen", value::address, reader);
    let target = section.required("target", "what to dial", value::target, reader);
    let direction = section.required("direction", "inbound or outbound", direction, reader);
    let listener = Listener {
        address: address?,
        target: target?,
        direction: direction?,
    };
    if listener.address == listener.target {
        let finding = reader
            .finding(
                item.at,
                &section.path_of("target"),
                "the same as its address",
            )
            .found(listener.target.to_string())
            .expected("the address of a database or of another agent");
        reader.report(finding);
    }
    Some(listener)
}

fn direction(text: &str) -> Result<Direction, value::Wrong> {
    let values = [Direction::Inbound, Direction::Outbound];
    value::one_of(&["inbound", "outbound"], &values, text)
}

/// An unspecified address takes its port of every address of its family.
fn refuse_collision(
    listener: &Listener,
    at: Position,
    path: &str,
    taken: &mut HashMap<u16, Vec<(SocketAddr, usize)>>,
    reader: &mut Reader,
) {
    let new = listener.address;
    let others = taken.entry(new.port()).or_default();
    let new_ip = new.ip().to_canonical();
    let collides = |other: IpAddr| {
        other == new_ip
            || (other.is_ipv4() == new_ip.is_ipv4()
                && (other.is_unspecified() || new_ip.is_unspecified()))
    };
    if let Some((other, line)) = others
        .iter()
        .find(|(other, _)| collides(other.ip().to_canonical()))
    {
        let message = format!("collides with the listener on line {line}, which takes {other}");
        let finding = reader
            .finding(at, &format!("{path}.address"), message)
            .found(new.to_string());
        reader.report(finding.hint("give another port"));
    }
    others.push((new, at.line));
}
