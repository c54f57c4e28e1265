//! Clusters of every version in which agents and native TLS live together: two nodes behind
//! agents in `dc1`, and one in `dc2` that does TLS itself, in its own words.
//!
//! ```text
//!   n1 ── agent ══ agent ── n2        agent → agent     n1 and n2
//!            ╚══ n3 ══╝               agent → native    n1 and n2 dial n3
//!                                     native → agent    n3 dials n1 and n2
//! ```
//!
//! Each version has one cluster, which is started once and taken through all settings while it
//! runs: both kinds accepted, TLS with certificates of those who are dialled, mutual TLS. Under
//! each of them nodes are missed and get their hints, rows are written and read at ALL, and
//! tables are repaired and rebuilt. A cell of the table that comes of it is one setting for one
//! pair of neighbours; every cell is looked at, and all that are wrong are named at the end.

mod mixed;
mod pair;
mod report;
mod setting;
mod work;

use ringlock_itest::{
    may_run_as_root,
    testkit::cassandra::{CASSANDRA_3_11, CASSANDRA_4_0, CASSANDRA_4_1, CASSANDRA_5_0, Release},
};

use crate::{mixed::Mixed, pair::Pair, report::Report, setting::Setting};

#[test]
fn cassandra_3_11_behind_agents_and_native_makes_one_cluster_under_every_setting() {
    interoperate(&CASSANDRA_3_11);
}

#[test]
fn cassandra_4_0_behind_agents_and_native_makes_one_cluster_under_every_setting() {
    interoperate(&CASSANDRA_4_0);
}

#[test]
fn cassandra_4_1_behind_agents_and_native_makes_one_cluster_under_every_setting() {
    interoperate(&CASSANDRA_4_1);
}

#[test]
fn cassandra_5_0_behind_agents_and_native_makes_one_cluster_under_every_setting() {
    interoperate(&CASSANDRA_5_0);
}

fn interoperate(release: &'static Release) {
    if !may_run_as_root() {
        return;
    }
    let mut report = Report::new(release);
    let mut mixed = Mixed::start(release);
    report.took("start");
    for setting in Setting::ALL {
        mixed.enter(setting);
        work::run(&mut mixed, setting, &mut report);
    }
    report.conclude();
    mixed.assert_private();
}
