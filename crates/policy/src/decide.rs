use ringlock_model::{Crossing, Direction, InternodeEncryption, Mode, PlaintextReason, Security};

/// How a peer is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    /// As it is, for this reason.
    Plaintext(PlaintextReason),
    /// With TLS; `fallback` says whether plaintext may follow if the peer speaks none.
    Tls {
        /// Whether a peer that answers no TLS may be dialled again in plaintext.
        fallback: bool,
    },
}

/// What is accepted from a peer that dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Plaintext, for this reason; TLS is refused.
    Plaintext(PlaintextReason),
    /// Either, as the peer likes; plaintext for this reason.
    Both(PlaintextReason),
    /// TLS; plaintext is refused.
    Tls,
}

/// How a peer there is dialled under `mode`.
pub fn dial(mode: Mode, crossing: Crossing) -> Dial {
    match (mode.encryption, within(mode.encryption, crossing)) {
        (InternodeEncryption::None, _) => Dial::Plaintext(PlaintextReason::EncryptionNone),
        (_, Some(reason)) => Dial::Plaintext(reason),
        (_, None) => Dial::Tls {
            fallback: mode.optional,
        },
    }
}

/// What is accepted under `mode` from a peer there.
///
/// Under `dc` and `rack` TLS is taken of anybody (B-01): the peer may know better what it crosses.
pub fn accept(mode: Mode, crossing: Crossing) -> Accept {
    match (
        mode.encryption,
        mode.optional,
        within(mode.encryption, crossing),
    ) {
        (InternodeEncryption::None, false, _) => Accept::Plaintext(PlaintextReason::EncryptionNone),
        (_, _, Some(reason)) => Accept::Both(reason),
        (_, true, None) => Accept::Both(PlaintextReason::PeerDialledPlaintext),
        (_, false, None) => Accept::Tls,
    }
}

/// Whether a link that is there, with a peer there, may stay under `mode`.
///
/// A link that may not is turned over: ended gently, so that the database dials anew and gets
/// what the mode asks for. TLS that the databases do themselves always stays.
pub fn tolerates(
    mode: Mode,
    direction: Direction,
    security: &Security,
    crossing: Crossing,
) -> bool {
    match (direction, security) {
        (_, Security::Native(_)) => true,
        (Direction::Outbound, Security::Tls(_)) => {
            matches!(dial(mode, crossing), Dial::Tls { .. })
        }
        (Direction::Outbound, Security::Plaintext { reason }) => match dial(mode, crossing) {
            Dial::Plaintext(_) => true,
            Dial::Tls { fallback } => fallback && *reason == PlaintextReason::PeerSpeaksNoTls,
        },
        (Direction::Inbound, Security::Tls(_)) => {
            !matches!(accept(mode, crossing), Accept::Plaintext(_))
        }
        (Direction::Inbound, Security::Plaintext { .. }) => accept(mode, crossing) != Accept::Tls,
    }
}

/// Why a peer there is within what `dc` or `rack` leaves in plaintext; none where it is not, and
/// for every other word.
fn within(encryption: InternodeEncryption, crossing: Crossing) -> Option<PlaintextReason> {
    match (encryption, crossing) {
        (InternodeEncryption::Dc, Crossing::SameRack | Crossing::SameDatacenter) => {
            Some(PlaintextReason::SameDatacenter)
        }
        (InternodeEncryption::Rack, Crossing::SameRack) => Some(PlaintextReason::SameRack),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
