//! The little of DER (X.690) that keys and their encryption need: definite lengths, tags of one
//! byte, no copies.

use zeroize::Zeroizing;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Reads elements one after the other; `None` is what is no DER, or not what was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element's tag.
    pub(crate) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content, rest) = split(self.rest)?;
        if found != tag {
            return None;
        }
        self.rest = rest;
        Some(content)
    }

    /// The content of the next element if it has this tag.
    pub(crate) fn maybe(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.tag() == Some(tag) {
            self.take(tag)
        } else {
            None
        }
    }

    /// The next element with its tag and length, which must have this tag.
    pub(crate) fn whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = self.rest;
        self.take(tag)?;
        Some(&before[..before.len() - self.rest.len()])
    }

    /// A reader of the next element's content, which must be a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Reader::new)
    }

    /// The next element, which must be an INTEGER of 0 to 2^64 - 1.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let octets = match self.take(INTEGER)? {
            [] | [0x80..=0xFF, ..] => return None,
            [0, octets @ ..] => octets,
            octets => octets,
        };
        let shift = |number: u64, octet: &u8| number << 8 | u64::from(*octet);
        (octets.len() <= 8).then(|| octets.iter().fold(0, shift))
    }

    /// Nothing, if nothing is left.
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

/// The tag, the content and what follows.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = match *first {
        short @ 0..=0x7F => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            let shift = |length: usize, octet: &u8| length << 8 | usize::from(*octet);
            (octets.iter().fold(0, shift), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// An element made of a tag and the parts of its content, in one allocation that is wiped.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = &octets[zeros..];
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 + octets.len() + length));
    bytes.push(tag);
    match octets {
        [] => bytes.push(0),
        [short @ 0..=0x7F] => bytes.push(*short),
        long => {
            bytes.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7F));
            bytes.extend_from_slice(long);
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// An INTEGER of 0 to 2^32 - 1.
pub(crate) fn integer(number: u32) -> Zeroizing<Vec<u8>> {
    let octets = number.to_be_bytes();
    let zeros = octets[..3].iter().take_while(|octet| **octet == 0).count();
    let octets = &octets[zeros..];
    let sign: &[u8] = if octets[0] >= 0x80 { &[0] } else { &[] };
    element(INTEGER, &[sign, octets])
}

/// An object identifier's content in the usual notation with dots.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for octet in oid.iter().take(64) {
        arc = arc << 7 | u64::from(octet & 0x7F);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    let arcs: Vec<String> = arcs.iter().map(u64::to_string).collect();
    arcs.join(".")
}
