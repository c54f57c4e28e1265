//! `ssl_context_factory`: keys and certificates that stand in the file itself.

use super::{mistakes, read};
use crate::{IdentityFiles, TrustAnchors};

const INLINE: &str = "\
ringlock: {cluster: c}
server_encryption_options:
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
    parameters:
      private_key: |
        -----BEGIN PRIVATE KEY-----
        c2VjcmV0
        -----END PRIVATE KEY-----
      private_key_password: hunter2
      trusted_certificates: |
        -----BEGIN CERTIFICATE-----
        dHJ1c3RlZA==
        -----END CERTIFICATE-----
";

#[test]
fn key_and_anchors_may_stand_in_the_file_itself_and_are_never_shown() {
    let config = read(INLINE).unwrap();
    let IdentityFiles::Inline { private_key } = &config.internode.identity else {
        panic!("{config:?}");
    };
    assert!(private_key.value.reveal().contains("\nc2VjcmV0\n"));
    assert_eq!(
        private_key.origin.to_string(),
        "/etc/ringlock/ringlock.yaml:6:7"
    );
    let TrustAnchors::Inline(trusted) = &config.internode.trust else {
        panic!("{config:?}");
    };
    assert!(trusted.value.reveal().contains("dHJ1c3RlZA=="));
    let shown = format!("{config:?}\n{}", config.describe().join("\n"));
    for secret in ["c2VjcmV0", "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("ssl_context_factory.parameters.private_key = ****"),
        "{shown}"
    );
}

#[test]
fn the_factory_for_pem_takes_files_as_well() {
    let text = "\
ringlock: {cluster: c}
server_encryption_options:
  ssl_context_factory: {class_name: PEMBasedSslContextFactory}
  keystore: node.pem
  truststore: ca.pem
";
    let config = read(text).unwrap();
    assert_eq!(
        config.internode.identity,
        IdentityFiles::Combined {
            keystore: "/etc/ringlock/node.pem".into()
        }
    );
    assert_eq!(
        config.internode.trust,
        TrustAnchors::File("/etc/ringlock/ca.pem".into())
    );
}

#[test]
fn one_source_is_enough_and_another_factory_is_not_taken() {
    let both = format!("{INLINE}  keystore: node.pem\n  truststore: ca.pem\n");
    assert_eq!(
        mistakes(&both),
        "\
ringlock.yaml:6:7: server_encryption_options.ssl_context_factory.parameters.private_key: contradicts keystore (line 15); give either private_key, or keystore
ringlock.yaml:11:7: server_encryption_options.ssl_context_factory.parameters.trusted_certificates: contradicts truststore (line 16); give either trusted_certificates, or truststore"
    );
    let other = "\
ringlock: {cluster: c}
server_encryption_options:
  ssl_context_factory: {class_name: com.example.Vault}
";
    assert_eq!(
        mistakes(other),
        "ringlock.yaml:3:3: server_encryption_options.ssl_context_factory.class_name: not obeyed by this version yet (found \"com.example.Vault\", expected PEMBasedSslContextFactory)"
    );
}
