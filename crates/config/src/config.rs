mod topology;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use ringlock_finding::Findings;
use ringlock_model::{ClientAuth, Direction, Mode, PeerPattern};
use ringlock_suites::{Engine, Suite, Version};

pub use self::topology::{Cql, CqlCredentials, SnitchFile, Topology};
use crate::{
    Dialect, Origin,
    resolve::{Secret, Setting},
};

/// What `ringlock.yaml` says, resolved: defaults filled in, relative paths joined to the folder of
/// the file. Only [`parse_with`](crate::parse_with) makes one. Two are equal if their values and the lines
/// these stand on are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// `ringlock.cluster`: the cluster that node URIs in certificates must name. Not blank.
    pub cluster: String,
    /// `ringlock.interception` and the options that go with it. Default: transparent.
    pub interception: Interception,
    /// `ringlock.admin_socket`; fits into the address of a Unix socket. Default
    /// `/run/ringlock/admin.sock`.
    pub admin_socket: PathBuf,
    /// `ringlock.state_directory`. Default `/var/lib/ringlock`.
    pub state_directory: PathBuf,
    /// `ringlock.secret_key`: opens passwords that `ringlock secret encrypt` encrypted.
    pub secret_key: Option<PathBuf>,
    /// `ringlock.dse_config`: a `dse.yaml`, by which passwords that DSE encrypted are opened.
    pub dse_config: Option<PathBuf>,
    /// `ringlock.workers`: threads that relay, at most 256. Unset: the number of cores, at most 4.
    pub workers: Option<NonZeroUsize>,
    /// `ringlock.busy_poll`: whether a worker looks for more traffic for some microseconds before
    /// it sleeps. Unset: unless a control group limits the agent's CPU time.
    pub busy_poll: Option<bool>,
    /// `ringlock.handshake_timeout`: how long a connection may take to prove itself, 1 ms to
    /// 10 min. Default 10 s.
    pub handshake_timeout: Duration,
    /// `ringlock.max_handshakes`: how many may be under way at once, at most 65,536. Default 256.
    pub max_handshakes: NonZeroUsize,
    /// `ringlock.drain_timeout`: how long established connections are waited for at the end, 0 to
    /// 1 h. Default 30 s.
    pub drain_timeout: Duration,
    /// `ringlock.max_link_age`: how long a TLS link may live before it is made anew, give or take a
    /// tenth, 1 s to 1 year. Unset: as long as both sides' certificates.
    pub max_link_age: Option<Duration>,
    /// `storage_port` of the databases, not 0. Default 7000.
    pub storage_port: u16,
    /// `ssl_storage_port` of the databases, not 0. It may equal `storage_port`, where Cassandra 4
    /// and later take both kinds. Default 7001.
    pub ssl_storage_port: u16,
    /// `server_encryption_options`: links between nodes.
    pub internode: ServerEncryption,
    /// Whose certificates are taken.
    pub trusted_peers: TrustedPeers,
    /// `ringlock.topology`, and what goes without saying where there is none.
    pub topology: Topology,
    /// `database_config`: the database's own file, where its block or its ports are read from it.
    pub database: Option<DatabaseFile>,
    /// What works and should not stay so, such as a key under its old name; no errors.
    pub warnings: Findings,
    /// The origin of every value that is written, and of a product's defaults, by dotted key.
    pub(crate) origins: BTreeMap<String, Origin>,
}

/// A database's own file, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFile {
    /// The file.
    pub path: PathBuf,
    /// Whose yaml it is.
    pub dialect: Dialect,
    /// The evidence for that, as a phrase.
    pub because: String,
}

/// How connections come to the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interception {
    /// The kernel redirects them. The two ports differ from each other and from the storage ports.
    Transparent {
        /// Where peers' connections are redirected to, not 0. Default 17000.
        inbound_port: u16,
        /// Where the database's own connections are redirected to, not 0. Default 17001.
        outbound_port: u16,
        /// `SO_MARK` of the agent's own connections, which are not redirected. Default 0x524c.
        mark: NonZeroU32,
    },
    /// They are made to the agent's own addresses.
    Listen {
        /// At least one; no two of them take the same address.
        listeners: Vec<Listener>,
    },
}

/// One address that the agent listens on, and where its connections go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where to listen; the port is not 0.
    pub address: SocketAddr,
    /// What to dial; differs from `address` and is neither port 0 nor an unspecified address.
    pub target: SocketAddr,
    /// Outbound takes plaintext from the database and dials TLS; inbound takes TLS from peers and
    /// gives plaintext to the database.
    pub direction: Direction,
}

/// `server_encryption_options`, as far as this version obeys them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEncryption {
    /// `internode_encryption` with `optional`. Defaults in `ringlock.yaml` are Cassandra's: `none`,
    /// and `optional` where `internode_encryption` is `none`, because there are keys
    /// (`EncryptionOptions`). In a database's own file they are that product's.
    pub mode: Mode,
    /// Where the mode comes from: the line of `internode_encryption`, or of `optional` where that
    /// alone is written.
    pub mode_origin: Origin,
    /// Whether a peer that dials must show a certificate. Default false, as in Cassandra.
    pub require_client_auth: ClientAuth,
    /// Whether a peer's address must be in its certificate. Default false, as in Cassandra.
    pub require_endpoint_verification: bool,
    /// This node's certificate and key. Required whatever the mode is: encryption is switched on
    /// in a running agent.
    pub identity: IdentityFiles,
    /// What the keystore, or the private key in PEM, is under: `keystore_password`,
    /// `keystore_password_file`, or the factory's `private_key_password`.
    pub keystore_password: Option<StorePassword>,
    /// What the node shows to those that it dials. Unset: the same.
    pub outbound: Option<OutboundIdentity>,
    /// Certificates of the CAs to trust. Required likewise.
    pub trust: TrustAnchors,
    /// What the truststore is under: `truststore_password` or `truststore_password_file`.
    pub truststore_password: Option<StorePassword>,
    /// `certficate_revocation_list`, ScyllaDB's spelling: the certificates that their CAs have
    /// taken back, PEM or DER. Unset: none is looked for.
    pub revocation_list: Option<PathBuf>,
    /// `ringlock.stale_revocation_lists`: what to do with a list whose next one is overdue.
    /// Default: refuse.
    pub stale_lists: StaleLists,
    /// What handshakes may choose from.
    pub offer: TlsOffer,
    /// `enable_session_tickets`: whether sessions may be resumed. Default true.
    pub session_tickets: bool,
    /// `max_certificate_validity_period`: how long a peer's certificate may be valid from its first
    /// second to its last; whole minutes. Unset: any time.
    pub max_certificate_validity: Option<Duration>,
    /// `certificate_validity_warn_threshold`: how long before its end a certificate is warned of;
    /// whole minutes. Unset: never.
    pub certificate_warning: Option<Duration>,
}

/// `outbound_keystore`, or `outbound_private_key` of Cassandra's `PEMBasedSslContextFactory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundIdentity {
    /// Key and chain, in one file or in the configuration itself.
    pub identity: IdentityFiles,
    /// What they are under: `outbound_keystore_password`, `outbound_keystore_password_file` or
    /// `outbound_private_key_password`, and otherwise what opens the keystore.
    pub password: Option<StorePassword>,
}

/// Lists of peers; whoever is not on each of them is refused. Both need
/// `require_client_auth: true`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    /// `ringlock.trusted_peers`; at least one. Unset: every certificate of a trusted CA.
    pub patterns: Option<Vec<PeerPattern>>,
    /// `internode_authenticator: MutualTlsInternodeAuthenticator` with `SpiffeCertificateValidator`.
    pub spiffe: Option<SpiffePeers>,
}

/// Whom Cassandra's `MutualTlsInternodeAuthenticator` trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpiffePeers {
    /// `trusted_peer_identities`; at least one.
    Listed(Vec<String>),
    /// Those who share the identity that this node shows when it dials.
    Own {
        /// `node_identity`: what that has to be.
        expected: Option<String>,
    },
}

/// Versions and cipher suites; a blank list is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOffer {
    /// Who carries it out: OpenSSL where the suites are such as rustls leaves out on purpose and
    /// nothing else; rustls otherwise.
    pub engine: Engine,
    /// TLS 1.3 and 1.2, newest first, or one of them: of `protocol` and `accepted_protocols`, or of
    /// `priority_string`.
    pub versions: Vec<Version>,
    /// The suites of `cipher_suites` or `priority_string` that the agent can carry out, the
    /// preferred one first.
    pub suites: Vec<&'static Suite>,
    /// Those that it cannot, or that are more than `fips` allows in a priority string.
    pub dropped: Vec<&'static Suite>,
    /// `ringlock.fips`: whether nothing is offered but what FIPS 140 allows. Default false.
    pub fips: bool,
}

/// `ringlock.pkcs11`: a private key in a token, which never leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKey {
    /// `module`: the token's PKCS #11 library. Unset only where the URI names it.
    pub module: Option<PathBuf>,
    /// Which key of which token.
    pub choice: TokenChoice,
}

/// How a key in a token is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenChoice {
    /// `uri`, as RFC 7512 has it; it holds no PIN.
    Uri(String),
    /// By its parts; at least one of `token` and `slot` is given.
    Parts {
        /// `token`: the token's label.
        token: Option<String>,
        /// `slot`: the number of its slot.
        slot: Option<u64>,
        /// `key`: the label of the key, or of its certificate as Java names it. Unset: the only
        /// key that there is.
        key: Option<String>,
    },
}

/// What becomes of a revocation list whose next one is overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StaleLists {
    /// Nobody whose CA issued it is believed: whoever holds the new list back could otherwise keep
    /// a revoked certificate alive.
    #[default]
    Refuse,
    /// It goes on being used, with a warning.
    Accept,
}

/// What a store is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePassword {
    /// It stands in the configuration, or is a product's default.
    Given(Setting<Secret>),
    /// It is what the file holds, less one line end.
    File(PathBuf),
}

/// The stores that hold a node's key and certificate chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFiles {
    /// One file each, in ScyllaDB's words.
    Pair {
        /// The node's certificate, followed by what leads to the CA.
        certificate: PathBuf,
        /// Its private key.
        keyfile: PathBuf,
    },
    /// One file for both: a keystore of Java's in any format, or PEM as Cassandra's
    /// `PEMBasedSslContextFactory` reads it.
    Combined {
        /// The private key and the chain.
        keystore: PathBuf,
    },
    /// A token, `keystore: NONE` with `keystore_type: PKCS11`.
    Token {
        /// Which key it is.
        key: TokenKey,
        /// A file with the node's certificate and what leads to the CA, beside those in the token.
        certificate: Option<PathBuf>,
    },
    /// No file of its own: `private_key` of Cassandra's `PEMBasedSslContextFactory`.
    Inline {
        /// The private key and the chain, with the place of the key that holds them.
        private_key: Setting<Secret>,
    },
}

/// The certificates to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustAnchors {
    /// A file.
    File(PathBuf),
    /// `trusted_certificates` of Cassandra's `PEMBasedSslContextFactory`.
    Inline(Setting<Secret>),
}

impl Config {
    /// Where the value of a dotted key such as `ringlock.listeners[0].target` comes from.
    ///
    /// What a database's own file does not give is a default of that product.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins
            .get(key)
            .cloned()
            .unwrap_or(Origin::Default(Dialect::Ringlock))
    }

    /// Whether the nodes of this cluster take TLS on `ssl_storage_port` and not on `storage_port`,
    /// as far as the database's own file tells its product; false where there is none.
    pub fn takes_tls_on_a_port_of_its_own(&self) -> bool {
        let file = self.database.as_ref();
        file.is_some_and(|file| file.dialect.has_port_for_tls())
    }
}
