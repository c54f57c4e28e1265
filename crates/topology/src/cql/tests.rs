use proptest::prelude::*;

use super::*;

/// A header of the server's for this body.
fn header(opcode: u8, flags: u8, body: &[u8]) -> Header {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let mut bytes = [0x84, flags, 0, 0, opcode, 0, 0, 0, 0];
    bytes[5..].copy_from_slice(&length);
    Header::parse(&bytes).unwrap()
}

fn parse(opcode: u8, body: &[u8]) -> Result<Answer, NoAnswer> {
    Answer::parse(header(opcode, 0, body), body)
}

/// A result of `SELECT data_center, rack, peer, preferred_ip` with these rows.
fn rows(rows: &[[Option<&[u8]>; 4]]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [2, 1, 4] {
        put_int(&mut body, number);
    }
    put_string(&mut body, "system");
    put_string(&mut body, "peers");
    for (name, kind) in [
        ("data_center", 0x0D),
        ("rack", 0x0D),
        ("peer", 0x10),
        ("preferred_ip", 0x10),
    ] {
        put_string(&mut body, name);
        put_short(&mut body, kind);
    }
    put_int(&mut body, rows.len());
    for value in rows.iter().flatten() {
        match value {
            Some(value) => {
                put_int(&mut body, value.len());
                body.extend_from_slice(value);
            }
            None => body.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    body
}

#[test]
fn requests_are_frames_of_version_4() {
    assert_eq!(
        startup(),
        b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0"
    );
    assert_eq!(
        credentials("ada", "pa55"),
        b"\x04\0\0\0\x0f\0\0\0\x0d\0\0\0\x09\0ada\0pa55"
    );
    assert_eq!(
        register(),
        b"\x04\0\0\0\x0b\0\0\0\x22\0\x02\0\x0fTOPOLOGY_CHANGE\0\x0dSTATUS_CHANGE"
    );
    assert_eq!(query("x"), b"\x04\0\0\0\x07\0\0\0\x08\0\0\0\x01x\0\x01\0");
}

#[test]
fn rows_are_places_with_their_addresses() {
    let v6 = [0xfd; 16];
    let body = rows(&[
        [Some(b"dc1"), Some(b"r1"), Some(&[10, 0, 0, 2]), Some(&v6)],
        [Some(b"dc2"), Some(b"r1"), Some(&[10, 0, 0, 3]), None],
        [None, Some(b"r1"), Some(&[10, 0, 0, 4]), Some(&[0, 0, 0, 0])],
    ]);
    let place = |text: &str| {
        let (datacenter, rack) = text.split_once(':').unwrap();
        Some(Place {
            datacenter: datacenter.into(),
            rack: rack.into(),
        })
    };
    let row = |place, addresses: &[IpAddr]| Row {
        place,
        addresses: addresses.to_vec(),
    };
    assert_eq!(
        parse(0x08, &body),
        Ok(Answer::Rows(vec![
            row(
                place("dc1:r1"),
                &[IpAddr::from([10, 0, 0, 2]), IpAddr::from(v6)]
            ),
            row(place("dc2:r1"), &[IpAddr::from([10, 0, 0, 3])]),
            row(None, &[IpAddr::from([10, 0, 0, 4])]),
        ]))
    );
}

#[test]
fn a_refusal_has_its_code_and_its_sentence() {
    let mut body = vec![0, 0, 0x22, 0];
    put_string(&mut body, "table peers_v2 does not exist");
    assert_eq!(
        parse(0x00, &body),
        Ok(Answer::Refused {
            code: code::INVALID,
            message: "table peers_v2 does not exist".into(),
        })
    );
    assert_eq!(parse(0x02, b""), Ok(Answer::Ready));
    let mut class = Vec::new();
    put_string(&mut class, "PasswordAuthenticator");
    assert_eq!(
        parse(0x03, &class),
        Ok(Answer::Authenticate("PasswordAuthenticator".into()))
    );
}

#[test]
fn warnings_before_the_body_are_passed_over() {
    let mut body = Vec::new();
    put_short(&mut body, 1);
    put_string(&mut body, "tombstones");
    body.extend(rows(&[]));
    let answer = Answer::parse(header(0x08, 0x08, &body), &body);
    assert_eq!(answer, Ok(Answer::Rows(Vec::new())));
}

#[test]
fn tls_strangers_and_endless_frames_are_told_apart() {
    for (bytes, expected) in [
        (*b"\x15\x03\x03\0\x02\x02\x46\0\0", NoAnswer::Tls),
        (*b"HTTP/1.1 ", NoAnswer::NoFrame),
        (*b"\x83\0\0\0\x02\0\0\0\0", NoAnswer::NoFrame),
        (*b"\x84\0\0\0\x08\xff\0\0\0", NoAnswer::TooLong(0xff00_0000)),
    ] {
        assert_eq!(Header::parse(&bytes), Err(expected));
    }
}

#[test]
fn a_body_that_is_cut_off_anywhere_is_broken() {
    let body = rows(&[[Some(b"dc1"), Some(b"r1"), Some(&[10, 0, 0, 2]), None]]);
    for length in 0..body.len() {
        assert_eq!(parse(0x08, &body[..length]), Err(NoAnswer::Broken));
    }
    assert!(parse(0x08, &body).is_ok());
}

proptest! {
    #[test]
    fn arbitrary_bytes_end_in_an_answer_or_in_none(
        opcode in 0..0x11_u8,
        flags in 0..0x10_u8,
        bytes in prop::collection::vec(any::<u8>(), 0..300)
    ) {
        let answer = Answer::parse(header(opcode, flags, &bytes), &bytes);
        if let Ok(Answer::Rows(rows)) = answer {
            // Each column of a row takes four bytes at the least.
            prop_assert!(rows.len() <= bytes.len());
        }
    }
}
