//! Whether an edit did what was asked for, and nothing else.

use super::{Change, EditError};
use crate::{
    Document,
    document::{Node, Value},
};

/// Compares the trees before and after.
pub(super) fn only(
    change: &Change,
    path: &[&str],
    before: &Document,
    after: &Document,
) -> Result<(), EditError> {
    let failed = |other: Option<String>| EditError::SideEffect {
        key: change.key().to_owned(),
        other,
    };
    let found = after.root().find(path);
    let done = match change {
        Change::Set { value, .. } => found.is_some_and(|entry| value.is(&entry.node)),
        Change::Unset { .. } => found.is_none(),
    };
    if !done {
        return Err(failed(None));
    }
    let (old, new) = (others(before.root(), path), others(after.root(), path));
    let differing = (0..old.len().max(new.len())).find(|i| old.get(*i) != new.get(*i));
    match differing {
        None => Ok(()),
        Some(i) => {
            let leaf = old.get(i).or(new.get(i));
            Err(failed(leaf.map(|leaf| leaf.path.join("."))))
        }
    }
}

/// A value that holds no other, or an empty collection.
#[derive(PartialEq, Eq)]
struct Leaf<'d> {
    path: Vec<String>,
    value: Option<(&'d str, bool)>,
    kind: &'static str,
}

/// Every leaf that is neither at nor below `path`, and no blank or empty block on the way to it.
fn others<'d>(root: &'d Node, path: &[&str]) -> Vec<Leaf<'d>> {
    let mut leaves = Vec::new();
    collect(root, &mut Vec::new(), &mut leaves);
    leaves.retain(|leaf| {
        let shared = leaf.path.iter().zip(path).all(|(a, b)| a == b);
        let within = shared && leaf.path.len() >= path.len();
        let on_the_way = shared && leaf.path.len() < path.len() && leaf.value.is_none();
        !within && !on_the_way
    });
    leaves
}

fn collect<'d>(node: &'d Node, path: &mut Vec<String>, leaves: &mut Vec<Leaf<'d>>) {
    let leaf = |value, kind| Leaf {
        path: path.clone(),
        value,
        kind,
    };
    match &node.value {
        Value::Blank => leaves.push(leaf(None, "blank")),
        Value::Scalar { text, quoted } => leaves.push(leaf(Some((text, *quoted)), "scalar")),
        Value::Sequence(items) => {
            leaves.push(leaf(Some(("", false)), "list"));
            for (i, item) in items.iter().enumerate() {
                path.push(format!("[{i}]"));
                collect(item, path, leaves);
                path.pop();
            }
        }
        Value::Mapping(entries) => {
            if entries.is_empty() {
                leaves.push(leaf(None, "empty"));
            }
            for entry in entries {
                path.push(entry.key.clone());
                collect(&entry.node, path, leaves);
                path.pop();
            }
        }
    }
}
