use proptest::prelude::*;

use super::*;
use crate::hex::bytes;

/// What a real node sent first, with its address, and how to read on.
struct Seen {
    stage: Stage,
    hex: &'static str,
    length: usize,
    claim: Option<&'static str>,
    next: Option<Stage>,
}

/// All of it captured on the network between two nodes.
const SEEN: &[(&str, Seen)] = &[
    (
        "3.11.19, the header of a connection for messages",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa00000b00",
            length: 8,
            claim: None,
            next: Some(Stage::Confirmation),
        },
    ),
    (
        "3.11.19, what follows the answer, with its first message",
        Seen {
            stage: Stage::Confirmation,
            hex: "0000000b040a4d0002ca552dfa0000000106772c43040a4d0002",
            length: 9,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "3.11.19, a stream (bootstrap), StreamInitMessage with it",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa00000408040a4d000200000000182a3eb0e6ef11f1b8b073a0b96d8b640009\
                  426f6f747374726170010100",
            length: 8,
            claim: None,
            next: Some(Stage::LegacyStream),
        },
    ),
    (
        "3.11.19, the same behind its header",
        Seen {
            stage: Stage::LegacyStream,
            hex: "040a4d000200000000182a3eb0e6ef11f1b8b073a0b96d8b640009",
            length: 5,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "4.0.19 to 3.11.19, the header of a connection for urgent messages",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa00000b11",
            length: 8,
            claim: None,
            next: Some(Stage::Confirmation),
        },
    ),
    (
        "4.0.19 to 3.11.19, what follows the answer",
        Seen {
            stage: Stage::Confirmation,
            hex: "0000000c040a4d0002",
            length: 9,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "4.0.19, Initiate of a connection for urgent messages",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa0c0a0c11060a4d00021b582fa29f66",
            length: 19,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "4.1.10, Initiate of a connection for small messages, with a frame behind it",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa0c0a0c12060a4d00011b58a36b26dc0b00029408110b067b32a7",
            length: 19,
            claim: Some("10.77.0.1"),
            next: None,
        },
    ),
    (
        "4.1.10, Initiate of a connection for large messages",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa0c0a0c13060a4d00021b586d87981b",
            length: 19,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "5.0.6, Initiate of a connection for urgent messages over IPv6",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa0c0c0c1112fd7700000000000000000000000000021b581e1f69ae",
            length: 31,
            claim: Some("fd77::2"),
            next: None,
        },
    ),
    (
        "5.0.6, Initiate of a stream",
        Seen {
            stage: Stage::Opening,
            hex: "ca552dfa0c0c0c08060a4d00021b584148c521",
            length: 19,
            claim: Some("10.77.0.2"),
            next: Some(Stage::Stream),
        },
    ),
    (
        "5.0.6, StreamInitMessage (rebuild)",
        Seen {
            stage: Stage::Stream,
            hex: "0a060a4d00021b58000000002c16cce0e6ef11f18f05e3306464867800075265",
            length: 8,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
    (
        "4.0.19, a stream that says that it lives, before StreamInitMessage (rebuild)",
        Seen {
            stage: Stage::Stream,
            hex: "070a060a4d00021b5800000000054caf80e6ef11f1bd82ff635143b304000752",
            length: 1,
            claim: None,
            next: Some(Stage::Stream),
        },
    ),
    (
        "4.0.19, the first file of a stream (decommission)",
        Seen {
            stage: Stage::Stream,
            hex: "025bc52802de2535edaeab188eecebb090060a4d00021b58df61c730e6f111f18507dd",
            length: 24,
            claim: Some("10.77.0.2"),
            next: None,
        },
    ),
];

fn read(stage: Stage, hex: &str) -> Result<Option<Part>, NotInternode> {
    stage.read(&bytes(hex))
}

fn with_checksum(hex: &str) -> Vec<u8> {
    let mut message = bytes(hex);
    let checksum = checksum(&message);
    message.extend_from_slice(&checksum.to_be_bytes());
    message
}

#[test]
fn what_real_nodes_send_first_is_read() {
    for (origin, seen) in SEEN {
        let part = Part {
            length: seen.length,
            claim: seen.claim.map(|claim| claim.parse().unwrap()),
            next: seen.next,
        };
        assert_eq!(read(seen.stage, seen.hex), Ok(Some(part)), "{origin}");
    }
}

#[test]
fn a_part_is_not_there_before_its_last_byte() {
    for (origin, seen) in SEEN {
        let whole = bytes(seen.hex);
        for length in 0..seen.length {
            let read = seen.stage.read(&whole[..length]);
            assert_eq!(read, Ok(None), "{origin}, {length} bytes");
        }
        assert!(seen.length <= LONGEST_PART);
    }
}

#[test]
fn a_stream_begins_with_nothing_that_needs_a_session() {
    assert_eq!(
        read(Stage::Stream, "05"),
        Err(NotInternode::StreamMessage(5))
    );
}

#[test]
fn an_ipv4_address_in_the_form_of_ipv6_is_that_ipv4_address() {
    let mapped = "0000000b1000000000000000000000ffff0a4d0002";
    let part = read(Stage::Confirmation, mapped).unwrap().unwrap();
    assert_eq!(part.claim, Some([10, 77, 0, 2].into()));
}

#[test]
fn initiate_with_a_wrong_checksum_or_a_changed_address_is_refused() {
    for changed in [
        "ca552dfa0c0a0c11060a4d00011b582fa29f66",
        "ca552dfa0c0a0c11060a4d00021b582fa29f67",
        "ca552dfa0c0a0c12060a4d00021b582fa29f66",
    ] {
        let refused = read(Stage::Opening, changed).unwrap_err();
        assert!(matches!(refused, NotInternode::Checksum { .. }));
    }
    let refused = read(Stage::Opening, "ca552dfa0c0a0c11060a4d00021b5800000000");
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the checksum is 00000000, and 2fa29f66 would be right"
    );
}

#[test]
fn a_header_that_could_be_read_as_of_before_and_after_4_0_is_refused() {
    // A node of 4.0 would take these for messages from nobody in particular.
    for flags in ["0c0a0b11", "0b0a0c11", "0c000b00", "000a0b00"] {
        let refused = read(Stage::Opening, &format!("ca552dfa{flags}"));
        assert!(matches!(refused, Err(NotInternode::Versions(_))), "{flags}");
    }
}

#[test]
fn an_address_has_4_or_16_bytes_and_from_4_0_on_perhaps_a_port() {
    for length in ["00", "05", "07", "11", "13", "ff"] {
        let initiate = read(Stage::Opening, &format!("ca552dfa0c0a0c11{length}"));
        assert!(matches!(initiate, Err(NotInternode::AddressLength(_))));
    }
    for length in ["00", "06", "12"] {
        for (stage, before) in [(Stage::Confirmation, "0000000c"), (Stage::LegacyStream, "")] {
            let refused = read(stage, &format!("{before}{length}"));
            assert!(matches!(refused, Err(NotInternode::AddressLength(_))));
        }
    }
    let bare = with_checksum("ca552dfa0c0a0c11040a4d0002");
    let part = Stage::Opening.read(&bare).unwrap().unwrap();
    assert_eq!(part.claim, Some([10, 77, 0, 2].into()));
}

#[test]
fn scyllas_protocol_names_no_address_at_its_beginning() {
    let part = Stage::Opening.read(b"SSTARRPC\0\0\0\0").unwrap().unwrap();
    assert_eq!((part.length, part.claim, part.next), (8, None, None));
}

#[test]
fn what_is_no_internode_protocol_is_refused_at_its_first_strange_byte() {
    for bytes in [&b"G"[..], b"\xCA\x56", b"\x16\x03\x01", b"SSL", b"\0"] {
        assert_eq!(Stage::Opening.read(bytes), Err(NotInternode::Magic));
    }
}

fn stages() -> impl Strategy<Value = Stage> {
    prop_oneof![
        Just(Stage::Opening),
        Just(Stage::Confirmation),
        Just(Stage::LegacyStream),
        Just(Stage::Stream),
    ]
}

proptest! {
    #[test]
    fn an_answer_stays_whatever_follows_and_comes_before_the_bound(
        stage in stages(),
        magic: bool,
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(4), Just(18), Just(12)], 0..80),
    ) {
        let mut bytes = bytes;
        if magic && stage == Stage::Opening {
            bytes.splice(..0, INTERNODE_MAGIC);
        }
        let all = stage.read(&bytes);
        if bytes.len() >= LONGEST_PART {
            prop_assert_ne!(all, Ok(None));
        }
        for length in 0..bytes.len() {
            let some = stage.read(&bytes[..length]);
            prop_assert!(some == Ok(None) || some == all);
        }
        if let Ok(Some(part)) = all {
            prop_assert!(0 < part.length && part.length <= bytes.len().min(LONGEST_PART));
            prop_assert_eq!(stage.read(&bytes[..part.length]), all);
        }
    }

    #[test]
    fn every_address_that_is_written_is_read(address: IpAddr, port: u16, streams: bool) {
        let flags = [0x0d, 0x0c, 0x0c, 0x10 | u8::from(streams) << 3];
        let mut message = [&INTERNODE_MAGIC[..], &flags].concat();
        match address {
            IpAddr::V4(address) => message.extend([&[6][..], &address.octets()].concat()),
            IpAddr::V6(address) => message.extend([&[18][..], &address.octets()].concat()),
        }
        message.extend(port.to_be_bytes());
        message.extend(checksum(&message).to_be_bytes());
        let part = Stage::Opening.read(&message).unwrap().unwrap();
        prop_assert_eq!(part.length, message.len());
        prop_assert_eq!(part.claim, Some(address.to_canonical()));
        prop_assert_eq!(part.next.is_some(), streams);
    }
}
