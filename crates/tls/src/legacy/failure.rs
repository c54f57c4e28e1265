//! OpenSSL's errors in this crate's words.

use openssl::ssl::{Error, ErrorCode};
use rustls::AlertDescription;

use crate::{HandshakeFailure, RecordError, SessionError};

/// OpenSSL's reasons (`sslerr.h`); those of alerts from the peer are their number and this.
const ALERTS: i32 = 1000;
const BAD_MAC: i32 = 281;
const NO_CERTIFICATE: i32 = 199;
/// An encrypted, compressed or plain record is too long.
const TOO_LONG: [i32; 3] = [150, 198, 146];
/// A message or a record where none is expected, and the limits on those that say nothing.
const UNEXPECTED: [i32; 5] = [244, 245, 298, 409, 443];
/// What was read is no record, or plain HTTP.
const NO_TLS: [i32; 5] = [267, 252, 156, 155, 160];
/// No suite, version, group or signature scheme in common; a Diffie-Hellman group or a key that
/// is too small; no secure renegotiation.
const NOTHING_IN_COMMON: [i32; 15] = [
    193, 181, 258, 259, 266, 166, 396, 248, 261, 118, 376, 295, 410, 338, 394,
];

/// Why a handshake failed.
pub(super) fn handshake_failure(error: &Error) -> HandshakeFailure {
    if error.code() == ErrorCode::ZERO_RETURN {
        return HandshakeFailure::Closed;
    }
    match reason(error) {
        Some(alert) if is_alert(alert) => HandshakeFailure::of_alert(description(alert)),
        Some(NO_CERTIFICATE) => HandshakeFailure::NoCertificate,
        Some(code) if NO_TLS.contains(&code) => HandshakeFailure::NotTls(words(error)),
        Some(code) if NOTHING_IN_COMMON.contains(&code) => {
            HandshakeFailure::NothingInCommon(words(error))
        }
        _ => HandshakeFailure::Other(words(error)),
    }
}

/// Why records that came cannot be opened.
pub(super) fn session_error(error: &Error) -> SessionError {
    let record = match reason(error) {
        Some(alert) if is_alert(alert) => {
            return SessionError::Peer(HandshakeFailure::of_alert(description(alert)));
        }
        Some(BAD_MAC) => RecordError::BadMac,
        Some(code) if TOO_LONG.contains(&code) => RecordError::Overflow,
        Some(code) if UNEXPECTED.contains(&code) => RecordError::Unexpected,
        Some(_) => RecordError::Decode,
        None => return SessionError::OpenSsl(words(error)),
    };
    record.into()
}

/// The reason without the places in OpenSSL's source.
pub(super) fn words(error: &Error) -> String {
    let told = error
        .ssl_error()
        .and_then(|stack| stack.errors().first()?.reason());
    told.map_or_else(|| error.to_string(), str::to_owned)
}

fn reason(error: &Error) -> Option<i32> {
    Some(error.ssl_error()?.errors().first()?.reason_code())
}

fn is_alert(reason: i32) -> bool {
    (ALERTS..=ALERTS + i32::from(u8::MAX)).contains(&reason)
}

fn description(reason: i32) -> AlertDescription {
    AlertDescription::from(u8::try_from(reason - ALERTS).unwrap_or(u8::MAX))
}
