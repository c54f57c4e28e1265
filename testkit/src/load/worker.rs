use std::{
    collections::HashSet,
    error::Error,
    sync::{Arc, mpsc},
    time::Duration,
};

use scylla::{
    client::{
        execution_profile::ExecutionProfile, session::Session, session_builder::SessionBuilder,
    },
    policies::retry::FallthroughRetryPolicy,
    statement::{Consistency, prepared::PreparedStatement},
};
use tokio::task::JoinSet;

use super::{LoadError, LoadOptions, Shared, record::Begun};
use crate::{clock::Moment, cql::with_causes};

const KEYSPACE: &str = "ringlock_load";
/// How long a row's value is.
const VALUE_LENGTH: usize = 200;
/// After so many rows of its own a worker reads an old one again.
const LOOK_BACK: u64 = 8;
/// A client that waits longer has long lost its patience.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// One client: writes a row, reads it, reads an old one now and then, until told to stop.
struct Worker {
    number: usize,
    session: Arc<Session>,
    insert: PreparedStatement,
    select: PreparedStatement,
    marker: String,
    rest: Duration,
    shared: Arc<Shared>,
    /// Rows whose write failed: both the row and its absence are right.
    unsure: HashSet<u64>,
}

/// Connects and runs all workers to their end.
pub(super) async fn run_all(
    options: &LoadOptions,
    shared: &Arc<Shared>,
    ready: &mpsc::Sender<()>,
) -> Result<(), LoadError> {
    let session = Arc::new(connect(options).await?);
    make_table(&session, options).await?;
    let insert = prepare(&session, "INSERT INTO rows (id, value) VALUES (?, ?)").await?;
    let select = prepare(&session, "SELECT value FROM rows WHERE id = ?").await?;
    shared.recorder().restart(Moment::now());
    let mut workers = JoinSet::new();
    for number in 0..options.workers {
        let worker = Worker {
            number,
            session: Arc::clone(&session),
            insert: insert.clone(),
            select: select.clone(),
            marker: options.marker.clone(),
            rest: options.rest,
            shared: Arc::clone(shared),
            unsure: HashSet::new(),
        };
        workers.spawn(worker.run());
    }
    // The owner may have given up meanwhile; then the workers are told to stop as well.
    ready.send(()).ok();
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|_| LoadError::Broken)?;
    }
    Ok(())
}

impl Worker {
    async fn run(mut self) {
        let mut sequence = 0;
        while !self.shared.stopped() {
            self.write(sequence).await;
            self.read(sequence).await;
            if sequence % LOOK_BACK == LOOK_BACK - 1 {
                self.read(sequence / 2).await;
            }
            sequence += 1;
        }
    }

    async fn write(&mut self, sequence: u64) {
        let row = (self.id(sequence), self.value(sequence));
        let begun = self.shared.recorder().begin(Moment::now());
        let answer = self.session.execute_unpaged(&self.insert, row).await;
        let outcome = answer.map(drop).map_err(|error| with_causes(&error));
        if outcome.is_err() {
            self.unsure.insert(sequence);
        }
        self.record("write", begun, outcome).await;
    }

    async fn read(&self, sequence: u64) {
        let key = (self.id(sequence),);
        let begun = self.shared.recorder().begin(Moment::now());
        let outcome = match self.session.execute_unpaged(&self.select, key).await {
            Err(error) => Err(with_causes(&error)),
            Ok(result) => result
                .into_rows_result()
                .map_err(|error| with_causes(&error))
                .and_then(|rows| {
                    rows.maybe_first_row::<(String,)>()
                        .map_err(|error| with_causes(&error))
                })
                .and_then(|row| self.compare(sequence, row.map(|(value,)| value))),
        };
        self.record("read", begun, outcome).await;
    }

    fn compare(&self, sequence: u64, found: Option<String>) -> Result<(), String> {
        let expected = self.value(sequence);
        match found {
            Some(value) if value == expected => Ok(()),
            None if self.unsure.contains(&sequence) => Ok(()),
            Some(value) => Err(format!("row {} reads \"{value}\"", self.id(sequence))),
            None => Err(format!("row {} is lost", self.id(sequence))),
        }
    }

    async fn record(&self, kind: &'static str, begun: Begun, outcome: Result<(), String>) {
        self.shared
            .recorder()
            .end(&begun, kind, Moment::now(), outcome);
        if !self.rest.is_zero() {
            tokio::time::sleep(self.rest).await;
        }
    }

    fn id(&self, sequence: u64) -> String {
        format!("{}-{sequence}", self.number)
    }

    fn value(&self, sequence: u64) -> String {
        let text = format!("{} {} ", self.marker, self.id(sequence));
        format!("{text:.<VALUE_LENGTH$}")
    }
}

async fn connect(options: &LoadOptions) -> Result<Session, LoadError> {
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::Quorum)
        .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
        .speculative_execution_policy(None)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .build();
    SessionBuilder::new()
        .known_nodes_addr(&options.contact_points)
        .default_execution_profile_handle(profile.into_handle())
        .build()
        .await
        .map_err(setup("connect"))
}

async fn make_table(session: &Session, options: &LoadOptions) -> Result<(), LoadError> {
    let keyspace = format!(
        "CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = {}",
        options.replication
    );
    let table = "CREATE TABLE IF NOT EXISTS rows (id text PRIMARY KEY, value text) \
                 WITH speculative_retry = 'NONE'";
    let no_parameters = ();
    session
        .query_unpaged(keyspace, no_parameters)
        .await
        .map_err(setup("create its keyspace"))?;
    session
        .use_keyspace(KEYSPACE, false)
        .await
        .map_err(setup("use its keyspace"))?;
    session
        .query_unpaged(table, no_parameters)
        .await
        .map_err(setup("create its table"))?;
    Ok(())
}

async fn prepare(session: &Session, statement: &str) -> Result<PreparedStatement, LoadError> {
    session
        .prepare(statement)
        .await
        .map_err(setup("prepare its statements"))
}

fn setup<E: Error>(step: &'static str) -> impl Fn(E) -> LoadError {
    move |error| LoadError::Setup {
        step,
        cause: with_causes(&error),
    }
}
