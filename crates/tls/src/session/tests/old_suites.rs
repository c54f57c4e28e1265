use openssl::{
    ssl::{SslContext, SslContextBuilder, SslMethod, SslOptions, SslVersion},
    x509::X509,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use ringlock_store::{CertificateEntry, KeyStore, PrivateKey};

use super::*;
use crate::BuildError;

const RSA_AES_256: u16 = 0x0035;
const RSA_AES_128: u16 = 0x002F;
const DHE_AES_128: u16 = 0x0033;
const DHE_AES_256: u16 = 0x0039;

/// Nodes with RSA keys, as the databases' documents have them made.
struct OldCluster {
    root: CertificateParams,
    key: KeyPair,
}

impl OldCluster {
    fn new() -> Self {
        let mut root = CertificateParams::default();
        root.distinguished_name.push(DnType::CommonName, "old root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            root,
            key: rsa_key(),
        }
    }

    fn trust(&self) -> Trust {
        let root = self.root.self_signed(&self.key).unwrap();
        let store = KeyStore {
            certificates: vec![CertificateEntry::from(root.der().clone())],
            ..KeyStore::default()
        };
        Trust::select(&store, OffsetDateTime::now_utc()).unwrap()
    }

    fn identity(&self, address: IpAddr) -> Identity {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(address)];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = rsa_key();
        let issuer = Issuer::from_params(&self.root, &self.key);
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let store = KeyStore {
            keys: vec![PrivateKey::pkcs8(key.serialize_der()).into()],
            certificates: vec![CertificateEntry::from(leaf.der().clone())],
            ..KeyStore::default()
        };
        Identity::select(store, OffsetDateTime::now_utc()).unwrap()
    }

    fn node(&self, address: IpAddr, suites: &[u16]) -> TlsState {
        let offer = Offer {
            suites: suites.to_vec(),
            ..Offer::default()
        };
        TlsState::build(&self.identity(address), &self.trust(), STRICT, &offer).unwrap()
    }
}

fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

#[test]
fn the_documents_suites_are_agreed_on_and_carried() {
    let cluster = OldCluster::new();
    for (suite, exchange) in [
        (RSA_AES_256, "RSA"),
        (RSA_AES_128, "RSA"),
        (DHE_AES_128, "DHE-2048"),
        (DHE_AES_256, "DHE-2048"),
        (0xC013, "X25519"),
        (0xC028, "X25519"),
        (0x009C, "RSA"),
        (0xCCAA, "DHE-2048"),
    ] {
        let (client, server) = (
            cluster.node(CLIENT, &[suite]),
            cluster.node(SERVER, &[suite]),
        );
        assert_eq!(client.engine(), Engine::OpenSsl);
        assert_eq!(client.protocols(), ["TLSv1.2"]);
        assert!(!client.flaws().is_empty());
        let mut pair = Pair::new(&client, &server);
        for session in [&pair.client, &pair.server] {
            let facts = session.facts().unwrap();
            assert_eq!(facts.version, "TLSv1.2");
            assert_eq!([&*facts.suite], server.suites()[..]);
            assert!(!facts.resumed);
        }
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.key_exchange.to_string(), exchange, "{suite:x}");
        pair.talk();
    }
}

#[test]
fn of_several_the_servers_first_is_agreed_on() {
    let cluster = OldCluster::new();
    let client = cluster.node(CLIENT, &[RSA_AES_128, DHE_AES_128, RSA_AES_256]);
    for first in [RSA_AES_256, DHE_AES_128] {
        let server = cluster.node(SERVER, &[first, RSA_AES_128]);
        let pair = Pair::new(&client, &server);
        assert_eq!(pair.client.facts().unwrap().suite, server.suites()[0]);
    }
}

#[test]
fn nothing_is_resumed() {
    let cluster = OldCluster::new();
    let (client, server) = (
        cluster.node(CLIENT, &[RSA_AES_256]),
        cluster.node(SERVER, &[RSA_AES_256]),
    );
    for _ in 0..3 {
        let pair = Pair::new(&client, &server);
        assert!(!pair.client.facts().unwrap().resumed);
        assert!(!pair.server.facts().unwrap().resumed);
    }
}

#[test]
fn a_peer_with_modern_suites_alone_is_refused_with_handshake_failure() {
    let cluster = OldCluster::new();
    let modern = cluster.node(CLIENT, &[0xC030]);
    assert_eq!(modern.engine(), Engine::Rustls);
    let old = cluster.node(SERVER, &[RSA_AES_256]);
    let met = meet(
        &mut modern.dial(SERVER).unwrap(),
        &mut old.accept().unwrap(),
    );
    let failure = met.server.unwrap_err().failure;
    assert!(
        matches!(failure, HandshakeFailure::NothingInCommon(_)),
        "{failure:?}"
    );
    assert_eq!(
        met.client.unwrap_err().failure,
        HandshakeFailure::Alert("handshake_failure".to_owned())
    );
}

#[test]
fn an_ecdsa_key_with_suites_of_rsa_alone_makes_no_state() {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    let offer = Offer {
        suites: vec![RSA_AES_256, DHE_AES_128],
        ..Offer::default()
    };
    let refused = TlsState::build(&identity, &cluster.trust(), STRICT, &offer).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the private key (ECDSA, 256 bits) goes with none of the cipher suites \
         TLS_RSA_WITH_AES_256_CBC_SHA, TLS_DHE_RSA_WITH_AES_128_CBC_SHA"
    );
    assert!(matches!(refused, BuildError::KeyAndSuites { .. }));
}

/// OpenSSL itself, for what a [`Session`] never does.
struct RawOpenSsl {
    context: SslContextBuilder,
    identity: Identity,
}

impl RawOpenSsl {
    fn new(identity: Identity, suites: &str) -> Self {
        let mut context = SslContext::builder(SslMethod::tls()).unwrap();
        context.set_cipher_list(suites).unwrap();
        context
            .set_certificate(&X509::from_der(&identity.chain[0]).unwrap())
            .unwrap();
        let key = private(&identity);
        let key = openssl::pkey::PKey::private_key_from_der(key.secret_der()).unwrap();
        context.set_private_key(&key).unwrap();
        Self { context, identity }
    }

    /// Dials `session`, says `request` as soon as it may, and gives what came of it.
    fn dial(self, session: &mut Session) -> Result<(), Failed> {
        let mut ssl = openssl::ssl::Ssl::new(&self.context.build()).unwrap();
        ssl.set_connect_state();
        let mut stream = openssl::ssl::SslStream::new(ssl, Ends::default()).unwrap();
        loop {
            let done = stream.do_handshake().is_ok();
            let mut incoming = std::mem::take(&mut stream.get_mut().out);
            let mut outgoing = Vec::new();
            let turn = session.handshake(&mut incoming, &mut outgoing)?;
            stream.get_mut().fed.extend(outgoing);
            if done && turn == Handshake::Done {
                return Ok(());
            }
        }
    }
}

#[derive(Debug, Default)]
struct Ends {
    fed: std::collections::VecDeque<u8>,
    out: Vec<u8>,
}

impl std::io::Read for Ends {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match std::io::Read::read(&mut self.fed, out)? {
            0 => Err(std::io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl std::io::Write for Ends {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_peer_of_an_older_version_is_refused() {
    let cluster = OldCluster::new();
    let mut raw = RawOpenSsl::new(cluster.identity(CLIENT), "AES256-SHA:@SECLEVEL=0");
    raw.context
        .set_max_proto_version(Some(SslVersion::TLS1_1))
        .unwrap();
    let mut session = cluster.node(SERVER, &[RSA_AES_256]).accept().unwrap();
    let failed = raw.dial(&mut session).unwrap_err();
    assert!(
        matches!(failed.failure, HandshakeFailure::NothingInCommon(_)),
        "{:?}",
        failed.failure
    );
    // protocol_version
    assert_eq!(failed.alert.last(), Some(&70));
}

#[test]
fn a_peer_without_a_certificate_is_refused_by_the_same_name() {
    let cluster = OldCluster::new();
    let mut raw = RawOpenSsl::new(cluster.identity(CLIENT), "AES256-SHA");
    raw.context = SslContext::builder(SslMethod::tls()).unwrap();
    raw.context.set_options(SslOptions::NO_TLSV1_3);
    let mut session = cluster.node(SERVER, &[RSA_AES_256]).accept().unwrap();
    let failed = raw.dial(&mut session).unwrap_err();
    assert_eq!(failed.failure, HandshakeFailure::NoCertificate);
    assert!(!failed.alert.is_empty());
}

#[test]
fn where_certificates_are_optional_only_a_bad_old_one_is_refused() {
    let (ours, theirs) = (OldCluster::new(), OldCluster::new());
    let optional = Options {
        client_auth: ClientAuth::Optional,
        ..STRICT
    };
    let offer = Offer {
        suites: vec![RSA_AES_256],
        ..Offer::default()
    };
    let identity = ours.identity(SERVER);
    let server = TlsState::build(&identity, &ours.trust(), optional, &offer).unwrap();

    let mut anonymous = RawOpenSsl::new(ours.identity(CLIENT), "AES256-SHA");
    anonymous.context = SslContext::builder(SslMethod::tls()).unwrap();
    anonymous.context.set_options(SslOptions::NO_TLSV1_3);
    let mut session = server.accept().unwrap();
    anonymous.dial(&mut session).unwrap();
    assert!(session.peer_chain().is_empty());

    let known = RawOpenSsl::new(ours.identity(CLIENT), "AES256-SHA");
    let shown = known.identity.chain[0].clone();
    let mut session = server.accept().unwrap();
    known.dial(&mut session).unwrap();
    assert_eq!(session.peer_chain(), [shown]);

    let stranger = RawOpenSsl::new(theirs.identity(CLIENT), "AES256-SHA");
    let failed = stranger.dial(&mut server.accept().unwrap()).unwrap_err();
    assert_eq!(failed.failure, HandshakeFailure::UnknownIssuer);
}

#[test]
fn a_raw_peer_is_known_by_its_certificate() {
    let cluster = OldCluster::new();
    let raw = RawOpenSsl::new(cluster.identity(CLIENT), "AES256-SHA");
    let shown = raw.identity.chain[0].clone();
    let mut session = cluster.node(SERVER, &[RSA_AES_256]).accept().unwrap();
    raw.dial(&mut session).unwrap();
    assert_eq!(session.peer_chain(), [shown]);
}

#[test]
fn an_offer_of_tls_1_2_and_old_suites_is_carried_out() {
    let cluster = OldCluster::new();
    let offer = Offer {
        versions: vec![Version::Tls13, Version::Tls12],
        suites: vec![DHE_AES_128],
        fips: true,
    };
    let identity = cluster.identity(CLIENT);
    let state = TlsState::build(&identity, &cluster.trust(), STRICT, &offer).unwrap();
    assert_eq!(state.suites(), ["TLS_DHE_RSA_WITH_AES_128_CBC_SHA"]);
}
