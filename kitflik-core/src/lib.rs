//! KitFlik: an embeddable booking engine for reserved seats.
#![forbid(unsafe_code)]

pub mod limits;
mod ports;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;

pub use ports::storage::{
    Batch, Check, Commit, Durability, Key, Read, Row, Storage, StorageError, Version, Write, validate_batch,
    validate_reads,
};
pub use storage::memory::MemoryStorage;
#[cfg(all(feature = "sled", not(target_arch = "wasm32")))]
pub use storage::sled::SledStorage;
#[cfg(all(feature = "sled", feature = "testing", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub use storage::sled::SyncFault;
