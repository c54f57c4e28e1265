use super::{SHORTEST, mistakes, read};

/// A complete file with these options in the section of Ringlock itself.
fn with_own(options: &str) -> String {
    SHORTEST.replace("Cluster}", &format!("Cluster, {options}}}"))
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_each_at_its_place() {
    let text = "\
ringlock:
  clustr: Test Cluster
  interception: transparant
  inbound_port: 70000
  workers: many
  handshake_timeout: 10
  mark: 0
  outbound_port: [17001]
server_encryption_options:
  internode_encryption: racks
  optional: maybe
  keystore_password: hunter2
  certificate: node.crt
  trustore: ca.crt
storage-port: 7000
ssl_storage_port: 0
num_tokens: 16
cluster: Test Cluster
";
    assert_eq!(
        mistakes(text),
        "\
ringlock.yaml:2:3: ringlock.clustr: unknown key; did you mean \"cluster\"?
ringlock.yaml:3:17: ringlock.interception: unknown value (found \"transparant\", expected transparent or listen); did you mean \"transparent\"?
ringlock.yaml:4:17: ringlock.inbound_port: not a port (found \"70000\", expected a number from 1 to 65535)
ringlock.yaml:5:12: ringlock.workers: not a whole number (found \"many\", expected a number from 1 to 256)
ringlock.yaml:6:22: ringlock.handshake_timeout: a duration without its unit (found \"10\", expected a number with ms, s, m, h or d, such as 10s, 500ms or 2m)
ringlock.yaml:7:9: ringlock.mark: not a mark (found \"0\", expected a number from 1 to 4294967295, decimal or with 0x)
ringlock.yaml:8:18: ringlock.outbound_port: a list (expected one value)
ringlock.yaml:10:25: server_encryption_options.internode_encryption: unknown value (found \"racks\", expected all, none, dc, rack or transitional); did you mean \"rack\"?
ringlock.yaml:11:13: server_encryption_options.optional: not a boolean (found \"maybe\", expected true or false)
ringlock.yaml:13:3: server_encryption_options.keyfile: missing, though certificate is given (expected both, or keystore alone)
ringlock.yaml:14:3: server_encryption_options.trustore: unknown key; did you mean \"truststore\"?
ringlock.yaml:15:1: storage-port: unknown key; did you mean \"storage_port\"?
ringlock.yaml:16:19: ssl_storage_port: not a port (found \"0\", expected a number from 1 to 65535)
ringlock.yaml:17:1: num_tokens: unknown key
ringlock.yaml:18:1: cluster: unknown key; it belongs under \"ringlock\""
    );
}

#[test]
fn an_empty_file_is_told_what_it_needs_and_why() {
    let missing = "\
ringlock.yaml:1:1: ringlock.cluster: missing (expected the cluster's name as the peers' certificates give it)
ringlock.yaml:1:1: server_encryption_options.certificate: missing (expected keystore, or certificate and keyfile); needed even while internode_encryption is none, because encryption is switched on in the running agent
ringlock.yaml:1:1: server_encryption_options.truststore: missing (expected a store with the CA's certificate); needed even while internode_encryption is none, because encryption is switched on in the running agent";
    assert_eq!(mistakes(""), missing);
    assert_eq!(mistakes("# Nothing but a comment.\n"), missing);
    assert_eq!(mistakes("---\n...\n"), missing);
    assert_eq!(
        mistakes("ringlock:\nserver_encryption_options: ~\n")
            .lines()
            .count(),
        3
    );
}

#[test]
fn each_listener_is_checked_by_itself_and_against_the_others() {
    let text = "\
ringlock:
  cluster: c
  interception: listen
  mark: 3
  listeners:
    - {address: 127.0.0.1:7100, target: 0.0.0.0:7000, direction: out}
    - {address: localhost:7100, target: 10.0.0.1}
    - {address: 0.0.0.0:7100, target: 10.0.0.1:7000, direction: inbound}
    - {address: 127.0.0.1:7100, target: 127.0.0.1:7100, direction: inbound}
    - x
    - {adress: 127.0.0.1:7101, target: '[::1]:0', direction: inbond}
    - {address: '[::]:7100', target: 10.0.0.1:7000, direction: inbound}
server_encryption_options: {keystore: a, truststore: b}
";
    assert_eq!(
        mistakes(text),
        "\
ringlock.yaml:4:3: ringlock.mark: goes only with interception: transparent; remove it, or change interception
ringlock.yaml:6:41: ringlock.listeners[0].target: stands for any address (found \"0.0.0.0:7000\", expected the address of one database, such as 10.0.0.2:7000)
ringlock.yaml:6:66: ringlock.listeners[0].direction: unknown value (found \"out\", expected inbound or outbound)
ringlock.yaml:7:7: ringlock.listeners[1].direction: missing (expected inbound or outbound)
ringlock.yaml:7:17: ringlock.listeners[1].address: not an address (found \"localhost:7100\", expected an IP address and a port, such as 10.0.0.2:7000 or \"[fd00::2]:7000\")
ringlock.yaml:7:41: ringlock.listeners[1].target: not an address (found \"10.0.0.1\", expected an IP address and a port, such as 10.0.0.2:7000 or \"[fd00::2]:7000\")
ringlock.yaml:9:7: ringlock.listeners[3].target: the same as its address (found \"127.0.0.1:7100\", expected the address of a database or of another agent)
ringlock.yaml:9:7: ringlock.listeners[3].address: collides with the listener on line 8, which takes 0.0.0.0:7100 (found \"127.0.0.1:7100\"); give another port
ringlock.yaml:10:7: ringlock.listeners[4]: a single value (expected keys with their values)
ringlock.yaml:11:8: ringlock.listeners[5].adress: unknown key; did you mean \"address\"?
ringlock.yaml:11:40: ringlock.listeners[5].target: not an address (found \"[::1]:0\", expected an IP address and a port, such as 10.0.0.2:7000 or \"[fd00::2]:7000\")
ringlock.yaml:11:62: ringlock.listeners[5].direction: unknown value (found \"inbond\", expected inbound or outbound); did you mean \"inbound\"?"
    );
}

#[test]
fn listeners_go_only_with_listen_and_listen_only_with_listeners() {
    assert_eq!(
        mistakes(&with_own("interception: listen, inbound_port: 1, outbound_port: 2")),
        "\
ringlock.yaml:1:35: ringlock.listeners: missing (expected at least one listener, because interception is listen)
ringlock.yaml:1:57: ringlock.inbound_port: goes only with interception: transparent; remove it, or change interception
ringlock.yaml:1:74: ringlock.outbound_port: goes only with interception: transparent; remove it, or change interception"
    );
    assert_eq!(
        mistakes(&with_own("interception: listen, listeners: []")),
        "ringlock.yaml:1:57: ringlock.listeners: missing (expected at least one listener, because interception is listen)"
    );
    assert_eq!(
        mistakes(&with_own(
            "listeners: [{address: 127.0.0.1:1, target: 127.0.0.1:2, direction: inbound}]"
        )),
        "ringlock.yaml:1:35: ringlock.listeners: goes only with interception: listen; remove it, or change interception"
    );
}

#[test]
fn redirected_ports_differ_from_each_other_and_from_the_databases() {
    assert_eq!(
        mistakes(&with_own("inbound_port: 17001, outbound_port: 7000")),
        "ringlock.yaml:1:56: ringlock.outbound_port: the same port as storage_port (default) (found \"7000\"); give another port"
    );
    assert_eq!(
        mistakes(&with_own("inbound_port: 17001")),
        "ringlock.yaml:1:35: ringlock.inbound_port: the same port as ringlock.outbound_port (default) (found \"17001\"); give another port"
    );
    assert_eq!(
        mistakes(&format!(
            "{}ssl_storage_port: 18000\n",
            with_own("inbound_port: 18000")
        )),
        "ringlock.yaml:5:1: ssl_storage_port: the same port as ringlock.inbound_port (line 1) (found \"18000\"); give another port"
    );
    assert_eq!(
        mistakes(&with_own("inbound_port: 7001, mark: 0"))
            .lines()
            .count(),
        2
    );
    let one_port_for_both = format!("{SHORTEST}storage_port: 7001\n");
    assert!(read(&one_port_for_both).is_ok());
}

#[test]
fn key_material_is_named_once_and_wholly() {
    assert_eq!(
        mistakes(&format!("{SHORTEST}  keyfile: node.key\n")),
        "ringlock.yaml:3:3: server_encryption_options.keystore: contradicts certificate and keyfile (line 5); give either keystore, or certificate and keyfile"
    );
    assert_eq!(
        mistakes(&SHORTEST.replace("keystore", "keyfile")),
        "ringlock.yaml:3:3: server_encryption_options.certificate: missing, though keyfile is given (expected both, or keystore alone)"
    );
    let encrypted = SHORTEST.replace("truststore:", "internode_encryption:");
    assert_eq!(
        mistakes(&encrypted.replace("ca.crt", "all")),
        "ringlock.yaml:2:1: server_encryption_options.truststore: missing (expected a store with the CA's certificate)"
    );
}

#[test]
fn transitional_is_not_taken_for_a_refusal_of_plaintext() {
    assert_eq!(
        mistakes(&format!(
            "{SHORTEST}  internode_encryption: transitional\n  optional: false\n"
        )),
        "ringlock.yaml:6:3: server_encryption_options.optional: contradicts internode_encryption: transitional, which accepts plaintext; remove it, or require TLS with internode_encryption: all"
    );
}

#[test]
fn no_option_of_the_databases_is_ignored() {
    assert_eq!(
        mistakes(&format!("{SHORTEST}  store_type: PKCS11\n")),
        "ringlock.yaml:5:3: server_encryption_options.store_type: PKCS11 holds private keys and no truststore; write keystore_type: PKCS11 for the key alone"
    );
    assert_eq!(
        mistakes(&format!("{SHORTEST}  keystore_passwort: a\n")),
        "ringlock.yaml:5:3: server_encryption_options.keystore_passwort: unknown key; did you mean \"keystore_password\"?"
    );
    assert_eq!(
        mistakes(&format!(
            "{SHORTEST}client_encryption_options: {{enabled: true}}\n"
        )),
        "ringlock.yaml:5:1: client_encryption_options: not obeyed by this version yet; remove it"
    );
}

#[test]
fn passwords_are_never_shown() {
    let text = format!(
        "{SHORTEST}  keystore_password: hunter2\n  truststore_pasword: hunter2\n  pass: hunter2\n"
    );
    let told = mistakes(&text);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_misspelt_section_is_told_once_and_not_for_each_key_it_should_hold() {
    assert_eq!(
        mistakes(&SHORTEST.replace("server_encryption", "server_encription")),
        "ringlock.yaml:2:1: server_encription_options: unknown key; did you mean \"server_encryption_options\"?"
    );
    assert_eq!(
        mistakes(&SHORTEST.replace("{cluster: Test Cluster}", "yes")),
        "ringlock.yaml:1:11: ringlock: a single value (expected keys with their values)"
    );
}

#[test]
fn a_socket_path_that_the_kernel_would_not_take_is_told() {
    let long = "s".repeat(100);
    assert!(read(&with_own(&format!("admin_socket: /{long}"))).is_ok());
    let told = read(&with_own(&format!("admin_socket: {long}"))).unwrap_err();
    assert!(
        told.to_string()
            .contains("ringlock.admin_socket: too long for a Unix socket (found \"ssss"),
        "{told}"
    );
}

#[test]
fn yaml_that_lets_one_place_speak_for_another_is_refused() {
    let text = "\
ringlock: {cluster: &name Test Cluster}
server_encryption_options:
  keystore: !!str node.pem
  truststore: *name
  keystore: other.pem
  keystore: third.pem
  ? [a]
  : b
";
    assert_eq!(
        mistakes(text),
        "\
ringlock.yaml:1:27: ringlock.cluster: an anchor (&) is not taken; remove it
ringlock.yaml:3:19: server_encryption_options.keystore: a tag (!) is not taken; remove it
ringlock.yaml:4:15: server_encryption_options.truststore: an alias (*) is not taken; write the value out
ringlock.yaml:5:3: server_encryption_options.keystore: given twice, on lines 3 and 5; keep one of them
ringlock.yaml:6:3: server_encryption_options.keystore: given twice, on lines 3 and 6; keep one of them
ringlock.yaml:7:5: server_encryption_options: not a word, so it cannot be a key; remove it"
    );
    assert_eq!(
        mistakes(&format!("{SHORTEST}---\n{SHORTEST}")),
        "ringlock.yaml:5:1: a second document begins here; keep one document in the file"
    );
}

#[test]
fn broken_yaml_is_told_with_its_place_and_the_usual_reasons() {
    assert_eq!(
        mistakes("ringlock:\n\tcluster: c\n"),
        "ringlock.yaml:2:2: not valid YAML: tabs disallowed within this context (block indentation); indent with blanks, not with tabs"
    );
    assert_eq!(
        mistakes("ringlock:\n  cluster: c\n\tworkers: 1\n"),
        "ringlock.yaml:2:12: not valid YAML: while scanning a plain scalar, found a tab; indent with blanks, not with tabs"
    );
    assert_eq!(
        mistakes("a:\n  - address: [::1]:7000\n"),
        "ringlock.yaml:2:19: not valid YAML: while parsing a block mapping, did not find expected key; an IPv6 address with a port stands in quotes: \"[::1]:7000\""
    );
    assert_eq!(
        mistakes("a: b: c\n"),
        "ringlock.yaml:1:5: not valid YAML: mapping values are not allowed in this context"
    );
}

#[test]
fn what_cannot_be_a_configuration_is_refused_before_it_costs_anything() {
    assert_eq!(
        mistakes(&" ".repeat((1 << 20) + 1)),
        "ringlock.yaml:1:1: larger than 1 MiB"
    );
    assert_eq!(
        mistakes("a: é\r\nb:\0c\n"),
        "ringlock.yaml:2:3: the character U+0000 is not allowed in YAML"
    );
    let deep = format!("a:\n{}", "- ".repeat(100));
    let told = mistakes(&deep);
    assert!(told.ends_with(": nested deeper than 16 levels"), "{told}");
    let told = mistakes(&"[".repeat(1 << 20));
    assert!(
        told.ends_with("not valid YAML: recursion limit exceeded"),
        "{told}"
    );
}

#[test]
fn values_of_many_lines_are_refused_and_shown_on_one() {
    let text = SHORTEST.replace("{cluster: Test Cluster}", "\n  cluster: |\n    a\n    b");
    assert_eq!(
        mistakes(&text),
        "ringlock.yaml:3:5: ringlock.cluster: holds a control character (found \"a\\nb\", expected text on one line)"
    );
}
