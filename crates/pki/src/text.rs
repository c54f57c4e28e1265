use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::x509::X509Name;

/// The most characters of a name that are shown.
const SHOWN: usize = 200;

/// A distinguished name that is safe to print.
pub(crate) fn name(name: &X509Name<'_>) -> String {
    printable(&name.to_string())
}

/// Text from a certificate, made safe to print: a peer must not be able to write lines of its
/// own into a log, to colour a terminal, or to fill either.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    shown
}

/// A time as RFC 3339 has it, in UTC and without fractions.
pub(crate) fn utc(time: OffsetDateTime) -> String {
    let time = time.to_utc().truncate_to_second();
    // Fails for years of more than four digits only, which no certificate can hold.
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
