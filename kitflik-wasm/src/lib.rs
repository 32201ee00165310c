//! KitFlik for JavaScript: the engine and its REST API in WebAssembly.
//!
//! This crate only translates. Requests and answers cross as JSON texts, read by the same code as the bodies of the
//! REST API; every rule is the engine's. What a program in JavaScript sees is the package `kitflik`, whose TypeScript
//! is in `js/`: it gives the texts their types and turns refusals into `KitflikError`.
//!
//! An asynchronous call is a *task* (`tasks`): the JavaScript side polls it and catches what a panic throws, so
//! that no promise is left hanging.
#![allow(unsafe_code, reason = "the glue that wasm-bindgen generates")]

mod engine;
mod failure;
mod fetch;
mod host;
mod offline;
mod options;
mod ports;
mod tasks;
#[cfg(feature = "testing")]
mod testing;

pub use engine::Engine;
pub use fetch::BodyReader;
pub use host::{Host, install};
pub use offline::{layout_from_pretix, layout_from_text, verify_ticket};
pub use ports::clock::ClockBridge;
pub use ports::mailer::MailerBridge;
pub use ports::payments::PaymentsBridge;
pub use ports::storage::StorageBridge;
pub use ports::{Given, resume};
pub use tasks::poll;
#[cfg(feature = "testing")]
pub use testing::{conformance_cases, conformance_run, provoke_panic, vector_answer};
