use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use rustls::version::TLS12;

use super::{super::MAX_RECORD, *};

/// Several times what one read of the relay takes.
const LONGEST: usize = 300_000;

/// Cheap to make, and no two positions that could be confused are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| at.wrapping_mul(31).to_le_bytes()[0] ^ at.to_le_bytes()[1])
        .collect()
}

/// The ends of the pieces that `stream` is torn into.
fn ends(cuts: &[Index], length: usize) -> Vec<usize> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
    ends.push(length);
    ends.sort_unstable();
    ends
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_the_stream_is_torn_the_plaintext_is_the_same(
        lengths in vec(prop_oneof![0..200_usize, 0..LONGEST], 1..4),
        cuts in vec(any::<Index>(), 0..40),
        outward in any::<bool>(),
        engine in select(&ENGINES[..]),
    ) {
        let mut pair = Pair::of(engine);
        let (from, to) = match outward {
            true => (&mut pair.client, &mut pair.server),
            false => (&mut pair.server, &mut pair.client),
        };
        let (mut sent, mut stream) = (Vec::new(), Vec::new());
        for length in lengths {
            sent.extend(bytes(length));
            stream.extend(seal(from, &bytes(length)));
        }
        let (mut opened, mut start) = (Vec::new(), 0);
        for end in ends(&cuts, stream.len()) {
            let received = receive(to, &stream[start..end]).unwrap();
            opened.extend(received.plaintext);
            prop_assert!(received.outgoing.is_empty());
            prop_assert!(to.carried().len() <= sealed_size(MAX_RECORD));
            start = end;
        }
        prop_assert!(opened == sent, "{} bytes became {}", sent.len(), opened.len());
        prop_assert!(to.carried().is_empty());
        pair.talk();
    }

    #[test]
    fn sealed_bytes_fit_into_the_size_that_was_promised(
        length in 0..LONGEST,
        engine in select(&ENGINES[..]),
    ) {
        let mut pair = Pair::of(engine);
        let mut records = vec![0; sealed_size(length)];
        let sealed = pair.client.seal(&bytes(length), &mut records).unwrap();
        prop_assert!(sealed <= sealed_size(length));
        prop_assert!(sealed >= length);
    }

    #[test]
    fn a_flipped_bit_never_gets_through(
        length in 1..MAX_RECORD,
        position in any::<Index>(),
        bit in 0..8_u8,
        engine in select(&ENGINES[..]),
    ) {
        let mut pair = Pair::of(engine);
        let sent = bytes(length);
        let mut record = seal(&mut pair.client, &sent);
        let position = position.index(record.len());
        record[position] ^= 1 << bit;
        let header = 5;
        match receive(&mut pair.server, &record) {
            Err(SessionError::Record(_)) => {}
            Err(other) => panic!("{other}"),
            // A greater length in the header makes the record unfinished, which shows later. The
            // version in it means nothing, and nobody looks at it (RFC 8446 §5.1).
            Ok(received) => {
                prop_assert!(position < header, "byte {position} was altered unnoticed");
                prop_assert!(received.plaintext.is_empty() || received.plaintext == sent);
            }
        }
    }
}

#[test]
fn nothing_becomes_nothing() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        assert_eq!(seal(&mut pair.client, b""), b"");
        assert_eq!(receive(&mut pair.server, b"").unwrap().plaintext, b"");
        pair.talk();
    }
}

#[test]
fn the_promised_size_holds_at_every_edge_of_a_record_in_both_versions() {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    let mut peer = Raw::client(cluster.raw_client(Some(&identity), &[&TLS12]));
    let mut old = cluster.node(SERVER, STRICT).accept().unwrap();
    peer.meet(&mut old).unwrap();
    let mut new = Pair::of_one_cluster().server;
    for records in 1..6 {
        for length in [
            records * MAX_RECORD - 1,
            records * MAX_RECORD,
            records * MAX_RECORD + 1,
        ] {
            for session in [&mut old, &mut new] {
                assert!(seal(session, &bytes(length)).len() <= sealed_size(length));
            }
        }
    }
}

/// Lays `plaintext` where the session wants it, and has it sealed there.
fn seal_in_slots(session: &mut Session, plaintext: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0xEE; sealed_size(plaintext.len()) + MAX_RECORD];
    let mut left = plaintext;
    for slot in session.slots(&mut buffer).unwrap() {
        let (part, rest) = left.split_at(left.len().min(slot.len()));
        slot[..part.len()].copy_from_slice(part);
        left = rest;
    }
    assert!(left.is_empty(), "too few slots");
    let sealed = session.seal_slots(&mut buffer, plaintext.len()).unwrap();
    buffer.truncate(sealed);
    buffer
}

#[test]
fn what_is_sealed_where_it_stands_is_what_a_peer_of_either_version_opens() {
    let cluster = Cluster::new();
    let identity = cluster.identity(CLIENT, NODE_VALIDITY);
    for version in rustls::ALL_VERSIONS {
        let mut peer = Raw::client(cluster.raw_client(Some(&identity), &[version]));
        let mut session = cluster.node(SERVER, STRICT).accept().unwrap();
        peer.meet(&mut session).unwrap();
        for length in [
            1,
            MAX_RECORD - 1,
            MAX_RECORD,
            MAX_RECORD + 1,
            4 * MAX_RECORD,
        ] {
            let records = seal_in_slots(&mut session, &bytes(length));
            assert!(peer.give(&records) == bytes(length), "{length} bytes");
        }
        assert_eq!(peer.give(&seal(&mut session, b"and on")), b"and on");
    }
}

#[test]
fn more_than_the_slots_hold_is_an_error() {
    for engine in ENGINES {
        let mut session = Pair::of(engine).client;
        let mut buffer = vec![0; sealed_size(MAX_RECORD)];
        let refused = session.seal_slots(&mut buffer, MAX_RECORD + 1);
        assert!(
            matches!(refused, Err(SessionError::Buffer { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_session_between_records_keeps_no_memory_for_them() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let record = seal(&mut pair.client, &bytes(MAX_RECORD));
        let (first, rest) = record.split_at(10_000);
        assert_eq!(receive(&mut pair.server, first).unwrap().plaintext, b"");
        assert_eq!(pair.server.carried(), first);
        let opened = receive(&mut pair.server, rest).unwrap().plaintext;
        assert!(opened == bytes(MAX_RECORD));
        assert!(pair.server.carried().is_empty());
    }
}

#[test]
fn a_session_takes_little_room_in_the_future_that_owns_it() {
    assert!(size_of::<Session>() <= 48, "{}", size_of::<Session>());
}

#[test]
fn a_buffer_that_is_too_small_is_an_error_that_says_so() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let refused = pair.client.seal(b"four", &mut [0; 8]).unwrap_err();
        let SessionError::Buffer {
            available,
            required,
        } = refused
        else {
            panic!("{refused}");
        };
        assert_eq!(available, 8);
        assert!((5..=sealed_size(4)).contains(&required), "{required}");
        pair.talk();
        let records = seal(&mut pair.client, b"four");
        let refused = pair.server.open(&records, &mut [0; 3], &mut Vec::new());
        assert!(
            matches!(
                refused,
                Err(SessionError::Buffer {
                    available: 3,
                    required
                }) if required == records.len()
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn bytes_that_are_no_record_break_the_session() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let refused = receive(&mut pair.server, b"GET / HTTP/1.1\r\n\r\n");
        assert!(matches!(refused, Err(SessionError::Record(_))));
    }
}

#[test]
fn a_record_that_comes_twice_is_refused() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let record = seal(&mut pair.client, b"pay 100");
        assert_eq!(
            receive(&mut pair.server, &record).unwrap().plaintext,
            b"pay 100"
        );
        assert!(matches!(
            receive(&mut pair.server, &record),
            Err(SessionError::Record(_))
        ));
    }
}

#[test]
fn a_record_that_is_left_out_is_noticed_at_the_next() {
    for engine in ENGINES {
        let mut pair = Pair::of(engine);
        let _left_out = seal(&mut pair.client, b"first");
        let second = seal(&mut pair.client, b"second");
        assert!(matches!(
            receive(&mut pair.server, &second),
            Err(SessionError::Record(_))
        ));
    }
}
