use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ringlock_config::{Document, Entry, Node};
use ringlock_files::{FileError, read_limited};
use ringlock_finding::{Finding, Findings, Position};

use crate::{
    Password,
    kmip::{Group, Host, StoreFile},
};

/// Longer files are no configuration.
const LONGEST: u64 = 8 << 20;

const ACTIVE: &str = "config_encryption_active";
const KEY_NAME: &str = "config_encryption_key_name";
const KEY_DIRECTORY: &str = "system_key_directory";
const GROUPS: &str = "kmip_hosts";

const DEFAULT_KEY_NAME: &str = "system_key";
const DEFAULT_KEY_DIRECTORY: &str = "/etc/dse/conf";
/// DSE's, in milliseconds.
const DEFAULT_TIMEOUT: u64 = 1000;
const LONGEST_TIMEOUT: u64 = 600_000;
const KMIP: &str = "kmip://";

/// What a `dse.yaml` says about encrypted properties.
#[derive(Clone, Debug)]
pub struct DseYaml {
    document: Document,
    active: bool,
    key: KeyName,
    groups: Vec<Group>,
}

/// Where DSE finds its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// In a file of `system_key_directory`.
    File(PathBuf),
    /// In a KMIP server.
    Kmip {
        /// A group of `kmip_hosts`.
        group: String,
        /// The name or identifier of the key.
        name: String,
    },
}

impl DseYaml {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, is no YAML, or an option of these is wrong.
    pub fn read(path: &Path) -> Result<Self, DseYamlError> {
        let bytes = read_limited(path, LONGEST).map_err(DseYamlError::File)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Findings::from(Finding::error(path, Position::START, "", "is not UTF-8"))
        })?;
        Ok(Self::parse(&text, path)?)
    }

    /// Reads the text of the file at `path`, which is only named. Relative paths in it are taken
    /// from its folder.
    ///
    /// # Errors
    /// It is no YAML, or an option of these is wrong; every mistake is told.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Findings> {
        let document = Document::parse(text, path)?;
        let mut reader = Reader {
            path,
            findings: Findings::new(),
        };
        let root = document.root();
        let active = reader.active(root);
        let key = reader.key(root);
        let groups = reader.groups(root);
        if let KeyName::Kmip { group, .. } = &key
            && !groups.iter().any(|known| known.name == *group)
            && let Some(entry) = root.get(KEY_NAME)
        {
            let message = "names a KMIP group that kmip_hosts does not have";
            reader.fault(entry, KEY_NAME, message);
        }
        if reader.findings.has_errors() {
            return Err(reader.findings);
        }
        Ok(Self {
            document,
            active,
            key,
            groups,
        })
    }

    /// `config_encryption_active`; false where it is left out.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// `config_encryption_key_name` within `system_key_directory`, or the key that it names in a
    /// KMIP server; `/etc/dse/conf/system_key` where both are left out.
    pub fn key(&self) -> &KeyName {
        &self.key
    }

    /// `kmip_hosts`, in the order of the file.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The whole file.
    pub fn document(&self) -> &Document {
        &self.document
    }
}

/// Why a `dse.yaml` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DseYamlError {
    /// It could not be read.
    #[error(transparent)]
    File(FileError),
    /// What it says is wrong.
    #[error(transparent)]
    Content(#[from] Findings),
}

struct Reader<'a> {
    path: &'a Path,
    findings: Findings,
}

impl Reader<'_> {
    fn active(&mut self, root: &Node) -> bool {
        let Some(entry) = present(root, ACTIVE) else {
            return false;
        };
        match entry.node.scalar().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on") => true,
            Some("false" | "no" | "off") => false,
            _ => {
                self.fault(entry, ACTIVE, "is neither true nor false");
                false
            }
        }
    }

    fn key(&mut self, root: &Node) -> KeyName {
        let folder = match present(root, KEY_DIRECTORY) {
            Some(entry) => self.text(entry, KEY_DIRECTORY).unwrap_or_default(),
            None => DEFAULT_KEY_DIRECTORY,
        };
        let file = |name: &str| KeyName::File(self.resolved(folder).join(name));
        let Some(entry) = present(root, KEY_NAME) else {
            return file(DEFAULT_KEY_NAME);
        };
        let name = entry.node.scalar().unwrap_or_default();
        if let Some(rest) = name.strip_prefix(KMIP) {
            if let Some((group, name)) = rest.split_once('/')
                && !group.is_empty()
                && !name.is_empty()
            {
                return KeyName::Kmip {
                    group: group.to_owned(),
                    name: name.to_owned(),
                };
            }
            self.fault(entry, KEY_NAME, "is no kmip://GROUP/NAME");
        } else if name.is_empty() || name.contains('/') {
            let message = "is no file name; expected that of a file in system_key_directory";
            self.fault(entry, KEY_NAME, message);
        }
        KeyName::File(self.resolved(folder).join(name))
    }

    fn groups(&mut self, root: &Node) -> Vec<Group> {
        let Some(entry) = present(root, GROUPS) else {
            return Vec::new();
        };
        if entry.node.entries().is_empty() {
            self.fault(entry, GROUPS, "is no mapping of groups");
        }
        entry
            .node
            .entries()
            .iter()
            .filter_map(|group| self.group(group))
            .collect()
    }

    fn group(&mut self, entry: &Entry) -> Option<Group> {
        let key = format!("{GROUPS}.{}", entry.key);
        if entry.node.entries().is_empty() {
            self.fault(entry, &key, "is no mapping of a group's options");
            return None;
        }
        let hosts = self.hosts(entry, &key);
        let keystore = self.store(entry, &key, "keystore");
        let truststore = self.store(entry, &key, "truststore");
        let timeout = self.timeout(entry, &key);
        Some(Group {
            name: entry.key.clone(),
            hosts: hosts?,
            keystore: keystore?,
            truststore: truststore?,
            timeout: timeout?,
        })
    }

    fn hosts(&mut self, group: &Entry, key: &str) -> Option<Vec<Host>> {
        let key = format!("{key}.hosts");
        let Some(entry) = present(&group.node, "hosts") else {
            self.fault(group, &key, "is missing; expected HOST[:PORT], …");
            return None;
        };
        let text = self.text(entry, &key)?;
        let hosts = text.split(',').map(Host::parse).collect::<Option<Vec<_>>>();
        if hosts.is_none() {
            self.fault(entry, &key, "is no list of HOST[:PORT], …");
        }
        hosts
    }

    fn store(&mut self, group: &Entry, key: &str, store: &str) -> Option<StoreFile> {
        let path_key = format!("{key}.{store}_path");
        let Some(path) = present(&group.node, &format!("{store}_path")) else {
            self.fault(group, &path_key, "is missing; expected a file");
            return None;
        };
        let path = self.text(path, &path_key)?;
        let password = match present(&group.node, &format!("{store}_password")) {
            Some(entry) => Some(Password::new(
                self.text(entry, &format!("{key}.{store}_password"))?,
            )),
            None => None,
        };
        Some(StoreFile {
            path: self.resolved(path),
            password,
        })
    }

    fn timeout(&mut self, group: &Entry, key: &str) -> Option<Duration> {
        let Some(entry) = present(&group.node, "timeout") else {
            return Some(Duration::from_millis(DEFAULT_TIMEOUT));
        };
        let millis = entry
            .node
            .scalar()
            .and_then(|text| text.parse().ok())
            .filter(|millis| (1..=LONGEST_TIMEOUT).contains(millis));
        if millis.is_none() {
            let message = "is no number of milliseconds between 1 and 600000";
            self.fault(entry, &format!("{key}.timeout"), message);
        }
        millis.map(Duration::from_millis)
    }

    fn text<'n>(&mut self, entry: &'n Entry, key: &str) -> Option<&'n str> {
        let text = entry.node.scalar();
        if text.is_none() {
            self.fault(entry, key, "is no single value");
        }
        text
    }

    fn resolved(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    fn fault(&mut self, entry: &Entry, key: &str, message: &str) {
        let finding = Finding::error(self.path, entry.at, key, message);
        self.findings.push(finding);
    }
}

/// The entry of a key that is there and not blank, as one that is left out means.
fn present<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.get(key).filter(|entry| !entry.node.is_blank())
}
