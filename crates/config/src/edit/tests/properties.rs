use proptest::prelude::*;

use super::*;

/// Files of the shape of those that the products ship.
static FIXTURES: [(&str, &str); 9] = [
    (
        "cassandra-3.0",
        include_str!("../../../tests/fixtures/cassandra-3.0.yaml"),
    ),
    (
        "cassandra-3.11",
        include_str!("../../../tests/fixtures/cassandra-3.11.yaml"),
    ),
    (
        "cassandra-4.0",
        include_str!("../../../tests/fixtures/cassandra-4.0.yaml"),
    ),
    (
        "cassandra-4.1",
        include_str!("../../../tests/fixtures/cassandra-4.1.yaml"),
    ),
    (
        "cassandra-5.0",
        include_str!("../../../tests/fixtures/cassandra-5.0.yaml"),
    ),
    (
        "dse-5.1",
        include_str!("../../../tests/fixtures/dse-5.1.yaml"),
    ),
    (
        "dse-6.7",
        include_str!("../../../tests/fixtures/dse-6.7.yaml"),
    ),
    ("hcd-1", include_str!("../../../tests/fixtures/hcd-1.yaml")),
    (
        "scylla",
        include_str!("../../../tests/fixtures/scylla.yaml"),
    ),
];

/// Every key of the two blocks in any of the dialects.
static KEYS: [&str; 38] = [
    "internode_encryption",
    "enabled",
    "optional",
    "enable_legacy_ssl_storage_port",
    "legacy_ssl_storage_port_enabled",
    "keystore",
    "keystore_password",
    "keystore_password_file",
    "keystore_type",
    "truststore",
    "truststore_password",
    "truststore_password_file",
    "truststore_type",
    "outbound_keystore",
    "outbound_keystore_password",
    "outbound_keystore_password_file",
    "outbound_keystore_type",
    "protocol",
    "accepted_protocols",
    "algorithm",
    "store_type",
    "cipher_suites",
    "require_client_auth",
    "require_endpoint_verification",
    "ssl_context_factory.class_name",
    "ssl_context_factory.parameters.private_key",
    "ssl_context_factory.parameters.private_key_password",
    "ssl_context_factory.parameters.trusted_certificates",
    "max_certificate_validity_period",
    "certificate_validity_warn_threshold",
    "certificate",
    "keyfile",
    "certficate_revocation_list",
    "certificate_revocation_list",
    "priority_string",
    "enable_session_tickets",
    "no_such_key",
    "a.b.c",
];

static TOP: [&str; 12] = [
    "storage_port",
    "ssl_storage_port",
    "native_transport_port",
    "native_transport_port_ssl",
    "native_shard_aware_transport_port_ssl",
    "listen_address",
    "broadcast_address",
    "rpc_address",
    "internode_authenticator",
    "authenticator",
    "start_native_transport",
    "no_such_key",
];

fn paths() -> Vec<String> {
    let blocks = ["server_encryption_options", "client_encryption_options"];
    let below = blocks
        .iter()
        .flat_map(|block| KEYS.iter().map(move |key| format!("{block}.{key}")));
    below
        .chain(TOP.iter().map(|key| (*key).to_owned()))
        .collect()
}

/// The lines that the second text has and the first lacks, if it lacks no other.
fn added<'t>(before: &'t str, after: &'t str) -> Option<Vec<&'t str>> {
    let mut rest = before.split_inclusive('\n').peekable();
    let mut added = Vec::new();
    for line in after.split_inclusive('\n') {
        if rest.peek() == Some(&line) {
            rest.next();
        } else {
            added.push(line);
        }
    }
    rest.next().is_none().then_some(added)
}

#[test]
fn the_fixtures_are_as_long_as_the_shipped_files() {
    for (name, text) in FIXTURES {
        assert!(name == "scylla" || text.lines().count() >= 1000, "{name}");
        assert_eq!(read(text).text(), text);
        assert_eq!(read(text).quirks(), []);
    }
}

#[test]
fn every_option_can_be_set_and_unset_in_every_fixture() {
    for (name, text) in FIXTURES {
        let document = read(text);
        for key in paths() {
            let path: Vec<_> = key.split('.').collect();
            let Some(entry) = document.root().find(&path) else {
                let set = set(&document, &key, "x").unwrap();
                assert!(
                    added(text, &set).is_some_and(|lines| lines.len() <= path.len()),
                    "{name} {key}"
                );
                assert_eq!(after_unset(&set, &key), text, "{name} {key}");
                continue;
            };
            let span = entry.node.span.clone();
            let set = set(&document, &key, "other value").unwrap();
            assert_eq!(
                set,
                format!("{}other value{}", &text[..span.start], &text[span.end..]),
                "{name} {key}"
            );
            assert_eq!(after_set(&set, &key, entry.node.scalar().unwrap()), text);
            let unset = unset(&document, &key).unwrap();
            let removed = added(&unset, text).unwrap();
            assert!(
                matches!(removed.as_slice(), [line] if line.contains(path[path.len() - 1])),
                "{name} {key}"
            );
        }
    }
}

#[test]
fn every_option_can_be_set_and_unset_where_lines_end_in_another_way() {
    for (_, text) in FIXTURES {
        let windows = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
        let unfinished = text.trim_end();
        for key in [
            "server_encryption_options.protocol",
            "client_encryption_options.x.y",
            "no.such.key",
        ] {
            for text in [windows.as_str(), unfinished] {
                let set = after_set(text, key, "x");
                assert_ne!(set, text);
                let windows = text.contains("\r\n");
                assert!(!windows || set.matches('\n').count() == set.matches("\r\n").count());
                assert_eq!(after_unset(&set, key), text);
            }
        }
    }
}

#[test]
fn a_key_comes_right_after_its_comment_in_the_fixtures() {
    for (fixture, key, before) in [
        (
            "cassandra-3.0",
            "server_encryption_options.protocol",
            "    # protocol: TLS",
        ),
        (
            "cassandra-4.0",
            "server_encryption_options.optional",
            "    # optional: true",
        ),
        (
            "cassandra-4.0",
            "client_encryption_options.cipher_suites",
            "    # ]",
        ),
        (
            "cassandra-4.1",
            "server_encryption_options.ssl_context_factory.class_name",
            "  #     class_name: org.apache.cassandra.security.DefaultSslContextFactory",
        ),
        (
            "cassandra-5.0",
            "server_encryption_options.keystore_password",
            "  #keystore_password: cassandra",
        ),
        (
            "cassandra-5.0",
            "server_encryption_options.outbound_keystore",
            "#  outbound_keystore: conf/.keystore",
        ),
        (
            "cassandra-5.0",
            "native_transport_port_ssl",
            "# native_transport_port_ssl: 9142",
        ),
        (
            "dse-6.7",
            "client_encryption_options.truststore",
            "    # truststore: resources/dse/conf/.truststore",
        ),
        (
            "scylla",
            "server_encryption_options.internode_encryption",
            "#    priority_string: <not set, the default is taken>",
        ),
        (
            "scylla",
            "client_encryption_options.enabled",
            "#    enable_session_tickets: <not set, off>",
        ),
    ] {
        let text = FIXTURES
            .iter()
            .find(|(name, _)| *name == fixture)
            .unwrap()
            .1;
        let set = after_set(text, key, "x");
        let lines: Vec<_> = set.lines().collect();
        let new = added(text, &set).unwrap()[0].trim_end();
        let at = lines
            .iter()
            .zip(text.lines())
            .position(|(new, old)| *new != old)
            .unwrap();
        assert_eq!((lines[at], lines[at - 1]), (new, before), "{fixture} {key}");
    }
}

fn key() -> impl Strategy<Value = String> {
    "[a-e]"
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("1".to_owned()),
        Just("'q ''x'".to_owned()),
        Just("\"d \\\" # x\"".to_owned()),
        Just("[A, B]".to_owned()),
        Just("{a: 1, b: {c: 2}}".to_owned()),
        Just("{}".to_owned()),
        Just("~".to_owned()),
        Just("é ü".to_owned()),
    ]
}

fn tail() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(""), 1 => Just(" # why: x"), 1 => Just("  ")].prop_map(str::to_owned)
}

/// Lines of one block, not yet indented.
fn block(depth: u32) -> BoxedStrategy<Vec<String>> {
    let line = (key(), value(), tail())
        .prop_map(|(key, value, tail)| vec![format!("{key}: {value}{tail}")]);
    let comment = prop_oneof![
        (key(), value()).prop_map(|(key, value)| vec![format!("# {key}: {value}")]),
        (key(), key()).prop_map(|(a, b)| vec![format!("# {a}:"), format!("#    {b}: x")]),
        Just(vec!["# words: of prose".to_owned()]),
        Just(vec![String::new()]),
        (key(), key()).prop_map(|(a, b)| vec![
            format!("#{a}:"),
            format!("# {b}: [x,"),
            "#  y]".to_owned()
        ]),
    ];
    let list = key().prop_map(|key| {
        vec![
            format!("{key}:"),
            "- x".to_owned(),
            "# of y".to_owned(),
            "- y".to_owned(),
        ]
    });
    let text = key().prop_map(|key| {
        vec![
            format!("{key}: |"),
            "    # a: 1".to_owned(),
            "    b: 2".to_owned(),
        ]
    });
    let leaf = prop_oneof![6 => line, 4 => comment, 1 => list, 1 => text].boxed();
    let item = if depth == 0 {
        leaf
    } else {
        let nested =
            (key(), tail(), block(depth - 1), 1..5_usize).prop_map(|(key, tail, lines, step)| {
                let mut block = vec![format!("{key}:{tail}")];
                block.extend(lines.into_iter().map(|line| match line.as_str() {
                    "" => line,
                    _ => format!("{}{line}", " ".repeat(step)),
                }));
                block
            });
        prop_oneof![3 => leaf, 2 => nested].boxed()
    };
    prop::collection::vec(item, 0..6)
        .prop_map(|items| items.concat())
        .boxed()
}

fn file() -> impl Strategy<Value = String> {
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    (block(3), end, any::<bool>(), any::<bool>()).prop_map(|(lines, end, marked, finished)| {
        let mark = if marked { "\u{FEFF}" } else { "" };
        let last = if finished { end } else { "" };
        format!("{mark}{}{last}", lines.join(end))
    })
}

fn new_value() -> impl Strategy<Value = NewValue> {
    let text = "([ -~é\n\t]|yes|null|0|: | #|[\\[{&*]){1,8}";
    prop_oneof![
        1 => Just(NewValue::Blank),
        4 => text.prop_map(NewValue::Text),
        1 => prop::collection::vec(text, 0..3).prop_map(NewValue::List),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, max_global_rejects: 65536, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_changes_what_was_asked_and_can_be_taken_back(
        text in file(),
        path in prop::collection::vec(key(), 1..4),
        value in new_value(),
    ) {
        let Ok(document) = Document::parse(&text, Path::new("f")) else {
            return Err(TestCaseError::reject("not yaml"));
        };
        prop_assert_eq!(document.text(), &text);
        let key = path.join(".");
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        let change = Change::Set { key: key.clone(), value: value.clone() };
        let set = match apply(&document, &[change]) {
            Ok(set) => set,
            Err(EditError::Duplicate { .. } | EditError::NoMapping { .. } | EditError::HoldsKeys { .. }) => return Ok(()),
            Err(told) => return Err(TestCaseError::fail(told.to_string())),
        };
        let edited = read(&set);
        prop_assert!(value.is(&edited.root().find(&path).unwrap().node));
        match document.root().find(&path) {
            None => prop_assert_eq!(&after_unset(&set, &key), &text),
            Some(entry) if entry.node.scalar().is_some() && value != NewValue::Blank => {
                let span = entry.node.span.clone();
                prop_assert!(set.starts_with(&text[..span.start]) && set.ends_with(&text[span.end..]));
            }
            Some(_) => {}
        }
        match unset(&document, &key) {
            // Comments below the key would become part of a text above it.
            Err(EditError::SideEffect { other: Some(_), .. }) if text.contains('|') => {}
            unset => prop_assert!(unset.is_ok(), "{}", unset.unwrap_err()),
        }
    }
}
