//! Storages that break one promise each. A test suite that they pass is worth nothing.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::ports::storage::{Batch, Commit, Read, Row, Storage, StorageError};

/// Applies every batch, whatever its checks say.
pub struct ChecksOff(
    /// The storage that does the rest right.
    pub Arc<dyn Storage>,
);

/// Applies the first half of the writes of every batch.
pub struct HalfBatch(
    /// The storage that does the rest right.
    pub Arc<dyn Storage>,
);

/// Answers the reads of one call one by one, from as many snapshots.
pub struct TornSnapshot {
    storage: Arc<dyn Storage>,
    commits: Mutex<Commits>,
}

#[derive(Default)]
struct Commits {
    in_flight: usize,
    finished: usize,
    watchers: Vec<Waker>,
}

impl TornSnapshot {
    /// A storage that does the rest right, with its reads torn.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, commits: Mutex::default() }
    }

    /// Waits until one of the commits in flight has finished, if there are any: so the next read does differ.
    async fn tear(&self) {
        yield_now().await;
        let before = self.commits.lock().finished;
        poll_fn(|context| {
            let mut commits = self.commits.lock();
            if commits.in_flight == 0 || commits.finished != before {
                return Poll::Ready(());
            }
            commits.watchers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[async_trait]
impl Storage for ChecksOff {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.0.read(reads).await
    }

    async fn commit(&self, mut batch: Batch) -> Result<Commit, StorageError> {
        batch.checks.clear();
        self.0.commit(batch).await
    }
}

#[async_trait]
impl Storage for HalfBatch {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.0.read(reads).await
    }

    async fn commit(&self, mut batch: Batch) -> Result<Commit, StorageError> {
        batch.writes.truncate(batch.writes.len().div_ceil(2));
        self.0.commit(batch).await
    }
}

#[async_trait]
impl Storage for TornSnapshot {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        let mut answers = Vec::with_capacity(reads.len());
        for read in reads {
            answers.extend(self.storage.read(vec![read]).await?);
            self.tear().await;
        }
        Ok(answers)
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let _in_flight = InFlight::new(&self.commits);
        self.storage.commit(batch).await
    }
}

/// A commit in flight, until it has its outcome or nobody waits for that any more: a case that fails drops
/// the commits of its other contenders.
struct InFlight<'a>(&'a Mutex<Commits>);

impl<'a> InFlight<'a> {
    fn new(commits: &'a Mutex<Commits>) -> Self {
        commits.lock().in_flight += 1;
        Self(commits)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut commits = self.0.lock();
        commits.in_flight -= 1;
        commits.finished += 1;
        let watchers = std::mem::take(&mut commits.watchers);
        drop(commits);
        watchers.into_iter().for_each(Waker::wake);
    }
}

/// Lets the other futures of this task run, on any runtime.
pub(super) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
