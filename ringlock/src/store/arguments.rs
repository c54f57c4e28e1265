//! The options that several of the commands have.

use clap::ValueEnum;
use ringlock_secret::Password;
use ringlock_store::Passwords;

use crate::{
    outcome::Failure,
    password::{Main, PasswordArgs, Whose},
};

/// How something is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// One object.
    Json,
}

/// The password of private keys.
#[derive(Clone, Debug)]
pub(super) enum Key {}

impl Whose for Key {
    const WHAT: &'static str = "the private keys' own password";
    const FILE: &'static str = "key-password-file";
    const ENV: &'static str = "key-password-env";
    const STDIN: &'static str = "key-password-stdin";
    const GROUP: &'static str = "key-password";
}

/// The password of what is written.
#[derive(Clone, Debug)]
pub(super) enum Out {}

impl Whose for Out {
    const WHAT: &'static str = "the new store's password";
    const FILE: &'static str = "out-password-file";
    const ENV: &'static str = "out-password-env";
    const STDIN: &'static str = "out-password-stdin";
    const GROUP: &'static str = "out-password";
}

/// The password of the private keys that are written.
#[derive(Clone, Debug)]
pub(super) enum OutKey {}

impl Whose for OutKey {
    const WHAT: &'static str = "the new private keys' own password";
    const FILE: &'static str = "out-key-password-file";
    const ENV: &'static str = "out-key-password-env";
    const STDIN: &'static str = "out-key-password-stdin";
    const GROUP: &'static str = "out-key-password";
}

/// The password of a truststore beside a keystore.
#[derive(Clone, Debug)]
pub(super) enum Truststore {}

impl Whose for Truststore {
    const WHAT: &'static str = "the truststore's password";
    const FILE: &'static str = "truststore-password-file";
    const ENV: &'static str = "truststore-password-env";
    const STDIN: &'static str = "truststore-password-stdin";
    const GROUP: &'static str = "truststore-password";
}

/// The passwords that a store is read with.
#[derive(Debug, clap::Args)]
pub(super) struct ReadArgs {
    #[command(flatten)]
    store: PasswordArgs<Main>,
    #[command(flatten)]
    key: PasswordArgs<Key>,
}

/// The passwords that a store is written with.
#[derive(Debug, clap::Args)]
pub(super) struct WriteArgs {
    #[command(flatten)]
    store: PasswordArgs<Out>,
    #[command(flatten)]
    key: PasswordArgs<OutKey>,
}

/// Passwords of a store and of its keys, as far as they are given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) store: Option<Password>,
    pub(super) key: Option<Password>,
    /// What the options for the store's password begin with.
    options: &'static str,
}

impl Given {
    /// A truststore's, which needs one for the store alone.
    pub(super) fn for_truststore(args: &PasswordArgs<Truststore>) -> Result<Self, Failure> {
        Ok(Self {
            store: args.read()?,
            key: None,
            options: Truststore::GROUP,
        })
    }

    /// The options that would give the store's password, or the keys' own.
    pub(super) fn options(&self, for_keys: bool) -> String {
        let group = if for_keys { Key::GROUP } else { self.options };
        format!("--{group}-file, --{group}-env or --{group}-stdin")
    }

    pub(super) fn passwords(&self) -> Passwords<'_> {
        Passwords {
            store: self.store.as_ref().map(Password::expose),
            key: self.key.as_ref().map(Password::expose),
        }
    }
}

impl ReadArgs {
    pub(super) fn read(&self) -> Result<Given, Failure> {
        Ok(Given {
            store: self.store.read()?,
            key: self.key.read()?,
            options: Main::GROUP,
        })
    }
}

impl WriteArgs {
    /// The passwords to write with: those that are given, and for the store else the old one.
    pub(super) fn read(&self, inherited: Option<Password>) -> Result<Given, Failure> {
        Ok(Given {
            store: self.store.read()?.or(inherited),
            key: self.key.read()?,
            options: Out::GROUP,
        })
    }
}
