//! Values as YAML text that SnakeYAML and yaml-cpp read alike.

use std::{fmt::Write, net::Ipv4Addr};

use super::NewValue;

/// How a value is, or is to be, written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Quoted only where it must be.
    AsNeeded,
    Single,
    Double,
}

impl Style {
    /// That of a value that is written like this.
    pub(super) fn of(written: &str) -> Self {
        match written.as_bytes().first() {
            Some(b'\'') => Self::Single,
            Some(b'"') => Self::Double,
            _ => Self::AsNeeded,
        }
    }
}

/// The value on one line; `in_flow` within brackets or braces.
pub(super) fn value(value: &NewValue, style: Style, in_flow: bool) -> String {
    match value {
        NewValue::Blank if in_flow => "null".to_owned(),
        NewValue::Blank => String::new(),
        NewValue::Text(text) => scalar(text, style, in_flow),
        NewValue::List(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| scalar(item, Style::AsNeeded, true))
                .collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// One key or value on one line.
pub(super) fn scalar(text: &str, style: Style, in_flow: bool) -> String {
    if text.chars().any(must_escape) {
        return double_quoted(text);
    }
    match style {
        Style::AsNeeded if stays_plain(text, in_flow) => text.to_owned(),
        Style::AsNeeded | Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double => double_quoted(text),
    }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let _infallible = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if must_escape(c) => write!(out, "\\u{:04X}", u32::from(c)),
            c => out.write_char(c),
        };
    }
    out.push('"');
    out
}

/// Characters that only double quotes can hold, all below U+10000.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

fn stays_plain(text: &str, in_flow: bool) -> bool {
    const SIGNS: [char; 18] = [
        ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '?', ':',
    ];
    // SnakeYAML of 2012 stops at any colon within brackets.
    const FLOW_SIGNS: [char; 6] = [',', '[', ']', '{', '}', ':'];
    let misread = text.is_empty()
        || text.trim() != text
        || text.starts_with(SIGNS)
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
        || (in_flow && text.contains(FLOW_SIGNS))
        || is_word_of_yaml(text);
    !misread && (!begins_like_number(text) || is_usual_number(text))
}

/// What YAML 1.1 takes for nothing, for a truth value that is not written `true` or `false`, or
/// for a sign of its own.
fn is_word_of_yaml(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "~", "null", "y", "n", "yes", "no", "on", "off", "=", "<<", ".nan", ".inf", "-.inf",
        "+.inf",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn begins_like_number(text: &str) -> bool {
    match text.as_bytes() {
        [b'-', ..] => true,
        [b'+' | b'.', digit, ..] | [digit, ..] => {
            digit.is_ascii_digit()
                && text
                    .chars()
                    .all(|c| c.is_ascii_hexdigit() || "_.:+-xXoOtTzZ ".contains(c))
        }
        [] => false,
    }
}

/// Whole and decimal numbers that every reader takes for the same, and IPv4 addresses.
fn is_usual_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole = |text: &str| digits(text) && (text == "0" || !text.starts_with('0'));
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((before, after)) if whole(before) && digits(after) => true,
        Some(_) => text.parse::<Ipv4Addr>().is_ok(),
        None => whole(unsigned) && text != "-0",
    }
}
