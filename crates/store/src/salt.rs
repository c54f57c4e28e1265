use sha2::{Digest, Sha256};

use crate::WriteError;

/// Where the salts and initial vectors of a store that is written come from.
///
/// Derived salts depend on what they protect and on where it stands, never on the password: a
/// salt is public, and with a password in it would let guesses be tested without the slow
/// derivation that follows. Other content gives another salt, thus another key, so no vector
/// serves two contents under one key.
#[derive(Clone, Copy)]
pub(crate) enum Salts {
    Random,
    Derived,
}

impl Salts {
    pub(crate) fn new(deterministic: bool) -> Self {
        if deterministic {
            Self::Derived
        } else {
            Self::Random
        }
    }

    /// Fills a salt for `content`, which `place` tells from other content of the same store,
    /// such as by the entry's name.
    pub(crate) fn fill(
        self,
        place: &str,
        content: &[u8],
        salt: &mut [u8],
    ) -> Result<(), WriteError> {
        match self {
            Self::Random => getrandom::fill(salt).map_err(|_| WriteError::Random),
            Self::Derived => {
                for (at, part) in salt.chunks_mut(32).enumerate() {
                    let mut hash = Sha256::new();
                    hash.update(b"ringlock salt\0");
                    hash.update((place.len() as u64).to_be_bytes());
                    hash.update(place);
                    hash.update((at as u64).to_be_bytes());
                    hash.update(content);
                    part.copy_from_slice(&hash.finalize()[..part.len()]);
                }
                Ok(())
            }
        }
    }
}
