//! Storage in PostgreSQL: many processes over one store.
//!
//! One table, `kitflik`, with a row for each key; the view `kitflik_json` shows it to people. Every commit is
//! one call of one function, which locks the keys of its batches, checks them and writes: nothing is held
//! between two messages, so a process that stops in the middle of something holds nobody up. What waits
//! while a call is on its way goes into the next one, together. `docs/adr/0005-postgresql.md` says why this
//! is right, also with several processes.

mod address;
mod inbox;
mod link;
mod reader;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kitflik_core::{Batch, Commit, Read, Row, Storage, StorageError, validate_batch, validate_reads};
use tokio::sync::{mpsc, oneshot};

use address::Address;
use inbox::Inbox;
use link::Link;

pub use address::InvalidPostgresUrl;

/// Connections that read, each made when it is needed first.
const READERS: usize = 3;
/// Connections that write. While the calls of one wait for the disk, the other's can run.
const WRITERS: usize = 2;
/// What a call may take, unless somebody says otherwise.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// What making a connection may take, unless the address says otherwise.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Where the database is, and how long it may take to answer.
///
/// ```
/// let options: kitflik_http::postgres::PostgresOptions =
///     "postgres://kitflik:secret@127.0.0.1/kitflik".parse().unwrap();
/// assert_eq!(options.to_string(), "127.0.0.1:5432/kitflik");
/// ```
///
/// The text is `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, several hosts separated by commas, with what is
/// special in a password percent-encoded; a host that is a path (`%2Fvar%2Frun%2Fpostgresql`) is a Unix
/// socket. After `?` come libpq's parameters, of which two are KitFlik's own business:
///
/// - `sslmode`: `disable` sends everything in clear. `require` and `verify-full` are the same here: TLS, and a
///   certificate that a known authority has made out to the host. Without it, a database on the same machine
///   is reached in clear, and any other is refused.
/// - `sslrootcert`: a PEM file of the authorities that may have made the certificate; those that browsers
///   know if there is none.
#[derive(Clone)]
pub struct PostgresOptions {
    address: Arc<Address>,
    call_limit: Duration,
}

impl PostgresOptions {
    /// How long one call may take: 10 seconds. The server gives up a little before that, so that most calls
    /// that take too long are known to have done nothing.
    #[must_use]
    pub fn call_limit(mut self, limit: Duration) -> Self {
        self.call_limit = limit;
        self
    }
}

impl std::str::FromStr for PostgresOptions {
    type Err = InvalidPostgresUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Ok(Self { address: Arc::new(url.parse()?), call_limit: CALL_LIMIT })
    }
}

/// Host, port and database; never the user or the password.
impl fmt::Display for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresOptions").field(&self.to_string()).finish()
    }
}

/// A store in a PostgreSQL database, for any number of processes at once.
///
/// It reconnects by itself. Opened in a runtime of tokio with time and I/O enabled, it can be called from
/// anywhere, until that runtime ends. What was sent before it is dropped is still done, as long as the
/// runtime lives.
///
/// ```no_run
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// use kitflik_http::postgres::PostgresStorage;
///
/// let options = "postgres://kitflik:secret@127.0.0.1/kitflik".parse()?;
/// let storage = PostgresStorage::open(options).await?;
/// # Ok(()) }
/// ```
pub struct PostgresStorage {
    options: PostgresOptions,
    reads: mpsc::UnboundedSender<reader::Job>,
    commits: mpsc::UnboundedSender<writer::Job>,
}

impl PostgresStorage {
    /// Connects, and creates the table and what goes with it in the connection's schema if they are not there.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], naming the host, if it cannot.
    pub async fn open(options: PostgresOptions) -> Result<Self, StorageError> {
        let link = Link::first(&options).await?;
        let (commits, waiting) = mpsc::unbounded_channel();
        let inbox = Arc::new(Inbox::new(waiting));
        let mut first = Some(link);
        for _ in 0..WRITERS {
            tokio::spawn(writer::run(options.clone(), Arc::clone(&inbox), first.take()));
        }
        let (reads, waiting) = mpsc::unbounded_channel();
        let inbox = Arc::new(Inbox::new(waiting));
        for _ in 0..READERS {
            tokio::spawn(reader::run(options.clone(), Arc::clone(&inbox)));
        }
        Ok(Self { options, reads, commits })
    }
}

impl fmt::Debug for PostgresStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStorage").field("at", &self.options.to_string()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Storage for PostgresStorage {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        validate_reads(&reads)?;
        let (done, answer) = oneshot::channel();
        self.reads.send(reader::Job { reads, done }).map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        validate_batch(&batch)?;
        let (done, outcome) = oneshot::channel();
        self.commits.send(writer::Job { batch, done }).map_err(|_| ended())?;
        outcome.await.unwrap_or_else(|_| {
            Err(StorageError::Indeterminate {
                reason: "the runtime of the storage ended meanwhile".to_owned(),
            })
        })
    }
}

fn ended() -> StorageError {
    StorageError::Unavailable { reason: "the runtime in which the storage was opened has ended".to_owned() }
}
