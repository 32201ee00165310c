//! The storage adapters that live in the core.

pub(crate) mod memory;
#[cfg(all(feature = "sled", not(target_arch = "wasm32")))]
pub(crate) mod sled;
