use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Document {
    Document::parse(text, Path::new("cassandra.yaml")).unwrap_or_else(|told| panic!("{told}"))
}

fn refused(text: &str) -> String {
    let told = Document::parse(text, Path::new("cassandra.yaml")).unwrap_err();
    assert!(!told.is_empty());
    told.to_string()
}

/// Every key and value as `place path = bytes`.
fn outline(document: &Document) -> String {
    fn walk(out: &mut String, text: &str, path: &str, node: &Node) {
        let bytes = &text[node.span.clone()];
        match &node.value {
            Value::Blank => writeln!(out, "{} {path} blank {bytes:?}", node.at).unwrap(),
            Value::Scalar { text, quoted } => {
                let q = if *quoted { " quoted" } else { "" };
                writeln!(out, "{} {path}{q} {text:?} {bytes:?}", node.at).unwrap();
            }
            Value::Sequence(items) => {
                writeln!(out, "{} {path} [{}] {bytes:?}", node.at, items.len()).unwrap();
                for item in items {
                    walk(out, text, &format!("{path}[]"), item);
                }
            }
            Value::Mapping(entries) => {
                writeln!(out, "{} {path} {{{}}}", node.at, entries.len()).unwrap();
                for entry in entries {
                    walk(out, text, &format!("{path}.{}", entry.key), &entry.node);
                }
            }
        }
    }
    let mut out = String::new();
    walk(&mut out, document.text(), "", document.root());
    out
}

#[test]
fn every_value_knows_its_bytes() {
    let text = "\
# é comment
s:
    internode_encryption: all  # why
    keystore: 'conf/it''s'  # it's
    pw: \"a\\\"b \"
    none: ~
    gone:
    suites: [A,  B ,\"C\"]
    flow: {a: 1, b: [x, {c: d}] , e, f: } # }
    list:
    - a
    -
    - class: x
      parameters:
        - one
    text: |
        -----BEGIN
        x
last: é ü # end";
    assert_eq!(
        outline(&read(text)),
        r#"2:1  {2}
3:5 .s {9}
3:27 .s.internode_encryption "all" "all"
4:15 .s.keystore quoted "conf/it's" "'conf/it''s'"
5:9 .s.pw quoted "a\"b " "\"a\\\"b \""
6:11 .s.none blank "~"
7:10 .s.gone blank ""
8:13 .s.suites [3] "[A,  B ,\"C\"]"
8:14 .s.suites[] "A" "A"
8:18 .s.suites[] "B" "B"
8:21 .s.suites[] quoted "C" "\"C\""
9:11 .s.flow {4}
9:15 .s.flow.a "1" "1"
9:21 .s.flow.b [2] "[x, {c: d}]"
9:22 .s.flow.b[] "x" "x"
9:25 .s.flow.b[] {1}
9:29 .s.flow.b[].c "d" "d"
9:36 .s.flow.e blank ""
9:40 .s.flow.f blank ""
11:5 .s.list [3] "- a\n    -\n    - class: x\n      parameters:\n        - one"
11:7 .s.list[] "a" "a"
12:6 .s.list[] blank ""
13:7 .s.list[] {2}
13:14 .s.list[].class "x" "x"
15:9 .s.list[].parameters [1] "- one"
15:11 .s.list[].parameters[] "one" "one"
16:11 .s.text quoted "-----BEGIN\nx\n" "|\n        -----BEGIN\n        x"
19:7 .last "é ü" "é ü"
"#
    );
}

#[test]
fn a_blank_file_is_blank() {
    for text in [
        "",
        "\n\n",
        "# only\n",
        "---\n",
        "---\n...\n",
        "\u{FEFF}# x\n",
    ] {
        assert!(read(text).root().is_blank(), "{text:?}");
    }
}

fn quirks(text: &str) -> String {
    let document = read(text);
    let quirks = document.quirks().iter();
    quirks
        .map(|quirk| format!("{} {} {:?}\n", quirk.at, quirk.key, quirk.kind))
        .collect()
}

#[test]
fn what_may_mislead_is_taken_and_told_in_the_order_of_the_file() {
    let text = "\u{FEFF}a: &x {k: 1, j: 2}\r\nb:\r\n  <<: *x\r\n  j: !!str 3\r\na: *x\r\n";
    assert_eq!(
        quirks(text),
        "\
1:1  ByteOrderMark
1:4 a Anchor
1:19  CarriageReturns
3:3 b.<< MergeKey
3:7 b.<< Alias
4:6 b.j Tag
5:1 a DuplicateKey { first: Position { line: 1, column: 1 } }
5:4 a Alias
"
    );
    assert_eq!(quirks("a: 1\nb: '*x'\nc: a&b # &c\n'<<': x\n"), "");
}

#[test]
fn aliases_and_merge_keys_are_resolved_and_keep_the_place_of_the_alias() {
    let text = "a: &x {k: 1, j: 2}\nb: &y {k: 3, l: 4}\nc:\n  <<: [*x, *y]\n  j: 5\nd: *x\n";
    let document = read(text);
    let c = &document.root().get("c").unwrap().node;
    let said: Vec<_> = c
        .entries()
        .iter()
        .map(|entry| (entry.key.as_str(), entry.node.scalar().unwrap(), entry.at))
        .collect();
    assert_eq!(
        said,
        [
            ("j", "5", Position::new(5, 3)),
            ("k", "1", Position::new(4, 8)),
            ("l", "4", Position::new(4, 12)),
        ]
    );
    let d = document.root().find(&["d", "j"]).unwrap();
    assert_eq!(&text[d.span.clone()], "*x");
    assert_eq!(d.node.scalar(), Some("2"));
}

#[test]
fn the_last_of_several_equal_keys_counts() {
    let document = read("a: {x: 1}\na: {y: 2}\nb:\n  c: 1\n  c: 2\n");
    assert!(document.root().find(&["a", "x"]).is_none());
    assert_eq!(document.root().find(&["b", "c"]).unwrap().at.line, 5);
    assert_eq!(document.root().get("b").unwrap().node.entries().len(), 2);
}

#[test]
fn nothing_and_the_empty_text_are_two_things() {
    let document = read("a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: !!str\ng: &x\nh: '~'\ni: \" \"\n");
    let blank = |key: &str| document.root().get(key).unwrap().node.is_blank();
    for key in ["a", "b", "c", "f", "g"] {
        assert!(blank(key), "{key}");
    }
    for key in ["d", "e", "h", "i"] {
        assert!(!blank(key), "{key}");
    }
    let said = |key: &str| document.root().get(key).unwrap().node.scalar().unwrap();
    assert_eq!((said("d"), said("i")), ("", " "));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (text, told) in [
        (
            "a: b: c\n",
            "cassandra.yaml:1:5: not valid YAML: mapping values are not allowed in this context",
        ),
        (
            "a:\n\tb: 1\n",
            "cassandra.yaml:2:2: not valid YAML: tabs disallowed within this context (block indentation); indent with blanks, not with tabs",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "cassandra.yaml:2:1: a second document begins here; keep one document in the file",
        ),
        (
            "é: 1\nb:\0c\n",
            "cassandra.yaml:2:3: the character U+0000 is not allowed in YAML",
        ),
        (
            "a: *x\n",
            "cassandra.yaml:1:4: not valid YAML: while parsing node, found unknown anchor",
        ),
        (
            "a: &x [*x]\n",
            "cassandra.yaml:1:8: a[0]: an alias (*) to what it is a part of",
        ),
        (
            "a: {<<: 1}\n",
            "cassandra.yaml:1:9: a.<<: not keys with values, so it cannot be merged (expected an alias to a mapping)",
        ),
        (
            "a:\n  ? [b]\n  : c\n  ~: d\n",
            "cassandra.yaml:2:5: a: not a word, so it cannot be a key; put it in quotes, or remove it\ncassandra.yaml:4:3: a: not a word, so it cannot be a key; put it in quotes, or remove it",
        ),
    ] {
        assert_eq!(refused(text), told);
    }
}

#[test]
fn a_file_cut_off_anywhere_is_read_or_told() {
    let text = "a:\n  b: 'x y'\n  c: [1, {d: \"e\"}]\n  f: |\n    g\nh: &i !!str j\nk: *i\n";
    for end in 0..text.len() {
        if let Err(told) = Document::parse(&text[..end], Path::new("f")) {
            assert!(told.to_string().starts_with("f:"), "{told}");
        }
    }
}

#[test]
fn what_would_only_cost_memory_is_refused() {
    assert_eq!(
        refused(&" ".repeat((8 << 20) + 1)),
        "cassandra.yaml:1:1: larger than 8 MiB"
    );
    let told = refused(&format!("{}1\n", "- ".repeat(70)));
    assert!(told.ends_with(": nested deeper than 64 levels"), "{told}");
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let item = format!("*a{}", level - 1);
        let items = [item.as_str(); 9].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{items}]").unwrap();
    }
    let told = refused(&laughs);
    assert!(told.contains("more than 250000 values"), "{told}");
    assert!(refused(&"[".repeat(8 << 20)).contains("not valid YAML"));
    for piece in ["a,", "\"\"", "? ", "a:\n", "- \n", "{"] {
        let _ = Document::parse(&piece.repeat((8 << 20) / piece.len()), Path::new("f"));
        let _ = Document::parse(&format!("[{}", piece.repeat(4 << 20)), Path::new("f"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_or_refused_and_kept_as_it_is(
        text in r#"([ \t\n\r:\-#'"\[\]{},&*!|>%~]|[a-c]|é|: |\n  |- |<<: |\*a|&a )*"#
    ) {
        if let Ok(document) = Document::parse(&text, Path::new("f")) {
            prop_assert_eq!(document.text(), &text);
            outline(&document);
        }
    }
}
