use std::collections::BTreeMap;

use memchr::memmem::Finder;

use super::framing::Framing;

/// Segments that may wait for an earlier one before that one counts as lost by the capture.
const MOST_WAITING: usize = 4096;
/// How much of the text around the marker is kept.
const EXCERPT: usize = 80;

/// One direction of a connection, put in order.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The sequence number of the next byte, once the first is known.
    next: Option<u32>,
    /// What came too early, by its distance from the first byte that is missing when it came.
    waiting: BTreeMap<u64, Vec<u8>>,
    /// Bytes put in order so far.
    ordered: u64,
    framing: Framing,
    /// Whether the capture missed bytes, so that there is no telling what the others are.
    lost: bool,
    /// The end of what was searched for the marker, in case the marker is cut in two.
    tail: Vec<u8>,
}

/// What one segment brought to light.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Bytes that are plaintext.
    pub(super) plaintext: u64,
    /// Bytes that the capture cannot vouch for, as bytes before them are missing.
    pub(super) unverified: u64,
    /// Texts around the marker in clear.
    pub(super) excerpts: Vec<String>,
}

impl Stream {
    /// A direction of which nothing is known yet.
    pub(super) fn new() -> Self {
        Self {
            next: None,
            waiting: BTreeMap::new(),
            ordered: 0,
            framing: Framing::START,
            lost: false,
            tail: Vec::new(),
        }
    }

    /// The direction was opened: its first byte is the one after the SYN's number.
    pub(super) fn open(&mut self, syn_sequence: u32) {
        self.next.get_or_insert(syn_sequence.wrapping_add(1));
    }

    /// Takes a segment's payload.
    ///
    /// On a direction known to be plaintext every byte on the wire counts, repeated or not.
    pub(super) fn take(&mut self, sequence: u32, payload: &[u8], marker: &Finder<'_>) -> Findings {
        if payload.is_empty() {
            return Findings::default();
        }
        // Without its beginning there is no telling what a direction carries.
        let next = *self.next.get_or_insert_with(|| {
            self.framing = Framing::Plaintext;
            sequence
        });
        let mut findings = Findings::default();
        if self.lost {
            findings.unverified = payload.len() as u64;
        } else if self.framing.is_plaintext() {
            findings.plaintext = payload.len() as u64;
        }
        self.put_in_order(sequence, payload, next);
        self.drain(marker, &mut findings);
        if self.waiting.len() > MOST_WAITING {
            self.give_up_gap(marker, &mut findings);
        }
        findings
    }

    /// Bytes that wait for earlier ones, and, where no more will come, for the rest of a header.
    pub(super) fn undecided(&self, ended: bool) -> u64 {
        if self.lost || self.framing.is_plaintext() {
            return 0;
        }
        let waiting: usize = self.waiting.values().map(Vec::len).sum();
        let header = if ended { self.framing.undecided() } else { 0 };
        (waiting + header) as u64
    }

    /// Numbers wrap around at 2^32, so the distance from the expected one decides.
    fn put_in_order(&mut self, sequence: u32, payload: &[u8], next: u32) {
        let ahead = sequence.wrapping_sub(next).cast_signed();
        let (skip, offset) = match u64::try_from(ahead) {
            Ok(ahead) => (0, self.ordered + ahead),
            Err(_) => (ahead.unsigned_abs() as usize, self.ordered),
        };
        let Some(new) = payload.get(skip..).filter(|new| !new.is_empty()) else {
            return;
        };
        let known = self.waiting.entry(offset).or_default();
        if known.len() < new.len() {
            *known = new.to_vec();
        }
    }

    fn drain(&mut self, marker: &Finder<'_>, findings: &mut Findings) {
        while let Some((&offset, _)) = self.waiting.first_key_value()
            && offset <= self.ordered
        {
            let Some((_, bytes)) = self.waiting.pop_first() else {
                return;
            };
            let overlap = usize::try_from(self.ordered - offset).unwrap_or(usize::MAX);
            if let Some(new) = bytes.get(overlap..).filter(|new| !new.is_empty()) {
                self.advance(new, marker, findings);
            }
        }
    }

    fn advance(&mut self, bytes: &[u8], marker: &Finder<'_>, findings: &mut Findings) {
        let was_plaintext = self.framing.is_plaintext();
        let plaintext = self.framing.feed(bytes) as u64;
        if !was_plaintext {
            findings.plaintext += plaintext;
        }
        self.skip(bytes.len() as u64);
        self.search(bytes, marker, findings);
    }

    fn search(&mut self, bytes: &[u8], marker: &Finder<'_>, findings: &mut Findings) {
        let length = marker.needle().len();
        if length == 0 {
            return;
        }
        self.tail.extend_from_slice(bytes);
        let found: Vec<_> = marker.find_iter(&self.tail).collect();
        findings
            .excerpts
            .extend(found.iter().map(|start| excerpt(&self.tail[*start..])));
        // What follows the last find, or the longest part that may be the marker's beginning.
        let seen = found.last().map_or(0, |start| start + length);
        let keep = self.tail.len().saturating_sub(length - 1).max(seen);
        self.tail.drain(..keep);
    }

    /// The capture missed a packet: what follows is taken as it comes, and not vouched for.
    fn give_up_gap(&mut self, marker: &Finder<'_>, findings: &mut Findings) {
        if !self.framing.is_plaintext() {
            findings.unverified += self.undecided(true);
            self.lost = true;
            self.framing = Framing::Plaintext;
        }
        for (offset, bytes) in std::mem::take(&mut self.waiting) {
            let missed = offset.saturating_sub(self.ordered);
            self.skip(missed);
            self.waiting.insert(offset, bytes);
            self.drain(marker, findings);
        }
    }

    fn skip(&mut self, count: u64) {
        self.ordered += count;
        // Sequence numbers count modulo 2^32.
        let count = u32::try_from(count % (1 << 32)).unwrap_or_default();
        self.next = self.next.map(|next| next.wrapping_add(count));
    }
}

fn excerpt(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(EXCERPT)
        .take_while(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte))
        .collect()
}
