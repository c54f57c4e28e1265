//! The files of many nodes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Shaped like the file that Cassandra 4.1 ships.
const SHAPE: &str = include_str!("../../../crates/config/tests/fixtures/cassandra-4.1.yaml");

/// Writes `nodes` files of at least `lines` lines each into `folder`, one in a folder of its own.
pub(super) fn write(folder: &Path, nodes: u32, lines: usize) -> Result<()> {
    for node in 0..nodes {
        let own = folder.join(format!("node-{node:05}"));
        std::fs::create_dir_all(&own).with_context(|| format!("creating {}", own.display()))?;
        let file = own.join("cassandra.yaml");
        ringlock_files::write_atomic(&file, 0o640, text(node, lines).as_bytes())?;
    }
    Ok(())
}

fn text(node: u32, lines: usize) -> String {
    let [_, high, middle, low] = node.to_be_bytes();
    let address = format!("listen_address: 10.{high}.{middle}.{low}");
    let mut text = SHAPE.replace("listen_address: localhost", &address);
    for line in text.lines().count()..lines {
        let _ = writeln!(
            text,
            "# What an operator noted about this node, line {line}."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_a_long_file_and_an_address_of_its_own() {
        let (one, other) = (text(1, 2000), text(258, 2000));
        assert!(one.lines().count() >= 2000);
        assert!(one.contains("\nlisten_address: 10.0.0.1\n"));
        assert!(other.contains("\nlisten_address: 10.0.1.2\n"));
    }
}
