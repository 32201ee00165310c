//! The storage port: an ordered key-value space with checked batches.
//!
//! Two methods are all that an adapter writes. [`crate::testing::storage_conformance`] (feature `testing`)
//! certifies it.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits;

/// A key: 1 to [`limits::MAX_KEY_BYTES`] bytes of printable ASCII (`!` to `~`), ordered byte by byte.
#[cfg_attr(feature = "typescript", tsify::declare)]
pub type Key = String;

/// The version of one stored row. It never repeats for a key, not even after a delete, and stays below
/// [`limits::MAX_VERSION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "number"))]
#[serde(transparent)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One question of a [`Storage::read`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Read {
    /// The row with this key: zero or one row.
    Get {
        /// The key.
        key: Key,
    },
    /// The rows with `start <= key < end`, in key order (descending if `reverse`), at most `limit` of them.
    Scan {
        /// First key that may be returned.
        start: Key,
        /// First key that may not.
        end: Key,
        /// Most rows, 1 to [`limits::MAX_SCAN_ROWS`].
        limit: u32,
        /// From the end of the range backwards.
        reverse: bool,
    },
}

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// Its value: 1 to [`limits::MAX_VALUE_BYTES`] bytes. The engine stores UTF-8 JSON.
    #[cfg_attr(feature = "typescript", tsify(type = "Uint8Array"))]
    pub value: Vec<u8>,
    /// The version that its last write gave it.
    pub version: Version,
}

/// What must hold for a batch to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Check {
    /// No row has this key.
    Absent {
        /// The key.
        key: Key,
    },
    /// The row with this key exists and has this version.
    Version {
        /// The key.
        key: Key,
        /// The version that was read.
        version: Version,
    },
}

/// One change of a batch. A batch writes a key at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Write {
    /// Insert or replace.
    Put {
        /// The key.
        key: Key,
        /// The new value.
        #[cfg_attr(feature = "typescript", tsify(type = "Uint8Array"))]
        value: Vec<u8>,
    },
    /// Remove; nothing happens if there is no such row.
    Delete {
        /// The key.
        key: Key,
    },
}

/// What an acknowledgement of a batch promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// On stable media, together with every batch applied before it.
    Durable,
    /// Applied and visible; a power failure may lose it, whole, never in part.
    Relaxed,
}

/// Checks and writes that happen together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Batch {
    /// All of them must hold.
    pub checks: Vec<Check>,
    /// All of them are applied.
    pub writes: Vec<Write>,
    /// When to acknowledge.
    pub durability: Durability,
}

/// How a commit ended. A conflict is an ordinary outcome, not an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Commit {
    /// All writes are applied, and every row they put has this version.
    Applied {
        /// The new version.
        version: Version,
    },
    /// A check did not hold; nothing was written.
    Conflict {
        /// The key of a check that did not hold.
        key: Key,
    },
}

/// Why the storage could not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
#[non_exhaustive]
pub enum StorageError {
    /// Nothing was read or written; trying again may succeed.
    #[error("the storage is unavailable: {reason}")]
    Unavailable {
        /// What happened, for the operator.
        reason: String,
    },
    /// The batch may or may not have been applied.
    #[error("the storage did not say whether the batch was applied: {reason}")]
    Indeterminate {
        /// What happened, for the operator.
        reason: String,
    },
    /// A bound of [`limits`] was exceeded, or a key, value or range was malformed; nothing was read or written.
    #[error("{what} is {actual}, allowed is {allowed}")]
    TooLarge {
        /// What exceeded its bound.
        what: String,
        /// What was sent.
        actual: String,
        /// What is allowed.
        allowed: String,
    },
    /// The stored bytes cannot be what was written; nothing was written.
    #[error("the store is damaged: {reason}")]
    Corrupt {
        /// What was found, for the operator.
        reason: String,
    },
}

impl StorageError {
    /// Trying the same call again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Indeterminate { .. })
    }
}

/// An ordered key-value space with checked, atomic batches.
///
/// A dropped future of [`commit`](Storage::commit) leaves the batch applied or not applied, never in part.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
#[async_trait]
pub trait Storage: Send + Sync {
    /// Answers all reads from one snapshot, in the order asked.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::TooLarge`] or [`StorageError::Corrupt`].
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError>;

    /// Applies all writes if all checks hold, otherwise nothing.
    ///
    /// # Errors
    /// Any [`StorageError`]. Only after [`StorageError::Indeterminate`] may the batch have been applied.
    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError>;
}

/// Checks reads against [`limits`]: every adapter starts with this.
///
/// # Errors
/// [`StorageError::TooLarge`], naming the bound.
pub fn validate_reads(reads: &[Read]) -> Result<(), StorageError> {
    within("the number of reads", reads.len(), limits::MAX_READS)?;
    for read in reads {
        match read {
            Read::Get { key } => validate_key(key)?,
            Read::Scan { start, end, limit, .. } => {
                validate_key(start)?;
                validate_key(end)?;
                if *limit == 0 || *limit > limits::MAX_SCAN_ROWS {
                    return Err(too_large(
                        "the limit of a scan",
                        *limit,
                        format!("1 to {} rows", limits::MAX_SCAN_ROWS),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Checks a batch against [`limits`]: every adapter starts with this.
///
/// # Errors
/// [`StorageError::TooLarge`], naming the bound.
pub fn validate_batch(batch: &Batch) -> Result<(), StorageError> {
    within("the number of checks", batch.checks.len(), limits::MAX_BATCH_CHECKS)?;
    within("the number of writes", batch.writes.len(), limits::MAX_BATCH_WRITES)?;
    let mut bytes = 0;
    for check in &batch.checks {
        let (Check::Absent { key } | Check::Version { key, .. }) = check;
        validate_key(key)?;
        bytes += key.len();
    }
    let mut keys: Vec<&str> = Vec::with_capacity(batch.writes.len());
    for write in &batch.writes {
        match write {
            Write::Put { key, value } => {
                validate_key(key)?;
                if value.is_empty() {
                    return Err(too_large("the size of a value", "0 bytes", "1 byte or more"));
                }
                within("the bytes of a value", value.len(), limits::MAX_VALUE_BYTES)?;
                bytes += key.len() + value.len();
                keys.push(key);
            }
            Write::Delete { key } => {
                validate_key(key)?;
                bytes += key.len();
                keys.push(key);
            }
        }
    }
    keys.sort_unstable();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(too_large("the number of writes of one key", format!("2 or more for {}", twice[0]), "1"));
    }
    within("the bytes of a batch", bytes, limits::MAX_BATCH_BYTES)
}

fn validate_key(key: &str) -> Result<(), StorageError> {
    if key.is_empty() {
        return Err(too_large("the length of a key", "0 bytes", "1 byte or more"));
    }
    within("the bytes of a key", key.len(), limits::MAX_KEY_BYTES)?;
    match key.bytes().find(|byte| !byte.is_ascii_graphic()) {
        Some(byte) => Err(too_large("a byte of a key", format!("0x{byte:02x}"), "printable ASCII")),
        None => Ok(()),
    }
}

fn within(what: &str, actual: usize, most: usize) -> Result<(), StorageError> {
    if actual > most { Err(too_large(what, actual, format!("{most} at most"))) } else { Ok(()) }
}

fn too_large(what: &str, actual: impl ToString, allowed: impl ToString) -> StorageError {
    StorageError::TooLarge { what: what.to_owned(), actual: actual.to_string(), allowed: allowed.to_string() }
}
