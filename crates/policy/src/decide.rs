use ringlock_model::{Direction, InternodeEncryption, Mode, PlaintextReason, Security};

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
    /// Either, as the peer likes.
    Both,
    /// TLS; plaintext is refused.
    Tls,
}

/// How peers are dialled under `mode`.
pub fn dial(mode: Mode) -> Dial {
    match mode.encryption {
        InternodeEncryption::None => Dial::Plaintext(PlaintextReason::EncryptionNone),
        InternodeEncryption::Transitional => Dial::Tls { fallback: true },
        InternodeEncryption::All => Dial::Tls {
            fallback: mode.optional,
        },
    }
}

/// What is accepted from peers under `mode`.
pub fn accept(mode: Mode) -> Accept {
    match (mode.encryption, mode.optional) {
        (InternodeEncryption::None, false) => Accept::Plaintext(PlaintextReason::EncryptionNone),
        (InternodeEncryption::All, false) => Accept::Tls,
        (InternodeEncryption::Transitional, _)
        | (InternodeEncryption::None | InternodeEncryption::All, true) => Accept::Both,
    }
}

/// Whether a link that is there may stay under `mode`.
///
/// A link that may not is turned over: ended gently, so that the database dials anew and gets
/// what the mode asks for. TLS that the databases do themselves always stays.
pub fn tolerates(mode: Mode, direction: Direction, security: &Security) -> bool {
    match (direction, security) {
        (_, Security::Native) => true,
        (Direction::Outbound, Security::Tls(_)) => matches!(dial(mode), Dial::Tls { .. }),
        (Direction::Outbound, Security::Plaintext { reason }) => match dial(mode) {
            Dial::Plaintext(_) => true,
            Dial::Tls { fallback } => fallback && *reason == PlaintextReason::PeerSpeaksNoTls,
        },
        (Direction::Inbound, Security::Tls(_)) => !matches!(accept(mode), Accept::Plaintext(_)),
        (Direction::Inbound, Security::Plaintext { .. }) => accept(mode) != Accept::Tls,
    }
}

#[cfg(test)]
mod tests {
    use ringlock_model::{KeyExchange, TlsFacts};

    use super::*;

    const NONE: Dial = Dial::Plaintext(PlaintextReason::EncryptionNone);
    const FALLBACK: Dial = Dial::Tls { fallback: true };
    const STRICT: Dial = Dial::Tls { fallback: false };

    #[test]
    fn the_table_of_modes_holds() {
        let plaintext = Accept::Plaintext(PlaintextReason::EncryptionNone);
        for (mode, dialled, accepted) in [
            ("none", NONE, plaintext),
            ("none+optional", NONE, Accept::Both),
            ("transitional", FALLBACK, Accept::Both),
            ("all+optional", FALLBACK, Accept::Both),
            ("all", STRICT, Accept::Tls),
        ] {
            let mode = mode.parse().unwrap();
            assert_eq!(dial(mode), dialled, "{mode}");
            assert_eq!(accept(mode), accepted, "{mode}");
        }
    }

    #[test]
    fn a_change_of_mode_turns_over_exactly_the_links_that_no_longer_fit() {
        let tls = Security::Tls(TlsFacts {
            version: "TLSv1.3".into(),
            suite: "TLS_AES_128_GCM_SHA256".into(),
            key_exchange: KeyExchange("X25519".into()),
            resumed: false,
            identity: None,
        });
        let plain = |reason| Security::Plaintext { reason };
        let chosen = plain(PlaintextReason::EncryptionNone);
        let fallen_back = plain(PlaintextReason::PeerSpeaksNoTls);
        // One letter a mode, in the order of the list: y stays, n is turned over.
        let modes = [
            "none",
            "none+optional",
            "transitional",
            "all+optional",
            "all",
        ];
        for (direction, security, stays) in [
            (Direction::Outbound, &tls, "nnyyy"),
            (Direction::Outbound, &chosen, "yynnn"),
            (Direction::Outbound, &fallen_back, "yyyyn"),
            (Direction::Outbound, &Security::Native, "yyyyy"),
            (Direction::Inbound, &tls, "nyyyy"),
            (Direction::Inbound, &chosen, "yyyyn"),
            (Direction::Inbound, &Security::Native, "yyyyy"),
        ] {
            for (mode, stays) in modes.into_iter().zip(stays.chars()) {
                let tolerated = tolerates(mode.parse().unwrap(), direction, security);
                assert_eq!(tolerated, stays == 'y', "{mode} {direction} {security}");
            }
        }
    }
}
