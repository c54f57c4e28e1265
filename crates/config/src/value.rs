//! Single values, from their text. Blanks at the end are gone and blank values do not come here.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use crate::keys::nearest;

/// Why a text is no value of a kind.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) expected: String,
    pub(crate) hint: Option<String>,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            expected: expected.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Text on one line.
pub(crate) fn text(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("holds a control character", "text on one line"));
    }
    Ok(text.to_owned())
}

/// The booleans of YAML 1.1 as SnakeYAML takes them, in three cases: `true`, `True`, `TRUE`.
pub(crate) fn boolean(text: &str) -> Result<bool, Wrong> {
    const SPELLINGS: [(&str, bool); 6] = [
        ("true", true),
        ("yes", true),
        ("on", true),
        ("false", false),
        ("no", false),
        ("off", false),
    ];
    let lower = text.to_ascii_lowercase();
    let one_case = text == lower
        || text == text.to_ascii_uppercase()
        || text
            .get(1..)
            .is_some_and(|rest| lower.get(1..) == Some(rest));
    SPELLINGS
        .into_iter()
        .find(|(spelling, _)| one_case && *spelling == lower)
        .map(|(_, value)| value)
        .ok_or_else(|| Wrong::new("not a boolean", "true or false"))
}

/// One of the words.
pub(crate) fn one_of<T: Copy>(
    words: &'static [&'static str],
    values: &[T],
    text: &str,
) -> Result<T, Wrong> {
    words
        .iter()
        .zip(values)
        .find(|(word, _)| **word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let wrong = Wrong::new("unknown value", listing(words));
            match nearest(text, words) {
                Some(near) => wrong.hint(format!("did you mean \"{near}\"?")),
                None => wrong,
            }
        })
}

/// A TCP port that can be dialled.
pub(crate) fn port(text: &str) -> Result<u16, Wrong> {
    decimal(text)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|port| *port != 0)
        .ok_or_else(|| Wrong::new("not a port", "a number from 1 to 65535"))
}

/// A whole number from 1 to `most`.
pub(crate) fn count(text: &str, most: usize) -> Result<NonZeroUsize, Wrong> {
    decimal(text)
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number <= most)
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| {
            let message = if decimal(text).is_some() {
                "out of range"
            } else {
                "not a whole number"
            };
            Wrong::new(message, format!("a number from 1 to {most}"))
        })
}

/// A socket mark, decimal or hexadecimal.
pub(crate) fn mark(text: &str) -> Result<NonZeroU32, Wrong> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => decimal(text).and_then(|number| u32::try_from(number).ok()),
    };
    number.and_then(NonZeroU32::new).ok_or_else(|| {
        Wrong::new(
            "not a mark",
            "a number from 1 to 4294967295, decimal or with 0x",
        )
    })
}

/// A duration with its unit, within the given bounds in milliseconds.
pub(crate) fn duration(text: &str, least: u64, most: u64) -> Result<Duration, Wrong> {
    const SHAPE: &str = "a number with ms, s, m, h or d, such as 10s, 500ms or 2m";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if digits > 0 => return Err(Wrong::new("a duration without its unit", SHAPE)),
        _ => return Err(Wrong::new("not a duration", SHAPE)),
    };
    if digits == 0 {
        return Err(Wrong::new("not a duration", SHAPE));
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(scale))
        .filter(|milliseconds| (least..=most).contains(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| {
            let expected = format!("{} to {}", spelled(least), spelled(most));
            Wrong::new("out of range", expected)
        })
}

/// An IP address with a port that is not 0.
pub(crate) fn address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse()
        .ok()
        .filter(|address: &SocketAddr| address.port() != 0)
        .ok_or_else(|| {
            Wrong::new(
                "not an address",
                "an IP address and a port, such as 10.0.0.2:7000 or \"[fd00::2]:7000\"",
            )
        })
}

/// An address that can be dialled.
pub(crate) fn target(text: &str) -> Result<SocketAddr, Wrong> {
    let target = address(text)?;
    if target.ip().to_canonical().is_unspecified() {
        let expected = "the address of one database, such as 10.0.0.2:7000";
        return Err(Wrong::new("stands for any address", expected));
    }
    Ok(target)
}

/// A duration in milliseconds, in the largest unit that divides it.
pub(crate) fn spelled(milliseconds: u64) -> String {
    const HOUR: u64 = 3_600_000;
    if milliseconds >= 24 * HOUR && milliseconds.is_multiple_of(HOUR) {
        return format!("{}h", milliseconds / HOUR);
    }
    match (milliseconds % 60_000, milliseconds % 1000) {
        (0, _) if milliseconds > 0 => format!("{}m", milliseconds / 60_000),
        (_, 0) => format!("{}s", milliseconds / 1000),
        _ => format!("{milliseconds}ms"),
    }
}

/// Digits only and no zero in front, which YAML 1.1 would read as octal.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let octal = text.len() > 1 && text.starts_with('0');
    if plain && !octal {
        text.parse().ok()
    } else {
        None
    }
}

/// `none, transitional or all`.
fn listing(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
