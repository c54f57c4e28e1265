//! The rules, one file a rule, in the order of the reference.

pub(crate) mod reading;

mod blank_in_scylla;
mod cert_address;
mod cert_early;
mod cert_expired;
mod cert_mismatch;
mod cert_other;
mod cert_soon;
mod cert_untrusted;
mod cert_usage;
mod client_auth;
mod crl_spelling;
mod differ;
mod endpoint;
mod endpoint_ignored;
mod file_denied;
mod file_missing;
pub(crate) mod file_owner;
mod fips;
mod internode_word;
mod java_view;
mod jce_policy;
mod key_folder;
mod key_mode;
mod keystore_derives;
mod legacy_port;
mod mutual_authenticator;
mod optional_absent;
mod optional_on;
mod password;
mod password_sealed;
mod pem_both;
mod pem_key_password;
mod pem_passwords;
mod pem_pkcs1;
mod pem_trust_password;
mod pkcs11_keystore;
mod pkcs11_truststore;
mod pkcs11_version;
mod placeholder;
mod plain_port;
mod priority;
mod priority_weak;
mod protocol;
mod protocol_old;
mod relative;
mod revocation_list;
mod scope_auth;
mod scope_plain;
mod scylla_trust;
mod shared_key;
mod ssl_port;
mod store_broken;
mod store_locked;
mod store_new;
mod store_password;
mod store_type;
mod suite_dead;
mod suite_key;
mod suite_unknown;
mod suite_weak;
mod switch_off;
mod transitional;
mod trust_mode;
mod trust_unusable;
mod truststore_missing;

use crate::Rule;

pub(crate) use reading::CANNOT_READ;
pub(crate) use store_password::is_about as is_about_password;

/// Every kind of finding there is.
pub static RULES: &[&Rule] = &[
    &reading::CANNOT_READ,
    &reading::NOT_YAML,
    &reading::DUPLICATE_KEY,
    &reading::ALIAS,
    &reading::BYTE_ORDER_MARK,
    &reading::CARRIAGE_RETURNS,
    &reading::EMPTY_FILE,
    &reading::UNKNOWN_KEY,
    &reading::OTHER_VERSION,
    &reading::SINCE_VERSION,
    &reading::DOUBTFUL_KEY,
    &reading::MISPLACED_KEY,
    &reading::WITHOUT_EFFECT,
    &reading::OLD_SPELLING,
    &reading::BAD_VALUE,
    &reading::BLANK_VALUE,
    &reading::TRAILING_BLANK,
    &reading::REFUSED_BY_RINGLOCK,
    &internode_word::RULE,
    &crl_spelling::RULE,
    &blank_in_scylla::RULE,
    &switch_off::RULE,
    &truststore_missing::RULE,
    &scylla_trust::RULE,
    &pkcs11_keystore::RULE,
    &pkcs11_truststore::RULE,
    &pkcs11_version::RULE,
    &store_type::RULE,
    &ssl_port::RULE,
    &plain_port::RULE,
    &optional_on::RULE,
    &optional_absent::RULE,
    &keystore_derives::RULE,
    &scope_auth::RULE,
    &scope_plain::RULE,
    &transitional::RULE,
    &client_auth::RULE,
    &endpoint::RULE,
    &endpoint_ignored::RULE,
    &suite_unknown::RULE,
    &suite_dead::RULE,
    &suite_weak::RULE,
    &suite_key::RULE,
    &jce_policy::RULE,
    &protocol::RULE,
    &protocol_old::RULE,
    &priority::RULE,
    &priority_weak::RULE,
    &password::RULE,
    &key_mode::RULE,
    &trust_mode::RULE,
    &key_folder::RULE,
    &file_owner::RULE,
    &file_missing::RULE,
    &file_denied::RULE,
    &relative::RULE,
    &placeholder::RULE,
    &legacy_port::RULE,
    &mutual_authenticator::RULE,
    &pem_both::RULE,
    &pem_passwords::RULE,
    &pem_key_password::RULE,
    &pem_trust_password::RULE,
    &pem_pkcs1::RULE,
    &store_broken::RULE,
    &store_password::RULE,
    &store_locked::RULE,
    &password_sealed::RULE,
    &java_view::RULE,
    &store_new::RULE,
    &cert_mismatch::RULE,
    &cert_expired::RULE,
    &cert_early::RULE,
    &cert_usage::RULE,
    &cert_other::RULE,
    &cert_soon::RULE,
    &cert_address::RULE,
    &cert_untrusted::RULE,
    &trust_unusable::RULE,
    &revocation_list::RULE,
    &fips::RULE,
    &differ::RULE,
    &shared_key::RULE,
];
