/// The length of a TLS record's header (RFC 8446 §5.1).
const HEADER: usize = 5;
/// The longest record that is allowed: 2^14 bytes and what TLS 1.2 may add (RFC 5246 §6.2.3).
const LONGEST: usize = (1 << 14) + 2048;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// `change_cipher_spec`, `alert`, `handshake`, `application_data`.
const RECORD_TYPES: std::ops::RangeInclusive<u8> = 20..=23;

/// Follows the TLS records of one direction of a connection, as long as there are such.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    /// Every byte so far belongs to a TLS record.
    Records {
        /// Whether this is the first record, which opens a handshake or refuses one.
        first: bool,
        /// The header being read.
        header: [u8; HEADER],
        /// How much of the header has been read.
        read: usize,
        /// How much of the record's body is still to come.
        body: usize,
    },
    /// Some byte was none of TLS; from there on everything counts as plaintext.
    Plaintext,
}

impl Framing {
    /// For a direction that is seen from its first byte.
    pub(super) const START: Self = Self::Records {
        first: true,
        header: [0; HEADER],
        read: 0,
        body: 0,
    };

    /// Takes the next bytes; tells how many bytes, with those of a header held back before, have
    /// turned out to be plaintext.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Self::Records {
            first,
            header,
            read,
            body,
        } = self
        {
            if *body > 0 {
                let taken = rest.len().min(*body);
                *body -= taken;
                rest = &rest[taken..];
            }
            let Some((byte, others)) = rest.split_first() else {
                return 0;
            };
            header[*read] = *byte;
            *read += 1;
            if !begins_record(&header[..*read], *first) {
                let undecided = *read;
                *self = Self::Plaintext;
                return undecided + others.len();
            }
            rest = others;
            if *read == HEADER {
                *body = body_length(*header);
                *read = 0;
                *first = false;
            }
        }
        rest.len()
    }

    /// Bytes held back because they may yet become a record's header.
    pub(super) fn undecided(&self) -> usize {
        match self {
            Self::Records { read, .. } => *read,
            Self::Plaintext => 0,
        }
    }

    pub(super) fn is_plaintext(&self) -> bool {
        matches!(self, Self::Plaintext)
    }
}

/// Whether these bytes can be the beginning of a record's header.
fn begins_record(header: &[u8], first: bool) -> bool {
    let kind_fits = |kind: u8| {
        if first {
            [ALERT, HANDSHAKE].contains(&kind)
        } else {
            RECORD_TYPES.contains(&kind)
        }
    };
    match *header {
        [kind] => kind_fits(kind),
        [_, major] => major == 3,
        // SSL 3.0 to TLS 1.2; TLS 1.3 writes 1.2 here.
        [_, _, minor] => minor <= 3,
        [_, _, _, high] => usize::from(high) <= LONGEST >> 8,
        [_, _, _, high, low] => (1..=LONGEST).contains(&body_length([0, 0, 0, high, low])),
        _ => false,
    }
}

fn body_length(header: [u8; HEADER]) -> usize {
    usize::from(u16::from_be_bytes([header[3], header[4]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut record = vec![kind, 3, 3, high, low];
        record.resize(HEADER + usize::from(length), 0xCA);
        record
    }

    #[test]
    fn records_are_followed_however_they_are_cut() {
        let bytes = [record(22, 300), record(20, 1), record(23, 17_000)].concat();
        for size in [1, 3, 7, 1000, bytes.len()] {
            let mut framing = Framing::START;
            let plaintext: usize = bytes.chunks(size).map(|chunk| framing.feed(chunk)).sum();
            assert_eq!(plaintext, 0, "in pieces of {size}");
            assert_eq!(framing.undecided(), 0);
        }
    }

    #[test]
    fn cassandras_own_first_bytes_are_plaintext() {
        let mut framing = Framing::START;
        assert_eq!(framing.feed(&[0xCA, 0x55, 0x2D, 0xFA, 1]), 5);
        assert_eq!(framing.feed(&record(23, 10)), 15);
    }

    #[test]
    fn a_held_back_header_counts_once_it_is_none() {
        let mut framing = Framing::START;
        assert_eq!(framing.feed(&[22, 3]), 0);
        assert_eq!(framing.undecided(), 2);
        assert_eq!(framing.feed(&[9, 1, 1]), 5);
        assert!(framing.is_plaintext());
    }

    #[test]
    fn plaintext_after_records_counts_from_where_it_begins() {
        let mut framing = Framing::START;
        let bytes = [record(22, 40), vec![0xCA, 0x55, 0x2D]].concat();
        assert_eq!(framing.feed(&bytes), 3);
    }

    #[test]
    fn a_connection_does_not_begin_with_application_data() {
        assert_eq!(Framing::START.clone().feed(&record(23, 4)), 9);
        assert_eq!(Framing::START.clone().feed(&record(21, 2)), 0);
    }

    #[test]
    fn a_record_longer_than_tls_allows_is_none() {
        let mut framing = Framing::START;
        assert_eq!(framing.feed(&[22, 3, 1, 0xFF, 0xFF]), 5);
    }
}
