use std::io::{self, Read};

use crate::clock::Moment;

/// Microseconds, little and big endian: the magic numbers of pcap-savefile(5).
const MAGIC: u32 = 0xa1b2_c3d4;
/// `LINKTYPE_ETHERNET`.
const ETHERNET: u32 = 1;
/// Far above tcpdump's longest packet: a greater length means that we are lost in the stream.
const LONGEST: u32 = 1 << 20;

/// Why a stream is not the capture it should be.
#[derive(Debug, thiserror::Error)]
pub enum PcapError {
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin as a capture with microseconds of this machine's byte order does.
    #[error("it begins with {0:#010x}, which is no capture of this machine")]
    Magic(u32),
    /// It is not of an Ethernet link.
    #[error("its link type is {0}, not Ethernet")]
    Link(u32),
    /// A packet is longer than packets are.
    #[error("one packet claims {0} bytes")]
    Length(u32),
}

/// One captured packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) at: Moment,
    pub(super) data: Vec<u8>,
}

/// Reads a capture as it comes.
pub(super) struct PcapReader<R> {
    input: R,
}

impl<R: Read> PcapReader<R> {
    /// Reads the file header.
    pub(super) fn new(mut input: R) -> Result<Self, PcapError> {
        let [magic, _version, _zone, _accuracy, _longest, link] = words(&mut input)?;
        if magic != MAGIC {
            return Err(PcapError::Magic(magic));
        }
        if link != ETHERNET {
            return Err(PcapError::Link(link));
        }
        Ok(Self { input })
    }

    /// The next packet, or nothing at the end. A packet that was cut off by the end is dropped.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, PcapError> {
        let [seconds, micros, length, _on_the_wire] = match words(&mut self.input) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            header => header?,
        };
        if length > LONGEST {
            return Err(PcapError::Length(length));
        }
        let mut data = vec![0; length as usize];
        match self.input.read_exact(&mut data) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let at = Moment::from_micros(u64::from(seconds) * 1_000_000 + u64::from(micros));
        Ok(Some(Packet { at, data }))
    }
}

fn words<const N: usize>(input: &mut impl Read) -> io::Result<[u32; N]> {
    let mut words = [0; N];
    for word in &mut words {
        let mut bytes = [0; 4];
        input.read_exact(&mut bytes)?;
        *word = u32::from_ne_bytes(bytes);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(words: &[u32], tail: &[u8]) -> Vec<u8> {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes.extend_from_slice(tail);
        bytes
    }

    #[test]
    fn packets_are_read_until_the_end_even_in_the_middle_of_one() {
        let header = [MAGIC, 0x0004_0002, 0, 0, 262_144, ETHERNET];
        let first = [7, 5, 3, 3];
        let bytes = file(&[&header[..], &first[..]].concat(), b"abc\0");
        let mut reader = PcapReader::new(&bytes[..]).unwrap();
        let packet = reader.next_packet().unwrap().unwrap();
        assert_eq!(packet.at, Moment::from_micros(7_000_005));
        assert_eq!(packet.data, b"abc");
        assert_eq!(reader.next_packet().unwrap(), None);
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |words: &[u32]| PcapReader::new(&file(words, &[])[..]).err().unwrap();
        assert!(matches!(refused(&[1, 0, 0, 0, 0, 1]), PcapError::Magic(1)));
        assert!(matches!(
            refused(&[MAGIC, 0, 0, 0, 0, 113]),
            PcapError::Link(113)
        ));
        let long = file(&[MAGIC, 0, 0, 0, 0, 1, 0, 0, u32::MAX, 0], &[]);
        let error = PcapReader::new(&long[..])
            .unwrap()
            .next_packet()
            .unwrap_err();
        assert!(matches!(error, PcapError::Length(u32::MAX)));
    }
}
