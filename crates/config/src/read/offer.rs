//! Versions and cipher suites: `protocol`, `accepted_protocols` and `cipher_suites` in JSSE's words,
//! or `priority_string` in those of GnuTLS.

use ringlock_finding::Position;
use ringlock_suites::{
    Suite, Version, Vocabulary,
    jsse::{self, JsseError, Line, Provider, Side},
    priority::Priorities,
};

use crate::{
    TlsOffer,
    section::{Given, Reader, Section},
    tree::{Node, Value},
    value::{self, Wrong},
};

/// What the agent speaks, newest first.
const SPOKEN: [Version; 2] = [Version::Tls13, Version::Tls12];

pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<TlsOffer> {
    let versions = versions(section, reader);
    let suites = suites(section, reader);
    let by_priority = section.get("priority_string", priority, reader);
    match (versions, suites, by_priority) {
        (Given::Absent, Given::Absent, Given::Here(offer, _)) => Some(offer),
        (versions, suites, Given::Absent) => {
            let versions = versions.or(Vec::new())?.value;
            let (suites, dropped) = suites.or(Default::default())?.value;
            Some(TlsOffer {
                versions,
                suites,
                dropped,
            })
        }
        (versions, suites, Given::Here(_, at)) => {
            if let Some(other) = versions.at().or(suites.at()) {
                let message = format!("contradicts what JSSE's words say (line {})", other.line);
                let key = section.path_of("priority_string");
                let finding = reader.finding(at, &key, message);
                reader.report(
                    finding.hint(
                        "give either priority_string, or accepted_protocols and cipher_suites",
                    ),
                );
            }
            None
        }
        (_, _, Given::Wrong) => None,
    }
}

/// The versions that `accepted_protocols` and `protocol` leave, by the rule of Cassandra 4.0 and
/// later: a version in `protocol` is one more of the list.
fn versions(section: &Section<'_>, reader: &mut Reader) -> Given<Vec<Version>> {
    let protocol = section.get("protocol", protocol, reader);
    let accepted = match section.list("accepted_protocols", reader) {
        Given::Here(items, at) => match accepted(section, items, reader) {
            Some(versions) => Given::Here(versions, at),
            None => Given::Wrong,
        },
        Given::Absent => Given::Absent,
        Given::Wrong => Given::Wrong,
    };
    let (mut versions, at) = match (accepted, protocol) {
        (Given::Wrong, _) | (_, Given::Wrong) => return Given::Wrong,
        (Given::Absent, Given::Absent | Given::Here(None, _)) => return Given::Absent,
        (Given::Absent, Given::Here(Some(version), at)) => (vec![version], at),
        (Given::Here(versions, at), Given::Here(Some(version), _)) => {
            (versions.into_iter().chain([version]).collect(), at)
        }
        (Given::Here(versions, at), _) => (versions, at),
    };
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.dedup();
    Given::Here(versions, at)
}

/// `TLS` is no limit, and neither is the `ssl` of DSE's sample; else it is a version.
fn protocol(text: &str) -> Result<Option<Version>, Wrong> {
    let name = value::text(text)?;
    if name.eq_ignore_ascii_case("TLS") || name.eq_ignore_ascii_case("SSL") {
        return Ok(None);
    }
    version(&name).map(Some)
}

fn accepted(section: &Section<'_>, items: &[Node], reader: &mut Reader) -> Option<Vec<Version>> {
    let key = section.path_of("accepted_protocols");
    let read = words(&key, items, reader, version);
    (read.len() == items.len()).then_some(read)
}

fn version(name: &str) -> Result<Version, Wrong> {
    let expected = "TLSv1.3 or TLSv1.2";
    let known = jsse::versions(
        Line::Four,
        Side::Dials,
        Provider::OpenSsl,
        None,
        Some(&[name]),
    );
    let versions = known.map_err(|unknown| {
        let wrong = Wrong::new("no version of TLS", expected);
        match unknown {
            JsseError::UnknownVersion {
                nearest: Some(near),
                ..
            } => wrong.hint(format!("did you mean {near}?")),
            _ => wrong,
        }
    })?;
    let spoken = versions
        .versions
        .into_iter()
        .find(|version| SPOKEN.contains(version));
    spoken.ok_or_else(|| {
        Wrong::new("a version that RFC 8996 has put out of use", expected)
            .hint("take it out of the list; nodes that know nothing newer cannot be served")
    })
}

type Suites = (Vec<&'static Suite>, Vec<&'static Suite>);

/// The suites that can be carried, and the others.
fn suites(section: &Section<'_>, reader: &mut Reader) -> Given<Suites> {
    const KEY: &str = "cipher_suites";
    let (items, at) = match section.list(KEY, reader) {
        Given::Here(items, at) => (items, at),
        Given::Absent => return Given::Absent,
        Given::Wrong => return Given::Wrong,
    };
    let key = section.path_of(KEY);
    let read = words(&key, items, reader, suite);
    if read.len() < items.len() {
        return Given::Wrong;
    }
    let (carried, dropped): Suites = read.into_iter().partition(|suite| is_carried(suite));
    if carried.is_empty() && !dropped.is_empty() {
        none_carried(&key, at, reader);
        return Given::Wrong;
    }
    Given::Here((carried, dropped), at)
}

fn suite(name: &str) -> Result<&'static Suite, Wrong> {
    if let Some(named) = Suite::by_name(name) {
        return Ok(named.suite);
    }
    let wrong = Wrong::new("no cipher suite", "a name that JSSE knows");
    Err(match Suite::nearest(name, Vocabulary::Jsse) {
        Some(near) => wrong.hint(format!("did you mean {near}?")),
        None => wrong,
    })
}

fn is_carried(suite: &Suite) -> bool {
    !suite.carried_by().is_empty()
}

fn none_carried(key: &str, at: Position, reader: &mut Reader) {
    let finding = reader
        .finding(
            at,
            key,
            "none of these suites can be carried out by this version",
        )
        .expected("at least one of TLS 1.3, or with ECDHE and AES-GCM or ChaCha20-Poly1305")
        .hint(
            "add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        );
    reader.report(finding);
}

/// A GnuTLS priority string.
fn priority(text: &str) -> Result<TlsOffer, Wrong> {
    let priorities = Priorities::parse(&value::text(text)?)
        .map_err(|error| Wrong::new(error.to_string(), "a GnuTLS priority string"))?;
    let spoken = |version: &Version| SPOKEN.contains(version);
    let versions: Vec<_> = priorities
        .versions()
        .iter()
        .copied()
        .filter(spoken)
        .collect();
    let (suites, dropped): Suites = priorities
        .usable_suites()
        .partition(|suite| is_carried(suite));
    if versions.is_empty() || suites.is_empty() {
        let message = "leaves no version and suite that this version of the agent speaks";
        return Err(Wrong::new(
            message,
            "TLS 1.3 or 1.2 with an AEAD and ECDHE among the rest",
        ));
    }
    Ok(TlsOffer {
        versions,
        suites,
        dropped,
    })
}

/// Every item of a list that `parse` takes; of the others a finding is reported.
fn words<T>(
    key: &str,
    items: &[Node],
    reader: &mut Reader,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Vec<T> {
    let mut read = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let key = format!("{key}[{number}]");
        let Value::Scalar(text) = &item.value else {
            let finding = reader.finding(item.at, &key, "not a single value");
            reader.report(finding.expected("a name"));
            continue;
        };
        match parse(text) {
            Ok(value) => read.push(value),
            Err(wrong) => {
                let mut finding = reader
                    .finding(item.at, &key, wrong.message)
                    .found(crate::shortened(text))
                    .expected(wrong.expected);
                finding.hint = wrong.hint;
                reader.report(finding);
            }
        }
    }
    read
}
