//! `server_encryption_options`: links between nodes, in the databases' words.

use ringlock_finding::Position;
use ringlock_model::{InternodeEncryption, Mode};

use super::{offer, path};
use crate::{
    IdentityFiles, ServerEncryption,
    section::{Given, Reader, Section},
    value::{self, Wrong},
};

pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<ServerEncryption> {
    let encryption = section.get("internode_encryption", internode_encryption, reader);
    let optional = section.get("optional", value::boolean, reader);
    let mode_origin = reader.origin(encryption.at().or(optional.at()));
    let switched_off = matches!(
        encryption,
        Given::Here(InternodeEncryption::None, _) | Given::Absent
    );
    let mode = mode(encryption, optional, section, reader);
    let require_client_auth = section
        .get("require_client_auth", value::boolean, reader)
        .or(false);
    let require_endpoint_verification = section
        .get("require_endpoint_verification", value::boolean, reader)
        .or(false);
    let identity = identity(section, switched_off, reader);
    let truststore = match path(section, "truststore", reader) {
        Given::Here(path, _) => Some(path),
        Given::Wrong => None,
        Given::Absent => {
            missing(
                section,
                "truststore",
                "the CA's certificate, PEM",
                switched_off,
                reader,
            );
            None
        }
    };
    let offer = offer::read(section, reader);
    Some(ServerEncryption {
        mode: mode?,
        mode_origin,
        require_client_auth: require_client_auth?.value,
        require_endpoint_verification: require_endpoint_verification?.value,
        identity: identity?,
        truststore: truststore?,
        offer: offer?,
    })
}

fn internode_encryption(text: &str) -> Result<InternodeEncryption, Wrong> {
    const WORDS: [&str; 3] = ["none", "transitional", "all"];
    let expected = "none, transitional or all";
    if matches!(text, "dc" | "rack") {
        let message = "needs datacenters and racks, which this version does not read yet";
        return Err(Wrong::new(message, expected));
    }
    value::one_of(&WORDS, &InternodeEncryption::ALL, text)
}

/// Unless it is given, `optional` is the opposite of encryption, as in Cassandra where there are
/// keys (`EncryptionOptions`).
fn mode(
    encryption: Given<InternodeEncryption>,
    optional: Given<bool>,
    section: &Section<'_>,
    reader: &mut Reader,
) -> Option<Mode> {
    let encryption = encryption.or(InternodeEncryption::None)?.value;
    if let (InternodeEncryption::Transitional, Given::Here(false, at)) = (encryption, &optional) {
        let message = "contradicts internode_encryption: transitional, which accepts plaintext";
        let finding = reader.finding(*at, &section.path_of("optional"), message);
        reader.report(finding.hint("remove it, or require TLS with internode_encryption: all"));
        return None;
    }
    let optional = optional.or(encryption == InternodeEncryption::None)?.value;
    Some(Mode::new(encryption, optional))
}

fn identity(
    section: &Section<'_>,
    switched_off: bool,
    reader: &mut Reader,
) -> Option<IdentityFiles> {
    let certificate = path(section, "certificate", reader);
    let keyfile = path(section, "keyfile", reader);
    let keystore = path(section, "keystore", reader);
    let pair_at = certificate.at().or(keyfile.at());
    if let (Some(at), Some(pair_at)) = (keystore.at(), pair_at) {
        let message = format!(
            "contradicts certificate and keyfile (line {})",
            pair_at.line
        );
        let finding = reader.finding(at, &section.path_of("keystore"), message);
        reader.report(finding.hint("give either keystore, or certificate and keyfile"));
        return None;
    }
    match (certificate, keyfile, keystore) {
        (Given::Absent, Given::Absent, Given::Here(keystore, _)) => {
            Some(IdentityFiles::Combined { keystore })
        }
        (Given::Here(certificate, _), Given::Here(keyfile, _), Given::Absent) => {
            Some(IdentityFiles::Pair {
                certificate,
                keyfile,
            })
        }
        (Given::Here(_, at), Given::Absent, Given::Absent) => {
            missing_half(section, "keyfile", "certificate", at, reader);
            None
        }
        (Given::Absent, Given::Here(_, at), Given::Absent) => {
            missing_half(section, "certificate", "keyfile", at, reader);
            None
        }
        (Given::Absent, Given::Absent, Given::Absent) => {
            let expected = "certificate and keyfile, or keystore, all PEM";
            missing(section, "certificate", expected, switched_off, reader);
            None
        }
        _ => None,
    }
}

fn missing_half(section: &Section<'_>, key: &str, other: &str, at: Position, reader: &mut Reader) {
    let message = format!("missing, though {other} is given");
    let finding = reader.finding(at, &section.path_of(key), message);
    reader.report(finding.expected("both, or keystore alone"));
}

fn missing(
    section: &Section<'_>,
    key: &str,
    expected: &str,
    switched_off: bool,
    reader: &mut Reader,
) {
    const WHY: &str = "needed even while internode_encryption is none, because encryption is \
                       switched on in the running agent";
    let finding = reader
        .finding(section.at(), &section.path_of(key), "missing")
        .expected(expected);
    reader.report(if switched_off {
        finding.hint(WHY)
    } else {
        finding
    });
}
