use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams,
    SanType,
};
use ringlock_pki::{RevocationLists, StaleList};
use ringlock_store::{CertificateEntry, KeyStore, PrivateKey};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::*;

/// A certificate with its key, of a CA or of a node.
struct Made {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

impl Made {
    fn root() -> Self {
        let (params, key) = (ca_params("root", 1), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().into();
        Self { params, key, der }
    }

    fn ca(&self, name: &str, serial: u64) -> Self {
        self.sign(ca_params(name, serial))
    }

    fn node(&self, address: IpAddr, serial: u64) -> Self {
        let mut params = params("node", serial);
        params.subject_alt_names = vec![SanType::IpAddress(address)];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().into();
        Self { params, key, der }
    }

    /// A list that was made so many minutes ago, and whose next one is due so many minutes from now.
    fn list(
        &self,
        revoked: &[u64],
        (ago, next): (i64, i64),
    ) -> CertificateRevocationListDer<'static> {
        let now = OffsetDateTime::now_utc();
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: now - Duration::minutes(ago),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: now - Duration::minutes(ago),
            next_update: now + Duration::minutes(next),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(&issuer).unwrap().into()
    }
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial.into());
    params
}

fn ca_params(name: &str, serial: u64) -> CertificateParams {
    let mut params = params(name, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// What a node knows of revocations.
struct Known {
    root: Made,
    lists: RevocationLists,
    stale: StaleList,
}

impl Known {
    /// Lists of the root and of other CAs, which were good an hour ago.
    fn new(
        root: Made,
        others: &[&Made],
        lists: Vec<CertificateRevocationListDer<'static>>,
        stale: StaleList,
    ) -> Self {
        let cas = std::iter::once(&root).chain(others.iter().copied());
        let cas: Vec<_> = cas.map(|ca| ca.der.clone()).collect();
        let then = OffsetDateTime::now_utc() - Duration::hours(1);
        let lists = RevocationLists::select(lists, &cas, then, stale).unwrap();
        Self { root, lists, stale }
    }

    fn state(&self, chain: &[&Made], options: Options, offer: &Offer) -> TlsState {
        let now = OffsetDateTime::now_utc();
        let entries = chain
            .iter()
            .map(|it| CertificateEntry::from(it.der.clone()));
        let store = KeyStore {
            keys: vec![PrivateKey::pkcs8(chain[0].key.serialize_der()).into()],
            certificates: entries.collect(),
            ..KeyStore::default()
        };
        let identity = Identity::select(store, now).unwrap();
        let store = KeyStore {
            certificates: vec![self.root.der.clone().into()],
            ..KeyStore::default()
        };
        let trust = Trust::select(&store, now).unwrap();
        let lists = (&self.lists, self.stale);
        TlsState::build_with_lists((&identity).into(), &trust, lists, options, offer).unwrap()
    }

    /// Why a server with this chain is refused, and why a client is; neither if both are not.
    fn refusals(&self, chain: &[&Made], options: Options) -> Option<[HandshakeFailure; 2]> {
        let (client, server) = (self.root.node(CLIENT, 1000), self.root.node(SERVER, 1001));
        let [mut as_server, mut as_client] = [None, None];
        for offer in offers() {
            let subject = self.state(chain, options, &offer);
            let client = self.state(&[&client], options, &offer);
            let server = self.state(&[&server], options, &offer);
            as_server = meet(
                &mut client.dial(SERVER).unwrap(),
                &mut subject.accept().unwrap(),
            )
            .client
            .err();
            as_client = meet(
                &mut subject.dial(SERVER).unwrap(),
                &mut server.accept().unwrap(),
            )
            .server
            .err();
        }
        assert_eq!(as_server.is_some(), as_client.is_some());
        Some([as_server?.failure, as_client?.failure])
    }
}

#[test]
fn who_is_revoked_is_refused_by_serial_number_in_either_role_and_told() {
    let root = Made::root();
    let (good, bad) = (root.node(SERVER, 8), root.node(SERVER, 0x1F7));
    let lists = vec![root.list(&[0x1F7], (180, 30))];
    let known = Known::new(root, &[], lists, StaleList::Refuse);
    let elsewhere = Options {
        endpoint_verification: false,
        ..STRICT
    };
    let revoked = HandshakeFailure::Revoked("CN=node (serial number 1f7)".to_owned());
    for options in [STRICT, elsewhere] {
        assert_eq!(known.refusals(&[&good], options), None);
        let refusals = known.refusals(&[&bad], options);
        assert_eq!(refusals, Some([revoked.clone(), revoked.clone()]));
    }
    for offer in offers() {
        let subject = known.state(&[&bad], STRICT, &offer);
        assert_eq!(subject.self_check(), Err(&revoked));
        let client = known.state(&[&good], STRICT, &offer);
        let met = meet(
            &mut client.dial(SERVER).unwrap(),
            &mut subject.accept().unwrap(),
        );
        assert_eq!(
            met.server.unwrap_err().failure,
            HandshakeFailure::Alert("certificate_revoked".to_owned())
        );
    }
}

#[test]
fn a_list_that_is_overdue_lets_nobody_in_unless_that_is_accepted() {
    for stale in [StaleList::Refuse, StaleList::Accept] {
        let root = Made::root();
        let (good, bad) = (root.node(SERVER, 8), root.node(SERVER, 9));
        // It was good when it was loaded.
        let lists = vec![root.list(&[9], (180, -30))];
        let known = Known::new(root, &[], lists, stale);
        match (stale, known.refusals(&[&good], STRICT)) {
            // As a client it refuses the server itself, whose list is the same.
            (StaleList::Refuse, Some([as_server, HandshakeFailure::Alert(_)])) => {
                let said = as_server.to_string();
                assert!(said.contains("revocation list expired on 20"), "{said}");
            }
            (StaleList::Accept, None) => {
                let refusals = known.refusals(&[&bad], STRICT);
                assert!(matches!(refusals, Some([HandshakeFailure::Revoked(_), _])));
            }
            (_, refusals) => panic!("{stale:?}: {refusals:?}"),
        }
    }
}

#[test]
fn the_whole_chain_is_looked_up() {
    for revoked in [&[][..], &[77]] {
        let root = Made::root();
        let middle = root.ca("middle", 77);
        let leaf = middle.node(SERVER, 8);
        let lists = vec![root.list(revoked, (180, 30)), middle.list(&[], (180, 30))];
        let known = Known::new(root, &[&middle], lists, StaleList::Refuse);
        let expected = (!revoked.is_empty()).then(|| {
            let revoked = HandshakeFailure::Revoked("CN=middle (serial number 4d)".to_owned());
            [revoked.clone(), revoked]
        });
        assert_eq!(known.refusals(&[&leaf, &middle], STRICT), expected);
    }
}

#[test]
fn a_ca_without_a_list_certifies_nobody_where_there_are_lists() {
    let root = Made::root();
    let middle = root.ca("middle", 77);
    let leaf = middle.node(SERVER, 8);
    let lists = vec![root.list(&[], (180, 30))];
    let known = Known::new(root, &[], lists, StaleList::Refuse);
    assert_eq!(
        known.refusals(&[&leaf, &middle], STRICT),
        Some([
            HandshakeFailure::RevocationUnknown,
            HandshakeFailure::RevocationUnknown
        ])
    );
}

#[test]
fn of_two_lists_of_one_ca_the_newer_one_counts_in_any_order() {
    for order in [[0, 1], [1, 0]] {
        let root = Made::root();
        let bad = root.node(SERVER, 9);
        let both = [root.list(&[], (300, 30)), root.list(&[9], (120, 30))];
        let lists = order.map(|at| both[at].clone()).to_vec();
        let known = Known::new(root, &[], lists, StaleList::Refuse);
        let refusals = known.refusals(&[&bad], STRICT);
        assert!(
            matches!(refusals, Some([HandshakeFailure::Revoked(_), _])),
            "{refusals:?}"
        );
    }
}

#[test]
fn without_a_list_nobody_is_looked_up() {
    let root = Made::root();
    let leaf = root.node(SERVER, 8);
    let known = Known::new(root, &[], Vec::new(), StaleList::Refuse);
    assert_eq!(known.refusals(&[&leaf], STRICT), None);
}
