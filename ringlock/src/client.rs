//! Asks an agent through its admin socket.

use std::{
    io,
    path::{Path, PathBuf},
};

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use ringlock_model::admin::ApiError;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;

use crate::{agent::read_config, outcome::Failure};

/// Where agents listen unless told otherwise.
const DEFAULT_SOCKET: &str = "/run/ringlock/admin.sock";

/// Which agent is meant.
#[derive(clap::Args)]
pub(crate) struct Target {
    /// The agent's admin socket [default: /run/ringlock/admin.sock]
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    socket: Option<PathBuf>,
    /// The agent's ringlock.yaml, to read the admin socket from
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Target {
    fn path(&self) -> Result<PathBuf, Failure> {
        match (&self.socket, &self.config) {
            (Some(socket), _) => Ok(socket.clone()),
            (None, Some(config)) => Ok(read_config(config)?.admin_socket),
            (None, None) => Ok(DEFAULT_SOCKET.into()),
        }
    }

    /// Asks for something.
    pub(crate) fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, Failure> {
        self.ask(Method::GET, path, Bytes::new())
    }

    /// Orders something.
    pub(crate) fn send<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, Failure> {
        let body = serde_json::to_vec(body).map_err(Failure::failed)?;
        self.ask(method, path, body.into())
    }

    fn ask<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<A, Failure> {
        let socket = self.path()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (ok, answer) = runtime.block_on(exchange(&socket, method, path, body))?;
        if ok {
            return serde_json::from_slice(&answer).map_err(|error| {
                Failure::failed(format!("the agent's answer cannot be read: {error}"))
            });
        }
        Err(match serde_json::from_slice::<ApiError>(&answer) {
            Ok(refusal) => Failure::failed(refusal.error),
            Err(_) => Failure::failed(String::from_utf8_lossy(&answer)),
        })
    }
}

async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(bool, Bytes), Failure> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|error| unreachable(socket, &error))?;
    let failed = |error: hyper::Error| {
        Failure::failed(format!(
            "{}: the agent does not answer: {error}",
            socket.display()
        ))
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "ringlock")
        .header("content-type", "application/json")
        .body(Full::new(body))
        .map_err(Failure::failed)?;
    let response = sender.send_request(request).await.map_err(failed)?;
    let ok = response.status().is_success();
    let answer = response.into_body().collect().await.map_err(failed)?;
    Ok((ok, answer.to_bytes()))
}

fn unreachable(socket: &Path, error: &io::Error) -> Failure {
    let socket = socket.display();
    Failure::failed(match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{socket}: no agent has its admin socket there; --socket or --config names another"
        ),
        io::ErrorKind::ConnectionRefused => {
            format!("{socket}: no agent answers; the one that made this socket has ended")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{socket}: permission denied; run this as the agent's user or as root")
        }
        _ => format!("{socket}: the agent cannot be reached: {error}"),
    })
}
