//! One connection, ready for use, and what its errors mean.

use std::error::Error as _;
use std::time::Duration;

use kitflik_core::StorageError;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Statement};
use tracing::{debug, warn};

use super::PostgresOptions;

const SCHEMA: &str = include_str!("schema.sql");
const CONNECT: &str = include_str!("connect.sql");
const GETS: &str = include_str!("gets.sql");
const READS: &str = include_str!("reads.sql");
const COMMIT: &str = "SELECT kitflik_commit_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// What went wrong, by what it means for whoever called.
#[derive(Debug)]
pub(super) enum Fault {
    /// Another transaction stood in the way. Nothing was applied.
    Again(String),
    /// The server said no. Nothing was applied.
    Refused { reason: String, reconnect: bool },
    /// The server's own data is damaged. Nothing was applied.
    Corrupt(String),
    /// Nobody said what became of it.
    Lost(String),
}

/// A connection with its statement.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Writer { commit: Statement },
    Reader { gets: Statement, reads: Statement },
}

impl Link {
    /// The first connection of a store: makes sure that the table is there.
    pub(super) async fn first(options: &PostgresOptions) -> Result<Self, StorageError> {
        Self::make(options, async |client| {
            client.batch_execute(SCHEMA).await?;
            if client.query_one("SHOW fsync", &[]).await?.try_get::<_, &str>(0)? == "off" {
                warn!(at = %options, "fsync is off: a power failure there may lose sales, or the whole database");
            }
            writer(client).await
        })
        .await
    }

    pub(super) async fn writer(options: &PostgresOptions) -> Result<Self, StorageError> {
        Self::make(options, writer).await
    }

    pub(super) async fn reader(options: &PostgresOptions) -> Result<Self, StorageError> {
        Self::make(options, async |client: &Client| {
            client.batch_execute("SET default_transaction_read_only = on").await?;
            Ok(Kind::Reader { gets: client.prepare(GETS).await?, reads: client.prepare(READS).await? })
        })
        .await
    }

    async fn make(
        options: &PostgresOptions,
        prepare: impl AsyncFnOnce(&Client) -> Result<Kind, tokio_postgres::Error>,
    ) -> Result<Self, StorageError> {
        let unavailable = |why: &str| StorageError::Unavailable {
            reason: format!("cannot connect to PostgreSQL at {options}: {why}"),
        };
        let made = async {
            let client = connect(options).await?;
            client.batch_execute(&session(options.call_limit)).await?;
            let kind = prepare(&client).await?;
            Ok(Self { client, kind })
        };
        // Each host has its own limit to be reached; all together, and the preparations, have this one.
        let limit = options.address.config.get_connect_timeout().copied().unwrap_or_default();
        let hosts = u32::try_from(options.address.config.get_hosts().len()).unwrap_or(1).max(1);
        match tokio::time::timeout(limit * hosts + options.call_limit, made).await {
            Ok(made) => made.map_err(|error| unavailable(&describe(&error))),
            Err(_) => Err(unavailable("it does not answer")),
        }
    }
}

async fn writer(client: &Client) -> Result<Kind, tokio_postgres::Error> {
    client.batch_execute(CONNECT).await?;
    let types = [
        Type::TEXT_ARRAY,
        Type::BOOL_ARRAY,
        Type::BOOL_ARRAY,
        Type::INT4_ARRAY,
        Type::INT4_ARRAY,
        Type::INT8_ARRAY,
        Type::INT4_ARRAY,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
        Type::BYTEA_ARRAY,
    ];
    Ok(Kind::Writer { commit: client.prepare_typed(COMMIT, &types).await? })
}

/// The settings of a session. The server gives up before we do, so that it can say that it did nothing; and
/// only plans by index are right for a table of this kind, whatever its statistics say.
fn session(call_limit: Duration) -> String {
    let statement = (call_limit * 4 / 5).as_millis();
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = 0; SET default_transaction_isolation = \
         'read committed'; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET \
         enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
    )
}

async fn connect(options: &PostgresOptions) -> Result<Client, tokio_postgres::Error> {
    let config = &options.address.config;
    match &options.address.tls {
        None => {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(until_it_ends(connection));
            Ok(client)
        }
        Some(tls) => {
            let (client, connection) = config.connect(tls.clone()).await?;
            tokio::spawn(until_it_ends(connection));
            Ok(client)
        }
    }
}

/// Whoever waits for an answer learns of the end too, and says so.
async fn until_it_ends(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        debug!(error = %describe(&error), "a connection to PostgreSQL ended");
    }
}

/// What an error after a call was sent means.
pub(super) fn fault(error: &tokio_postgres::Error) -> Fault {
    let reason = describe(error);
    let Some(told) = error.as_db_error() else { return Fault::Lost(reason) };
    // FATAL ends the session, perhaps after the transaction was committed.
    if told.parsed_severity() != Some(Severity::Error) {
        return Fault::Lost(reason);
    }
    let code = told.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        Fault::Again(reason)
    } else if *code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN {
        Fault::Lost(reason)
    } else if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        Fault::Corrupt(reason)
    } else {
        // A server that has become a standby: the one to write to is elsewhere.
        Fault::Refused { reason, reconnect: *code == SqlState::READ_ONLY_SQL_TRANSACTION }
    }
}

/// The whole story of an error on one line. The server's detail is left out: it may quote what is stored.
fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        let hint = told.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{} {}: {}{hint}", told.severity(), told.code().code(), told.message());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
