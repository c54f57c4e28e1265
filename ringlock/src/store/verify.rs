//! `ringlock store verify`.

use std::{net::IpAddr, path::PathBuf};

use clap::ValueEnum;
use ringlock_pki::{
    RevocationLists, StaleList,
    crl::read_revocation_lists,
    verify::{Peer, Question, Verdict},
    view::{EntryView, assemble, entries},
};
use ringlock_store::{KeyEntry, KeyStore};
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use time::OffsetDateTime;

use super::{
    arguments::{Format, Given, ReadArgs, Truststore},
    material::{load, read},
    words::name,
};
use crate::{
    outcome::{Failure, Outcome, print},
    password::PasswordArgs,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  ringlock store verify --keystore n1.p12 --password-file pass \\
    --truststore truststore.p12 --truststore-password-file trust-pass --peer 10.0.0.1
  ringlock store verify --keystore node.pem --truststore ca.crt --crl ca.crl --by scylla";

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("one standard input").args([
    "password-stdin", "key-password-stdin", "truststore-password-stdin",
]))]
pub(crate) struct Args {
    /// The node's keystore; for PEM also twice, for certificate and key
    #[arg(long, value_name = "FILE", required = true)]
    keystore: Vec<PathBuf>,
    #[command(flatten)]
    passwords: ReadArgs,
    /// The peer's truststore
    #[arg(long, value_name = "FILE")]
    truststore: PathBuf,
    #[command(flatten)]
    truststore_password: PasswordArgs<Truststore>,
    /// A revocation list of the peer's, in PEM or DER
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Go on with revocation lists whose next one is overdue
    #[arg(long)]
    accept_stale_crl: bool,
    /// An address at which the peer sees the node, where it verifies endpoints
    #[arg(long, value_name = "IP")]
    peer: Vec<IpAddr>,
    /// Who the peer is [default: all]
    #[arg(long, value_enum, value_name = "PEER")]
    by: Vec<By>,
    /// Which private key, where the keystore holds several
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Cassandra and DSE, by Java's own TLS.
    Java,
    /// ScyllaDB, by GnuTLS.
    Scylla,
    /// A Ringlock agent.
    Ringlock,
}

impl By {
    fn peer(self) -> Peer {
        match self {
            Self::Java => Peer::Java,
            Self::Scylla => Peer::Scylla,
            Self::Ringlock => Peer::Ringlock,
        }
    }
}

/// Carries out the command.
pub(super) fn run(args: &Args, now: OffsetDateTime) -> Outcome {
    let own = own(args)?;
    let trust_given = Given::for_truststore(&args.truststore_password)?;
    let trust = load(&args.truststore, &trust_given)?.opened.store;
    let lists = lists(args, &trust, &own.chain, now)?;
    let question = Question {
        chain: &own.chain,
        trust: &trust,
        lists: &lists,
        addresses: &args.peer,
        now,
    };
    let asked = |verdict: &Verdict| {
        args.by.is_empty() || args.by.iter().any(|by| by.peer() == verdict.peer)
    };
    let mut verdicts = question.verdicts();
    verdicts.retain(asked);
    print(match args.format {
        Format::Text => text(args, &own, &verdicts),
        Format::Json => json(&own, &verdicts).map_err(Failure::failed)?,
    })?;
    match verdicts.iter().all(|verdict| verdict.refusals.is_empty()) {
        true => Ok(()),
        false => Err(Failure::Failed(String::new())),
    }
}

/// What the node sends.
struct Own {
    subject: String,
    chain: Vec<CertificateDer<'static>>,
    warnings: Vec<String>,
}

fn own(args: &Args) -> Result<Own, Failure> {
    let given = args.passwords.read()?;
    let mut store = KeyStore::default();
    let mut warnings = Vec::new();
    for file in &args.keystore {
        let material = load(file, &given)?;
        warnings.extend(material.exposed.map(|error| error.to_string()));
        store = store.join(material.opened.store);
    }
    let store = assemble(store);
    let files: Vec<_> = args
        .keystore
        .iter()
        .map(|it| it.display().to_string())
        .collect();
    let wrong = |text: String| Failure::wrong(format!("{}: {text}", files.join(", ")));
    let position = chosen(&store, args.alias.as_deref()).map_err(wrong)?;
    let view = entries(&store).swap_remove(position);
    let subject = usable(&view).map_err(wrong)?;
    let mut keys: Vec<KeyEntry> = store.keys;
    Ok(Own {
        subject,
        chain: keys.swap_remove(position).chain,
        warnings,
    })
}

/// The position of the private key that is meant.
fn chosen(store: &KeyStore, alias: Option<&str>) -> Result<usize, String> {
    let names: Vec<_> = store
        .keys
        .iter()
        .map(|entry| entry.alias.as_deref())
        .collect();
    match (alias, names.as_slice()) {
        (_, []) => Err("there is no private key; `ringlock store inspect` shows what is".into()),
        (None, [_]) => Ok(0),
        (None, names) => Err(format!(
            "there are {} private keys; --alias says which: {}",
            names.len(),
            listed(names)
        )),
        (Some(alias), names) => names
            .iter()
            .position(|name| *name == Some(alias))
            .ok_or_else(|| {
                format!(
                    "no private key is called {alias}; there is {}",
                    listed(names)
                )
            }),
    }
}

fn listed(names: &[Option<&str>]) -> String {
    let names: Vec<_> = names
        .iter()
        .map(|alias| name(alias.unwrap_or("(no name)")))
        .collect();
    names.join(", ")
}

/// The subject of a key that has its certificate.
fn usable(view: &EntryView) -> Result<String, String> {
    match (&view.certificate, view.key_matches) {
        (Some(certificate), Some(true)) => Ok(certificate.subject.clone()),
        (Some(certificate), _) => Err(format!(
            "the private key does not belong to the certificate {}",
            certificate.subject
        )),
        (None, _) => Err(view.chain_problem.clone().unwrap_or_default()),
    }
}

/// The lists of the anchors, and of the CAs between them and the node.
fn lists(
    args: &Args,
    trust: &KeyStore,
    chain: &[CertificateDer<'static>],
    now: OffsetDateTime,
) -> Result<RevocationLists, Failure> {
    let stale = match args.accept_stale_crl {
        true => StaleList::Accept,
        false => StaleList::Refuse,
    };
    let issuers: Vec<_> = trust.all_certificates().chain(chain).cloned().collect();
    let mut all = Vec::new();
    for file in &args.crl {
        let wrong = |error| Failure::wrong(format!("{}: {error}", file.display()));
        let (bytes, _) = read(file).map_err(Failure::wrong)?;
        let lists = read_revocation_lists(&bytes).map_err(wrong)?;
        RevocationLists::select(lists.clone(), &issuers, now, stale).map_err(wrong)?;
        all.extend(lists);
    }
    RevocationLists::select(all, &issuers, now, stale).map_err(Failure::wrong)
}

fn text(args: &Args, own: &Own, verdicts: &[Verdict]) -> String {
    let mut lines = vec![
        format!(
            "{} before a peer that trusts {}",
            own.subject,
            args.truststore.display()
        ),
        String::new(),
    ];
    for same in verdicts.chunk_by(alike) {
        lines.extend(verdict_lines(same));
    }
    lines.extend(own.warnings.iter().map(|text| format!("warning: {text}")));
    lines.join("\n")
}

/// Whether one peer says the same of both roles.
fn alike(one: &Verdict, other: &Verdict) -> bool {
    one.peer == other.peer && one.refusals == other.refusals
}

fn verdict_lines(same: &[Verdict]) -> Vec<String> {
    let Some(verdict) = same.first() else {
        return Vec::new();
    };
    let roles: Vec<_> = same.iter().map(|it| it.role.as_str()).collect();
    let answer = match verdict.refusals.is_empty() {
        true => "accepted",
        false => "REFUSED",
    };
    let unseen = match verdict.unseen.as_slice() {
        [] => String::new(),
        unseen => format!(" (does not look at {})", unseen.join(", ")),
    };
    let (peer, roles) = (verdict.peer.as_str(), roles.join(" and "));
    let mut lines = vec![format!("{peer:<9} as {roles:<18} {answer}{unseen}")];
    for refusal in &verdict.refusals {
        lines.push(format!("  {refusal}"));
        let says = refusal.says(verdict.peer, verdict.role);
        lines.extend(says.map(|says| format!("  in its log: {says}")));
    }
    lines
}

#[derive(Serialize)]
struct Answer<'a> {
    subject: &'a str,
    accepted: bool,
    verdicts: Vec<Line>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Line {
    peer: &'static str,
    role: &'static str,
    accepted: bool,
    refusals: Vec<String>,
    log: Vec<String>,
    not_looked_at: Vec<&'static str>,
}

fn json(own: &Own, verdicts: &[Verdict]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Answer {
        subject: &own.subject,
        accepted: verdicts.iter().all(|it| it.refusals.is_empty()),
        verdicts: verdicts.iter().map(Line::of).collect(),
        warnings: &own.warnings,
    })
}

impl Line {
    fn of(verdict: &Verdict) -> Self {
        let refusals = verdict.refusals.iter();
        let says = refusals
            .clone()
            .filter_map(|it| it.says(verdict.peer, verdict.role));
        Self {
            peer: verdict.peer.as_str(),
            role: verdict.role.as_str(),
            accepted: verdict.refusals.is_empty(),
            log: says.collect(),
            refusals: refusals.map(ToString::to_string).collect(),
            not_looked_at: verdict.unseen.clone(),
        }
    }
}
