//! Keys that sign elsewhere, as the TLS library wants to see them.

use std::{fmt, sync::Arc};

use ringlock_pki::{Hash, Scheme, Signer};
use rustls::{
    Error, OtherError, SignatureAlgorithm, SignatureScheme,
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
    sign::{self, CertifiedKey, SigningKey, SingleCertAndKey},
};

/// What shows `chain` in either role and has `signer` sign for it.
///
/// # Errors
/// The key has no scheme, or does not belong to the chain's leaf.
pub(crate) fn resolver(
    chain: &[CertificateDer<'static>],
    signer: &Arc<dyn Signer>,
) -> Result<Arc<SingleCertAndKey>, Error> {
    let key = RemoteKey::new(Arc::clone(signer))?;
    let certified = CertifiedKey::new(chain.to_vec(), Arc::new(key));
    certified.keys_match()?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

/// A handshake that could not be signed, on its way through the library's error.
#[derive(Debug)]
pub(crate) struct NotSigned(String);

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotSigned {}

#[derive(Debug)]
struct RemoteKey {
    signer: Arc<dyn Signer>,
    algorithm: SignatureAlgorithm,
}

impl RemoteKey {
    fn new(signer: Arc<dyn Signer>) -> Result<Self, Error> {
        let algorithm = match signer.schemes().first() {
            Some(Scheme::RsaPss(_) | Scheme::RsaPkcs1(_)) => SignatureAlgorithm::RSA,
            Some(Scheme::EcdsaP256 | Scheme::EcdsaP384) => SignatureAlgorithm::ECDSA,
            None => return Err(Error::General("the key has no scheme of TLS".to_owned())),
        };
        Ok(Self { signer, algorithm })
    }
}

impl SigningKey for RemoteKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        let mut schemes = self.signer.schemes().iter();
        let scheme = *schemes.find(|scheme| offered.contains(&library_scheme(**scheme)))?;
        Some(Box::new(RemoteSigner {
            signer: Arc::clone(&self.signer),
            scheme,
        }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.signer.public_key().clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// One signature of one handshake.
#[derive(Debug)]
struct RemoteSigner {
    signer: Arc<dyn Signer>,
    scheme: Scheme,
}

impl sign::Signer for RemoteSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.signer.sign(self.scheme, message);
        signed.map_err(|error| Error::Other(OtherError(Arc::new(NotSigned(error.to_string())))))
    }

    fn scheme(&self) -> SignatureScheme {
        library_scheme(self.scheme)
    }
}

fn library_scheme(scheme: Scheme) -> SignatureScheme {
    match scheme {
        Scheme::RsaPkcs1(Hash::Sha256) => SignatureScheme::RSA_PKCS1_SHA256,
        Scheme::RsaPkcs1(Hash::Sha384) => SignatureScheme::RSA_PKCS1_SHA384,
        Scheme::RsaPkcs1(Hash::Sha512) => SignatureScheme::RSA_PKCS1_SHA512,
        Scheme::RsaPss(Hash::Sha256) => SignatureScheme::RSA_PSS_SHA256,
        Scheme::RsaPss(Hash::Sha384) => SignatureScheme::RSA_PSS_SHA384,
        Scheme::RsaPss(Hash::Sha512) => SignatureScheme::RSA_PSS_SHA512,
        Scheme::EcdsaP256 => SignatureScheme::ECDSA_NISTP256_SHA256,
        Scheme::EcdsaP384 => SignatureScheme::ECDSA_NISTP384_SHA384,
    }
}
