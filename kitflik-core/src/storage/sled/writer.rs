//! The first stage: the only thread that checks and applies batches, many at a time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ::sled::{IVec, Tree};
use futures_channel::oneshot;
use parking_lot::{Condvar, Mutex};

use crate::limits;
use crate::ports::storage::{Batch, Check, Commit, Durability, StorageError, Version, Write};

use super::Shared;
use super::row;
use super::syncer::{LEAST_WRITE, UNSYNCED_BYTES, Waiting};

/// Versions are handed out below a ceiling that is on stable media, and a start begins at the ceiling. So a
/// version that a power failure took back is never given to another row.
const VERSIONS_RESERVED: u64 = 1 << 20;
const PRIVATE_TREE: &str = "kitflik";
const CEILING: &str = "version ceiling";
/// The last row that a store writes before it is closed. If the directory remembers a later one, the log
/// has lost its end.
const CLOSED: &str = "closed at version";

/// A group is one atomic batch of sled: it must fit into the unsynced window. The largest batch fits.
const GROUP_BYTES: usize = UNSYNCED_BYTES;
const _: () = assert!(limits::MAX_BATCH_BYTES + limits::MAX_BATCH_WRITES * row::HEADER <= GROUP_BYTES);

pub(super) type Done = oneshot::Sender<Result<Commit, StorageError>>;

/// A batch on its way, in sled's types already.
pub(super) struct Job {
    checks: Vec<Check>,
    writes: Vec<(IVec, Option<IVec>)>,
    durability: Durability,
    bytes: usize,
    done: Done,
}

impl Job {
    pub(super) fn new(batch: Batch, done: Done) -> Self {
        let mut bytes = 0;
        let writes = batch.writes.into_iter().map(|write| match write {
            Write::Put { key, value } => {
                bytes += key.len() + row::HEADER + value.len();
                (IVec::from(key.as_bytes()), Some(row::unstamped(&value)))
            }
            Write::Delete { key } => {
                bytes += key.len();
                (IVec::from(key.as_bytes()), None)
            }
        });
        let writes: Vec<_> = writes.collect();
        let bytes = bytes.max(writes.len() * LEAST_WRITE);
        Self { checks: batch.checks, writes, durability: batch.durability, bytes, done }
    }
}

/// What waits for the writer. Callers await their outcome, so it holds one job for each of them at most.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    filled: Condvar,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(super) fn push(&self, job: Job) -> Result<(), Job> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Blocks for jobs: all that are there, up to the size of a group. Empty to end.
    fn next_group(&self) -> Vec<Job> {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return Vec::new();
            }
            self.filled.wait(&mut state);
        }
        let mut bytes = 0;
        let fits = state.jobs.iter().take_while(|job| {
            bytes += job.bytes;
            bytes <= GROUP_BYTES
        });
        let count = fits.count().max(1);
        state.jobs.drain(..count).collect()
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
    }

    pub(super) fn fail(&self, error: &StorageError) {
        let mut state = self.state.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        self.filled.notify_all();
        for job in jobs {
            let _caller_may_be_gone = job.done.send(Err(error.clone()));
        }
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    private: Tree,
    next_version: u64,
    ceiling: u64,
}

/// Jobs merged into one batch of sled.
#[derive(Default)]
struct Group {
    batch: ::sled::Batch,
    bytes: usize,
    /// The versions after the jobs merged so far; `None` for a deleted row.
    versions: BTreeMap<IVec, Option<Version>>,
    relaxed: Vec<Waiting>,
    durable: Vec<Waiting>,
    conflicts: Vec<Waiting>,
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self, StorageError> {
        let directory = &shared.directory;
        let private = shared.db.open_tree(PRIVATE_TREE).map_err(|error| directory.broken(&error))?;
        let get = |key| match private.get(key).map_err(|error| directory.broken(&error))? {
            Some(stored) => row::version(&stored).map(|version| Some(version.0)),
            None => Ok(None),
        };
        let ceiling = match get(CEILING)? {
            Some(ceiling) => ceiling,
            None if directory.closed_at().is_some() || !shared.db.is_empty() => {
                return Err(directory.damaged("it was created before and has lost its contents"));
            }
            None => 1,
        };
        if directory.closed_at() > get(CLOSED)?.or(Some(0)) {
            return Err(directory.damaged("it has lost the end of its log"));
        }
        let mut writer = Self { shared: Arc::clone(&shared), private, next_version: ceiling, ceiling };
        writer.reserve_versions().map_err(|reason| directory.unavailable("write to the store", &reason))?;
        Ok(writer)
    }

    pub(super) fn run(mut self) {
        loop {
            let jobs = self.shared.queue.next_group();
            let is_end = jobs.is_empty();
            let outcome = if is_end { self.close() } else { self.commit(jobs) };
            if let Err(reason) = outcome {
                return self.shared.fail(&reason);
            }
            if is_end {
                return;
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) -> Result<(), String> {
        if self.next_version + jobs.len() as u64 > self.ceiling {
            self.reserve_versions()?;
        }
        let mut group = Group::default();
        for job in jobs {
            self.merge(job, &mut group)?;
        }
        let Group { batch, bytes, versions, relaxed, durable, conflicts } = group;
        if !versions.is_empty() {
            self.shared.syncer.wait_for_room(bytes);
            if let Err(reason) = self.apply(batch) {
                // First this: whoever is told `Indeterminate` reads next, and must not read what may not be
                // on disk.
                self.shared.fail(&reason);
                relaxed.into_iter().chain(durable).for_each(|waiting| waiting.unknown(&reason));
                return Err(reason);
            }
        }
        match self.shared.syncer.applied(bytes, durable) {
            Ok(()) => relaxed.into_iter().chain(conflicts).for_each(Waiting::acknowledge),
            Err(durable) => {
                let reason = self.shared.syncer.failure().unwrap_or_default().to_owned();
                relaxed.into_iter().chain(durable).for_each(|waiting| waiting.unknown(&reason));
                return Err(reason);
            }
        }
        Ok(())
    }

    fn merge(&mut self, job: Job, group: &mut Group) -> Result<(), String> {
        let Job { checks, writes, durability, bytes, done } = job;
        for check in checks {
            if !self.holds(&check, group)? {
                let (Check::Absent { key } | Check::Version { key, .. }) = check;
                group.conflicts.push(Waiting { done, outcome: Commit::Conflict { key } });
                return Ok(());
            }
        }
        let version = Version(self.next_version);
        self.next_version += 1;
        group.bytes += bytes;
        for (key, value) in writes {
            group.versions.insert(key.clone(), value.as_ref().map(|_| version));
            match value {
                Some(mut value) => {
                    row::stamp(&mut value, version);
                    group.batch.insert(key, value);
                }
                None => group.batch.remove(key),
            }
        }
        let waiting = Waiting { done, outcome: Commit::Applied { version } };
        match durability {
            Durability::Durable => group.durable.push(waiting),
            Durability::Relaxed => group.relaxed.push(waiting),
        }
        Ok(())
    }

    /// Nobody else writes, so what sled says now is true until this group is applied.
    fn holds(&self, check: &Check, group: &Group) -> Result<bool, String> {
        let (Check::Absent { key } | Check::Version { key, .. }) = check;
        let current = match group.versions.get(key.as_bytes()) {
            Some(merged) => *merged,
            None => {
                let stored =
                    self.shared.db.get(key).map_err(|error| format!("reading a row failed: {error}"))?;
                stored.map(|stored| row::version(&stored)).transpose().map_err(|error| error.to_string())?
            }
        };
        Ok(match check {
            Check::Absent { .. } => current.is_none(),
            Check::Version { version, .. } => current == Some(*version),
        })
    }

    fn apply(&self, batch: ::sled::Batch) -> Result<(), String> {
        let _log = self.shared.log.lock();
        let _snapshot = self.shared.snapshot.write();
        self.shared.db.apply_batch(batch).map_err(|error| format!("applying a batch failed: {error}"))
    }

    /// Nothing comes any more, unless the store has failed.
    fn close(&self) -> Result<(), String> {
        if self.shared.syncer.failure().is_none() {
            self.put_private(CLOSED, self.next_version)?;
            let remembered = self.shared.directory.closed(self.next_version);
            remembered.map_err(|error| format!("writing the lock file failed: {error}"))?;
        }
        Ok(())
    }

    fn reserve_versions(&mut self) -> Result<(), String> {
        let ceiling = self.next_version + VERSIONS_RESERVED;
        if ceiling >= limits::MAX_VERSION {
            return Err("all versions are used up".to_owned());
        }
        self.put_private(CEILING, ceiling)?;
        self.ceiling = ceiling;
        Ok(())
    }

    /// On stable media, with everything applied before it.
    fn put_private(&self, key: &str, version: u64) -> Result<(), String> {
        let log = self.shared.log.lock();
        let put = self.private.insert(key, &version.to_be_bytes());
        put.map_err(|error| format!("writing to the private tree failed: {error}"))?;
        drop(log);
        self.shared.sync()
    }
}
