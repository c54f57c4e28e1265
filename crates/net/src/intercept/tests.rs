use serde_json::{Value, json};

use super::*;

fn rules() -> Rules {
    Rules {
        inbound_port: 17000,
        outbound_port: 17001,
        mark: 0x524c,
        ports: vec![7001, 7000, 7000],
    }
}

/// What `nft` prints after [`install`] is what was fed to it, less the commands.
fn listing(rules: &Rules) -> Value {
    printed(&Table::installed(rules))
}

fn printed(table: &Table) -> Value {
    let batch = serde_json::to_value(encode::replacement(table)).unwrap();
    let objects = batch["nftables"].as_array().unwrap();
    let added = objects[2..].iter().filter_map(|object| object.get("add"));
    json!({ "nftables": added.collect::<Vec<_>>() })
}

/// The state of the listing with one value replaced wherever it stands.
fn with(listing: &Value, old: Value, new: Value) -> State {
    let replaced = replace(listing, &old, &new);
    assert_ne!(replaced, *listing, "{old} is not in it");
    decode::state(&replaced)
}

fn replace(within: &Value, old: &Value, new: &Value) -> Value {
    match within {
        value if value == old => new.clone(),
        Value::Array(list) => list.iter().map(|value| replace(value, old, new)).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(k, v)| (k.clone(), replace(v, old, new)))
                .collect(),
        ),
        value => value.clone(),
    }
}

/// The state of the listing with a part of its texts replaced.
fn worded(listing: &Value, old: &str, new: &str) -> State {
    let text = listing.to_string();
    assert!(text.contains(old), "{old} is not in {text}");
    decode::state(&serde_json::from_str(&text.replace(old, new)).unwrap())
}

#[test]
fn what_is_written_is_read_back_with_its_version() {
    let installed = State::Installed {
        rules: rules().sorted(),
        version: table::VERSION.into(),
    };
    assert_eq!(decode::state(&listing(&rules())), installed);
}

#[test]
fn a_batch_replaces_the_table_in_one_transaction() {
    let batch = encode::replacement(&Table::installed(&rules()));
    let batch = serde_json::to_value(batch).unwrap();
    let commands: Vec<_> = batch["nftables"].as_array().unwrap()[..3]
        .iter()
        .map(|command| command.as_object().unwrap().keys().next().unwrap().clone())
        .collect();
    assert_eq!(commands, ["add", "delete", "add"]);
    let text = batch.to_string();
    assert!(
        !text.contains("ruleset"),
        "nothing but the table is named: {text}"
    );
}

#[test]
fn other_spellings_of_the_same_rules_mean_the_same() {
    let listing = listing(&rules());
    let same = decode::state(&listing);
    let ports = json!({ "set": [7000, 7001] });
    let reset = json!({ "type": "tcp reset" });
    let masked = json!({ "&": [{ "ct": { "key": "status" } }, 32] });
    let status = json!({ "match": { "op": "==", "left": masked, "right": 0 } });
    for (old, new) in [
        (json!(23), json!(["fin", "syn", "rst", "ack"])),
        (
            json!(23),
            json!({ "|": [{ "|": ["fin", "syn"] }, { "|": ["rst", "ack"] }] }),
        ),
        (json!(2), json!("syn")),
        (ports.clone(), json!({ "range": [7000, 7001] })),
        (ports, json!({ "set": [{ "range": [7000, 7001] }] })),
        (json!("lo"), json!(1)),
        (json!(["daddr"]), json!("daddr")),
        (
            status,
            json!({ "match": { "op": "!", "left": { "ct": { "key": "status" } }, "right": "dnat" } }),
        ),
        (reset, json!({ "type": "tcp reset", "expr": null })),
    ] {
        assert_eq!(with(&listing, old, new.clone()), same, "{new}");
    }
}

#[test]
fn a_match_of_the_protocol_that_the_flags_imply_is_passed_over() {
    let whole = listing(&rules());
    let mut explicit = whole.clone();
    for object in explicit["nftables"].as_array_mut().unwrap() {
        if let Some(statements) = object
            .pointer_mut("/rule/expr")
            .and_then(Value::as_array_mut)
        {
            let left = json!({ "meta": { "key": "l4proto" } });
            statements.insert(
                0,
                json!({ "match": { "op": "==", "left": left, "right": "tcp" } }),
            );
        }
    }
    assert_eq!(decode::state(&explicit), decode::state(&whole));
}

#[test]
fn one_port_may_be_spelt_without_a_set() {
    let rules = Rules {
        ports: vec![7000],
        ..rules()
    };
    let state = with(&listing(&rules), json!({ "set": [7000] }), json!(7000));
    assert_eq!(
        state,
        State::Installed {
            rules,
            version: table::VERSION.into()
        }
    );
}

#[test]
fn rules_that_mean_something_else_are_altered() {
    let listing = listing(&rules());
    for (old, new) in [
        (json!(23), json!(7)),
        (json!(2), json!("ack")),
        (json!("!="), json!("==")),
        (json!({ "port": 17001 }), json!({ "port": 17002 })),
        (
            json!({ "port": 17000 }),
            json!({ "addr": "10.0.0.9", "port": 17000 }),
        ),
        (json!(21068), json!("web")),
        (json!(-100), json!(-150)),
        (json!("accept"), json!("drop")),
        (json!("tcp reset"), json!("icmpx")),
        (json!({ "set": [17000, 17001] }), json!({ "set": [17000] })),
        (json!("status"), json!("mark")),
        (json!(32), json!(16)),
    ] {
        let state = with(&listing, old, new.clone());
        assert!(matches!(state, State::Altered { .. }), "{new}: {state:?}");
    }
}

#[test]
fn missing_or_reordered_parts_are_altered() {
    let whole = listing(&rules());
    for at in 1..whole["nftables"].as_array().unwrap().len() {
        let mut less = whole.clone();
        less["nftables"].as_array_mut().unwrap().remove(at);
        let state = decode::state(&less);
        assert!(
            matches!(state, State::Altered { .. }),
            "without part {at}: {state:?}"
        );
    }
    let empty = json!({ "nftables": [{ "table": { "family": "inet", "name": "ringlock" } }] });
    assert!(matches!(decode::state(&empty), State::Altered { .. }));
}

#[test]
fn a_table_that_is_switched_off_is_altered() {
    let mut dormant = listing(&rules());
    dormant["nftables"][0]["table"]["flags"] = json!(["dormant"]);
    let difference = r#"the table has the flags ["dormant"]"#.into();
    assert_eq!(decode::state(&dormant), State::Altered { difference });
}

#[test]
fn rules_of_another_version_say_so() {
    let listing = listing(&rules());
    let marker = format!("ringlock {}:", table::VERSION);
    let State::Installed { version, .. } = worded(&listing, &marker, "ringlock 9.9.9:") else {
        panic!("the same rules, by another version")
    };
    assert_eq!(version, "9.9.9");
}

#[test]
fn anything_without_our_comment_makes_the_table_foreign() {
    let mut with_set = listing(&rules());
    with_set["nftables"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "set": { "name": "blocked" } }));
    let found = |state| match state {
        State::Foreign { found } => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(decode::state(&with_set)), "a set `blocked`");
    let listing = listing(&rules());
    let marker = format!("ringlock {}: nobody dials the agent itself", table::VERSION);
    assert_eq!(
        found(worded(&listing, &marker, "by hand")),
        "a rule with the comment `by hand` in chain `guard_input`"
    );
    assert_eq!(
        found(with(&listing, json!("inbound"), json!("mine"))),
        "a chain `mine`"
    );
}

#[test]
fn nat_chains_without_rules_and_a_guard_are_the_released_table() {
    let released = printed(&Table::released([17000, 17001].into()));
    assert_eq!(decode::state(&released), State::Released);
    let state = with(&released, json!("filter"), json!("nat"));
    assert!(matches!(state, State::Altered { .. }), "{state:?}");
    let mut without_guard = released;
    without_guard["nftables"].as_array_mut().unwrap().pop();
    let state = decode::state(&without_guard);
    assert!(
        matches!(state, State::Altered { .. }),
        "nothing would be tracked: {state:?}"
    );
}

#[test]
fn rules_that_make_no_sense_are_refused_with_the_reason() {
    let refused = |change: fn(&mut Rules)| {
        let mut rules = rules();
        change(&mut rules);
        rules.check().unwrap_err()
    };
    assert_eq!(refused(|rules| rules.ports.clear()), InvalidRules::NoPorts);
    assert_eq!(refused(|rules| rules.ports.push(0)), InvalidRules::ZeroPort);
    assert_eq!(
        refused(|rules| rules.outbound_port = 0),
        InvalidRules::ZeroPort
    );
    assert_eq!(
        refused(|rules| rules.ports.push(17001)),
        InvalidRules::OwnPort(17001)
    );
    assert_eq!(
        refused(|rules| rules.outbound_port = 17000),
        InvalidRules::SamePort(17000)
    );
    assert_eq!(refused(|rules| rules.mark = 0), InvalidRules::ZeroMark);
    assert_eq!(rules().check(), Ok(()));
}

#[test]
fn a_state_is_told_in_one_sentence() {
    let state = State::Installed {
        rules: rules().sorted(),
        version: "1.2.3".into(),
    };
    assert_eq!(
        state.to_string(),
        "installed by Ringlock 1.2.3: port 7000, 7001 inbound to 17000, outbound to 17001 unless \
         marked 0x524c"
    );
}
