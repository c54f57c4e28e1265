use proptest::prelude::*;

use super::*;

/// A structure, nested so many times.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth)
        .fold(Writer::default().integer(0x42_000D, 7), |inner, _| {
            Writer::default().structure(0x42_0078, |_| inner)
        })
        .finish()
        .to_vec()
}

#[test]
fn items_are_written_as_the_standard_shows_them() {
    // KMIP 1.2, 9.1.2: the examples of encoding.
    let integer = Writer::default().integer(0x42_0020, 8).finish();
    assert_eq!(*integer, hex("42002002 00000004 00000008 00000000"));
    let enumeration = Writer::default().enumeration(0x42_0020, 255).finish();
    assert_eq!(*enumeration, hex("42002005 00000004 000000FF 00000000"));
    let text = Writer::default().text(0x42_0020, "Hello World").finish();
    assert_eq!(
        *text,
        hex("42002007 0000000B 48656C6C6F20576F 726C640000000000")
    );
    let structure = Writer::default()
        .structure(0x42_0020, |inner| {
            inner.enumeration(0x42_0004, 254).integer(0x42_0005, 255)
        })
        .finish();
    assert_eq!(
        *structure,
        hex("42002001 00000020 42000405 00000004 000000FE 00000000 \
             42000502 00000004 000000FF 00000000")
    );
}

#[test]
fn what_is_written_reads_back() {
    let bytes = Writer::default()
        .structure(1, |inner| {
            inner.integer(2, -5).text(3, "näme").enumeration(4, 9)
        })
        .finish();
    let item = parse(&bytes).unwrap();
    assert_eq!(item.integer(2), Some(-5));
    assert_eq!(item.text(3), Some("näme"));
    assert_eq!(item.enumeration(4), Some(9));
    assert_eq!(item.integer(4), None);
    assert_eq!(item.get(5), None);
}

#[test]
fn other_types_are_read_over() {
    // KMIP 1.2, 9.1.2: long and big integer, boolean, date-time, interval.
    for text in [
        "42002003 00000008 01B69B4BA5749200",
        "42002004 00000010 0000000003FD35EB 6BC2DF4618080000",
        "42002006 00000008 0000000000000001",
        "42002009 00000008 0000000047DA67F8",
        "4200200A 00000004 000D2F00 00000000",
    ] {
        let bytes = hex(text);
        assert_eq!(parse(&bytes).unwrap().value, Value::Other, "{text}");
    }
}

#[test]
fn a_message_cut_off_anywhere_is_refused() {
    let bytes = nested(4);
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).is_err(), "{end}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(parse(&longer), Err(TtlvFault::Malformed));
}

#[test]
fn an_item_never_reaches_beyond_its_structure() {
    let mut bytes = Writer::default()
        .structure(1, |inner| inner.text(2, "12345678"))
        .text(3, "behind")
        .finish()
        .to_vec();
    // The text says that it is longer than the structure around it.
    bytes[15] = 16;
    assert_eq!(parse(&bytes), Err(TtlvFault::CutOff));
}

#[test]
fn depth_and_number_of_items_and_size_are_bounded() {
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(TtlvFault::TooComplex));
    let many = Writer::default()
        .structure(1, |inner| {
            (0..MAX_ITEMS).fold(inner, |inner, _| inner.integer(2, 0))
        })
        .finish();
    assert_eq!(parse(&many), Err(TtlvFault::TooComplex));
    assert_eq!(parse(&vec![0; MAX_MESSAGE + 8]), Err(TtlvFault::TooLarge));
    let header = [0x42, 0, 0x7B, 1, 0, 1, 0, 0];
    assert_eq!(length_behind(header), Err(TtlvFault::TooLarge));
}

#[test]
fn lengths_that_a_type_cannot_have_are_refused() {
    for text in [
        "42002002 00000005 0000000800000000",
        "42002005 00000000",
        "42002003 00000004 00000000 00000000",
        "42002006 00000000",
        "42002007 00000001 FF00000000000000",
        "42002000 00000000",
        "4200200B 00000000",
    ] {
        assert_eq!(parse(&hex(text)), Err(TtlvFault::Malformed), "{text}");
    }
    assert_eq!(
        length_behind([0x42, 0, 0x7B, 1, 0, 0, 0, 4]),
        Err(TtlvFault::Malformed)
    );
    assert_eq!(
        length_behind([b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1']),
        Err(TtlvFault::Malformed)
    );
}

#[test]
fn keys_and_texts_are_never_shown() {
    let bytes = Writer::default()
        .structure(1, |inner| inner.text(2, "hunter2"))
        .finish();
    assert!(!format!("{:?}", parse(&bytes).unwrap()).contains("hunter2"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let mut framed = vec![0x42, 0, 0x7B, 1, 0, 0, 0, 0];
        framed.extend_from_slice(&bytes);
        framed[7] = u8::try_from(bytes.len()).unwrap();
        let _ = parse(&framed);
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}
