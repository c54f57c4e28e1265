//! The libraries that are loaded, each once in a process.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    session::Session,
    slot::Slot,
};

use crate::TokenError;

/// Never unloaded, since nobody knows who else in the process has them.
static LOADED: Mutex<Vec<Arc<Module>>> = Mutex::new(Vec::new());

/// A library, ready for use by several threads.
#[derive(Debug)]
pub(crate) struct Module {
    path: PathBuf,
    library: Pkcs11,
    /// Held by those who look for a token, and alone by the one who restarts the library.
    gate: RwLock<()>,
    /// Sessions of ours.
    live: AtomicUsize,
}

impl Module {
    /// The library at `path`.
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        // One library under two names is one library. What is wrong with the name is found out
        // when it is loaded.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.iter().find(|module| module.path == path) {
            return Ok(Arc::clone(module));
        }
        let failed = |error: Error| TokenError::Module {
            path: path.clone(),
            reason: reason(&error),
        };
        let library = Pkcs11::new(&path).map_err(failed)?;
        initialize(&library).map_err(failed)?;
        let module = Arc::new(Self {
            path,
            library,
            gate: RwLock::new(()),
            live: AtomicUsize::new(0),
        });
        loaded.push(Arc::clone(&module));
        Ok(module)
    }

    /// Where the library is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `visitor` while nobody restarts the library.
    pub(crate) fn visit<R>(&self, visitor: impl FnOnce(&Pkcs11) -> R) -> R {
        let _open = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        visitor(&self.library)
    }

    /// Restarts the library, unless sessions of ours would end by it.
    ///
    /// Many libraries see a token that came back, or a new way to one in the network, only when
    /// they start. Finalizing one while others call it is not allowed, so it is done by those
    /// alone who have nothing to lose. Says whether it was done.
    pub(crate) fn restart(&self) -> Result<bool, TokenError> {
        let _closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        if self.live.load(Ordering::Acquire) > 0 {
            return Ok(false);
        }
        match self.library.clone().finalize() {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        initialize(&self.library)?;
        Ok(true)
    }
}

/// A session; while it lives the library is not restarted.
#[derive(Debug)]
pub(crate) struct Live {
    // Ends before it is counted as ended.
    session: Session,
    _count: Count,
}

impl Live {
    /// Begins a session that may read. Called while the library is visited.
    pub(crate) fn begin(module: &Arc<Module>, slot: Slot) -> Result<Self, TokenError> {
        let session = module.library.open_ro_session(slot)?;
        module.live.fetch_add(1, Ordering::AcqRel);
        Ok(Self {
            session,
            _count: Count(Arc::clone(module)),
        })
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

#[derive(Debug)]
struct Count(Arc<Module>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Makes a library ready; one that somebody else in the process has initialized is so already.
pub(crate) fn initialize(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        done => done,
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::LibraryLoading(error) => error.to_string(),
        Error::MissingSymbol(name) => {
            format!("it has no function {name}, so it is no PKCS #11 library")
        }
        other => other.to_string(),
    }
}
