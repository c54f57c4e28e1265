//! `ringlock.trusted_peers` and Cassandra's `internode_authenticator`: whose certificates are taken.

use std::{path::Path, sync::Arc};

use ringlock_finding::{Finding, Position};
use ringlock_model::{NodeUriError, PeerPattern};

use super::{database::Database, server_encryption::NOT_YET};
use crate::{
    Document, Origin, ServerEncryption, SpiffePeers, TrustedPeers,
    document::{Entry, Node, Value},
    section::{Given, Reader, Section},
    tree, value,
};

const AUTHENTICATOR: &str = "internode_authenticator";
const LIST: &str = "trusted_peers";
const PACKAGE: &str = "org.apache.cassandra.auth.";
const VALIDATOR: &str = "validator_class_name";
const IDENTITIES: &str = "trusted_peer_identities";
const NODE: &str = "node_identity";
const PARAMETERS: [&str; 3] = [VALIDATOR, IDENTITIES, NODE];

/// The lists, and what is to be said if peers need no certificate.
pub(super) struct Listed {
    peers: TrustedPeers,
    needs: Vec<Finding>,
}

impl Listed {
    /// The lists, unless whoever shows no certificate would go round them.
    pub(super) fn under(
        self,
        internode: Option<&ServerEncryption>,
        reader: &mut Reader,
    ) -> Option<TrustedPeers> {
        let is_evaded = internode.is_some_and(|it| !it.require_client_auth.is_required());
        if is_evaded && !self.needs.is_empty() {
            for finding in self.needs {
                reader.report(finding);
            }
            return None;
        }
        Some(self.peers)
    }
}

/// Reads both; none if a finding was reported.
pub(super) fn read(
    section: &Section<'_>,
    own: Option<&Document>,
    database: &Given<Database>,
    reader: &mut Reader,
) -> Option<Listed> {
    let mut needs = Vec::new();
    let patterns = match section.list(LIST, reader) {
        Given::Here(items, at) => {
            let path = section.path_of(LIST);
            needs.push(needing(reader.finding(at, &path, "")));
            patterns(items, at, &path, reader).map(Some)
        }
        Given::Absent => Some(None),
        Given::Wrong => None,
    };
    let database = match database {
        Given::Here(database, _) => Some(database.source.document()),
        Given::Absent | Given::Wrong => None,
    };
    let mut spiffe = None;
    for (document, is_own) in [(own, true), (database, false)] {
        let Some((document, entry)) = document.and_then(|it| Some((it, given(it)?))) else {
            continue;
        };
        let authenticator = Authenticator {
            document,
            entry,
            is_own,
        };
        let Some(found) = authenticator.read(reader)? else {
            continue;
        };
        if spiffe.replace(found).is_some() {
            let finding = authenticator.finding(entry.at, "", "given in ringlock.yaml as well");
            reader.report(finding.hint("keep one of them"));
            return None;
        }
        reader.add_origins(authenticator.origins().into_iter());
        needs.push(needing(authenticator.finding(entry.at, "", "")));
    }
    let patterns = patterns?;
    let peers = TrustedPeers { patterns, spiffe };
    Some(Listed { peers, needs })
}

fn needing(mut finding: Finding) -> Finding {
    "needs require_client_auth: true".clone_into(&mut finding.message);
    finding.hint("whoever shows no certificate would be on no list")
}

fn patterns(
    items: &[tree::Node],
    at: Position,
    path: &str,
    reader: &mut Reader,
) -> Option<Vec<PeerPattern>> {
    const EXPECTED: &str = "URIs or subjects of certificates";
    if items.is_empty() {
        let finding = reader.finding(at, path, "lets nobody in");
        reader.report(finding.expected(EXPECTED));
        return None;
    }
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        let finding = |message: String| reader.finding(item.at, path, message);
        let pattern: Result<PeerPattern, _> = match &item.value {
            tree::Value::Scalar(text) => match value::text(text) {
                Ok(text) => text
                    .parse()
                    .map_err(|error: NodeUriError| finding(error.to_string())),
                Err(wrong) => Err(finding(wrong.message).expected(wrong.expected)),
            },
            _ => Err(finding("no single value".to_owned()).expected(EXPECTED)),
        };
        match pattern {
            Ok(pattern) => read.push(pattern),
            Err(finding) => reader.report(finding),
        }
    }
    (read.len() == items.len()).then_some(read)
}

/// `internode_authenticator` of one file.
struct Authenticator<'d> {
    document: &'d Document,
    entry: &'d Entry,
    /// Whether it stands in `ringlock.yaml`, where nobody else obeys it.
    is_own: bool,
}

fn given(document: &Document) -> Option<&Entry> {
    let entry = document.root().get(AUTHENTICATOR)?;
    (!entry.node.is_blank()).then_some(entry)
}

impl Authenticator<'_> {
    /// Whom it trusts; nobody in particular where the class is another one.
    fn read(&self, reader: &mut Reader) -> Option<Option<SpiffePeers>> {
        let node = &self.entry.node;
        let class = node.scalar().or_else(|| scalar_of(node, "class_name"));
        let class = class.unwrap_or_default();
        match class.strip_prefix(PACKAGE).unwrap_or(class) {
            "MutualTlsInternodeAuthenticator" => self.mutual(reader).map(Some),
            "AllowAllInternodeAuthenticator" => Some(None),
            // The database goes on asking it.
            _ if !self.is_own => Some(None),
            _ => {
                let finding = self.finding(node.at, "class_name", NOT_YET);
                let finding = finding.found(crate::shortened(class));
                reader.report(finding.expected("MutualTlsInternodeAuthenticator"));
                None
            }
        }
    }

    fn mutual(&self, reader: &mut Reader) -> Option<SpiffePeers> {
        let parameters = self.parameters();
        let entries = parameters.map_or(&[][..], Node::entries);
        let is_unknown = |entry: &&Entry| self.is_own && !PARAMETERS.contains(&&*entry.key);
        if let Some(entry) = entries.iter().find(is_unknown) {
            let finding = self.finding(entry.at, &below(&entry.key), "unknown key");
            reader.report(finding.expected(PARAMETERS.join(", ")));
            return None;
        }
        let parameter = |name| {
            let entry = parameters?.get(name)?;
            Some((entry.node.scalar()?, entry.node.at))
        };
        let (validator, at) = parameter(VALIDATOR).unwrap_or(("", self.entry.at));
        match validator.strip_prefix(PACKAGE).unwrap_or(validator) {
            "SpiffeCertificateValidator" => {}
            other => {
                let finding = match other {
                    "" => self.finding(at, &below(VALIDATOR), "missing"),
                    _ => self
                        .finding(at, &below(VALIDATOR), NOT_YET)
                        .found(crate::shortened(validator)),
                };
                reader.report(finding.expected("SpiffeCertificateValidator"));
                return None;
            }
        }
        match parameter(IDENTITIES) {
            Some((listed, at)) => self.listed(listed, at, reader),
            None => Some(SpiffePeers::Own {
                expected: parameter(NODE).map(|(node, _)| node.to_owned()),
            }),
        }
    }

    /// Java's `split` keeps blanks, and drops what is empty at the end.
    fn listed(&self, listed: &str, at: Position, reader: &mut Reader) -> Option<SpiffePeers> {
        let identities = listed.trim_end_matches(',').split(',');
        let identities: Vec<_> = identities.map(str::to_owned).collect();
        let is_wrong = |it: &&String| !it.starts_with("spiffe://") || it.trim() != *it;
        if let Some(wrong) = identities.iter().find(is_wrong) {
            let finding = self.finding(at, &below(IDENTITIES), "names nobody");
            let finding = finding.found(crate::shortened(wrong));
            reader.report(finding.expected("spiffe://… URIs, with commas and no blanks between"));
            return None;
        }
        Some(SpiffePeers::Listed(identities))
    }

    /// Where each parameter stands.
    fn origins(&self) -> Vec<(String, Origin)> {
        let file: Arc<Path> = Arc::from(self.document.path());
        let entries = self.parameters().map_or(&[][..], Node::entries).iter();
        let origin = |entry: &Entry| Origin::File {
            file: Arc::clone(&file),
            line: entry.at.line,
            column: entry.at.column,
        };
        entries
            .map(|entry| {
                (
                    format!("{AUTHENTICATOR}.{}", below(&entry.key)),
                    origin(entry),
                )
            })
            .collect()
    }

    /// A mapping, or the first mapping of a list, as Cassandra takes them.
    fn parameters(&self) -> Option<&Node> {
        let node = &self.entry.node.get("parameters")?.node;
        match &node.value {
            Value::Sequence(items) => items.first(),
            _ => Some(node),
        }
    }

    fn finding(&self, at: Position, key: &str, message: &str) -> Finding {
        let path = match key {
            "" => AUTHENTICATOR.to_owned(),
            key => format!("{AUTHENTICATOR}.{key}"),
        };
        Finding::error(self.document.path(), at, path, message)
    }
}

fn below(parameter: &str) -> String {
    format!("parameters.{parameter}")
}

fn scalar_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key)?.node.scalar()
}
