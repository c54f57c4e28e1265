use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams,
    SanType,
};
use ringlock_model::ClientAuth;
use ringlock_pki::{Identity, RevocationLists, StaleList};
use ringlock_store::{KeyStore, PrivateKey};
use time::Duration;

use super::*;
use crate::{Offer, Options, TlsState};

const HOUR: Duration = Duration::HOUR;

/// A certificate with its key, of a CA or of a node.
struct Made {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

/// When everything here was made, in whole seconds.
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().truncate_to_second()
}

fn params(name: &str, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now() - HOUR;
    params.not_after = now() + life;
    params
}

fn ca(name: &str, life: Duration) -> CertificateParams {
    let mut params = params(name, life);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn node(serial: u64, life: Duration, usages: &[ExtendedKeyUsagePurpose]) -> CertificateParams {
    let mut params = params("node", life);
    params.serial_number = Some(serial.into());
    params.subject_alt_names = vec![SanType::IpAddress(IpAddr::from([10, 0, 0, 1]))];
    params.extended_key_usages = usages.to_vec();
    params
}

fn both() -> [ExtendedKeyUsagePurpose; 2] {
    [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ]
}

impl Made {
    fn root(life: Duration) -> Self {
        let (params, key) = (ca("root", life), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().into();
        Self { params, key, der }
    }

    fn sign(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().into();
        Self { params, key, der }
    }

    /// The state of a node with a certificate of this CA, which trusts it.
    fn state(&self, revoked: Option<u64>, next_update: Duration) -> TlsState {
        let own = self.sign(node(1, HOUR * 9, &both()));
        let store = KeyStore {
            keys: vec![PrivateKey::pkcs8(own.key.serialize_der()).into()],
            certificates: vec![own.der.into()],
            ..KeyStore::default()
        };
        let identity = Identity::select(store, now()).unwrap();
        let store = KeyStore {
            certificates: vec![self.der.clone().into()],
            ..KeyStore::default()
        };
        let trust = Trust::select(&store, now()).unwrap();
        let lists = revoked.map(|serial| self.list(serial, next_update));
        let lists = lists.into_iter().collect();
        let lists =
            RevocationLists::select(lists, &trust.anchors, now(), StaleList::Refuse).unwrap();
        let options = Options {
            client_auth: ClientAuth::NotRequired,
            endpoint_verification: true,
            session_tickets: true,
        };
        let lists = (&lists, StaleList::Refuse);
        TlsState::build_with_lists(
            (&identity).into(),
            &trust,
            lists,
            options,
            &Offer::default(),
        )
        .unwrap()
    }

    fn list(
        &self,
        revoked: u64,
        next_update: Duration,
    ) -> rustls::pki_types::CertificateRevocationListDer<'static> {
        let params = CertificateRevocationListParams {
            this_update: now() - HOUR,
            next_update: now() + next_update,
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: revoked.into(),
                revocation_time: now() - HOUR,
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(&issuer).unwrap().into()
    }
}

const ROLES: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

#[test]
fn a_chain_is_believed_until_the_first_end_of_what_it_needs() {
    let root = Made::root(HOUR * 10);
    let state = root.state(None, HOUR);
    let middle = root.sign(ca("middle", HOUR));
    let deep = middle.sign(node(2, HOUR * 3, &both()));
    let flat = root.sign(node(3, HOUR * 3, &both()));
    let ended = root.sign(ca("ended", HOUR * 2));
    for role in ROLES {
        for (chain, until) in [
            (vec![deep.der.clone(), middle.der.clone()], HOUR),
            (vec![flat.der.clone()], HOUR * 3),
            // It is sent and not needed.
            (vec![flat.der.clone(), ended.der.clone()], HOUR * 3),
        ] {
            assert_eq!(state.judge(&chain, role, now()), Ok(()));
            let until = (now() + until) - state.valid_until(&chain, role, now());
            assert!(until.abs() <= Duration::SECOND * 5, "{role}: {until}");
        }
    }
}

#[test]
fn a_ca_whose_time_is_over_certifies_nobody() {
    let root = Made::root(HOUR);
    let state = root.state(None, HOUR);
    let chain = [root.sign(node(2, HOUR * 3, &both())).der];
    let end = not_after(&root.der).unwrap();
    for role in ROLES {
        assert_eq!(state.valid_until(&chain, role, now()), end);
        assert_eq!(state.judge(&chain, role, end), Ok(()));
        let after = end + Duration::SECOND;
        let unknown = Err(HandshakeFailure::UnknownIssuer);
        assert_eq!(state.judge(&chain, role, after), unknown);
        assert!(!state.has_lapsed_anchors(end) && state.has_lapsed_anchors(after));
    }
}

#[test]
fn a_certificate_whose_time_is_over_is_not_believed() {
    let root = Made::root(HOUR * 10);
    let state = root.state(None, HOUR);
    let chain = [root.sign(node(2, HOUR, &both())).der];
    for role in ROLES {
        let end = state.valid_until(&chain, role, now());
        assert_eq!(state.judge(&chain, role, end), Ok(()));
        let after = state.judge(&chain, role, end + Duration::SECOND);
        assert!(matches!(after, Err(HandshakeFailure::Expired(_))));
    }
}

#[test]
fn each_role_asks_for_its_own_purpose_whatever_handshakes_ask_for() {
    let root = Made::root(HOUR * 10);
    let state = root.state(None, HOUR);
    let chain = [root.sign(node(2, HOUR, &both()[1..])).der];
    assert_eq!(state.judge(&chain, Direction::Inbound, now()), Ok(()));
    let dialled = state.judge(&chain, Direction::Outbound, now());
    assert_eq!(dialled, Err(HandshakeFailure::WrongPurpose));
    let nobody = state.judge(&[], Direction::Inbound, now());
    assert_eq!(nobody, Err(HandshakeFailure::NoCertificate));
}

#[test]
fn a_list_counts_when_links_are_judged_and_its_being_late_is_not_their_end() {
    let root = Made::root(HOUR * 10);
    let state = root.state(Some(2), HOUR);
    let (bad, good) = (
        root.sign(node(2, HOUR * 3, &both())),
        root.sign(node(3, HOUR * 3, &both())),
    );
    assert!(state.lists_until().is_some());
    for role in ROLES {
        let revoked = state.judge(std::slice::from_ref(&bad.der), role, now());
        assert!(matches!(revoked, Err(HandshakeFailure::Revoked(_))));
        let good = std::slice::from_ref(&good.der);
        assert_eq!(state.judge(good, role, now()), Ok(()));
        let late = state.judge(good, role, now() + HOUR * 2).unwrap_err();
        assert!(late.is_for_want_of_a_list(), "{late}");
        let end = not_after(&good[0]).unwrap();
        assert_eq!(state.valid_until(good, role, now()), end);
    }
}

#[test]
fn this_nodes_own_certificate_is_told_with_its_end() {
    let root = Made::root(HOUR * 10);
    let state = root.state(None, HOUR);
    for direction in [Direction::Inbound, Direction::Outbound] {
        assert_eq!(state.own(direction).until, state.leaf().not_after);
        assert_eq!(state.own(direction).chain.len(), 1);
    }
}
