//! `ringlock config show`: what a product makes of its file.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ringlock_agent::ConfigError;
use ringlock_config::{Dialect, Document, detect, resolve, resolve::Line};
use ringlock_finding::{Findings, Severity};
use serde::Serialize;

use crate::outcome::{Failure, Outcome, print};

/// Longer files are no configuration.
const LONGEST: u64 = 8 << 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The yaml of a database or of Ringlock
    file: PathBuf,
    /// Whose yaml it is, such as cassandra-4.1, dse-6.7 or scylla; told from the file where it is
    /// left out
    #[arg(long)]
    dialect: Option<Dialect>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One option a line, with its origin.
    #[default]
    Text,
    /// One object with all options and findings.
    Json,
}

/// What is shown.
#[derive(Serialize)]
struct Shown {
    file: String,
    dialect: String,
    because: String,
    certain: bool,
    options: Vec<Line>,
    findings: Findings,
}

/// Carries out the command.
pub(crate) fn run(args: &Args) -> Outcome {
    let shown = show(&args.file, args.dialect)?;
    match args.format {
        Format::Json => print(serde_json::to_string_pretty(&shown).map_err(Failure::failed)?)?,
        Format::Text => print(text(&shown))?,
    }
    let errors: Findings = shown
        .findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed(errors))
    }
}

fn show(file: &Path, dialect: Option<Dialect>) -> Result<Shown, Failure> {
    let bytes = ringlock_files::read_limited(file, LONGEST).map_err(Failure::wrong)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::wrong(format_args!("{}: is not UTF-8", file.display())))?;
    let document = Document::parse(&text, file).map_err(Failure::wrong)?;
    let (dialect, because, certain) = match dialect {
        Some(dialect) => (dialect, "as --dialect says".to_owned(), true),
        None => {
            let version = ringlock_files::version_beside(file);
            let detected = detect(&document, version.as_deref());
            (detected.dialect, detected.because, detected.certain)
        }
    };
    let (options, findings) = if dialect == Dialect::Ringlock {
        match ringlock_agent::read_config(file) {
            Ok(config) => (config.lines(), config.warnings),
            Err(ConfigError::Mistakes(findings)) => (Vec::new(), findings),
            Err(error) => return Err(Failure::wrong(error)),
        }
    } else {
        let resolved = resolve(&document, dialect);
        (resolved.lines().to_vec(), resolved.findings)
    };
    Ok(Shown {
        file: file.display().to_string(),
        dialect: dialect.to_string(),
        because,
        certain,
        options,
        findings,
    })
}

fn text(shown: &Shown) -> String {
    let guess = if shown.certain {
        ""
    } else {
        "; --dialect says it for certain"
    };
    let Shown {
        file,
        dialect,
        because,
        ..
    } = shown;
    let head = format!("# {file} as {dialect} reads it ({because}{guess})");
    std::iter::once(head)
        .chain(shown.options.iter().map(ToString::to_string))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, yaml: &[u8], dialect: Option<Dialect>) -> Result<Shown, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        ringlock_files::write_atomic(&file, 0o600, yaml).unwrap();
        show(&file, dialect)
    }

    #[test]
    fn every_option_is_shown_with_its_origin_and_no_secret() {
        let yaml =
            b"server_encryption_options:\n  keystore_type: PKCS12\n  keystore_password: hidden\n";
        let shown = shown("cassandra.yaml", yaml, None).unwrap();
        let text = text(&shown);
        let head = " as DSE 6.7 to 6.9 reads it (server_encryption_options.keystore_type (line 2) \
                    came with DSE 6.7)\n";
        assert!(text.contains(head), "{text}");
        assert!(text.contains("\nserver_encryption_options.keystore_password = ****  # "));
        assert!(text.contains("cassandra.yaml:3:3\n"));
        assert!(text.contains("\nstorage_port = 7000  # default of DSE 6.7 to 6.9\n"));
        let json = serde_json::to_string(&shown).unwrap();
        assert!(!json.contains("hidden") && !text.contains("hidden"));
        let option = r#""key":"server_encryption_options.keystore_type","value":"PKCS12""#;
        assert!(json.contains(option), "{json}");
    }

    #[test]
    fn the_dialect_that_is_said_counts_and_mistakes_are_kept() {
        let yaml = b"server_encryption_options: {trustore: a}\n";
        let found = shown("x.yaml", yaml, Some(Dialect::Cassandra40)).unwrap();
        assert_eq!(found.dialect, "Cassandra 4.0");
        assert_eq!(found.findings[0].code, "unknown-key");
        let guess = text(&shown("x.yaml", b"num_tokens: 1\n", None).unwrap());
        assert!(guess.contains("; --dialect says it for certain)"));
    }

    #[test]
    fn ringlocks_own_file_is_shown_whole() {
        let yaml =
            b"ringlock: {cluster: c}\nserver_encryption_options: {keystore: a, truststore: b}\n";
        let text = text(&shown("ringlock.yaml", yaml, None).unwrap());
        assert!(text.contains("\nringlock.cluster = c  # "), "{text}");
        assert!(text.contains("\nringlock.drain_timeout = 30s  # default\n"));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        for yaml in [&b"a: [\n"[..], b"\xff\xfe", b"a: b\0"] {
            assert!(matches!(
                shown("x.yaml", yaml, None),
                Err(Failure::Wrong(_))
            ));
        }
    }
}
