use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{HELLO, OrFail, patiently, ports::free_address};

/// The length of what the internode protocol of every Cassandra begins with.
const MAGIC: usize = 4;

/// How a [`Database`] treats a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// Sends back what it gets, and ends when the other side has ended.
    Echo,
    /// As [`Conduct::Echo`], but closes what does not begin like the internode protocol, as a
    /// Cassandra without TLS does when it is dialled with TLS.
    PlaintextOnly,
}

/// A socket that stands for the database: it listens where the database would.
#[derive(Debug)]
pub struct Database {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Database {
    /// One on loopback that behaves so.
    pub fn start(conduct: Conduct) -> Self {
        Self::start_at(free_address(), conduct)
    }

    /// One at this address of the calling thread's network namespace that behaves so.
    pub fn start_at(address: SocketAddr, conduct: Conduct) -> Self {
        Self::serve(address, move |stream| match conduct {
            Conduct::Echo => echo(stream, &[]),
            Conduct::PlaintextOnly => echo_internode(stream),
        })
    }

    /// One at this address of the calling thread's network namespace that hands each connection,
    /// on a thread of its own, to `treat`.
    pub fn serve(
        address: SocketAddr,
        treat: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).or_fail("listening as the database");
        let accepted = Arc::new(AtomicUsize::new(0));
        let (count, treat) = (Arc::clone(&accepted), Arc::new(treat));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                patiently(&stream);
                let treat = Arc::clone(&treat);
                // How a connection ends is for the test to judge, from its own end of it.
                thread::spawn(move || treat(stream).ok());
            }
        });
        Self { address, accepted }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has got.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn echo(mut stream: TcpStream, first: &[u8]) -> io::Result<()> {
    stream.write_all(first)?;
    io::copy(&mut stream.try_clone()?, &mut stream)?;
    stream.shutdown(Shutdown::Write)
}

fn echo_internode(mut stream: TcpStream) -> io::Result<()> {
    let mut first = [0; MAGIC];
    stream.read_exact(&mut first)?;
    if first == HELLO[..MAGIC] {
        echo(stream, &first)
    } else {
        Ok(())
    }
}
