//! What sled stores under a key: the version, 8 bytes big-endian, then the value.

use ::sled::IVec;

use crate::ports::storage::{Row, StorageError, Version};

/// Bytes that a row takes on top of its key and value.
pub(super) const HEADER: usize = size_of::<u64>();

/// A stored value whose version is still to come. Made on the caller's thread, so that the writer copies
/// nothing.
pub(super) fn unstamped(value: &[u8]) -> IVec {
    let mut stored = Vec::with_capacity(HEADER + value.len());
    stored.extend_from_slice(&[0; HEADER]);
    stored.extend_from_slice(value);
    IVec::from(stored)
}

pub(super) fn stamp(stored: &mut IVec, version: Version) {
    stored[..HEADER].copy_from_slice(&version.0.to_be_bytes());
}

pub(super) fn version(stored: &[u8]) -> Result<Version, StorageError> {
    stored.first_chunk().map(|bytes| Version(u64::from_be_bytes(*bytes))).ok_or_else(|| {
        StorageError::Corrupt {
            reason: format!("a row has {} bytes, its version takes {HEADER}", stored.len()),
        }
    })
}

pub(super) fn decode(key: &[u8], stored: &[u8]) -> Result<Row, StorageError> {
    let version = version(stored)?;
    let key = std::str::from_utf8(key)
        .map_err(|_| StorageError::Corrupt { reason: "a key is not printable ASCII".to_owned() })?;
    Ok(Row { key: key.to_owned(), value: stored[HEADER..].to_vec(), version })
}
