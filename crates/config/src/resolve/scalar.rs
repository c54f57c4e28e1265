//! Single values, as each product reads them.

use std::time::Duration;

use ringlock_model::ClientAuth;

use super::shapes::InternodeScope;
use crate::{
    dialect::{Dialect, Dialects, Product},
    value::{self, Wrong},
};

/// Why a value is not what it should be, and what the product goes on with, if it goes on.
#[derive(Debug)]
pub(super) struct Unfit<T> {
    pub(super) wrong: Box<Wrong>,
    pub(super) instead: Option<T>,
}

impl<T> Unfit<T> {
    /// The product goes on with this.
    fn taken_for(instead: T, wrong: Wrong) -> Self {
        Self {
            wrong: Box::new(wrong),
            instead: Some(instead),
        }
    }
}

impl<T> From<Wrong> for Unfit<T> {
    fn from(wrong: Wrong) -> Self {
        Self {
            wrong: Box::new(wrong),
            instead: None,
        }
    }
}

/// A flag. `in_block` is whether it stands in a block of ScyllaDB, where values are text and every
/// other word is false.
pub(super) fn flag(text: &str, dialect: Dialect, in_block: bool) -> Result<bool, Unfit<bool>> {
    const EXPECTED: &str = "true or false";
    match dialect.product() {
        Product::Ringlock => Ok(value::boolean(text)?),
        Product::Scylla if in_block => scylla_flag(text),
        Product::Scylla => Ok(yaml_cpp_flag(text).ok_or_else(|| not_a_flag(EXPECTED))?),
        Product::Cassandra | Product::Dse | Product::Hcd => {
            Ok(java_flag(text).ok_or_else(|| not_a_flag(EXPECTED))?)
        }
    }
}

fn not_a_flag(expected: &str) -> Wrong {
    Wrong::new("not a boolean", expected)
}

/// SnakeYAML's `Boolean`, in any mixture of cases and quoted or not.
fn java_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `convert<bool>` of yaml-cpp: `true`, `True` or `TRUE`.
fn yaml_cpp_flag(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let capital = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.get(1..).is_some_and(|rest| lower.ends_with(rest));
    if text != lower && text != text.to_ascii_uppercase() && !capital {
        return None;
    }
    match lower.as_str() {
        "y" | "yes" | "true" | "on" => Some(true),
        "n" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// `is_true` of ScyllaDB's `config.hh`.
fn scylla_flag(text: &str) -> Result<bool, Unfit<bool>> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "no" | "off" | "n" => Ok(false),
        _ => Err(Unfit::taken_for(
            false,
            Wrong::new(
                "not a boolean, ScyllaDB takes it for false",
                "true or false",
            ),
        )),
    }
}

/// `require_client_auth`.
pub(super) fn client_auth(text: &str, dialect: Dialect) -> Result<ClientAuth, Unfit<ClientAuth>> {
    let of_flag = |flag| {
        if flag {
            ClientAuth::Required
        } else {
            ClientAuth::NotRequired
        }
    };
    let by_word = Dialects::C60.and(Dialects::RINGLOCK).contains(dialect);
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "required" if by_word => return Ok(ClientAuth::Required),
        "not_required" if by_word => return Ok(ClientAuth::NotRequired),
        "optional" if by_word => return Ok(ClientAuth::Optional),
        "optional" if dialect == Dialect::Scylla => {
            let message =
                "ScyllaDB up to 2026.3 takes it for false and asks nobody for a certificate";
            let wrong = Wrong::new(message, "true or false");
            return Err(Unfit::taken_for(ClientAuth::NotRequired, wrong));
        }
        "true" if dialect == Dialect::Cassandra60 => return Ok(ClientAuth::Required),
        "false" if dialect == Dialect::Cassandra60 => return Ok(ClientAuth::NotRequired),
        _ if dialect == Dialect::Cassandra60 => {
            let expected = "true, false, required, not_required or optional";
            return Err(Wrong::new("not a valid ClientAuth option", expected).into());
        }
        _ => {}
    }
    match flag(text, dialect, true) {
        Ok(flag) => Ok(of_flag(flag)),
        Err(unfit) => Err(Unfit {
            wrong: unfit.wrong,
            instead: unfit.instead.map(of_flag),
        }),
    }
}

/// `internode_encryption`: exact words in lower case everywhere.
pub(super) fn scope(text: &str, dialect: Dialect) -> Result<InternodeScope, Unfit<InternodeScope>> {
    const WORDS: [&str; 5] = ["all", "none", "dc", "rack", "transitional"];
    let scylla = Dialects::SCYLLA.contains(dialect);
    let known = if scylla || dialect == Dialect::Ringlock {
        &WORDS[..]
    } else {
        &WORDS[..4]
    };
    value::one_of(known, &InternodeScope::ALL, text).map_err(|wrong| {
        if !scylla {
            return wrong.into();
        }
        let silently = "unknown value, ScyllaDB takes it for none and encrypts nothing";
        let message = silently.to_owned();
        Unfit::taken_for(InternodeScope::None, Wrong { message, ..wrong })
    })
}

/// A port. SnakeYAML reads integers as YAML 1.1 does, with `_`, `0x`, `0b` and a leading zero for
/// octal; yaml-cpp as C does.
pub(super) fn port(text: &str, dialect: Dialect) -> Result<u16, Wrong> {
    let java = Dialects::JAVA.contains(dialect);
    let digits = if java {
        text.replace('_', "")
    } else {
        text.to_owned()
    };
    let digits = digits.strip_prefix('+').unwrap_or(&digits);
    let lower = digits.to_ascii_lowercase();
    let number = if let Some(digits) = lower.strip_prefix("0x") {
        radix(digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0b").filter(|_| java) {
        radix(digits, 2)
    } else if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        radix(digits, 8)
    } else {
        radix(&lower, 10)
    };
    number.ok_or_else(|| Wrong::new("not a port", "a number from 0 to 65535"))
}

fn radix(digits: &str, radix: u32) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u16::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// `DurationSpec.IntMinutesBound`: a number with `d`, `h` or `m`.
pub(super) fn span(text: &str) -> Result<Duration, Wrong> {
    let wrong = || Wrong::new("not a duration", "a number with d, h or m, such as 365d");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let minutes = match &text[digits..] {
        "d" => 24 * 60,
        "h" => 60,
        "m" => 1,
        _ => return Err(wrong()),
    };
    text[..digits]
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(minutes))
        .filter(|minutes| i32::try_from(*minutes).is_ok())
        .map(|minutes| Duration::from_secs(minutes * 60))
        .ok_or_else(wrong)
}
