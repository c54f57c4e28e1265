use clap::Parser as _;

use super::machine::Machine;
use super::proof::Agreed;
use super::scenario::Metric;
use super::*;

#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn options(arguments: &[&str]) -> Options {
    let program = std::iter::once(&"link");
    Cli::try_parse_from(program.chain(arguments))
        .unwrap()
        .options
}

fn labels(contenders: &[Contender]) -> Vec<&str> {
    contenders.iter().map(|c| c.label.as_str()).collect()
}

#[test]
fn everybody_takes_part_unless_some_are_named() {
    let all = options(&[]).contenders();
    assert_eq!(
        labels(&all),
        ["direct", "ringlock", "haproxy", "nginx", "stunnel"]
    );
    let some = options(&["--only", "haproxy,ringlock"]).contenders();
    assert_eq!(labels(&some), ["ringlock", "haproxy"]);
}

#[test]
fn another_build_has_its_own_column_beside_the_first() {
    let options = options(&[
        "--only",
        "ringlock,nginx",
        "--ringlock-extra",
        "/a=b/ringlock=before",
    ]);
    let contenders = options.contenders();
    assert_eq!(labels(&contenders), ["ringlock", "before", "nginx"]);
    assert_eq!(contenders[1].kind, Kind::Ringlock("/a=b/ringlock".into()));
    assert!(parse_extra("/no/label").is_err());
    assert!(parse_extra("=label").is_err());
}

#[test]
fn contenders_take_turns_and_nobody_measures_the_memory_of_no_proxies() {
    let options = options(&["--only", "direct,nginx", "--rounds", "2", "--quick"]);
    let contenders = options.contenders();
    let scenarios = [Scenario::Connect, Scenario::Idle];
    let turns = turns(&contenders, &scenarios, &options.plan());
    let order: Vec<_> = turns
        .iter()
        .map(|t| (t.round, t.scenario, t.contender))
        .collect();
    let expected = [
        (0, Scenario::Connect, 0),
        (0, Scenario::Connect, 1),
        (0, Scenario::Idle, 1),
        (1, Scenario::Connect, 0),
        (1, Scenario::Connect, 1),
    ];
    assert_eq!(order, expected);
}

#[test]
fn the_traffic_asked_for_keeps_its_order() {
    let asked = options(&["--scenario", "idle", "--scenario", "bulk-4"]).scenarios();
    assert_eq!(asked, [Scenario::BulkFour, Scenario::Idle]);
    assert_eq!(options(&[]).scenarios(), Scenario::ALL);
}

fn report() -> Report {
    let options = options(&["--only", "ringlock,haproxy,nginx"]);
    let mut results = Results::default();
    let rounds = [
        [130.0, 500.0, 200.0],
        [120.0, 600.0, 210.0],
        [150.0, 400.0, 190.0],
    ];
    for round in rounds {
        for (place, figure) in round.into_iter().enumerate() {
            results.add(
                Scenario::BulkOne,
                place,
                &vec![(Metric::CpuPerGigabyte, figure)],
            );
        }
    }
    let agreed = Agreed {
        version: "TLS 1.3".to_owned(),
        suite: "TLS_AES_128_GCM_SHA256".to_owned(),
        group: "X25519".to_owned(),
        resumed: 3,
        of: 11,
    };
    Report {
        machine: Machine {
            cpu: "Pocket Calculator".to_owned(),
            cores: 2,
            memory_gib: 24,
            kernel: "6.1".to_owned(),
            congestion_control: "cubic".to_owned(),
        },
        plan: options.plan(),
        scenarios: vec![Scenario::BulkOne],
        contenders: options.contenders(),
        versions: ["1", "2", "3"].map(str::to_owned).to_vec(),
        agreed: vec![Some(agreed), None, None],
        results,
    }
}

#[test]
fn the_table_sets_ringlock_beside_the_best_rival_and_its_target() {
    let text = report().text();
    let line = text.lines().find(|line| line.contains("CPU s/GB")).unwrap();
    let cells: Vec<_> = line.split(['│', '┆']).map(str::trim).collect();
    assert_eq!(
        cells[2..10],
        [
            "CPU s/GB", "130", "500", "200", "0.65", "nginx", "≤ 0.6", "no"
        ]
    );
    assert!(text.contains("TLS 1.3, TLS_AES_128_GCM_SHA256, X25519"));
    assert!(text.contains("3 of 11"));
}

#[test]
fn the_json_holds_every_round() {
    let json: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    let line = &json["lines"][1];
    assert_eq!(line["scenario"], "bulk-1");
    assert_eq!(line["metric"], "cpu_per_gigabyte");
    assert_eq!(line["best_rival"], "nginx");
    let own = &line["figures"]["ringlock"];
    assert_eq!(own["rounds"], serde_json::json!([130.0, 120.0, 150.0]));
    assert_eq!(own["ratio"], 0.65);
    assert_eq!(own["reached"], false);
    assert_eq!(json["machine"]["cpu"], "Pocket Calculator");
}
