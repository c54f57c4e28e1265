use std::net::{IpAddr, SocketAddr};

use proptest::{collection::vec, prelude::*, sample::Index};
use ringlock_model::Direction;

use super::{SHORTEST, read};
use crate::{Interception, Listener};

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_reason(text in any::<String>()) {
        refused_only_with_a_reason(&text);
    }

    #[test]
    fn text_made_of_pieces_of_yaml_is_read_or_refused_with_a_reason(text in pieces_of_yaml()) {
        refused_only_with_a_reason(&text);
    }

    #[test]
    fn a_damaged_file_is_read_or_refused_with_a_reason(text in damaged()) {
        refused_only_with_a_reason(&text);
    }

    #[test]
    fn listeners_come_out_as_they_were_written(written in vec(listener(), 1..8)) {
        let mut text = format!("{SHORTEST}ringlock:\n  cluster: c\n  interception: listen\n  listeners:\n")
            .replacen("ringlock: {cluster: Test Cluster}\n", "", 1);
        for Listener { address, target, direction } in &written {
            text += &format!("  - {{direction: {direction}, address: '{address}', target: '{target}'}}\n");
        }
        // Those that collide are refused; that has a test of its own.
        if let Ok(config) = read(&text) {
            prop_assert_eq!(config.interception, Interception::Listen { listeners: written });
        } else {
            let mut ports: Vec<_> = written.iter().map(|listener| listener.address.port()).collect();
            ports.sort_unstable();
            ports.dedup();
            prop_assert!(ports.len() < written.len(), "{}", text);
        }
    }
}

fn refused_only_with_a_reason(text: &str) {
    let Err(findings) = read(text) else { return };
    assert!(findings.has_errors(), "refused without a reason: {text:?}");
    assert!(
        findings.is_sorted_by_key(|finding| finding.at),
        "{findings}"
    );
    let lines = text.split(['\n', '\r']).count();
    for finding in &findings {
        assert_eq!(finding.to_string().lines().count(), 1, "{finding:?}");
        assert!(
            (1..=lines + 1).contains(&finding.at.line),
            "{finding} is not a place of {text:?}"
        );
    }
}

fn pieces_of_yaml() -> impl Strategy<Value = String> {
    const PIECES: [&str; 50] = [
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\t",
        " ",
        ": ",
        ":",
        "- ",
        "-",
        "---",
        "...",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "|",
        ">",
        "|2-\n",
        "'",
        "\"",
        "\\",
        "\\x41",
        "#",
        " # c",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "<<",
        "~",
        "é",
        "\u{FEFF}",
        "\u{2028}",
        "ringlock",
        "cluster",
        "listeners",
        "address",
        "server_encryption_options",
        "optional",
        "truststore",
        "keystore",
        "0x1",
        "10s",
        "all",
        "true",
    ];
    vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

fn damaged() -> impl Strategy<Value = String> {
    vec((any::<Index>(), "[\\PC\n\t ]{0,2}"), 1..4).prop_map(|edits| {
        let mut text: Vec<char> = SHORTEST.chars().collect();
        for (place, insert) in edits {
            let at = place.index(text.len());
            text.splice(at..=at, insert.chars());
        }
        text.into_iter().collect()
    })
}

fn listener() -> impl Strategy<Value = Listener> {
    let direction = prop_oneof![Just(Direction::Inbound), Just(Direction::Outbound)];
    (address(), address(), direction)
        .prop_map(|(address, target, direction)| Listener {
            address,
            target,
            direction,
        })
        .prop_filter("an address must not be its own target", |listener| {
            listener.address != listener.target
        })
}

fn address() -> impl Strategy<Value = SocketAddr> {
    (any::<IpAddr>(), 1_u16..)
        .prop_filter(
            "unspecified addresses have rules of their own",
            |(ip, _)| !ip.to_canonical().is_unspecified(),
        )
        .prop_map(SocketAddr::from)
}
