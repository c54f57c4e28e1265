//! What a peer with a good certificate says of itself in the databases' own protocol, before the
//! database hears it: the claim must be its own address, in every form that Cassandra has.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use ringlock_itest::{
    Database, Ending, OrFail as _, Site, Watched, await_ending, connect, free_address, initiate,
    retry_until,
};
use ringlock_model::Direction;
use ringlock_wire::checksum;

const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
const FRAMES: &[u8] = b"frames of the databases' own, in which nothing is claimed any more";
const PATIENCE: Duration = Duration::from_secs(60);

/// A form in which a node says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `Initiate` of 4.0 and later.
    Messages,
    /// The same for a stream, whose own first message names its sender again.
    Stream,
    /// The header of 3.x, an answer, version and address.
    LegacyMessages,
    /// The header of 3.x with `StreamInitMessage`.
    LegacyStream,
}

const FORMS: [Form; 4] = [
    Form::Messages,
    Form::Stream,
    Form::LegacyMessages,
    Form::LegacyStream,
];

impl Form {
    /// What is sent before anything is answered, and after the answer of `answer` bytes.
    fn says(self, claimed: IpAddr) -> Said {
        match self {
            Self::Messages => Said {
                first: initiate(claimed),
                answer: 12,
                then: FRAMES.to_vec(),
            },
            Self::Stream => Said {
                first: initiate_stream(),
                answer: 12,
                then: [&[10][..], &with_port(claimed), FRAMES].concat(),
            },
            Self::LegacyMessages => Said {
                first: vec![0xca, 0x55, 0x2d, 0xfa, 0, 0, 11, 0],
                answer: 4,
                then: [&[0, 0, 0, 11][..], &bare(claimed), FRAMES].concat(),
            },
            Self::LegacyStream => Said {
                first: [
                    &[0xca, 0x55, 0x2d, 0xfa, 0, 0, 4, 8][..],
                    &bare(claimed),
                    FRAMES,
                ]
                .concat(),
                answer: 0,
                then: Vec::new(),
            },
        }
    }

    /// What the database may hear before the claim is known to be false.
    fn harmless(self) -> usize {
        match self {
            Self::Messages | Self::LegacyStream => 0,
            Self::Stream => initiate_stream().len(),
            Self::LegacyMessages => 8,
        }
    }
}

struct Said {
    first: Vec<u8>,
    answer: usize,
    then: Vec<u8>,
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn bare(address: IpAddr) -> Vec<u8> {
    let octets = octets(address);
    let length = u8::try_from(octets.len()).or_fail("writing a length");
    [&[length][..], &octets].concat()
}

fn with_port(address: IpAddr) -> Vec<u8> {
    let octets = octets(address);
    let length = u8::try_from(octets.len() + 2).or_fail("writing a length");
    [&[length][..], &octets, &[0x1b, 0x58]].concat()
}

/// `Initiate` of a stream from the own address.
fn initiate_stream() -> Vec<u8> {
    let mut message = initiate(OWN);
    message.truncate(message.len() - 4);
    message[7] = 8;
    let checksum = checksum(&message);
    message.extend(checksum.to_be_bytes());
    message
}

/// An agent before a database, and another one whose certificate is good, as its peer's TLS.
struct Scene {
    agent: Watched,
    _near: Watched,
    /// Where the peer's words go in.
    address: SocketAddr,
    database: Database,
    /// All that the database heard on a connection, when it has ended.
    heard: Receiver<Vec<u8>>,
}

impl Scene {
    fn new() -> Self {
        let (sender, heard) = channel();
        let sender = std::sync::Mutex::new(sender);
        let database = Database::serve(free_address(), move |stream| {
            let heard = answer_and_listen(stream);
            if let Ok(sender) = sender.lock() {
                sender.send(heard).ok();
            }
            Ok(())
        });
        let site = Site::new();
        let (agent, inbound) = site.agent("n1", Direction::Inbound, database.address());
        let (near, address) = site.agent("n2", Direction::Outbound, inbound);
        Self {
            agent,
            _near: near,
            address,
            database,
            heard,
        }
    }

    fn heard(&self) -> Vec<u8> {
        let heard = self.heard.recv_timeout(PATIENCE);
        heard.or_fail("waiting for the end at the database")
    }
}

/// Answers the first bytes as a database of their version does, and takes all that follows.
fn answer_and_listen(mut stream: TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut chunk = [0; 4096];
    let mut has_answered = false;
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        heard.extend_from_slice(&chunk[..read]);
        if !has_answered && heard.len() >= 8 {
            has_answered = true;
            let is_legacy = heard[6] < 12;
            let streams = heard[7] & 8 != 0;
            let answer: &[u8] = match (is_legacy, streams) {
                (true, true) => &[],
                (true, false) => b"\0\0\0\x0b",
                (false, _) => b"\0\0\0\x0c\0\0\0\x0c\x26\xf5\x67\x3a",
            };
            if stream.write_all(answer).is_err() {
                break;
            }
        }
    }
    heard
}

/// Sends it in pieces of that size, each of which leaves in a record of its own.
fn send_in_pieces(stream: &mut TcpStream, bytes: &[u8], size: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    for piece in bytes.chunks(size) {
        stream.write_all(piece)?;
        if size < bytes.len() {
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

#[test]
fn a_peer_that_claims_its_own_address_is_carried_byte_for_byte() {
    for form in FORMS {
        for size in [1, 7, 4096] {
            let scene = Scene::new();
            let said = form.says(OWN);
            let mut peer = connect(scene.address);
            send_in_pieces(&mut peer, &said.first, size).or_fail("introducing oneself");
            let mut answer = vec![0; said.answer];
            peer.read_exact(&mut answer).or_fail("reading the answer");
            send_in_pieces(&mut peer, &said.then, size).or_fail("going on");
            drop(peer);
            let expected = [said.first, said.then].concat();
            assert_eq!(scene.heard(), expected, "{form:?} in pieces of {size}");
            assert!(scene.agent.state().refused.is_empty());
        }
    }
}

#[test]
fn a_peer_that_sends_everything_at_once_is_carried_as_well() {
    for form in FORMS {
        let scene = Scene::new();
        let said = form.says(OWN);
        let all = [said.first, said.then].concat();
        let mut peer = connect(scene.address);
        peer.write_all(&all).or_fail("saying everything at once");
        let mut answer = vec![0; said.answer];
        peer.read_exact(&mut answer).or_fail("reading the answer");
        drop(peer);
        assert_eq!(scene.heard(), all, "{form:?}");
    }
}

#[test]
fn a_peer_that_claims_another_address_is_refused_and_the_database_does_not_hear_it() {
    for form in FORMS {
        let mut scene = Scene::new();
        let said = form.says(OTHER);
        let mut peer = connect(scene.address);
        peer.write_all(&said.first).or_fail("introducing oneself");
        let mut answer = vec![0; said.answer];
        if form.harmless() > 0 {
            peer.read_exact(&mut answer).or_fail("reading the answer");
            peer.write_all(&said.then).or_fail("going on");
        }
        assert_eq!(await_ending(&mut peer), Ending::Reset, "{form:?}");
        let sentence = "the peer claims to be 10.77.0.1, and its certificate, that of \
                        ringlock://Test%20Cluster/dc1/r1/n2, holds 127.0.0.1";
        scene
            .agent
            .await_refusals("claims-another-address", 1, sentence);
        match form {
            // The claim was known before the database was dialled.
            Form::Messages | Form::LegacyStream => assert_eq!(scene.database.accepted(), 0),
            Form::Stream | Form::LegacyMessages => {
                assert_eq!(scene.heard(), &said.first[..form.harmless()], "{form:?}");
            }
        }
        retry_until("the end of the link", || {
            scene.agent.state().links.is_empty().then_some(())
        });
    }
}
