use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use ringlock_model::{ClientAuth, NodeUri};
use ringlock_pki::{
    Identity, IdentityKey, Scheme, Signer, SignerError, Trust,
    ca::{CA_VALIDITY, Ca, NODE_VALIDITY, NodeRequest},
};
use ringlock_store::KeyStore;
use ringlock_tls::{Offer, Options, TlsState};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use time::OffsetDateTime;

use super::*;

/// Long enough for anything but a deadlock.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key whose every signature has to be allowed.
struct Slow {
    key: EcdsaKeyPair,
    public: SubjectPublicKeyInfoDer<'static>,
    allowed: Mutex<Receiver<()>>,
    asked: AtomicUsize,
}

impl std::fmt::Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slow")
    }
}

impl Signer for Slow {
    fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static> {
        &self.public
    }

    fn schemes(&self) -> &[Scheme] {
        &[Scheme::EcdsaP256]
    }

    fn sign(&self, _scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        allowed.recv_timeout(PATIENCE).map_err(SignerError::new)?;
        let signature = self.key.sign(&SystemRandom::new(), message);
        Ok(signature.unwrap().as_ref().to_vec())
    }
}

/// A node that signs with a slow key, and what allows its signatures.
fn slow_node() -> (TlsState, Arc<Slow>, Sender<()>) {
    let now = OffsetDateTime::now_utc();
    let ca = Ca::init("Test Cluster", CA_VALIDITY, now).unwrap();
    let request = NodeRequest {
        uri: NodeUri {
            cluster: "Test Cluster".into(),
            datacenter: "dc1".into(),
            rack: "r1".into(),
            node: "n1".into(),
        },
        ips: vec!["127.0.0.1".parse().unwrap()],
        dns: Vec::new(),
        validity: NODE_VALIDITY,
    };
    let issued = ca.issue(&request, now).unwrap();
    let der = issued.key.der().secret_der();
    let key = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der).unwrap();
    let public = key.public_key().as_der().unwrap().as_ref().to_vec().into();
    let (allow, allowed) = channel();
    let slow = Arc::new(Slow {
        key,
        public,
        allowed: Mutex::new(allowed),
        asked: AtomicUsize::new(0),
    });
    let identity = Identity {
        chain: vec![issued.certificate],
        key: IdentityKey::Remote(Arc::clone(&slow) as Arc<dyn Signer>),
        leaf: issued.leaf,
        unused: Vec::new(),
    };
    let store = KeyStore {
        certificates: vec![ca.certificate().clone().into()],
        ..KeyStore::default()
    };
    let trust = Trust::select(&store, now).unwrap();
    let options = Options {
        client_auth: ClientAuth::NotRequired,
        endpoint_verification: true,
        session_tickets: true,
    };
    let state = TlsState::build(&identity, &trust, options, &Offer::default()).unwrap();
    (state, slow, allow)
}

/// The step in which `node` has to sign.
fn signing_step(node: &TlsState) -> Step {
    let mut hello = Vec::new();
    let mut client = node.dial("127.0.0.1".parse().unwrap()).unwrap();
    client.handshake(&mut Vec::new(), &mut hello).unwrap();
    Step::new(node.accept().unwrap(), hello, Vec::new())
}

#[tokio::test]
async fn while_a_key_elsewhere_signs_its_worker_goes_on() {
    let (node, slow, allow) = slow_node();
    let signing = Signing::default();
    let other = async {
        while slow.asked.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        allow.send(()).unwrap();
    };
    let (made, ()) = tokio::join!(signing.make(signing_step(&node)), other);
    let (step, turn) = made.unwrap();
    assert_eq!(turn.unwrap(), Handshake::NeedsBytes);
    assert!(!step.outgoing.is_empty());
}

#[tokio::test]
async fn a_key_that_hangs_takes_no_more_threads_than_there_are_places() {
    let (node, slow, allow) = slow_node();
    let signing = Arc::new(Signing::default());
    let waiting: Vec<_> = (0..AT_ONCE + 4)
        .map(|_| {
            let (signing, step) = (Arc::clone(&signing), signing_step(&node));
            tokio::spawn(async move { signing.make(step).await.map(drop) })
        })
        .collect();
    while slow.asked.load(Ordering::SeqCst) < AT_ONCE {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Those who stop waiting give no place back before the key has answered.
    for waiting in waiting {
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    assert_eq!(signing.places.available_permits(), 0);
    for _ in 0..AT_ONCE {
        allow.send(()).unwrap();
    }
    let all = u32::try_from(AT_ONCE).unwrap();
    let places = tokio::time::timeout(PATIENCE, signing.places.acquire_many(all));
    assert!(places.await.unwrap().is_ok());
    assert_eq!(slow.asked.load(Ordering::SeqCst), AT_ONCE);
}
