use std::{net::IpAddr, sync::Arc};

use openssl::{
    dh::Dh,
    error::ErrorStack,
    pkey::{Id, PKey, Private},
    ssl::{
        Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
        SslVerifyMode, SslVersion,
    },
    stack::Stack,
    x509::{X509, X509Name},
};
use ringlock_pki::{Identity, IdentityKey};
use ringlock_suites::{Authentication, KeyExchange, Suite, Vocabulary};
use rustls::{pki_types::ServerName, server::danger::ClientCertVerifier};

use super::handshake::{Handshaking, Verifier};
use crate::{BuildError, HandshakeFailure, Identities, Offer, suites, verifier::PeerVerifier};

/// The group ffdhe2048 (RFC 7919 appendix A.1): what the Java 8 of Cassandra 3.x takes at most.
const FFDHE2048: &[u8] = b"-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
";

/// Keys, groups and signatures of 112 bits of strength or more: RSA and DH of 2048, no SHA-1.
const SECURITY_LEVEL: u32 = 2;

/// What rustls offers of TLS 1.2.
const SIGNATURES: &str = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:\
                          rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

const GROUPS: &str = "X25519:P-256:P-384";
const FIPS_GROUPS: &str = "P-256:P-384";

/// Both roles' configurations.
#[derive(Debug)]
pub(crate) struct Contexts {
    client: SslContext,
    server: SslContext,
    dialled: Arc<PeerVerifier>,
    /// Absent where no certificate is asked of those who dial.
    dials: Option<Arc<dyn ClientCertVerifier>>,
    suites: Vec<&'static Suite>,
    fips: bool,
}

impl Contexts {
    /// For the suites of `offer` that this engine carries out and that go with the key.
    pub(crate) fn build(
        Identities { server, client }: Identities<'_>,
        offer: &Offer,
        dialled: Arc<PeerVerifier>,
        dials: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Result<Self, BuildError> {
        let offered = suites::legacy(offer);
        if offered.is_empty() {
            return Err(BuildError::NothingOnOffer);
        }
        let key = key(server)?;
        let suites: Vec<_> = offered
            .iter()
            .copied()
            .filter(|it| goes_with(it, &key))
            .collect();
        if suites.is_empty() {
            return Err(BuildError::KeyAndSuites {
                key: kind(&key),
                suites: list(&offered),
            });
        }
        let mut client = base(&suites, client.unwrap_or(server))?;
        client.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
        if offer.fips {
            client.set_groups_list(FIPS_GROUPS)?;
        }
        let mut server = base(&suites, server)?;
        match &dials {
            Some(verifier) => {
                let mode = match verifier.client_auth_mandatory() {
                    true => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
                    false => SslVerifyMode::PEER,
                };
                server.set_verify_callback(mode, |_, _| true);
                server.set_client_ca_list(hints(&**verifier)?);
            }
            None => server.set_verify(SslVerifyMode::NONE),
        }
        if offer.fips {
            server.set_groups_list(FIPS_GROUPS)?;
        }
        server.set_tmp_dh(&*Dh::params_from_pem(FFDHE2048)?)?;
        Ok(Self {
            client: client.build(),
            server: server.build(),
            dialled,
            dials,
            suites,
            fips: offer.fips,
        })
    }

    pub(crate) fn dial(&self, address: IpAddr) -> Result<Handshaking, HandshakeFailure> {
        let verifier = Verifier::Dialled(Arc::clone(&self.dialled), ServerName::from(address));
        Handshaking::new(Ssl::new(&self.client), verifier, self.fips)
    }

    pub(crate) fn accept(&self) -> Result<Handshaking, HandshakeFailure> {
        let verifier = Verifier::Dials(self.dials.clone());
        Handshaking::new(Ssl::new(&self.server), verifier, self.fips)
    }

    pub(crate) fn suites(&self) -> &[&'static Suite] {
        &self.suites
    }
}

/// What both roles have in common.
fn base(suites: &[&'static Suite], identity: &Identity) -> Result<SslContextBuilder, BuildError> {
    let mut context = SslContext::builder(SslMethod::tls())?;
    context.set_security_level(SECURITY_LEVEL);
    context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_max_proto_version(Some(SslVersion::TLS1_2))?;
    let names: Vec<_> = suites
        .iter()
        .filter_map(|suite| suite.name_in(Vocabulary::OpenSsl))
        .collect();
    context.set_cipher_list(&names.join(":"))?;
    context.set_sigalgs_list(SIGNATURES)?;
    context.set_groups_list(GROUPS)?;
    // A resumed session would skip the verifier, and outlive a change of trust.
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_options(
        SslOptions::NO_TICKET
            | SslOptions::NO_RENEGOTIATION
            | SslOptions::NO_COMPRESSION
            | SslOptions::CIPHER_SERVER_PREFERENCE,
    );
    // An idle connection keeps no buffers.
    context.set_mode(SslMode::RELEASE_BUFFERS | SslMode::NO_AUTO_CHAIN);
    let mut chain = identity.chain.iter();
    if let Some(leaf) = chain.next() {
        context.set_certificate(&*X509::from_der(leaf)?)?;
    }
    for issuer in chain {
        context.add_extra_chain_cert(X509::from_der(issuer)?)?;
    }
    context.set_private_key(&*key(identity)?)?;
    context.check_private_key()?;
    Ok(context)
}

fn key(identity: &Identity) -> Result<PKey<Private>, BuildError> {
    match &identity.key {
        IdentityKey::Private(key) => Ok(PKey::private_key_from_der(key.der().secret_der())?),
        IdentityKey::Remote(_) => Err(BuildError::KeyElsewhere),
    }
}

/// The names that those who dial are told, as the verifier gives them.
fn hints(verifier: &dyn ClientCertVerifier) -> Result<Stack<X509Name>, ErrorStack> {
    let mut names = Stack::new()?;
    for name in verifier.root_hint_subjects() {
        names.push(X509Name::from_der(name.as_ref())?)?;
    }
    Ok(names)
}

/// Whether a server with this key can be asked for the suite.
fn goes_with(suite: &Suite, key: &PKey<Private>) -> bool {
    match key.id() {
        Id::RSA => suite.authentication() == Authentication::Rsa,
        _ => suite.authentication() == Authentication::Ecdsa,
    }
}

fn kind(key: &PKey<Private>) -> String {
    match key.id() {
        Id::RSA => format!("RSA, {} bits", key.bits()),
        Id::EC => format!("ECDSA, {} bits", key.bits()),
        _ => "Ed25519".to_owned(),
    }
}

fn list(suites: &[&'static Suite]) -> String {
    let names: Vec<_> = suites.iter().map(|suite| suite.name()).collect();
    names.join(", ")
}

/// The group of the key exchange, as far as OpenSSL says which one it is.
pub(super) fn group(
    suite: &Suite,
    peer: Result<PKey<openssl::pkey::Public>, ErrorStack>,
) -> String {
    let Ok(key) = peer else {
        return suite.key_exchange().to_string();
    };
    match (suite.key_exchange(), key.id()) {
        (KeyExchange::Dhe, _) => format!("DHE-{}", key.bits()),
        (_, Id::X25519) => "X25519".to_owned(),
        (_, _) => format!("secp{}r1", key.bits()),
    }
}
