use std::fmt;

use super::{
    block::{ClientOptions, ServerOptions},
    setting::Setting,
    shapes::InternodeScope,
};
use crate::dialect::{Dialect, Dialects};

/// What a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Plaintext alone.
    Unencrypted,
    /// TLS and plaintext.
    Optional,
    /// TLS alone.
    Encrypted,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unencrypted => "unencrypted",
            Self::Optional => "optionally encrypted",
            Self::Encrypted => "encrypted",
        })
    }
}

/// Where `EncryptionOptions` derives what an absent `optional` means.
const DERIVES: Dialects = Dialects::C40_ON.and(Dialects::HCD);

impl ServerOptions {
    /// What is taken of other nodes, on all listeners together. `keystore_exists` is whether there
    /// is a file at the path of `keystore`, which Cassandra 4 and later look for.
    ///
    /// In those, with keys present, an absent `optional` is the opposite of `enabled` of this
    /// block, which hardly anybody sets: it means true even with `internode_encryption: all`. The
    /// listener then accepts plaintext only to refuse it after the first message
    /// (`InboundConnectionInitiator`), and a node of Cassandra 5.0 that dials may fall back to
    /// plaintext (`OutboundConnection`).
    pub fn policy(&self, keystore_exists: bool) -> Policy {
        let scope = self.internode_encryption.value;
        let partial = matches!(
            scope,
            InternodeScope::Dc | InternodeScope::Rack | InternodeScope::Transitional
        );
        let optional = match self.dialect {
            dialect if DERIVES.contains(dialect) => derived(
                &self.optional,
                self.enabled.value == Some(true),
                keystore_exists || self.tls.has_inline_key(),
            ),
            Dialect::Ringlock => self.optional.value.unwrap_or(scope == InternodeScope::None),
            _ => self.optional.value == Some(true),
        };
        if optional || partial {
            Policy::Optional
        } else if scope == InternodeScope::None {
            Policy::Unencrypted
        } else {
            Policy::Encrypted
        }
    }
}

impl ClientOptions {
    /// What is taken of clients on the port that TLS is on. `keystore_exists` is whether there is a
    /// file at the path of `keystore`: with one, Cassandra 4 and later take TLS even where
    /// `enabled` is false, unless `optional` says no.
    pub fn policy(&self, keystore_exists: bool) -> Policy {
        let enabled = self.enabled.value == Some(true);
        let optional = if DERIVES.contains(self.dialect) {
            let has_key = keystore_exists || self.tls.has_inline_key();
            derived(&self.optional, enabled, has_key)
        } else {
            enabled && self.optional.value == Some(true)
        };
        match (optional, enabled) {
            (true, _) => Policy::Optional,
            (false, true) => Policy::Encrypted,
            (false, false) => Policy::Unencrypted,
        }
    }
}

/// `EncryptionOptions.applyConfig`.
fn derived(optional: &Setting<Option<bool>>, enabled: bool, has_key: bool) -> bool {
    optional.value.unwrap_or(has_key && !enabled)
}
