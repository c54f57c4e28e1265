//! Passwords: where they come from, and how they are opened.
//!
//! ```text
//! file, environment, standard input, systemd credential ─▶ PasswordSource ─┐
//! ringlock:v1:KEYID:…            ─▶ LocalKey ─────────────┐                ├─▶ Password
//! dsetool encryptconfigvalue's   ─▶ DseYaml ─▶ SystemKey ─┤ Resolver ──────┘
//! plain text                     ─────────────────────────┘
//! ```
//!
//! A [`Password`] is wiped from memory when it is dropped. Neither it, nor a key, nor a value that
//! stands in a file shows in any `Debug` or error of this crate.
//!
//! It never chooses which file to read, writes none but a new key file, and talks to no server but
//! those of `kmip_hosts`.

pub mod dse;
pub mod kmip;
mod local;
mod password;
mod protected;
mod resolver;

pub use dse::{DseYaml, DseYamlError, KeyName};
pub use local::{
    KeyFileError, KeyFileFault, KeyId, LocalKey, OpenError, SealError, is_sealed, key_of,
};
pub use password::{Password, PasswordError, PasswordSource};
pub use protected::{Property, protected};
pub use resolver::{DseKeyError, Form, KmipKeyFault, Resolver, SecretError};
