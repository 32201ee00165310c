//! What tests of the engine and of its adapters are made of.

pub mod broken_storage;
pub mod permissions;
pub mod ports;
pub mod search;
pub mod sim;
pub mod storage_conformance;
pub mod vectors;
