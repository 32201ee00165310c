//! The embedded adapter: sled, with the durability that sled alone does not give.
//!
//! sled's own `flush` does not survive a power failure on Linux (it never calls `fdatasync`), a long
//! unsynced tail can make a store unopenable, and its atomic batches take a global lock. So nobody but the
//! two threads in [`writer`] and [`syncer`] writes: the first merges many commits into one atomic batch,
//! the second puts what was applied on stable media, and acknowledges it.

mod directory;
mod row;
mod syncer;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use futures_channel::oneshot;
use parking_lot::{Mutex, RwLock};

use crate::limits;
use crate::ports::storage::{
    Batch, Commit, Read, Row, Storage, StorageError, validate_batch, validate_reads,
};

use directory::Directory;
use syncer::Syncer;
use writer::{Job, Queue, Writer};

/// sled's cache, in bytes of the log; the process takes two to three times as much. With 300,000 rows it
/// stays below 150 MB, and the pages that a sale touches (its show, the newest bookings) fit many times.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// sled writes its log in segments. Two rules hold only if a segment is much larger than what is written
/// between two syncs: sled takes a segment into use again before its pages are safe elsewhere, and spills
/// what exceeds a quarter of one (a leaf of 17 rows of 8 kB) into files that it never syncs. With its
/// default of 512 kB, stores were seen not to open after a crash. Fixed for the life of a store.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// A leaf of sled, split when it has more than 16 rows, must not exceed a quarter of a segment.
const _: () = assert!(17 * (limits::MAX_KEY_BYTES + limits::MAX_VALUE_BYTES + 64) < SEGMENT_BYTES / 4);

/// An embedded store in one directory, for native hosts.
///
/// `Durable` batches are on stable media, together with everything applied before them, when they are
/// acknowledged. `Relaxed` ones get there within 50 ms. Many concurrent commits share one write and one
/// sync, so throughput rises with concurrency.
///
/// After an I/O error nothing is acknowledged any more, and nothing is read: what memory says may not be on
/// disk. Open the directory again to go on from what is.
///
/// Dropping it finishes what was sent, syncs, and waits for both of its threads; do not do that on an async
/// reactor that must not block.
///
/// ```no_run
/// # fn main() -> Result<(), kitflik_core::StorageError> {
/// let storage = kitflik_core::SledStorage::open("data")?;
/// # Ok(()) }
/// ```
pub struct SledStorage {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    syncer: Option<JoinHandle<()>>,
}

/// What readers and both threads see. The fields drop in this order: the lock on the directory goes last.
struct Shared {
    db: ::sled::Db,
    /// sled has no snapshots: reads share this, and applying a batch excludes them.
    snapshot: RwLock<()>,
    /// sled runs a batch and a flush one after the other, and stalls every reader while one waits for the
    /// other. Taken first, this makes only the writer wait.
    log: Mutex<()>,
    queue: Queue,
    syncer: Syncer,
    directory: Directory,
}

impl SledStorage {
    /// Opens the store in this directory, or creates it. This blocks: a store of 300,000 rows takes some
    /// 100 ms.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the directory is in use, or cannot be created or written;
    /// [`StorageError::Corrupt`] if what is in it cannot be a whole store. Both name the directory.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let directory = Directory::lock(path.as_ref())?;
        let config = ::sled::Config::new()
            .path(directory.path())
            .cache_capacity(CACHE_BYTES)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let db = directory.open(&config)?;
        let shared = Arc::new(Shared {
            db,
            snapshot: RwLock::new(()),
            log: Mutex::new(()),
            queue: Queue::default(),
            syncer: Syncer::new(&directory)?,
            directory,
        });
        let writer = Writer::start(Arc::clone(&shared))?;
        shared.directory.created()?;

        let mut storage = Self { shared, writer: None, syncer: None };
        storage.syncer = Some(storage.spawn("kitflik-sync", Shared::run_syncer)?);
        storage.writer = Some(storage.spawn("kitflik-write", move |_| writer.run())?);
        Ok(storage)
    }

    fn spawn(
        &self,
        name: &str,
        body: impl FnOnce(&Shared) + Send + 'static,
    ) -> Result<JoinHandle<()>, StorageError> {
        let shared = Arc::clone(&self.shared);
        let guarded = move || {
            // A panic here must not leave callers waiting for ever.
            if catch_unwind(AssertUnwindSafe(|| body(&shared))).is_err() {
                shared.fail("a storage thread panicked");
            }
        };
        let thread = Builder::new().name(name.to_owned()).spawn(guarded);
        thread.map_err(|error| self.shared.directory.unavailable("start a thread", &error))
    }

    /// Makes the sync of the log fail or do nothing, for tests of what happens then.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn inject_sync_fault(&self, fault: SyncFault) {
        self.shared.syncer.inject(fault);
    }
}

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use syncer::SyncFault;

impl Shared {
    /// From here on nothing is acknowledged and nothing is read.
    fn fail(&self, reason: &str) {
        self.syncer.fail(reason);
        self.queue.fail(&self.unavailable());
    }

    fn unavailable(&self) -> StorageError {
        let path = self.directory.path().display();
        let why = self.syncer.failure().unwrap_or("it is closing");
        StorageError::Unavailable {
            reason: format!(
                "the store in {path} has stopped: {why}; open it again to go on from what is on disk"
            ),
        }
    }

    fn healthy(&self) -> Result<(), StorageError> {
        if self.syncer.failure().is_some() { Err(self.unavailable()) } else { Ok(()) }
    }

    fn answer(&self, read: &Read) -> Result<Vec<Row>, StorageError> {
        match read {
            Read::Get { key } => {
                let found = self.db.get(key).map_err(|error| self.directory.broken(&error))?;
                found.map(|stored| row::decode(key.as_bytes(), &stored)).transpose().map(Vec::from_iter)
            }
            Read::Scan { start, end, .. } if start >= end => Ok(Vec::new()),
            Read::Scan { start, end, limit, reverse } => {
                let range = self.db.range(start.as_bytes()..end.as_bytes());
                let decode = |item: ::sled::Result<(::sled::IVec, ::sled::IVec)>| {
                    let (key, stored) = item.map_err(|error| self.directory.broken(&error))?;
                    row::decode(&key, &stored)
                };
                let limit = *limit as usize;
                if *reverse {
                    range.rev().take(limit).map(decode).collect()
                } else {
                    range.take(limit).map(decode).collect()
                }
            }
        }
    }
}

#[async_trait]
impl Storage for SledStorage {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        validate_reads(&reads)?;
        let shared = &*self.shared;
        let snapshot = shared.snapshot.read();
        shared.healthy()?;
        // sled panics on some kinds of damage.
        let answers =
            catch_unwind(AssertUnwindSafe(|| reads.iter().map(|read| shared.answer(read)).collect()));
        drop(snapshot);
        answers.unwrap_or_else(|_| Err(shared.directory.damaged("reading it failed")))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        validate_batch(&batch)?;
        let (done, outcome) = oneshot::channel();
        if self.shared.queue.push(Job::new(batch, done)).is_err() {
            return Err(self.shared.unavailable());
        }
        outcome.await.unwrap_or_else(|_| {
            // First this: whoever is told `Indeterminate` reads next, and must not read what may not be on
            // disk.
            self.shared.fail("the storage thread ended before it answered");
            Err(StorageError::Indeterminate {
                reason: "the storage thread ended before it answered".to_owned(),
            })
        })
    }
}

impl Drop for SledStorage {
    fn drop(&mut self) {
        // In the order in which work flows: the writer hands its last group to the syncer.
        self.shared.queue.close();
        let _panic_was_handled = self.writer.take().map(JoinHandle::join);
        self.shared.syncer.close();
        let _panic_was_handled = self.syncer.take().map(JoinHandle::join);
    }
}

impl std::fmt::Debug for SledStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStorage")
            .field("directory", &self.shared.directory.path())
            .finish_non_exhaustive()
    }
}
