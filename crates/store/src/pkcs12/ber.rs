//! BER (X.690 §8) made DER.
//!
//! PKCS #12 allows BER, and Bouncy Castle and NSS write it: lengths that are told by an end mark,
//! and octet strings in pieces. Everything else reads DER only, so such files are rewritten here,
//! and files in DER are passed on without a copy.

use std::{borrow::Cow, ops::Deref};

use zeroize::Zeroizing;

use crate::der::{OCTET_STRING, element};

/// How deep values may be nested; PKCS #12 needs half of it.
const MAX_DEPTH: u8 = 24;
const CONSTRUCTED: u8 = 0x20;
const PIECES: u8 = OCTET_STRING | CONSTRUCTED;

/// Why bytes are no BER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotBer {
    /// The bytes end before the value does.
    Cut,
    /// A tag or length that PKCS #12 does not have, or values nested too deep.
    Form,
}

/// Bytes that are DER, as they were given or rewritten; what was rewritten is wiped when dropped,
/// since there may be keys in it.
pub(super) enum Der<'a> {
    Given(&'a [u8]),
    Rewritten(Zeroizing<Vec<u8>>),
}

impl Deref for Der<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Given(bytes) => bytes,
            Self::Rewritten(bytes) => bytes,
        }
    }
}

/// The first value of `bytes` in DER; what follows it is left out. What octet strings hold is
/// not looked into.
pub(super) fn to_der(bytes: &[u8]) -> Result<Der<'_>, NotBer> {
    let mut survey = Input { rest: bytes };
    let mut plain = true;
    survey.check(0, &mut plain)?;
    let length = bytes.len() - survey.rest.len();
    if plain {
        return Ok(Der::Given(&bytes[..length]));
    }
    let mut output = Zeroizing::new(Vec::with_capacity(length));
    Input { rest: bytes }.convert(&mut output)?;
    Ok(Der::Rewritten(output))
}

/// The octets of a string whose tag is implicit: as they are, or in pieces.
pub(super) fn implicit_octets(constructed: bool, content: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !constructed {
        return Some(Cow::Borrowed(content));
    }
    let mut pieces = crate::der::Reader::new(content);
    let mut octets = Vec::with_capacity(content.len());
    while pieces.tag().is_some() {
        octets.extend_from_slice(pieces.take(OCTET_STRING)?);
    }
    Some(Cow::Owned(octets))
}

/// What is still to be read.
#[derive(Clone, Copy)]
struct Input<'a> {
    rest: &'a [u8],
}

struct Header {
    tag: u8,
    /// `None`: an end mark tells it.
    length: Option<usize>,
}

impl<'a> Input<'a> {
    /// Walks over one value; `plain` becomes false where it is no DER.
    fn check(&mut self, depth: u8, plain: &mut bool) -> Result<(), NotBer> {
        if depth > MAX_DEPTH {
            return Err(NotBer::Form);
        }
        let header = self.header()?;
        *plain &= header.tag != PIECES;
        let constructed = header.tag & CONSTRUCTED != 0;
        match header.length {
            Some(length) => {
                let mut content = self.split(length)?;
                // A value may not be longer than what holds it, so from here on nothing is cut.
                while constructed && !content.rest.is_empty() {
                    let inner = content.check(depth + 1, plain);
                    inner.map_err(|_| NotBer::Form)?;
                }
            }
            None if constructed => {
                *plain = false;
                while !self.end_mark()? {
                    self.check(depth + 1, plain)?;
                }
            }
            None => return Err(NotBer::Form),
        }
        Ok(())
    }

    /// Writes one value, which was checked.
    fn convert(&mut self, output: &mut Vec<u8>) -> Result<(), NotBer> {
        let (mut tag, mut content) = self.value()?;
        let start = output.len();
        if tag == PIECES {
            tag = OCTET_STRING;
            content.join(output)?;
        } else if tag & CONSTRUCTED == 0 {
            output.extend_from_slice(content.rest);
        } else {
            while !content.rest.is_empty() {
                content.convert(output)?;
            }
        }
        let value = element(tag, &[&output[start..]]);
        output.truncate(start);
        output.extend_from_slice(&value);
        Ok(())
    }

    /// Writes the octets of all pieces, which may be in pieces themselves.
    fn join(mut self, output: &mut Vec<u8>) -> Result<(), NotBer> {
        while !self.rest.is_empty() {
            match self.value()? {
                (OCTET_STRING, piece) => output.extend_from_slice(piece.rest),
                (PIECES, pieces) => pieces.join(output)?,
                _ => return Err(NotBer::Form),
            }
        }
        Ok(())
    }

    /// Takes one value: its tag and content.
    fn value(&mut self) -> Result<(u8, Self), NotBer> {
        let header = self.header()?;
        if let Some(length) = header.length {
            return Ok((header.tag, self.split(length)?));
        }
        let start = self.rest;
        let mut end = start.len();
        while !self.end_mark()? {
            self.check(0, &mut true)?;
            end = self.rest.len();
        }
        Ok((
            header.tag,
            Self {
                rest: start.get(..start.len() - end).unwrap_or_default(),
            },
        ))
    }

    /// Takes the two zeros that end a value of unknown length, if they are next.
    fn end_mark(&mut self) -> Result<bool, NotBer> {
        match self.rest {
            [0, 0, rest @ ..] => {
                self.rest = rest;
                Ok(true)
            }
            [] => Err(NotBer::Cut),
            _ => Ok(false),
        }
    }

    fn split(&mut self, length: usize) -> Result<Self, NotBer> {
        let (content, rest) = self.rest.split_at_checked(length).ok_or(NotBer::Cut)?;
        self.rest = rest;
        Ok(Self { rest: content })
    }

    fn header(&mut self) -> Result<Header, NotBer> {
        let (tag, first, rest) = match self.rest {
            [tag, first, rest @ ..] => (*tag, *first, rest),
            _ => return Err(NotBer::Cut),
        };
        // Tags of several bytes do not occur, nor does a lone end mark.
        if tag & 0x1F == 0x1F || tag == 0 {
            return Err(NotBer::Form);
        }
        let (length, rest) = match first {
            short @ 0..=0x7F => (Some(usize::from(short)), rest),
            0x80 => (None, rest),
            long @ 0x81..=0x84 => {
                let octets = rest.split_at_checked(usize::from(long & 0x7F));
                let (octets, rest) = octets.ok_or(NotBer::Cut)?;
                let shift = |length: usize, octet: &u8| length << 8 | usize::from(*octet);
                (Some(octets.iter().fold(0, shift)), rest)
            }
            _ => return Err(NotBer::Form),
        };
        self.rest = rest;
        Ok(Header { tag, length })
    }
}
