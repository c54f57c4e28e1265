//! The certificate authority of one cluster.
//!
//! [`Ca::init`] makes its key and self-signed certificate, [`Ca::load`] takes them from a store,
//! [`Ca::issue`] signs one node's certificate. The cluster's name is the organization (`O`) in
//! the CA's own subject, so the two files `ca.key` and `ca.crt` are all there is to keep.
//!
//! Every generation of the CA has a distinguished name of its own, with the head of its serial
//! number: where two CAs share a name, Java and PKCS12 readers link leaves to the wrong one.

mod error;
mod names;
mod node_key;
mod signer;

use std::net::IpAddr;

use aws_lc_rs::rand;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, SanType, SerialNumber,
};
use ringlock_model::NodeUri;
use ringlock_store::{KeyStore, PrivateKey, certificate_to_pem};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use crate::{
    LeafFacts,
    key::public_key,
    leaf::parse,
    text::{hex, name},
};
use node_key::NodeKey;
use signer::Signer;

pub use error::{InitError, IssueError, LoadError, SigningFailed};
pub use names::NameError;
pub use node_key::{KeyKind, UnknownKeyKind};

/// How long a CA is valid where nothing else is asked for.
pub const CA_VALIDITY: Duration = Duration::days(3650);

/// How long a node's certificate is valid where nothing else is asked for.
pub const NODE_VALIDITY: Duration = Duration::days(90);

/// How far before `now` a certificate begins to be valid, for nodes whose clocks are behind.
const BACK_DATED: Duration = Duration::HOUR;

/// What the common name of every CA begins with, by which [`Ca::load`] knows its own kind.
const COMMON_NAME: &str = "Ringlock CA ";

/// A cluster's CA with its private key.
#[derive(Debug)]
pub struct Ca {
    cluster: String,
    certificate: CertificateDer<'static>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    issuer: Issuer<'static, Signer>,
}

/// What a node's certificate is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRequest {
    /// The node. Its cluster must be the CA's.
    pub uri: NodeUri,
    /// The addresses at which peers see it: listen, broadcast and rpc address. At least one.
    pub ips: Vec<IpAddr>,
    /// Its DNS names.
    pub dns: Vec<String>,
    /// How long it is to be valid; it is cut to the CA's own end.
    pub validity: Duration,
}

/// A node's new certificate and key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its private key (ECDSA P-256, PKCS #8).
    pub key: PrivateKey,
    /// What the certificate says.
    pub leaf: LeafFacts,
    /// Whether it ends earlier than was asked for, because the CA does.
    pub cut_short: bool,
}

impl Ca {
    /// Makes a CA: an ECDSA P-256 key and a self-signed certificate that may issue nodes'
    /// certificates and revocation lists, but no further CA.
    pub fn init(cluster: &str, validity: Duration, now: OffsetDateTime) -> Result<Self, InitError> {
        names::check("cluster", cluster)?;
        let (not_before, not_after) =
            period(validity, now).ok_or(InitError::Validity { validity })?;
        let signer = Signer::generate()?;
        let serial = random_serial()?;
        let mut params = CertificateParams::default();
        params.not_before = not_before;
        params.not_after = not_after;
        params.distinguished_name = ca_name(cluster, &serial);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&signer).map_err(SigningFailed::from)?;
        Ok(Self {
            cluster: cluster.to_owned(),
            certificate: certificate.into(),
            not_before,
            not_after,
            issuer: Issuer::new(params, signer),
        })
    }

    /// Takes a CA that [`Ca::init`] made from a store with its key and its certificate.
    pub fn load(store: &KeyStore) -> Result<Self, LoadError> {
        if !store.revocation_lists.is_empty() {
            return Err(LoadError::RevocationList);
        }
        let certificates: Vec<_> = store.all_certificates().collect();
        let ([entry], [der]) = (store.keys.as_slice(), certificates.as_slice()) else {
            return Err(LoadError::Count {
                keys: store.keys.len(),
                certificates: certificates.len(),
            });
        };
        let (key, der) = (&entry.key, *der);
        let certificate = parse(der)?;
        let subject = || name(certificate.subject());
        let own_kind = certificate
            .subject()
            .iter_common_name()
            .filter_map(|attribute| attribute.as_str().ok())
            .any(|common_name| common_name.starts_with(COMMON_NAME));
        let organization = certificate.subject().iter_organization().next();
        let cluster = match organization.and_then(|attribute| attribute.as_str().ok()) {
            Some(cluster) if own_kind && certificate.is_ca() => cluster.to_owned(),
            _ => return Err(LoadError::Foreign { subject: subject() }),
        };
        if public_key(key)? != *certificate.public_key().subject_public_key.data {
            return Err(LoadError::Mismatch { subject: subject() });
        }
        let signer = Signer::read(key)?;
        Ok(Self {
            cluster,
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            issuer: Issuer::from_ca_cert_der(der, signer).map_err(SigningFailed::from)?,
            certificate: der.clone(),
        })
    }

    /// Issues a certificate, with a new key, for one node of the cluster.
    ///
    /// It is good for both ends of a connection, begins to be valid an hour ago and never
    /// outlives the CA.
    pub fn issue(&self, request: &NodeRequest, now: OffsetDateTime) -> Result<Issued, IssueError> {
        self.issue_with(request, KeyKind::default(), now)
    }

    /// The same with a key of this kind.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub fn issue_with(
        &self,
        request: &NodeRequest,
        kind: KeyKind,
        now: OffsetDateTime,
    ) -> Result<Issued, IssueError> {
        self.check_time(now)?;
        let (not_before, wanted) = period(request.validity, now).ok_or(IssueError::Validity {
            validity: request.validity,
        })?;
        let mut params = CertificateParams::default();
        params.not_before = not_before.max(self.not_before);
        params.not_after = wanted.min(self.not_after);
        params.distinguished_name = node_name(&request.uri);
        params.serial_number = Some(SerialNumber::from_slice(&random_serial()?));
        params.subject_alt_names = self.names(request)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = kind.usages();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        let key = NodeKey::generate(kind)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(SigningFailed::from)?;
        Ok(Issued {
            leaf: LeafFacts::read(certificate.der())?,
            certificate: certificate.into(),
            key: key.private,
            cut_short: wanted > self.not_after,
        })
    }

    /// The cluster whose nodes it issues certificates for.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Its own certificate: what every node trusts.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its own certificate as PEM.
    pub fn certificate_pem(&self) -> String {
        certificate_to_pem(&self.certificate)
    }

    /// Its private key as PEM (PKCS #8), wiped when dropped.
    pub fn key_pem(&self) -> Result<Zeroizing<String>, SigningFailed> {
        Ok(self.issuer.key().private_key()?.to_pem())
    }

    /// When it expires.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    fn check_time(&self, now: OffsetDateTime) -> Result<(), IssueError> {
        if now > self.not_after {
            Err(IssueError::CaExpired {
                not_after: self.not_after,
                now,
            })
        } else if now < self.not_before {
            Err(IssueError::CaNotYetValid {
                not_before: self.not_before,
                now,
            })
        } else {
            Ok(())
        }
    }

    fn names(&self, request: &NodeRequest) -> Result<Vec<SanType>, IssueError> {
        if request.uri.cluster != self.cluster {
            return Err(IssueError::Cluster {
                expected: self.cluster.clone(),
                found: request.uri.cluster.clone(),
            });
        }
        names::check("datacenter", &request.uri.datacenter)?;
        names::check("rack", &request.uri.rack)?;
        names::check("node", &request.uri.node)?;
        let ips = names::addresses(&request.ips)?;
        let dns = names::dns(&request.dns)?;
        let uri = names::ia5(&request.uri.to_string())?;
        Ok(ips
            .into_iter()
            .map(SanType::IpAddress)
            .chain(dns.into_iter().map(SanType::DnsName))
            .chain([SanType::URI(uri)])
            .collect())
    }
}

impl Issued {
    /// The certificates to send, as PEM: the leaf alone, since the CA that signed it is a root
    /// and every peer that trusts it has it.
    pub fn chain_pem(&self) -> String {
        certificate_to_pem(&self.certificate)
    }

    /// The private key as PEM (PKCS #8), wiped when dropped.
    pub fn key_pem(&self) -> Zeroizing<String> {
        self.key.to_pem()
    }
}

/// First and last second of a certificate that is made at `now`; nothing where it would have
/// no length or end after the year 9999, the last that X.509 can write.
fn period(validity: Duration, now: OffsetDateTime) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let now = now.to_offset(UtcOffset::UTC).truncate_to_second();
    let not_before = now.checked_sub(BACK_DATED)?;
    let not_after = now.checked_add(validity)?;
    (validity >= Duration::SECOND && not_after.year() <= 9999).then_some((not_before, not_after))
}

/// 16 random bytes whose first two bits are 0 and 1: positive (RFC 5280 §4.1.2.2), and always
/// 32 digits long, whichever tool shows it.
fn random_serial() -> Result<[u8; 16], SigningFailed> {
    let mut serial = [0; 16];
    rand::fill(&mut serial).map_err(SigningFailed::unspecified)?;
    serial[0] = serial[0] & 0x3F | 0x40;
    Ok(serial)
}

/// `CN` has at most 64 characters (RFC 5280 appendix A.1), so a long cluster name is cut there
/// and whole in `O` only.
fn ca_name(cluster: &str, serial: &[u8]) -> DistinguishedName {
    let generation = hex(&serial[..4]);
    let room = names::MOST_CHARACTERS - COMMON_NAME.len() - generation.len() - 1;
    let short: String = cluster.chars().take(room).collect();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, cluster);
    subject.push(
        DnType::CommonName,
        format!("{COMMON_NAME}{} {generation}", short.trim_end()),
    );
    subject
}

fn node_name(uri: &NodeUri) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, uri.cluster.as_str());
    subject.push(DnType::OrganizationalUnitName, uri.datacenter.as_str());
    subject.push(DnType::CommonName, uri.node.as_str());
    subject
}
