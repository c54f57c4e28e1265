use std::{thread, time::Duration};

use anyhow::bail;
use ringlock_model::{Mode, Security};
use ringlock_testkit::{Moment, cassandra::NodeEvidence, load::LoadReport};
use tokio::time::Instant;

use crate::{
    evidence::{Evidence, Timeline, Wire},
    hold,
    options::Options,
    show::{Show, Step, TICK, grouped},
    stage::Stage,
    table,
};

/// The load's phases, as the table names them.
const WARM_UP: &str = "warm-up";
const PLAINTEXT: &str = "plaintext";
const SWITCHING_ON: &str = "switching on";
const ENCRYPTED: &str = "encrypted";
const SWITCHING_OFF: &str = "switching off";
const PLAINTEXT_AGAIN: &str = "plaintext again";

/// Caches fill and compilers compile before anything is measured.
const WARM_UP_TIME: Duration = Duration::from_secs(10);

/// Takes every step, shows it, and ends with the table.
pub(crate) fn tell(options: &Options, show: &Show) -> anyhow::Result<Evidence> {
    let mut stage = Stage::build(options.nodes(), show)?;
    let plaintext_from = plaintext(&mut stage, options, show)?;
    let plaintext_until = Moment::now();
    let required_from = switch_on(&mut stage, show)?;
    observe_encrypted(&stage, options, show)?;
    if options.hold {
        hold::leave_running(&stage, show);
    }
    let required_until = Moment::now();
    if !options.hold {
        switch_off(&mut stage, show)?;
        observe_plaintext_again(&stage, options, show)?;
    }
    let timeline = Timeline {
        plaintext_from,
        plaintext_until,
        required_from,
        required_until,
    };
    let evidence = gather(stage, &timeline, show)?;
    show.clear();
    table::print(&evidence);
    Ok(evidence)
}

/// The cluster as it was found; gives the time from which the load counts.
fn plaintext(stage: &mut Stage, options: &Options, show: &Show) -> anyhow::Result<Moment> {
    let step = show.step("load");
    let load = stage.start_load(WARM_UP)?;
    show.watch(load.meter());
    observe(WARM_UP_TIME, &step);
    step.done("writes and reads at QUORUM, three replicas, no retries; rows are compared");

    let step = show.step("plaintext");
    let from = Moment::now();
    stage.enter_phase(PLAINTEXT);
    observe(options.observed(), &step);
    step.done("observed");
    let step = show.step("anyone on the network reads");
    let row = stage.await_row_in_clear(&step)?;
    step.done(row);
    Ok(from)
}

/// Agents in place, accept both, dial TLS, cut pair by pair, require. Gives the time from which
/// TLS is required.
fn switch_on(stage: &mut Stage, show: &Show) -> anyhow::Result<Moment> {
    let step = show.step("certificates");
    let identities = stage.issue_certificates()?;
    step.done("one CA, one certificate for each node");

    stage.enter_phase(SWITCHING_ON);
    let step = show.step("agents in place");
    stage.start_agents(&identities)?;
    step.done("one beside each node, new connections pass through it");

    let step = show.step("accept both");
    stage.set_mode(Mode::ACCEPT_BOTH)?;
    step.done(format!("mode {} everywhere", Mode::ACCEPT_BOTH));

    let step = show.step("dial TLS");
    stage.set_mode(Mode::TRANSITIONAL)?;
    step.done(format!("mode {} everywhere", Mode::TRANSITIONAL));

    let step = show.step("cut old links, pair by pair");
    stage.cut_old_links(&step)?;
    let links = stage.await_links(&step, is_tls)?;
    step.done(format!(
        "all {links} link ends are TLS, nothing goes past an agent"
    ));

    let step = show.step("require");
    stage.set_mode(Mode::REQUIRE)?;
    let required_from = Moment::now();
    step.done(format!("mode {} everywhere", Mode::REQUIRE));
    Ok(required_from)
}

fn observe_encrypted(stage: &Stage, options: &Options, show: &Show) -> anyhow::Result<()> {
    let step = show.step("encrypted");
    stage.enter_phase(ENCRYPTED);
    observe(options.observed(), &step);
    let links = stage.await_links(&step, is_tls)?;
    step.done(format!("observed; {links} link ends, all TLS"));
    Ok(())
}

/// The same way back.
fn switch_off(stage: &mut Stage, show: &Show) -> anyhow::Result<()> {
    stage.enter_phase(SWITCHING_OFF);
    let step = show.step("accept both again");
    stage.set_mode(Mode::TRANSITIONAL)?;
    step.done(format!("mode {} everywhere", Mode::TRANSITIONAL));

    let step = show.step("dial plaintext");
    stage.set_mode(Mode::ACCEPT_BOTH)?;
    let links = stage.await_links(&step, |security| !is_tls(security))?;
    step.done(format!(
        "mode {} everywhere, {links} link ends, none TLS",
        Mode::ACCEPT_BOTH
    ));

    let step = show.step("accept plaintext only");
    stage.set_mode(Mode::NONE)?;
    step.done(format!("mode {} everywhere", Mode::NONE));

    let step = show.step("agents away");
    let complaints = stage.take_agents_away(&step)?;
    step.done("the nodes talk to each other directly");
    for complaint in complaints {
        show.line(complaint);
    }
    Ok(())
}

fn observe_plaintext_again(stage: &Stage, options: &Options, show: &Show) -> anyhow::Result<()> {
    let step = show.step("plaintext again");
    stage.enter_phase(PLAINTEXT_AGAIN);
    observe(options.observed(), &step);
    stage.await_row_in_clear(&step)?;
    step.done("observed; rows can be read on the bridge as before");
    Ok(())
}

/// Asks the clients, the databases and the capture, in this order: nothing may have been stopped
/// when the databases are asked.
fn gather(mut stage: Stage, timeline: &Timeline, show: &Show) -> anyhow::Result<Evidence> {
    let step = show.step("evidence");
    let (Some(load), Some(capture)) = (stage.load.take(), stage.capture.take()) else {
        bail!("the load or the capture has ended before its time");
    };
    let load = load.finish()?;
    let nodes = stage.cluster.evidence()?;
    let wire = Wire::new(&capture.finish()?, timeline);
    step.done(summary(&load, &nodes));
    Ok(Evidence {
        there_and_back: load.phase(PLAINTEXT_AGAIN).is_some(),
        load,
        wire,
        nodes,
    })
}

fn summary(load: &LoadReport, nodes: &[NodeEvidence]) -> String {
    format!(
        "{} requests, {} failed, the logs of {} nodes read",
        grouped(load.requests()),
        grouped(load.failed()),
        nodes.len()
    )
}

fn observe(duration: Duration, step: &Step<'_>) {
    let until = Instant::now() + duration;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        step.now(format!("{} s to go", left.as_secs() + 1));
        thread::sleep(TICK.min(left));
    }
}

fn is_tls(security: &Security) -> bool {
    matches!(security, Security::Tls(_))
}
