//! The node's key and certificates, and whom it trusts: files, or PEM in the file itself.

use ringlock_finding::Position;

use super::{
    server_encryption::{NOT_YET, missing},
    source::{Block, place},
};
use crate::{
    IdentityFiles, OutboundIdentity, StorePassword, TokenKey, TrustAnchors,
    resolve::{Base, Factory, FilePath, Secret, Setting},
    section::Given,
};

const FACTORY: &str = "ssl_context_factory";

/// An option with a file, and whether it is written.
struct Named {
    file: Given<FilePath>,
    at: Option<Position>,
}

impl Named {
    fn read(block: &mut Block<'_>, key: &str, setting: &Setting<Option<FilePath>>) -> Self {
        let at = place(&setting.origin).filter(|_| setting.value.is_some());
        let file = match block.file(key, setting) {
            Given::Here(file, _) if file.base == Base::NoFile => {
                let at = block.value_at(key, block.key_at(setting));
                let finding = block.finding(at, key, "names no file").found(file.text);
                block.report(finding.expected("a file"));
                Given::Wrong
            }
            other => other,
        };
        Self { file, at }
    }
}

/// What the keystore and the truststore are opened with; a password wins over a file with one, as
/// in Cassandra.
pub(super) fn passwords(block: &Block<'_>) -> (Option<StorePassword>, Option<StorePassword>) {
    let tls = &block.options().tls;
    let factory = tls.ssl_context_factory.value.as_ref();
    let pem = factory.filter(|factory| factory.is_pem());
    let of_key = pem
        .and_then(|factory| parameter(factory, "private_key_password"))
        .map(|password| StorePassword::Given(password.clone()));
    let keystore = of_key.or_else(|| password(&tls.keystore_password, &tls.keystore_password_file));
    let truststore = password(&tls.truststore_password, &tls.truststore_password_file);
    (keystore, truststore)
}

/// What the node shows to those that it dials, if that is another; none if a finding was reported.
pub(super) fn outbound(
    block: &mut Block<'_>,
    of_keystore: Option<&StorePassword>,
) -> Option<Option<OutboundIdentity>> {
    const KEY: &str = "outbound_keystore";
    let options = block.options();
    let factory = options.tls.ssl_context_factory.value.as_ref();
    let factory = factory.filter(|factory| factory.is_pem());
    let of_pem = |name| factory.and_then(|factory| parameter(factory, name));
    let keystore = Named::read(block, KEY, &options.outbound_keystore);
    let own_password = of_pem("outbound_private_key_password")
        .map(|password| StorePassword::Given(password.clone()))
        .or_else(|| {
            let file = &options.outbound_keystore_password_file;
            password(&options.outbound_keystore_password, file)
        });
    let identity = match (of_pem("outbound_private_key"), keystore.file) {
        (_, Given::Wrong) => return None,
        (Some(key), _) => {
            let other = keystore.at.map(|at| (KEY, at));
            let private_key = inline(block, key, "outbound_private_key", other)?;
            IdentityFiles::Inline { private_key }
        }
        (None, Given::Here(file, _)) => IdentityFiles::Combined {
            keystore: file.path,
        },
        (None, Given::Absent) if own_password.is_none() => return Some(None),
        (None, Given::Absent) => {
            let message = "missing, though a password for it is given";
            let finding = block.finding(block.at(), KEY, message);
            block.report(finding.hint("name the store, or remove the password"));
            return None;
        }
    };
    let password = own_password.or_else(|| of_keystore.cloned());
    Some(Some(OutboundIdentity { identity, password }))
}

/// A written file wins over the default password of a product.
fn password(
    given: &Setting<Option<Secret>>,
    file: &Setting<Option<FilePath>>,
) -> Option<StorePassword> {
    let secret = given.value.clone().map(|value| {
        let origin = given.origin.clone();
        StorePassword::Given(Setting { value, origin })
    });
    let file = file.value.as_ref().filter(|_| file.is_given());
    let file = file.map(|file| StorePassword::File(file.path.clone()));
    if given.is_given() {
        secret
    } else {
        file.or(secret)
    }
}

/// Both; none in place of one of which a finding was reported.
pub(super) fn read(
    block: &mut Block<'_>,
    token: Given<TokenKey>,
) -> (Option<IdentityFiles>, Option<TrustAnchors>) {
    let pem = match factory(block) {
        Given::Here(factory, _) => Some(factory),
        Given::Absent => None,
        Given::Wrong => return (None, None),
    };
    let identity = if names_token(block) {
        of_token(block, token)
    } else {
        identity(block, pem)
    };
    (identity, trust(block, pem))
}

/// Whether the keystore is a token by its type.
fn names_token(block: &Block<'_>) -> bool {
    let kind = block.options().tls.keystore_type.value.as_deref();
    kind.is_some_and(|kind| kind.trim_end().eq_ignore_ascii_case("PKCS11"))
}

/// The key in a token: Java's word for its file is `NONE`.
fn of_token(block: &mut Block<'_>, token: Given<TokenKey>) -> Option<IdentityFiles> {
    let tls = &block.options().tls;
    let named = tls.keystore.value.as_ref();
    if named.is_none_or(|file| file.base != Base::NoFile) {
        let at = block.key_at(&tls.keystore_type);
        let finding = block.finding(at, "keystore_type", "PKCS11 goes with keystore: NONE");
        block.report(finding.hint("write keystore: NONE"));
        return None;
    }
    let certificate = match Named::read(block, "certificate", &tls.certificate).file {
        Given::Here(file, _) => Some(file.path),
        Given::Absent => None,
        Given::Wrong => return None,
    };
    match token {
        Given::Here(key, _) => Some(IdentityFiles::Token { key, certificate }),
        Given::Wrong => None,
        Given::Absent => {
            let at = block.key_at(&block.options().tls.keystore);
            let finding = block.finding(at, "keystore", "no token is named");
            block.report(finding.hint("name its module, label and key in ringlock.pkcs11"));
            None
        }
    }
}

fn identity(block: &mut Block<'_>, pem: Option<&Factory>) -> Option<IdentityFiles> {
    let tls = &block.options().tls;
    let certificate = Named::read(block, "certificate", &tls.certificate);
    let keyfile = Named::read(block, "keyfile", &tls.keyfile);
    let keystore = Named::read(block, "keystore", &tls.keystore);
    let pair_at = certificate.at.or(keyfile.at);
    if let Some(private_key) = pem.and_then(|factory| parameter(factory, "private_key")) {
        let other = keystore.at.map(|at| ("keystore", at));
        let other = other.or(pair_at.map(|at| ("certificate and keyfile", at)));
        return inline(block, private_key, "private_key", other)
            .map(|private_key| IdentityFiles::Inline { private_key });
    }
    if let (Some(at), Some(pair_at)) = (keystore.at, pair_at) {
        let message = format!(
            "contradicts certificate and keyfile (line {})",
            pair_at.line
        );
        let finding = block.finding(at, "keystore", message);
        block.report(finding.hint("give either keystore, or certificate and keyfile"));
        return None;
    }
    of_files(block, certificate.file, keyfile.file, keystore.file)
}

fn of_files(
    block: &mut Block<'_>,
    certificate: Given<FilePath>,
    keyfile: Given<FilePath>,
    keystore: Given<FilePath>,
) -> Option<IdentityFiles> {
    match (certificate, keyfile, keystore) {
        (Given::Absent, Given::Absent, Given::Here(keystore, _)) => Some(IdentityFiles::Combined {
            keystore: keystore.path,
        }),
        (Given::Here(certificate, _), Given::Here(keyfile, _), Given::Absent) => {
            Some(IdentityFiles::Pair {
                certificate: certificate.path,
                keyfile: keyfile.path,
            })
        }
        (Given::Here(_, at), Given::Absent, Given::Absent) => {
            missing_half(block, "keyfile", "certificate", at);
            None
        }
        (Given::Absent, Given::Here(_, at), Given::Absent) => {
            missing_half(block, "certificate", "keyfile", at);
            None
        }
        (Given::Absent, Given::Absent, Given::Absent) => {
            let expected = "keystore, or certificate and keyfile";
            missing(block, "certificate", expected);
            None
        }
        _ => None,
    }
}

fn trust(block: &mut Block<'_>, pem: Option<&Factory>) -> Option<TrustAnchors> {
    let setting = &block.options().tls.truststore;
    let truststore = Named::read(block, "truststore", setting);
    let trusted = pem.and_then(|factory| parameter(factory, "trusted_certificates"));
    if let Some(trusted) = trusted {
        let other = truststore.at.map(|at| ("truststore", at));
        return inline(block, trusted, "trusted_certificates", other).map(TrustAnchors::Inline);
    }
    match truststore.file {
        Given::Here(file, _) => Some(TrustAnchors::File(file.path)),
        Given::Wrong => None,
        Given::Absent => {
            missing(block, "truststore", "a store with the CA's certificate");
            None
        }
    }
}

/// The factory for PEM, where it is chosen; Java's default one is as good as none.
fn factory<'s>(block: &mut Block<'s>) -> Given<&'s Factory> {
    const DEFAULT: &str = "DefaultSslContextFactory";
    let setting = &block.options().tls.ssl_context_factory;
    let at = block.key_at(setting);
    let Some(factory) = setting.value.as_ref().filter(|_| !block.is_wrong(FACTORY)) else {
        return if block.is_wrong(FACTORY) {
            Given::Wrong
        } else {
            Given::Absent
        };
    };
    if !factory.is_pem() {
        if factory.class_name.rsplit('.').next() == Some(DEFAULT) {
            return Given::Absent;
        }
        let finding = block
            .finding(at, &format!("{FACTORY}.class_name"), NOT_YET)
            .found(crate::shortened(&factory.class_name))
            .expected("PEMBasedSslContextFactory");
        block.report(finding);
        return Given::Wrong;
    }
    Given::Here(factory, at)
}

fn parameter<'s>(factory: &'s Factory, name: &str) -> Option<&'s Setting<Secret>> {
    factory
        .parameter(name)
        .filter(|parameter| !parameter.value.reveal().trim().is_empty())
}

/// PEM in the file itself, which goes with no file of the same kind.
fn inline(
    block: &mut Block<'_>,
    pem: &Setting<Secret>,
    name: &str,
    other: Option<(&str, Position)>,
) -> Option<Setting<Secret>> {
    let Some((other, other_at)) = other else {
        return Some(pem.clone());
    };
    let at = block.key_at(pem);
    let message = format!("contradicts {other} (line {})", other_at.line);
    let finding = block.finding(at, &path_of(name), message);
    block.report(finding.hint(format!("give either {name}, or {other}")));
    None
}

fn path_of(parameter: &str) -> String {
    format!("{FACTORY}.parameters.{parameter}")
}

fn missing_half(block: &mut Block<'_>, key: &str, other: &str, at: Position) {
    let message = format!("missing, though {other} is given");
    let finding = block.finding(at, key, message);
    block.report(finding.expected("both, or keystore alone"));
}
