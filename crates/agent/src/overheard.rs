//! What the databases' own handshake says in clear, taken down while it passes by.
//!
//! Copies are kept until both sides have said it, and of no connection for longer than its first
//! bytes; whatever cannot be read is passed on all the same.

use ringlock_model::{KeyExchange, NativeChoice, NativeFacts};
use ringlock_suites::Suite;
use ringlock_wire::{ClientHello, ServerHello, group_name, version_name};

/// The most that is kept of a `ClientHello`: one record.
const LONGEST_HELLO: usize = 16 * 1024 + 5;

/// A handshake that is not over.
#[derive(Debug, Default)]
pub(crate) struct Overheard {
    /// What the side that dialled has said; none once it was read.
    hello: Option<Vec<u8>>,
    /// What the other side has said; none once it was read.
    answer: Option<Vec<u8>>,
    facts: NativeFacts,
}

impl Overheard {
    /// One that begins with these bytes of the side that dialled.
    pub(crate) fn begin(first: &[u8]) -> Box<Self> {
        let mut begun = Self {
            hello: Some(Vec::new()),
            answer: Some(Vec::new()),
            facts: NativeFacts::default(),
        };
        begun.hear_dialler(first);
        Box::new(begun)
    }

    /// What was heard so far.
    pub(crate) fn facts(&self) -> &NativeFacts {
        &self.facts
    }

    /// Whether nothing more is to be learnt.
    pub(crate) fn is_over(&self) -> bool {
        self.hello.is_none() && self.answer.is_none()
    }

    /// Bytes of the side that dialled.
    pub(crate) fn hear_dialler(&mut self, bytes: &[u8]) {
        let Some(heard) = &mut self.hello else { return };
        heard.extend_from_slice(bytes);
        match ClientHello::read(heard) {
            Ok(Some(hello)) => {
                self.facts.server_name = hello.server_name.map(str::to_owned);
                self.facts.offered = hello.versions().map(version).collect();
            }
            Ok(None) if heard.len() < LONGEST_HELLO => return,
            Ok(None) | Err(_) => {}
        }
        self.hello = None;
    }

    /// Bytes of the side that was dialled.
    pub(crate) fn hear_answerer(&mut self, bytes: &[u8]) {
        let Some(heard) = &mut self.answer else {
            return;
        };
        heard.extend_from_slice(bytes);
        match ServerHello::read(heard) {
            Ok(Some(hello)) => self.facts.chosen = Some(choice(hello)),
            Ok(None) => return,
            Err(_) => {}
        }
        self.answer = None;
    }
}

fn choice(hello: ServerHello) -> NativeChoice {
    NativeChoice {
        version: version(hello.version),
        suite: match Suite::by_code(hello.suite) {
            Some(suite) => suite.name().into(),
            None => numbered(hello.suite),
        },
        key_exchange: hello.group.map(|group| {
            KeyExchange(group_name(group).map_or_else(|| numbered(group), Into::into))
        }),
        resumed: hello.resumed,
    }
}

fn version(number: u16) -> std::borrow::Cow<'static, str> {
    version_name(number).map_or_else(|| numbered(number), Into::into)
}

fn numbered(number: u16) -> std::borrow::Cow<'static, str> {
    format!("{number:#06x}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = include_bytes!("../../../fuzz/corpus/first_bytes/hello-java");
    const ANSWER: &[u8] = include_bytes!("../../../fuzz/corpus/first_bytes/answer-java-1.2");

    #[test]
    fn both_sides_are_heard_byte_by_byte_as_well_as_at_once() {
        let mut at_once = Overheard::begin(HELLO);
        at_once.hear_answerer(ANSWER);
        let mut slowly = Overheard::begin(&[]);
        for byte in HELLO {
            slowly.hear_dialler(&[*byte]);
        }
        for byte in ANSWER {
            slowly.hear_answerer(&[*byte]);
        }
        for heard in [at_once, slowly] {
            assert!(heard.is_over());
            let facts = heard.facts();
            assert_eq!(facts.server_name.as_deref(), Some("node.example"));
            assert_eq!(facts.offered, ["TLSv1.3", "TLSv1.2"]);
            let chosen = facts.chosen.as_ref().unwrap();
            assert_eq!(chosen.version, "TLSv1.2");
            assert_eq!(chosen.suite, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
            assert_eq!(chosen.key_exchange.as_ref().unwrap().to_string(), "X25519");
            assert!(!chosen.resumed);
        }
    }

    #[test]
    fn what_cannot_be_read_is_forgotten() {
        let mut heard = Overheard::begin(b"GET /");
        assert!(!heard.is_over());
        heard.hear_answerer(b"HTTP/1.1");
        assert!(heard.is_over());
        assert_eq!(*heard.facts(), NativeFacts::default());
    }

    #[test]
    fn no_more_than_a_record_of_a_hello_is_kept() {
        // A record that never comes to its end.
        let mut heard = Overheard::begin(&[22, 3, 1, 0xFF, 0xFF]);
        for _ in 0..17 {
            heard.hear_dialler(&[1; 1024]);
        }
        assert!(heard.hello.is_none());
    }
}
