//! The reference adapter: a sorted map behind a lock.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};

use async_trait::async_trait;
use parking_lot::RwLock;

use crate::ports::storage::{
    Batch, Check, Commit, Key, Read, Row, Storage, StorageError, Version, Write, validate_batch,
    validate_reads,
};

/// Storage in memory. It honours every promise of the port but one: a `Durable` batch dies with the process.
///
#[derive(Debug, Default)]
pub struct MemoryStorage {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<Key, (Version, Vec<u8>)>,
    version: u64,
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        validate_reads(&reads)?;
        let state = self.state.read();
        Ok(reads.iter().map(|read| state.answer(read)).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        validate_batch(&batch)?;
        Ok(self.state.write().apply(batch))
    }
}

impl State {
    fn answer(&self, read: &Read) -> Vec<Row> {
        match read {
            Read::Get { key } => {
                self.rows.get_key_value(key.as_str()).map(|(key, row)| to_row(key, row)).into_iter().collect()
            }
            Read::Scan { start, end, .. } if start >= end => Vec::new(),
            Read::Scan { start, end, limit, reverse } => {
                let range = self.rows.range::<str, _>((Included(start.as_str()), Excluded(end.as_str())));
                let limit = *limit as usize;
                if *reverse {
                    range.rev().take(limit).map(|(key, row)| to_row(key, row)).collect()
                } else {
                    range.take(limit).map(|(key, row)| to_row(key, row)).collect()
                }
            }
        }
    }

    fn apply(&mut self, batch: Batch) -> Commit {
        for check in batch.checks {
            let holds = match &check {
                Check::Absent { key } => !self.rows.contains_key(key.as_str()),
                Check::Version { key, version } => {
                    self.rows.get(key.as_str()).is_some_and(|(stored, _)| stored == version)
                }
            };
            if !holds {
                let (Check::Absent { key } | Check::Version { key, .. }) = check;
                return Commit::Conflict { key };
            }
        }
        self.version += 1;
        let version = Version(self.version);
        for write in batch.writes {
            match write {
                Write::Put { key, value } => {
                    self.rows.insert(key, (version, value));
                }
                Write::Delete { key } => {
                    self.rows.remove(&key);
                }
            }
        }
        Commit::Applied { version }
    }
}

fn to_row(key: &str, (version, value): &(Version, Vec<u8>)) -> Row {
    Row { key: key.to_owned(), value: value.clone(), version: *version }
}

#[cfg(feature = "testing")]
impl MemoryStorage {
    /// All rows, in key order: for tests that look at what is stored.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.state.read().rows.iter().map(|(key, row)| to_row(key, row)).collect()
    }
}
