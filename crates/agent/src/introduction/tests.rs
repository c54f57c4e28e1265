use std::net::IpAddr;

use proptest::prelude::*;
use ringlock_policy::Requirements;

use super::*;

/// Initiate of 10.77.0.2 for messages: Cassandra 4.0.19.
const MESSAGES: &[u8] =
    b"\xca\x55\x2d\xfa\x0c\x0a\x0c\x11\x06\x0a\x4d\x00\x02\x1b\x58\x2f\xa2\x9f\x66";
/// Initiate of 10.77.0.2 for a stream: Cassandra 5.0.6.
const STREAM: &[u8] =
    b"\xca\x55\x2d\xfa\x0c\x0c\x0c\x08\x06\x0a\x4d\x00\x02\x1b\x58\x41\x48\xc5\x21";
/// The beginning of StreamInitMessage of 10.77.0.2: Cassandra 5.0.6.
const STREAM_INIT: &[u8] = b"\x0a\x06\x0a\x4d\x00\x02\x1b\x58\x00\x00\x00\x00";
/// The header of a connection for messages: Cassandra 3.11.19.
const LEGACY: &[u8] = b"\xca\x55\x2d\xfa\x00\x00\x0b\x00";
/// What 10.77.0.2 sends after the answer, and the magic of its first message: 3.11.19.
const LEGACY_CLAIM: &[u8] = b"\x00\x00\x00\x0b\x04\x0a\x4d\x00\x02\xca\x55\x2d\xfa";

const OWN: [u8; 4] = [10, 77, 0, 2];
const OTHER: [u8; 4] = [10, 77, 0, 1];

fn introduction(certified: [u8; 4]) -> Introduction {
    let requirements = Requirements {
        cluster: "orders".into(),
        client_auth: true,
        endpoint_verification: true,
        lists: Vec::new(),
    };
    let ips = [IpAddr::from(certified)];
    Introduction::new(Claimant::new(&requirements, None, &ips).unwrap())
}

/// What goes on when the bytes arrive in these pieces, and whether the introduction is over.
fn carry<'a>(
    introduction: &mut Introduction,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, bool), (Vec<u8>, Refusal)> {
    let mut gone_on = Vec::new();
    let mut is_over = false;
    for piece in pieces {
        let mut buffer = [piece, &[0xEE; LONGEST_PART]].concat();
        let length = if is_over {
            piece.len()
        } else {
            let (cleared, over) = introduction
                .go_on(&mut buffer, piece.len())
                .map_err(|refusal| (gone_on.clone(), refusal))?;
            is_over = over;
            cleared
        };
        gone_on.extend_from_slice(&buffer[..length]);
    }
    Ok((gone_on, is_over))
}

fn messages() -> Vec<u8> {
    [MESSAGES, b"and frames"].concat()
}

fn legacy_messages() -> Vec<u8> {
    [LEGACY, LEGACY_CLAIM, b"more"].concat()
}

#[test]
fn the_right_claim_goes_on_byte_for_byte_however_it_is_torn() {
    let stream = [STREAM, STREAM_INIT, b"more"].concat();
    for bytes in [messages(), stream, legacy_messages()] {
        for size in 1..=bytes.len() {
            let (gone_on, is_over) = carry(&mut introduction(OWN), bytes.chunks(size)).unwrap();
            assert!(is_over);
            assert_eq!(gone_on, bytes, "in pieces of {size}");
        }
    }
}

#[test]
fn nothing_of_a_message_with_a_false_claim_goes_on() {
    // Of 3.x the header may: it is what the other side has to answer.
    for (bytes, header) in [(messages(), 0), (legacy_messages(), LEGACY.len())] {
        let claimed = LEGACY.len() + 9;
        for size in 1..=bytes.len() {
            let refused = carry(&mut introduction(OTHER), bytes.chunks(size));
            let (gone_on, refusal) = refused.unwrap_err();
            let header = if size < claimed { header } else { 0 };
            assert_eq!(gone_on, &bytes[..header], "in pieces of {size}");
            assert_eq!(refusal.code(), "claims-another-address");
            assert_eq!(
                refusal.to_string(),
                "the peer claims to be 10.77.0.2, and its certificate holds 10.77.0.1"
            );
        }
    }
}

#[test]
fn a_stream_may_not_claim_in_its_own_words_what_its_first_ones_do_not() {
    let mut other = STREAM_INIT.to_vec();
    other[5] = 1;
    let refused = carry(&mut introduction(OWN), [STREAM, &other]);
    let (gone_on, refusal) = refused.unwrap_err();
    assert_eq!(gone_on, STREAM);
    assert_eq!(refusal.code(), "claims-another-address");
}

#[test]
fn what_is_held_back_is_less_than_one_part() {
    let mut introduction = introduction(OWN);
    let (gone_on, is_over) = carry(&mut introduction, [LEGACY, &LEGACY_CLAIM[..6]]).unwrap();
    assert_eq!((gone_on.as_slice(), is_over), (LEGACY, false));
    assert_eq!(introduction.held(), 6);
}

#[test]
fn another_protocol_is_refused_as_garbage_with_its_first_bytes() {
    let mut damaged = MESSAGES.to_vec();
    damaged[18] = 0;
    for (bytes, shown) in [
        (
            &b"GET / HTTP/1.1"[..],
            "47 45 54 20 2f 20 48 54; they do not begin",
        ),
        (
            &damaged,
            "ca 55 2d fa 0c 0a 0c 11; the checksum is 2fa29f00",
        ),
    ] {
        let (gone_on, refusal) = carry(&mut introduction(OWN), [bytes]).unwrap_err();
        assert!(gone_on.is_empty());
        assert_eq!(refusal.code(), "garbage");
        assert!(refusal.to_string().contains(shown), "{refusal}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_go_on_unchanged_or_not_at_all(
        bytes: Vec<u8>,
        begins_well: bool,
        size in 1..50_usize,
    ) {
        let bytes = if begins_well { [LEGACY, &bytes].concat() } else { bytes };
        let gone_on = match carry(&mut introduction(OWN), bytes.chunks(size)) {
            Ok((gone_on, _)) | Err((gone_on, _)) => gone_on,
        };
        prop_assert!(bytes.starts_with(&gone_on));
    }
}
