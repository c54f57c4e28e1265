//! Logs in to tokens without ever locking one.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cryptoki::{
    error::{Error, RvError},
    session::{Session, SessionState, UserType},
    slot::TokenInfo,
    types::AuthPin,
};

use crate::{TokenError, uri::Pin};

/// PINs that were refused in this process. Held during a login, so that of several at once one
/// alone tries a PIN that may be wrong.
static REFUSED: Mutex<Vec<Refused>> = Mutex::new(Vec::new());

struct Refused {
    module: PathBuf,
    serial: String,
    label: String,
    pin: Pin,
}

/// How the application came to be logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// The token took the PIN.
    ByPin,
    /// The token asks for none.
    NotNeeded,
    /// Somebody had given a PIN before; ours was not asked for.
    BeforeUs,
}

/// Logs the application in to the token that `session` is with, unless it is already.
///
/// A token counts wrong PINs and locks itself after a few. So a PIN that it refused is not given
/// to it again, whoever asks, and the last try is never taken.
pub(crate) fn log_in(
    session: &Session,
    info: &TokenInfo,
    module: &Path,
    pin: &Pin,
) -> Result<Login, TokenError> {
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if !info.login_required() {
        return Ok(Login::NotNeeded);
    }
    if is_logged_in(session)? {
        return Ok(Login::BeforeUs);
    }
    let token = info.label().to_owned();
    let known = refused.iter().any(|it| {
        it.module == module
            && it.serial == info.serial_number()
            && it.label == token
            && it.pin == *pin
    });
    if info.user_pin_locked() {
        return Err(TokenError::PinLocked { token });
    }
    if known {
        return Err(TokenError::PinWrong { token });
    }
    if info.user_pin_final_try() {
        return Err(TokenError::PinLastTry { token });
    }
    let error = match give(session, info, pin) {
        Ok(()) => return Ok(Login::ByPin),
        Err(Error::Pkcs11(code, function)) => match code {
            RvError::UserAlreadyLoggedIn => return Ok(Login::BeforeUs),
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
                TokenError::PinWrong { token }
            }
            RvError::PinLocked => TokenError::PinLocked { token },
            RvError::PinExpired | RvError::UserPinNotInitialized => TokenError::PinUnset { token },
            // It says nothing of the PIN, such as that the token is gone.
            _ => return Err(TokenError::Failed { function, code }),
        },
        Err(other) => return Err(other.into()),
    };
    refused.push(Refused {
        module: module.to_owned(),
        serial: info.serial_number().to_owned(),
        label: info.label().to_owned(),
        pin: pin.clone(),
    });
    Err(error)
}

pub(crate) fn is_logged_in(session: &Session) -> Result<bool, TokenError> {
    let state = session.get_session_info()?.session_state();
    Ok(matches!(state, SessionState::RoUser | SessionState::RwUser))
}

fn give(session: &Session, info: &TokenInfo, pin: &Pin) -> Result<(), Error> {
    // The token's reader has keys of its own, and somebody stands before it.
    if info.protected_authentication_path() && pin.reveal().is_empty() {
        return session.login(UserType::User, None);
    }
    session.login(UserType::User, Some(&AuthPin::from(pin.reveal())))
}
