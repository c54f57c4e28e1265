//! The table as `nft -j list table` prints it, read back by meaning.
//!
//! Versions of `nft` spell one rule in several ways: a set of one port as a number, TCP flags by
//! name, in lists or in nested unions. So the listing is read as loose JSON into the conditions of
//! [`table`], and what has no place there makes the table altered or foreign.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    State,
    table::{self, Chain, Condition, Rule, Table, Verdict},
};

/// What the table of this listing is.
pub(super) fn state(listing: &Value) -> State {
    match read(listing) {
        Ok(found) => found.judge(),
        Err(Strange::Foreign(found)) => State::Foreign { found },
        Err(Strange::Altered(difference)) => State::Altered { difference },
    }
}

/// Why a listing is not one of ours.
enum Strange {
    /// Ringlock never wrote this.
    Foreign(String),
    /// It bears our comment, but it says something that we do not write.
    Altered(String),
}

#[derive(Default)]
struct Found {
    table: Table,
    versions: BTreeSet<String>,
}

impl Found {
    fn judge(self) -> State {
        let version = self.versions.first().filter(|_| self.versions.len() == 1);
        match (self.table.as_installed(), version) {
            (Some(rules), Some(version)) => State::Installed {
                rules,
                version: version.clone(),
            },
            (Some(_), None) => State::Altered {
                difference: "its rules are of several versions".into(),
            },
            (None, _) if self.table.is_released() => State::Released,
            (None, _) => State::Altered {
                difference: format!(
                    "its {} chains and {} rules are not those of this version",
                    self.table.chains.len(),
                    self.table.rules.len()
                ),
            },
        }
    }
}

/// Foreign things first: one of them is reason enough to leave the table alone.
fn read(listing: &Value) -> Result<Found, Strange> {
    let objects = listing["nftables"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let objects: Vec<_> = objects
        .iter()
        .filter_map(|object| object.as_object()?.iter().next())
        .collect();
    for (kind, object) in &objects {
        if let Some(what) = foreign(kind, object) {
            return Err(Strange::Foreign(what));
        }
    }
    let mut found = Found::default();
    for (kind, object) in objects {
        match kind.as_str() {
            "table" if has_flags(object) => {
                let flags = &object["flags"];
                return Err(Strange::Altered(format!("the table has the flags {flags}")));
            }
            "chain" => found.table.chains.push(chain(object)?),
            "rule" => {
                found.table.rules.push(rule(object)?);
                found.versions.extend(version(object).map(str::to_owned));
            }
            _ => {}
        }
    }
    found.table.chains.sort_by_key(|chain| *chain as u8);
    found.table.rules.sort_by_key(|rule| rule.chain as u8);
    Ok(found)
}

/// What is not ours about an object of the table, if anything.
fn foreign(kind: &str, object: &Value) -> Option<String> {
    let name = object["name"].as_str().unwrap_or_default();
    match kind {
        "metainfo" | "table" => None,
        "chain" => Chain::named(name)
            .is_none()
            .then(|| format!("a chain `{name}`")),
        "rule" => version(object).is_none().then(|| {
            let chain = object["chain"].as_str().unwrap_or_default();
            match object["comment"].as_str() {
                Some(comment) => format!("a rule with the comment `{comment}` in chain `{chain}`"),
                None => format!("a rule without a comment in chain `{chain}`"),
            }
        }),
        other => Some(format!("a {other} `{name}`")),
    }
}

/// The flag `dormant` switches a table off. Not every version of `nft` prints it as JSON.
fn has_flags(table: &Value) -> bool {
    match &table["flags"] {
        Value::Null => false,
        Value::Array(flags) => !flags.is_empty(),
        _ => true,
    }
}

fn version(rule: &Value) -> Option<&str> {
    table::version_of(rule["comment"].as_str()?)
}

fn chain(object: &Value) -> Result<Chain, Strange> {
    let name = object["name"].as_str().unwrap_or_default();
    let altered = || {
        Strange::Altered(format!(
            "chain `{name}` has another type, hook, priority or policy"
        ))
    };
    let chain = Chain::named(name).ok_or_else(altered)?;
    let kind = if chain.is_nat() { "nat" } else { "filter" };
    let same = object["type"] == kind
        && object["hook"] == chain.hook()
        && object["prio"] == chain.priority()
        && object["policy"] == "accept";
    if same { Ok(chain) } else { Err(altered()) }
}

fn rule(object: &Value) -> Result<Rule, Strange> {
    let name = object["chain"].as_str().unwrap_or_default();
    let unreadable =
        |what: &Value| Strange::Altered(format!("a rule of chain `{name}` says `{what}`"));
    let chain = Chain::named(name).ok_or_else(|| unreadable(&Value::Null))?;
    let statements = object["expr"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let (last, matches) = statements
        .split_last()
        .ok_or_else(|| unreadable(&Value::Null))?;
    let mut conditions = Vec::new();
    for statement in matches.iter().filter(|statement| !is_implied(statement)) {
        conditions.push(condition(statement).ok_or_else(|| unreadable(statement))?);
    }
    let verdict = verdict(last).ok_or_else(|| unreadable(last))?;
    Ok(Rule {
        chain,
        conditions,
        verdict,
    })
}

/// A match of the protocol, which some versions of `nft` print although the flags of TCP imply it.
fn is_implied(statement: &Value) -> bool {
    let statement = &statement["match"];
    statement["left"]["meta"]["key"] == "l4proto"
        && statement["op"] == "=="
        && (statement["right"] == "tcp" || statement["right"] == 6)
}

fn condition(statement: &Value) -> Option<Condition> {
    let statement = statement.get("match")?;
    let (left, right) = (&statement["left"], &statement["right"]);
    let key = |kind: &str| left[kind]["key"].as_str();
    match (
        statement["op"].as_str()?,
        left.as_object()?.keys().next()?.as_str(),
    ) {
        ("!=", "meta") => match key("meta")? {
            "iif" => is_loopback(right).then_some(Condition::FromNetwork),
            "oif" => is_loopback(right).then_some(Condition::ToNetwork),
            "mark" => Some(Condition::Unmarked(u32::try_from(right.as_u64()?).ok()?)),
            _ => None,
        },
        ("==", "fib") => is_destination_type(left, right).then_some(Condition::ToLocalAddress),
        ("==", "&") if is_opening(left, right) => Some(Condition::OpensConnection),
        ("==", "payload") if is_tcp(left, "dport") => ports(right).map(Condition::ToPort),
        ("!", "ct") | ("==", "&") if is_untranslated(left, right) => Some(Condition::Untranslated),
        _ => None,
    }
}

fn verdict(statement: &Value) -> Option<Verdict> {
    let (kind, what) = statement.as_object()?.iter().next()?;
    let only_port = || {
        let fields = what.as_object()?;
        let port = u16::try_from(fields.get("port")?.as_u64()?).ok()?;
        (fields.len() == 1).then_some(port)
    };
    match kind.as_str() {
        "dnat" => only_port().map(Verdict::ToPort),
        "redirect" => only_port().map(Verdict::ToLoopback),
        "reject" => (what["type"] == "tcp reset").then_some(Verdict::Reset),
        _ => None,
    }
}

/// Loopback is interface 1 of every network namespace.
fn is_loopback(value: &Value) -> bool {
    value == "lo" || value == 1
}

fn is_tcp(left: &Value, field: &str) -> bool {
    left["payload"]["protocol"] == "tcp" && left["payload"]["field"] == field
}

fn is_destination_type(left: &Value, right: &Value) -> bool {
    let flags = &left["fib"]["flags"];
    let daddr = flags == "daddr" || flags.as_array().is_some_and(|all| *all == ["daddr"]);
    left["fib"]["result"] == "type" && daddr && right == "local"
}

fn is_opening(left: &Value, right: &Value) -> bool {
    let mask = left["&"].as_array().map(Vec::as_slice).unwrap_or_default();
    matches!(mask, [payload, mask]
        if is_tcp(payload, "flags") && flag_bits(mask) == Some(0x17) && flag_bits(right) == Some(0x02))
}

/// `ct status ! dnat`, or the masked comparison that it stands for.
fn is_untranslated(left: &Value, right: &Value) -> bool {
    let is_dnat = |flag: &Value| flag == "dnat" || flag == 0x20;
    match left["&"].as_array().map(Vec::as_slice) {
        Some([status, mask]) => status["ct"]["key"] == "status" && is_dnat(mask) && right == 0,
        Some(_) => false,
        None => left["ct"]["key"] == "status" && is_dnat(right),
    }
}

/// TCP flags as a number, a name, a list, or a union of such, nested or not.
fn flag_bits(value: &Value) -> Option<u64> {
    match value {
        Value::Number(bits) => bits.as_u64(),
        Value::String(name) => {
            let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"];
            names
                .iter()
                .position(|known| known == name)
                .map(|bit| 1 << bit)
        }
        Value::Array(list) => list
            .iter()
            .try_fold(0, |bits, flag| Some(bits | flag_bits(flag)?)),
        Value::Object(union) => flag_bits(union.get("|")?),
        Value::Null | Value::Bool(_) => None,
    }
}

/// Ports as a number, a range, or a set of such.
fn ports(value: &Value) -> Option<BTreeSet<u16>> {
    if let Some(port) = value.as_u64() {
        return Some(BTreeSet::from([u16::try_from(port).ok()?]));
    }
    let (kind, items) = value.as_object()?.iter().next()?;
    let items = items.as_array()?;
    match kind.as_str() {
        "set" => items.iter().try_fold(BTreeSet::new(), |mut all, item| {
            all.append(&mut ports(item)?);
            Some(all)
        }),
        "range" => {
            let end = |at: usize| u16::try_from(items.get(at)?.as_u64()?).ok();
            Some((end(0)?..=end(1)?).collect())
        }
        _ => None,
    }
}
