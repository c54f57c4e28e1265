use ringlock_config::{Document, Node};
use ringlock_finding::Position;

/// The sections whose passwords open stores and keys.
const SECTIONS: [&str; 3] = [
    "server_encryption_options",
    "client_encryption_options",
    "encryption_options",
];
/// Where the passwords of a factory of TLS contexts stand within a section.
const PARAMETERS: [&str; 2] = ["ssl_context_factory", "parameters"];
const LDAP: &str = "ldap_options";

/// What DSE protects once `config_encryption_active` is true, beyond the names of the sections.
const STORES: [&str; 2] = ["keystore_password", "truststore_password"];
const LDAP_PASSWORDS: [&str; 2] = ["search_password", "truststore_password"];

/// A password that stands in a database's file, in whatever form; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Property<'a> {
    /// Its dotted path, such as `server_encryption_options.keystore_password`.
    pub key: String,
    /// Where its value begins.
    pub at: Position,
    /// Whether DSE reads it encrypted once `config_encryption_active` is true, and refuses it then as
    /// plain text.
    pub encrypted_in_dse: bool,
    value: &'a str,
}

impl<'a> Property<'a> {
    /// What stands there.
    pub fn value(&self) -> &'a str {
        self.value
    }
}

impl std::fmt::Debug for Property<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Property({} at {})", self.key, self.at)
    }
}

/// The passwords that a file holds: those of the encryption options of `cassandra.yaml`,
/// `scylla.yaml` and `ringlock.yaml`, and those of `ldap_options` in `dse.yaml`. One that is blank or
/// empty is none. The passwords of `kmip_hosts` are not among them: DSE wants them plain.
pub fn protected(document: &Document) -> Vec<Property<'_>> {
    let mut found = Vec::new();
    for section in SECTIONS {
        if let Some(entry) = document.root().get(section) {
            collect(&entry.node, section, &STORES, &mut found);
            if let Some(parameters) = entry.node.find(&PARAMETERS) {
                let prefix = format!("{section}.{}", PARAMETERS.join("."));
                collect(&parameters.node, &prefix, &[], &mut found);
            }
        }
    }
    if let Some(entry) = document.root().get(LDAP) {
        collect(&entry.node, LDAP, &LDAP_PASSWORDS, &mut found);
    }
    found.sort_by_key(|property| property.at);
    found
}

fn collect<'a>(node: &'a Node, prefix: &str, in_dse: &[&str], found: &mut Vec<Property<'a>>) {
    for entry in node.entries() {
        let counts = node.get(&entry.key).is_some_and(|last| last.at == entry.at);
        let value = entry.node.scalar().filter(|value| !value.is_empty());
        if let Some(value) = value
            && counts
            && entry.key.ends_with("_password")
        {
            found.push(Property {
                key: format!("{prefix}.{}", entry.key),
                at: entry.node.at,
                encrypted_in_dse: in_dse.contains(&entry.key.as_str()),
                value,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const YAML: &str = "\
cluster_name: Test
server_encryption_options:
  keystore_password: a
  keystore_password_file: /etc/pw
  truststore_password:
  truststore_password: b
  outbound_keystore_password: c
client_encryption_options:
  keystore_password: ''
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
    parameters:
      private_key_password: d
ldap_options:
  search_password: e
  server_host: f
kmip_hosts:
  one:
    keystore_password: g
";

    #[test]
    fn passwords_are_found_wherever_a_database_takes_them_and_kmip_stores_are_left() {
        let document = Document::parse(YAML, Path::new("x.yaml")).unwrap();
        let found: Vec<_> = protected(&document)
            .iter()
            .map(|property| {
                (
                    property.key.clone(),
                    property.value(),
                    property.encrypted_in_dse,
                )
            })
            .collect();
        let expected = [
            ("server_encryption_options.keystore_password", "a", true),
            ("server_encryption_options.truststore_password", "b", true),
            (
                "server_encryption_options.outbound_keystore_password",
                "c",
                false,
            ),
            (
                "client_encryption_options.ssl_context_factory.parameters.private_key_password",
                "d",
                false,
            ),
            ("ldap_options.search_password", "e", true),
        ];
        assert_eq!(
            found,
            expected.map(|(key, value, dse)| (key.to_owned(), value, dse))
        );
    }

    #[test]
    fn a_property_shows_its_place_and_not_its_value() {
        let document =
            Document::parse("ldap_options: {search_password: hunter2}", Path::new("x")).unwrap();
        assert_eq!(
            format!("{:?}", protected(&document)),
            "[Property(ldap_options.search_password at 1:33)]"
        );
    }
}
