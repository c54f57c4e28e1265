use std::{fmt::Display, panic::resume_unwind, thread, time::Duration};

use ringlock_itest::{
    OrFail as _,
    testkit::{
        cql::{CqlError, Replicas, Rows},
        poll,
    },
};
use ringlock_model::Security;

use crate::{Mixed, Pair, Report, Setting, mixed::MARKER};

/// What was seen, or what was wrong with it.
type Seen = Result<String, String>;

/// What hints may take to be kept.
const KEEPING: Duration = Duration::from_secs(60);
/// What hints may take to be sent: nodes look for them every ten seconds.
const REPLAY: Duration = Duration::from_secs(90);
/// What nodes may take to see each other again.
const RETURN: Duration = Duration::from_secs(120);
/// What links may take to be as the setting has them.
const TURNOVER: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(250);
/// Rows of a table that is streamed, and their length.
const STREAMED: (usize, usize) = (300, 1000);
/// Rows of another, and their length.
const WRITTEN: (usize, usize) = (50, 200);
const TABLES: [&str; 2] = ["repaired", "rebuilt"];
/// The replication of what every node has.
const EVERYWHERE: &str = "{'class': 'NetworkTopologyStrategy', 'dc1': 2, 'dc2': 1}";

/// Does everything once and puts down what each cell has of it. Hints are sent meanwhile.
pub(crate) fn run(mixed: &mut Mixed, setting: Setting, report: &mut Report) {
    tables_everywhere(mixed).or_fail("making tables");
    let kept = miss_nodes(mixed, setting);
    report.took(format_args!("{setting}: nodes missed"));
    let gossip = gossip(mixed);
    for pair in Pair::ALL {
        report.put(setting, pair, "gossip", gossip.clone());
        report.put(setting, pair, "links", links(mixed, setting, pair));
        report.put(setting, pair, "at ALL", at_all(mixed, setting, pair));
    }
    report.took("gossip, links, at ALL");
    let streamed = streams(mixed, setting).or_fail("making tables to stream");
    for (pair, [repaired, rebuilt]) in streamed {
        report.put(setting, pair, "repair", repaired);
        report.put(setting, pair, "rebuild", rebuilt);
    }
    report.took("repair, rebuild");
    for (pair, kept) in Pair::ALL.into_iter().zip(kept) {
        let replayed = kept.and_then(|before| await_replay(mixed, setting, pair, before));
        report.put(setting, pair, "hints", replayed);
    }
    report.took("hints");
}

fn tables_everywhere(mixed: &Mixed) -> Result<(), CqlError> {
    let client = mixed.client(0)?;
    client.execute(&format!(
        "CREATE KEYSPACE IF NOT EXISTS everywhere WITH replication = {EVERYWHERE}"
    ))?;
    for table in ["hinted", "written"] {
        client.execute(&table_statement("everywhere", table))?;
    }
    mixed.agree()
}

fn table_statement(keyspace: &str, table: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {keyspace}.{table} (id text PRIMARY KEY, value text) \
         WITH speculative_retry = 'NONE'"
    )
}

/// One node after the other is missed while rows are written, of which others keep hints for it.
/// Tells how often each of these had sent hints before.
fn miss_nodes(mixed: &mut Mixed, setting: Setting) -> [Result<usize, String>; 3] {
    let mut kept = Pair::ALL.map(|pair| replays(mixed, pair));
    for missed in [2, 1] {
        let outage = mixed.without(missed, setting.outage(), |mixed| {
            for pair in Pair::ALL {
                if pair.hints().1 == missed
                    && let Err(error) = keep_hints(mixed, setting, pair)
                {
                    kept[pair as usize] = Err(error);
                }
            }
        });
        outage.or_fail("missing a node");
    }
    kept
}

/// Waits until hints were sent and every row is with whom they are for.
fn await_replay(mixed: &Mixed, setting: Setting, pair: Pair, before: usize) -> Seen {
    let expected = rows(setting, pair, WRITTEN);
    let arrived = poll(REPLAY, GLANCE, || {
        if replays(mixed, pair)? <= before {
            return Ok(None);
        }
        let found = local(mixed, pair.hints().1, "everywhere.hinted")?;
        let found = found.beginning(&prefix(setting, pair));
        Ok::<_, String>((found == expected).then(|| found.to_string()))
    })?;
    arrived.ok_or_else(|| format!("no hints were sent within {REPLAY:?}"))
}

/// Writes rows while a replica is missed, and waits until the keeper has hints of them in its
/// files: at once if it knows that the replica is down, else when it has waited for its answer.
fn keep_hints(mixed: &Mixed, setting: Setting, pair: Pair) -> Result<(), String> {
    let (keeper, _) = pair.hints();
    let rows = rows(setting, pair, WRITTEN);
    let before = mixed.hints(keeper);
    let client = mixed.client(keeper).map_err(text)?;
    let written = client.write("everywhere.hinted", &rows, Replicas::One);
    written.map_err(text)?;
    let length = u64::try_from(WRITTEN.0 * WRITTEN.1).map_err(text)?;
    let kept = poll(KEEPING, GLANCE, || {
        let files = mixed.hints(keeper);
        let grown = files.iter().map(|(file, length)| {
            length.saturating_sub(before.get(file).copied().unwrap_or_default())
        });
        Ok::<_, String>((grown.sum::<u64>() >= length).then_some(()))
    })?;
    kept.ok_or_else(|| format!("no hints were kept within {KEEPING:?}"))
}

/// How often the keeper has said that its hints are with whom they are for.
fn replays(mixed: &Mixed, pair: Pair) -> Result<usize, String> {
    let (keeper, for_whom) = pair.hints();
    let nodes = mixed.cluster().nodes();
    let log = nodes[keeper].log().map_err(text)?;
    let address = format!("/{}", nodes[for_whom].address());
    let said = ["Finished hinted handoff of file", &address];
    let lines = log.lines();
    Ok(lines
        .filter(|line| said.iter().all(|words| line.contains(words)))
        .count())
}

/// Every link that the agents know of is what the setting wants.
fn links(mixed: &Mixed, setting: Setting, pair: Pair) -> Seen {
    let mut last = Err("nothing was asked".to_owned());
    let settled = poll(TURNOVER, GLANCE, || {
        last = pair
            .ways()
            .into_iter()
            .map(|(from, to)| way(mixed, setting, from, to))
            .collect();
        Ok::<_, String>(last.is_ok().then_some(()))
    });
    settled.map(drop)?;
    last.map(|ways: Vec<_>| ways.join(", "))
}

fn way(mixed: &Mixed, setting: Setting, from: usize, to: usize) -> Seen {
    let links = mixed.links(from, to);
    for agent_of_dialler in mixed.ends(from, to) {
        if !links
            .iter()
            .any(|(at_dialler, _)| *at_dialler == agent_of_dialler)
        {
            return Err(format!(
                "an agent knows of no link of n{} with n{}",
                from + 1,
                to + 1
            ));
        }
    }
    for (at_dialler, security) in &links {
        setting.judge(mixed.release(), from, *at_dialler, security)?;
    }
    let kinds = links.iter().map(|(_, security)| match security {
        Security::Tls(facts) => facts.version.to_string(),
        other => other.to_string(),
    });
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    Ok(format!(
        "n{} → n{} {}",
        from + 1,
        to + 1,
        kinds.join(" and ")
    ))
}

fn gossip(mixed: &Mixed) -> Seen {
    mixed.cluster().wait_all_up(RETURN).map_err(text)?;
    Ok("every node UN for every node".to_owned())
}

/// Rows written and read through one node, which needs the answers of all.
///
/// A node of 3.11 never reads its outbound sockets, so a link of it that was turned is cut after a
/// while, and what it writes first after that is lost but for one message, as on any link that ends
/// under it (`tests/dead_peer.rs` shows it with no agent near): its write is tried once more.
fn at_all(mixed: &Mixed, setting: Setting, pair: Pair) -> Seen {
    let client = mixed.client(pair.streams().0).map_err(text)?;
    let rows = rows(setting, pair, WRITTEN);
    let write = || client.write("everywhere.written", &rows, Replicas::All);
    let written = match write() {
        Err(_lost) if !mixed.reads_its_sockets() => write(),
        written => written,
    };
    written.map_err(text)?;
    let found = client
        .read("everywhere.written", Replicas::All)
        .map_err(text)?;
    compare(&rows, &found.beginning(&prefix(setting, pair)))
}

/// For each pair a keyspace of which a node lacks rows, because it became a replica only
/// afterwards: one table is repaired, the other one rebuilt.
fn streams(mixed: &Mixed, setting: Setting) -> Result<Vec<(Pair, [Seen; 2])>, CqlError> {
    lacking(mixed, setting)?;
    let rows = |pair| rows(setting, pair, STREAMED);
    let nodes = mixed.cluster().nodes();
    let target = |pair: Pair| &nodes[pair.streams().1];
    let keyspace = |pair| prefix(setting, pair);
    let check = |pair: Pair, table: &str| {
        let table = format!("{}.{table}", keyspace(pair));
        compare(&rows(pair), &local(mixed, pair.streams().1, &table)?)
    };
    let lack = |pair, table| match check(pair, table) {
        Ok(rows) => Err(format!("had {rows} of {table} before")),
        Err(_) => Ok(()),
    };
    let repaired = in_parallel(|pair| {
        lack(pair, "repaired")?;
        let done = target(pair).repair(&keyspace(pair), "repaired");
        done.map_err(text)?;
        check(pair, "repaired")
    });
    let rebuilt = in_parallel(|pair| {
        lack(pair, "rebuilt")?;
        let done = target(pair).rebuild(&keyspace(pair), pair.source());
        done.map_err(text)?;
        check(pair, "rebuilt")
    });
    let both = repaired
        .into_iter()
        .zip(rebuilt)
        .map(|(one, other)| [one, other]);
    Ok(Pair::ALL.into_iter().zip(both).collect())
}

/// Makes and fills the tables, then changes who has them.
fn lacking(mixed: &Mixed, setting: Setting) -> Result<(), CqlError> {
    let client = mixed.client(0)?;
    let replicated = |verb: &str, pair: Pair, replication: &str| {
        let keyspace = prefix(setting, pair);
        client.execute(&format!(
            "{verb} KEYSPACE {keyspace} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', {replication}}}"
        ))
    };
    let [few, all] = [0, 1].map(|which| move |pair: Pair| pair.replication()[which]);
    for pair in Pair::ALL {
        replicated("CREATE", pair, few(pair))?;
        for table in TABLES {
            client.execute(&table_statement(&prefix(setting, pair), table))?;
        }
    }
    mixed.agree()?;
    for pair in Pair::ALL {
        for table in TABLES {
            let table = format!("{}.{table}", prefix(setting, pair));
            client.write(&table, &rows(setting, pair, STREAMED), Replicas::All)?;
        }
        replicated("ALTER", pair, all(pair))?;
    }
    mixed.agree()
}

/// What the node has of a table in its own files: at ONE it asks nobody else if it is a replica.
fn local(mixed: &Mixed, node: usize, table: &str) -> Result<Rows, String> {
    let client = mixed.client(node).map_err(text)?;
    client.read(table, Replicas::One).map_err(text)
}

fn compare(expected: &Rows, found: &Rows) -> Seen {
    if found == expected {
        Ok(found.to_string())
    } else {
        Err(format!("{found}, and not {expected}"))
    }
}

fn in_parallel<T: Send>(call: impl Fn(Pair) -> T + Sync) -> [T; 3] {
    let call = &call;
    thread::scope(|scope| {
        let calls = Pair::ALL.map(|pair| scope.spawn(move || call(pair)));
        calls.map(|call| call.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn rows(setting: Setting, pair: Pair, (count, length): (usize, usize)) -> Rows {
    Rows::generate(&prefix(setting, pair), count, MARKER, length)
}

/// What keyspaces and rows are called by.
fn prefix(setting: Setting, pair: Pair) -> String {
    format!("{}_{}", setting.word(), pair.word())
}

fn text(error: impl Display) -> String {
    error.to_string()
}
