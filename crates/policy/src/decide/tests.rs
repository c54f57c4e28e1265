use ringlock_model::{KeyExchange, NativeFacts, TlsFacts};

use super::*;

/// One mode and one place of the peer: how it is dialled, what is taken of it, and which links may
/// stay.
///
/// Dialled: `p` plaintext, `f` TLS with a fall-back to plaintext, `t` TLS. Accepted: `p` plaintext,
/// `b` both, `t` TLS. The links are, in this order: outbound TLS, outbound plaintext by choice,
/// outbound plaintext after a fall-back, inbound TLS, inbound plaintext; `y` stays, `n` is turned
/// over.
const TABLE: &[(&str, Crossing, char, char, &str)] = &[
    ("none", SAME_RACK, 'p', 'p', "nyyny"),
    ("none", SAME_DC, 'p', 'p', "nyyny"),
    ("none", OTHER_DC, 'p', 'p', "nyyny"),
    ("none", UNKNOWN, 'p', 'p', "nyyny"),
    ("none+optional", SAME_RACK, 'p', 'b', "nyyyy"),
    ("none+optional", SAME_DC, 'p', 'b', "nyyyy"),
    ("none+optional", OTHER_DC, 'p', 'b', "nyyyy"),
    ("none+optional", UNKNOWN, 'p', 'b', "nyyyy"),
    ("transitional", SAME_RACK, 'f', 'b', "ynyyy"),
    ("transitional", SAME_DC, 'f', 'b', "ynyyy"),
    ("transitional", OTHER_DC, 'f', 'b', "ynyyy"),
    ("transitional", UNKNOWN, 'f', 'b', "ynyyy"),
    ("dc+optional", SAME_RACK, 'p', 'b', "nyyyy"),
    ("dc+optional", SAME_DC, 'p', 'b', "nyyyy"),
    ("dc+optional", OTHER_DC, 'f', 'b', "ynyyy"),
    ("dc+optional", UNKNOWN, 'f', 'b', "ynyyy"),
    ("dc", SAME_RACK, 'p', 'b', "nyyyy"),
    ("dc", SAME_DC, 'p', 'b', "nyyyy"),
    ("dc", OTHER_DC, 't', 't', "ynnyn"),
    ("dc", UNKNOWN, 't', 't', "ynnyn"),
    ("rack+optional", SAME_RACK, 'p', 'b', "nyyyy"),
    ("rack+optional", SAME_DC, 'f', 'b', "ynyyy"),
    ("rack+optional", OTHER_DC, 'f', 'b', "ynyyy"),
    ("rack+optional", UNKNOWN, 'f', 'b', "ynyyy"),
    ("rack", SAME_RACK, 'p', 'b', "nyyyy"),
    ("rack", SAME_DC, 't', 't', "ynnyn"),
    ("rack", OTHER_DC, 't', 't', "ynnyn"),
    ("rack", UNKNOWN, 't', 't', "ynnyn"),
    ("all+optional", SAME_RACK, 'f', 'b', "ynyyy"),
    ("all+optional", SAME_DC, 'f', 'b', "ynyyy"),
    ("all+optional", OTHER_DC, 'f', 'b', "ynyyy"),
    ("all+optional", UNKNOWN, 'f', 'b', "ynyyy"),
    ("all", SAME_RACK, 't', 't', "ynnyn"),
    ("all", SAME_DC, 't', 't', "ynnyn"),
    ("all", OTHER_DC, 't', 't', "ynnyn"),
    ("all", UNKNOWN, 't', 't', "ynnyn"),
];

const SAME_RACK: Crossing = Crossing::SameRack;
const SAME_DC: Crossing = Crossing::SameDatacenter;
const OTHER_DC: Crossing = Crossing::OtherDatacenter;
const UNKNOWN: Crossing = Crossing::Unknown;

fn plaintext(reason: PlaintextReason) -> Security {
    Security::Plaintext { reason }
}

fn tls() -> Security {
    Security::Tls(TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        key_exchange: KeyExchange("X25519".into()),
        resumed: false,
        identity: None,
    })
}

fn mode(text: &str) -> Mode {
    text.parse().unwrap()
}

#[test]
fn the_table_names_every_mode_at_every_place() {
    for encryption in InternodeEncryption::ALL {
        for optional in [false, true] {
            for crossing in Crossing::ALL {
                let mode = Mode::new(encryption, optional).to_string();
                let rows = TABLE
                    .iter()
                    .filter(|row| (row.0, row.1) == (&mode, crossing));
                assert_eq!(rows.count(), 1, "{mode} {crossing}");
            }
        }
    }
}

#[test]
fn peers_are_dialled_and_accepted_as_the_table_says() {
    for &(text, crossing, dialled, accepted, _) in TABLE {
        let dialled_as = match dial(mode(text), crossing) {
            Dial::Plaintext(_) => 'p',
            Dial::Tls { fallback: true } => 'f',
            Dial::Tls { fallback: false } => 't',
        };
        let accepted_as = match accept(mode(text), crossing) {
            Accept::Plaintext(_) => 'p',
            Accept::Both(_) => 'b',
            Accept::Tls => 't',
        };
        assert_eq!(dialled_as, dialled, "{text} {crossing}");
        assert_eq!(accepted_as, accepted, "{text} {crossing}");
    }
}

#[test]
fn a_change_turns_over_exactly_the_links_that_no_longer_fit() {
    let chosen = plaintext(PlaintextReason::EncryptionNone);
    let links = [
        (Direction::Outbound, tls()),
        (Direction::Outbound, chosen.clone()),
        (
            Direction::Outbound,
            plaintext(PlaintextReason::PeerSpeaksNoTls),
        ),
        (Direction::Inbound, tls()),
        (Direction::Inbound, chosen),
    ];
    for &(text, crossing, _, _, stay) in TABLE {
        for ((direction, security), stays) in links.iter().zip(stay.chars()) {
            let tolerated = tolerates(mode(text), *direction, security, crossing);
            assert_eq!(
                tolerated,
                stays == 'y',
                "{text} {crossing} {direction} {security}"
            );
        }
    }
}

#[test]
fn tls_of_the_databases_own_stays_whatever_the_mode_and_the_place() {
    for &(text, crossing, ..) in TABLE {
        for direction in [Direction::Outbound, Direction::Inbound] {
            assert!(tolerates(
                mode(text),
                direction,
                &Security::Native(NativeFacts::default()),
                crossing
            ));
        }
    }
}

#[test]
fn what_is_made_under_a_mode_stays_under_it() {
    for &(text, crossing, ..) in TABLE {
        let mode = mode(text);
        let dialled = match dial(mode, crossing) {
            Dial::Plaintext(reason) => vec![plaintext(reason)],
            Dial::Tls { fallback: true } => {
                vec![tls(), plaintext(PlaintextReason::PeerSpeaksNoTls)]
            }
            Dial::Tls { fallback: false } => vec![tls()],
        };
        let accepted = match accept(mode, crossing) {
            Accept::Plaintext(reason) => vec![plaintext(reason)],
            Accept::Both(reason) => vec![tls(), plaintext(reason)],
            Accept::Tls => vec![tls()],
        };
        for (direction, links) in [
            (Direction::Outbound, dialled),
            (Direction::Inbound, accepted),
        ] {
            for link in links {
                assert!(
                    tolerates(mode, direction, &link, crossing),
                    "{text} {crossing} {link}"
                );
            }
        }
    }
}

#[test]
fn plaintext_within_a_scope_says_which_scope() {
    use PlaintextReason::{PeerDialledPlaintext, SameDatacenter, SameRack};
    for (text, crossing, reason) in [
        ("dc", SAME_RACK, SameDatacenter),
        ("dc", SAME_DC, SameDatacenter),
        ("dc+optional", SAME_DC, SameDatacenter),
        ("rack", SAME_RACK, SameRack),
    ] {
        assert_eq!(dial(mode(text), crossing), Dial::Plaintext(reason));
        assert_eq!(accept(mode(text), crossing), Accept::Both(reason));
    }
    let from_outside = accept(mode("dc+optional"), OTHER_DC);
    assert_eq!(from_outside, Accept::Both(PeerDialledPlaintext));
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the time that the processor takes is what is measured"
)]
fn a_decision_takes_less_than_a_microsecond() {
    let (mode, link) = (mode("rack"), tls());
    let started = std::time::Instant::now();
    let mut plain = 0_u32;
    for turn in 0..1_000_000 {
        let crossing = std::hint::black_box(Crossing::ALL[turn % 4]);
        plain += u32::from(matches!(dial(mode, crossing), Dial::Plaintext(_)));
        plain += u32::from(accept(mode, crossing) == Accept::Tls);
        plain += u32::from(tolerates(mode, Direction::Outbound, &link, crossing));
    }
    let took = started.elapsed();
    assert_eq!(plain, 250_000 + 750_000 + 750_000);
    // Three decisions a turn; each has a microsecond, and takes some nanoseconds.
    assert!(took.as_secs_f64() < 3.0, "{took:?}");
}
