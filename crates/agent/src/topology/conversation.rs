//! One connection to the local node's clients' port.

use std::{net::SocketAddr, time::Duration};

use ringlock_net::{DialError, Dialer};
use ringlock_secret::Password;
use ringlock_topology::cql::{self, Answer, HEADER, Header, NoAnswer, Row, code};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use zeroize::Zeroizing;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Why the local node does not tell.
#[derive(Debug, thiserror::Error)]
pub(super) enum CqlError {
    #[error("{0}")]
    Dial(#[from] DialError),
    #[error("{address} ended the connection: {error}")]
    Broken {
        address: SocketAddr,
        error: std::io::Error,
    },
    #[error("{address} closed the connection")]
    Closed { address: SocketAddr },
    #[error("{address} did not answer within {PATIENCE:?}")]
    Silent { address: SocketAddr },
    #[error(
        "{address} takes clients by TLS alone, and this version asks without; set optional: true \
         in the database's client_encryption_options, or tell places with ringlock.topology.nodes"
    )]
    Tls { address: SocketAddr },
    #[error("{address} speaks no CQL of version 4")]
    NoCql { address: SocketAddr },
    #[error(
        "{address} asks who this is ({class}); give ringlock.topology.cql.username and \
         password_file"
    )]
    Unnamed { address: SocketAddr, class: String },
    #[error("{address} does not let \"{username}\" in: {message}")]
    NotLetIn {
        address: SocketAddr,
        username: String,
        message: String,
    },
    #[error("{address} refuses: {message} (error {code:#06x})")]
    Refused {
        address: SocketAddr,
        code: i32,
        message: String,
    },
    #[error("{0}")]
    Password(#[from] ringlock_secret::PasswordError),
    #[error("{0}")]
    Loading(#[from] crate::material::LoadingError),
}

impl CqlError {
    /// Whether it is everyday life of a database that is not up yet, or restarts.
    pub(super) fn is_ordinary(&self) -> bool {
        matches!(
            self,
            Self::Dial(_) | Self::Broken { .. } | Self::Closed { .. } | Self::Silent { .. }
        )
    }
}

/// A connection on which one question at a time is asked.
pub(super) struct Conversation {
    address: SocketAddr,
    stream: TcpStream,
    /// What was read and is no whole frame yet.
    read: Vec<u8>,
    /// Whether something changed since the last look.
    is_told: bool,
}

impl Conversation {
    /// Connects and opens the conversation; says the class of the authenticator if it wants to
    /// know who asks.
    pub(super) async fn begin(
        dialer: &Dialer,
        address: SocketAddr,
    ) -> Result<(Self, Option<String>), CqlError> {
        let mut conversation = Self {
            address,
            stream: dialer.dial(address).await?,
            read: Vec::new(),
            is_told: false,
        };
        match conversation.ask(&cql::startup()).await? {
            Answer::Ready => Ok((conversation, None)),
            Answer::Authenticate(class) => Ok((conversation, Some(class))),
            answer => Err(conversation.unexpected(answer)),
        }
    }

    /// Says who asks.
    pub(super) async fn identify(
        &mut self,
        username: &str,
        password: &Password,
    ) -> Result<(), CqlError> {
        let request = Zeroizing::new(cql::credentials(username, password.expose()));
        match self.ask(&request).await? {
            Answer::Ready => Ok(()),
            Answer::Refused { message, code } if code == code::BAD_CREDENTIALS => {
                Err(CqlError::NotLetIn {
                    address: self.address,
                    username: username.to_owned(),
                    message,
                })
            }
            answer => Err(self.unexpected(answer)),
        }
    }

    /// Asks to be told of changes.
    pub(super) async fn register(&mut self) -> Result<(), CqlError> {
        match self.ask(&cql::register()).await? {
            Answer::Ready => Ok(()),
            answer => Err(self.unexpected(answer)),
        }
    }

    /// What the node says of itself.
    pub(super) async fn local(&mut self) -> Result<Vec<Row>, CqlError> {
        let answer = self.ask(&cql::query(cql::LOCAL)).await?;
        self.rows(answer)
    }

    /// What the node says of the others.
    pub(super) async fn peers(&mut self) -> Result<Vec<Row>, CqlError> {
        let answer = match self.ask(&cql::query(cql::PEERS_V2)).await? {
            // Products that have no such table.
            Answer::Refused { code, .. } if code == code::INVALID => {
                self.ask(&cql::query(cql::PEERS)).await?
            }
            answer => answer,
        };
        self.rows(answer)
    }

    /// Waits until something changes. May be given up at any moment.
    pub(super) async fn told(&mut self) -> Result<(), CqlError> {
        while !self.is_told {
            self.next().await?;
        }
        self.is_told = false;
        Ok(())
    }

    fn rows(&self, answer: Answer) -> Result<Vec<Row>, CqlError> {
        match answer {
            Answer::Rows(rows) => Ok(rows),
            answer => Err(self.unexpected(answer)),
        }
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Answer, CqlError> {
        let address = self.address;
        let answer = async {
            let written = self.stream.write_all(request).await;
            written.map_err(|error| CqlError::Broken { address, error })?;
            loop {
                if let Some(answer) = self.next().await? {
                    return Ok(answer);
                }
            }
        };
        timeout(PATIENCE, answer)
            .await
            .map_err(|_| CqlError::Silent { address })?
    }

    /// The next frame; none for an event. Nothing is lost if it is given up.
    async fn next(&mut self) -> Result<Option<Answer>, CqlError> {
        let address = self.address;
        loop {
            if let Some(answer) = self.take()? {
                let is_event = answer == Answer::Event;
                self.is_told |= is_event;
                return Ok((!is_event).then_some(answer));
            }
            self.read.reserve(CHUNK);
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) => return Err(CqlError::Closed { address }),
                Ok(_) => {}
                Err(error) => return Err(CqlError::Broken { address, error }),
            }
        }
    }

    /// A whole frame of what was read.
    fn take(&mut self) -> Result<Option<Answer>, CqlError> {
        let wrong = |wrong: NoAnswer| {
            let address = self.address;
            match wrong {
                NoAnswer::Tls => CqlError::Tls { address },
                NoAnswer::NoFrame | NoAnswer::TooLong(_) | NoAnswer::Broken => {
                    CqlError::NoCql { address }
                }
            }
        };
        let Some((header, body)) = self.read.split_first_chunk::<HEADER>() else {
            // An alert of TLS is shorter than a header.
            let is_alert = self.read.starts_with(&[21, 3]);
            return if is_alert {
                Err(wrong(NoAnswer::Tls))
            } else {
                Ok(None)
            };
        };
        let header = Header::parse(header).map_err(wrong)?;
        let Some(body) = body.get(..header.length) else {
            return Ok(None);
        };
        let answer = Answer::parse(header, body).map_err(wrong)?;
        self.read.drain(..HEADER + header.length);
        Ok(Some(answer))
    }

    fn unexpected(&self, answer: Answer) -> CqlError {
        let address = self.address;
        match answer {
            Answer::Refused { code, message } => CqlError::Refused {
                address,
                code,
                message,
            },
            _ => CqlError::NoCql { address },
        }
    }
}
