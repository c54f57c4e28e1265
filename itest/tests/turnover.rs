//! No link outlives what it was allowed for: a certificate, a CA's word, the configuration. Each
//! ends for a reason that the log and `status` tell, and the others are left alone.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, Peer, Stage, Watched, retry_until,
    testkit::{agent::AgentConfig, pki::Issued},
};
use ringlock_model::{Mode, Security};

/// A life that is long enough to connect in, on a busy machine too.
const SHORT: Duration = Duration::from_secs(20);

#[test]
fn a_revoked_peer_is_cut_off_and_does_not_come_back_with_its_ticket_while_others_stay() {
    for version in ["-tls1_2", "-tls1_3"] {
        let mut scene = Scene::with_list();
        let session = scene.stage.site.path("session").display().to_string();
        let mut bad = scene.peer(&scene.stage.peer, &[version, "-sess_out", &session]);
        let good = scene.stage.site.issue("n3", &["127.0.0.1"]);
        let mut good = [(); 2].map(|()| scene.peer(&good, &[version]));
        retry_until("the ticket", || Path::new(&session).exists().then_some(()));

        scene.revoke(&[&scene.stage.peer]);
        scene.await_ended("peer-revoked", 1);
        bad.await_end();
        for peer in &mut good {
            peer.expect_echo("undisturbed");
        }

        scene
            .dial(&scene.stage.peer, &[version, "-sess_in", &session])
            .await_end();
        let sentence = "(serial number";
        scene.agent.await_refusals("revoked", 1, sentence);
        for peer in &mut good {
            peer.expect_echo("still undisturbed");
        }
        scene.assert_ended(&[("peer-revoked", 1)]);
    }
}

#[test]
fn peers_of_a_ca_that_is_no_longer_trusted_are_turned_away_and_others_stay() {
    let mut scene = Scene::new(|stage| {
        let other = stage.site.issue_elsewhere("n3", "Test Cluster");
        let both = [&stage.own.ca, &other.ca].map(|ca| fs::read(ca).or_fail("reading a CA"));
        fs::write(stage.site.path("both.crt"), both.concat()).or_fail("trusting both CAs");
        let mut config = stage.config.clone();
        config.identity.ca = stage.site.path("both.crt");
        config
    });
    let other = Issued {
        ca: scene.stage.own.ca.clone(),
        ..Issued::in_dir(&scene.stage.site.path("n3"))
    };
    let mut stays = scene.peer(&scene.stage.peer, &[]);
    let mut goes = scene.peer(&other, &[]);
    let only = fs::read(&scene.stage.own.ca).or_fail("reading a CA");
    replace(&scene.stage.site.path("both.crt"), &only);
    scene.await_ended("trust-removed", 1);
    goes.await_end();
    scene.dial(&other, &[]).await_end();
    let sentence = "a CA that the truststore does not hold";
    scene.agent.await_refusals("unknown-issuer", 1, sentence);
    stays.expect_echo("undisturbed");
    scene.assert_ended(&[("trust-removed", 1)]);
}

#[test]
fn a_link_ends_with_the_peers_certificate_and_a_ticket_does_not_prolong_it() {
    let mut scene = Scene::new(|stage| stage.config.clone());
    let session = scene.stage.site.path("session").display().to_string();
    let short = scene.stage.site.issue_for("n3", SHORT);
    let mut stays = scene.peer(&scene.stage.peer, &[]);
    let mut goes = scene.peer(&short, &["-sess_out", &session]);
    scene.await_ended("certificate-expired", 1);
    goes.await_end();
    stays.expect_echo("undisturbed");
    scene.assert_ended(&[("certificate-expired", 1)]);
    thread::sleep(LAST_SECONDS);
    scene.dial(&short, &["-sess_in", &session]).await_end();
    scene
        .agent
        .await_refusals("expired", 1, "certificate expired on");
}

#[test]
fn links_end_with_this_nodes_own_certificate_and_none_is_made_with_it_any_more() {
    let mut scene = Scene::new(|stage| AgentConfig {
        identity: stage.site.issue_for("short", SHORT),
        ..stage.config.clone()
    });
    let mut goes = scene.peer(&scene.stage.peer, &[]);
    scene.await_ended("certificate-expired", 1);
    goes.await_end();
    thread::sleep(LAST_SECONDS);
    scene
        .dial(&scene.stage.peer, &["-no_check_time"])
        .await_end();
    let sentence = "this node's own certificate expired on";
    scene
        .agent
        .await_refusals("own-certificate-expired", 1, sentence);
}

#[test]
fn peers_without_certificate_go_when_certificates_are_required() {
    let mut scene = Scene::new(|stage| AgentConfig {
        require_client_auth: false,
        ..stage.config.clone()
    });
    scene.agent.expect("require_client_auth is false");
    let mut anonymous = Peer::openssl(scene.stage.address, None, &[]);
    anonymous.expect_echo("who I am is no matter");
    scene.reload(&scene.stage.config.clone());
    scene.await_ended("policy-tightened", 1);
    anonymous.await_end();
    Peer::openssl(scene.stage.address, None, &[]).await_end();
    let sentence = "the peer presented no certificate";
    scene.agent.await_refusals("no-certificate", 1, sentence);
    scene.peer(&scene.stage.peer, &[]);
}

#[test]
fn links_are_made_anew_at_the_age_that_is_set() {
    let mut scene = Scene::new(|stage| {
        let mut config = stage.config.clone();
        config.ringlock_lines.push("max_link_age: 2s".to_owned());
        config
    });
    for times in 1..=2 {
        let mut peer = scene.peer(&scene.stage.peer, &[]);
        scene.await_ended("max-age", times);
        peer.await_end();
    }
}

#[test]
fn a_stream_is_spared_by_a_change_of_mode_and_not_by_a_revocation() {
    let mut scene = Scene::with_list();
    let mut stream = scene.peer(&scene.stage.peer, &[]);
    let line = "x".repeat(1000);
    for _ in 0..100 {
        stream.expect_echo(&line);
    }
    let quiet = scene.stage.site.issue("n3", &["127.0.0.1"]);
    let mut quiet = scene.peer(&quiet, &[]);
    scene
        .agent
        .set_mode(Mode::NONE)
        .or_fail("ordering another mode");
    retry_until("the end of the link that does not stream", || {
        stream.expect_echo(&line);
        (scene.ended().get("mode") == Some(&1)).then_some(())
    });
    quiet.await_end();
    for _ in 0..100 {
        stream.expect_echo(&line);
    }
    scene.assert_ended(&[("mode", 1)]);

    scene.revoke(&[&scene.stage.peer]);
    // Nothing but its end stops it.
    while stream.echoes(&line) {}
    scene.await_ended("peer-revoked", 1);
}

#[test]
fn a_stream_that_falls_silent_is_turned_over_with_the_others() {
    let mut scene = Scene::new(|stage| stage.config.clone());
    let mut stream = scene.peer(&scene.stage.peer, &[]);
    for _ in 0..100 {
        stream.expect_echo(&"x".repeat(1000));
    }
    scene
        .agent
        .set_mode(Mode::NONE)
        .or_fail("ordering another mode");
    scene.await_ended("mode", 1);
    stream.await_end();
}

#[test]
fn links_of_many_peers_are_never_all_down_at_once() {
    const PEERS: usize = 10;
    const LINKS: u64 = 20;
    let scene = Scene::new(|stage| stage.config.clone());
    let done = Arc::new(AtomicBool::new(false));
    let peers: Vec<_> = (0..PEERS)
        .map(|number| {
            let node = format!("p{number}");
            scene.stage.site.issue(&node, &["127.0.0.1"])
        })
        .collect();
    let returning: Vec<_> = peers
        .iter()
        .flat_map(|peer| [peer, peer])
        .map(|peer| {
            let first = scene.peer(peer, &["-tls1_2"]);
            keep_returning(scene.stage.address, peer, first, &done)
        })
        .collect();
    let mut stricter = scene.stage.config.clone();
    stricter
        .encryption_lines
        .push("accepted_protocols: [TLSv1.3]".to_owned());
    scene.reload(&stricter);
    let mut fewest = usize::MAX;
    retry_until("the end of every link of before", || {
        let status = scene.agent.state();
        fewest = fewest.min(status.links.len());
        (status.turned.get("policy-tightened") == Some(&LINKS)).then_some(())
    });
    retry_until("the return of every link", || {
        let links = scene.agent.state().links;
        let is_new = |security: &Security| match security {
            Security::Tls(facts) => facts.version == "TLSv1.3",
            _ => false,
        };
        let new = links.iter().filter(|link| is_new(&link.security)).count();
        (u64::try_from(new) == Ok(LINKS)).then_some(())
    });
    assert!(fewest > 0, "all links were down at once");
    scene.assert_ended(&[("policy-tightened", LINKS)]);
    done.store(true, Ordering::SeqCst);
    drop(scene);
    for peer in returning {
        assert!(peer.join().is_ok(), "a peer panicked");
    }
}

/// How long a link may still last when it is turned over before a certificate ends, and a second.
const LAST_SECONDS: Duration = Duration::from_secs(6);

/// A database's side of a link: dials anew whenever it is ended.
fn keep_returning(
    address: std::net::SocketAddr,
    identity: &Issued,
    first: Peer,
    done: &Arc<AtomicBool>,
) -> thread::JoinHandle<()> {
    let (identity, done) = (identity.clone(), Arc::clone(done));
    thread::spawn(move || {
        let mut peer = first;
        loop {
            while peer.echoes("alive") {
                thread::sleep(Duration::from_millis(20));
            }
            if done.load(Ordering::SeqCst) {
                return;
            }
            peer = Peer::openssl(address, Some(&identity), &[]);
        }
    })
}

/// An agent before a database that echoes.
struct Scene {
    agent: Watched,
    stage: Stage,
}

impl Scene {
    fn new(config: impl FnOnce(&Stage) -> AgentConfig) -> Self {
        let stage = Stage::new();
        let config = config(&stage);
        Self {
            agent: stage.start(&config),
            stage,
        }
    }

    /// With a revocation list on which nobody stands.
    fn with_list() -> Self {
        Self::new(|stage| {
            let list = stage.site.path("list.crl");
            stage.site.revoke(&[], &list);
            let mut config = stage.config.clone();
            let line = format!("certficate_revocation_list: {}", list.display());
            config.encryption_lines.push(line);
            config
        })
    }

    fn dial(&self, identity: &Issued, arguments: &[&str]) -> Peer {
        Peer::openssl(self.stage.address, Some(identity), arguments)
    }

    /// A peer with a link.
    fn peer(&self, identity: &Issued, arguments: &[&str]) -> Peer {
        let mut peer = self.dial(identity, arguments);
        peer.expect_echo("a new link");
        peer
    }

    fn revoke(&self, revoked: &[&Issued]) {
        let certificates: Vec<_> = revoked.iter().map(|it| it.certificate.as_path()).collect();
        let list = self.stage.site.path("newer.crl");
        self.stage.site.revoke(&certificates, &list);
        let list = fs::read(list).or_fail("reading a list");
        replace(&self.stage.site.path("list.crl"), &list);
    }

    fn reload(&self, config: &AgentConfig) {
        replace(self.agent.config(), config.to_yaml().as_bytes());
        retry_until("the reload", || {
            (self.agent.state().reloads > 0).then_some(())
        });
    }

    fn ended(&self) -> BTreeMap<String, u64> {
        self.agent.state().turned
    }

    /// Waits until so many links were ended for this reason, and until the log says so.
    #[track_caller]
    fn await_ended(&mut self, reason: &str, times: u64) {
        retry_until(&format!("{times} links ended as {reason}"), || {
            (self.ended().get(reason) == Some(&times)).then_some(())
        });
        self.agent
            .await_line(&["link ended", &format!("why=\"{reason}\"")]);
    }

    /// So many links were ended for these reasons, and none for another.
    #[track_caller]
    fn assert_ended(&self, reasons: &[(&str, u64)]) {
        let expected = reasons.iter().map(|(it, times)| ((*it).to_owned(), *times));
        assert_eq!(self.ended(), expected.collect());
    }
}

/// Puts another content into the place of a file in one step.
fn replace(file: &Path, content: &[u8]) {
    let beside = file.with_extension("beside");
    fs::write(&beside, content)
        .and_then(|()| fs::rename(&beside, file))
        .or_fail("replacing a file");
}
