//! The servers behind the proxies: one sends back what it gets, one swallows it.
//!
//! Both live in this process and do as little as a server can, since all parties share the same
//! cores.

mod echo;
mod sink;

use std::net::SocketAddr;

use anyhow::Result;

pub(crate) use echo::Echo;
pub(crate) use sink::Sink;

/// Both servers, listening on loopback until dropped.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Sends back what it gets.
    pub(crate) echo: Echo,
    /// Counts what it gets.
    pub(crate) sink: Sink,
}

impl Backend {
    /// Starts both on the addresses given; with port 0 on a port of the kernel's choice.
    pub(crate) fn start(echo: SocketAddr, sink: SocketAddr) -> Result<Self> {
        Ok(Self {
            echo: Echo::start(echo)?,
            sink: Sink::start(sink)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::link::contender::{exchange_opening, greet};

    fn backend() -> Backend {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Backend::start(any, any).unwrap()
    }

    #[test]
    fn the_echo_server_returns_more_than_fits_into_the_sockets_buffers() {
        let backend = backend();
        let mut stream = TcpStream::connect(backend.echo.address()).unwrap();
        let sent: Vec<u8> = (0..8 * 1024 * 1024_u32).map(|n| (n >> 3) as u8).collect();
        let mut back = vec![0; sent.len()];
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(&sent).unwrap());
            stream.read_exact(&mut back).unwrap();
        });
        assert!(back == sent);
    }

    #[test]
    fn the_echo_server_lets_go_of_a_connection_that_its_client_closed() {
        let backend = backend();
        for _ in 0..3 {
            greet(backend.echo.address()).unwrap();
        }
        let mut stream = TcpStream::connect(backend.echo.address()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn the_sink_returns_the_opening_and_counts_the_rest() {
        let backend = backend();
        let mut stream = TcpStream::connect(backend.sink.address()).unwrap();
        exchange_opening(&mut stream).unwrap();
        stream.write_all(&vec![7; 3_000_000]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        assert_eq!(backend.sink.bytes(), 3_000_000);
    }

    #[test]
    fn dropping_the_servers_frees_their_ports() {
        let backend = backend();
        let addresses = [backend.echo.address(), backend.sink.address()];
        drop(backend);
        for address in addresses {
            TcpListener::bind(address).unwrap();
        }
    }
}
