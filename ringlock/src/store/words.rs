//! Numbers, dates and lists as they are printed.

use ringlock_store::{Format, JavaView};
use time::{OffsetDateTime, macros::format_description};

/// `1 private key`, `2 private keys`.
pub(super) fn count(number: usize, thing: &str) -> String {
    let plural = match thing.strip_suffix("ry") {
        _ if number == 1 => thing.to_owned(),
        Some(stem) => format!("{stem}ries"),
        None => format!("{thing}s"),
    };
    format!("{number} {plural}")
}

/// A day, in UTC.
pub(super) fn date(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]");
    time.to_utc()
        .format(format)
        .unwrap_or_else(|_| time.to_string())
}

/// A second, in UTC, as RFC 3339 has it.
pub(super) fn instant(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.to_utc()
        .format(format)
        .unwrap_or_else(|_| time.to_string())
}

/// `730 days left`, `less than a day left`, `EXPIRED 12 days ago`.
pub(super) fn left(days: i64) -> String {
    match days {
        0 => "less than a day left".to_owned(),
        1 => "1 day left".to_owned(),
        days if days > 0 => format!("{days} days left"),
        -1 => "EXPIRED within the last day".to_owned(),
        days => format!(
            "EXPIRED {} ago",
            count(days.unsigned_abs() as usize - 1, "day")
        ),
    }
}

/// A format's name, for people and in JSON.
pub(super) fn format(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Pem => ("PEM", "pem"),
        Format::Jks => ("JKS", "jks"),
        Format::Jceks => ("JCEKS", "jceks"),
        Format::Pkcs12 => ("PKCS12", "pkcs12"),
        _ => ("DER", "der"),
    }
}

/// A name from a file, without anything that a terminal would obey, at most 64 characters of it.
pub(super) fn name(alias: &str) -> String {
    let start: String = alias.chars().take(64).collect();
    start.escape_debug().to_string()
}

/// What Java makes of a store.
pub(super) fn java(view: &JavaView) -> String {
    let keys = count(view.private_keys, "private key");
    let anchors = count(view.trust_anchors, "trust anchor");
    let reason = view
        .reason
        .as_deref()
        .map(|reason| format!("\n  because {reason}"));
    format!(
        "as Java sees it: {keys}, {anchors}{}",
        reason.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_counted_in_words() {
        let said = [
            count(1, "entry"),
            count(2, "entry"),
            count(0, "private key"),
        ];
        assert_eq!(said, ["1 entry", "2 entries", "0 private keys"]);
    }

    #[test]
    fn a_name_cannot_colour_a_terminal_or_fill_it() {
        assert_eq!(name("n1 \u{1b}[31m"), "n1 \\u{1b}[31m");
        assert_eq!(name(&"x".repeat(100)).len(), 64);
    }

    #[test]
    fn days_are_told_on_both_sides_of_the_end() {
        assert_eq!(left(730), "730 days left");
        assert_eq!(left(1), "1 day left");
        assert_eq!(left(0), "less than a day left");
        assert_eq!(left(-1), "EXPIRED within the last day");
        assert_eq!(left(-2), "EXPIRED 1 day ago");
        assert_eq!(left(-13), "EXPIRED 12 days ago");
    }

    #[test]
    fn what_java_sees_is_told_with_its_reason() {
        let mut view = JavaView {
            private_keys: 1,
            trust_anchors: 0,
            reason: None,
        };
        assert_eq!(
            java(&view),
            "as Java sees it: 1 private key, 0 trust anchors"
        );
        view.reason = Some("of this".to_owned());
        assert!(java(&view).ends_with("0 trust anchors\n  because of this"));
    }
}
