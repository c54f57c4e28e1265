//! What is told while the file is read: quirks of the text, and what the product makes of it.

use ringlock_config::{Config, DatabaseText, Document, document::QuirkKind};
use ringlock_files::version_beside;
use ringlock_finding::{Finding, Findings, Position, Severity};

use crate::{
    node::Node,
    read::read_text,
    rule::{Check, Rule},
};

macro_rules! told {
    ($($name:ident $code:literal $severity:ident $requirement:literal $title:literal $explanation:literal)*) => {
        $(pub(crate) static $name: Rule = Rule {
            code: $code,
            severity: Severity::$severity,
            requirement: $requirement,
            title: $title,
            explanation: $explanation,
            check: Check::Reading,
        };)*
    };
}

told! {
    CANNOT_READ "cannot-read" Error ""
        "the file cannot be read"
        "It does not exist, this user has no right to it, it is larger than 8 MiB, or it is no text \
         in UTF-8. Nothing in it was checked, and the exit code is 2."

    NOT_YAML "not-yaml" Error ""
        "the file is no YAML that the products read"
        "Tabs for indentation, a second document, a bracket that is not closed, characters that YAML \
         forbids: the database does not start with such a file. Nothing behind the place was checked."

    DUPLICATE_KEY "duplicate-key" Warning ""
        "a key is given twice"
        "The products take the last one and say nothing; of two blocks with one name the second \
         replaces the first as a whole. A reader, or an editing tool, may well look at the first. \
         Remove one."

    ALIAS "yaml-alias" Note ""
        "an anchor, alias, merge key or tag is used"
        "Cassandra obeys them, and tools that edit line by line do not see that a value stands \
         elsewhere. ScyllaDB does not know merge keys: it drops the whole block for one."

    BYTE_ORDER_MARK "byte-order-mark" Note ""
        "the file begins with a byte order mark"
        "The products skip it; tools that look for the first key may not. Save the file as UTF-8 \
         without a mark."

    CARRIAGE_RETURNS "carriage-returns" Note ""
        "lines end with a carriage return"
        "The file was edited on another system. YAML takes both kinds of line ends; shell scripts \
         that read the file do not."

    EMPTY_FILE "empty-file" Error ""
        "nothing is in the file"
        "Cassandra 4.1 fails at a file without any key. The others go on with their defaults, which \
         encrypt nothing."

    UNKNOWN_KEY "unknown-key" Error "C3C-12 G-07"
        "the product does not know a key"
        "Cassandra and DSE refuse to start and name the key. ScyllaDB warns of an unknown key at the \
         top level and ignores one within a block in silence, so that a misspelt truststore is no \
         truststore. The nearest key that the product knows is named."

    OTHER_VERSION "other-version" Error "B-01 B-02"
        "another product or version knows the key, this one does not"
        "Configurations are carried from version to version, and a key may be newer or older than \
         the product that reads it. Cassandra and DSE refuse to start; ScyllaDB ignores the key, so \
         that a pasted Cassandra block encrypts with files nobody meant. Where the product was not \
         recognised, give it with --dialect."

    SINCE_VERSION "since-version" Note ""
        "the key came with a release of this line"
        "Earlier releases of the same product do not know it. Make sure that every node runs the \
         release that is named, or a later one."

    DOUBTFUL_KEY "doubtful-key" Warning ""
        "it is not certain that the product knows the key"
        "Documentation and source, or two pages of the documentation, contradict each other about \
         it. Try it on one node before relying on it."

    MISPLACED_KEY "misplaced-key" Error ""
        "a key stands outside the block it belongs to"
        "An encryption key at the top level has no effect or keeps the node from starting; most \
         often its indentation was lost. Indent it below its block."

    WITHOUT_EFFECT "without-effect" Warning "B-13"
        "the product accepts the key and does nothing with it"
        "The key is left over from another product or version. What it should bring about does not \
         happen."

    OLD_SPELLING "old-spelling" Warning "B-02 B-43"
        "a key or word has a newer name"
        "The product still takes the old one. A later version may refuse it; write the new one."

    BAD_VALUE "bad-value" Error ""
        "the product cannot make sense of a value"
        "Cassandra and DSE refuse to start with a value of the wrong kind. ScyllaDB logs it and goes \
         on with the default of the option, which may mean without encryption."

    BLANK_VALUE "blank-value" Error "DSE-31"
        "a key has no value, and this version does not take that for absent"
        "Which keys may be blank differs from version to version. Remove the line, comment it out or \
         give it a value."

    TRAILING_BLANK "trailing-blank" Warning "C3C-15"
        "a quoted value ends with a blank"
        "YAML trims plain values and keeps blanks within quotes, and the product uses them: a path \
         with a blank at its end names another file."

    REFUSED_BY_RINGLOCK "refused-by-ringlock" Error ""
        "the agent does not start with this"
        "ringlock.yaml is read strictly: whatever the agent does not obey is an error, because who \
         wrote it relies on it."
}

/// Whether a rule says in particular what reading says in general.
pub(crate) fn says_more(rule: &str, reading: &str) -> bool {
    const PARTICULAR: [&str; 7] = [
        "internode-encryption-unknown",
        "revocation-list-spelling",
        "blank-value-drops-block",
        "switch-silently-off",
        "endpoint-verification-ignored",
        "pem-inline-and-file",
        "priority-string-refused",
    ];
    let general = [
        &UNKNOWN_KEY,
        &OTHER_VERSION,
        &WITHOUT_EFFECT,
        &BAD_VALUE,
        &BLANK_VALUE,
        &REFUSED_BY_RINGLOCK,
    ];
    PARTICULAR.contains(&rule) && general.iter().any(|rule| rule.code == reading)
}

/// Everything that reading tells.
pub(crate) fn findings(node: &Node<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = node.resolved.findings.to_vec();
    if node.is_ringlock() {
        strict(node, &mut found);
    }
    let known: Vec<(String, Position)> = found
        .iter()
        .filter(|finding| finding.code == DUPLICATE_KEY.code)
        .map(|finding| (finding.key.clone(), finding.at))
        .collect();
    for quirk in node.document.quirks() {
        let (rule, message) = match quirk.kind {
            QuirkKind::DuplicateKey { first } => {
                let message = format!("given before on line {}; this one counts", first.line);
                (&DUPLICATE_KEY, message)
            }
            QuirkKind::Anchor => (&ALIAS, "an anchor, repeated elsewhere".to_owned()),
            QuirkKind::Alias => (&ALIAS, "an alias, whose value stands elsewhere".to_owned()),
            QuirkKind::MergeKey => (
                &ALIAS,
                "a merge key, whose values stand elsewhere".to_owned(),
            ),
            QuirkKind::Tag => (&ALIAS, "a tag".to_owned()),
            QuirkKind::ByteOrderMark => (&BYTE_ORDER_MARK, "begins with U+FEFF".to_owned()),
            QuirkKind::CarriageReturns => (
                &CARRIAGE_RETURNS,
                "lines end with a carriage return".to_owned(),
            ),
        };
        let is_known = known
            .iter()
            .any(|(key, at)| *key == quirk.key && *at == quirk.at);
        if is_known && rule.code == DUPLICATE_KEY.code {
            continue;
        }
        found.push(rule.on(node, quirk.at, quirk.key.as_str(), message));
    }
    found
}

/// Adds what keeps the agent from starting and was not told yet.
fn strict(node: &Node<'_>, found: &mut Vec<Finding>) {
    let document = node.document;
    let Err(refused) = parse_strictly(document) else {
        return;
    };
    for finding in refused {
        let is_told = found
            .iter()
            .any(|told| told.key == finding.key && told.at.line == finding.at.line);
        if !is_told {
            found.push(finding.code(REFUSED_BY_RINGLOCK.code));
        }
    }
}

/// Reads it as the agent does, with the database's own file where it names one.
fn parse_strictly(document: &Document) -> Result<Config, Findings> {
    let (own, path) = (document.text(), document.path());
    let named = ringlock_config::database_config(own, path);
    // A file that cannot be read is told as one that was not read.
    let text = named.as_deref().and_then(|named| read_text(named).ok());
    let version = named.as_deref().and_then(version_beside);
    let database = named.as_deref().zip(text.as_deref());
    let database = database.map(|(path, text)| DatabaseText {
        path,
        text,
        version: version.as_deref(),
    });
    ringlock_config::parse_with(own, path, database)
}

/// A finding of the reader, with a code in any case.
pub(crate) fn completed(finding: Finding) -> Finding {
    match finding.code {
        "" => finding.code(NOT_YAML.code),
        _ => finding,
    }
}
