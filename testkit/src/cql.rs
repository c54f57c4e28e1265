//! One client of one node: rows written and read through it and no other, without a retry.

use std::{
    collections::BTreeMap, error::Error, fmt, io, net::SocketAddr, sync::Arc, time::Duration,
};

use scylla::{
    client::{
        execution_profile::ExecutionProfile, session::Session, session_builder::SessionBuilder,
    },
    policies::{host_filter::AllowListHostFilter, retry::FallthroughRetryPolicy},
    statement::{Consistency, Statement},
};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::lab::{Namespace, NamespaceError};

/// A client that waits longer has long lost its patience.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Writes that are under way at the same time.
const WRITERS: usize = 16;

/// Why a client got no answer, or a bad one.
#[derive(Debug, thiserror::Error)]
pub enum CqlError {
    /// The client's namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// No runtime for the driver.
    #[error("cannot start the driver: {0}")]
    Runtime(#[from] io::Error),
    /// The node did not do what it was asked to.
    #[error("{node}: cannot {step}: {cause}")]
    Refused {
        /// Which node.
        node: SocketAddr,
        /// What was being done.
        step: String,
        /// What the driver said.
        cause: String,
    },
}

/// How many replicas have to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// One, which for reads is the node itself where it is a replica.
    One,
    /// Every one.
    All,
}

/// Rows of a table with the columns `id` and `value`, both text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub BTreeMap<String, String>);

/// A client's connection to one node.
#[derive(Debug)]
pub struct Client {
    node: SocketAddr,
    namespace: Namespace,
    runtime: Runtime,
    session: Arc<Session>,
}

impl Client {
    /// Connects from the namespace to that node alone.
    pub fn connect(namespace: &Namespace, node: SocketAddr) -> Result<Self, CqlError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let session = namespace.within(|| runtime.block_on(connect(node)))?;
        let session = session.map_err(|error| CqlError::Refused {
            node,
            step: "connect".to_owned(),
            cause: with_causes(&*error),
        })?;
        Ok(Self {
            session: Arc::new(session),
            node,
            namespace: namespace.clone(),
            runtime,
        })
    }

    /// Executes a statement without parameters.
    pub fn execute(&self, statement: &str) -> Result<(), CqlError> {
        self.ask(statement, async |session| {
            session.query_unpaged(statement, ()).await?;
            Ok(())
        })
    }

    /// The version of the schema that the node has.
    pub fn schema_version(&self) -> Result<String, CqlError> {
        let question = "SELECT CAST(schema_version AS text) FROM system.local";
        self.ask(question, async |session| {
            let answer = session.query_unpaged(question, ()).await?;
            let rows = answer.into_rows_result()?;
            let (version,) = rows.single_row::<(String,)>()?;
            Ok(version)
        })
    }

    /// Writes the rows, some at the same time.
    pub fn write(&self, table: &str, rows: &Rows, replicas: Replicas) -> Result<(), CqlError> {
        let insert = format!("INSERT INTO {table} (id, value) VALUES (?, ?)");
        let insert = replicas.of(insert);
        self.ask(&format!("write to {table}"), async |session| {
            let insert = session.prepare(insert).await?;
            let mut writers = JoinSet::new();
            for (id, value) in rows.0.clone() {
                if writers.len() == WRITERS
                    && let Some(written) = writers.join_next().await
                {
                    written??;
                }
                let (session, insert) = (Arc::clone(&self.session), insert.clone());
                writers.spawn(async move {
                    let written = session.execute_unpaged(&insert, (id, value)).await;
                    written.map(drop)
                });
            }
            while let Some(written) = writers.join_next().await {
                written??;
            }
            Ok(())
        })
    }

    /// Reads every row of the table.
    pub fn read(&self, table: &str, replicas: Replicas) -> Result<Rows, CqlError> {
        let select = replicas.of(format!("SELECT id, value FROM {table}"));
        self.ask(&format!("read {table}"), async |session| {
            let answer = session.query_unpaged(select, ()).await?;
            let answer = answer.into_rows_result()?;
            let rows = answer.rows::<(String, String)>()?;
            Ok(Rows(rows.collect::<Result<_, _>>()?))
        })
    }

    fn ask<T: Send>(
        &self,
        step: &str,
        question: impl AsyncFnOnce(&Session) -> Result<T, Box<dyn Error + Send + Sync>> + Send,
    ) -> Result<T, CqlError> {
        let answer = self
            .namespace
            .within(|| self.runtime.block_on(question(&self.session)))?;
        answer.map_err(|error| CqlError::Refused {
            node: self.node,
            step: step.to_owned(),
            cause: with_causes(&*error),
        })
    }
}

impl Replicas {
    fn of(self, statement: String) -> Statement {
        let mut statement = Statement::new(statement);
        statement.set_consistency(match self {
            Self::One => Consistency::One,
            Self::All => Consistency::All,
        });
        statement
    }
}

impl Rows {
    /// So many rows, each with its number in its `id` behind the prefix, and with that text in a
    /// value of that length.
    pub fn generate(prefix: &str, count: usize, text: &str, length: usize) -> Self {
        let rows = (0..count).map(|number| {
            let id = format!("{prefix}-{number}");
            let value = format!("{text} {id} ");
            (id, format!("{value:.<length$}"))
        });
        Self(rows.collect())
    }

    /// Those of the rows whose `id` begins so.
    pub fn beginning(mut self, prefix: &str) -> Self {
        self.0.retain(|id, _| id.starts_with(prefix));
        self
    }
}

impl fmt::Display for Rows {
    /// How many there are, and the checksum of all of them: FNV-1a, as its authors define it for
    /// 64 bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let texts = self.0.iter().flat_map(|(id, value)| [id, value]);
        let bytes = texts.flat_map(|text| text.bytes().chain([0]));
        let sum = bytes.fold(OFFSET, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(PRIME)
        });
        write!(f, "{} rows {sum:016x}", self.0.len())
    }
}

async fn connect(node: SocketAddr) -> Result<Session, Box<dyn Error + Send + Sync>> {
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::One)
        .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
        .speculative_execution_policy(None)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .build();
    let session = SessionBuilder::new()
        .known_node_addr(node)
        .host_filter(Arc::new(AllowListHostFilter::new([node])?))
        // The one node that is asked would agree with itself.
        .auto_await_schema_agreement(false)
        .default_execution_profile_handle(profile.into_handle())
        .build()
        .await?;
    Ok(session)
}

/// The error with everything that led to it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_print_their_number_and_a_checksum_of_every_byte() {
        assert_eq!(Rows::default().to_string(), "0 rows cbf29ce484222325");
        let rows = Rows::generate("a", 3, "text", 20);
        let mut other = rows.clone();
        assert_eq!(rows.to_string(), other.to_string());
        other.0.insert("a-1".to_owned(), "another".to_owned());
        assert_ne!(rows.to_string(), other.to_string());
        assert_eq!(rows.0["a-2"], "text a-2 ...........");
    }
}
