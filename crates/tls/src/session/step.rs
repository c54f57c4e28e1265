//! One step of the library's handshake, for either role.
//!
//! The library answers each call with one thing that has to be done before it is called again.

use rustls::{
    Error,
    unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus},
};

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Call the library again.
    Again,
    /// There is nothing more to do with these bytes.
    Rest,
    /// The peer has said that nothing will follow.
    Closed,
}

/// Handshake messages out, and application data that came with the last of them to `early`.
pub(super) fn handshake_step<D>(
    status: UnbufferedStatus<'_, '_, D>,
    outgoing: &mut Vec<u8>,
    consumed: &mut usize,
    early: &mut Vec<u8>,
) -> Result<Step, Error> {
    *consumed += status.discard;
    match status.state? {
        ConnectionState::EncodeTlsData(encode) => append(encode, outgoing),
        ConnectionState::TransmitTlsData(transmit) => {
            // The caller sends `outgoing` whatever comes next, so it counts as transmitted.
            transmit.done();
            Ok(Step::Again)
        }
        ConnectionState::ReadTraffic(mut traffic) => {
            while let Some(record) = traffic.next_record() {
                let record = record?;
                *consumed += record.discard;
                early.extend_from_slice(record.payload);
            }
            Ok(Step::Again)
        }
        ConnectionState::PeerClosed | ConnectionState::Closed => Ok(Step::Closed),
        _ => Ok(Step::Rest),
    }
}

fn append<D>(mut encode: EncodeTlsData<'_, D>, outgoing: &mut Vec<u8>) -> Result<Step, Error> {
    let start = outgoing.len();
    let required = match encode.encode(&mut []) {
        Err(EncodeError::InsufficientSize(size)) => size.required_size,
        Ok(_) | Err(EncodeError::AlreadyEncoded) => 0,
    };
    outgoing.resize(start + required, 0);
    encode
        .encode(&mut outgoing[start..])
        .map_err(|error| Error::General(error.to_string()))?;
    Ok(Step::Again)
}
