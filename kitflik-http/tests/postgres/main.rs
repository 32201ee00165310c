//! The adapter on a real PostgreSQL, which each test starts for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod conformance;
mod faults;
mod opening;
#[path = "../postgres_support/mod.rs"]
mod postgres_support;
mod races;
#[path = "../rush_support/mod.rs"]
mod rush_support;
#[path = "../server_support/mod.rs"]
mod server_support;
mod servers;

use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{Batch, Check, Durability, Read, Row, Storage, Write};
use kitflik_http::postgres::{PostgresOptions, PostgresStorage};
use postgres_support::Server;
use tokio_postgres::Client;

/// A server that lives as long as the test.
struct Database {
    server: Server,
    /// Dropped after the server.
    _directory: tempfile::TempDir,
}

impl Database {
    /// Starts it and waits until it answers.
    async fn start(settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut all = vec!["shared_buffers=32MB"];
        all.extend(settings);
        let server = Server::start(directory.path(), &all);
        server.connect().await;
        Self { server, _directory: directory }
    }

    fn options(&self) -> PostgresOptions {
        self.server.url().parse().unwrap()
    }

    /// An adapter, as a process of its own would have it.
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::new(PostgresStorage::open(self.options()).await.unwrap())
    }

    /// Waits until so many transactions wait for a lock.
    async fn waiting(&self, admin: &Client, transactions: i64) {
        let sql = "SELECT count(DISTINCT pid) >= $1 FROM pg_locks WHERE NOT granted";
        while !admin.query_one(sql, &[&transactions]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn batch(checks: Vec<Check>, writes: Vec<Write>, durability: Durability) -> Batch {
    Batch { checks, writes, durability }
}

fn put(key: &str, value: &str) -> Write {
    Write::Put { key: key.to_owned(), value: value.as_bytes().to_vec() }
}

fn delete(key: &str) -> Write {
    Write::Delete { key: key.to_owned() }
}

fn absent(key: &str) -> Check {
    Check::Absent { key: key.to_owned() }
}

async fn row(storage: &Arc<dyn Storage>, key: &str) -> Option<Row> {
    storage.read(vec![Read::Get { key: key.to_owned() }]).await.unwrap().remove(0).pop()
}

/// Both at once.
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    tokio::join!(first, second)
}
