//! Versions and cipher suites: `protocol`, `accepted_protocols` and `cipher_suites` in JSSE's words,
//! or `priority_string` in those of GnuTLS.

use ringlock_finding::{Position, Severity};
use ringlock_suites::{
    Engine, Suite, Version, Vocabulary,
    jsse::{self, JsseError, Line, Provider, Side},
    priority::Priorities,
};

use super::source::{Block, place};
use crate::{
    TlsOffer,
    resolve::Setting,
    section::Given,
    value::{self, Wrong},
};

/// What the agent speaks, newest first.
const SPOKEN: [Version; 2] = [Version::Tls13, Version::Tls12];

const SPOKEN_WORDS: &str = "TLSv1.3 or TLSv1.2";

const FIPS_SUITES: &str = "AES in TLS 1.3, or with ECDHE or DHE and an RSA or ECDSA certificate";

const SERVE_OLD: &str = "take it out; nodes that know nothing newer cannot be served";

pub(super) fn read(block: &mut Block<'_>, fips: bool) -> Option<TlsOffer> {
    let versions = versions(block);
    let suites = suites(block, fips);
    let setting = &block.options().tls.priority_string;
    let is_default = !setting.is_given();
    let by_priority = word(block, "priority_string", setting, |text| {
        priority(text, fips)
    });
    match (versions, suites, by_priority) {
        (Given::Absent, Given::Absent, Given::Here(offer, _)) => Some(offer),
        (versions, suites, Given::Absent) => of_jsse(block, versions, suites, fips),
        (versions, suites, Given::Here(..)) if is_default => of_jsse(block, versions, suites, fips),
        (versions, suites, Given::Here(_, at)) => {
            if let Some(other) = versions.at().or(suites.at()) {
                let message = format!("contradicts what JSSE's words say (line {})", other.line);
                let finding = block.finding(at, "priority_string", message);
                block.report(
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

fn of_jsse(
    block: &mut Block<'_>,
    versions: Given<Vec<Version>>,
    suites: Given<Suites>,
    fips: bool,
) -> Option<TlsOffer> {
    let suites_at = suites.at();
    let versions = versions.or(Vec::new())?.value;
    let (suites, dropped) = suites.or(Default::default())?.value;
    let fit = |suite: &&Suite| versions.iter().any(|version| suite.fits(*version));
    if let (Some(at), false) = (suites_at, versions.is_empty() || suites.iter().any(fit)) {
        let finding = block
            .finding(
                at,
                "cipher_suites",
                "none of these suites is for an accepted version",
            )
            .found(list(suites.iter()))
            .expected(format!("at least one for {}", list(versions.iter())));
        block.report(finding);
        return None;
    }
    Some(TlsOffer {
        engine: engine(&suites),
        versions,
        suites,
        dropped,
        fips,
    })
}

fn list(items: impl Iterator<Item = impl ToString>) -> String {
    items
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The versions that `accepted_protocols` and `protocol` leave, by the rule of Cassandra 4.0 and
/// later: a version in `protocol` is one more of the list.
fn versions(block: &mut Block<'_>) -> Given<Vec<Version>> {
    const LIST: &str = "accepted_protocols";
    let tls = &block.options().tls;
    let protocol = word(block, "protocol", &tls.protocol, protocol);
    let accepted = match block.given(LIST, &tls.accepted_protocols) {
        Given::Here(items, at) => accepted(block, LIST, &items, at),
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

/// The versions of a list. Those that are out of use are left out with a warning, as long as one
/// is left: lists that were written for old clients name them beside newer ones.
fn accepted(
    block: &mut Block<'_>,
    key: &str,
    items: &[Setting<String>],
    at: Position,
) -> Given<Vec<Version>> {
    let (old, kept): (Vec<_>, Vec<_>) = items
        .iter()
        .enumerate()
        .partition(|(_, item)| matches!(spoken(item.value.trim_end()), Ok(None)));
    if kept.is_empty() && !old.is_empty() {
        let finding = block.finding(
            at,
            key,
            "names only versions that RFC 8996 has put out of use",
        );
        block.report(finding.expected(SPOKEN_WORDS).hint(SERVE_OLD));
        return Given::Wrong;
    }
    for (number, item) in old {
        let at = place(&item.origin).unwrap_or(at);
        let finding = block.finding(
            at,
            &format!("{key}[{number}]"),
            "left out: RFC 8996 has put it out of use",
        );
        let finding = finding.found(item.value.trim_end()).hint(SERVE_OLD);
        block.report(finding.severity(Severity::Warning));
    }
    match numbered(block, key, kept, version) {
        Some(versions) => Given::Here(versions, at),
        None => Given::Wrong,
    }
}

/// `TLS` is no limit, and neither is the `ssl` of DSE's sample; else it is a version.
fn protocol(text: &str) -> Result<Option<Version>, Wrong> {
    let name = value::text(text)?;
    if name.eq_ignore_ascii_case("TLS") || name.eq_ignore_ascii_case("SSL") {
        return Ok(None);
    }
    version(&name).map(Some)
}

fn version(name: &str) -> Result<Version, Wrong> {
    spoken(name)?.ok_or_else(|| {
        Wrong::new("a version that RFC 8996 has put out of use", SPOKEN_WORDS).hint(SERVE_OLD)
    })
}

/// The version of that name; none if it is out of use.
fn spoken(name: &str) -> Result<Option<Version>, Wrong> {
    let known = jsse::versions(
        Line::Four,
        Side::Dials,
        Provider::OpenSsl,
        None,
        Some(&[name]),
    );
    let versions = known.map_err(|unknown| {
        let wrong = Wrong::new("no version of TLS", SPOKEN_WORDS);
        match unknown {
            JsseError::UnknownVersion {
                nearest: Some(near),
                ..
            } => wrong.hint(format!("did you mean {near}?")),
            _ => wrong,
        }
    })?;
    let mut versions = versions.versions.into_iter();
    Ok(versions.find(|version| SPOKEN.contains(version)))
}

type Suites = (Vec<&'static Suite>, Vec<&'static Suite>);

/// The suites that can be carried, and the others.
fn suites(block: &mut Block<'_>, fips: bool) -> Given<Suites> {
    const KEY: &str = "cipher_suites";
    let (items, at) = match block.given(KEY, &block.options().tls.cipher_suites) {
        Given::Here(items, at) => (items, at),
        Given::Absent => return Given::Absent,
        Given::Wrong => return Given::Wrong,
    };
    let Some(read) = words(block, KEY, &items, |name| suite(name, fips)) else {
        return Given::Wrong;
    };
    let (carried, dropped) = split(read);
    if carried.is_empty() && !dropped.is_empty() {
        none_carried(block, KEY, at);
        return Given::Wrong;
    }
    Given::Here((carried, dropped), at)
}

fn suite(name: &str, fips: bool) -> Result<&'static Suite, Wrong> {
    if let Some(named) = Suite::by_name(name) {
        return match fips && !named.suite.is_allowed_by_fips() {
            true => Err(Wrong::new("not allowed by FIPS 140", FIPS_SUITES)),
            false => Ok(named.suite),
        };
    }
    let wrong = Wrong::new("no cipher suite", "a name that JSSE knows");
    Err(match Suite::nearest(name, Vocabulary::Jsse) {
        Some(near) => wrong.hint(format!("did you mean {near}?")),
        None => wrong,
    })
}

/// The suites of the engine that is to carry them, and the others. Only where there is nothing for
/// rustls does OpenSSL carry what it can.
fn split(suites: Vec<&'static Suite>) -> Suites {
    let engine = engine(&suites);
    suites
        .into_iter()
        .partition(|suite| suite.engine() == Some(engine))
}

fn engine(suites: &[&'static Suite]) -> Engine {
    let has = |engine| suites.iter().any(|suite| suite.engine() == Some(engine));
    match has(Engine::OpenSsl) && !has(Engine::Rustls) {
        true => Engine::OpenSsl,
        false => Engine::Rustls,
    }
}

fn none_carried(block: &mut Block<'_>, key: &str, at: Position) {
    let finding = block
        .finding(
            at,
            key,
            "none of these suites can be carried out by this version",
        )
        .expected(
            "at least one of TLS 1.3, or with ECDHE and AES-GCM or ChaCha20-Poly1305; of old ones \
             those with AES and an RSA or ECDSA certificate",
        )
        .hint(
            "add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        );
    block.report(finding);
}

/// A GnuTLS priority string.
fn priority(text: &str, fips: bool) -> Result<TlsOffer, Wrong> {
    let priorities = Priorities::parse(&value::text(text)?)
        .map_err(|error| Wrong::new(error.to_string(), "a GnuTLS priority string"))?;
    let spoken = |version: &Version| SPOKEN.contains(version);
    let versions: Vec<_> = priorities
        .versions()
        .iter()
        .copied()
        .filter(spoken)
        .collect();
    let allowed = |suite: &&Suite| !fips || suite.is_allowed_by_fips();
    let (allowed, forbidden): Suites = priorities.usable_suites().partition(allowed);
    let (suites, mut dropped) = split(allowed);
    dropped.extend(forbidden);
    if versions.is_empty() || suites.is_empty() {
        let message = "leaves no version and suite that this version of the agent speaks";
        return Err(Wrong::new(
            message,
            "TLS 1.3 or 1.2, and AES or ChaCha20-Poly1305, among the rest",
        ));
    }
    Ok(TlsOffer {
        engine: engine(&suites),
        versions,
        suites,
        dropped,
        fips,
    })
}

/// The one word of an option, read by `parse`.
fn word<T>(
    block: &mut Block<'_>,
    key: &str,
    setting: &Setting<Option<String>>,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Given<T> {
    let (text, at) = match block.given(key, setting) {
        Given::Here(text, at) => (text, at),
        Given::Absent => return Given::Absent,
        Given::Wrong => return Given::Wrong,
    };
    match parse(text.trim_end()) {
        Ok(value) => Given::Here(value, at),
        Err(wrong) => {
            block.wrong(block.value_at(key, at), key, &text, wrong);
            Given::Wrong
        }
    }
}

/// The items of a list, read by `parse`; none if it does not take one of them.
fn words<T>(
    block: &mut Block<'_>,
    key: &str,
    items: &[Setting<String>],
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Option<Vec<T>> {
    numbered(block, key, items.iter().enumerate().collect(), parse)
}

/// As [`words`], with the place of each item in its list.
fn numbered<T>(
    block: &mut Block<'_>,
    key: &str,
    items: Vec<(usize, &Setting<String>)>,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Option<Vec<T>> {
    let wanted = items.len();
    let mut read = Vec::with_capacity(wanted);
    for (number, item) in items {
        match parse(item.value.trim_end()) {
            Ok(value) => read.push(value),
            Err(wrong) => {
                let at = place(&item.origin).unwrap_or_else(|| block.at());
                block.wrong(at, &format!("{key}[{number}]"), &item.value, wrong);
            }
        }
    }
    (read.len() == wanted).then_some(read)
}
