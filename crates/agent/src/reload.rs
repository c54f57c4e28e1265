//! Puts changed files in force: load, verify by our own rules, publish, keep the old on failure.

use std::{
    collections::BTreeSet,
    future::pending,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use ringlock_config::Config;
use ringlock_files::{read_limited, read_private};
use ringlock_model::Direction;
use ringlock_tls::TlsState;
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};

use crate::{
    configuration::{ConfigError, read_config},
    material::{
        LoadError, LoadingError, date, key_files, load,
        loading::{Loader, PATIENCE, drop_elsewhere},
        watched_files,
    },
    mode::StateError,
    shared::Shared,
    topology::{self, TopologyError},
    validity,
};

/// How long to wait after a change for the rest of it: a certificate and its key are two files.
const SETTLE: Duration = Duration::from_millis(300);

/// How often the files are looked at without a notice, for file systems that give none.
const POLL: Duration = Duration::from_secs(30);

/// How long after a failure that is not the files' fault they are tried again: a KMIP server that
/// does not answer, or a token that was taken out.
const RETRY: Duration = Duration::from_secs(5);

/// Each such failure doubles the wait, up to this.
const RETRY_AT_MOST: Duration = Duration::from_mins(5);

/// The most that is read of any watched file to tell whether it changed.
const MAX_FILE: u64 = ringlock_store::MAX_BYTES;

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Topology(#[from] TopologyError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("{0} was changed, which takes a restart of the agent")]
    NeedsRestart(&'static str),
}

impl ReloadError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Load(error) if error.may_pass())
    }
}

/// Reloads one at a time and knows what is in force.
pub(crate) struct Reloader {
    shared: Arc<Shared>,
    loader: Loader,
    fingerprint: Mutex<u64>,
}

/// Files that have changed, and what was made of them.
struct Changed {
    fingerprint: u64,
    config: Config,
    tls: TlsState,
    places: topology::Files,
    now: OffsetDateTime,
}

impl Reloader {
    /// A reloader for what was just loaded.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let fingerprint = fingerprint(&shared.in_force().config);
        Self {
            shared,
            loader: Loader::new(),
            fingerprint: Mutex::new(fingerprint),
        }
    }

    /// Puts the files in force as they are now and says whether they differ from before.
    ///
    /// What takes time is done on another thread, and not for longer than [`PATIENCE`].
    pub(crate) async fn reload(&self) -> Result<bool, ReloadError> {
        let mut in_force = self.fingerprint.lock().await;
        let outcome = match self.load_changed(*in_force).await {
            Ok(None) => return Ok(false),
            Ok(Some(changed)) => {
                let fingerprint = changed.fingerprint;
                self.publish(changed).map(|()| fingerprint)
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(fingerprint) => {
                // What was read may be newer than the fingerprint; then the next look reloads again.
                *in_force = fingerprint;
                self.shared.reloads.count_published();
                Ok(true)
            }
            Err(error) => {
                self.shared.reloads.count_failed();
                Err(error)
            }
        }
    }

    async fn load_changed(&self, known: u64) -> Result<Option<Changed>, ReloadError> {
        let old = self.shared.in_force();
        let load = move || load_changed(&old.config, known);
        let loaded = self.loader.run(PATIENCE, load).await;
        loaded.map_err(LoadError::from)?
    }

    fn publish(&self, changed: Changed) -> Result<(), ReloadError> {
        let Changed {
            config,
            tls,
            places,
            now,
            ..
        } = changed;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        validity::warn_of_own(&tls, &config.internode, now);
        let (mode, origin) = (
            config.internode.mode,
            config.internode.mode_origin.to_string(),
        );
        self.shared.mode.configure(mode, origin)?;
        tracing::info!(
            certificate = %tls.leaf().sha256,
            not_after = date(tls.leaf().not_after),
            outbound_certificate = tls.dialling_leaf().map(|leaf| &*leaf.sha256),
            "reloaded; new handshakes use it, and links are held against it"
        );
        let old = self.shared.live.current();
        let topology = &self.shared.topology;
        topology.configure(&config, places, tls.leaf());
        self.shared.live.publish(tls);
        self.shared.put_in_force(config);
        let directions = [Direction::Inbound, Direction::Outbound];
        if directions
            .into_iter()
            .any(|direction| old.signs_remotely(direction))
        {
            drop_elsewhere(old);
        }
        Ok(())
    }

    /// The state of the files.
    async fn look(&self) -> Result<u64, ReloadError> {
        let _turn = self.fingerprint.lock().await;
        let in_force = self.shared.in_force();
        let look = move || fingerprint(&in_force.config);
        let seen = self.loader.run(PATIENCE, look).await;
        Ok(seen.map_err(LoadError::from)?)
    }

    /// Reloads on every change of the files, until the agent ends.
    pub(crate) async fn watch(self: Arc<Self>) {
        let (sender, mut changes) = mpsc::channel(1);
        let mut watched = folders(&self.shared.in_force().config);
        let mut watcher = self.watcher(&watched, sender.clone());
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed: Option<Failed> = None;
        loop {
            tokio::select! {
                Some(()) = changes.recv() => sleep(SETTLE).await,
                () = sleep_until_due(failed.as_ref()) => {}
                _ = poll.tick() => {}
            }
            let is_due = failed.as_mut().is_some_and(Failed::take_turn);
            // A change that came while the last one settled is part of it.
            while changes.try_recv().is_ok() {}
            let folders = folders(&self.shared.in_force().config);
            if folders != watched {
                drop(watcher.take());
                watcher = self.watcher(&folders, sender.clone());
                watched = folders;
            }
            let seen = match self.look().await {
                Ok(seen) => seen,
                // What hangs was reported when it was left behind.
                Err(ReloadError::Load(LoadError::Loading(LoadingError::StillWaiting))) => continue,
                Err(error) => {
                    report(&error);
                    continue;
                }
            };
            let before = failed.take().filter(|failed| failed.seen == seen);
            if before.is_some() && !is_due {
                failed = before;
                continue;
            }
            if let Err(error) = self.reload().await {
                let failure = Failed::again(before.as_ref(), seen, &error);
                // Said once for each state of the files, and not at every try.
                if before.is_none_or(|before| before.said != failure.said) {
                    report(&error);
                }
                failed = Some(failure);
            }
        }
    }

    /// Watches folders and not files: a file that is replaced by a rename, or by the swap of a
    /// symbolic link above it, takes its watch along.
    fn watcher(
        &self,
        folders: &BTreeSet<PathBuf>,
        changes: mpsc::Sender<()>,
    ) -> Option<RecommendedWatcher> {
        let notice = move |event: notify::Result<notify::Event>| {
            if event.as_ref().is_ok_and(|event| is_mere_access(event.kind)) {
                return;
            }
            // A full channel holds the same notice already.
            let _noticed = changes.try_send(());
        };
        let config = notify::Config::default();
        let mut watcher = match RecommendedWatcher::new(notice, config) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!(%error, "files are looked at every {POLL:?} only");
                return None;
            }
        };
        for folder in folders {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, folder = %folder.display(), "a folder is looked at every {POLL:?} only");
            }
        }
        Some(watcher)
    }
}

/// A state of the files that could not be put in force.
struct Failed {
    seen: u64,
    said: String,
    /// When to try again without a change, and how long was waited for that; never where the
    /// files themselves are to blame.
    again: Option<(Instant, Duration)>,
}

impl Failed {
    /// What comes of `error`, after the same files failed `before`.
    fn again(before: Option<&Self>, seen: u64, error: &ReloadError) -> Self {
        let waited = before.and_then(|before| before.again).map(|(_, wait)| wait);
        let wait = waited.map_or(RETRY, |waited| (waited * 2).min(RETRY_AT_MOST));
        Self {
            seen,
            said: error.to_string(),
            again: error.may_pass().then(|| (Instant::now() + wait, wait)),
        }
    }

    /// Whether it is time to try again; if so, the next time is later.
    fn take_turn(&mut self) -> bool {
        let now = Instant::now();
        let Some((due, wait)) = self.again.as_mut().filter(|(due, _)| *due <= now) else {
            return false;
        };
        *due = now + *wait;
        true
    }
}

async fn sleep_until_due(failed: Option<&Failed>) {
    match failed.and_then(|failed| failed.again) {
        Some((due, _)) => sleep_until(due).await,
        None => pending().await,
    }
}

/// Whether nothing was written: our own looks at the files are such events, and would otherwise
/// lead to the next look.
fn is_mere_access(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Logs a failed reload, one line a mistake.
pub(crate) fn report(error: &ReloadError) {
    for line in error.to_string().lines() {
        tracing::warn!("not reloaded, what was in force stays: {line}");
    }
}

/// Reads everything anew unless the files are as they were `known`.
fn load_changed(old: &Config, known: u64) -> Result<Option<Changed>, ReloadError> {
    let fingerprint = fingerprint(old);
    if fingerprint == known {
        return Ok(None);
    }
    let config = read_config(&old.path)?;
    check_fixed(old, &config)?;
    let now = OffsetDateTime::now_utc();
    let tls = load(&config, now)?;
    let places = topology::Files::read(&config)?;
    topology::check_configured(&config, tls.leaf())?;
    Ok(Some(Changed {
        fingerprint,
        config,
        tls,
        places,
        now,
    }))
}

/// Sockets, threads and the place of the state are made once.
fn check_fixed(old: &Config, new: &Config) -> Result<(), ReloadError> {
    let fixed = [
        ("interception", old.interception == new.interception),
        ("admin_socket", old.admin_socket == new.admin_socket),
        (
            "state_directory",
            old.state_directory == new.state_directory,
        ),
        ("workers", old.workers == new.workers),
        ("busy_poll", old.busy_poll == new.busy_poll),
        ("max_handshakes", old.max_handshakes == new.max_handshakes),
        ("storage_port", old.storage_port == new.storage_port),
        (
            "ssl_storage_port",
            old.ssl_storage_port == new.ssl_storage_port,
        ),
    ];
    match fixed.into_iter().find(|(_, same)| !same) {
        Some((key, _)) => Err(ReloadError::NeedsRestart(key)),
        None => Ok(()),
    }
}

/// Tells one state of the files from another; an unreadable file is a state too.
fn fingerprint(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in watched_files(config) {
        file.hash(&mut hasher);
        match read_limited(&file, MAX_FILE) {
            Ok(bytes) => bytes.hash(&mut hasher),
            Err(error) => error.to_string().hash(&mut hasher),
        }
    }
    // A key that others may read is a change, though its content is not.
    for file in key_files(config) {
        if let Err(error) = read_private(file, MAX_FILE) {
            error.to_string().hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn folders(config: &Config) -> BTreeSet<PathBuf> {
    watched_files(config)
        .iter()
        .filter_map(|file| file.parent())
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder.to_owned()
            }
        })
        .collect()
}
