use std::{num::NonZeroUsize, path::Path, time::Duration};

use ringlock_finding::Findings;
use ringlock_model::{Direction, Mode};

use super::{SHORTEST, read};
use crate::{Dialect, IdentityFiles, Interception, Listener, Origin, TrustAnchors};

const EVERYTHING: &str = r#"# A comment first.
ringlock:
  cluster: Test Cluster
  interception: transparent
  inbound_port: 27000
  outbound_port: 27001
  mark: 0x10
  admin_socket: admin.sock
  state_directory: /srv/ringlock
  workers: 2
  busy_poll: false
  handshake_timeout: 500ms
  max_handshakes: 64
  drain_timeout: 2m
  max_link_age: 7d
storage_port: 17100
ssl_storage_port: 17101
server_encryption_options:
  internode_encryption: all
  optional: false
  require_client_auth: true
  require_endpoint_verification: true
  certificate: node.crt
  keyfile: keys/node.key
  truststore: /etc/pki/ca.crt
"#;

const LISTENERS: &str = r#"---
ringlock:
  cluster: c
  interception: listen
  listeners:
    - address: 127.0.0.1:7100
      target: 10.0.0.2:7000
      direction: outbound
    - {address: "[::]:7001", target: "[::1]:7000", direction: inbound}
server_encryption_options: {certificate: a, keyfile: b, truststore: c}
...
"#;

/// A complete file with these further lines, split by semicolons, in `server_encryption_options`.
fn with_encryption(lines: &str) -> String {
    lines.split(';').fold(SHORTEST.to_owned(), |text, line| {
        format!("{text}  {}\n", line.trim())
    })
}

#[test]
fn every_option_is_read_and_relative_paths_lie_beside_the_file() {
    let config = read(EVERYTHING).unwrap();
    assert_eq!(config.path, Path::new("/etc/ringlock/ringlock.yaml"));
    assert_eq!(config.cluster, "Test Cluster");
    assert_eq!(
        config.interception,
        Interception::Transparent {
            inbound_port: 27000,
            outbound_port: 27001,
            mark: 16.try_into().unwrap(),
        }
    );
    assert_eq!(config.admin_socket, Path::new("/etc/ringlock/admin.sock"));
    assert_eq!(config.state_directory, Path::new("/srv/ringlock"));
    assert_eq!(config.workers, NonZeroUsize::new(2));
    assert_eq!(config.busy_poll, Some(false));
    assert_eq!(config.handshake_timeout, Duration::from_millis(500));
    assert_eq!(config.max_handshakes.get(), 64);
    assert_eq!(config.drain_timeout, Duration::from_secs(120));
    assert_eq!(config.max_link_age, Some(Duration::from_secs(168 * 3600)));
    assert_eq!(
        (config.storage_port, config.ssl_storage_port),
        (17100, 17101)
    );
    assert_eq!(config.internode.mode, Mode::REQUIRE);
    assert!(config.internode.require_client_auth.is_required());
    assert!(config.internode.require_endpoint_verification);
    assert_eq!(
        config.internode.identity,
        IdentityFiles::Pair {
            certificate: "/etc/ringlock/node.crt".into(),
            keyfile: "/etc/ringlock/keys/node.key".into(),
        }
    );
    assert_eq!(
        config.internode.trust,
        TrustAnchors::File("/etc/pki/ca.crt".into())
    );
}

#[test]
fn what_is_not_written_has_the_default_of_the_reference() {
    let config = read(SHORTEST).unwrap();
    assert_eq!(
        config.interception,
        Interception::Transparent {
            inbound_port: 17000,
            outbound_port: 17001,
            mark: 0x524c.try_into().unwrap(),
        }
    );
    assert_eq!(config.admin_socket, Path::new("/run/ringlock/admin.sock"));
    assert_eq!(config.state_directory, Path::new("/var/lib/ringlock"));
    assert_eq!(config.workers, None);
    assert_eq!(config.busy_poll, None);
    assert_eq!(config.handshake_timeout, Duration::from_secs(10));
    assert_eq!(config.max_handshakes.get(), 256);
    assert_eq!(config.drain_timeout, Duration::from_secs(30));
    assert_eq!(config.max_link_age, None);
    assert_eq!((config.storage_port, config.ssl_storage_port), (7000, 7001));
    assert_eq!(
        config.internode.mode_origin,
        Origin::Default(Dialect::Ringlock)
    );
    assert!(!config.internode.require_client_auth.is_required());
    assert!(!config.internode.require_endpoint_verification);
    assert_eq!(
        config.internode.identity,
        IdentityFiles::Combined {
            keystore: "/etc/ringlock/node.pem".into()
        }
    );
}

#[test]
fn listeners_are_read_in_their_order_for_both_families() {
    let config = read(LISTENERS).unwrap();
    assert_eq!(
        config.interception,
        Interception::Listen {
            listeners: vec![
                Listener {
                    address: "127.0.0.1:7100".parse().unwrap(),
                    target: "10.0.0.2:7000".parse().unwrap(),
                    direction: Direction::Outbound,
                },
                Listener {
                    address: "[::]:7001".parse().unwrap(),
                    target: "[::1]:7000".parse().unwrap(),
                    direction: Direction::Inbound,
                },
            ]
        }
    );
    let origin = config.origin("ringlock.listeners[1].target");
    assert_eq!(origin.to_string(), "/etc/ringlock/ringlock.yaml:9:30");
}

#[test]
fn optional_is_the_opposite_of_encryption_unless_it_is_written() {
    let mode = |lines: &str| read(&with_encryption(lines)).unwrap().internode.mode;
    assert_eq!(mode("internode_encryption: none"), Mode::ACCEPT_BOTH);
    assert_eq!(mode("internode_encryption: all"), Mode::REQUIRE);
    assert_eq!(
        mode("internode_encryption: transitional"),
        Mode::TRANSITIONAL
    );
    assert_eq!(mode("optional: false"), Mode::NONE);
    assert_eq!(
        mode("internode_encryption: transitional; optional: true"),
        Mode::TRANSITIONAL
    );
    assert_eq!(
        mode("internode_encryption: all; optional: true").to_string(),
        "all+optional"
    );
}

#[test]
fn the_mode_comes_from_the_line_that_names_it() {
    let origin = |lines: &str| {
        let config = read(&with_encryption(lines)).unwrap();
        config.internode.mode_origin.to_string()
    };
    assert_eq!(
        origin("optional: true; internode_encryption: all"),
        "/etc/ringlock/ringlock.yaml:6:3"
    );
    assert_eq!(origin("optional: false"), "/etc/ringlock/ringlock.yaml:5:3");
    assert_eq!(origin("require_client_auth: true"), "default");
}

#[test]
fn booleans_are_read_as_cassandra_reads_them() {
    let required = |spelling: &str| {
        let text = with_encryption(&format!("require_client_auth: {spelling}"));
        read(&text).map(|config| config.internode.require_client_auth.is_required())
    };
    for spelling in [
        "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "'true'",
    ] {
        assert_eq!(required(spelling), Ok(true), "{spelling}");
    }
    for spelling in [
        "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "\"no\"",
    ] {
        assert_eq!(required(spelling), Ok(false), "{spelling}");
    }
    for spelling in ["y", "n", "1", "0", "tRuE", "enabled"] {
        assert!(required(spelling).is_err(), "{spelling}");
    }
}

#[test]
fn blank_values_are_unset_and_blanks_at_the_end_do_not_count() {
    for blank in ["", "~", "null", "''", "\"  \"", "# nothing"] {
        let config = read(&with_encryption(&format!("internode_encryption: {blank}"))).unwrap();
        assert_eq!(
            config.internode.mode_origin,
            Origin::Default(Dialect::Ringlock),
            "{blank}"
        );
    }
    let text = format!("{SHORTEST}  internode_encryption: \"all  \"   \n");
    assert_eq!(read(&text).unwrap().internode.mode, Mode::REQUIRE);
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    let windows = format!("\u{FEFF}{}", EVERYTHING.replace('\n', "\r\n"));
    assert_eq!(read(&windows), read(EVERYTHING));
}

#[test]
fn marks_are_decimal_or_hexadecimal() {
    let mark = |text: &str| {
        let own = format!("{{cluster: c, mark: {text}}}");
        match read(&SHORTEST.replace("{cluster: Test Cluster}", &own))?.interception {
            Interception::Transparent { mark, .. } => Ok::<_, Findings>(mark.get()),
            listen @ Interception::Listen { .. } => panic!("{listen:?}"),
        }
    };
    assert_eq!(mark("21068"), Ok(0x524c));
    assert_eq!(mark("0xFFFFFFFF"), Ok(u32::MAX));
    for wrong in [
        "0",
        "0x",
        "0x0",
        "-1",
        "+1",
        "0x+1",
        "010",
        "4294967296",
        "0x100000000",
        "1_0",
    ] {
        assert!(mark(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn durations_have_a_unit_and_a_range() {
    let timeout = |text: &str| {
        let own = format!("{{cluster: c, drain_timeout: {text}}}");
        let config = read(&SHORTEST.replace("{cluster: Test Cluster}", &own))?;
        Ok::<_, Findings>(config.drain_timeout.as_millis())
    };
    assert_eq!(timeout("0s"), Ok(0));
    assert_eq!(timeout("1500ms"), Ok(1500));
    assert_eq!(timeout("90s"), Ok(90_000));
    assert_eq!(timeout("1h"), Ok(3_600_000));
    for wrong in [
        "10",
        "s",
        "10 s",
        "10S",
        "1.5s",
        "-1s",
        "61m",
        "99999999999999999999s",
        "1d",
    ] {
        assert!(timeout(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_same_file_read_twice_is_equal() {
    assert_eq!(read(EVERYTHING), read(EVERYTHING));
    assert_ne!(
        read(EVERYTHING),
        read(&EVERYTHING.replace("workers: 2", "workers: 3"))
    );
}

#[test]
fn the_description_shows_every_value_in_force_with_its_origin() {
    let text = "\
ringlock:
  cluster: Test Cluster
  interception: listen
  listeners:
    - address: 127.0.0.1:7100
      target: 10.0.0.2:7000
      direction: outbound
  handshake_timeout: 1500ms
  drain_timeout: 120s
server_encryption_options:
  internode_encryption: all
  certificate: node.crt
  keyfile: node.key
  truststore: ca.crt
";
    assert_eq!(
        read(text).unwrap().describe().join("\n"),
        "\
ringlock.cluster = Test Cluster  # /etc/ringlock/ringlock.yaml:2:3
ringlock.interception = listen  # /etc/ringlock/ringlock.yaml:3:3
ringlock.listeners[0].address = 127.0.0.1:7100  # /etc/ringlock/ringlock.yaml:5:7
ringlock.listeners[0].target = 10.0.0.2:7000  # /etc/ringlock/ringlock.yaml:6:7
ringlock.listeners[0].direction = outbound  # /etc/ringlock/ringlock.yaml:7:7
ringlock.admin_socket = /run/ringlock/admin.sock  # default
ringlock.state_directory = /var/lib/ringlock  # default
ringlock.workers = number of cores, at most 4  # default
ringlock.busy_poll = unless a CPU limit is set  # default
ringlock.handshake_timeout = 1500ms  # /etc/ringlock/ringlock.yaml:8:3
ringlock.max_handshakes = 256  # default
ringlock.drain_timeout = 2m  # /etc/ringlock/ringlock.yaml:9:3
ringlock.max_link_age = as long as the certificates  # default
storage_port = 7000  # default
ssl_storage_port = 7001  # default
server_encryption_options.internode_encryption = all  # /etc/ringlock/ringlock.yaml:11:3
server_encryption_options.optional = false  # default
server_encryption_options.require_client_auth = false  # default
server_encryption_options.require_endpoint_verification = false  # default
server_encryption_options.certificate = /etc/ringlock/node.crt  # /etc/ringlock/ringlock.yaml:12:3
server_encryption_options.keyfile = /etc/ringlock/node.key  # /etc/ringlock/ringlock.yaml:13:3
server_encryption_options.truststore = /etc/ringlock/ca.crt  # /etc/ringlock/ringlock.yaml:14:3
server_encryption_options.accepted_protocols = TLSv1.3, TLSv1.2  # default
server_encryption_options.cipher_suites = all that this version carries out  # default
server_encryption_options.enable_session_tickets = true  # default"
    );
    let transparent = read(SHORTEST).unwrap().describe();
    assert_eq!(
        transparent[1..5],
        [
            "ringlock.interception = transparent  # default",
            "ringlock.inbound_port = 17000  # default",
            "ringlock.outbound_port = 17001  # default",
            "ringlock.mark = 0x524c  # default",
        ]
    );
}

#[test]
fn limits_of_validity_are_spans_of_whole_minutes() {
    let limits = |lines: &str| {
        let internode = read(&with_encryption(lines)).unwrap().internode;
        (
            internode.max_certificate_validity,
            internode.certificate_warning,
        )
    };
    assert_eq!(limits("optional: true"), (None, None));
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(
        limits("max_certificate_validity_period: 365d; certificate_validity_warn_threshold: 24h"),
        (Some(day * 365), Some(day))
    );
    assert!(read(&with_encryption("max_certificate_validity_period: 365")).is_err());
}
