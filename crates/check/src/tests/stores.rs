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
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::{NOW, options, told_at};
use crate::{Report, check};

/// A folder with a node's files and the yaml of a ScyllaDB that names them.
struct Site {
    folder: TempDir,
    ca: Ca,
}

impl Site {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
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
    assert_eq!(codes(&fleet), ["settings-differ"]);
}
