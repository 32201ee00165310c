//! What the house wants to know: revenue, occupancy, and whether its books agree with its bookings.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "reports/dashboard.rs"]
mod dashboard;
#[path = "reports/occupancy.rs"]
mod occupancy;
#[path = "reports/revenue.rs"]
mod revenue;
#[path = "reports/settlement.rs"]
mod settlement;

use common::{Cinema, House, price, seat, seats};
use kitflik_core::{
    Actor, BookingView, CancelBooking, CategoryPrice, ConfirmBooking, HoldSeats, NewPriceCard, PriceTax,
    Role, SeatTicketType, ShowId, StaffId,
};
use pollster::block_on;

pub(crate) fn staff(role: Role) -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role }
}

/// Buys seats; `child` names those of them that are for children.
pub(crate) fn buy(
    house: &House,
    actor: &Actor,
    show: ShowId,
    wanted: &[&str],
    child: &[&str],
    pay: &ConfirmBooking,
) -> BookingView {
    let mut hold = HoldSeats::seats(show, seats(wanted)).customer("Ada", "ada@example.org");
    hold.ticket_types = child
        .iter()
        .map(|id| SeatTicketType { seat: seat(id), ticket_type: "child".parse().unwrap() })
        .collect();
    let held = block_on(house.kitflik.bookings().hold(actor, &hold)).unwrap();
    block_on(house.kitflik.bookings().confirm(&Actor::System, held.id, pay)).unwrap()
}

pub(crate) fn cancel(house: &House, sold: &BookingView) -> BookingView {
    let request = CancelBooking::because("It rains.");
    block_on(house.kitflik.bookings().cancel(&Actor::System, sold.id, &request)).unwrap()
}

pub(crate) fn paid() -> ConfirmBooking {
    ConfirmBooking::paid_by("test", None)
}

/// Another show in the same hall, days later, at prices in a currency.
pub(crate) fn later(
    house: &House,
    cinema: &Cinema,
    days: u32,
    currency: &str,
    tax: Option<PriceTax>,
) -> ShowId {
    let catalog = house.kitflik.catalog();
    let prices: Vec<CategoryPrice> = vec![price("standard", "adult", 1000), price("standard", "child", 0)];
    let card = NewPriceCard {
        command: None,
        name: format!("Card {currency} {days}"),
        currency: currency.parse().unwrap(),
        prices,
        booking_fee_minor: 0,
        ticket_fee_minor: 100,
        rules: Vec::new(),
        tax,
    };
    block_on(async {
        let card = catalog.add_price_card(&Actor::System, &card).await.unwrap();
        let starts = format!("2026-11-{}T20:00", 27 + days).parse().unwrap();
        let show = kitflik_core::NewShow::new(cinema.movie.id, cinema.auditorium.id, card.id, starts);
        catalog.add_show(&Actor::System, &show).await.unwrap().id
    })
}
