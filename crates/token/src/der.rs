//! The little DER that tokens do not write themselves.

/// A signature of ECDSA as a token gives it, two numbers of the same length one after the other,
/// in the form in which TLS carries it (RFC 3279 §2.2.3). Absent if it is no such pair.
pub(crate) fn ecdsa_signature(pair: &[u8]) -> Option<Vec<u8>> {
    if pair.is_empty() || !pair.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = pair.split_at(pair.len() / 2);
    Some(sequence(&[unsigned(r), unsigned(s)].concat()))
}

/// A number that is not negative, given with its highest byte first.
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut digits = number[zeros..].to_vec();
    // The highest bit is the sign.
    if digits.first().is_none_or(|byte| *byte >= 0x80) {
        digits.insert(0, 0);
    }
    tagged(0x02, &digits)
}

pub(crate) fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(0x30, content)
}

/// A string of whole bytes.
pub(crate) fn bit_string(content: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], content].concat())
}

/// The content of an OCTET STRING that takes up all of `der`.
pub(crate) fn octet_string(der: &[u8]) -> Option<&[u8]> {
    let (content, rest) = match der {
        [0x04, 0x81, length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
        [0x04, length, rest @ ..] if *length < 0x80 => (usize::from(*length), rest),
        _ => return None,
    };
    (rest.len() == content).then_some(rest)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length = content.len().to_be_bytes();
    let digits: &[u8] = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    match digits {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        // The number of digits of a length in memory is less than nine.
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
            UnparsedPublicKey,
        },
    };
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_is_written_in_as_few_digits_as_it_takes() {
        for (length, head) in [
            (0, vec![0x30, 0]),
            (0x7F, vec![0x30, 0x7F]),
            (0x80, vec![0x30, 0x81, 0x80]),
            (0x100, vec![0x30, 0x82, 1, 0]),
        ] {
            let der = sequence(&vec![7; length]);
            assert_eq!(der[..head.len()], head);
            assert_eq!(der.len(), head.len() + length);
        }
    }

    #[test]
    fn numbers_are_never_negative_and_have_no_needless_zero() {
        assert_eq!(unsigned(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn what_is_no_pair_is_no_signature() {
        assert_eq!(ecdsa_signature(&[]), None);
        assert_eq!(ecdsa_signature(&[1, 2, 3]), None);
    }

    #[test]
    fn an_octet_string_is_taken_whole_or_not_at_all() {
        assert_eq!(octet_string(&[4, 2, 8, 9]), Some(&[8, 9][..]));
        let long = [&[4, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(octet_string(&long), Some(&[7; 0x80][..]));
        for broken in [
            &[][..],
            &[4],
            &[4, 3, 8, 9],
            &[4, 1, 8, 9],
            &[3, 2, 8, 9],
            &[4, 0x81, 1, 1],
        ] {
            assert_eq!(octet_string(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn a_pair_verifies_as_the_signature_that_it_is(message in any::<[u8; 8]>()) {
            let random = SystemRandom::new();
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let pair = key.sign(&random, &message).unwrap();
            let der = ecdsa_signature(pair.as_ref()).unwrap();
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key());
            prop_assert!(public.verify(&message, &der).is_ok());
        }
    }
}
