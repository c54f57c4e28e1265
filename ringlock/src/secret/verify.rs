use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ringlock_config::Document;
use ringlock_files::read_limited;
use ringlock_secret::{DseYaml, Form, LocalKey, Property, Resolver, protected};
use serde::Serialize;

use crate::outcome::{Failure, Outcome, print};

/// Longer files are no configuration.
const LONGEST: u64 = 8 << 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The key, as `ringlock secret keygen` made it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The dse.yaml whose config_encryption_active and key count; its KMIP servers are asked
    #[arg(long, value_name = "FILE")]
    dse: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// cassandra.yaml, dse.yaml, scylla.yaml or ringlock.yaml
    #[arg(required = true, value_name = "FILE.yaml")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One password a line.
    #[default]
    Text,
    /// A list of objects.
    Json,
}

/// What is told of one password; never the password.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) property: String,
    pub(super) form: &'static str,
    pub(super) key: Option<String>,
    pub(super) opens: bool,
    pub(super) reason: Option<String>,
}

/// Carries out the command: exit code 1 where a password is plain text or does not open.
pub(super) fn run(args: &Args) -> Outcome {
    let resolver = resolver(args)?;
    let mut verdicts = Vec::new();
    for file in &args.files {
        let document = document(file)?;
        verdicts.extend(verify(&resolver, &document));
    }
    match args.format {
        Format::Text => print(text(&verdicts))?,
        Format::Json => print(serde_json::to_string_pretty(&verdicts).map_err(Failure::failed)?)?,
    }
    if verdicts.iter().all(Verdict::is_good) {
        Ok(())
    } else {
        Err(Failure::Failed(String::new()))
    }
}

/// What opens the values: DSE's key, the local one, or both.
fn resolver(args: &Args) -> Result<Resolver, Failure> {
    let resolver = match &args.dse {
        Some(path) => {
            let yaml = DseYaml::read(path).map_err(Failure::wrong)?;
            Resolver::for_database(&yaml).map_err(Failure::failed)?
        }
        None => Resolver::plain(),
    };
    Ok(match &args.key {
        Some(path) => resolver.and_key(LocalKey::read(path).map_err(Failure::wrong)?),
        None => resolver,
    })
}

fn document(path: &Path) -> Result<Document, Failure> {
    let bytes = read_limited(path, LONGEST).map_err(Failure::wrong)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::wrong(format!("{} is not UTF-8", path.display())))?;
    Document::parse(&text, path).map_err(Failure::wrong)
}

/// What there is to say of every password in a file.
pub(super) fn verify(resolver: &Resolver, document: &Document) -> Vec<Verdict> {
    let judge = |property: Property<'_>| Verdict::of(resolver, document, &property);
    protected(document).into_iter().map(judge).collect()
}

impl Verdict {
    fn of(resolver: &Resolver, document: &Document, property: &Property<'_>) -> Self {
        let (form, key, reason) = match resolver.form(property) {
            Ok(Form::Plain) => ("plain", None, None),
            Ok(Form::Local(id)) => ("ringlock", Some(id.to_string()), None),
            Ok(Form::Dse(cipher)) => ("dse", Some(cipher), None),
            Err(error) => {
                let named = ringlock_secret::key_of(property.value()).ok();
                let form = if ringlock_secret::is_sealed(property.value()) {
                    "ringlock"
                } else {
                    "dse"
                };
                (
                    form,
                    named.map(|id| id.to_string()),
                    Some(error.to_string()),
                )
            }
        };
        Self {
            file: document.path().display().to_string(),
            line: property.at.line,
            property: property.key.clone(),
            form,
            key,
            opens: reason.is_none(),
            reason,
        }
    }

    fn is_good(&self) -> bool {
        self.opens && self.form != "plain"
    }

    fn line(&self) -> String {
        let place = format!("{}:{}: {}", self.file, self.line, self.property);
        let state = match (&self.reason, self.form, &self.key) {
            (Some(reason), _, _) => format!("does not open: {reason}"),
            (None, "ringlock", Some(key)) => format!("encrypted with the key {key}; it opens"),
            (None, "dse", Some(cipher)) => format!("encrypted by DSE ({cipher}); it opens"),
            _ => "plain text".to_owned(),
        };
        format!("{place}: {state}")
    }
}

fn text(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return "no password stands in these files".to_owned();
    }
    let lines: Vec<String> = verdicts.iter().map(Verdict::line).collect();
    lines.join("\n")
}

#[cfg(test)]
pub(super) fn lines(verdicts: &[Verdict]) -> Vec<String> {
    verdicts.iter().map(Verdict::line).collect()
}
