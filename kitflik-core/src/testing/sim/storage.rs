//! A store that fails in every way that the port allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Sabotage, turn};
use crate::ports::storage::{
    Batch, Check, Commit, Durability, Key, Read, Row, Storage, StorageError, Version, Write, validate_batch,
    validate_reads,
};
use crate::testing::ports::SeededEntropy;

/// What one batch wrote; `None` is a delete.
pub(super) type Change = BTreeMap<Key, Option<Vec<u8>>>;
type Rows = BTreeMap<Key, (Version, Vec<u8>)>;

pub(super) struct FaultyStorage {
    state: Mutex<State>,
    luck: Arc<SeededEntropy>,
    sabotage: Option<Sabotage>,
}

struct State {
    /// What everybody sees.
    rows: Rows,
    /// What a power failure leaves.
    stable: Rows,
    /// Batches applied since, in order.
    unsynced: Vec<(Version, Vec<Write>)>,
    version: u64,
    /// The number of the process generation: a batch that was sent before a crash is never applied after it.
    generation: u64,
    /// Batches whose sender was told that nobody knows, and that arrive later.
    late: Vec<Batch>,
    /// The batches applied since the auditor looked, in order.
    changed: Vec<Change>,
    healthy: bool,
}

impl FaultyStorage {
    pub(super) fn new(rows: &[Row], luck: Arc<SeededEntropy>, sabotage: Option<Sabotage>) -> Self {
        let rows: Rows = rows.iter().map(|row| (row.key.clone(), (row.version, row.value.clone()))).collect();
        let version = rows.values().map(|(version, _)| version.0).max().unwrap_or(0);
        let state = State {
            stable: rows.clone(),
            rows,
            unsynced: Vec::new(),
            version,
            generation: 0,
            late: Vec::new(),
            changed: Vec::new(),
            healthy: false,
        };
        Self { state: Mutex::new(state), luck, sabotage }
    }

    /// The power fails: of what was not synced, a prefix survives.
    pub(super) fn crash(&self) {
        let mut state = self.state.lock();
        let survive = usize::try_from(self.luck.below(state.unsynced.len() as u64 + 1)).unwrap_or(0);
        let surviving: Vec<_> = state.unsynced.drain(..).take(survive).collect();
        for (version, writes) in surviving {
            write(&mut state.stable, version, &writes);
        }
        state.rows = state.stable.clone();
        state.late.clear();
        state.changed.clear();
        state.generation += 1;
    }

    /// Nothing fails from here on.
    pub(super) fn heal(&self) {
        self.state.lock().healthy = true;
    }

    pub(super) fn rows(&self) -> BTreeMap<Key, Vec<u8>> {
        self.state.lock().rows.iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect()
    }

    /// What was written since the last call.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.state.lock().changed)
    }

    fn happens(&self, percent: u64) -> bool {
        !self.state.lock().healthy && self.luck.chance(percent)
    }

    async fn wait(&self) {
        for _ in 0..self.luck.below(4) {
            turn().await;
        }
    }

    fn apply(&self, batch: &Batch) -> Commit {
        let half = self.sabotage == Some(Sabotage::HalfOfABatch) && self.happens(10);
        let mut state = self.state.lock();
        if self.sabotage != Some(Sabotage::ChecksOff)
            && let Some(key) = batch.checks.iter().find_map(|check| failed(&state.rows, check))
        {
            return Commit::Conflict { key };
        }
        state.version += 1;
        let version = Version(state.version);
        let count = if half { batch.writes.len() / 2 } else { batch.writes.len() };
        let writes = batch.writes[..count].to_vec();
        write(&mut state.rows, version, &writes);
        let change = writes.iter().map(|write| match write {
            Write::Put { key, value } => (key.clone(), Some(value.clone())),
            Write::Delete { key } => (key.clone(), None),
        });
        state.changed.push(change.collect());
        state.unsynced.push((version, writes));
        Commit::Applied { version }
    }

    fn late_arrivals(&self) {
        if !self.luck.chance(20) {
            return;
        }
        let late = self.state.lock().late.pop();
        if let Some(batch) = late {
            self.apply(&batch);
        }
    }

    fn sync(&self) {
        let mut state = self.state.lock();
        let State { stable, unsynced, .. } = &mut *state;
        for (version, writes) in unsynced.drain(..) {
            write(stable, version, &writes);
        }
    }
}

fn failed(rows: &Rows, check: &Check) -> Option<Key> {
    match check {
        Check::Absent { key } => rows.contains_key(key).then(|| key.clone()),
        Check::Version { key, version } => {
            let holds = rows.get(key).is_some_and(|(stored, _)| stored == version);
            (!holds).then(|| key.clone())
        }
    }
}

fn write(rows: &mut Rows, version: Version, writes: &[Write]) {
    for write in writes {
        match write {
            Write::Put { key, value } => rows.insert(key.clone(), (version, value.clone())),
            Write::Delete { key } => rows.remove(key),
        };
    }
}

fn unavailable() -> StorageError {
    StorageError::Unavailable { reason: "the seed says so".to_owned() }
}

fn indeterminate() -> StorageError {
    StorageError::Indeterminate { reason: "the seed says so".to_owned() }
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        validate_reads(&reads)?;
        self.wait().await;
        if self.happens(2) {
            return Err(unavailable());
        }
        let answers = {
            let state = self.state.lock();
            reads.iter().map(|read| answer(&state.rows, read)).collect()
        };
        self.wait().await;
        Ok(answers)
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        validate_batch(&batch)?;
        let generation = self.state.lock().generation;
        self.wait().await;
        self.late_arrivals();
        if self.happens(2) {
            return Err(unavailable());
        }
        if self.happens(2) {
            // The connection broke before the batch arrived, or it arrives when nobody expects it any more.
            if self.luck.chance(50) {
                self.state.lock().late.push(batch);
            }
            return Err(indeterminate());
        }
        if self.happens(2)
            && let Some(Check::Absent { key } | Check::Version { key, .. }) = batch.checks.first()
        {
            // A serialisation failure.
            return Ok(Commit::Conflict { key: key.clone() });
        }
        let outcome = self.apply(&batch);
        let applied = matches!(outcome, Commit::Applied { .. });
        self.wait().await;
        if applied && self.happens(5) {
            return Err(indeterminate());
        }
        if applied && batch.durability == Durability::Durable {
            if self.state.lock().generation != generation {
                return Err(indeterminate());
            }
            self.sync();
        }
        if self.happens(20) {
            // Somebody else's sync, or the clock's.
            self.sync();
        }
        Ok(outcome)
    }
}

fn answer(rows: &Rows, read: &Read) -> Vec<Row> {
    let row = |(key, (version, value)): (&Key, &(Version, Vec<u8>))| Row {
        key: key.clone(),
        value: value.clone(),
        version: *version,
    };
    match read {
        Read::Get { key } => rows.get_key_value(key).map(row).into_iter().collect(),
        Read::Scan { start, end, .. } if start >= end => Vec::new(),
        Read::Scan { start, end, limit, reverse } => {
            let range = rows.range(start.clone()..end.clone());
            let limit = *limit as usize;
            if *reverse {
                range.rev().take(limit).map(row).collect()
            } else {
                range.take(limit).map(row).collect()
            }
        }
    }
}
