use std::collections::{HashMap, HashSet};

use crate::KeyStore;

/// What the entries are called when Java is to read them: in lower case, as its stores look them
/// up, and no two alike. An entry without a name becomes `key` or `ca`; of equal names all but
/// the first get a number.
pub(crate) struct Names {
    /// One for each of the store's keys.
    pub(crate) keys: Vec<String>,
    /// One for each of its certificates.
    pub(crate) certificates: Vec<String>,
}

impl Names {
    pub(crate) fn of(store: &KeyStore) -> Self {
        let keys = store.keys.iter().map(|entry| named(&entry.alias, "key"));
        let certificates = store.certificates.iter();
        let certificates = certificates.map(|entry| named(&entry.alias, "ca"));
        let wanted: Vec<String> = keys.chain(certificates).collect();
        let mut keys = unlike(&wanted);
        let certificates = keys.split_off(store.keys.len());
        Self { keys, certificates }
    }
}

fn named(alias: &Option<String>, missing: &str) -> String {
    match alias.as_deref() {
        None | Some("") => missing.to_owned(),
        Some(alias) => alias.to_lowercase(),
    }
}

/// Names that somebody gave stay as they are; numbers step aside for them.
fn unlike(wanted: &[String]) -> Vec<String> {
    let given: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(wanted.len());
    for name in wanted {
        let count = counts.entry(name).or_default();
        *count += 1;
        let mut free = name.clone();
        while *count > 1 {
            free = format!("{name}-{count}");
            if !given.contains(free.as_str()) {
                break;
            }
            *count += 1;
        }
        names.push(free);
    }
    names
}

/// A name for messages: its first 64 characters, those that do not print escaped.
pub(crate) fn shown(alias: &str) -> String {
    alias
        .chars()
        .take(64)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_steps_aside_for_a_name_that_was_given() {
        let wanted = ["key", "key", "key-2", "ca", "key"].map(str::to_owned);
        assert_eq!(unlike(&wanted), ["key", "key-3", "key-2", "ca", "key-4"]);
    }

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(shown(&"x".repeat(99)).len(), 64);
    }
}
