//! The tests of the program `kitflik`, linked once. Every file can be run by itself all the same:
//! `cargo test -p kitflik-http --test rush`.
#![allow(clippy::duplicate_mod, clippy::unwrap_used, reason = "test programs")]

#[path = "../keys.rs"]
mod keys;
#[path = "../limits.rs"]
mod limits;
#[path = "../mail.rs"]
mod mail;
#[path = "../rush.rs"]
mod rush;
#[path = "../saga.rs"]
mod saga;
#[path = "../secrets.rs"]
mod secrets;
#[path = "../server.rs"]
mod server;
