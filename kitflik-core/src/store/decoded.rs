//! Records that are read by nearly every command and hardly ever change, decoded once.
//!
//! This holds no answer of the store: each command reads the row, and what is kept is only used if it was
//! decoded from the same bytes. So a decision never depends on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::records::Record;
use super::tx::decode;
use crate::error::EngineError;
use crate::ports::storage::{Key, Row};

/// Records of one kind that are kept at most. A show takes about 1 kB.
const MOST: usize = 1024;

#[derive(Debug)]
pub(crate) struct Decoded<R> {
    known: RwLock<BTreeMap<Key, Known<R>>>,
}

#[derive(Debug)]
struct Known<R> {
    bytes: Vec<u8>,
    record: Arc<R>,
}

impl<R> Default for Decoded<R> {
    fn default() -> Self {
        Self { known: RwLock::default() }
    }
}

impl<R: Record> Decoded<R> {
    /// The record that stands in a row.
    pub(crate) fn decode(&self, row: &Row) -> Result<Arc<R>, EngineError> {
        if let Some(known) = self.known.read().get(&row.key)
            && known.bytes == row.value
        {
            return Ok(Arc::clone(&known.record));
        }
        let record: Arc<R> = Arc::new(decode(row)?);
        let mut known = self.known.write();
        if known.len() >= MOST {
            // Ids grow with time: the first is the oldest.
            known.pop_first();
        }
        known.insert(row.key.clone(), Known { bytes: row.value.clone(), record: Arc::clone(&record) });
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShowId;
    use crate::ports::storage::Version;
    use crate::store::keys;
    use crate::store::records::{Form, UserBooking};

    #[test]
    fn other_bytes_are_another_record_whatever_the_version_says() {
        let decoded = Decoded::<UserBooking>::default();
        let row = |show: u8| {
            let record = UserBooking { v: Form, show: ShowId::from_bytes([show; 16]) };
            let value = serde_json::to_vec(&record).unwrap();
            Row { key: keys::catalog().key, value, version: Version(7) }
        };
        let first = decoded.decode(&row(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &decoded.decode(&row(1)).unwrap()));
        assert_eq!(decoded.decode(&row(2)).unwrap().show, ShowId::from_bytes([2; 16]));
        let damaged = Row { value: b"{".to_vec(), ..row(2) };
        assert!(decoded.decode(&damaged).is_err());
    }
}
