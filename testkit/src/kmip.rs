//! PyKMIP's server on loopback: keys that come from a KMIP server, over mutual TLS.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    cache,
    process::{Process, ProcessError},
};

/// The name of the key of 16 bytes, `00` to `0f`, that the server has.
pub const KEY_NAME: &str = "dse-key";
/// The same key, as OpenSSL takes it.
pub const KEY_HEX: &str = "000102030405060708090a0b0c0d0e0f";

/// The program that serves and registers the objects.
const PROGRAM: &str = include_str!("kmip/server.py");
const PACKAGES: &str = "pykmip-0.11.0";
/// What it says once it has its objects; the key is the first of them.
const READY: &str = "ready 1";
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum KmipError {
    /// PyKMIP is not in the cache.
    #[error("there is no PyKMIP in {}; `./x test` puts it there", .dir.display())]
    NoPackages {
        /// Where it should be.
        dir: PathBuf,
    },
    /// There is no port for it.
    #[error("no free port for PyKMIP: {0}")]
    NoPort(io::Error),
    /// It did not start.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct KmipServer {
    process: Process,
    address: SocketAddr,
}

impl KmipServer {
    /// Starts one and waits until it has its objects: the symmetric key [`KEY_NAME`], two symmetric
    /// keys called `twice`, and the secret data `password`, which is `hunter2`.
    ///
    /// `folder`, which is for this server alone, has `server.crt`, `server.key`, `ca.crt`, `client.crt`
    /// and `client.key`; the server puts its database and its log beside them. `suites` are names of RFC 5246; empty means all that
    /// it has.
    ///
    /// # Errors
    /// [`KmipError::NoPackages`] where PyKMIP was not fetched, or it does not start.
    pub fn start(folder: &Path, suites: &str) -> Result<Self, KmipError> {
        // Between this and the server's own bind somebody else could take the port; the server
        // says so, and the test fails loudly.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(KmipError::NoPort)?;
        Self::start_at(address, folder, suites)
    }

    /// The same at an address where another one has ended, with a folder of its own.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_at(address: SocketAddr, folder: &Path, suites: &str) -> Result<Self, KmipError> {
        let packages = cache::folder().join(PACKAGES);
        if !packages.is_dir() {
            return Err(KmipError::NoPackages { dir: packages });
        }
        let mut command = Command::new("python3");
        command
            .args(["-c", PROGRAM, &address.port().to_string()])
            .arg(folder)
            .arg(suites)
            .env("PYTHONPATH", packages)
            .env("PYTHONWARNINGS", "ignore");
        let log = folder.join("pykmip.log");
        let mut process = Process::start("PyKMIP", command, None, &log)?;
        process.wait_for(READY, 1, PATIENCE)?;
        Ok(Self { process, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}
