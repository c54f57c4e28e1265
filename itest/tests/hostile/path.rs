use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use ringlock_itest::{OrFail as _, patiently};

/// Somebody on the network between a peer and an agent, who changes what the peer says first, and can
/// put in words of their own.
pub(crate) struct OnPath {
    /// Where the peer believes the agent to be.
    pub(crate) address: SocketAddr,
    connections: Receiver<TcpStream>,
}

impl OnPath {
    /// Passes one connection on, its first bytes as `tamper` leaves them.
    pub(crate) fn before(
        target: SocketAddr,
        tamper: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").or_fail("listening on the path");
        let address = listener.local_addr().or_fail("reading an address");
        let (sender, connections) = channel();
        thread::spawn(move || {
            let (near, _) = listener.accept()?;
            let far = TcpStream::connect(target)?;
            sender.send(far.try_clone()?).ok();
            carry(near, far, tamper)
        });
        Self {
            address,
            connections,
        }
    }

    /// The connection towards the agent, to put words in.
    pub(crate) fn towards_agent(&self) -> TcpStream {
        let connection = self.connections.recv_timeout(Duration::from_secs(30));
        connection.or_fail("waiting for a connection on the path")
    }
}

fn carry(
    near: TcpStream,
    far: TcpStream,
    tamper: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> io::Result<()> {
    let (mut back, mut to) = (far.try_clone()?, near.try_clone()?);
    let backward = thread::spawn(move || {
        let carried = io::copy(&mut back, &mut to);
        to.shutdown(Shutdown::Both).ok();
        carried
    });
    forward(near, far, tamper)?;
    backward.join().ok();
    Ok(())
}

fn forward(
    mut near: TcpStream,
    mut far: TcpStream,
    tamper: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> io::Result<()> {
    let first = read_record(&mut near)?;
    far.write_all(&tamper(first))?;
    io::copy(&mut near, &mut far)?;
    far.shutdown(Shutdown::Write)
}

/// The first record, whole.
fn read_record(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record)?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    stream.read_exact(&mut record[5..])?;
    Ok(record)
}

/// What dials, as a record; `dial` is given the address.
pub(crate) fn first_record<T>(dial: impl FnOnce(SocketAddr) -> T) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").or_fail("listening for a ClientHello");
    let address = listener.local_addr().or_fail("reading an address");
    let _dialling = dial(address);
    let (mut stream, _) = listener.accept().or_fail("waiting for a ClientHello");
    patiently(&stream);
    read_record(&mut stream).or_fail("reading a ClientHello")
}
