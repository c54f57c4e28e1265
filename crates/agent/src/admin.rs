//! The admin socket: HTTP and JSON on a Unix socket that only its owner may open.

use std::{
    io,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use ringlock_files::{FileError, create_dir_private};
use ringlock_model::admin::{ApiError, CutReport, CutRequest, Reloaded, SetMode, Status};
use tokio::net::UnixListener;

use crate::{cut, reload::Reloader, shared::Shared, status::status, topology};

/// Why the admin socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Another agent answers there.
    #[error("{}: another agent answers at this admin socket; give each its own", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Its folder cannot be made.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// The socket cannot be made.
    #[error("{}: the admin socket cannot be opened: {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) shared: Arc<Shared>,
    pub(crate) reloader: Arc<Reloader>,
    /// Told when the agent is to drain and end.
    pub(crate) stop: tokio::sync::mpsc::Sender<Stop>,
    /// Cuts are carried out one request after the other.
    pub(crate) cutting: Arc<tokio::sync::Mutex<()>>,
}

/// An order from the admin socket that ends the agent's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// End all links gently, take no new ones, stay.
    Drain,
    /// The same, and end.
    Exit,
}

/// Opens the socket. It exists under its name only once its mode is right, so there is no moment
/// at which another user could connect.
pub(crate) fn open(path: &Path) -> Result<UnixListener, AdminError> {
    let failed = |source| AdminError::Socket {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        create_dir_private(folder)?;
    }
    if UnixStream::connect(path).is_ok() {
        return Err(AdminError::Taken {
            path: path.to_owned(),
        });
    }
    let unready = path.with_extension(format!("{}.new", std::process::id()));
    let listener = UnixListener::bind(&unready).map_err(failed)?;
    std::fs::set_permissions(&unready, std::fs::Permissions::from_mode(0o600))
        .and_then(|()| std::fs::rename(&unready, path))
        .map_err(failed)?;
    Ok(listener)
}

/// Serves requests until the agent ends.
pub(crate) async fn serve(listener: UnixListener, admin: Admin) -> io::Result<()> {
    let router = Router::new()
        .route("/v1/status", get(get_status))
        .route("/v1/mode", put(put_mode))
        .route("/v1/cut", post(post_cut))
        .route("/v1/reload", post(post_reload))
        .route("/v1/drain", post(post_drain))
        .route("/v1/stop", post(post_stop))
        .with_state(admin);
    axum::serve(listener, router).await
}

async fn get_status(State(admin): State<Admin>) -> Json<Status> {
    Json(status(&admin.shared))
}

async fn put_mode(
    State(admin): State<Admin>,
    order: Result<Json<SetMode>, JsonRejection>,
) -> Result<Json<Status>, Failure> {
    let Json(order) = order?;
    let in_force = admin.shared.in_force();
    let own = admin.shared.live.current();
    topology::check(order.mode, "the order", &in_force.config, own.leaf())
        .map_err(|error| Failure(StatusCode::CONFLICT, error.to_string()))?;
    let before = admin.shared.mode.mode();
    admin
        .shared
        .mode
        .order(order.mode)
        .map_err(Failure::internal)?;
    tracing::info!(from = %before, to = %order.mode, "mode ordered");
    if order.mode != before {
        topology::warn_of_scope(order.mode, &in_force.config.internode);
    }
    Ok(Json(status(&admin.shared)))
}

async fn post_cut(
    State(admin): State<Admin>,
    request: Result<Json<CutRequest>, JsonRejection>,
) -> Result<Json<CutReport>, Failure> {
    let Json(request) = request?;
    let config = &admin.shared.in_force().config;
    let Some(rules) = cut::interception_rules(config) else {
        return Err(Failure(
            StatusCode::CONFLICT,
            "nothing is intercepted in listen mode, so nothing goes past the agent".to_owned(),
        ));
    };
    let _one_at_a_time = admin.cutting.lock().await;
    cut::cut(&admin.shared, &rules, &request)
        .await
        .map(Json)
        .map_err(Failure::internal)
}

async fn post_reload(State(admin): State<Admin>) -> Result<Json<Reloaded>, Failure> {
    match admin.reloader.reload().await {
        Ok(changed) => Ok(Json(Reloaded { changed })),
        Err(error) => Err(Failure(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("not reloaded, what was in force stays: {error}"),
        )),
    }
}

async fn post_drain(State(admin): State<Admin>) -> Json<Status> {
    order(&admin, Stop::Drain).await
}

async fn post_stop(State(admin): State<Admin>) -> Json<Status> {
    order(&admin, Stop::Exit).await
}

async fn order(admin: &Admin, stop: Stop) -> Json<Status> {
    // A closed channel means that the agent is ending already.
    let _ending_anyway = admin.stop.send(stop).await;
    Json(status(&admin.shared))
}

/// A request that was not carried out.
struct Failure(StatusCode, String);

impl Failure {
    fn internal(error: impl std::fmt::Display) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::warn!(error = %self.1, "an order was not carried out");
        (self.0, Json(ApiError { error: self.1 })).into_response()
    }
}
