//! Rules about the files that options name, with real certificates.

use std::{
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use fs_err as fs;
use ringlock_config::Dialect;
use ringlock_model::NodeUri;
use ringlock_pki::ca::{Ca, NodeRequest};
use ringlock_store::{KeyStore, Kind, Passwords, Writing, parse_pem};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::{NOW, options, told_at};
use crate::{Report, check};

/// A folder with a node's files and the yaml of a ScyllaDB that names them.
pub(super) struct Site {
    folder: TempDir,
    ca: Ca,
}

impl Site {
    pub(super) fn new() -> Self {
        Self::made_at(NOW)
    }

    fn made_at(made: OffsetDateTime) -> Self {
        let folder = TempDir::new().unwrap();
        let site = Self {
            folder,
            ca: Ca::init("Test Cluster", Duration::days(900), made).unwrap(),
        };
        site.open_folder(0o750);
        site.write("ca.crt", &site.ca.certificate_pem(), 0o644);
        site.issue("n1", made, 365);
        site
    }

    fn open_folder(&self, mode: u32) {
        fs::set_permissions(self.folder.path(), PermissionsExt::from_mode(mode)).unwrap();
    }

    fn issue(&self, node: &str, made: OffsetDateTime, days: i64) {
        let request = NodeRequest {
            uri: NodeUri {
                cluster: "Test Cluster".to_owned(),
                datacenter: "dc1".to_owned(),
                rack: "r1".to_owned(),
                node: node.to_owned(),
            },
            ips: vec![IpAddr::from([10, 0, 0, 1])],
            dns: Vec::new(),
            validity: Duration::days(days),
        };
        let issued = self.ca.issue(&request, made).unwrap();
        self.write(&format!("{node}.crt"), &issued.chain_pem(), 0o644);
        self.write(&format!("{node}.key"), &issued.key_pem(), 0o600);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    /// The node's key and certificate as a store of this kind.
    pub(super) fn keystore(&self, name: &str, kind: Kind, password: &str) {
        let pem = ["n1.key", "n1.crt"].map(|file| fs::read_to_string(self.path(file)).unwrap());
        let mut store = parse_pem(pem.concat().as_bytes()).unwrap();
        let chain = store.certificates.drain(..).map(|entry| entry.certificate);
        store.keys[0].chain = chain.collect();
        self.write_store(name, &store, kind, password);
    }

    /// The CA's certificate as a store of this kind.
    pub(super) fn truststore(&self, name: &str, kind: Kind, password: &str) {
        let store = parse_pem(self.ca.certificate_pem().as_bytes()).unwrap();
        self.write_store(name, &store, kind, password);
    }

    fn write_store(&self, name: &str, store: &KeyStore, kind: Kind, password: &str) {
        let how = Writing {
            to: kind,
            passwords: Passwords {
                store: Some(password),
                key: None,
            },
            deterministic: false,
            created: 0,
        };
        fs::write(self.path(name), ringlock_store::write(store, &how).unwrap()).unwrap();
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// The yaml of a node with these files.
    fn yaml(&self, certificate: &str, key: &str, rest: &str) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        format!(
            "server_encryption_options:\n  internode_encryption: all\n  certificate: {}\n  \
             keyfile: {}\n  truststore: {}\n  require_client_auth: true\n{rest}",
            path(certificate),
            path(key),
            path("ca.crt"),
        )
    }

    fn told(&self, certificate: &str, key: &str, rest: &str) -> Report {
        let yaml = self.yaml(certificate, key, rest);
        told_at(&self.path("scylla.yaml"), Dialect::Scylla, &yaml)
    }

    /// The codes of what is told of the node `n1`.
    fn codes(&self) -> Vec<&'static str> {
        self.told("n1.crt", "n1.key", "").codes()
    }
}

#[test]
fn a_sound_set_of_files_has_no_finding() {
    let site = Site::new();
    let report = site.told("n1.crt", "n1.key", "listen_address: 10.0.0.1\n");
    assert_eq!(report.codes(), [""; 0]);
}

#[test]
fn a_key_that_others_may_read_is_told_with_its_mode() {
    let site = Site::new();
    fs::set_permissions(site.path("n1.key"), PermissionsExt::from_mode(0o644)).unwrap();
    let report = site.told("n1.crt", "n1.key", "");
    assert_eq!(report.codes(), ["key-file-open"]);
    let finding = &report.told[0].finding;
    assert!(finding.message.contains("0644"), "{finding}");
    assert_eq!(finding.at.line, 4);
}

#[test]
fn trust_and_folders_that_others_may_write_are_told() {
    let site = Site::new();
    fs::set_permissions(site.path("ca.crt"), PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(site.codes(), ["trust-file-writable"]);
    fs::set_permissions(site.path("ca.crt"), PermissionsExt::from_mode(0o644)).unwrap();
    site.open_folder(0o777);
    assert_eq!(site.codes(), ["key-folder-open"]);
}

#[test]
fn a_file_that_is_not_there_is_told_and_a_folder_of_another_machine_is_not() {
    let site = Site::new();
    assert_eq!(
        site.told("gone.crt", "n1.key", "").codes(),
        ["file-missing"]
    );
    let elsewhere = site.told("other/machine.crt", "other/machine.key", "");
    assert_eq!(elsewhere.codes(), [""; 0]);
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let site = Site::new();
    site.issue("n2", NOW, 365);
    let codes = site.told("n1.crt", "n2.key", "").codes();
    assert_eq!(codes, ["key-certificate-mismatch"]);
}

#[test]
fn the_time_of_a_certificate_is_judged() {
    let site = Site::made_at(NOW - Duration::days(400));
    assert_eq!(site.codes(), ["certificate-expired"]);
    let site = Site::made_at(NOW - Duration::days(350));
    assert_eq!(site.codes(), ["certificate-expires-soon"]);
    let site = Site::made_at(NOW + Duration::days(9));
    assert_eq!(site.codes(), ["certificate-not-yet-valid"]);
}

#[test]
fn a_ca_is_no_node() {
    let site = Site::new();
    site.write("ca.key", &site.ca.key_pem().unwrap(), 0o600);
    assert_eq!(
        site.told("ca.crt", "ca.key", "").codes(),
        ["certificate-usage"]
    );
}

#[test]
fn an_address_that_the_certificate_lacks_is_told() {
    let site = Site::new();
    let report = site.told("n1.crt", "n1.key", "listen_address: 10.0.0.2\n");
    assert_eq!(report.codes(), ["certificate-lacks-address"]);
}

#[test]
fn a_certificate_of_another_ca_is_told() {
    let site = Site::new();
    let other = Site::new();
    site.write("ca.crt", &other.ca.certificate_pem(), 0o644);
    assert_eq!(site.codes(), ["certificate-untrusted"]);
}

#[test]
fn files_without_what_they_should_hold_are_told() {
    let site = Site::new();
    site.write("n1.crt", "", 0o644);
    assert_eq!(site.codes(), ["store-unreadable"]);
    let site = Site::new();
    fs::copy(site.path("ca.crt"), site.path("n1.key")).unwrap();
    fs::set_permissions(site.path("n1.key"), PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(site.codes(), ["identity-unusable"]);
    let site = Site::new();
    fs::copy(site.path("n1.crt"), site.path("ca.crt")).unwrap();
    assert!(site.codes().contains(&"truststore-unusable"));
}

#[test]
fn two_nodes_with_one_key_and_different_scopes_are_told() {
    let site = Site::new();
    fs::copy(site.path("n1.crt"), site.path("n2.crt")).unwrap();
    fs::copy(site.path("n1.key"), site.path("n2.key")).unwrap();
    let fleet = site.path("fleet");
    fs::create_dir(&fleet).unwrap();
    let second = site.yaml("n2.crt", "n2.key", "");
    fs::write(fleet.join("n1.yaml"), site.yaml("n1.crt", "n1.key", "")).unwrap();
    fs::write(fleet.join("n2.yaml"), &second).unwrap();
    let codes = |fleet: &Path| check(&[fleet.to_owned()], &options(None)).codes();
    assert_eq!(codes(&fleet), ["key-shared"]);
    site.issue("n2", NOW, 365);
    let mixed = second.replace("encryption: all", "encryption: transitional");
    fs::write(fleet.join("n2.yaml"), mixed).unwrap();
    assert_eq!(codes(&fleet), ["transitional-scope", "settings-differ"]);
}

#[test]
fn nodes_of_two_clusters_are_not_compared_but_may_not_share_a_key() {
    let site = Site::new();
    let fleet = site.path("fleet");
    fs::create_dir(&fleet).unwrap();
    site.issue("n2", NOW, 365);
    let first = site.yaml("n1.crt", "n1.key", "cluster_name: one\n");
    let second = site
        .yaml("n2.crt", "n2.key", "cluster_name: two\n")
        .replace("require_client_auth: true", "require_client_auth: false");
    fs::write(fleet.join("n1.yaml"), first).unwrap();
    fs::write(fleet.join("n2.yaml"), &second).unwrap();
    let codes = || check(std::slice::from_ref(&fleet), &options(None)).codes();
    assert_eq!(codes(), ["client-auth-off"]);
    fs::write(
        fleet.join("n2.yaml"),
        second.replace("name: two", "name: one"),
    )
    .unwrap();
    assert!(codes().contains(&"settings-differ"));
    fs::copy(site.path("n1.crt"), site.path("n2.crt")).unwrap();
    fs::copy(site.path("n1.key"), site.path("n2.key")).unwrap();
    fs::write(fleet.join("n2.yaml"), &second).unwrap();
    assert!(codes().contains(&"key-shared"));
}

#[test]
fn an_absent_optional_is_told_where_the_keystore_is_there_and_not_where_it_is_not() {
    let site = Site::new();
    fs::create_dir(site.path("conf")).unwrap();
    let yaml = "server_encryption_options:\n  internode_encryption: all\n";
    let codes = || {
        told_at(
            &site.path("conf/cassandra.yaml"),
            Dialect::Cassandra50,
            yaml,
        )
        .codes()
    };
    assert!(codes().contains(&"optional-absent"), "it cannot be seen");
    let named = format!("{yaml}  keystore: {}\n", site.path("gone.p12").display());
    let report = told_at(
        &site.path("conf/cassandra.yaml"),
        Dialect::Cassandra50,
        &named,
    );
    assert!(!report.codes().contains(&"optional-absent"));
    assert!(report.codes().contains(&"file-missing"));
    site.write("conf/.keystore", "", 0o600);
    assert!(codes().contains(&"optional-absent"), "the default is there");
}

#[test]
fn a_keystore_that_is_there_although_encryption_is_off_is_told() {
    let site = Site::new();
    fs::create_dir(site.path("conf")).unwrap();
    site.write("conf/.keystore", "\u{1}", 0o600);
    let told = |dialect, yaml: &str| {
        told_at(&site.path("conf/cassandra.yaml"), dialect, yaml)
            .told
            .into_iter()
            .filter(|told| told.finding.code == "keystore-makes-optional")
            .map(|told| told.finding)
            .collect::<Vec<_>>()
    };
    let by_default = told(Dialect::Cassandra41, "cluster_name: a\n");
    assert_eq!(by_default.len(), 2, "both blocks: {by_default:?}");
    assert!(told(Dialect::Cassandra311, "cluster_name: a\n").is_empty());
    let off = "server_encryption_options: {optional: false}\n\
               client_encryption_options: {optional: false}\n";
    assert!(told(Dialect::Cassandra41, off).is_empty());
    let gone = format!(
        "server_encryption_options: {{truststore: {}}}\n",
        site.path("gone").display()
    );
    let fatal = told(Dialect::Cassandra41, &gone);
    assert_eq!(fatal[0].severity, ringlock_finding::Severity::Error);
}

#[test]
fn a_store_of_another_type_than_is_said_is_told() {
    const JCEKS: &[u8] = b"\xCE\xCE\xCE\xCE\0\0\0\x02";
    const JKS: &[u8] = b"\xFE\xED\xFE\xED\0\0\0\x02";
    let site = Site::new();
    let codes = |bytes: &[u8], rest: &str| {
        fs::write(site.path("store"), bytes).unwrap();
        fs::set_permissions(site.path("store"), PermissionsExt::from_mode(0o600)).unwrap();
        let yaml = format!(
            "server_encryption_options:\n  keystore: {}\n{rest}",
            site.path("store").display()
        );
        told_at(&site.path("cassandra.yaml"), Dialect::Cassandra41, &yaml).codes()
    };
    let code = "store-type-mismatch";
    assert!(codes(JCEKS, "").contains(&code), "JKS is the default");
    assert!(!codes(JCEKS, "  store_type: JCEKS\n").contains(&code));
    assert!(!codes(JKS, "  store_type: PKCS12\n").contains(&code));
}

#[test]
fn pem_and_the_stores_of_java_are_not_taken_for_one_another() {
    let site = Site::new();
    site.keystore("jks", Kind::Jks, "a-password");
    let pem = ["n1.key", "n1.crt"].map(|file| fs::read_to_string(site.path(file)).unwrap());
    site.write("pem", &pem.concat(), 0o600);
    site.write("odd", "\u{30}odd", 0o600);
    let codes = |file: &str, rest: &str| {
        let keystore = format!(
            "  keystore: {}\n  keystore_password: a-password\n{rest}",
            site.path(file).display()
        );
        let report = cassandra(&site, &format!("{keystore}  truststore: /nowhere/t\n"));
        report.codes()
    };
    let factory = "  ssl_context_factory: PEMBasedSslContextFactory\n";
    assert_eq!(codes("pem", factory), [""; 0]);
    assert_eq!(codes("jks", ""), [""; 0]);
    assert_eq!(codes("pem", ""), ["store-type-mismatch"]);
    assert_eq!(codes("jks", factory), ["store-type-mismatch"]);
    assert_eq!(codes("odd", ""), ["store-unreadable"]);
    assert_eq!(codes("odd", "  store_type: BCFKS\n"), [""; 0]);
}

#[test]
fn stores_of_java_are_opened_with_their_passwords_and_judged_like_pem() {
    let site = Site::new();
    // The profile of the tests tells JKS and JCEKS by their names.
    let codes = |report: &Report| {
        let mut codes = report.codes();
        codes.retain(|code| *code != "not-fips");
        codes
    };
    for kind in [Kind::Jks, Kind::Jceks, Kind::Pkcs12] {
        let told = |node: &str, given: &str| {
            site.keystore("store", kind, "a-password");
            site.truststore("trust", kind, "a-password");
            cassandra(
                &site,
                &format!(
                    "  store_type: {}\n  keystore: {}\n  keystore_password: {given}\n  \
                     truststore: {}\n  truststore_password: a-password\nlisten_address: {node}\n",
                    kind.name(),
                    site.path("store").display(),
                    site.path("trust").display(),
                ),
            )
        };
        assert_eq!(codes(&told("10.0.0.1", "a-password")), [""; 0], "{kind:?}");
        assert_eq!(
            codes(&told("10.0.0.9", "a-password")),
            ["certificate-lacks-address"],
            "{kind:?}"
        );
        let wrong = told("10.0.0.1", "another-secret");
        assert_eq!(codes(&wrong), ["store-password-wrong"], "{kind:?}");
        let message = &wrong.told.last().unwrap().finding.message;
        assert!(message.contains("password was incorrect"), "{message}");
        assert!(!message.contains("another-secret"), "{message}");
        let sealed = told("10.0.0.1", "ringlock:v1:0123456789abcdef:AAAA");
        assert_eq!(codes(&sealed), ["store-not-examined"], "{kind:?}");
    }
}

#[test]
fn suites_that_do_not_go_with_the_key_are_told() {
    let site = Site::new();
    site.keystore("store", Kind::Pkcs12, "a-password");
    site.truststore("trust", Kind::Pkcs12, "a-password");
    let told = |suites: &str| {
        let report = cassandra(
            &site,
            &format!(
                "  keystore: {}\n  keystore_password: a-password\n  truststore: {}\n  \
                 truststore_password: a-password\n  cipher_suites: [{suites}]\n",
                site.path("store").display(),
                site.path("trust").display()
            ),
        );
        report.codes().contains(&"suites-without-key")
    };
    assert!(told("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert!(!told("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
    assert!(!told(
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256"
    ));
    assert!(!told("NOT_KNOWN"));
}

#[test]
fn a_store_that_old_releases_of_java_8_cannot_open_is_told_where_they_may_be() {
    let site = Site::new();
    site.keystore("store", Kind::Pkcs12, "a-password");
    let told = |dialect| {
        let yaml = format!(
            "server_encryption_options:\n  internode_encryption: all\n  keystore: {}\n  \
             keystore_password: a-password\n",
            site.path("store").display()
        );
        let report = told_at(&site.path("cassandra.yaml"), dialect, &yaml);
        report.codes().contains(&"store-too-new")
    };
    assert!(told(Dialect::Cassandra311));
    assert!(!told(Dialect::Cassandra50));
}

#[test]
fn a_truststore_in_which_java_finds_nothing_is_told() {
    let site = Site::new();
    site.keystore("store", Kind::Pkcs12, "a-password");
    let made = std::process::Command::new("openssl")
        .args([
            "pkcs12",
            "-export",
            "-nokeys",
            "-passout",
            "pass:a-password",
            "-in",
        ])
        .arg(site.path("ca.crt"))
        .arg("-out")
        .arg(site.path("trust"))
        .status();
    assert!(made.unwrap().success());
    fs::set_permissions(site.path("trust"), PermissionsExt::from_mode(0o600)).unwrap();
    let report = cassandra(
        &site,
        &format!(
            "  keystore: {}\n  keystore_password: a-password\n  truststore: {}\n  \
             truststore_password: a-password\n",
            site.path("store").display(),
            site.path("trust").display()
        ),
    );
    assert_eq!(report.codes(), ["java-sees-less"]);
    let finding = &report.told[0].finding;
    assert!(
        finding
            .message
            .starts_with("Java finds no trust anchor in it: "),
        "{finding}"
    );
    assert!(
        finding.message.contains("2.16.840.1.113894.746875.1.1"),
        "{finding}"
    );
}

/// The yaml of a Cassandra 5.0 whose server block has these lines besides.
fn cassandra(site: &Site, lines: &str) -> Report {
    let yaml = format!(
        "server_encryption_options:\n  internode_encryption: all\n  optional: false\n  \
         require_client_auth: true\n  require_endpoint_verification: true\n{lines}"
    );
    told_at(&site.path("cassandra.yaml"), Dialect::Cassandra50, &yaml)
}

/// The lines of a PEM factory with these files of the site inline.
fn inline(site: &Site, key: &[&str], trusted: &str) -> String {
    let block = |name: &str, files: &[&str]| {
        let mut text = format!("      {name}: |\n");
        for file in files {
            for line in fs::read_to_string(site.path(file)).unwrap().lines() {
                text.push_str(&format!("        {line}\n"));
            }
        }
        text
    };
    format!(
        "  ssl_context_factory:\n    class_name: PEMBasedSslContextFactory\n    parameters:\n{}{}",
        block("private_key", key),
        block("trusted_certificates", &[trusted]),
    )
}

#[test]
fn keys_and_certificates_within_the_yaml_are_judged_like_files() {
    let site = Site::new();
    site.issue("n2", NOW, 365);
    let codes = |key: &[&str], trusted| cassandra(&site, &inline(&site, key, trusted)).codes();
    assert_eq!(codes(&["n1.key", "n1.crt"], "ca.crt"), [""; 0]);
    assert_eq!(
        codes(&["n2.key", "n1.crt"], "ca.crt"),
        ["key-certificate-mismatch"]
    );
    assert_eq!(codes(&["n1.key"], "ca.crt"), ["identity-unusable"]);
    assert_eq!(
        codes(&["n1.key", "n1.crt"], "n2.crt"),
        ["truststore-unusable"]
    );
    site.write("n1.crt", "-----BEGIN hunter2-----\n", 0o644);
    let report = cassandra(&site, &inline(&site, &["n1.key", "n1.crt"], "ca.crt"));
    assert_eq!(report.codes(), ["store-unreadable"]);
    assert!(!format!("{report:?}").contains("hunter2"));
}

#[test]
fn the_store_that_is_shown_to_dialled_nodes_is_judged() {
    let site = Site::made_at(NOW - Duration::days(400));
    let pem = ["n1.key", "n1.crt"].map(|file| fs::read_to_string(site.path(file)).unwrap());
    site.write("outbound.pem", &pem.concat(), 0o600);
    let line = format!(
        "  truststore: {}\n  outbound_keystore: {}\n  ssl_context_factory: PEMBasedSslContextFactory\n",
        site.path("ca.crt").display(),
        site.path("outbound.pem").display()
    );
    let report = cassandra(&site, &line);
    assert_eq!(report.codes(), ["certificate-expired"]);
    assert_eq!(
        report.told[0].finding.key,
        "server_encryption_options.outbound_keystore"
    );
}

#[test]
fn the_block_of_the_other_interface_of_scylladb_is_judged() {
    let site = Site::made_at(NOW - Duration::days(400));
    let path = |name: &str| site.path(name).display().to_string();
    let yaml = format!(
        "alternator_https_port: 8043\nalternator_encryption_options:\n  certificate: {}\n  \
         keyfile: {}\n",
        path("n1.crt"),
        path("n1.key")
    );
    let report = told_at(&site.path("scylla.yaml"), Dialect::Scylla, &yaml);
    assert_eq!(report.codes(), ["certificate-expired"]);
    assert_eq!(report.count(ringlock_finding::Severity::Error), 1);
}

#[test]
fn a_revocation_list_that_is_none_or_outdated_is_told() {
    let site = Site::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::new(rcgen::CertificateParams::default(), key);
    let list = |next_update: OffsetDateTime| {
        rcgen::CertificateRevocationListParams {
            this_update: next_update - Duration::days(7),
            next_update,
            crl_number: rcgen::SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        }
        .signed_by(&issuer)
        .unwrap()
    };
    let line = format!(
        "  certficate_revocation_list: {}\n",
        site.path("crl.pem").display()
    );
    let told = |content: &[u8]| {
        fs::write(site.path("crl.pem"), content).unwrap();
        fs::set_permissions(site.path("crl.pem"), PermissionsExt::from_mode(0o644)).unwrap();
        site.told("n1.crt", "n1.key", &line)
            .told
            .into_iter()
            .filter(|told| told.finding.code == "revocation-list-unusable")
            .map(|told| told.finding.message)
            .collect::<Vec<_>>()
    };
    let (good, old) = (list(NOW + Duration::days(7)), list(NOW - Duration::days(1)));
    assert_eq!(told(good.pem().unwrap().as_bytes()), [""; 0]);
    let outdated = told(old.pem().unwrap().as_bytes());
    assert!(outdated[0].contains("2026-05-31"), "{outdated:?}");
    assert!(told(good.der())[0].contains("DER"));
    assert!(told(b"nothing")[0].contains("no revocation list"));
}

#[test]
fn a_certificate_needs_the_usages_of_its_block_alone() {
    let site = Site::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut request = rcgen::CertificateParams::new(["node.example".to_owned()]).unwrap();
    request.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    request.not_before = NOW - Duration::days(1);
    request.not_after = NOW + Duration::days(300);
    let certificate = request.self_signed(&key).unwrap();
    site.write("serves.crt", &certificate.pem(), 0o644);
    site.write("serves.key", &key.serialize_pem(), 0o600);
    let path = |name: &str| site.path(name).display().to_string();
    let clients = format!(
        "client_encryption_options:\n  enabled: true\n  certificate: {}\n  keyfile: {}\n",
        path("serves.crt"),
        path("serves.key")
    );
    let told = |yaml: &str| told_at(&site.path("scylla.yaml"), Dialect::Scylla, yaml).codes();
    assert_eq!(told(&clients), [""; 0]);
    let codes = site.told("serves.crt", "serves.key", "").codes();
    assert_eq!(codes, ["certificate-usage"]);
}
