//! The bytes themselves: all of them arrive, in both directions, and every kind of end is passed
//! on; memory stays bounded whoever is slow, and is given back when nothing flows.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use ringlock_itest::{
    Conduct, Database, Ending, HELLO, OrFail as _, Peer, Site, Watched, allow_many_descriptors,
    await_ending, connect, expect_echo, free_address, receive_bytes, reset_on_close, retry_until,
    send_bytes,
};
use ringlock_model::Direction;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// A database that dials another one through two agents.
struct Pair {
    site: Site,
    near: Watched,
    far: Watched,
    address: SocketAddr,
    /// Where TLS peers dial the far agent.
    far_address: SocketAddr,
}

impl Pair {
    fn before(database: &Database) -> Self {
        let site = Site::new();
        let (far, far_address) = site.agent("far", Direction::Inbound, database.address());
        let (near, address) = site.agent("near", Direction::Outbound, far_address);
        Self {
            site,
            near,
            far,
            address,
            far_address,
        }
    }

    /// Dials and says what Cassandra says first.
    fn dial(&self) -> TcpStream {
        let mut stream = connect(self.address);
        stream.write_all(&HELLO).or_fail("speaking as the database");
        stream
    }

    fn resident(&mut self) -> [u64; 2] {
        [&mut self.near, &mut self.far].map(|agent| {
            let resident = agent.process().resident_bytes();
            resident.or_fail("asking for an agent's memory")
        })
    }
}

/// A database that hands over its first connection, after the protocol's first bytes.
fn database() -> (Database, Receiver<TcpStream>) {
    let (sender, streams) = channel();
    let sender = Mutex::new(sender);
    let database = Database::serve(free_address(), move |mut stream| {
        stream.read_exact(&mut [0; HELLO.len()])?;
        hand_over(&sender, stream)
    });
    (database, streams)
}

fn hand_over(to: &Mutex<Sender<TcpStream>>, stream: TcpStream) -> io::Result<()> {
    let sender = to
        .lock()
        .map_err(|error| io::Error::other(error.to_string()))?;
    sender.send(stream).map_err(io::Error::other)
}

fn dialled(streams: &Receiver<TcpStream>) -> TcpStream {
    let stream = streams.recv_timeout(PATIENCE);
    stream.or_fail("waiting for the connection at the database")
}

#[test]
fn a_gigabyte_each_way_at_once_arrives_byte_for_byte() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let near = pair.dial();
    let far = dialled(&streams);
    thread::scope(|scope| {
        for (stream, seed) in [(&near, 1), (&far, 2)] {
            scope.spawn(move || {
                send_bytes(stream, seed, GIB).or_fail("sending a gigabyte");
                stream.shutdown(Shutdown::Write).or_fail("ending a side");
            });
        }
        for (mut stream, seed) in [(&near, 2), (&far, 1)] {
            scope.spawn(move || {
                receive_bytes(stream, seed, GIB).or_fail("receiving a gigabyte");
                assert_eq!(stream.read(&mut [0]).or_fail("reading the end"), 0);
            });
        }
    });
    let (out, back) = (GIB + HELLO.len() as u64, GIB);
    let (sent, received) = (format!("sent={out} "), format!("received={back} "));
    pair.near
        .await_line(&["link ended", &sent, &received, "end=\"closed\""]);
    let (sent, received) = (format!("sent={back} "), format!("received={out} "));
    pair.far
        .await_line(&["link ended", &sent, &received, "end=\"closed\""]);
}

#[test]
fn the_side_that_dialled_may_end_first_and_still_receives() {
    let (database, streams) = database();
    let pair = Pair::before(&database);
    let mut near = pair.dial();
    let mut far = dialled(&streams);
    near.write_all(b"all I have to say").or_fail("sending");
    near.shutdown(Shutdown::Write).or_fail("ending a side");
    let heard = Ending::Clean(b"all I have to say".to_vec());
    assert_eq!(await_ending(&mut far), heard);
    send_bytes(&far, 3, 8 * MIB).or_fail("answering after the other's end");
    drop(far);
    receive_bytes(&near, 3, 8 * MIB).or_fail("receiving after the own end");
    assert_eq!(await_ending(&mut near), Ending::Clean(Vec::new()));
}

#[test]
fn the_side_that_was_dialled_may_end_first_and_still_receives() {
    let (database, streams) = database();
    let pair = Pair::before(&database);
    let mut near = pair.dial();
    let mut far = dialled(&streams);
    far.shutdown(Shutdown::Write).or_fail("ending a side");
    assert_eq!(await_ending(&mut near), Ending::Clean(Vec::new()));
    send_bytes(&near, 4, 8 * MIB).or_fail("answering after the other's end");
    drop(near);
    receive_bytes(&far, 4, 8 * MIB).or_fail("receiving after the own end");
    assert_eq!(await_ending(&mut far), Ending::Clean(Vec::new()));
}

#[test]
fn a_reset_by_the_side_that_dialled_is_a_reset_at_the_other() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let near = pair.dial();
    let mut far = dialled(&streams);
    reset_on_close(&near);
    drop(near);
    assert_eq!(await_ending(&mut far), Ending::Reset);
    pair.near
        .await_line(&["link ended", "end=\"the database reset it\""]);
}

#[test]
fn a_reset_by_the_side_that_was_dialled_is_a_reset_at_the_other() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let mut near = pair.dial();
    let far = dialled(&streams);
    reset_on_close(&far);
    drop(far);
    assert_eq!(await_ending(&mut near), Ending::Reset);
    pair.far
        .await_line(&["link ended", "end=\"the database reset it\""]);
}

#[test]
fn a_reset_in_the_middle_of_a_transfer_is_a_reset_at_the_other_side() {
    let (database, streams) = database();
    let pair = Pair::before(&database);
    let near = pair.dial();
    let mut far = dialled(&streams);
    send_bytes(&near, 5, MIB).or_fail("sending");
    reset_on_close(&near);
    drop(near);
    assert_eq!(await_ending(&mut far), Ending::Reset);
}

#[test]
fn a_killed_agent_is_a_reset_on_both_sides() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let mut near = pair.dial();
    let mut far = dialled(&streams);
    pair.far.process().kill();
    // The kernel closes in order what a process leaves; without close_notify that is no clean end.
    assert_eq!(await_ending(&mut near), Ending::Reset);
    drop(await_ending(&mut far));
    pair.near.await_line(&["link ended", "end=\"the peer"]);
}

#[test]
fn a_tls_peer_that_vanishes_without_close_notify_is_a_reset_and_not_a_clean_end() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let identity = pair.site.issue("n3", &["127.0.0.1"]);
    let mut peer = Peer::openssl(pair.far_address, Some(&identity), &[]);
    // The database takes its first four bytes, whatever they are.
    peer.say("abc");
    let mut far = dialled(&streams);
    far.write_all(b"heard\n").or_fail("answering");
    assert_eq!(peer.hear(), "heard");
    peer.kill();
    assert_eq!(await_ending(&mut far), Ending::Reset);
    pair.far
        .await_line(&["link ended", "the peer closed without close_notify"]);
}

#[test]
fn a_tls_peer_that_closes_with_close_notify_is_a_clean_end() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let identity = pair.site.issue("n3", &["127.0.0.1"]);
    let mut peer = Peer::openssl(pair.far_address, Some(&identity), &["-no_ign_eof"]);
    let mut far = dialled(&streams);
    peer.finish();
    assert_eq!(await_ending(&mut far), Ending::Clean(b"\n".to_vec()));
    drop(far);
    pair.far.await_line(&["link ended", "end=\"closed\""]);
}

#[test]
fn what_a_tls_peer_says_with_the_end_of_its_handshake_arrives_and_so_does_its_end() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let mut peer = in_two_bursts(&pair);
    peer.say("all I have to say");
    peer.finish();
    let mut far = dialled(&streams);
    let heard = Ending::Clean(b"\nall I have to say\n".to_vec());
    assert_eq!(await_ending(&mut far), heard);
    drop(far);
    pair.far.await_line(&["link ended", "end=\"closed\""]);
}

#[test]
fn a_tls_peer_that_closes_right_after_its_handshake_is_no_complaint() {
    let database = Database::start(Conduct::Echo);
    let pair = Pair::before(&database);
    let mut peer = in_two_bursts(&pair);
    peer.finish();
    peer.await_end();
    retry_until("the end of the connection", || {
        let status = pair.far.state();
        let refused = status.refused.values().sum::<u64>();
        let relayed = status.connections.values().sum::<u64>();
        (refused + relayed == 1 && status.links.is_empty()).then_some(())
    });
}

/// A TLS 1.3 client behind a network that lets its first bytes pass at once, and holds all others
/// back until the client has ended, so that they arrive together.
fn in_two_bursts(pair: &Pair) -> Peer {
    let agent = pair.far_address;
    let identity = pair.site.issue("n3", &["127.0.0.1"]);
    let network = Database::serve(free_address(), move |mut client| {
        let mut agent = connect(agent);
        let mut first = [0; 16 * 1024];
        let read = client.read(&mut first)?;
        agent.write_all(&first[..read])?;
        let (mut from, mut to) = (agent.try_clone()?, client.try_clone()?);
        let back = thread::spawn(move || io::copy(&mut from, &mut to));
        let mut rest = Vec::new();
        client.read_to_end(&mut rest)?;
        agent.write_all(&rest)?;
        agent.shutdown(Shutdown::Write)?;
        back.join().or_fail_join().map(drop)
    });
    let arguments = ["-tls1_3", "-no_ign_eof"];
    Peer::openssl(network.address(), Some(&identity), &arguments)
}

#[test]
fn a_database_that_says_all_at_once_and_ends_is_heard() {
    let (database, streams) = database();
    let pair = Pair::before(&database);
    let mut near = pair.dial();
    near.write_all(b"all I have to say").or_fail("sending");
    near.shutdown(Shutdown::Write).or_fail("ending a side");
    let mut far = dialled(&streams);
    let heard = Ending::Clean(b"all I have to say".to_vec());
    assert_eq!(await_ending(&mut far), heard);
    drop(far);
    assert_eq!(await_ending(&mut near), Ending::Clean(Vec::new()));
}

#[test]
fn a_slow_reader_holds_up_a_gigabyte_at_the_sender_and_not_in_the_agents() {
    let (database, streams) = database();
    let mut pair = Pair::before(&database);
    let near = pair.dial();
    let far = dialled(&streams);
    assert_held_up(&mut pair, &near, &far, GIB);
    assert_held_up(&mut pair, &far, &near, GIB / 4);
}

/// Sends while nobody reads until nothing moves any more, looks at the agents' memory, then reads
/// all of it.
fn assert_held_up(pair: &mut Pair, from: &TcpStream, to: &TcpStream, count: u64) {
    const MOST: u64 = 64 * MIB;
    let before = pair.resident();
    let sent = AtomicU64::new(0);
    thread::scope(|scope| {
        from.set_write_timeout(None).or_fail("being patient");
        let sender = scope.spawn(|| send_bytes(Counted(from, &sent), 6, count));
        let mut last = u64::MAX;
        retry_until("the sender's halt", || {
            thread::sleep(Duration::from_millis(500));
            let now = sent.load(Ordering::Relaxed);
            let halted = now > 0 && now == last;
            last = now;
            halted.then_some(())
        });
        assert!(last < count, "the kernel alone took all of it");
        for (now, before) in pair.resident().into_iter().zip(before) {
            assert!(
                now < before + MOST,
                "an agent grew from {before} to {now} bytes"
            );
        }
        receive_bytes(to, 6, count).or_fail("receiving all of it after all");
        let sent = sender.join().or_fail_join();
        sent.or_fail("sending all of it after all");
    });
}

#[test]
fn connections_that_fall_idle_after_bulk_give_their_buffers_back() {
    const CONNECTIONS: usize = 500;
    const EACH: usize = 256 * 1024;
    /// Far less than one buffer for a full read.
    const MOST_EACH: u64 = 16 * 1024;
    allow_many_descriptors();
    let database = Database::start(Conduct::Echo);
    let mut pair = Pair::before(&database);
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = connect(pair.address);
            expect_echo(&mut stream, &HELLO);
            stream
        })
        .collect();
    let before = pair.resident();
    let block = vec![7; EACH];
    for stream in &connections {
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut stream = stream;
                stream.write_all(&block).or_fail("sending bulk");
            });
            let mut stream = stream;
            let mut back = vec![0; EACH];
            stream.read_exact(&mut back).or_fail("receiving bulk");
        });
    }
    let most = CONNECTIONS as u64 * MOST_EACH;
    for (now, before) in pair.resident().into_iter().zip(before) {
        assert!(
            now < before + most,
            "an agent grew from {before} to {now} bytes"
        );
    }
    for stream in connections.iter_mut().step_by(50) {
        expect_echo(stream, b"still there");
    }
}

/// Counts what has been written.
struct Counted<'a>(&'a TcpStream, &'a AtomicU64);

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stream = self.0;
        let written = stream.write(bytes)?;
        self.1.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

trait OrFailJoin<T> {
    fn or_fail_join(self) -> T;
}

impl<T> OrFailJoin<T> for thread::Result<T> {
    fn or_fail_join(self) -> T {
        self.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
