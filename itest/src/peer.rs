use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use ringlock_testkit::{command, pki::Issued, process::Process};

use crate::{HELLO, OrFail, ports::free_address, retry_until};

const PATIENCE: Duration = Duration::from_secs(30);

/// A TLS client of somebody else's, which says first what a database at 127.0.0.1 would, and is then
/// spoken to line by line. Killed when dropped, which closes its
/// connection without `close_notify`.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Peer {
    /// `openssl s_client`, with a certificate if one is given, and with more arguments.
    pub fn openssl(address: SocketAddr, identity: Option<&Issued>, arguments: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-quiet", "-verify_quiet"])
            .args(["-connect", &address.to_string()])
            .args(arguments);
        if let Some(identity) = identity {
            command.arg("-cert").arg(&identity.certificate);
            command.arg("-key").arg(&identity.key);
            command.arg("-CAfile").arg(&identity.ca);
            command.arg("-verify_return_error");
        }
        Self::start(command).introduced()
    }

    /// `openssl s_client` that takes its own orders, such as `R`, as lines, and prints much of its own.
    pub fn openssl_with_orders(address: SocketAddr, identity: &Issued, arguments: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-connect", &address.to_string()])
            .args(arguments)
            .arg("-cert")
            .arg(&identity.certificate)
            .arg("-key")
            .arg(&identity.key);
        Self::start(command).introduced()
    }

    /// `gnutls-cli` with a certificate and a priority string; its own words go to the log file.
    pub fn gnutls(address: SocketAddr, identity: &Issued, priority: &str, log: &Path) -> Self {
        Self::gnutls_with(address, identity, priority, log, &[])
    }

    /// The same with more arguments.
    pub fn gnutls_with(
        address: SocketAddr,
        identity: &Issued,
        priority: &str,
        log: &Path,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new("gnutls-cli");
        command
            .args(["--priority", priority])
            .args(["--port", &address.port().to_string()])
            .arg("--logfile")
            .arg(log)
            .arg("--x509cafile")
            .arg(&identity.ca)
            .arg("--x509certfile")
            .arg(&identity.certificate)
            .arg("--x509keyfile")
            .arg(&identity.key)
            .args(arguments)
            .arg(address.ip().to_string());
        Self::start(command).introduced()
    }

    /// Any other program that is spoken to line by line; it says for itself what it has to say first.
    pub fn program(command: Command) -> Self {
        Self::start(command)
    }

    /// Sends a line.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().or_fail("speaking after the end");
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .or_fail("writing to the peer");
    }

    /// Waits for the next line.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        match self.output.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("the peer printed nothing"),
            Err(RecvTimeoutError::Disconnected) => panic!("the peer has ended"),
        }
    }

    /// Sends a line; false if the peer has ended.
    pub fn says(&mut self, line: &str) -> bool {
        let input = self.input.as_mut();
        input.is_some_and(|input| {
            writeln!(input, "{line}")
                .and_then(|()| input.flush())
                .is_ok()
        })
    }

    /// Sends a line and waits until it comes back.
    #[track_caller]
    pub fn expect_echo(&mut self, line: &str) {
        self.say(line);
        assert_eq!(self.hear(), line);
    }

    /// Sends a line and waits for it to come back; false if the connection ends instead.
    #[track_caller]
    pub fn echoes(&mut self, line: &str) -> bool {
        let input = self.input.as_mut().or_fail("speaking after the end");
        let said = writeln!(input, "{line}").and_then(|()| input.flush());
        if said.is_err() {
            return false;
        }
        match self.output.recv_timeout(PATIENCE) {
            Ok(heard) => heard == line,
            Err(RecvTimeoutError::Timeout) => panic!("the peer printed nothing"),
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits until it ends by itself; gives the lines that it still printed.
    #[track_caller]
    pub fn await_end(&mut self) -> Vec<String> {
        retry_until("the end of the peer", || {
            self.child.try_wait().ok().flatten()
        });
        self.output.iter().collect()
    }

    /// Ends its input, which some clients take as the order to close in order.
    pub fn finish(&mut self) {
        self.input = None;
    }

    /// Ends it at once, so that the kernel closes its connection.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Says which node it is, in a line of its own. An echo of that line is not heard.
    fn introduced(mut self) -> Self {
        if let Some(input) = &mut self.input {
            let line = [&HELLO[..], b"\n"].concat();
            // One that was refused already is gone, which the test sees.
            input.write_all(&line).and_then(|()| input.flush()).ok();
        }
        self
    }

    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        let mut child = command.spawn().or_fail("starting a TLS client");
        let output = child.stdout.take().or_fail("taking its output");
        let (lines, received) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if line == HELLO {
                    continue;
                }
                let line = String::from_utf8_lossy(&line).into_owned();
                // Nobody listens any longer when the test is over.
                lines.send(line).ok();
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            output: received,
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `openssl s_server`, which sends every line back with its letters reversed.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _process: Process,
}

impl Server {
    /// One on loopback with that certificate, asking for a certificate of that CA.
    pub fn start(identity: &Issued, trusted: &Path, arguments: &[&str], log: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-rev", "-accept", &address.to_string()])
            .args(["-Verify", "3", "-verify_return_error"])
            .args(arguments)
            .arg("-cert")
            .arg(&identity.certificate)
            .arg("-key")
            .arg(&identity.key)
            .arg("-CAfile")
            .arg(trusted);
        let mut process =
            Process::start("s_server", command, None, log).or_fail("starting openssl s_server");
        process
            .wait_for("ACCEPT", 1, PATIENCE)
            .or_fail("waiting for openssl s_server");
        Self {
            address,
            _process: process,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The SHA-256 of the certificate that a TLS server presents to that client, hexadecimal.
pub fn served_fingerprint(address: SocketAddr, identity: &Issued) -> String {
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-connect", &address.to_string()])
        .arg("-cert")
        .arg(&identity.certificate)
        .arg("-key")
        .arg(&identity.key);
    // Its input stays open, so that it does not close before the other side is done as well.
    let mut client = Peer::start(command);
    let mut certificate = String::new();
    while !certificate.contains("-----END CERTIFICATE-----") {
        certificate.push_str(&client.hear());
        certificate.push('\n');
    }
    let printed = command::run_with_input(
        Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-sha256"]),
        &certificate,
    )
    .or_fail("taking a certificate's fingerprint");
    let (_, fingerprint) = printed.split_once('=').or_fail("reading a fingerprint");
    fingerprint.trim().replace(':', "").to_lowercase()
}
