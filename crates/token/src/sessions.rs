//! The sessions that this process has with a token, shared by all who use it.
//!
//! A login counts for the whole process, and a small token has room for one session. So whoever
//! opens a token that is open already, as a reload does, uses the sessions that there are.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use cryptoki::{
    error::RvError,
    slot::{Limit, TokenInfo},
};

use crate::{
    TokenConfig, TokenError,
    pool::{Lent, NotLent, NotMade, Pool},
    session::{Door, Entered, KeySession},
    uri::Pin,
};

static OPEN: Mutex<Vec<Weak<Sessions>>> = Mutex::new(Vec::new());

/// Which token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenId {
    module: PathBuf,
    serial: String,
    label: String,
}

impl TokenId {
    pub(crate) fn new(door: &Door, info: &TokenInfo) -> Self {
        Self {
            module: door.module.path().to_owned(),
            serial: info.serial_number().to_owned(),
            label: info.label().to_owned(),
        }
    }
}

/// A few sessions, each lent to one user at a time.
#[derive(Debug)]
pub(crate) struct Sessions {
    id: TokenId,
    pool: Pool<KeySession>,
    /// The PIN that the token took last.
    proven: Mutex<Option<Arc<Pin>>>,
}

impl Sessions {
    /// Those that there are with this token, or else none but `first`.
    pub(crate) fn begin(door: &Door, first: Entered, config: &TokenConfig) -> Arc<Self> {
        let most = match first.info.max_session_count() {
            Limit::Max(most) => usize::try_from(most).unwrap_or(usize::MAX),
            Limit::Unavailable | Limit::Infinite => usize::MAX,
        };
        let limit = most.min(config.sessions.get());
        let sessions = Arc::new(Self {
            id: TokenId::new(door, &first.info),
            proven: Mutex::new(first.proves_pin.then(|| Arc::clone(&door.pin))),
            pool: Pool::new(first.session, limit, config.patience),
        });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| other.strong_count() > 0);
        open.push(Arc::downgrade(&sessions));
        sessions
    }

    /// Those that this process has with a token already.
    pub(crate) fn of(id: &TokenId) -> Option<Arc<Self>> {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = open.iter().filter_map(Weak::upgrade);
        open.find(|sessions| sessions.id == *id)
    }

    /// Whether the token has taken this PIN, and no other since.
    pub(crate) fn have_proven(&self, pin: &Pin) -> bool {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.as_ref().is_some_and(|proven| **proven == *pin)
    }

    /// Lets `user` have a session, and a new one where the present ones have died with the
    /// token's removal.
    pub(crate) fn lend<R>(
        &self,
        door: &Door,
        mut user: impl FnMut(&mut KeySession) -> Result<R, TokenError>,
    ) -> Result<R, TokenError> {
        let (result, is_new) = self.lend_any(door, &mut user)?;
        match result {
            Err(error) if error.is_stale_session() && !is_new => {
                self.pool.discard_idle();
                self.lend_any(door, &mut user)?.0
            }
            result => result,
        }
    }

    /// Lends any session, and says whether it was a new one.
    fn lend_any<R>(
        &self,
        door: &Door,
        user: &mut impl FnMut(&mut KeySession) -> Result<R, TokenError>,
    ) -> Result<(Result<R, TokenError>, bool), TokenError> {
        let make = || match door.enter() {
            Ok(entered) => {
                if entered.proves_pin {
                    self.note(&door.pin);
                }
                Ok(entered.session)
            }
            Err(error) if error.is_code(RvError::SessionCount) => Err(NotMade::Full(error)),
            Err(error) => Err(NotMade::Failed(error)),
        };
        let lent = self.pool.lend(make, |Lent { mut thing, is_new }| {
            let result = user(&mut thing);
            // A call that failed may have left the session in the midst of an operation. What was
            // only not found is no reason to end one, with which the login might end too.
            let is_suspect = result.as_ref().is_err_and(TokenError::is_of_module);
            let back = (!is_suspect).then_some(thing);
            (back, (result, is_new))
        });
        lent.map_err(|error| match error {
            NotLent::Busy => TokenError::Busy {
                waited: self.pool.patience(),
            },
            NotLent::NotMade(error) => error,
        })
    }

    fn note(&self, pin: &Arc<Pin>) {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        *proven = Some(Arc::clone(pin));
    }
}
