//! What the databases' documents tell operators to look for in a log is there when links are
//! encrypted, and only then.

use ringlock_itest::{Conduct, Database, OrFail as _, Site, Watched, retry_until};
use ringlock_model::{Direction, Mode};

const PROTOCOLS: &str = "Internode messaging enabled TLS protocols: TLSv1.3, TLSv1.2";
const SUITES: &str = "Internode messaging enabled cipher suites: TLS_";

#[test]
fn the_databases_own_words_stand_in_the_log_once_encryption_is_in_force() {
    let site = Site::new();
    let database = Database::start(Conduct::Echo);
    let own = site.issue("n1", &["127.0.0.1"]);
    let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
    config.mode = Mode::ACCEPT_BOTH;
    let mut agent = site.start("n1", &config);
    let port = address.port();
    let listening = format!("Starting Encrypted Messaging Service on SSL port {port}");
    let words = [&*listening, PROTOCOLS, SUITES];

    agent.await_line(&["ready"]);
    order(&mut agent, Mode::NONE);
    assert_eq!(
        times_said(&mut agent, words),
        [0; 3],
        "nothing is encrypted"
    );
    order(&mut agent, Mode::TRANSITIONAL);
    retry_until("the databases' words", || {
        (times_said(&mut agent, words) == [1; 3]).then_some(())
    });
    order(&mut agent, Mode::REQUIRE);
    assert_eq!(times_said(&mut agent, words), [1; 3], "it was on already");
}

fn order(agent: &mut Watched, mode: Mode) {
    agent.set_mode(mode).or_fail("ordering a mode");
    agent.await_line(&["mode ordered", &format!("to={mode}")]);
}

fn times_said(agent: &mut Watched, words: [&str; 3]) -> [usize; 3] {
    let log = agent.log();
    words.map(|words| log.matches(words).count())
}
