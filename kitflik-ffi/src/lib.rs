//! KitFlik for Kotlin, Swift and Python: the engine in the app's own process, with storage, mail and payments that the
//! app may bring.
//!
//! A thin door: the verbs, their requests and their views are the core's own. What is made here is what the crossing
//! needs: lists without generics, a storage that can be shut, and no panic that crosses ([`KitflikError`] does).
//!
//! The methods need no async runtime: each call is polled by the caller's own event loop, dispatcher or task. What
//! takes long without waiting (a password hash, a sync of the disk) has a thread of its own.
#![allow(unsafe_code, reason = "the scaffolding that uniffi generates")]

#[cfg(target_arch = "wasm32")]
compile_error!("uniffi does not build for wasm32: use the package `kitflik-wasm`");

mod bookings;
mod catalog;
mod check_in;
mod conformance;
mod door;
mod gate;
mod guard;
mod hasher;
mod house;
mod jobs;
mod layout;
mod mail;
mod measure;
mod reports;
mod staff;
mod users;
mod vectors;

uniffi::setup_scaffolding!();

pub use bookings::{BookingPage, Bookings};
pub use catalog::{
    AuditoriumPage, Catalog, MoviePage, NewAuditorium, PriceCardPage, SetLayout, ShowPage, VenuePage,
    VoucherPage,
};
pub use check_in::{CheckInPage, OfflineGate, gate_log_line, read_gate_log};
pub use conformance::{ConformanceFailure, conformance_cases, run_conformance_case};
pub use door::{memory_storage, sled_storage, validate_batch, validate_reads};
pub use gate::{Gate, qr_png, qr_svg};
pub use house::{HouseKey, HousePolicy, Kitflik, KitflikOptions, PaymentProvider, Store};
pub use jobs::Jobs;
pub use kitflik_core::KitflikError;
pub use layout::Layout;
pub use mail::{Mail, MailPage, MailTemplate};
pub use measure::{NativeCallTimes, native_call_times};
pub use reports::{OccupancyPage, Reports, occupancy_report_csv, revenue_csv, settlement_csv};
pub use staff::{AuditPage, StaffAccounts, StaffPage};
pub use users::{CustomerView, UpdateProfile, UserPage, Users};
pub use vectors::vector_answer;
