//! The file as an operator writes it, through [`parse`](crate::parse).

mod database;
mod identity;
mod inline;
mod mistakes;
mod offer;
mod options;
mod properties;
mod token;
mod topology;

use std::path::Path;

use ringlock_finding::Findings;

use crate::{Config, parse};

/// The shortest file that is complete.
const SHORTEST: &str = "\
ringlock: {cluster: Test Cluster}
server_encryption_options:
  keystore: node.pem
  truststore: ca.crt
";

fn read(text: &str) -> Result<Config, Findings> {
    parse(text, Path::new("/etc/ringlock/ringlock.yaml"))
}

/// What is printed of a file with mistakes, under a short name.
fn mistakes(text: &str) -> String {
    match parse(text, Path::new("ringlock.yaml")) {
        Ok(config) => panic!("no mistake was found in\n{text}\n{config:#?}"),
        Err(findings) => findings.to_string(),
    }
}
