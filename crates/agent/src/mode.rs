//! The mode in force, and how it survives a restart.
//!
//! An operator's order is written to `STATE_DIRECTORY/mode.json` before it takes effect, together
//! with the mode that `ringlock.yaml` named at that time. At the next start the order still holds
//! if the file still names that mode; a file that was changed since is the newer word. So an agent
//! that crashed after `all` was ordered never comes back with less.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ringlock_files::{FileError, create_dir_private, read_limited, remove_file, write_atomic};
use ringlock_model::Mode;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Far more than the file ever holds.
const MAX_FILE: u64 = 4096;

/// The mode in force. Reading it costs no lock that a writer holds for long.
pub(crate) struct ModeStore {
    file: PathBuf,
    /// What `ringlock.yaml` says.
    configured: Mutex<Mode>,
    current: watch::Sender<ModeInForce>,
}

/// A mode and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModeInForce {
    pub(crate) mode: Mode,
    pub(crate) origin: String,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    mode: Mode,
    configured: Mode,
}

/// Why the ordered mode cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file or its folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds something else. It is not guessed at: the agent might come up with less
    /// encryption than was ordered.
    #[error(
        "{path}: the ordered mode cannot be read: {source}; delete the file to go by ringlock.yaml"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl ModeStore {
    /// The mode that holds after a start: what was ordered, or else what is configured.
    pub(crate) fn open(directory: PathBuf, mode: Mode, origin: String) -> Result<Self, StateError> {
        let file = directory.join("mode.json");
        let in_force = match read_order(&file)? {
            Some(ordered) if ordered.configured == mode => ModeInForce {
                mode: ordered.mode,
                origin: ordered_origin(),
            },
            _ => ModeInForce { mode, origin },
        };
        Ok(Self {
            file,
            configured: Mutex::new(mode),
            current: watch::Sender::new(in_force),
        })
    }

    pub(crate) fn mode(&self) -> Mode {
        self.current.borrow().mode
    }

    pub(crate) fn in_force(&self) -> ModeInForce {
        self.current.borrow().clone()
    }

    /// Tells of every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<ModeInForce> {
        self.current.subscribe()
    }

    /// Carries out an operator's order. It is on disk before it is in force.
    pub(crate) fn order(&self, mode: Mode) -> Result<(), StateError> {
        if let Some(directory) = self.file.parent() {
            create_dir_private(directory)?;
        }
        let ordered = Ordered {
            mode,
            configured: *self.configured(),
        };
        let text = serde_json::to_vec(&ordered).map_err(|source| StateError::Content {
            path: self.file.clone(),
            source,
        })?;
        write_atomic(&self.file, 0o600, &text)?;
        self.current.send_replace(ModeInForce {
            mode,
            origin: ordered_origin(),
        });
        Ok(())
    }

    /// Takes note of a changed `ringlock.yaml`. A mode that differs from the one it named before
    /// is the newest word: it takes effect, and an order from before is forgotten.
    pub(crate) fn configure(&self, mode: Mode, origin: String) -> Result<(), StateError> {
        if *self.configured() == mode {
            return Ok(());
        }
        remove_file(&self.file)?;
        *self.configured() = mode;
        self.current.send_replace(ModeInForce { mode, origin });
        Ok(())
    }

    fn configured(&self) -> MutexGuard<'_, Mode> {
        self.configured
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn ordered_origin() -> String {
    "ordered by `ringlock agent mode`".to_owned()
}

fn read_order(file: &std::path::Path) -> Result<Option<Ordered>, StateError> {
    let text = match read_limited(file, MAX_FILE) {
        Ok(text) => text,
        Err(FileError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|source| StateError::Content {
            path: file.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &tempfile::TempDir, mode: Mode) -> ModeStore {
        ModeStore::open(directory.path().into(), mode, "ringlock.yaml:9".into()).unwrap()
    }

    #[test]
    fn an_order_survives_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        open(&directory, Mode::NONE).order(Mode::REQUIRE).unwrap();
        let restarted = open(&directory, Mode::NONE);
        assert_eq!(restarted.mode(), Mode::REQUIRE);
        assert!(restarted.in_force().origin.contains("ordered"));
    }

    #[test]
    fn a_file_changed_after_the_order_is_the_newer_word() {
        let directory = tempfile::tempdir().unwrap();
        open(&directory, Mode::NONE).order(Mode::REQUIRE).unwrap();
        let restarted = open(&directory, Mode::TRANSITIONAL);
        assert_eq!(restarted.mode(), Mode::TRANSITIONAL);
        assert_eq!(restarted.in_force().origin, "ringlock.yaml:9");
    }

    #[test]
    fn a_reload_of_an_unchanged_file_leaves_an_order_in_force() {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory, Mode::NONE);
        store.order(Mode::REQUIRE).unwrap();
        store
            .configure(Mode::NONE, "ringlock.yaml:9".into())
            .unwrap();
        assert_eq!(store.mode(), Mode::REQUIRE);
        let changed = store.configure(Mode::TRANSITIONAL, "ringlock.yaml:9".into());
        changed.unwrap();
        assert_eq!(store.mode(), Mode::TRANSITIONAL);
    }

    #[test]
    fn an_order_that_a_changed_file_overrode_never_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory, Mode::NONE);
        store.order(Mode::REQUIRE).unwrap();
        for mode in [Mode::REQUIRE, Mode::NONE] {
            store.configure(mode, "ringlock.yaml:9".into()).unwrap();
        }
        assert_eq!(open(&directory, Mode::NONE).mode(), Mode::NONE);
    }

    #[test]
    fn a_mangled_state_file_stops_the_start_instead_of_weakening_it() {
        let directory = tempfile::tempdir().unwrap();
        write_atomic(
            &directory.path().join("mode.json"),
            0o600,
            b"{\"mode\":\"al",
        )
        .unwrap();
        let error = ModeStore::open(directory.path().into(), Mode::NONE, String::new());
        let error = error.err().unwrap().to_string();
        assert!(
            error.contains("mode.json: the ordered mode cannot be read"),
            "{error}"
        );
    }
}
