use std::sync::Arc;

use rcgen::PublicKeyData;
use rustls_pki_types::SubjectPublicKeyInfoDer;

use super::*;
use crate::{Identity, IdentityError, IdentityKey, Purpose, Scheme, Signer, SignerError};

fn select(store: KeyStore) -> Result<Identity, IdentityError> {
    Identity::select(store, NOW)
}

fn error(store: KeyStore) -> String {
    select(store).unwrap_err().to_string()
}

#[test]
fn what_the_ca_issues_is_an_identity() {
    let ca = test_ca();
    let issued = ca.issue(&request(), NOW).unwrap();
    let identity = select(issued_store(&issued)).unwrap();
    assert_eq!(identity.chain, std::slice::from_ref(&issued.certificate));
    assert!(matches!(identity.key, IdentityKey::Private(key) if key == issued.key));
    assert_eq!(identity.leaf, issued.leaf);
    assert_eq!(identity.unused, [""; 0]);
}

#[test]
fn the_chain_is_leaf_first_and_without_its_root_whatever_the_order_of_the_file() {
    let root = Made::root("root", |_| {});
    let upper = root.sign("upper", ca);
    let lower = upper.sign("lower", ca);
    let leaf = lower.sign("leaf", |_| {});
    let orders: [[&Made; 5]; 4] = [
        [&leaf, &lower, &upper, &root, &leaf],
        [&root, &upper, &lower, &leaf, &upper],
        [&upper, &leaf, &root, &lower, &root],
        [&lower, &lower, &root, &upper, &leaf],
    ];
    for order in orders {
        let identity = select(leaf.store(order)).unwrap();
        let expected = [&leaf, &lower, &upper].map(|made| made.der.clone());
        assert_eq!(identity.chain, expected);
        assert_eq!(identity.unused, [""; 0]);
    }
}

#[test]
fn certificates_that_issued_nothing_here_are_named_and_not_sent() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |_| {});
    let stray = Made::root("stray", |_| {});
    let identity = select(leaf.store([&stray, &leaf])).unwrap();
    assert_eq!(identity.chain, std::slice::from_ref(&leaf.der));
    assert_eq!(identity.unused, ["CN=stray"]);
}

#[test]
fn of_two_cas_with_the_same_name_the_one_that_signed_is_chosen() {
    let root = Made::root("root", |_| {});
    let (old, new) = (root.sign("ca", ca), root.sign("ca", ca));
    let leaf = new.sign("leaf", |_| {});
    let identity = select(leaf.store([&old, &new, &leaf])).unwrap();
    assert_eq!(identity.chain, [leaf.der.clone(), new.der.clone()]);
    assert_eq!(identity.unused, ["CN=ca"]);
}

#[test]
fn of_two_certificates_of_one_key_the_valid_one_is_chosen_and_then_the_longer_one() {
    let root = Made::root("root", |_| {});
    let key = || KeyPair::try_from(root.sign("any", |_| {}).key.serialize_der()).unwrap();
    let shared = key();
    let same = || KeyPair::try_from(shared.serialize_der()).unwrap();
    let days = |from: i64, to: i64| {
        move |params: &mut CertificateParams| {
            params.not_before = NOW + Duration::days(from);
            params.not_after = NOW + Duration::days(to);
        }
    };
    let old = root.sign_key("old", same(), days(-9, 1));
    let new = root.sign_key("new", same(), days(-1, 9));
    let next = root.sign_key("next", same(), days(1, 99));
    let identity = select(old.store([&old, &next, &new])).unwrap();
    assert_eq!(identity.leaf.subject, "CN=new");
    assert_eq!(identity.unused, ["CN=old", "CN=next"]);
}

#[test]
fn every_kind_of_key_that_tls_can_sign_with_is_matched_to_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    for make in [
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key",
        "openssl ecparam -name secp384r1 -genkey -out key",
        "openssl genpkey -algorithm ED25519 -out key",
        "openssl genrsa -out key 2048",
        "openssl genrsa -traditional -out key 2048",
    ] {
        let store = made_by_openssl(folder.path(), make, "-addext subjectAltName=IP:10.0.0.1");
        let now = store_time(&store);
        let identity = Identity::select(store, now).unwrap();
        assert_eq!(identity.leaf.subject, "CN=a", "{make}");
    }
}

#[test]
fn a_key_that_is_too_short_says_what_is_supported() {
    let folder = tempfile::tempdir().unwrap();
    let store = made_by_openssl(folder.path(), "openssl genrsa -out key 1024", "");
    assert_eq!(
        error(store),
        "the private key is damaged or of a kind that is not supported; expected RSA of 2048 to \
         8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519"
    );
}

#[test]
fn a_missing_foreign_or_second_key_is_an_error() {
    let root = Made::root("root", |_| {});
    let (one, other) = (root.sign("one", |_| {}), root.sign("other", |_| {}));
    assert_eq!(
        error(KeyStore {
            keys: Vec::new(),
            ..one.store([&one])
        }),
        "there is no private key beside the certificate"
    );
    assert_eq!(
        error(one.store([])),
        "there is no certificate beside the private key"
    );
    assert_eq!(
        error(one.store([&other, &root])),
        "the private key belongs to none of the certificates: CN=other; CN=root"
    );
    assert_eq!(
        error(one.store([&one]).join(other.store([]))),
        "there are 2 different private keys; expected one"
    );
    assert!(select(one.store([&one]).join(one.store([]))).is_ok());
}

#[test]
fn an_identity_is_valid_from_its_first_to_its_last_second() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |params| {
        params.not_before = datetime!(2026-11-22 12:00:00 UTC);
        params.not_after = datetime!(2026-11-22 12:00:09 UTC);
    });
    let at = |now| Identity::select(leaf.store([&leaf]), now);
    assert!(at(datetime!(2026-11-22 12:00:00 UTC)).is_ok());
    assert!(at(datetime!(2026-11-22 12:00:09.9 UTC)).is_ok());
    assert_eq!(
        at(datetime!(2026-11-22 13:00:10.2 +01:00))
            .unwrap_err()
            .to_string(),
        "the certificate CN=leaf expired at 2026-11-22T12:00:09Z; it is now 2026-11-22T12:00:10Z"
    );
    assert_eq!(
        at(datetime!(2026-11-22 11:59:59.9 UTC))
            .unwrap_err()
            .to_string(),
        "the certificate CN=leaf is not valid before 2026-11-22T12:00:00Z; it is now \
         2026-11-22T11:59:59Z; is this node's clock right?"
    );
}

#[test]
fn an_expired_intermediate_is_an_error_as_well() {
    let root = Made::root("root", |_| {});
    let middle = root.sign("middle", |params| {
        ca(params);
        params.not_after = datetime!(2026-11-22 11:00:00 UTC);
    });
    let leaf = middle.sign("leaf", |_| {});
    assert_eq!(
        error(leaf.store([&leaf, &middle])),
        "the certificate CN=middle expired at 2026-11-22T11:00:00Z; it is now 2026-11-22T12:00:00Z"
    );
}

#[test]
fn a_self_signed_certificate_without_names_is_served_as_keytool_makes_it() {
    let own = Made::root("node", |params| {
        params.is_ca = IsCa::NoCa;
        params.subject_alt_names.clear();
    });
    let identity = Identity::select(own.store([&own]), NOW).unwrap();
    assert_eq!(identity.chain, std::slice::from_ref(&own.der));
}

#[test]
fn a_certificate_that_peers_would_refuse_is_refused_here() {
    let root = Made::root("root", |_| {});
    let refused = |edit: &dyn Fn(&mut CertificateParams)| {
        let leaf = root.sign("leaf", edit);
        error(leaf.store([&leaf]))
    };
    assert_eq!(
        refused(&ca),
        "the certificate CN=leaf is a CA's, which peers refuse as a node's own"
    );
    assert_eq!(
        refused(&|params| params.subject_alt_names.clear()),
        "the certificate CN=leaf has no subject alternative name; expected the node's addresses"
    );
    assert_eq!(
        refused(&|params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment]),
        "the certificate CN=leaf lacks digitalSignature; without it no handshake can be signed"
    );
    for (usage, missing) in [
        (ExtendedKeyUsagePurpose::ServerAuth, "clientAuth"),
        (ExtendedKeyUsagePurpose::ClientAuth, "serverAuth"),
        (ExtendedKeyUsagePurpose::Any, "serverAuth and clientAuth"),
    ] {
        assert_eq!(
            refused(&|params| params.extended_key_usages = vec![usage.clone()]),
            format!(
                "the certificate CN=leaf lacks {missing}; an agent is server and client with the \
                 same certificate"
            )
        );
    }
}

#[test]
fn a_certificate_for_one_direction_needs_the_usage_for_that_alone() {
    let root = Made::root("root", |_| {});
    let select = |purpose, usage: ExtendedKeyUsagePurpose| {
        let leaf = root.sign("leaf", |params| params.extended_key_usages = vec![usage]);
        let selected = Identity::select_for(purpose, leaf.store([&leaf]), NOW);
        selected.map(drop).map_err(|error| error.to_string())
    };
    let server = || ExtendedKeyUsagePurpose::ServerAuth;
    let client = || ExtendedKeyUsagePurpose::ClientAuth;
    assert_eq!(select(Purpose::Server, server()), Ok(()));
    assert_eq!(select(Purpose::Client, client()), Ok(()));
    assert_eq!(
        select(Purpose::Server, client()).unwrap_err(),
        "the certificate CN=leaf lacks serverAuth; without it peers that dial this node refuse it"
    );
    assert_eq!(
        select(Purpose::Client, server()).unwrap_err(),
        "the certificate CN=leaf lacks clientAuth; without it peers that this node dials refuse it"
    );
}

#[test]
fn a_uri_of_any_scheme_is_a_name() {
    let root = Made::root("root", |_| {});
    let leaf = root.sign("leaf", |params| {
        let uri = "spiffe://example.org/n1".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::URI(uri)];
    });
    assert!(select(leaf.store([&leaf])).is_ok());
}

/// A key that pretends to be elsewhere.
#[derive(Debug)]
struct Elsewhere {
    public: SubjectPublicKeyInfoDer<'static>,
    schemes: Vec<Scheme>,
}

impl Elsewhere {
    fn of(made: &Made, schemes: &[Scheme]) -> Arc<dyn Signer> {
        Arc::new(Self {
            public: made.key.subject_public_key_info().into(),
            schemes: schemes.to_vec(),
        })
    }
}

impl Signer for Elsewhere {
    fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static> {
        &self.public
    }

    fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }

    fn sign(&self, _scheme: Scheme, _message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Err(SignerError::new("it is nowhere"))
    }
}

#[test]
fn a_key_elsewhere_is_judged_as_one_that_is_here() {
    let root = Made::root("root", |_| {});
    let (one, other) = (root.sign("one", |_| {}), root.sign("other", |_| {}));
    let judged = |made: &Made, schemes: &[Scheme], certificates: &[&Made]| {
        let ders = certificates.iter().map(|it| it.der.clone()).collect();
        Identity::with_signer(Elsewhere::of(made, schemes), ders, NOW)
    };
    let schemes = [Scheme::EcdsaP256];
    let identity = judged(&one, &schemes, &[&root, &one, &other]).unwrap();
    assert_eq!(identity.chain, std::slice::from_ref(&one.der));
    assert_eq!(identity.unused, ["CN=other"]);
    assert!(identity.key.is_remote());
    let refusal = |made: &Made, schemes: &[Scheme], certificates: &[&Made]| {
        judged(made, schemes, certificates).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(&one, &schemes, &[&other, &root]),
        "the private key belongs to none of the certificates: CN=other; CN=root"
    );
    assert!(refusal(&one, &schemes, &[]).starts_with("there is no certificate"));
    assert!(refusal(&one, &[], &[&one]).starts_with("the private key is damaged or of a kind"));
    let ca = root.sign("ca", ca);
    assert!(refusal(&ca, &schemes, &[&ca]).contains("is a CA's"));
}

#[test]
fn an_identity_never_shows_its_key() {
    let issued = test_ca().issue(&request(), NOW).unwrap();
    let shown = format!("{:?}", select(issued_store(&issued)).unwrap());
    assert!(shown.contains("PrivateKey(PRIVATE KEY, ****)"), "{shown}");
}

fn ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn made_by_openssl(folder: &Path, make: &str, options: &str) -> KeyStore {
    let command = format!(
        "{make} 2>/dev/null; openssl req -x509 -key key -subj /CN=a -days 9 -addext \
         basicConstraints=CA:FALSE {options} -out crt; cat key crt"
    );
    parse_pem(run(folder, &command).as_bytes()).unwrap()
}

/// `openssl req` takes the time from the clock; so does the judgement of what it made.
fn store_time(store: &KeyStore) -> OffsetDateTime {
    crate::LeafFacts::read(&store.certificates[0].certificate)
        .unwrap()
        .not_before
}
