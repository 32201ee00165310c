//! Storage, on its way in: what a host's own store throws is told apart, and a store can be shut.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use futures_channel::oneshot;
use futures_util::FutureExt;
use kitflik_core::{Batch, Commit, MemoryStorage, Read, Row, SledStorage, Storage, StorageError};
use parking_lot::Mutex;

use crate::guard::reason;

/// A store in memory, for tests and for storages that wrap another one.
#[uniffi::export]
#[must_use]
pub fn memory_storage() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

/// The embedded store in this directory, for storages that wrap another one. Opening and closing it block.
///
/// # Errors
/// `Unavailable` if the directory is in use, or cannot be created or written; `Corrupt` if what is in it cannot be a
/// whole store. Both name the directory.
#[uniffi::export]
pub fn sled_storage(directory: String) -> Result<Arc<dyn Storage>, StorageError> {
    Ok(Arc::new(SledStorage::open(directory)?))
}

/// Refuses reads that exceed a bound of the port: a storage adapter starts with this.
///
/// # Errors
/// `TooLarge`, naming the bound.
#[uniffi::export]
pub fn validate_reads(reads: Vec<Read>) -> Result<(), StorageError> {
    kitflik_core::validate_reads(&reads)
}

/// Refuses a batch that exceeds a bound of the port: a storage adapter starts with this.
///
/// # Errors
/// `TooLarge`, naming the bound.
#[uniffi::export]
pub fn validate_batch(batch: Batch) -> Result<(), StorageError> {
    kitflik_core::validate_batch(&batch)
}

/// The engine's way to its storage.
pub(crate) struct Door {
    open: Mutex<Option<Arc<Open>>>,
    closed: Mutex<Option<oneshot::Receiver<()>>>,
}

/// The storage while it is open. Calls under way share it, and the last one closes it.
struct Open {
    storage: Option<Arc<dyn Storage>>,
    closed: Option<oneshot::Sender<()>>,
}

impl Door {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        let (sender, receiver) = oneshot::channel();
        let open = Open { storage: Some(storage), closed: Some(sender) };
        Self { open: Mutex::new(Some(Arc::new(open))), closed: Mutex::new(Some(receiver)) }
    }

    /// Lets no call in any more, and waits until those under way have left and the storage is closed.
    pub(crate) async fn shut(&self) {
        let last = self.open.lock().take();
        drop(last);
        let closed = self.closed.lock().take();
        if let Some(closed) = closed {
            // The sender is dropped after the storage, without a word.
            let _ended: Result<(), oneshot::Canceled> = closed.await;
        }
    }

    fn enter(&self) -> Result<Arc<Open>, StorageError> {
        let closed = || StorageError::Unavailable { reason: "this house has been shut down".to_owned() };
        self.open.lock().clone().ok_or_else(closed)
    }
}

impl Open {
    fn storage(&self) -> Result<&Arc<dyn Storage>, StorageError> {
        self.storage.as_ref().ok_or_else(|| StorageError::Unavailable { reason: "it is closing".to_owned() })
    }
}

impl Drop for Open {
    /// The embedded store waits for its threads. A host that resumes a call on the very thread that answered it must
    /// not make that thread wait for itself.
    fn drop(&mut self) {
        let (storage, closed) = (self.storage.take(), self.closed.take());
        let close = move || {
            drop(storage);
            drop(closed);
        };
        let here = thread::current().name().is_some_and(|name| name.starts_with("kitflik-"));
        if !here {
            close();
        } else if let Err(error) = thread::Builder::new().name("closing".to_owned()).spawn(close) {
            // Without a thread to spare the store stays as it is until the process ends; nothing durable is lost.
            drop(error);
        }
    }
}

#[async_trait]
impl Storage for Door {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        let open = self.enter()?;
        match AssertUnwindSafe(open.storage()?.read(reads)).catch_unwind().await {
            // A read changes nothing, so nothing of it is uncertain: this is what an undeclared exception became.
            Ok(Err(StorageError::Indeterminate { reason })) => Err(StorageError::Unavailable { reason }),
            Ok(outcome) => outcome,
            Err(panic) => Err(StorageError::Unavailable { reason: reason(&*panic) }),
        }
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let open = self.enter()?;
        let outcome = AssertUnwindSafe(open.storage()?.commit(batch)).catch_unwind().await;
        outcome.unwrap_or_else(|panic| Err(StorageError::Indeterminate { reason: reason(&*panic) }))
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    struct Panics;

    #[async_trait]
    impl Storage for Panics {
        async fn read(&self, _: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
            panic!("in a read")
        }

        async fn commit(&self, _: Batch) -> Result<Commit, StorageError> {
            panic!("in a commit")
        }
    }

    fn batch() -> Batch {
        Batch { checks: Vec::new(), writes: Vec::new(), durability: kitflik_core::Durability::Durable }
    }

    #[test]
    fn a_read_that_panics_is_unavailable_and_a_commit_is_uncertain() {
        let door = Door::new(Arc::new(Panics));
        assert_eq!(
            block_on(door.read(Vec::new())),
            Err(StorageError::Unavailable { reason: "in a read".to_owned() })
        );
        assert_eq!(
            block_on(door.commit(batch())),
            Err(StorageError::Indeterminate { reason: "in a commit".to_owned() })
        );
    }

    #[test]
    fn a_shut_store_can_be_opened_again_at_once() {
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            let door = Door::new(Arc::new(SledStorage::open(directory.path()).unwrap()));
            block_on(door.commit(batch())).unwrap();
            block_on(door.shut());
            assert!(matches!(block_on(door.commit(batch())), Err(StorageError::Unavailable { .. })));
        }
    }

    #[test]
    fn a_store_left_by_its_own_thread_closes_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let door = Arc::new(Door::new(Arc::new(SledStorage::open(directory.path()).unwrap())));
        let last = door.open.lock().take();
        let named = thread::Builder::new().name("kitflik-sync".to_owned());
        named.spawn(move || drop(last)).unwrap().join().unwrap();
        block_on(door.shut());
        SledStorage::open(directory.path()).unwrap();
    }
}
