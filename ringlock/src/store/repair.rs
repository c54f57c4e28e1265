//! `ringlock store repair`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use ringlock_files::{FileError, read_limited, rewrite_atomic, write_new_like};
use ringlock_store::{Format, JavaView, KeyStore, Kind, MAX_BYTES, Opened, Writing, as_java_sees};
use time::OffsetDateTime;

use super::{
    arguments::{ReadArgs, WriteArgs},
    convert::{Built, encode, put, truststore},
    material::load,
    words::{count, format, java},
};
use crate::outcome::{Failure, Outcome, print};

pub(super) const EXAMPLES: &str = "\
Examples:
  ringlock store repair truststore.p12 --password-file /run/secrets/truststore
  ringlock store repair truststore.pfx --password-file pass --out truststore.p12";

const BACKUP: &str = ".before-ringlock";

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("one standard input").args([
    "password-stdin", "key-password-stdin", "out-password-stdin", "out-key-password-stdin",
]))]
pub(crate) struct Args {
    /// A JKS, JCEKS or PKCS12 truststore
    file: PathBuf,
    #[command(flatten)]
    passwords: ReadArgs,
    /// Write the repaired truststore here, with mode 0600, and leave the file as it is [default:
    /// the file itself, which is kept as FILE.before-ringlock]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    #[command(flatten)]
    new_passwords: WriteArgs,
    /// Replace OUT where it is there
    #[arg(long, requires = "out")]
    force: bool,
}

/// Carries out the command.
pub(super) fn run(args: &Args, now: OffsetDateTime) -> Outcome {
    let given = args.passwords.read()?;
    let opened = load(&args.file, &given)?.opened;
    let to = repairable(&args.file, &opened)?;
    let before = as_java_sees(&opened, given.passwords());
    let flaws = flaws(&opened.store, &before);
    let name = args.file.display();
    if flaws.is_empty() {
        return print(format!(
            "{name} needs no repair; nothing was written\n{}",
            java(&before)
        ));
    }
    let Built { store, notes } = truststore(opened.store, None, now)
        .map_err(|error| Failure::failed(error.about(std::slice::from_ref(&args.file))))?;
    let usable = given.store.filter(|password| !password.expose().is_empty());
    let new = args.new_passwords.read(usable)?;
    let how = Writing {
        to,
        passwords: new.passwords(),
        deterministic: false,
        created: now.unix_timestamp() * 1000,
    };
    let (bytes, repaired) = encode(&store, &how)?;
    let place = place(args, &bytes)?;
    let after = as_java_sees(&repaired, how.passwords);
    let lines = flaws
        .into_iter()
        .chain(notes)
        .map(|line| format!("  {line}"));
    let mut text = vec![place];
    text.extend(lines);
    text.push(java(&after));
    print(text.join("\n"))
}

/// The format to write: the file's own.
fn repairable(file: &Path, opened: &Opened) -> Result<Kind, Failure> {
    let name = file.display();
    let to = match opened.format {
        Format::Jks => Kind::Jks,
        Format::Jceks => Kind::Jceks,
        Format::Pkcs12 => Kind::Pkcs12,
        other => {
            return Err(Failure::failed(format!(
                "{name} is {}, which Java's keystores are not; `ringlock store convert {name} \
                 --kind truststore --to pkcs12 --out OUT` makes a truststore of it",
                format(other).0
            )));
        }
    };
    if opened.store.keys.is_empty() {
        return Ok(to);
    }
    Err(Failure::failed(format!(
        "{name} holds {}, so it is a keystore, and a truststore is what can be repaired; \
         `ringlock store convert {name} --kind truststore` makes one of its CAs",
        count(opened.store.keys.len(), "private key")
    )))
}

/// What keeps Java from trusting the store's certificates, each as a line. One without the mark
/// beside others that bear it may be there on purpose.
fn flaws(store: &KeyStore, java: &JavaView) -> Vec<String> {
    let all = store.certificates.len();
    let trusted = store.certificates.iter().filter(|it| it.trusted).count();
    let mut flaws = Vec::new();
    if trusted == 0 && all > 0 {
        let certificates = count(all, "certificate");
        flaws.push(format!("marked as trusted: {certificates}"));
    }
    if java.trust_anchors < trusted || !flaws.is_empty() {
        let reason = java.reason.as_ref();
        flaws.extend(reason.map(|reason| format!("what Java made of it: {reason}")));
    }
    flaws
}

/// Puts the bytes where they belong, and says where.
fn place(args: &Args, bytes: &[u8]) -> Result<String, Failure> {
    let name = args.file.display();
    if let Some(out) = &args.out {
        put(out, bytes, args.force)?;
        return Ok(format!("{} is {name}, repaired", out.display()));
    }
    let kept = keep(&args.file)?;
    rewrite_atomic(&args.file, bytes).map_err(Failure::failed)?;
    Ok(format!("{name} is repaired; {kept}"))
}

/// Copies the original, unless one was kept already, and says where it is.
fn keep(file: &Path) -> Result<String, Failure> {
    let mut path = OsString::from(file);
    path.push(BACKUP);
    let path = PathBuf::from(path);
    let bytes = read_limited(file, MAX_BYTES).map_err(Failure::failed)?;
    match write_new_like(&path, file, &bytes) {
        Ok(()) => Ok(format!("{} has it as it was", path.display())),
        Err(FileError::Exists { .. }) => Ok(format!(
            "{} is there already and was left as it is",
            path.display()
        )),
        Err(error) => Err(Failure::failed(error)),
    }
}
