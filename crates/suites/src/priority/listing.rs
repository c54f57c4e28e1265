//! The listing that GnuTLS's own tool prints.

use std::fmt::Write as _;

use super::{Priorities, derive, names};
use crate::suite::{Suite, Vocabulary};
use crate::version::Version;

/// What `gnutls-cli --list --priority` prints.
pub(super) fn listing(priorities: &Priorities) -> String {
    let mut listing = format!("Cipher suites for {}\n", priorities.text);
    for suite in shown(priorities) {
        let [high, low] = suite.code().to_be_bytes();
        let name = suite.name_in(Vocabulary::GnuTls).unwrap_or_default();
        let version = derive::first_version(suite).gnutls_name();
        // Writing to a string does not fail.
        let _ = writeln!(listing, "{name:<50}\t0x{high:02x}, 0x{low:02x}\t{version}");
    }
    listing.push('\n');
    let versions = priorities.versions.iter();
    let versions = versions.map(|version| format!("VERS-{}", version.gnutls_name()));
    line(&mut listing, "Protocols", versions);
    line(&mut listing, "Ciphers", bare(&priorities.ciphers));
    line(&mut listing, "MACs", bare(&priorities.macs));
    let exchanges = bare(&priorities.key_exchanges);
    line(&mut listing, "Key Exchange Algorithms", exchanges);
    let groups = priorities.groups.iter().map(|name| group(name));
    line(&mut listing, "Groups", groups);
    let signatures = priorities.signatures.iter();
    let signatures = signatures.map(|name| format!("SIGN-{name}"));
    line(&mut listing, "PK-signatures", signatures);
    listing
}

/// The suites that the newest enabled TLS, or the newest enabled DTLS, is new enough for.
fn shown(priorities: &Priorities) -> impl Iterator<Item = &'static Suite> {
    let newest = |datagrams: bool| {
        priorities
            .versions
            .iter()
            .copied()
            .filter(|version| version.is_datagram() == datagrams)
            .max()
    };
    let (tls, dtls): (Option<Version>, Option<Version>) = (newest(false), newest(true));
    priorities.suites.iter().copied().filter(move |suite| {
        tls >= Some(derive::first_version(suite))
            || derive::first_datagram_version(suite).is_some_and(|first| dtls >= Some(first))
    })
}

/// A curve that only signs has no name as a group.
fn group(name: &str) -> String {
    let known = names::GROUPS.contains(&name);
    format!("GROUP-{}", if known { name } else { "(null)" })
}

fn bare(names: &[&str]) -> impl Iterator<Item = String> {
    names.iter().map(|name| (*name).to_owned())
}

fn line(listing: &mut String, heading: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    let items = if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    };
    let _ = writeln!(listing, "{heading}: {items}");
}
