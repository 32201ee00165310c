//! The REST API over real HTTP.
//!
//! By default each test opens a house of its own in memory. With `KITFLIK_API_URL` (and
//! `KITFLIK_STAFF_EMAIL`, `KITFLIK_STAFF_PASSWORD`) the same tests run against whatever serves the API there;
//! those that must set the clock or break the storage are left out.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail like the test")]
#![forbid(unsafe_code)]

mod accounts;
mod cancel;
#[cfg(feature = "server")]
mod compression;
mod cookies;
mod customers;
mod document;
mod edits;
mod errors;
#[cfg(feature = "server")]
mod events;
mod forge;
mod gate;
mod house;
mod house_seats;
mod idempotency;
mod inputs;
mod jobs;
mod mail;
mod main_path;
mod office;
#[cfg(feature = "pages")]
mod pages;
mod payments;
mod pictures;
mod prices;
mod reports;
mod schedule;
mod search;
mod staff;
mod staff_accounts;
mod tokens;
mod users;
