//! KitFlik inside a program: one hall, one show, two seats from hold to tickets. No server, no async runtime.
//!
//! `cargo run -p kitflik-examples --example embedded` sells in memory; give it a directory and it keeps what it sold.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::sync::Arc;

use kitflik_core::{
    Actor, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, LocalTime, MasterKey,
    MemoryStorage, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, SledStorage, Storage, Zone,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let storage: Arc<dyn Storage> = match std::env::args().nth(1) {
        Some(directory) => Arc::new(SledStorage::open(directory)?),
        None => Arc::new(MemoryStorage::new()),
    };
    // Every key that the house signs with comes from this one: make it once from real randomness, and keep it safe.
    let kitflik = Kitflik::builder(storage, MasterKey::new([7; 32])).build()?;
    pollster::block_on(evening(&kitflik))
}

async fn evening(kitflik: &Kitflik) -> Result<(), Box<dyn std::error::Error>> {
    let (catalog, bookings, house) = (kitflik.catalog(), kitflik.bookings(), Actor::System);
    let (command, name) = (None, "Odeon".to_owned());
    let venue = NewVenue { command, name, city: "Berlin".to_owned(), address: None, zone: Zone::UTC };
    let venue = catalog.add_venue(&house, &venue).await?;
    let layout = Layout::from_text("Hall 1", "A: ####_####\nB: ####_####\nC: ##<>_####")?;
    let (category, ticket_type) = (layout.categories()[0].id.clone(), "adult".parse()?);
    let prices = vec![CategoryPrice { category, ticket_type, amount_minor: 1200 }];
    let card = NewPriceCard { booking_fee_minor: 50, ..NewPriceCard::new("Evening", Currency::EUR, prices) };
    let card = catalog.add_price_card(&house, &card).await?;
    let hall = NewAuditorium { command: None, venue_id: venue.id, name: "Hall 1".to_owned(), layout };
    let hall = catalog.add_auditorium(&house, &hall).await?;
    let movie = NewMovie { title: "The Long Night".to_owned(), ..NewMovie::default() };
    let movie = catalog.add_movie(&house, &movie).await?;
    let tomorrow = kitflik.now().plus(std::time::Duration::from_secs(24 * 60 * 60));
    let starts_at = LocalTime::new(tomorrow.utc().naive_utc());
    let show = catalog.add_show(&house, &NewShow::new(movie.id, hall.id, card.id, starts_at)).await?;

    let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await?;
    let labels: Vec<&str> = held.seats.iter().map(|seat| seat.label.as_str()).collect();
    println!("held {} for {} minor units", labels.join(" and "), held.quote.total.amount_minor);
    let guest = Actor::guest_with(held.booking_token.unwrap_or_default());
    bookings.confirm(&guest, held.id, &ConfirmBooking::counter()).await?;
    for ticket in bookings.tickets(&guest, held.id).await? {
        kitflik.ticket_key().verify(&ticket.token)?;
        println!("ticket for {}: {}", ticket.seat.label, ticket.token);
    }
    println!("seats {}", bookings.seats(show.id).await?.view().states);
    Ok(())
}
