//! The engine's tests, linked once: a program for each of these files took CI minutes.
//!
//! Every file here can be run by itself all the same: `cargo test -p kitflik-core --test bookings`. A new file in
//! `tests/` is a program of its own until it is named here and, with `test = false`, in `Cargo.toml`.
#![allow(missing_docs, clippy::duplicate_mod, clippy::unwrap_used, reason = "test programs")]

#[path = "../accounts/main.rs"]
mod accounts;
#[path = "../audit.rs"]
mod audit;
#[path = "../bookings.rs"]
mod bookings;
#[path = "../cancel.rs"]
mod cancel;
#[path = "../cancelled_shows.rs"]
mod cancelled_shows;
#[path = "../catalog.rs"]
mod catalog;
#[path = "../check_in.rs"]
mod check_in;
#[path = "../customers.rs"]
mod customers;
#[path = "../edits.rs"]
mod edits;
#[path = "../feed.rs"]
mod feed;
#[path = "../house_seats.rs"]
mod house_seats;
#[path = "../jobs.rs"]
mod jobs;
#[path = "../keys.rs"]
mod keys;
#[path = "../largest.rs"]
mod largest;
#[path = "../layout_versions.rs"]
mod layout_versions;
#[path = "../mail.rs"]
mod mail;
#[path = "../money.rs"]
mod money;
#[path = "../office.rs"]
mod office;
#[path = "../permissions.rs"]
mod permissions;
#[path = "../prices.rs"]
mod prices;
#[path = "../reports.rs"]
mod reports;
#[path = "../returns.rs"]
mod returns;
#[path = "../schedule.rs"]
mod schedule;
#[path = "../search.rs"]
mod search;
#[path = "../search_judged.rs"]
mod search_judged;
#[path = "../selection.rs"]
mod selection;
#[path = "../shows.rs"]
mod shows;
#[path = "../sled_storage.rs"]
mod sled_storage;
#[path = "../staff.rs"]
mod staff;
#[path = "../storage_conformance.rs"]
mod storage_conformance;
#[path = "../tidy.rs"]
mod tidy;
#[path = "../users.rs"]
mod users;
#[path = "../vouchers.rs"]
mod vouchers;
