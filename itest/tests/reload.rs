//! Changed files: what is good takes effect for new connections while old ones live on, what is
//! broken changes nothing and is said. And an ordered mode outlives the agent.

use std::{
    fmt::Write as _,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use fs_err as fs;
use ringlock_itest::{
    Conduct, Database, Ending, HELLO, OrFail as _, Peer, Site, Watched, await_ending, connect,
    retry_until, served_fingerprint,
    testkit::{agent::AgentConfig, pki::Issued},
};
use ringlock_model::{Direction, Mode, Security};

const KEPT: &str = "not reloaded, what was in force stays";

/// An agent before a database, and a peer's certificate.
struct Node {
    site: Site,
    _database: Database,
    agent: Watched,
    config: AgentConfig,
    address: SocketAddr,
    /// The agent's own files.
    own: Issued,
    client: Issued,
}

impl Node {
    fn new() -> Self {
        Self::with(|site| site.issue("n1", &["127.0.0.1"]), Mode::REQUIRE)
    }

    fn with(own: impl FnOnce(&Site) -> Issued, mode: Mode) -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let own = own(&site);
        let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
        config.mode = mode;
        let agent = site.start("n1", &config);
        Self {
            client: site.issue("n2", &["127.0.0.1"]),
            site,
            _database: database,
            agent,
            config,
            address,
            own,
        }
    }

    fn peer(&self) -> Peer {
        let mut peer = Peer::openssl(self.address, Some(&self.client), &[]);
        peer.expect_echo("a new connection");
        peer
    }

    /// Puts the certificate and key of `new` into the place of the agent's own, by renames.
    fn replace(&self, new: &Issued) {
        replace(&self.own.key, &new.key);
        replace(&self.own.certificate, &new.certificate);
    }

    /// Does the harm and asserts that nothing changes but the count of failed reloads, and that
    /// the file is named with what is wrong with it, by the log and by `ringlock agent reload`.
    fn assert_kept_in_spite_of(&mut self, harm: impl FnOnce(&Self), file: &Path, sentence: &str) {
        let before = self.agent.state();
        let mut old = self.peer();
        self.agent.expect(KEPT);
        harm(self);
        let file = file.display().to_string();
        self.agent.await_line(&["WARN", KEPT, &file, sentence]);
        let failed = self.agent.state().reloads_failed;
        assert!(failed > 0);
        let error = self.agent.reload().map_err(|error| error.to_string());
        let error = error.err().or_fail("asking for a reload that must fail");
        assert!(error.contains(&file) && error.contains(sentence), "{error}");

        let after = self.agent.state();
        assert_eq!(after.reloads_failed, failed + 1);
        assert_eq!(after.reloads, 0);
        assert_eq!(after.certificate, before.certificate);
        assert_eq!(after.mode, before.mode);
        old.expect_echo("the old connection");
        let served = served_fingerprint(self.address, &self.client);
        assert_eq!(served, before.certificate.sha256);
        self.peer();
    }

    /// Makes the change and asserts that new connections meet the other certificate while the old
    /// one lives on.
    fn assert_renewed_by(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.agent.state();
        let mut old = self.peer();
        change(self);
        retry_until("the reload", || {
            (self.agent.state().reloads > before.reloads).then_some(())
        });
        let after = self.agent.state();
        assert_eq!(after.reloads_failed, 0);
        assert_ne!(after.certificate.sha256, before.certificate.sha256);
        let served = served_fingerprint(self.address, &self.client);
        assert_eq!(served, after.certificate.sha256);
        self.peer();
        old.expect_echo("the old connection");
    }
}

#[test]
fn a_certificate_that_is_garbage_keeps_the_old_one() {
    let mut node = Node::new();
    let file = node.own.certificate.clone();
    let harm = |node: &Node| {
        let garbage = node.site.path("garbage");
        fs::write(&garbage, "no certificate\n").or_fail("writing garbage");
        replace(&node.own.certificate, &garbage);
    };
    node.assert_kept_in_spite_of(harm, &file, "this holds no PEM section");
}

#[test]
fn a_certificate_that_is_gone_keeps_the_old_one() {
    let mut node = Node::new();
    let file = node.own.certificate.clone();
    let harm = |node: &Node| fs::remove_file(&node.own.certificate).or_fail("removing a file");
    node.assert_kept_in_spite_of(harm, &file, "does not exist");
}

#[test]
fn a_key_of_another_certificate_keeps_the_old_one() {
    let mut node = Node::new();
    let file = node.own.certificate.clone();
    let harm = |node: &Node| replace(&node.own.key, &node.client.key);
    let sentence = "the private key belongs to none of the certificates";
    node.assert_kept_in_spite_of(harm, &file, sentence);
}

#[test]
fn an_expired_certificate_keeps_the_old_one() {
    let mut node = Node::new();
    let file = node.own.certificate.clone();
    let expired = node.site.issue_expired("n1-expired");
    let harm = |node: &Node| node.replace(&expired);
    node.assert_kept_in_spite_of(harm, &file, "expired at 2025-01-01");
}

#[test]
fn a_truststore_without_a_ca_keeps_the_old_one() {
    let mut node = Node::new();
    let file = node.own.ca.clone();
    let harm = |node: &Node| replace(&node.own.ca, &node.client.certificate);
    node.assert_kept_in_spite_of(harm, &file, "is not that of a CA");
}

#[test]
fn a_ringlock_yaml_with_mistakes_keeps_the_old_one_and_all_mistakes_are_told() {
    let mut node = Node::new();
    let mut config = node.config.clone();
    config.ringlock_lines.push("drain_timout: 5s".to_owned());
    let broken = config
        .to_yaml()
        .replace("optional: false", "optional: maybe");
    let file = node.agent.config().to_owned();
    let harm = |node: &Node| rewrite(node.agent.config(), &broken);
    node.assert_kept_in_spite_of(harm, &file, "unknown key; did you mean \"drain_timeout\"?");
    let file = file.display().to_string();
    let (unknown, wrong) = (place(&broken, "drain_timout"), place(&broken, "maybe"));
    node.agent
        .await_line(&["WARN", KEPT, &format!("{file}:{unknown}: ")]);
    node.agent
        .await_line(&["WARN", KEPT, &format!("{file}:{wrong}: "), "not a boolean"]);
    let error = node.agent.reload().map_err(|error| error.to_string());
    let error = error.err().or_fail("asking for a reload that must fail");
    assert!(
        error.contains(&unknown) && error.contains(&wrong),
        "{error}"
    );
}

#[test]
fn a_change_that_takes_a_restart_keeps_the_old_file_in_force() {
    let mut node = Node::new();
    let mut config = node.config.clone();
    config.ringlock_lines.push("max_handshakes: 7".to_owned());
    config.mode = Mode::ACCEPT_BOTH;
    node.agent.expect(KEPT);
    rewrite(node.agent.config(), &config.to_yaml());
    let sentence = "max_handshakes was changed, which takes a restart of the agent";
    node.agent.await_line(&["WARN", KEPT, sentence]);
    assert_eq!(node.agent.state().mode, Mode::REQUIRE);
}

#[test]
fn files_replaced_by_renames_take_effect_and_old_connections_live_on() {
    let mut node = Node::new();
    let new = node.site.issue("n1-new", &["127.0.0.1"]);
    node.assert_renewed_by(|node| node.replace(&new));
    let newer = node.site.issue("n1-newer", &["127.0.0.1"]);
    node.assert_renewed_by(|node| node.replace(&newer));
}

#[test]
fn files_behind_a_swapped_symbolic_link_take_effect_and_old_connections_live_on() {
    let mut node = Node::with(|site| mounted(site, "first"), Mode::REQUIRE);
    for generation in ["second", "third"] {
        node.assert_renewed_by(|node| drop(mounted(&node.site, generation)));
    }
}

#[test]
fn files_in_a_folder_that_was_named_by_a_change_are_watched_as_well() {
    let mut node = Node::new();
    let elsewhere = node.site.issue("elsewhere/n1", &["127.0.0.1"]);
    node.assert_renewed_by(|node| {
        node.config.identity = elsewhere.clone();
        rewrite(node.agent.config(), &node.config.to_yaml());
    });
    let new = node.site.issue("n1-new", &["127.0.0.1"]);
    node.own = elsewhere;
    node.assert_renewed_by(|node| node.replace(&new));
}

#[test]
fn a_hangup_signal_reloads() {
    let mut node = Node::new();
    let new = node.site.issue("n1-new", &["127.0.0.1"]);
    node.assert_renewed_by(|node| {
        node.replace(&new);
        node.agent.hang_up();
    });
    node.agent.hang_up();
    node.agent
        .await_line(&["nothing to reload: no file was changed"]);
}

#[test]
fn an_order_reloads() {
    let mut node = Node::new();
    let new = node.site.issue("n1-new", &["127.0.0.1"]);
    node.assert_renewed_by(|node| {
        node.replace(&new);
        node.agent.reload().or_fail("ordering a reload");
    });
    node.agent.reload().or_fail("ordering a reload of nothing");
    assert_eq!(node.agent.state().reloads, 1);
}

#[test]
fn a_broken_file_that_is_mended_takes_effect() {
    let mut node = Node::new();
    node.agent.expect(KEPT);
    replace(&node.own.key, &node.client.key);
    node.agent.await_line(&["WARN", KEPT]);
    let new = node.site.issue("n1-new", &["127.0.0.1"]);
    node.replace(&new);
    retry_until("the reload", || {
        (node.agent.state().reloads == 1).then_some(())
    });
    let served = served_fingerprint(node.address, &node.client);
    assert_eq!(served, node.agent.state().certificate.sha256);
}

#[test]
fn an_ordered_mode_survives_a_kill_of_the_agent() {
    let own = |site: &Site| site.issue("n1", &["127.0.0.1"]);
    let mut node = Node::with(own, Mode::ACCEPT_BOTH);
    node.agent
        .set_mode(Mode::REQUIRE)
        .or_fail("ordering a mode");
    node.agent.process().kill();
    node.agent.start_again().or_fail("starting the agent again");
    let status = node.agent.state();
    assert_eq!(status.mode, Mode::REQUIRE);
    assert!(
        status.mode_origin.contains("ordered"),
        "{}",
        status.mode_origin
    );
    let mut plaintext = connect(node.address);
    plaintext.write_all(&HELLO).or_fail("dialling plaintext");
    assert_eq!(await_ending(&mut plaintext), Ending::Reset);
    let sentence = "the peer dialled plaintext, and internode_encryption is all";
    node.agent.await_refusals("plaintext-refused", 1, sentence);
}

#[test]
fn a_mode_in_a_changed_ringlock_yaml_is_a_newer_word_than_an_order() {
    let own = |site: &Site| site.issue("n1", &["127.0.0.1"]);
    let mut node = Node::with(own, Mode::ACCEPT_BOTH);
    node.agent
        .set_mode(Mode::REQUIRE)
        .or_fail("ordering a mode");
    let mut config = node.config.clone();
    config.mode = Mode::TRANSITIONAL;
    rewrite(node.agent.config(), &config.to_yaml());
    retry_until("the mode of the file", || {
        (node.agent.state().mode == Mode::TRANSITIONAL).then_some(())
    });
    node.agent.process().kill();
    node.agent.start_again().or_fail("starting the agent again");
    let status = node.agent.state();
    assert_eq!(status.mode, Mode::TRANSITIONAL);
    assert!(
        status.mode_origin.contains("ringlock.yaml"),
        "{}",
        status.mode_origin
    );
}

#[test]
fn a_client_of_the_old_ca_cannot_resume_its_way_past_the_new_one() {
    for version in ["-tls1_2", "-tls1_3"] {
        let mut node = Node::new();
        let renewed = node.site.issue_elsewhere("n1-new", "Test Cluster");
        // The client trusts both, so that only the agent can be the one who refuses.
        let both = [&node.client.ca, &renewed.ca].map(|ca| fs::read(ca).or_fail("reading a CA"));
        fs::write(&node.client.ca, both.concat()).or_fail("trusting both CAs");
        let session = |number: u32| node.site.path(&format!("session-{number}"));
        let sessions = [session(1), session(2)].map(|path| path.display().to_string());
        let connect = |more: &[&str]| {
            let arguments = [&[version][..], more].concat();
            Peer::openssl(node.address, Some(&node.client), &arguments)
        };

        let mut first = connect(&["-sess_out", &sessions[0]]);
        first.expect_echo("a full handshake");
        assert_eq!(resumed(&node.agent), [false]);
        let mut second = connect(&["-sess_in", &sessions[0], "-sess_out", &sessions[1]]);
        second.expect_echo("a resumed session");
        assert_eq!(resumed(&node.agent), [false, true], "{version}");
        // A session of TLS 1.2 is good for many connections, a ticket of TLS 1.3 for one.
        let newest = sessions.iter().rev().find(|path| Path::new(path).exists());
        let newest = newest.or_fail("looking for a session");

        replace(&node.own.ca, &renewed.ca);
        node.replace(&renewed);
        retry_until("the reload", || {
            (node.agent.state().reloads > 0).then_some(())
        });
        connect(&["-sess_in", newest]).await_end();
        let sentence =
            "the peer's certificate was issued by a CA that the truststore does not hold";
        node.agent.await_refusals("unknown-issuer", 1, sentence);
    }
}

/// For each link, in the order of age, whether it began with a resumed session.
fn resumed(agent: &Watched) -> Vec<bool> {
    let mut links = agent.state().links;
    links.sort_by_key(|link| std::cmp::Reverse(link.age_ms));
    let resumed = links.into_iter().map(|link| match link.security {
        Security::Tls(facts) => facts.resumed,
        other => panic!("{other:?}"),
    });
    resumed.collect()
}

/// Puts a copy of `new` into the place of `old` in one step.
fn replace(old: &Path, new: &Path) {
    let beside = old.with_extension("new");
    fs::copy(new, &beside)
        .and_then(|_| fs::rename(&beside, old))
        .or_fail("replacing a file");
}

fn rewrite(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, file))
        .or_fail("rewriting a file");
}

/// A certificate as an orchestrator mounts its secrets: the files are links through `..data`,
/// itself a link to the folder of the newest generation, which is swapped by a rename.
fn mounted(site: &Site, generation: &str) -> Issued {
    let mount = site.path("mount");
    let folder = format!("..{generation}");
    fs::create_dir_all(&mount).or_fail("making the mount");
    let issued = site.issue(&format!("mount/{folder}"), &["127.0.0.1"]);
    for file in [&issued.certificate, &issued.key, &issued.ca] {
        let name = file.file_name().or_fail("taking a file's name");
        let link = mount.join(name);
        if !link.is_symlink() {
            symlink(PathBuf::from("..data").join(name), link).or_fail("linking a file");
        }
    }
    let beside = mount.join("..data_tmp");
    symlink(folder, &beside)
        .and_then(|()| fs::rename(&beside, mount.join("..data")))
        .or_fail("swapping the generations");
    Issued::in_dir(&mount)
}

/// `line:column` of the first place of the word in the text.
fn place(text: &str, word: &str) -> String {
    let mut place = String::new();
    let (line, column) = text
        .lines()
        .enumerate()
        .find_map(|(line, text)| Some((line + 1, text.find(word)? + 1)))
        .or_fail("looking for a word");
    write!(place, "{line}:{column}").or_fail("writing a place");
    place
}
