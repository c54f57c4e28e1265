use ringlock_model::TlsFacts;
use rustls::pki_types::CertificateDer;

use super::{Early, Opened, SessionError};
use crate::record::Slots;

/// What an established session does, whichever engine carries it.
///
/// [`Session`](super::Session) says of each method what it promises.
pub(crate) trait Traffic: Send + Sync {
    fn facts(&self) -> Option<&TlsFacts>;

    fn peer_chain(&self) -> &[CertificateDer<'static>];

    fn forget_peer(&mut self);

    fn carried(&self) -> &[u8];

    fn seal(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<usize, SessionError>;

    fn slots(&self) -> Slots;

    fn seal_slots(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SessionError>;

    fn refresh_key(&mut self, plaintext: usize, outgoing: &mut Vec<u8>)
    -> Result<(), SessionError>;

    fn close(&mut self, out: &mut [u8]) -> Result<usize, SessionError>;

    fn open(
        &mut self,
        incoming: &[u8],
        plaintext: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<Opened, SessionError>;

    fn open_early(&mut self, outgoing: &mut Vec<u8>) -> Result<Early, SessionError>;
}
