//! Keys from a key management server, by KMIP 1.2 over mutual TLS.
//!
//! ```text
//! kmip_hosts group ─▶ Client ── TLS ─▶ first server that answers ── Locate, Get ─▶ ManagedObject
//! ```
//!
//! It blocks, for the group's `timeout` per exchange at most. The servers of a group are tried in
//! their order, and the next one only where the one before cannot be talked to: what a server
//! answers is believed, be it a refusal.

mod credentials;
mod host;
pub mod message;
mod transport;
pub(crate) mod ttlv;

use std::{fmt, path::PathBuf, time::Duration};

use zeroize::Zeroizing;

use self::transport::{Connection, Connector};
pub use self::{
    credentials::{StoreError, StoreFault},
    host::Host,
    message::{AnswerFault, ManagedObject, ObjectKind, Parameters, Reason},
    transport::LinkError,
    ttlv::TtlvFault,
};
use crate::Password;

/// The longest name that is asked for.
const MAX_NAME: usize = 1024;

/// The servers that keep the same keys, and how to talk to them: a group of `kmip_hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What the configuration calls it.
    pub name: String,
    /// The servers, in the order in which they are tried.
    pub hosts: Vec<Host>,
    /// Our key and certificate.
    pub keystore: StoreFile,
    /// Whom we believe.
    pub truststore: StoreFile,
    /// How long connecting, the handshake and each exchange may take.
    pub timeout: Duration,
}

/// A file of keys or certificates, in whatever format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFile {
    /// Where it is.
    pub path: PathBuf,
    /// What opens it.
    pub password: Option<Password>,
}

/// Talks to the servers of one group.
pub struct Client {
    group: String,
    hosts: Vec<Host>,
    connector: Connector,
}

impl Client {
    /// Reads the stores of the group; nothing is connected yet.
    ///
    /// # Errors
    /// A store cannot be read or opened, has no key with its certificate or nothing that is
    /// trusted, or OpenSSL does not take what it has.
    pub fn new(group: &Group) -> Result<Self, StoreError> {
        let credentials = credentials::load(group)?;
        let connector = Connector::new(credentials, group.timeout).map_err(|error| StoreError {
            path: group.keystore.path.clone(),
            fault: StoreFault::Refused(error.to_string()),
        })?;
        Ok(Self {
            group: group.name.clone(),
            hosts: group.hosts.clone(),
            connector,
        })
    }

    /// What the configuration calls the group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Makes sure that one server of the group is there, accepts us and speaks KMIP.
    ///
    /// # Errors
    /// None does.
    pub fn reach(&self) -> Result<(), KmipError> {
        self.with_server(|connection| {
            let answer = connection.exchange(&message::discover())?;
            Ok(message::is_answer(&answer)?)
        })
    }

    /// Gets the object of this name, or with this identifier where none has the name.
    ///
    /// # Errors
    /// No server can be talked to, none or several objects have the name, or the server refuses.
    pub fn get(&self, name: &str) -> Result<ManagedObject, KmipError> {
        self.with_server(|connection| {
            let identifier = identify(connection, name)?;
            get(connection, &identifier)
        })
    }

    /// Gets the object as [`get`](Self::get) does, and what it is used with.
    ///
    /// # Errors
    /// As for [`get`](Self::get); or it is for a cipher mode or padding that is not known here.
    pub fn get_with_parameters(
        &self,
        name: &str,
    ) -> Result<(ManagedObject, Parameters), KmipError> {
        self.with_server(|connection| {
            let identifier = identify(connection, name)?;
            let object = get(connection, &identifier)?;
            let answer = connection.exchange(&message::get_parameters(&identifier))?;
            match message::parameters(&answer) {
                Ok(parameters) => Ok((object, parameters)),
                // A server may refuse to name an attribute that the object does not have.
                Err(AnswerFault::Failed { .. }) => Ok((object, Parameters::default())),
                Err(fault) => Err(fault.into()),
            }
        })
    }

    /// Asks the first server that can be talked to.
    fn with_server<T>(
        &self,
        ask: impl Fn(&mut Connection) -> Result<T, ServerError>,
    ) -> Result<T, KmipError> {
        let mut failures = Vec::new();
        for host in &self.hosts {
            let asked = self
                .connector
                .connect(host)
                .map_err(ServerError::Link)
                .and_then(|mut connection| ask(&mut connection));
            let failed = |fault| KmipError::Answer {
                group: self.group.clone(),
                host: host.clone(),
                fault,
            };
            match asked {
                Ok(found) => return Ok(found),
                Err(ServerError::Link(error)) => failures.push(Failure {
                    host: host.clone(),
                    error,
                }),
                Err(ServerError::Answer(fault)) => return Err(failed(fault)),
                Err(ServerError::Object(fault)) => {
                    return Err(KmipError::Object {
                        group: self.group.clone(),
                        host: host.clone(),
                        fault,
                    });
                }
            }
        }
        Err(KmipError::Unreachable {
            group: self.group.clone(),
            failures,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("group", &self.group)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// The identifier of the object of this name; the name itself where no object has it.
fn identify(connection: &mut Connection, name: &str) -> Result<String, ServerError> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(ServerError::Object(ObjectFault::Name));
    }
    let answer = connection.exchange(&message::locate(name))?;
    let mut found = message::located(&answer)?.into_iter();
    match (found.next(), found.next()) {
        (None, _) => Ok(name.to_owned()),
        (Some(identifier), None) => Ok(identifier),
        (Some(_), Some(_)) => Err(ServerError::Object(ObjectFault::Several {
            name: name.to_owned(),
        })),
    }
}

fn get(connection: &mut Connection, identifier: &str) -> Result<ManagedObject, ServerError> {
    let answer: Zeroizing<Vec<u8>> = connection.exchange(&message::get(identifier))?;
    match message::object(&answer) {
        Err(AnswerFault::Failed { reason, .. }) if reason == Reason::ITEM_NOT_FOUND => {
            Err(ServerError::Object(ObjectFault::Missing {
                name: identifier.to_owned(),
            }))
        }
        object => Ok(object?),
    }
}

/// How one server failed.
#[derive(Debug, thiserror::Error)]
enum ServerError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Answer(#[from] AnswerFault),
    #[error(transparent)]
    Object(ObjectFault),
}

/// Why a group gives no key.
#[derive(Debug, thiserror::Error)]
pub enum KmipError {
    /// No server of the group can be talked to.
    #[error(
        "no server of the KMIP group {group} can be talked to: {}",
        listed(failures)
    )]
    Unreachable {
        /// The group.
        group: String,
        /// What happened with each server, in their order.
        failures: Vec<Failure>,
    },
    /// A server answered with something else than was asked for.
    #[error("KMIP group {group}, server {host}: {fault}")]
    Answer {
        /// The group.
        group: String,
        /// The server.
        host: Host,
        /// What is wrong.
        fault: AnswerFault,
    },
    /// There is no one such object.
    #[error("KMIP group {group}, server {host}: {fault}")]
    Object {
        /// The group.
        group: String,
        /// The server.
        host: Host,
        /// What is wrong.
        fault: ObjectFault,
    },
}

/// Why there is no one object of a name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ObjectFault {
    /// No object has this name or identifier, or none that this client may see.
    #[error(
        "there is no object with the name or identifier {name}, or none that this client may see"
    )]
    Missing {
        /// What was looked for.
        name: String,
    },
    /// More than one object has this name.
    #[error("several objects have the name {name}; expected one")]
    Several {
        /// What was looked for.
        name: String,
    },
    /// Nothing can have such a name.
    #[error("the name of the key is empty or longer than {MAX_NAME} bytes")]
    Name,
}

/// What happened with one server.
#[derive(Debug)]
pub struct Failure {
    /// The server.
    pub host: Host,
    /// Why it cannot be talked to.
    pub error: LinkError,
}

fn listed(failures: &[Failure]) -> String {
    if failures.is_empty() {
        return "it has none".to_owned();
    }
    failures
        .iter()
        .map(|failure| format!("{}: {}", failure.host, failure.error))
        .collect::<Vec<_>>()
        .join("; ")
}
