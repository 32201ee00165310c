//! What tests of the engine and of its adapters are made of.

pub mod ports;
pub mod sim;
