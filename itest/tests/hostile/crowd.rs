use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{OrFail as _, allow_many_descriptors, retry_until};
use ringlock_model::Direction;
use socket2::{Domain, Socket, Type};

use crate::scene::Scene;

static ALONE: Mutex<()> = Mutex::new(());

/// Connections that strangers hold open at the same time.
const CROWD: usize = 10_000;
/// The agent's default.
const PLACES: usize = 256;
/// What it may need besides places and half as many that it is about to close: each worker's
/// newcomer, and the links of the test.
const SPARE: usize = 64;
/// Far less than 10,000 connections would take, and more than 256 half handshakes.
const MEMORY: u64 = 32 << 20;

#[test]
fn ten_thousand_half_open_connections_of_one_address_keep_no_good_peer_out() {
    stand_against(|_| Ipv4Addr::new(127, 66, 0, 1), b"");
}

#[test]
fn ten_thousand_half_open_connections_of_some_addresses_keep_no_good_peer_out() {
    // Enough of a ClientHello for the agent to wait for the rest.
    const BEGUN: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    stand_against(
        |number| {
            Ipv4Addr::new(
                127,
                66,
                0,
                1 + u8::try_from(number % 20).unwrap_or_default(),
            )
        },
        &BEGUN,
    );
}

#[test]
fn ten_thousand_half_open_connections_of_many_addresses_keep_no_good_peer_out() {
    // None of them holds more than its share.
    stand_against(
        |number| {
            let [high, low] = u16::try_from(number % 2000)
                .unwrap_or_default()
                .to_be_bytes();
            Ipv4Addr::new(127, 67, high, low.max(1))
        },
        b"\x16",
    );
}

#[expect(clippy::print_stdout, reason = "figures of what was seen")]
fn stand_against(source: impl Fn(usize) -> Ipv4Addr + Send + 'static, words: &'static [u8]) {
    // Two crowds would have more descriptors than a process may.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    allow_many_descriptors();
    let mut scene = Scene::new();
    scene
        .agent
        .expect("refused: all 256 places for handshakes are taken");
    scene
        .agent
        .expect("refused: the peer sent nothing within 10s");
    scene
        .agent
        .expect("refused: the handshake took longer than 10s");
    // What those say who give up.
    scene
        .agent
        .expect("refused: the peer closed the connection during the handshake");
    let pid = scene.agent.process().pid();
    let (idle, before) = (descriptors(pid), memory(&mut scene));
    let crowd = Crowd::gather(scene.address, source, words);
    retry_until("a crowd", || {
        let refused = scene.agent.state().refused;
        (crowd.size() >= CROWD && refused.contains_key("crowded-out")).then_some(())
    });
    let (mut most, mut largest, mut attempts) = (0, 0, 0);
    for number in 0..20 {
        let version = ["-tls1_2", "-tls1_3"][number % 2];
        attempts += scene.let_in_at_last(&[version]);
        most = most.max(descriptors(pid).saturating_sub(idle));
        largest = largest.max(memory(&mut scene).saturating_sub(before));
    }
    let refused = scene.agent.state().refused;
    println!(
        "{} connections made, 20 good peers let in at {attempts} attempts, {most} descriptors and {largest} bytes more than before, {refused:?}",
        crowd.made()
    );
    crowd.disperse();
    assert!(most <= PLACES * 3 / 2 + SPARE, "{most} descriptors");
    assert!(largest <= MEMORY, "{largest} bytes");
    let line = scene.agent.await_line(&["refused", "code=\"crowded-out\""]);
    assert!(line.contains("from=127.6"), "{line}");
    scene.assert_good_link_went_on();
    for link in scene.agent.state().links {
        assert_eq!(link.direction, Direction::Inbound);
    }
}

/// Strangers who hold their connections open and open new ones all the time.
struct Crowd {
    done: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    fn gather(
        target: SocketAddr,
        source: impl Fn(usize) -> Ipv4Addr + Send + 'static,
        words: &'static [u8],
    ) -> Self {
        let (done, made) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (is_done, count) = (Arc::clone(&done), Arc::clone(&made));
        let thread = thread::spawn(move || {
            let mut held = VecDeque::with_capacity(CROWD);
            for number in 0.. {
                if is_done.load(Ordering::SeqCst) {
                    return;
                }
                if held.len() == CROWD {
                    held.pop_front();
                    thread::sleep(Duration::from_millis(1));
                }
                held.push_back(open(target, source(number)));
                speak_up(&held, words);
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self {
            done,
            made,
            thread: Some(thread),
        }
    }

    fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }

    fn size(&self) -> usize {
        usize::try_from(self.made()).unwrap_or(usize::MAX)
    }

    #[track_caller]
    fn disperse(mut self) {
        self.done.store(true, Ordering::SeqCst);
        let thread = self.thread.take().or_fail("asking a second time");
        assert!(thread.join().is_ok(), "the crowd panicked");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
    }
}

/// A connection from that address, which may be under way yet.
fn open(target: SocketAddr, source: Ipv4Addr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).or_fail("making a socket");
    let source = SocketAddr::from((source, 0));
    socket.bind(&source.into()).or_fail("taking an address");
    socket.set_nonblocking(true).or_fail("not waiting");
    // Under way is no error, and what becomes of it is no matter.
    socket.connect(&target.into()).ok();
    socket
}

/// Says it on one that was opened a while ago, and is connected by now if it ever will be.
fn speak_up(held: &VecDeque<Socket>, words: &[u8]) {
    const AGO: usize = 50;
    if !words.is_empty()
        && let Some(socket) = held.len().checked_sub(AGO).and_then(|at| held.get(at))
    {
        socket.send(words).ok();
    }
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

fn memory(scene: &mut Scene) -> u64 {
    let resident = scene.agent.process().resident_bytes();
    resident.or_fail("reading the agent's memory")
}
