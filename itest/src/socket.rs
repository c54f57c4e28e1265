//! Plain sockets, as the database and the peers of the tests hold them.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use ringlock_testkit::poll;
use ringlock_wire::checksum;
use socket2::SockRef;

use crate::OrFail;

/// What the internode connections of a Cassandra 5.0 on 127.0.0.1 begin with.
pub const HELLO: [u8; 19] = [
    0xca, 0x55, 0x2d, 0xfa, 0x0c, 0x0c, 0x0c, 0x11, 6, 127, 0, 0, 1, 0x1b, 0x58, 0xdb, 0x76, 0x51,
    0xf2,
];

/// What the internode connections of a Cassandra 5.0 at this address begin with.
pub fn initiate(address: IpAddr) -> Vec<u8> {
    // Magic, and the flags of a connection for urgent messages of version 12.
    let mut message = HELLO[..8].to_vec();
    match address {
        IpAddr::V4(address) => message.extend([&[6][..], &address.octets()].concat()),
        IpAddr::V6(address) => message.extend([&[18][..], &address.octets()].concat()),
    }
    message.extend(7000_u16.to_be_bytes());
    let checksum = checksum(&message);
    message.extend(checksum.to_be_bytes());
    message
}

/// Far more than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_millis(20);

/// How a connection ended, as the reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order, after these bytes.
    Clean(Vec<u8>),
    /// By a reset.
    Reset,
}

/// A connection whose reads and writes give up after a time, so that no test hangs.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).or_fail("connecting");
    patiently(&stream);
    stream
}

/// Lets reads and writes of the stream give up after a time.
pub fn patiently(stream: &TcpStream) {
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .or_fail("setting the time to give up after");
}

/// Makes the coming end of the stream a reset.
pub fn reset_on_close(stream: &TcpStream) {
    SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .or_fail("asking for a reset");
}

/// Sends the text and reads it back.
#[track_caller]
pub fn expect_echo(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).or_fail("sending to the echo");
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).or_fail("reading the echo");
    assert_eq!(back, text);
}

/// Reads to the end.
#[track_caller]
pub fn await_ending(stream: &mut TcpStream) -> Ending {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => Ending::Clean(rest),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ending::Reset,
        Err(error) => panic!("the connection neither ended nor was reset: {error}"),
    }
}

/// Asks again and again for a time; a panic names what never came.
#[track_caller]
pub fn retry_until<T>(awaited: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    match poll(PATIENCE, INTERVAL, || Ok::<_, io::Error>(ask())) {
        Ok(Some(answer)) => answer,
        _ => panic!("{awaited}: not within {PATIENCE:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_of_a_node_at_an_address_is_made_as_cassandra_makes_it() {
        assert_eq!(initiate([127, 0, 0, 1].into()), HELLO);
    }
}
