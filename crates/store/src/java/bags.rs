use std::collections::{HashMap, HashSet};

use super::{NO_KEY_PASSWORD, OTHER_KEY_PASSWORD, Seen, same_name, shown, takes};

/// What a PKCS #12 file holds, in its order and with what Java's rules go by.
#[derive(Debug, Default)]
pub(crate) struct Bags {
    /// The bags of all safes.
    pub(crate) all: Vec<Bag>,
    /// Why `KeyStore.load` fails, with every password or with all but null.
    pub(crate) load_fails: Option<Failure>,
    /// Whether there is a MAC or an encrypted safe.
    pub(crate) protected: bool,
}

/// What Java cannot load.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why.
    pub(crate) reason: String,
    /// Whether Java, given no password, passes over it.
    pub(crate) only_with_password: bool,
}

/// A bag (RFC 7292 §4.2).
#[derive(Debug)]
pub(crate) struct Bag {
    /// What it holds.
    pub(crate) found: Found,
    /// Its `friendlyName`.
    pub(crate) alias: Option<String>,
    /// Its `localKeyId`.
    pub(crate) key_id: Option<Vec<u8>>,
    /// Whether it is the first of its safe.
    pub(crate) first: bool,
    /// Whether its safe is encrypted.
    pub(crate) encrypted: bool,
}

/// What a bag holds.
#[derive(Debug)]
pub(crate) enum Found {
    /// A private key under a password.
    Key(Lock),
    /// A certificate, with the attribute that makes Java trust it, or without.
    Certificate {
        /// Whether it has the attribute.
        trusted: bool,
    },
    /// A secret key.
    Secret,
    /// What Java skips, in the plural.
    Skipped(&'static str),
}

/// What a private key's own encryption means to Java.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// The store's password opens it.
    Store,
    /// Another one does.
    Other,
    /// Java has not the algorithm.
    Lacking(String),
}

impl Bags {
    /// Goes over the bags as `PKCS12KeyStore.engineLoad` does.
    pub(super) fn seen(&self, password: Option<&str>, untrusted: usize) -> Seen {
        if let Some(reason) = self.load_failure(password) {
            return Seen::nothing(reason);
        }
        let mut table = Table::default();
        let read = |bag: &&Bag| password.is_some() || !bag.encrypted;
        for bag in self.all.iter().filter(read) {
            table.take(bag);
        }
        let mut seen = table.finish(password);
        if untrusted > 0 {
            seen.because(lacking_attribute(untrusted));
        }
        if password.is_none() && self.all.iter().any(|bag| bag.encrypted) {
            seen.because("without a password Java skips what is encrypted, and gives no error");
        }
        seen
    }

    fn load_failure(&self, password: Option<&str>) -> Option<String> {
        let failure = self.load_fails.as_ref();
        let met = failure.filter(|it| password.is_some() || !it.only_with_password);
        if let Some(failure) = met {
            return Some(failure.reason.clone());
        }
        let ascii = password.is_none_or(takes);
        (self.protected && !ascii).then(|| NOT_ASCII.to_owned())
    }
}

const NOT_ASCII: &str = "Java 17 opens PKCS12 with passwords of printable ASCII only";

fn lacking_attribute(certificates: usize) -> String {
    let lack = match certificates {
        1 => "1 certificate lacks".to_owned(),
        many => format!("{many} certificates lack"),
    };
    format!(
        "{lack} the attribute 2.16.840.1.113894.746875.1.1, without which Java takes none for a \
         trust anchor"
    )
}

/// Java's entries while they are being loaded.
#[derive(Default)]
struct Table<'a> {
    entries: Vec<(String, Entry<'a>)>,
    /// Which of them stands under a name, the last of equal ones.
    by_name: HashMap<String, usize>,
    /// What certificates that are no anchors are tied to keys by.
    loose_ids: HashSet<&'a [u8]>,
    loose_names: HashSet<String>,
    /// How many private keys there were.
    keys: usize,
    /// How many entries got a number for a name.
    unnamed: usize,
    seen: Seen,
}

enum Entry<'a> {
    Key { id: &'a [u8], lock: &'a Lock },
    Anchor,
    Secret,
}

/// The `localKeyId` that Java assumes where there is none.
const ASSUMED: &[u8] = b"01";

impl<'a> Table<'a> {
    fn take(&mut self, bag: &'a Bag) {
        match &bag.found {
            Found::Key(lock) => self.key(bag, lock),
            Found::Certificate { trusted: true } => self.put(bag, Entry::Anchor),
            Found::Certificate { trusted: false } => {
                let assumed = (self.keys == 1 && bag.first).then_some(ASSUMED);
                self.loose_ids.extend(bag.key_id.as_deref().or(assumed));
                self.loose_names
                    .extend(bag.alias.as_deref().map(str::to_lowercase));
            }
            Found::Secret => self.put(bag, Entry::Secret),
            Found::Skipped(what) => self.seen.because(format!("Java skips {what}")),
        }
    }

    fn key(&mut self, bag: &'a Bag, lock: &'a Lock) {
        self.keys += 1;
        let assumed = (self.keys == 1).then_some(ASSUMED);
        match bag.key_id.as_deref().or(assumed) {
            Some(id) => self.put(bag, Entry::Key { id, lock }),
            None => self
                .seen
                .because("Java skips each private key without a localKeyId but the first"),
        }
    }

    fn put(&mut self, bag: &Bag, entry: Entry<'a>) {
        let name = match &bag.alias {
            Some(alias) => alias.to_lowercase(),
            None => {
                self.unnamed += 1;
                self.unnamed.to_string()
            }
        };
        let index = self.entries.len();
        if self.by_name.insert(name.clone(), index).is_some() {
            self.seen.because(same_name(&name));
        }
        self.entries.push((name, entry));
    }

    /// Counts what is left under the names.
    fn finish(mut self, password: Option<&str>) -> Seen {
        let mut unopened = None;
        let mut seen = std::mem::take(&mut self.seen);
        for (index, (name, entry)) in self.entries.iter().enumerate() {
            if self.by_name.get(name) != Some(&index) {
                continue;
            }
            match entry {
                Entry::Secret => {}
                Entry::Anchor => seen.trust_anchors += 1,
                Entry::Key { id, lock } => {
                    unopened = unopened.or_else(|| unopenable(lock, password));
                    if self.is_chained(name, id) {
                        seen.private_keys += 1;
                    } else {
                        seen.because(no_certificate(name));
                    }
                }
            }
        }
        // `KeyManagerFactory.init` fails as a whole on the first key that it cannot open.
        if let Some(reason) = unopened {
            seen.private_keys = 0;
            seen.because(reason);
        }
        seen
    }

    fn is_chained(&self, name: &str, id: &[u8]) -> bool {
        self.loose_ids.contains(id) || self.loose_names.contains(name)
    }
}

fn no_certificate(name: &str) -> String {
    format!(
        "to Java the private key {} has no certificate, so it is not used",
        shown(name)
    )
}

fn unopenable(lock: &Lock, password: Option<&str>) -> Option<String> {
    let Some(password) = password else {
        return Some(NO_KEY_PASSWORD.to_owned());
    };
    match lock {
        Lock::Store if !takes(password) => Some(NOT_ASCII.to_owned()),
        Lock::Store => None,
        Lock::Other => Some(OTHER_KEY_PASSWORD.to_owned()),
        Lock::Lacking(reason) => Some(reason.clone()),
    }
}
