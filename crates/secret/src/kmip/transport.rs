//! TLS to a KMIP server, blocking, with a deadline over each exchange.
//!
//! This is OpenSSL and not rustls, which everything else in Ringlock uses: the profile of KMIP 1.2
//! makes RSA key exchange with CBC suites mandatory and nothing else, and rustls has neither. No
//! connection of a cluster comes here, and no peer but a server that the operator named.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use openssl::{
    error::ErrorStack,
    pkey::{PKey, Private},
    ssl::{
        Error as SslError, ErrorCode, HandshakeError, SslConnector, SslConnectorBuilder, SslMethod,
        SslStream, SslVerifyMode, SslVersion,
    },
    x509::{X509, X509VerifyResult, store::X509StoreBuilder},
};
use zeroize::Zeroizing;

use super::{
    Host,
    ttlv::{self, HEADER, TtlvFault},
};

/// Who we are, and whom we believe.
pub(super) struct Credentials {
    pub(super) key: PKey<Private>,
    /// The leaf, then what leads to its issuer.
    pub(super) chain: Vec<X509>,
    pub(super) anchors: Vec<X509>,
}

/// What connects to the servers of one group.
pub(super) struct Connector {
    tls: SslConnector,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(credentials: Credentials, timeout: Duration) -> Result<Self, ErrorStack> {
        // `SslConnector::builder` would read the system's trust first, which has no say here.
        let mut builder: SslConnectorBuilder = SslConnector::builder(SslMethod::tls_client())?;
        let mut store = X509StoreBuilder::new()?;
        for anchor in credentials.anchors {
            store.add_cert(anchor)?;
        }
        builder.set_verify_cert_store(store.build())?;
        builder.set_cert_store(X509StoreBuilder::new()?.build());
        builder.set_verify(SslVerifyMode::PEER);
        builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        builder.set_private_key(&credentials.key)?;
        let mut chain = credentials.chain.into_iter();
        if let Some(leaf) = chain.next() {
            builder.set_certificate(&leaf)?;
        }
        for above in chain {
            builder.add_extra_chain_cert(above)?;
        }
        builder.check_private_key()?;
        Ok(Self {
            tls: builder.build(),
            timeout,
        })
    }

    /// Connects and proves both sides' identities. Every address of the name is tried.
    pub(super) fn connect(&self, host: &Host) -> Result<Connection, LinkError> {
        let addresses: Vec<SocketAddr> = (host.name.as_str(), host.port)
            .to_socket_addrs()
            .map_err(LinkError::Resolve)?
            .collect();
        let mut last = LinkError::NoAddress;
        for address in addresses {
            match TcpStream::connect_timeout(&address, self.timeout) {
                Ok(stream) => return self.handshake(stream, host),
                Err(error) => last = LinkError::from_io(error),
            }
        }
        Err(last)
    }

    fn handshake(&self, stream: TcpStream, host: &Host) -> Result<Connection, LinkError> {
        let stream = Timed {
            stream,
            until: now() + self.timeout,
        };
        let connection = self.tls.configure()?.connect(&host.name, stream);
        match connection {
            Ok(tls) => Ok(Connection {
                tls,
                timeout: self.timeout,
            }),
            Err(HandshakeError::SetupFailure(error)) => Err(error.into()),
            Err(HandshakeError::Failure(failed)) => match failed.ssl().verify_result() {
                X509VerifyResult::OK => Err(LinkError::from_ssl(failed.into_error())),
                refused => Err(LinkError::Certificate {
                    reason: refused.error_string(),
                }),
            },
            Err(HandshakeError::WouldBlock(_)) => Err(LinkError::TimedOut),
        }
    }
}

/// A connection on which one message is answered at a time.
pub(super) struct Connection {
    tls: SslStream<Timed>,
    timeout: Duration,
}

impl Connection {
    /// Sends a message and reads the one that answers it.
    pub(super) fn exchange(&mut self, message: &[u8]) -> Result<Zeroizing<Vec<u8>>, LinkError> {
        self.tls.get_mut().until = now() + self.timeout;
        self.send(message)?;
        let mut header = [0; HEADER];
        self.receive(&mut header)?;
        let behind = ttlv::length_behind(header).map_err(LinkError::Message)?;
        let mut answer = Zeroizing::new(vec![0; HEADER + behind]);
        answer[..HEADER].copy_from_slice(&header);
        self.receive(&mut answer[HEADER..])?;
        Ok(answer)
    }

    fn send(&mut self, mut message: &[u8]) -> Result<(), LinkError> {
        while !message.is_empty() {
            let sent = self.tls.ssl_write(message).map_err(LinkError::from_ssl)?;
            message = &message[sent..];
        }
        Ok(())
    }

    fn receive(&mut self, mut into: &mut [u8]) -> Result<(), LinkError> {
        while !into.is_empty() {
            match self.tls.ssl_read(into).map_err(LinkError::from_ssl)? {
                0 => return Err(LinkError::Closed),
                read => into = &mut into[read..],
            }
        }
        Ok(())
    }
}

/// A socket on which nothing waits beyond a point in time.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.checked_duration_since(now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(into).map_err(as_timeout)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes).map_err(as_timeout)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A socket with a timeout answers "would block", which TLS would take for "try again".
fn as_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these deadlines are those of blocking sockets; there is no runtime whose clock could be paused"
)]
fn now() -> Instant {
    Instant::now()
}

/// Why a KMIP server cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Its name is not known.
    #[error("its name cannot be resolved: {0}")]
    Resolve(io::Error),
    /// Its name has no address.
    #[error("its name has no address")]
    NoAddress,
    /// It did not answer in time.
    #[error("it does not answer in time (`timeout` of the group)")]
    TimedOut,
    /// It ended the connection.
    #[error(
        "it closed the connection without an answer; its log may say why, such as a client it does not know"
    )]
    Closed,
    /// Its certificate is not accepted.
    #[error("its certificate is not accepted: {reason}")]
    Certificate {
        /// In OpenSSL's words, such as `hostname mismatch`.
        reason: &'static str,
    },
    /// It does not accept our certificate.
    #[error("it does not accept our certificate ({reason})")]
    Refused {
        /// Its alert, in OpenSSL's words, such as `tlsv1 alert unknown ca`.
        reason: String,
    },
    /// There is no version or suite that both speak, or TLS failed otherwise.
    #[error("TLS fails: {reason}")]
    Tls {
        /// In OpenSSL's words, such as `no protocols available`.
        reason: String,
    },
    /// What it sends is no KMIP.
    #[error("its answer is no KMIP: {0}")]
    Message(TtlvFault),
    /// The connection failed.
    #[error("{0}")]
    Io(io::Error),
}

impl LinkError {
    fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(error),
        }
    }

    fn from_ssl(error: SslError) -> Self {
        if error.code() == ErrorCode::ZERO_RETURN {
            return Self::Closed;
        }
        if let Some(stack) = error.ssl_error() {
            return Self::from(stack.clone());
        }
        match error.into_io_error() {
            Ok(error) => Self::from_io(error),
            // The end of the stream without any sign is a system error that the system has not.
            Err(_) => Self::Closed,
        }
    }
}

impl From<ErrorStack> for LinkError {
    fn from(stack: ErrorStack) -> Self {
        let reason = stack
            .errors()
            .last()
            .and_then(openssl::error::Error::reason)
            .unwrap_or("for a reason that OpenSSL does not tell");
        if reason == "unexpected eof while reading" {
            return Self::Closed;
        }
        let about_us = [
            "unknown ca",
            "certificate",
            "access denied",
            "decrypt error",
        ];
        let reason = reason.to_owned();
        match reason.contains("alert") && about_us.iter().any(|part| reason.contains(part)) {
            true => Self::Refused { reason },
            false => Self::Tls { reason },
        }
    }
}
