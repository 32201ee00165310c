//! What tests are made of: the storage conformance suite, and storages that break a promise on purpose.

pub mod broken_storage;
pub mod storage_conformance;
