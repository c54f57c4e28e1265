mod roles;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use arc_swap::ArcSwap;
use ringlock_model::{ClientAuth, Direction};
use ringlock_pki::{Identity, LeafFacts, RevocationLists, StaleList, Trust, not_after};
use ringlock_suites::{Engine, Flaw};
use rustls::{
    Error,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::VerifierBuilderError,
};
use time::OffsetDateTime;

use self::roles::{Roles, client_config, dialler_verifier, server_config};
use crate::{
    HandshakeFailure, Offer, Version, judge::Judge, legacy::Contexts, revocation::Revocation,
    session::Session, suites, trusted::Trusted, verifier::PeerVerifier,
};

/// What handshakes demand of a peer and grant it; all are options of `server_encryption_options`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `require_client_auth`: whether peers that dial are asked for a certificate, and whether those
    /// without one are refused.
    pub client_auth: ClientAuth,
    /// `require_endpoint_verification`: the address that was dialled must be in the certificate.
    pub endpoint_verification: bool,
    /// `enable_session_tickets`: whether sessions are resumed, by tickets or otherwise, as server and
    /// as client.
    pub session_tickets: bool,
}

/// What this node shows its peers.
#[derive(Clone, Copy, Debug)]
pub struct Identities<'i> {
    /// To those who dial, and to those that are dialled unless there is another for them.
    pub server: &'i Identity,
    /// `outbound_keystore`: to those that are dialled.
    pub client: Option<&'i Identity>,
}

/// Everything that handshakes are made from: what the node shows, one set of trust anchors, both
/// roles.
///
/// Session caches live and die with it, so no session resumes past a change of identity or trust.
#[derive(Debug)]
pub struct TlsState {
    roles: Roles,
    options: Options,
    shown: Shown,
    /// What is shown to those that are dialled, if it is another.
    shown_dialling: Option<Shown>,
    judge: Judge,
    lists_until: Option<OffsetDateTime>,
    self_check: Result<(), HandshakeFailure>,
}

/// One of the node's identities, without its key.
#[derive(Debug)]
struct Shown {
    leaf: LeafFacts,
    own: Arc<OwnCertificate>,
    signs_remotely: bool,
}

/// A certificate that this node shows its peers.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnCertificate {
    /// The certificate, then those that lead to a CA.
    pub chain: Vec<CertificateDer<'static>>,
    /// The last second in which all of them are valid.
    pub until: OffsetDateTime,
}

/// Why an identity and trust cannot be made into a [`TlsState`].
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A trust anchor that the verifier cannot use.
    #[error("trust anchor {number} cannot be used: {source}")]
    Anchor {
        /// Its place from 1, CAs counted before nodes.
        number: usize,
        /// What is wrong with it.
        source: Error,
    },
    /// A revocation list that the verifier cannot use.
    #[error("revocation list {number} cannot be used: {reason}")]
    RevocationList {
        /// Its place among the lists, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The verifier of client certificates cannot be made.
    #[error("the verifier of client certificates cannot be made: {0}")]
    Verifier(#[from] VerifierBuilderError),
    /// The key cannot sign, or does not belong to the certificate.
    #[error("the private key cannot be used with the certificate: {0}")]
    Key(#[source] Error),
    /// Of the configured versions and suites this engine carries out none.
    #[error("none of the configured protocols and cipher suites can be carried out")]
    NothingOnOffer,
    /// The key is in a token, and OpenSSL wants it at hand.
    #[error(
        "a private key that stays in its token cannot serve these old cipher suites; configure a \
         suite of TLS 1.3, or one with ECDHE and AES-GCM"
    )]
    KeyElsewhere,
    /// No server with this key can be asked for one of the suites.
    #[error("the private key ({key}) goes with none of the cipher suites {suites}")]
    KeyAndSuites {
        /// The key's kind.
        key: String,
        /// The suites by their IANA names.
        suites: String,
    },
    /// OpenSSL does not take the key, the certificates or the suites.
    #[error("OpenSSL cannot be set up: {0}")]
    OpenSsl(#[from] openssl::error::ErrorStack),
    /// The TLS library lacks what the configuration asks for.
    #[error("the TLS library cannot be set up: {0}")]
    Provider(#[source] Error),
}

impl TlsState {
    /// Makes the configurations of both roles. Nobody's certificate is looked up in a revocation
    /// list.
    ///
    /// # Errors
    /// [`BuildError`] says which part does not fit; nothing is half made.
    pub fn build(
        identity: &Identity,
        trust: &Trust,
        options: Options,
        offer: &Offer,
    ) -> Result<Self, BuildError> {
        let lists = RevocationLists::default();
        let lists = (&lists, StaleList::Refuse);
        Self::build_with_lists(identity.into(), trust, lists, options, offer)
    }

    /// The same, with another identity for those that are dialled if there is one; and every
    /// certificate of a peer's chain but the trust anchor is looked up in `lists`, unless there is
    /// none.
    ///
    /// A certificate whose CA has no list among them is refused. So is one whose CA's list is
    /// overdue at the time of the handshake, unless `stale` accepts that.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with_lists(
        identities: Identities<'_>,
        trust: &Trust,
        (lists, stale): (&RevocationLists, StaleList),
        options: Options,
        offer: &Offer,
    ) -> Result<Self, BuildError> {
        let engine = offer.engine();
        let provider = Arc::new(match engine {
            Engine::Rustls => suites::provider(offer),
            // What verifies signatures of certificates, whoever does the handshake.
            Engine::OpenSsl => suites::provider(&Offer::default()),
        });
        if provider.cipher_suites.is_empty() {
            return Err(BuildError::NothingOnOffer);
        }
        let trusted = Arc::new(Trusted::new(trust, Revocation::new(lists, stale)?)?);
        let verifier = Arc::new(PeerVerifier::new(
            Arc::clone(&trusted),
            provider.signature_verification_algorithms,
            options.endpoint_verification,
        ));
        let Identities { server, client } = identities;
        let judge = Judge::new(&verifier, &trusted, trust, &provider)?;
        let self_check = check_own_chain(&verifier, &server.chain).and_then(|()| match client {
            Some(client) => {
                judge.judge(&client.chain, Direction::Inbound, OffsetDateTime::now_utc())
            }
            None => Ok(()),
        });
        let dials = dialler_verifier(&provider, trusted, options)?;
        let fips = offer.fips;
        let roles = match engine {
            Engine::Rustls => {
                let dialling = client.unwrap_or(server);
                Roles::Rustls {
                    client: Arc::new(client_config(&provider, verifier, dialling, options, fips)?),
                    server: Arc::new(server_config(&provider, dials, server, options, fips)?),
                }
            }
            Engine::OpenSsl => Roles::OpenSsl(Contexts::build(identities, offer, verifier, dials)?),
        };
        Ok(Self {
            roles,
            options,
            shown: Shown::of(server),
            shown_dialling: client.map(Shown::of),
            judge,
            lists_until: lists.valid_until,
            self_check,
        })
    }

    /// Begins a handshake with a peer that is dialled at `address`.
    ///
    /// # Errors
    /// Only if the TLS library refuses its own configuration.
    pub fn dial(&self, address: IpAddr) -> Result<Session, HandshakeFailure> {
        match &self.roles {
            Roles::Rustls { client, .. } => {
                Session::client(Arc::clone(client), ServerName::from(address))
            }
            Roles::OpenSsl(contexts) => contexts.dial(address).map(Session::legacy),
        }
    }

    /// Begins a handshake with a peer that dials.
    ///
    /// # Errors
    /// Only if the TLS library refuses its own configuration.
    pub fn accept(&self) -> Result<Session, HandshakeFailure> {
        match &self.roles {
            Roles::Rustls { server, .. } => Session::server(Arc::clone(server)),
            Roles::OpenSsl(contexts) => contexts.accept().map(Session::legacy),
        }
    }

    /// What handshakes demand.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Whether the key for connections of that direction is elsewhere, such as in a token: then
    /// each step of [`Session::handshake`] may block for as long as the token takes, and is not to
    /// be made on a thread where other connections wait.
    pub fn signs_remotely(&self, direction: Direction) -> bool {
        self.shown(direction).signs_remotely
    }

    /// Who does the handshakes and the records.
    pub fn engine(&self) -> Engine {
        match &self.roles {
            Roles::Rustls { .. } => Engine::Rustls,
            Roles::OpenSsl(_) => Engine::OpenSsl,
        }
    }

    /// What speaks against the suites on offer, each flaw once and the gravest first; none for
    /// those of rustls.
    pub fn flaws(&self) -> Vec<Flaw> {
        match &self.roles {
            Roles::Rustls { .. } => Vec::new(),
            Roles::OpenSsl(contexts) => {
                let suites = contexts.suites().iter();
                let flaws: BTreeSet<_> = suites.flat_map(|suite| suite.flaws()).collect();
                flaws.into_iter().collect()
            }
        }
    }

    /// Whether the cryptography is that of a module validated to FIPS 140 and nothing but what that
    /// allows is on offer: with [`Offer::fips`], rustls, and a build with the feature `fips`.
    pub fn is_fips(&self) -> bool {
        match &self.roles {
            Roles::Rustls { client, server } => client.fips() && server.fips(),
            Roles::OpenSsl(_) => false,
        }
    }

    /// The versions on offer, newest first, in JSSE's words (`TLSv1.3`).
    pub fn protocols(&self) -> Vec<&'static str> {
        let versions = match &self.roles {
            Roles::Rustls { server, .. } => suites::versions(server.crypto_provider()),
            Roles::OpenSsl(_) => vec![Version::Tls12],
        };
        versions.into_iter().map(Version::as_str).collect()
    }

    /// The cipher suites on offer, the preferred ones first, by their IANA names.
    pub fn suites(&self) -> Vec<&'static str> {
        match &self.roles {
            Roles::Rustls { server, .. } => suites::names(server.crypto_provider()),
            Roles::OpenSsl(contexts) => contexts.suites().iter().map(|it| it.name()).collect(),
        }
    }

    /// This node's own certificate, which those who dial see.
    pub fn leaf(&self) -> &LeafFacts {
        &self.shown.leaf
    }

    /// The certificate that those see who are dialled, if it is another.
    pub fn dialling_leaf(&self) -> Option<&LeafFacts> {
        self.shown_dialling.as_ref().map(|shown| &shown.leaf)
    }

    /// What this node shows the peers of connections of that direction; links share it.
    pub fn own(&self, direction: Direction) -> &Arc<OwnCertificate> {
        &self.shown(direction).own
    }

    fn shown(&self, direction: Direction) -> &Shown {
        let dialling = self.shown_dialling.as_ref();
        let dialling = dialling.filter(|_| direction == Direction::Outbound);
        dialling.unwrap_or(&self.shown)
    }

    /// Whether this state believes a peer at `at` whose chain was verified before, by a handshake
    /// with this state or another one: a peer that was dialled (outbound), or that dialled
    /// (inbound). Its address is not looked at.
    ///
    /// Unlike a handshake it knows CAs whose time has ended since the state was made.
    ///
    /// # Errors
    /// What a handshake would say.
    pub fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        direction: Direction,
        at: OffsetDateTime,
    ) -> Result<(), HandshakeFailure> {
        self.judge.judge(chain, direction, at)
    }

    /// The last second in which this state believes a chain that it believes `now`. Revocation is
    /// not foreseen.
    pub fn valid_until(
        &self,
        chain: &[CertificateDer<'_>],
        direction: Direction,
        now: OffsetDateTime,
    ) -> OffsetDateTime {
        self.judge.valid_until(chain, direction, now)
    }

    /// Whether a trusted CA's time has ended since the state was made. Handshakes still believe it;
    /// [`judge`](Self::judge) does not.
    pub fn has_lapsed_anchors(&self, now: OffsetDateTime) -> bool {
        self.judge.has_lapsed(now)
    }

    /// When the first of the revocation lists becomes overdue; none where there is no list.
    pub fn lists_until(&self) -> Option<OffsetDateTime> {
        self.lists_until
    }

    /// Whether a peer with this very trust would accept this node, whichever of them dials. A refusal is no error
    /// in itself, since peers may hold other anchors, but nearly always a mistake.
    ///
    /// # Errors
    /// What such a peer would say.
    pub fn self_check(&self) -> Result<(), &HandshakeFailure> {
        self.self_check.as_ref().copied()
    }
}

impl<'i> From<&'i Identity> for Identities<'i> {
    /// One for both directions.
    fn from(identity: &'i Identity) -> Self {
        Self {
            server: identity,
            client: None,
        }
    }
}

impl Shown {
    fn of(identity: &Identity) -> Self {
        Self {
            leaf: identity.leaf.clone(),
            own: Arc::new(OwnCertificate::of(identity)),
            signs_remotely: identity.key.is_remote(),
        }
    }
}

impl OwnCertificate {
    fn of(identity: &Identity) -> Self {
        let ends = identity.chain.iter().filter_map(|it| not_after(it).ok());
        Self {
            chain: identity.chain.clone(),
            until: ends.fold(identity.leaf.not_after, OffsetDateTime::min),
        }
    }
}

/// The state in force, replaced as a whole. Connections take it once, when they begin.
#[derive(Debug)]
pub struct Live(ArcSwap<TlsState>);

impl Live {
    /// The first state.
    pub fn new(state: TlsState) -> Self {
        Self(ArcSwap::from_pointee(state))
    }

    /// The state in force now.
    pub fn current(&self) -> Arc<TlsState> {
        self.0.load_full()
    }

    /// Puts `state` in force for every handshake that begins from now on.
    pub fn publish(&self, state: TlsState) {
        self.0.store(Arc::new(state));
    }
}

fn check_own_chain(
    verifier: &PeerVerifier,
    chain: &[CertificateDer<'static>],
) -> Result<(), HandshakeFailure> {
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err(HandshakeFailure::NoCertificate);
    };
    verifier
        .verify_chain(leaf, intermediates, UnixTime::now())
        .map(drop)
        .map_err(HandshakeFailure::from_rustls)
}
