//! What the child does: batches whose traces can be audited.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use kitflik_core::{
    Batch, Check, Commit, Durability, SledStorage, Storage, SyncFault, Version, Write, limits,
};
use pollster::block_on;

use super::say;

pub(crate) const BASE_RECORDS: usize = 200_000;
pub(crate) const OPENING: &str = "opening";
pub(crate) const FILLER: u8 = b'.';
const DENSE_ROWS: usize = 4_096;
const HOT_ROWS: usize = 16;
const THREADS: usize = 8;
/// Rows of the largest values that fill a batch up to its limit, beside the small rows.
const LARGE_ROWS: usize = 28;

const ROLE: &str = "KITFLIK_CRASH_CHILD";

/// What one image is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Durable and relaxed batches in turn.
    Mixed,
    /// Relaxed batches only: nobody ever waits for a sync.
    Relaxed,
    /// Among others, batches at the size limit.
    Large,
    /// Small rows among large ones: little is written, and much comes into the log.
    Dense,
}

impl Mode {
    pub(crate) fn of(image: u32) -> Self {
        [Self::Mixed, Self::Relaxed, Self::Large, Self::Dense][image as usize % 4]
    }

    /// After how many acknowledgements the child is stopped.
    pub(crate) fn acks(self, image: u32) -> usize {
        let image = image as usize;
        match self {
            Self::Mixed => 2_000 + image * 1_371 % 8_000,
            Self::Relaxed => 4_000 + image * 2_777 % 16_000,
            Self::Large => 300 + image * 173 % 900,
            Self::Dense => 200 + image * 97 % 500,
        }
    }
}

/// Who a child is.
pub(crate) enum Role {
    Worker { store: PathBuf, mode: Mode, mutant: bool },
    Opener { store: PathBuf },
}

impl Role {
    pub(crate) fn to_environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Worker { store, mode, mutant } => {
                command.env(ROLE, format!("worker {mode:?} {mutant} {}", store.display()))
            }
            Self::Opener { store } => command.env(ROLE, format!("opener {}", store.display())),
        }
    }

    pub(crate) fn from_environment() -> Option<Self> {
        let role = std::env::var(ROLE).ok()?;
        match role.split(' ').collect::<Vec<_>>()[..] {
            ["worker", mode, mutant, store] => {
                let modes = [Mode::Mixed, Mode::Relaxed, Mode::Large, Mode::Dense];
                let mode = modes.into_iter().find(|known| format!("{known:?}") == mode)?;
                Some(Self::Worker { store: store.into(), mode, mutant: mutant == "true" })
            }
            ["opener", store] => Some(Self::Opener { store: store.into() }),
            _ => None,
        }
    }

    /// Goes on until the parent stops it.
    pub(crate) fn play(self) {
        match self {
            Self::Worker { store, mode, mutant } => {
                let storage = Arc::new(SledStorage::open(store).unwrap());
                if mutant {
                    storage.inject_sync_fault(SyncFault::Skipped);
                }
                thread::scope(|scope| {
                    for thread in 0..THREADS {
                        let storage = &storage;
                        scope.spawn(move || work(storage, mode, thread));
                    }
                });
            }
            Self::Opener { store } => {
                say(OPENING);
                let _open = SledStorage::open(store);
                // Until it is killed, or its parent is gone.
                let _end = std::io::stdin().read_to_end(&mut Vec::new());
            }
        }
    }
}

pub(crate) fn base_key(record: usize) -> String {
    format!("base/{record:06}")
}

/// One in sixteen of these rows is small and written again and again, the others are as large as a value
/// may be.
pub(crate) fn dense_key(row: usize) -> String {
    format!("dense/{row:05}")
}

pub(crate) fn hot_key(row: usize) -> String {
    format!("hot/{row:02}")
}

/// The batch number `number` of a thread.
pub(crate) struct Plan {
    pub(crate) thread: usize,
    pub(crate) number: usize,
    pub(crate) rows: usize,
    pub(crate) hot: String,
    pub(crate) base: String,
    pub(crate) dense: usize,
}

impl Plan {
    /// What each row of the batch says about it, ahead of some filler.
    fn header(&self) -> String {
        let Self { thread, number, rows, hot, base, dense } = self;
        format!("{thread} {number} {rows} {hot} {base} {dense} ")
    }

    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let fields: Vec<&str> = text.trim_end_matches(char::from(FILLER)).trim_end().split(' ').collect();
        let [thread, number, rows, hot, base, dense] = fields[..] else { return None };
        Some(Self {
            thread: thread.parse().ok()?,
            number: number.parse().ok()?,
            rows: rows.parse().ok()?,
            hot: hot.to_owned(),
            base: base.to_owned(),
            dense: dense.parse().ok()?,
        })
    }

    /// The rows that it overwrites, and other batches too.
    pub(crate) fn shared(&self) -> Vec<String> {
        let first = (self.thread * 31 + self.number * 17) * 16;
        let dense = (0..self.dense).map(|row| dense_key((first + row * 48) % DENSE_ROWS));
        [self.hot.clone(), self.base.clone()].into_iter().chain(dense).collect()
    }

    fn row(&self, key: String, bytes: usize) -> Write {
        let mut value = self.header().into_bytes();
        value.resize(bytes.max(value.len()), FILLER);
        Write::Put { key, value }
    }
}

/// One thread: each batch adds rows of its own, overwrites two that all threads share, moves the thread's
/// marker (a delete and a put), and depends on the batch before it.
fn work(storage: &SledStorage, mode: Mode, thread: usize) {
    let mut last: Option<Version> = None;
    for number in 0.. {
        let is_large = mode == Mode::Large && number % 4 == 1;
        let rows = if is_large { LARGE_ROWS } else { 1 + number % 3 };
        let scattered = (thread + number * THREADS).wrapping_mul(0x9e37_79b1) % BASE_RECORDS;
        let hot = hot_key((number + thread) % HOT_ROWS);
        let dense = if mode == Mode::Dense { 64 } else { 0 };
        let plan = Plan { thread, number, rows, hot, base: base_key(scattered), dense };
        let bytes = if is_large { limits::MAX_VALUE_BYTES } else { 100 + number * 37 % 500 };

        let own = |row: usize| format!("log/{thread:02}/{number:08}/{row:02}");
        let marker = |number: usize| format!("marker/{thread:02}/{number:08}");
        let mut writes: Vec<Write> = (0..rows).map(|row| plan.row(own(row), bytes)).collect();
        writes.extend(plan.shared().into_iter().map(|key| plan.row(key, 120)));
        writes.push(plan.row(marker(number), 0));
        let mut checks = vec![Check::Absent { key: own(0) }];
        if let Some(version) = last {
            writes.push(Write::Delete { key: marker(number - 1) });
            checks.push(Check::Version { key: marker(number - 1), version });
        }
        let is_durable = matches!(mode, Mode::Mixed | Mode::Large) && number % 3 == 0;
        let durability = if is_durable { Durability::Durable } else { Durability::Relaxed };
        let bytes: usize = writes.iter().map(written).sum();
        match block_on(storage.commit(Batch { checks, writes, durability })) {
            Ok(Commit::Applied { version }) => {
                last = Some(version);
                say(&format!("ack {thread} {number} {is_durable} {version} {bytes}"));
            }
            other => panic!("batch {number} of thread {thread}: {other:?}"),
        }
    }
}

fn written(write: &Write) -> usize {
    match write {
        Write::Put { key, value } => key.len() + value.len(),
        Write::Delete { key } => key.len(),
    }
}

/// A new store with the records that are there before the load.
pub(crate) fn fill(path: &Path) {
    let storage = SledStorage::open(path).unwrap();
    let base = (0..BASE_RECORDS).map(|record| (base_key(record), 200));
    let dense_bytes = |row| if row % 16 == 0 { 120 } else { limits::MAX_VALUE_BYTES };
    let dense = (0..DENSE_ROWS).map(|row| (dense_key(row), dense_bytes(row)));
    for (rows, at_once) in [(base.collect::<Vec<_>>(), 500), (dense.collect(), 25)] {
        for some in rows.chunks(at_once) {
            let put =
                |(key, bytes): &(String, usize)| Write::Put { key: key.clone(), value: vec![FILLER; *bytes] };
            let writes = some.iter().map(put).collect();
            let batch = Batch { checks: Vec::new(), writes, durability: Durability::Relaxed };
            block_on(storage.commit(batch)).unwrap();
        }
    }
}
