use ringlock_finding::{Finding, Position, Severity};

use crate::{
    certificates::{Loaded, Stores},
    fleet::Member,
    node::Node,
};

/// One kind of mistake, and how it is found.
#[derive(Debug)]
pub struct Rule {
    /// A stable word in kebab case.
    pub code: &'static str,
    /// How much a finding of it matters, unless the circumstances say otherwise.
    pub severity: Severity,
    /// The requirements it comes from, parted by blanks; empty where there is none.
    pub requirement: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What the product does then, why that hurts and what to do: whole sentences.
    pub explanation: &'static str,
    /// How it is found.
    pub(crate) check: Check,
}

/// How a mistake is found.
#[derive(Debug)]
pub(crate) enum Check {
    /// It is told while the file is read.
    Reading,
    /// In one node: its file, and the files that this one names.
    Node(fn(&Node<'_>, &mut Vec<Finding>)),
    /// In all nodes that were given, side by side.
    Fleet(fn(&[Member], &mut Vec<Finding>)),
}

impl Rule {
    /// A finding of this rule in the file of a node.
    pub(crate) fn on(
        &self,
        node: &Node<'_>,
        at: Position,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        self.finding(node.document.path(), at, key, message)
    }

    /// A finding of this rule about what an option names or holds: a warning where nothing is
    /// encrypted by the block.
    pub(crate) fn about<T>(
        &self,
        node: &Node<'_>,
        stores: &Stores,
        loaded: &Loaded<T>,
        message: impl Into<String>,
    ) -> Finding {
        let mut finding = self.on(node, loaded.at, stores.path(loaded), message);
        finding.found.clone_from(&loaded.written);
        if !stores.in_use {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        finding
    }

    /// A finding of this rule.
    pub(crate) fn finding(
        &self,
        file: impl Into<std::path::PathBuf>,
        at: Position,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        Finding::error(file, at, key, message)
            .code(self.code)
            .severity(self.severity)
            .requirement(self.requirement)
    }
}
