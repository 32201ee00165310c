//! Storages that break one promise each. A test suite that they pass is worth nothing.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;

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
pub struct TornSnapshot(
    /// The storage that does the rest right.
    pub Arc<dyn Storage>,
);

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
            answers.extend(self.0.read(vec![read]).await?);
            yield_now().await;
        }
        Ok(answers)
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        self.0.commit(batch).await
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
