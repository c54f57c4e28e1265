mod properties;

use std::path::Path;

use super::*;

fn read(text: &str) -> Document {
    Document::parse(text, Path::new("cassandra.yaml")).unwrap_or_else(|told| panic!("{told}"))
}

fn after_set(text: &str, key: &str, value: &str) -> String {
    set(&read(text), key, value).unwrap_or_else(|told| panic!("{told}"))
}

fn after_unset(text: &str, key: &str) -> String {
    unset(&read(text), key).unwrap_or_else(|told| panic!("{told}"))
}

fn refused(text: &str, key: &str, value: &str) -> String {
    set(&read(text), key, value).unwrap_err().to_string()
}

/// Sets an absent key, compares, and sees that unsetting it gives the original back.
#[track_caller]
fn adds(text: &str, key: &str, value: &str, expected: &str) {
    let set = after_set(text, key, value);
    assert_eq!(set, expected);
    assert_eq!(after_unset(&set, key), text);
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    let text = "a:\n    b: none   # why\n    c: 'x'  \n    d: \"y\"\n    e:   # nothing\n    f: [A,  B] # two\n";
    for (key, value, old, new) in [
        ("a.b", "all", "none   #", "all   #"),
        ("a.b", "", "b: none   #", "b:   #"),
        ("a.c", "it's", "'x'  \n", "'it''s'  \n"),
        ("a.d", "p\\q", "\"y\"", "\"p\\\\q\""),
        ("a.e", "yes", "e:   #", "e: 'yes'   #"),
        ("a.f", "[C,D]", "[A,  B] #", "[C, D] #"),
        ("a.f", "[]", "[A,  B] #", "[] #"),
        ("a.b", "none", "", ""),
        ("a.f", "[A, B]", "", ""),
        ("a.d", "y", "", ""),
    ] {
        assert_eq!(
            after_set(text, key, value),
            text.replacen(old, new, 1),
            "{key}={value}"
        );
    }
}

#[test]
fn a_list_with_an_item_a_line_becomes_one_in_brackets() {
    assert_eq!(
        after_set(
            "a:\n  s: # these\n  - A\n  # more\n  - B\n  t: 1\n",
            "a.s",
            "[C]"
        ),
        "a:\n  s: [C] # these\n  t: 1\n"
    );
    assert_eq!(after_set("s:\n  - A\n  - B", "s", "[C]"), "s: [C]");
}

#[test]
fn values_are_quoted_where_a_reader_would_take_them_for_something_else() {
    for plain in [
        "all",
        "true",
        "False",
        "7000",
        "-1",
        "1.5",
        "10.0.0.1",
        "10s",
        "conf/.keystore",
        "a#b",
        "a:b",
        "NORMAL:-VERS-TLS1.0,x",
        "/etc/a b",
        "é",
        "SECURE128:+SECURE192",
        "x[1]",
        "$2a$10$abc",
        "+Vj5oHCR/==",
    ] {
        assert_eq!(after_set("a: x\n", "a", plain), format!("a: {plain}\n"));
    }
    for quoted in [
        "yes",
        "NO",
        "on",
        "Off",
        "y",
        "~",
        "null",
        "NULL",
        "0123",
        "0x1B",
        "7_000",
        "1e3",
        "1:30",
        "2026-01-01",
        ".inf",
        "<<",
        "=",
        "a: b",
        "a #b",
        "a:",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x",
        "#x",
        "- x",
        "-x",
        "? x",
        ": x",
        "|",
        ">",
        "'x",
        "\"x",
        " x",
        "x ",
        ",x",
        "{x",
        "]x",
        "08",
        "007",
    ] {
        assert_eq!(
            after_set("a: x\n", "a", quoted),
            format!("a: '{}'\n", quoted.replace('\'', "''"))
        );
    }
    assert_eq!(
        after_set("a: x\n", "a", "p\nq\t\u{1}"),
        "a: \"p\\nq\\t\\u0001\"\n"
    );
    assert_eq!(after_set("{a: x}\n", "a", "p,q:r"), "{a: 'p,q:r'}\n");
    assert_eq!(
        after_set("a: x\n", "a", "['p,q', r:s, \"no\"]"),
        "a: ['p,q', 'r:s', 'no']\n"
    );
}

#[test]
fn a_missing_key_becomes_the_last_of_its_block() {
    adds(
        "a:\n    b: 1\n    c: # x\n        d: 2 # y\n\n# of e\ne: 1\n",
        "a.k",
        "v",
        "a:\n    b: 1\n    c: # x\n        d: 2 # y\n    k: v\n\n# of e\ne: 1\n",
    );
    adds("a:\n b: 1", "a.k", "", "a:\n b: 1\n k:");
    adds(
        "a: 1\r\nb:\r\n  c: 1\r\n",
        "b.k",
        "v",
        "a: 1\r\nb:\r\n  c: 1\r\n  k: v\r\n",
    );
    adds(
        "a:\n  b: |\n    x\n\nc: 1\n",
        "a.k",
        "v",
        "a:\n  b: |\n    x\n  k: v\n\nc: 1\n",
    );
}

#[test]
fn a_missing_key_comes_after_the_line_that_has_it_commented_out() {
    let text = "\
s:
    # when optional: is set, both
    # optional: true
    enabled: x
    # cipher_suites: [
    #   A, B,
    #   C]
    # factory:
    #   # how
    #   class_name: X
    #   optional: no
    pw: 1

    # late: 1
# optional: not of this block
t: 1
";
    adds(
        text,
        "s.optional",
        "false",
        &text.replace(
            "# optional: true\n",
            "# optional: true\n    optional: false\n",
        ),
    );
    adds(
        text,
        "s.cipher_suites",
        "[Z]",
        &text.replace("#   C]\n", "#   C]\n    cipher_suites: [Z]\n"),
    );
    adds(
        text,
        "s.factory.class_name",
        "Why",
        &text.replace(
            "#   optional: no\n",
            "#   optional: no\n    factory:\n      class_name: Why\n",
        ),
    );
    adds(
        text,
        "s.late",
        "2",
        &text.replace("# late: 1\n", "# late: 1\n    late: 2\n"),
    );
    adds(
        text,
        "s.class_name",
        "2",
        &text.replace("pw: 1\n", "pw: 1\n    class_name: 2\n"),
    );
}

#[test]
fn a_missing_block_comes_after_the_one_that_is_commented_out() {
    let text = "\
# server_encryption_options: this is prose about it
a: 1

# enable it
# server_encryption_options:
#    internode_encryption: none
#    certificate: conf/x.crt\u{20}
#    truststore: <not set, use it>

# port: 9142
# last
";
    adds(
        text,
        "server_encryption_options.keyfile",
        "k",
        &text.replace(
            "use it>\n",
            "use it>\nserver_encryption_options:\n   keyfile: k\n",
        ),
    );
    adds(
        text,
        "port",
        "1",
        &text.replace("9142\n", "9142\nport: 1\n"),
    );
    adds(
        text,
        "client.k.l",
        "v",
        &format!("{text}client:\n  k:\n    l: v\n"),
    );
    adds("", "a.b", "1", "a:\n  b: 1\n");
    adds("# x", "a", "1", "# x\na: 1");
    adds(
        "\u{FEFF}# x\r\n",
        "a.b",
        "1",
        "\u{FEFF}# x\r\na:\r\n  b: 1\r\n",
    );
    adds("\u{FEFF}", "a", "1", "\u{FEFF}\na: 1");
    adds("---\na: 1\n...\n", "b", "1", "---\na: 1\nb: 1\n...\n");
    adds("---\n...\n", "b", "1", "---\nb: 1\n...\n");
}

#[test]
fn a_block_that_was_there_without_keys_stays() {
    adds("a:\nb: 1\n", "a.k", "v", "a: \n  k: v\nb: 1\n");
    adds("a: \nb: 1\n", "a.k", "v", "a:  \n  k: v\nb: 1\n");
    adds("a: # c\n", "a.k", "v", "a: # c\n  k: v\n");
    adds(
        "a:\n  b:\n    # k: 1\n",
        "a.b.k",
        "v",
        "a:\n  b: \n    # k: 1\n    k: v\n",
    );
    adds("a:", "a.b.c", "v", "a: \n  b:\n    c: v");
}

#[test]
fn mappings_in_braces_are_edited_in_place() {
    adds("a: {b: 1}\n", "a.c.k", "", "a: {b: 1, c: {k: null}}\n");
    adds("a: {b: 1}\n", "a.k", "v", "a: {b: 1, k: v}\n");
    adds("a: {}\n", "a.k", "v", "a: {k: v}\n");
    adds("a: { }\n", "a.k", "v", "a: {k: v }\n");
    adds("a: {b: 1,}\n", "a.k", "v", "a: {b: 1, k: v,}\n");
    adds("a: {b: }\n", "a.k", "", "a: {b: , k: null }\n");
    assert_eq!(
        after_set(
            "a: {internode_encryption: rack}\n",
            "a.internode_encryption",
            "all"
        ),
        "a: {internode_encryption: all}\n"
    );
    assert_eq!(after_unset("a: {b: 1, c: 2}\n", "a.b"), "a: {c: 2}\n");
    assert_eq!(after_unset("a: {b: 1, c: 2}\n", "a.c"), "a: {b: 1}\n");
    assert_eq!(after_unset("a: {b: 1 }\n", "a.b"), "a: { }\n");
}

#[test]
fn unset_takes_the_lines_of_the_key_and_no_other() {
    let text = "# t\na: 1 # c\nb:\n  c:\n    d: 1\n    # of c\n    e: |\n      x\n\n  # f: 1\n  f: 2\ng: 1";
    assert_eq!(after_unset(text, "a"), text.replace("a: 1 # c\n", ""));
    assert_eq!(
        after_unset(text, "b.c"),
        text.replace("  c:\n    d: 1\n    # of c\n    e: |\n      x\n", "")
    );
    assert_eq!(after_unset(text, "g"), text.replace("\ng: 1", ""));
    assert_eq!(after_unset(text, "b.c.x"), text);
    assert_eq!(after_unset(text, "x.y"), text);
    assert_eq!(after_unset("a:\n  b:\n    c: 1\nd: 1\n", "a.b.c"), "d: 1\n");
}

#[test]
fn what_cannot_be_changed_alone_is_refused_with_its_lines() {
    for (text, key, told) in [
        (
            "a: 1\na: 2\n",
            "a",
            "a is given 2 times, on lines 1 and 2; the one on line 2 counts; remove the others first",
        ),
        (
            "a: {k: 1}\nb: 1\na: {l: 1}\n",
            "a.k",
            "a is given 2 times, on lines 1 and 3; the one on line 3 counts; remove the others first",
        ),
        (
            "a: &x\n  k: 1\nb: *x\n",
            "b.k",
            "b comes from an alias on line 3 that repeats the anchor on line 1; change it there, or write the value out",
        ),
        (
            "a: &x\n  k: 1\nb:\n  <<: *x\n  l: 1\n",
            "b.k",
            "b.k comes from an alias on line 4 that repeats the anchor on line 1; change it there, or write the value out",
        ),
        (
            "a: &x 1\nb: *x\n",
            "b",
            "b comes from an alias on line 2 that repeats the anchor on line 1; change it there, or write the value out",
        ),
        (
            "a: &x 1\nb: *x\n",
            "a",
            "a cannot be changed alone: b would change with it; edit the file by hand",
        ),
        (
            "a: &x\n  k: 1\nb: *x\n",
            "a.l",
            "a.l cannot be changed alone: b.l would change with it; edit the file by hand",
        ),
        (
            "a: 1\n",
            "a.b",
            "a on line 1 is a single value, so it can hold no key; expected keys with values, or nothing",
        ),
        (
            "a:\n- 1\n",
            "a.b",
            "a on line 2 is a list, so it can hold no key; expected keys with values, or nothing",
        ),
        (
            "a: ~\n",
            "a.b",
            "a on line 1 is null, so it can hold no key; expected keys with values, or nothing",
        ),
        (
            "a:\n  b: 1\n",
            "a",
            "a on line 1 holds keys of its own; set those, or unset it first",
        ),
        (
            "a: 1\n",
            "a..b",
            "\"a..b\" is no key; expected names with dots between, such as server_encryption_options.optional",
        ),
        (
            "a: 1\n",
            "",
            "\"\" is no key; expected names with dots between, such as server_encryption_options.optional",
        ),
        (
            "- a\n",
            "a",
            "the file on line 1 is a list, so it can hold no key; expected keys with values, or nothing",
        ),
    ] {
        assert_eq!(refused(text, key, "9"), told);
    }
    assert_eq!(
        refused("a: 1\n", "a", "[A"),
        "the list given for a cannot be read; expected [A,B,C]"
    );
}

#[test]
fn all_changes_are_made_or_none() {
    let document = read("a: 1\n");
    let set = |key: &str, value: &str| Change::Set {
        key: key.to_owned(),
        value: NewValue::read(value).unwrap(),
    };
    assert_eq!(
        apply(
            &document,
            &[
                set("b.c", "1"),
                set("b.d", "2"),
                Change::Unset {
                    key: "a".to_owned()
                }
            ]
        )
        .unwrap(),
        "b:\n  c: 1\n  d: 2\n"
    );
    assert!(apply(&document, &[set("b", "1"), set("a.c", "1")]).is_err());
}

#[test]
fn no_password_reaches_an_error_a_difference_or_a_debug_line() {
    let text = "s:\n  # keystore_password: cassandra\n  keystore_password: old-secret\n  a: 1\nt:\n  private_key: |\n    line-one\n    line-two\n";
    let document = read(text);
    let value = NewValue::Text("new-secret: x".to_owned());
    let change = Change::Set {
        key: "s.keystore_password".to_owned(),
        value,
    };
    let after = read(&apply(&document, std::slice::from_ref(&change)).unwrap());
    assert_eq!(
        after
            .root()
            .find(&["s", "keystore_password"])
            .unwrap()
            .node
            .scalar(),
        Some("new-secret: x")
    );
    assert_eq!(
        unified_diff(&document, &after, "cassandra.yaml"),
        "\
--- cassandra.yaml
+++ cassandra.yaml
@@ -1,6 +1,6 @@
 s:
   # keystore_password: ****
-  keystore_password: ****
+  keystore_password: ****
   a: 1
 t:
   private_key: ****
"
    );
    assert_eq!(format!("{change:?}"), "set s.keystore_password to …");
    assert!(!format!("{document:?} {:?}", document.root()).contains("old-secret"));
    assert!(is_secret("ssl_context_factory.parameters.private_key"));
    assert!(!is_secret("keystore_password_file"));
}

#[test]
fn a_key_between_a_text_and_comments_that_the_text_would_swallow_stays() {
    let text = "a: |\n    b: 2\ne:\n    # why e\n";
    let told = unset(&read(text), "e").unwrap_err();
    assert!(
        matches!(&told, EditError::SideEffect { key, other } if key == "e" && other.as_deref() == Some("a")),
        "{told}"
    );
    assert_eq!(after_set(text, "e", "1"), text.replace("e:", "e: 1"));
}
