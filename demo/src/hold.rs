use std::{sync::mpsc, thread, time::Duration};

use ringlock_testkit::{
    agent, cleanup,
    lab::{self, BRIDGE},
};

use crate::{show::Show, stage::Stage};

/// How often the load's counts are brought up to date meanwhile.
const GLANCE: Duration = Duration::from_millis(500);

/// Leaves the encrypted cluster running, says what to try, and waits for Ctrl-C.
pub(crate) fn leave_running(stage: &Stage, show: &Show) {
    for hint in hints(stage) {
        show.line(hint);
    }
    let step = show.step("holding");
    let (ended, wait) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            cleanup::wait_for_signal();
            ended.send(()).ok();
        });
        while wait.recv_timeout(GLANCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            step.now("Ctrl-C ends it and shows the table");
        }
    });
    step.done("ended");
}

fn hints(stage: &Stage) -> Vec<String> {
    let (Some(agent), Some(node)) = (stage.agents.first(), stage.lab.nodes().first()) else {
        return Vec::new();
    };
    let join = join();
    let exec = format!("{join}ip netns exec");
    let ringlock = agent::program();
    let (ringlock, socket) = (ringlock.display(), agent.socket().display());
    let (namespace, bridge) = (node.namespace.name(), stage.lab.bridge().name());
    let client = stage.lab.client().namespace.name();
    let log = agent.config().with_file_name("agent.log");
    vec![
        String::new(),
        "The encrypted cluster stays up, with its load. To try, in another shell:".to_owned(),
        format!("  links         {ringlock} status --socket {socket}"),
        format!("  on the wire   {exec} {bridge} tcpdump -i {BRIDGE} -c 20 -X port 7000"),
        format!(
            "  no way in     {exec} {client} openssl s_client -connect {}:7000",
            node.ipv4
        ),
        format!("  the rules     {exec} {namespace} nft list table inet ringlock"),
        format!("  the agent     tail -f {}", log.display()),
        format!(
            "  the database  tail -f {}/n1.log",
            stage.lab.dir().display()
        ),
        String::new(),
    ]
}

/// What an ordinary user's shell has to put before a command, to run it where the demo runs.
fn join() -> String {
    match (lab::user_namespace(), std::env::current_exe()) {
        (Some(pid), Ok(program)) => format!("{} join {pid} ", program.display()),
        _ => String::new(),
    }
}
