//! `ringlock config set` and `unset`.

use std::{
    ffi::OsString,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ringlock_config::{
    Document,
    edit::{Change, EditError, NewValue, apply, is_secret, unified_diff},
};
use ringlock_files::{FileError, read_limited, rewrite_atomic, write_new_like};

use crate::outcome::{Failure, Outcome, print};

/// Longer files are no configuration.
const LONGEST: u64 = 8 << 20;
/// Longer values are none of an option.
const LONGEST_VALUE: u64 = 1 << 20;
const BACKUP: &str = ".before-ringlock";

#[derive(clap::Args)]
pub(crate) struct SetArgs {
    /// The yaml of a database or of Ringlock
    file: PathBuf,
    /// Dotted keys with their new values; a list stands in square brackets, and nothing behind the
    /// sign is a blank value
    #[arg(value_name = "KEY=VALUE", required_unless_present = "value_files")]
    values: Vec<String>,
    /// A key whose value is the text of a file, without its last line end; - is standard input.
    /// The only way for passwords, as every user sees the words of a command
    #[arg(long = "value-file", value_name = "KEY=PATH")]
    value_files: Vec<String>,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args)]
pub(crate) struct UnsetArgs {
    /// The yaml of a database or of Ringlock
    file: PathBuf,
    /// Dotted keys; those that are absent already do no harm
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args)]
struct How {
    /// Print the difference, with passwords as ****, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep the file as it was under this name, in the same folder unless a path is given; a file
    /// of that name must not be there [default: FILE.before-ringlock, which is kept if it is there]
    #[arg(long, value_name = "NAME")]
    backup: Option<PathBuf>,
}

/// Carries out `set`.
pub(crate) fn set(args: &SetArgs) -> Outcome {
    let mut changes = Vec::new();
    for word in &args.values {
        changes.push(given(word)?);
    }
    let standard_input = |word: &&String| word.ends_with("=-");
    if args.value_files.iter().filter(standard_input).count() > 1 {
        return Err(Failure::wrong(
            "standard input can be the value of one key only; give files for the others",
        ));
    }
    for word in &args.value_files {
        changes.push(from_file(word)?);
    }
    edit(&args.file, &changes, &args.how)
}

/// Carries out `unset`.
pub(crate) fn unset(args: &UnsetArgs) -> Outcome {
    let keys = args.keys.iter().cloned();
    let changes: Vec<_> = keys.map(|key| Change::Unset { key }).collect();
    edit(&args.file, &changes, &args.how)
}

fn given(word: &str) -> Result<Change, Failure> {
    let (key, text) = split(word, "KEY=VALUE")?;
    let value = NewValue::read(text).ok_or_else(|| {
        Failure::wrong(EditError::BadList {
            key: key.to_owned(),
        })
    })?;
    if is_secret(key) && value != NewValue::Blank {
        return Err(Failure::wrong(format!(
            "{key} is a secret, and every user sees the words of a command; \
             give --value-file {key}=PATH, or {key}=- for standard input"
        )));
    }
    let key = key.to_owned();
    Ok(Change::Set { key, value })
}

fn from_file(word: &str) -> Result<Change, Failure> {
    let (key, path) = split(word, "KEY=PATH")?;
    let bytes = if path == "-" {
        read_standard_input()?
    } else {
        read_limited(Path::new(path), LONGEST_VALUE).map_err(Failure::wrong)?
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(Failure::wrong(format!(
            "the value of {key} in {path} is not UTF-8 text"
        )));
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(Change::Set {
        key: key.to_owned(),
        value: NewValue::Text(text.to_owned()),
    })
}

/// The words are not repeated in the error: there may be a password among them.
fn split<'w>(word: &'w str, form: &str) -> Result<(&'w str, &'w str), Failure> {
    let split = word.split_once('=');
    split.ok_or_else(|| Failure::wrong(format!("a word without \"=\" was given; expected {form}")))
}

fn read_standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .take(LONGEST_VALUE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_VALUE {
        let message = format!("standard input has more than {LONGEST_VALUE} bytes");
        return Err(Failure::wrong(message));
    }
    Ok(bytes)
}

fn edit(file: &Path, changes: &[Change], how: &How) -> Outcome {
    let before = read(file)?;
    let after = apply(&before, changes).map_err(|error| unedited(file, &error))?;
    if after == before.text() {
        let name = file.display();
        return print(format!("{name} is like that already; nothing was written"));
    }
    if how.dry_run {
        let after = Document::parse(&after, file).map_err(Failure::failed)?;
        let name = file.display().to_string();
        return print(unified_diff(&before, &after, &name).trim_end());
    }
    let kept = keep(file, before.text(), how.backup.as_deref())?;
    rewrite_atomic(file, after.as_bytes()).map_err(Failure::failed)?;
    let keys: Vec<_> = changes.iter().map(Change::key).collect();
    let (name, keys) = (file.display(), keys.join(", "));
    print(format!("{name} was changed: {keys}\n{kept}"))
}

fn unedited(file: &Path, error: &EditError) -> Failure {
    let message = format!("{}: {error}", file.display());
    match error {
        EditError::BadKey { .. } | EditError::BadList { .. } => Failure::Wrong(message),
        _ => Failure::Failed(message),
    }
}

fn read(file: &Path) -> Result<Document, Failure> {
    let bytes = read_limited(file, LONGEST).map_err(Failure::wrong)?;
    let text = String::from_utf8(bytes).map_err(|error| not_text(file, &error))?;
    Document::parse(&text, file).map_err(Failure::wrong)
}

fn not_text(file: &Path, error: &std::string::FromUtf8Error) -> Failure {
    let valid = error.utf8_error().valid_up_to();
    let before = &error.as_bytes()[..valid];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Failure::wrong(format!(
        "{}:{line}: not UTF-8 text; save it as UTF-8 first",
        file.display()
    ))
}

/// Copies the original, and says where it is.
fn keep(file: &Path, text: &str, name: Option<&Path>) -> Result<String, Failure> {
    let path = match name {
        Some(name) => file.with_file_name("").join(name),
        None => {
            let mut path = OsString::from(file);
            path.push(BACKUP);
            PathBuf::from(path)
        }
    };
    let shown = path.display();
    match write_new_like(&path, file, text.as_bytes()) {
        Ok(()) => Ok(format!("{shown} has the file as it was")),
        Err(FileError::Exists { .. }) if name.is_none() => {
            Ok(format!("{shown} is there already and was left as it is"))
        }
        Err(error) => Err(Failure::failed(error)),
    }
}
