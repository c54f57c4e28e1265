use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{revocation, signing::NotSigned};

/// Why a handshake failed, sorted by who has to act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFailure {
    /// The peer sent no certificate although it was asked for one.
    #[error("the peer presented no certificate, and require_client_auth is true")]
    NoCertificate,
    /// No anchor of the truststore signed the peer's chain.
    #[error("the peer's certificate was issued by a CA that the truststore does not hold")]
    UnknownIssuer,
    /// The peer's certificate is past its end.
    #[error("the peer's certificate expired on {0}")]
    Expired(String),
    /// The peer's certificate is before its beginning.
    #[error("the peer's certificate is not valid before {0}; compare the clocks of both nodes")]
    NotYetValid(String),
    /// The address that was dialled is not in the peer's certificate.
    #[error(
        "the address that was dialled{} is not in the peer's certificate, which holds {held}",
        named(.dialled.as_deref())
    )]
    AddressNotCertified {
        /// The address, where the library tells it.
        dialled: Option<String>,
        /// The names in the certificate, shortened.
        held: String,
    },
    /// The certificate is good, but not for this role.
    #[error(
        "the peer's certificate may not be used in this role; its extended key usage must hold \
         serverAuth and clientAuth"
    )]
    WrongPurpose,
    /// The certificate is unusable in another way.
    #[error("the peer's certificate is refused: {0}")]
    BadCertificate(String),
    /// The peer's certificate, or one of its CAs', is on a revocation list.
    #[error("the peer's certificate is refused: {0} was revoked by its CA")]
    Revoked(String),
    /// The list that the certificate has to be looked up in is out of date.
    #[error(
        "whether the peer's certificate was revoked cannot be told: its CA's revocation list \
         expired on {0}"
    )]
    RevocationListExpired(String),
    /// There are revocation lists, and none is that of the certificate's CA.
    #[error(
        "whether the peer's certificate was revoked cannot be told: there is no revocation list \
         of its CA, or of a CA above that"
    )]
    RevocationUnknown,
    /// The peer refused us and said so by an alert.
    #[error("the peer refused this node with the TLS alert {0}")]
    Alert(String),
    /// The peer closed the connection before the handshake was over.
    #[error("the peer closed the connection during the handshake")]
    Closed,
    /// What the peer sent is not TLS.
    #[error("the peer does not speak TLS: {0}")]
    NotTls(String),
    /// The peer speaks TLS, but nothing that both sides have.
    #[error("the peer and this node have no TLS version, suite or group in common: {0}")]
    NothingInCommon(String),
    /// This node's own key, which is elsewhere, did not sign.
    #[error("this node's own key did not sign the handshake: {0}")]
    NotSigned(String),
    /// Anything else that the TLS library says.
    #[error("the handshake failed: {0}")]
    Other(String),
}

impl HandshakeFailure {
    /// Whether nothing is known against the peer, but the list in which it would stand is overdue.
    pub fn is_for_want_of_a_list(&self) -> bool {
        matches!(self, Self::RevocationListExpired(_))
    }

    pub(crate) fn from_rustls(error: Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(error) => Self::from_certificate(error),
            Error::AlertReceived(alert) => Self::of_alert(alert),
            Error::InvalidMessage(what) if is_no_record(&what) => Self::NotTls(format!("{what:?}")),
            Error::InvalidMessage(what) => Self::Other(format!("a malformed message: {what:?}")),
            Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
                Self::NotTls(error.to_string())
            }
            Error::Other(other) if other.0.is::<NotSigned>() => Self::NotSigned(other.to_string()),
            Error::PeerIncompatible(what) => Self::NothingInCommon(format!("{what:?}")),
            other => Self::Other(other.to_string()),
        }
    }

    /// What the peer says by an alert.
    pub(crate) fn of_alert(alert: AlertDescription) -> Self {
        Self::Alert(alert_name(alert))
    }

    fn from_certificate(error: CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::Expired => Self::Expired("an unknown date".to_owned()),
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired(date(not_after.as_secs()))
            }
            CertificateError::NotValidYet => Self::NotYetValid("an unknown date".to_owned()),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid(date(not_before.as_secs()))
            }
            CertificateError::Revoked => Self::Revoked(revocation::found()),
            CertificateError::UnknownRevocationStatus => Self::RevocationUnknown,
            CertificateError::ExpiredRevocationList => {
                Self::RevocationListExpired("an unknown date".to_owned())
            }
            CertificateError::ExpiredRevocationListContext { next_update, .. } => {
                Self::RevocationListExpired(date(next_update.as_secs()))
            }
            CertificateError::NotValidForName => Self::AddressNotCertified {
                dialled: None,
                held: "other names".to_owned(),
            },
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => Self::AddressNotCertified {
                dialled: Some(expected.to_str().into_owned()),
                held: if presented.is_empty() {
                    "no name".to_owned()
                } else {
                    some_of(&presented)
                },
            },
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::Other(other) => Self::from_library(&other),
            other => Self::BadCertificate(other.to_string()),
        }
    }

    /// What the library's own errors have no words for.
    fn from_library(error: &OtherError) -> Self {
        match error.0.downcast_ref() {
            Some(webpki::Error::EndEntityUsedAsCa) => {
                Self::BadCertificate("its issuer is not a CA".to_owned())
            }
            Some(other) => Self::BadCertificate(other.to_string()),
            None => Self::BadCertificate(error.to_string()),
        }
    }
}

fn named(address: Option<&str>) -> String {
    address.map_or_else(String::new, |address| format!(", {address},"))
}

/// The first names of a certificate that may have thousands.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 16;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A name without what the library writes around it, in one line whatever a CA has signed.
fn plain(name: &str) -> String {
    let bare = ["IpAddress(", "DnsName(\"", "UniformResourceIdentifier(\""]
        .iter()
        .find_map(|before| name.strip_prefix(before))
        .map_or(name, |rest| rest.trim_end_matches(['"', ')']));
    let mut plain = String::with_capacity(bare.len());
    for letter in bare.chars() {
        if letter.is_control() {
            plain.extend(letter.escape_default());
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Whether the bytes do not even look like a record. What goes wrong inside one was made by
/// somebody who speaks TLS, and is no reason to dial a peer without it.
fn is_no_record(what: &InvalidMessage) -> bool {
    matches!(
        what,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload
    )
}

/// The name of an alert as RFC 8446 §6 writes it: `certificate_unknown`, not `CertificateUnknown`.
fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    for letter in format!("{alert:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
            // "CA" and "PSK" are one word each.
            let in_acronym = name.ends_with(|last: char| last.is_ascii_uppercase());
            if !in_acronym {
                name.push('_');
            }
        }
        name.push(letter);
    }
    name.to_ascii_lowercase()
}

fn date(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("second {seconds} of the epoch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_as_in_the_rfc() {
        for (alert, name) in [
            (AlertDescription::CertificateUnknown, "certificate_unknown"),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::UnknownPSKIdentity, "unknown_pskidentity"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }

    #[test]
    fn a_malformed_message_in_a_record_is_no_sign_of_a_peer_without_tls() {
        let failure = |what| HandshakeFailure::from_rustls(Error::InvalidMessage(what));
        assert!(matches!(
            failure(InvalidMessage::InvalidContentType),
            HandshakeFailure::NotTls(_)
        ));
        assert_eq!(
            failure(InvalidMessage::HandshakePayloadTooLarge).to_string(),
            "the handshake failed: a malformed message: HandshakePayloadTooLarge"
        );
    }

    #[test]
    fn of_many_names_the_first_are_shown() {
        let names: Vec<_> = (0..3000).map(|number| format!("n{number}")).collect();
        assert_eq!(some_of(&names[..2]), "n0, n1");
        assert!(some_of(&names[..16]).ends_with("n15"));
        assert!(some_of(&names).ends_with("n15 and 2984 more"));
    }

    #[test]
    fn names_are_shown_as_the_certificate_has_them_and_in_one_line() {
        for (name, shown) in [
            ("IpAddress(10.0.0.1)", "10.0.0.1"),
            ("DnsName(\"n1.example\")", "n1.example"),
            (
                "UniformResourceIdentifier(\"ringlock://c/d/r/n\")",
                "ringlock://c/d/r/n",
            ),
            ("Unsupported(0xa0)", "Unsupported(0xa0)"),
            ("DnsName(\"a\nWARN b\")", "a\\nWARN b"),
        ] {
            assert_eq!(plain(name), shown);
        }
    }

    #[test]
    fn an_expired_certificate_is_dated() {
        let failure = HandshakeFailure::from_rustls(Error::InvalidCertificate(
            CertificateError::ExpiredContext {
                time: rustls::pki_types::UnixTime::since_unix_epoch(
                    std::time::Duration::from_secs(2),
                ),
                not_after: rustls::pki_types::UnixTime::since_unix_epoch(
                    std::time::Duration::from_secs(1),
                ),
            },
        ));
        assert_eq!(
            failure.to_string(),
            "the peer's certificate expired on 1970-01-01T00:00:01Z"
        );
    }
}
