//! DSE's encrypted configuration properties.
//!
//! ```text
//! dse.yaml ─▶ DseYaml { config_encryption_active, key, kmip_hosts }
//!                 │ key: a file of system_key_directory, or kmip://GROUP/NAME
//!                 ▼
//! value ─▶ SystemKey ─▶ Password
//! ```
//!
//! # What this reading rests on
//!
//! - DSE's manuals (4.7 to 6.9) name the options and their defaults, the ciphers with their
//!   strengths, and the rules: once active, DSE does not start while a protected property is plain
//!   text, or while a KMIP group cannot be reached; the passwords of the KMIP stores stay plain.
//! - That a key file is one line `CIPHER[/MODE/PADDING]:BITS:BASE64` is what ScyllaDB's published
//!   reader of system keys takes, whose authors say that it keeps to DSE's. No file of a running DSE was
//!   seen.
//! - That an encrypted value is base64 of the ciphertext alone in ECB is seen in the manuals: the value
//!   they show for AES/ECB has one block.
//! - Where the initialisation vector stands in CBC is not established. Here it comes first, as in what
//!   ScyllaDB's reader decrypts with a system key; the same product derives it from the key for
//!   values of its own configuration. No value of a running DSE in CBC was seen.
//! - `kmip://GROUP/NAME` is what ScyllaDB's reader takes where DSE's manual speaks of a KMIP key URL.
//!
//! Tests decrypt what Java's own `javax.crypto` encrypted under each of the ciphers.

mod cipher;
mod system_key;
mod yaml;

pub use self::{
    system_key::{SystemKey, SystemKeyError, SystemKeyFault, ValueFault},
    yaml::{DseYaml, DseYamlError, KeyName},
};

#[cfg(test)]
mod tests;
