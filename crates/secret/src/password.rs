use std::{
    env,
    ffi::OsStr,
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ringlock_files::{FileError, read_private};
use zeroize::Zeroizing;

/// The most bytes a password may have.
const MAX_BYTES: usize = 4096;

/// The variable in which systemd names the folder of a service's credentials (systemd.exec(5)).
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// A password: wiped from memory when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over a text that is already in memory.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password itself. Whoever copies it is responsible for wiping the copy.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes bytes as they were read: one line of UTF-8, whose line end is cut.
    fn from_line(source: impl Fn() -> String, bytes: &[u8]) -> Result<Self, PasswordError> {
        let text = std::str::from_utf8(bytes).map_err(|_| PasswordError::NotText {
            source_name: source(),
        })?;
        let line = text
            .strip_suffix('\n')
            .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if line.contains(['\n', '\r', '\0']) {
            return Err(PasswordError::SeveralLines {
                source_name: source(),
            });
        }
        Ok(Self::new(line))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(****)")
    }
}

/// Where a password is to be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSource {
    /// A file with one line, which others than its owner and group must not read.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// Standard input, to its end: one line.
    StandardInput,
    /// A credential that systemd hands to the service: a file of this name in
    /// `$CREDENTIALS_DIRECTORY` (systemd.exec(5), `LoadCredential=`).
    Credential(String),
}

impl PasswordSource {
    /// Reads the password: one line of UTF-8 of at most 4096 bytes, whose line end is cut.
    ///
    /// # Errors
    /// Nothing is there, it may not be read, others may read it, or it is no single line.
    pub fn read(&self) -> Result<Password, PasswordError> {
        match self {
            Self::File(path) => from_file(path),
            Self::Environment(name) => from_variable(name, env::var_os(name).as_deref()),
            Self::StandardInput => from_reader(io::stdin().lock()),
            Self::Credential(name) => {
                from_credential(name, env::var_os(CREDENTIALS_DIRECTORY).as_deref())
            }
        }
    }
}

/// Why no password could be had.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The file could not be read.
    #[error(transparent)]
    File(FileError),
    /// The file may be read by others, or changed by its group.
    #[error(
        "{} holds a password, but its mode {mode:04o} lets {who}; `chmod 600 {}` closes it \
         (0400 and 0640 are accepted as well)",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Who may do what.
        who: &'static str,
    },
    /// The environment variable is not set.
    #[error("the environment variable {name} is not set; it was to hold a password")]
    NoVariable {
        /// The variable.
        name: String,
    },
    /// There is no credential, as this process was not started by systemd with any.
    #[error(
        "the credential {name} cannot be read: $CREDENTIALS_DIRECTORY is not set; systemd sets it \
         where the unit has LoadCredential= or LoadCredentialEncrypted="
    )]
    NoCredentials {
        /// The credential.
        name: String,
    },
    /// No credential can have such a name.
    #[error("{name:?} cannot be the name of a credential; expected a file name without a slash")]
    CredentialName {
        /// The name.
        name: String,
    },
    /// It is no UTF-8.
    #[error("the password in {source_name} is not UTF-8")]
    NotText {
        /// Where it was read from.
        source_name: String,
    },
    /// It has more than one line, or a character that no line has.
    #[error("{source_name} has more than one line; expected a password on a single one")]
    SeveralLines {
        /// Where it was read from.
        source_name: String,
    },
    /// It is too long.
    #[error("the password in {source_name} has more than {MAX_BYTES} bytes")]
    TooLong {
        /// Where it was read from.
        source_name: String,
    },
    /// Standard input failed.
    #[error("the password cannot be read from standard input: {0}")]
    Input(io::Error),
}

fn from_file(path: &Path) -> Result<Password, PasswordError> {
    let name = || path.display().to_string();
    // Room for the line end, so that a password of the full length may have one.
    let bytes = read_private(path, MAX_BYTES as u64 + 2).map_err(|error| match error {
        FileError::Exposed { path, mode, who } => PasswordError::Exposed { path, mode, who },
        FileError::TooLarge { .. } => PasswordError::TooLong {
            source_name: name(),
        },
        other => PasswordError::File(other),
    })?;
    Password::from_line(name, &bytes)
}

fn from_variable(name: &str, value: Option<&OsStr>) -> Result<Password, PasswordError> {
    let Some(value) = value else {
        return Err(PasswordError::NoVariable {
            name: name.to_owned(),
        });
    };
    let source = || format!("the environment variable {name}");
    if value.len() > MAX_BYTES {
        return Err(PasswordError::TooLong {
            source_name: source(),
        });
    }
    Password::from_line(source, value.as_encoded_bytes())
}

fn from_reader(input: impl Read) -> Result<Password, PasswordError> {
    let source = || "standard input".to_owned();
    // The room is there from the start: growing would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 3));
    input
        .take(MAX_BYTES as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(PasswordError::Input)?;
    if bytes.len() > MAX_BYTES + 2 {
        return Err(PasswordError::TooLong {
            source_name: source(),
        });
    }
    Password::from_line(source, &bytes)
}

fn from_credential(name: &str, folder: Option<&OsStr>) -> Result<Password, PasswordError> {
    if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(PasswordError::CredentialName {
            name: name.to_owned(),
        });
    }
    match folder {
        Some(folder) => from_file(&Path::new(folder).join(name)),
        None => Err(PasswordError::NoCredentials {
            name: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn file(mode: u32, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs_write(&path, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn fs_write(path: &Path, content: &[u8]) {
        ringlock_files::write_atomic(path, 0o600, content).unwrap();
    }

    fn read(content: &[u8]) -> Result<Password, PasswordError> {
        let (_folder, path) = file(0o600, content);
        PasswordSource::File(path).read()
    }

    #[test]
    fn one_line_end_is_cut_and_nothing_else() {
        for (content, password) in [
            ("pa55", "pa55"),
            ("pa55\n", "pa55"),
            ("pa55\r\n", "pa55"),
            (" pa 55 \n", " pa 55 "),
            ("", ""),
            ("\n", ""),
            ("pässwörd\n", "pässwörd"),
        ] {
            assert_eq!(read(content.as_bytes()).unwrap().expose(), password);
            assert_eq!(from_reader(content.as_bytes()).unwrap().expose(), password);
        }
    }

    #[test]
    fn what_is_no_single_line_of_text_is_refused_and_not_shown() {
        for content in [
            &b"hunter2\n\n"[..],
            b"hunter2\nhunter3",
            b"hunter2\0",
            b"hunter2\xff",
        ] {
            let error = read(content).unwrap_err().to_string();
            assert!(!error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn a_password_of_the_full_length_is_read_and_a_longer_one_refused() {
        let mut line = "x".repeat(MAX_BYTES);
        line.push('\n');
        assert_eq!(
            read(line.as_bytes()).unwrap().expose().len(),
            from_reader(line.as_bytes()).unwrap().expose().len()
        );
        let longer = "x".repeat(MAX_BYTES + 3);
        assert!(matches!(
            read(longer.as_bytes()),
            Err(PasswordError::TooLong { .. })
        ));
        assert!(matches!(
            from_reader(longer.as_bytes()),
            Err(PasswordError::TooLong { .. })
        ));
        assert!(matches!(
            from_variable("X", Some(OsStr::new(&longer))),
            Err(PasswordError::TooLong { .. })
        ));
    }

    #[test]
    fn a_file_that_others_read_is_refused_with_the_way_to_close_it() {
        let (_folder, path) = file(0o644, b"hunter2\n");
        let error = PasswordSource::File(path.clone()).read().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{path} holds a password, but its mode 0644 lets every user read it; \
                 `chmod 600 {path}` closes it (0400 and 0640 are accepted as well)",
                path = path.display()
            )
        );
    }

    #[test]
    fn a_variable_holds_a_password_or_is_named_as_missing() {
        let password = from_variable("X", Some(OsStr::new("pa55"))).unwrap();
        assert_eq!(password.expose(), "pa55");
        let missing = PasswordSource::Environment("RINGLOCK_NO_SUCH_VARIABLE".to_owned());
        assert_eq!(
            missing.read().unwrap_err().to_string(),
            "the environment variable RINGLOCK_NO_SUCH_VARIABLE is not set; it was to hold a password"
        );
    }

    #[test]
    fn a_credential_is_a_file_in_the_folder_that_systemd_names() {
        let (folder, _) = file(0o400, b"pa55\n");
        let folder = Some(folder.path().as_os_str());
        assert_eq!(
            from_credential("password", folder).unwrap().expose(),
            "pa55"
        );
        assert!(matches!(
            from_credential("password", None),
            Err(PasswordError::NoCredentials { .. })
        ));
        for name in ["", ".", "..", "../password", "/etc/passwd"] {
            assert!(
                matches!(
                    from_credential(name, folder),
                    Err(PasswordError::CredentialName { .. })
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(****)");
    }
}
