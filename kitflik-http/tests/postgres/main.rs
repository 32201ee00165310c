//! The adapter on a real PostgreSQL, which each test starts for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod conformance;
#[path = "../postgres_support/mod.rs"]
mod postgres_support;

use std::sync::Arc;

use kitflik_core::Storage;
use kitflik_http::postgres::{PostgresOptions, PostgresStorage};
use postgres_support::Server;

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
}
