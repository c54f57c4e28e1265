//! The page of the reference that lists the table.

use std::fmt::Write;

use super::{Default, Kind, OptionSpec, Section, Support};
use crate::dialect::{Dialect, Dialects};

/// The table in Markdown, for people.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for (title, about, belongs) in SECTIONS {
        // Writing to a string does not fail.
        let _infallible = write!(text, "\n## {title}\n\n{about}\n\n{COLUMNS}");
        for spec in super::all().filter(|spec| belongs(spec)) {
            text += &row(spec);
        }
    }
    text
}

const HEAD: &str = "# The databases' options\n\n\
    <!-- Written by `cargo xtask reference` from the table of options; do not edit. -->\n\n\
    Every option that concerns encryption, ports and addresses, by product and version. `ringlock \
    check` and `ringlock config` know these. A version that is not named does not know the key: \
    Cassandra, DSE and HCD then refuse to start, ScyllaDB ignores it. Where only Ringlock is \
    named, the word is taken in `ringlock.yaml` alone.\n";

const EVERYWHERE: Dialects = Dialects::DATABASES.and(Dialects::RINGLOCK);

const COLUMNS: &str = "| key | value | default | what it is | requirement |\n\
    | --- | --- | --- | --- | --- |\n";

/// Title, what it is about, and which rows belong to it.
type Part = (&'static str, &'static str, fn(&OptionSpec) -> bool);

const SECTIONS: [Part; 6] = [
    ("Top level", "Ports, addresses and the blocks.", |spec| {
        is_in(spec, Section::Top)
    }),
    (
        "Both blocks",
        "In `server_encryption_options`, for links between nodes, and in \
         `client_encryption_options`, for links from clients.",
        |spec| is_in(spec, Section::Server) && is_in(spec, Section::Client),
    ),
    (
        "`server_encryption_options` alone",
        "Links between nodes.",
        |spec| is_in(spec, Section::Server) && !is_in(spec, Section::Client),
    ),
    (
        "`client_encryption_options` alone",
        "Links from clients.",
        |spec| is_in(spec, Section::Client) && !is_in(spec, Section::Server),
    ),
    (
        "`alternator_encryption_options`",
        "Links from clients of ScyllaDB's other interface.",
        |spec| is_in(spec, Section::Alternator),
    ),
    (
        "`ssl_context_factory.parameters`",
        "Of `PEMBasedSslContextFactory`.",
        |spec| is_in(spec, Section::PemParameters),
    ),
];

fn is_in(spec: &OptionSpec, section: Section) -> bool {
    spec.sections.contains(&section)
}

fn row(spec: &OptionSpec) -> String {
    let secret = if spec.secret { ", secret" } else { "" };
    format!(
        "| `{}` | {}{secret} | {} | {} | {} |\n",
        spec.name,
        kind(spec.kind),
        support(spec),
        spec.about,
        spec.requirement
    )
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "`true`, `false`",
        Kind::Scope => "`none`, `all`, `dc`, `rack`; ScyllaDB also `transitional`",
        Kind::ClientAuth => "`true`, `false`; Cassandra 6.0 also `optional`",
        Kind::Port => "port",
        Kind::Path => "file",
        Kind::Text => "text",
        Kind::List => "list",
        Kind::Span => "`365d`, `12h`, `30m`",
        Kind::Class => "class",
        Kind::Factory => "`class_name`, `parameters`",
        Kind::Block => "block",
        Kind::Opaque => "block, not looked into",
    }
}

/// ``` `conf/.keystore` in Cassandra; unset in Ringlock ```
fn support(spec: &OptionSpec) -> String {
    let mut groups: Vec<(Support, Vec<Dialect>)> = Vec::new();
    for dialect in Dialect::ALL {
        let support = spec.support(dialect);
        match groups.iter_mut().find(|(of, _)| *of == support) {
            _ if support == Support::No => {}
            Some((_, dialects)) => dialects.push(dialect),
            None => groups.push((support, vec![dialect])),
        }
    }
    if groups.is_empty() {
        return "known to none".to_owned();
    }
    let groups = groups.into_iter().map(|(support, dialects)| {
        let since = dialects.iter().find_map(|dialect| {
            let version = spec.since_in(*dialect)?;
            Some(format!(" ({} since {version})", dialect.product()))
        });
        let since = since.unwrap_or_default();
        let dialects: Dialects = dialects.into_iter().collect();
        let dialects = if dialects == EVERYWHERE {
            "all".to_owned()
        } else {
            dialects.to_string()
        };
        let what = match support {
            Support::Taken(Default::Is(_)) if spec.secret => "a well-known one".to_owned(),
            Support::Taken(Default::Is(text)) => format!("`{text}`"),
            Support::Taken(Default::Unset) => "unset".to_owned(),
            Support::Renamed(name) => format!("old name of `{name}`"),
            Support::Ignored => "without effect".to_owned(),
            Support::Doubtful(_) => "doubtful".to_owned(),
            Support::No => "unknown".to_owned(),
        };
        let reason = match support {
            Support::Doubtful(why) => format!(" ({why})"),
            _ => since,
        };
        if spec.kind == Kind::Block && what == "unset" {
            format!("in {dialects}")
        } else {
            format!("{what} in {dialects}{reason}")
        }
    });
    groups.collect::<Vec<_>>().join("; ")
}
