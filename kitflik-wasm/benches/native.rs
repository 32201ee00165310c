//! The native half of `js/bench.mjs`: the same calls, made from Rust. Prints microseconds as JSON.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement")]

use std::sync::Arc;
use std::time::Instant;

use kitflik_core::{
    Actor, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, MasterKey, MemoryStorage,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Policy, SeatId, ShowId,
};

const ROWS: usize = 40;
const SEATS: usize = 50;

/// Microseconds of a call: the median of batches, after some that warm up.
fn time(mut call: impl FnMut()) -> f64 {
    let (batches, calls) = (15, 60);
    let mut times = Vec::new();
    for _ in 0..batches {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    let mut warm = times.split_off(3);
    warm.sort_by(f64::total_cmp);
    warm[warm.len() / 2]
}

fn row_name(row: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at).unwrap());
    [letter(row / 26), letter(row % 26)].iter().collect()
}

async fn show(kitflik: &Kitflik) -> ShowId {
    let (catalog, house) = (kitflik.catalog(), Actor::System);
    let venue = NewVenue {
        command: None,
        name: "Odeon".to_owned(),
        city: "Berlin".to_owned(),
        address: None,
        zone: "Europe/Berlin".parse().unwrap(),
    };
    let venue = catalog.add_venue(&house, &venue).await.unwrap();
    let rows: Vec<String> =
        (0..ROWS).map(|row| format!("{}: {}", row_name(row), "#".repeat(SEATS))).collect();
    let layout = Layout::from_text("Hall 1", &rows.join("\n")).unwrap();
    let price = CategoryPrice {
        category: layout.categories()[0].id.clone(),
        ticket_type: "adult".parse().unwrap(),
        amount_minor: 1250,
    };
    let card = NewPriceCard {
        command: None,
        name: "Evening".to_owned(),
        currency: Currency::EUR,
        prices: vec![price],
        booking_fee_minor: 100,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let card = catalog.add_price_card(&house, &card).await.unwrap();
    let hall = NewAuditorium { command: None, venue_id: venue.id, name: "Hall 1".to_owned(), layout };
    let hall = catalog.add_auditorium(&house, &hall).await.unwrap();
    let movie = NewMovie { title: "Alien".to_owned(), ..NewMovie::default() };
    let movie = catalog.add_movie(&house, &movie).await.unwrap();
    let show = NewShow::new(movie.id, hall.id, card.id, "2036-11-27T20:00".parse().unwrap());
    catalog.add_show(&house, &show).await.unwrap().id
}

fn main() {
    // `cargo test --benches` only wants to see that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut policy = Policy::default();
    policy.view_max_age = None;
    let storage = Arc::new(MemoryStorage::new());
    let kitflik = Kitflik::builder(storage, MasterKey::new([7; 32])).policy(policy).build().unwrap();
    let show = pollster::block_on(show(&kitflik));
    let mut next = 0;
    let mut hold = || {
        let seat = SeatId::new(format!("{}{}", row_name(next / SEATS), next % SEATS + 1)).unwrap();
        next += 1;
        pollster::block_on(kitflik.bookings().hold(&Actor::guest(), &HoldSeats::seats(show, [seat]))).unwrap()
    };
    let first = hold();
    let owner = Actor::guest_with(first.booking_token.unwrap());
    let token = pollster::block_on(async {
        kitflik.bookings().confirm(&owner, first.id, &ConfirmBooking::counter()).await.unwrap();
        kitflik.bookings().tickets(&owner, first.id).await.unwrap().remove(0).token
    });
    let key = kitflik.ticket_key();
    let seats = time(|| {
        let map = pollster::block_on(kitflik.bookings().seats(show)).unwrap();
        assert!(!map.json().is_empty());
    });
    let holds = time(|| drop(hold()));
    let verify = time(|| assert!(key.verify(&token).is_ok()));
    println!("{}", serde_json::json!({ "seats()": seats, "hold()": holds, "verifyTicket()": verify }));
}
