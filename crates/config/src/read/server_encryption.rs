//! `server_encryption_options`: links between nodes, in the databases' words.

use ringlock_model::{InternodeEncryption, Mode};

use super::{Outside, identity, offer, source::Block};
use crate::{
    Origin, ServerEncryption, StaleLists,
    resolve::{InternodeScope, Policy},
    section::Given,
};

pub(super) const NOT_YET: &str = "not obeyed by this version yet";

/// Options whose values need no more judgement.
const PLAIN: [&str; 5] = [
    "require_client_auth",
    "require_endpoint_verification",
    "enable_session_tickets",
    "max_certificate_validity_period",
    "certificate_validity_warn_threshold",
];

/// What the agent makes of the block; none if a finding was reported.
pub(super) fn read(block: &mut Block<'_>, outside: Outside) -> Option<ServerEncryption> {
    refuse_token_as_truststore(block);
    let options = block.options();
    let mode = mode(block);
    let endpoint = &options.tls.require_endpoint_verification;
    let (identity, trust) = identity::read(block, outside.token);
    let (keystore_password, truststore_password) = identity::passwords(block);
    let outbound = identity::outbound(block, keystore_password.as_ref());
    let revocation_list =
        match block.file("certficate_revocation_list", &options.tls.revocation_list) {
            Given::Here(file, _) => Some(file.path),
            Given::Absent => None,
            Given::Wrong => return None,
        };
    let fips = outside.fips.or(false)?.value;
    let offer = offer::read(block, fips);
    if PLAIN.iter().any(|key| block.is_wrong(key)) {
        return None;
    }
    Some(ServerEncryption {
        mode: mode?,
        mode_origin: mode_origin(block),
        require_client_auth: options.tls.require_client_auth.value,
        require_endpoint_verification: endpoint.value,
        identity: identity?,
        keystore_password,
        outbound: outbound?,
        trust: trust?,
        truststore_password,
        revocation_list,
        stale_lists: outside.stale_lists.or(StaleLists::default())?.value,
        offer: offer?,
        session_tickets: options.tls.enable_session_tickets.value.unwrap_or(true),
        max_certificate_validity: options.tls.max_certificate_validity_period.value,
        certificate_warning: options.tls.certificate_validity_warn_threshold.value,
    })
}

/// A token holds private keys; Java would find nobody to trust in it.
fn refuse_token_as_truststore(block: &mut Block<'_>) {
    let tls = &block.options().tls;
    for (key, setting) in [
        ("store_type", &tls.store_type),
        ("truststore_type", &tls.truststore_type),
    ] {
        let is_token = |kind: &String| kind.trim_end().eq_ignore_ascii_case("PKCS11");
        if setting.value.as_ref().is_some_and(is_token) {
            let at = block.key_at(setting);
            let message = "PKCS11 holds private keys and no truststore";
            let finding = block.finding(at, key, message);
            block.report(finding.hint("write keystore_type: PKCS11 for the key alone"));
        }
    }
}

/// What the product means by `internode_encryption` and `optional`, where it finds its keys. In
/// Ringlock an absent `optional` is the opposite of encryption.
fn mode(block: &mut Block<'_>) -> Option<Mode> {
    const ENCRYPTION: &str = "internode_encryption";
    if block.is_wrong(ENCRYPTION) {
        return None;
    }
    let options = block.options();
    let encryption = match options.internode_encryption.value {
        InternodeScope::None => InternodeEncryption::None,
        InternodeScope::Transitional => InternodeEncryption::Transitional,
        InternodeScope::Dc => InternodeEncryption::Dc,
        InternodeScope::Rack => InternodeEncryption::Rack,
        InternodeScope::All => InternodeEncryption::All,
    };
    if (encryption, options.optional.value) == (InternodeEncryption::Transitional, Some(false)) {
        let at = block.key_at(&options.optional);
        let message = "contradicts internode_encryption: transitional, which accepts plaintext";
        let finding = block.finding(at, "optional", message);
        block.report(finding.hint("remove it, or require TLS with internode_encryption: all"));
        return None;
    }
    if block.is_wrong("optional") {
        return None;
    }
    // Whoever writes `dc` or `rack` takes plaintext from those within in any case (B-01). What an
    // absent `optional` means in Cassandra 4 and later does not reach those who cross.
    let takes_both = if encryption.is_scoped() {
        options.optional.value == Some(true)
    } else {
        options.policy(true) == Policy::Optional
    };
    Some(Mode::new(encryption, takes_both))
}

fn mode_origin(block: &Block<'_>) -> Origin {
    let options = block.options();
    let by_optional = !options.internode_encryption.is_given() && options.optional.is_given();
    if by_optional {
        options.optional.origin.clone()
    } else {
        options.internode_encryption.origin.clone()
    }
}

/// Tells what the block must give and does not.
pub(super) fn missing(block: &mut Block<'_>, key: &str, expected: &str) {
    const WHY: &str = "needed even while internode_encryption is none, because encryption is \
                       switched on in the running agent";
    let finding = block.finding(block.at(), key, "missing").expected(expected);
    let switched_off = block.options().internode_encryption.value == InternodeScope::None
        && !block.is_wrong("internode_encryption");
    block.report(if switched_off {
        finding.hint(WHY)
    } else {
        finding
    });
}
