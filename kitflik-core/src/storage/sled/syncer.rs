//! The second stage: puts what was applied on stable media, and acknowledges who waits for that.

use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::limits;
use crate::ports::storage::{Commit, StorageError};

use super::Shared;
use super::directory::Directory;
use super::writer::Done;

/// Most bytes that are applied and not yet on stable media. sled's recovery copes with a lost tail that is
/// well below one of its segments; past that the store was seen not to open again.
pub(super) const UNSYNCED_BYTES: usize = 256 * 1024;
/// A write counts as this many bytes at least: every tenth write to a leaf of sled puts the whole leaf into
/// the log.
pub(super) const LEAST_WRITE: usize = UNSYNCED_BYTES / limits::MAX_BATCH_WRITES;
/// Longest time that an applied batch stays unsynced when nobody waits for it.
const UNSYNCED_TIME: Duration = Duration::from_millis(50);

pub(super) struct Syncer {
    state: Mutex<State>,
    /// Wakes the syncer.
    wanted: Condvar,
    /// Wakes the writer when it waits for room.
    room: Condvar,
    failure: OnceLock<String>,
    log_file: File,
    #[cfg(feature = "testing")]
    fault: Mutex<SyncFault>,
}

/// What the sync of the log does in a test.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncFault {
    /// What it should.
    #[default]
    None,
    /// Nothing: the mutant that a crash test must catch.
    Skipped,
    /// It reports an I/O error.
    Failing,
}

#[derive(Default)]
struct State {
    /// Applied, and on stable media after the next sync.
    waiting: Vec<Waiting>,
    /// Bytes applied and not yet known to be on stable media.
    unsynced: usize,
    /// When the first of the batches that no sync has begun to cover was applied.
    since: Option<Instant>,
    writer_waits: bool,
    closed: bool,
}

pub(super) struct Waiting {
    pub(super) done: Done,
    pub(super) outcome: Commit,
}

impl Syncer {
    pub(super) fn new(directory: &Directory) -> Result<Self, StorageError> {
        Ok(Self {
            state: Mutex::default(),
            wanted: Condvar::new(),
            room: Condvar::new(),
            failure: OnceLock::new(),
            log_file: directory.log_file()?,
            #[cfg(feature = "testing")]
            fault: Mutex::default(),
        })
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Waits until a group of this many bytes fits into the unsynced window, or the store has failed.
    pub(super) fn wait_for_room(&self, bytes: usize) {
        let mut state = self.state.lock();
        while state.unsynced > 0 && state.unsynced + bytes > UNSYNCED_BYTES && self.failure().is_none() {
            state.writer_waits = true;
            self.wanted.notify_one();
            self.room.wait(&mut state);
        }
        state.writer_waits = false;
    }

    /// Takes over a group that was applied: these wait for stable media. If the store has failed meanwhile,
    /// gives them back.
    pub(super) fn applied(&self, bytes: usize, waiting: Vec<Waiting>) -> Result<(), Vec<Waiting>> {
        let mut state = self.state.lock();
        if self.failure().is_some() {
            return Err(waiting);
        }
        state.unsynced += bytes;
        if bytes > 0 && state.since.is_none() {
            state.since = Some(now());
            self.wanted.notify_one();
        }
        if waiting.is_empty() {
            return Ok(());
        }
        if state.unsynced == 0 {
            drop(state);
            waiting.into_iter().for_each(Waiting::acknowledge);
        } else {
            state.waiting.extend(waiting);
            self.wanted.notify_one();
        }
        Ok(())
    }

    /// Blocks until a sync is due: the acknowledgements and the bytes that it covers. `None` to end.
    fn next(&self) -> Option<(Vec<Waiting>, usize)> {
        let mut state = self.state.lock();
        loop {
            if self.failure().is_some() {
                return None;
            }
            let due =
                !state.waiting.is_empty() || (state.unsynced > 0 && (state.writer_waits || state.closed));
            let left = state.since.map(|since| UNSYNCED_TIME.saturating_sub(now().duration_since(since)));
            match left {
                _ if due => {}
                Some(Duration::ZERO) => {}
                Some(left) => {
                    let _checked_above = self.wanted.wait_for(&mut state, left);
                    continue;
                }
                None if state.closed => return None,
                None => {
                    self.wanted.wait(&mut state);
                    continue;
                }
            }
            state.since = None;
            return Some((std::mem::take(&mut state.waiting), state.unsynced));
        }
    }

    fn synced(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.unsynced -= bytes;
        drop(state);
        self.room.notify_one();
    }

    pub(super) fn sync_log_file(&self) -> io::Result<()> {
        #[cfg(feature = "testing")]
        match *self.fault.lock() {
            SyncFault::None => {}
            SyncFault::Skipped => return Ok(()),
            SyncFault::Failing => return Err(io::Error::other("injected by a test")),
        }
        self.log_file.sync_data()
    }

    /// Whoever waits is told that it is not known; the writer is woken to end.
    pub(super) fn fail(&self, reason: &str) {
        let mut state = self.state.lock();
        let _first_reason_stays = self.failure.set(reason.to_owned());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.wanted.notify_all();
        self.room.notify_all();
        waiting.into_iter().for_each(|waiting| waiting.unknown(reason));
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.wanted.notify_all();
    }

    #[cfg(feature = "testing")]
    pub(super) fn inject(&self, fault: SyncFault) {
        *self.fault.lock() = fault;
    }
}

impl Shared {
    pub(super) fn run_syncer(&self) {
        while let Some((waiting, bytes)) = self.syncer.next() {
            match self.sync() {
                Ok(()) => {
                    // First the room: the writer has work to do meanwhile.
                    self.syncer.synced(bytes);
                    waiting.into_iter().for_each(Waiting::acknowledge);
                }
                Err(reason) => {
                    // An error is reported once and the pages may be gone: a second sync proves nothing.
                    self.fail(&reason);
                    waiting.into_iter().for_each(|waiting| waiting.unknown(&reason));
                    return;
                }
            }
        }
    }

    /// Everything applied before the call is on stable media after it.
    pub(super) fn sync(&self) -> Result<(), String> {
        let log = self.log.lock();
        self.db.flush().map_err(|error| format!("writing the log failed: {error}"))?;
        drop(log);
        self.syncer.sync_log_file().map_err(|error| format!("syncing the log failed: {error}"))
    }
}

impl Waiting {
    pub(super) fn acknowledge(self) {
        let _caller_may_be_gone = self.done.send(Ok(self.outcome));
    }

    pub(super) fn unknown(self, reason: &str) {
        let _caller_may_be_gone =
            self.done.send(Err(StorageError::Indeterminate { reason: reason.to_owned() }));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures how long data is unsynced; no decision of the engine"
)]
fn now() -> Instant {
    Instant::now()
}
