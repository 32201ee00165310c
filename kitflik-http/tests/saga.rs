//! Customers who pay in every way in which a payment can go wrong, a mail server that refuses some mail at first, and a
//! server that is killed in the middle of it, again and again. Once all is quiet, the provider's journal, the house's
//! books, the bookings and the mail tell the same.
//!
//! A kill comes after a number of answers that the seed decides. `KITFLIK_SAGA_SECONDS=120` goes on for two minutes.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod saga_support;
mod server_support;
mod sink_support;

use saga_support::Saga;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_makes_a_difference_between_money_bookings_and_mail() {
    let seconds = std::env::var("KITFLIK_SAGA_SECONDS").map_or(0, |text| text.parse().unwrap());
    Saga { kills: 4, seconds, customers: 6 }.run().await;
}
