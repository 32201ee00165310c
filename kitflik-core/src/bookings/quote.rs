//! What seats cost: lines that sum to the total, by pure functions over records.
//!
//! Each seat has the price of its category and ticket type, and a line for each rule of the card that changed it; then
//! follow the discount on the prices of the seats, the fees, and a tax that is not in the prices already. What
//! is rounded, is rounded half to even on its own line.

use super::rules::Wanted;
use super::vouchers::taken_off;
use super::{BookingError, Quote, QuoteLine, QuoteTax};
use crate::catalog::CategoryPrice;
use crate::catalog::pricing::{ShowFacts, apply};
use crate::error::Invalid;
use crate::money::{Currency, Money, included, share};
use crate::seats::layout::{Layout, Seat, SeatNo};
use crate::store::records::{BookedDiscount, BookedSeat, Booking, PriceCard, PriceChanged};

/// Bytes that the seats of a booking and what rules did to their prices may take together, as stored. The longest
/// names of ten seats alone take hardly more.
const ROOM_FOR_SEATS: usize = 4_500;

/// Seats with their prices, and what rules did to each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Priced {
    pub(super) seats: Vec<BookedSeat>,
    pub(super) changes: Vec<Changed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    seat: SeatNo,
    rule: String,
    minor: i64,
}

/// Everything that a booking costs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sum {
    pub(super) seats: Vec<BookedSeat>,
    pub(super) changes: Vec<PriceChanged>,
    pub(super) ticket_fee_minor: i64,
    pub(super) fees: Vec<QuoteLine>,
    pub(super) discount: Option<BookedDiscount>,
    pub(super) tax: Option<QuoteTax>,
    pub(super) total: Money,
}

impl Sum {
    /// The booking at this price.
    pub(super) fn of(self, booking: Booking) -> Booking {
        let Self { seats, changes, ticket_fee_minor, fees, discount, tax, total } = self;
        Booking { seats, changes, ticket_fee_minor, fees, discount, tax, total, ..booking }
    }
}

/// The seats of a booking at the prices of the card; the first price of a category is the one that nobody has
/// to ask for. A card with rules needs to know about the show.
pub(super) fn price(
    layout: &Layout,
    card: &PriceCard,
    facts: Option<&ShowFacts>,
    wanted: &[Wanted],
) -> Result<Priced, BookingError> {
    let mut priced = Priced::default();
    for (number, ticket_type) in wanted {
        let Some(seat) = layout.seat(*number) else { continue };
        let mut prices = card.prices.iter().filter(|price| price.category == seat.category);
        let price = match ticket_type {
            None => prices.next(),
            Some(wanted) => prices.find(|price| price.ticket_type == *wanted),
        };
        let price = price.ok_or_else(|| not_sold_as(card, seat))?;
        let (price_minor, applied) =
            facts.map_or((price.amount_minor, Vec::new()), |facts| apply(card, price, facts));
        priced.changes.extend(applied.into_iter().map(|applied| Changed {
            seat: *number,
            rule: applied.rule.to_owned(),
            minor: applied.amount_minor,
        }));
        priced.seats.push(BookedSeat {
            ticket: None,
            number: *number,
            id: seat.id.clone(),
            ticket_type: price.ticket_type.clone(),
            price_minor,
        });
    }
    Ok(priced)
}

fn not_sold_as(card: &PriceCard, seat: &Seat) -> BookingError {
    let allowed = card.prices.iter().filter(|price| price.category == seat.category);
    let allowed: Vec<&str> = allowed.map(|price: &CategoryPrice| price.ticket_type.as_str()).collect();
    let detail = format!("seat {} is sold as: {}", seat.id, allowed.join(", "));
    Invalid::one("ticket_types", "unknown", detail).into()
}

/// Seats that a hold had before, as the same type of ticket, cost what they cost then.
pub(super) fn keep_prices(held: &Booking, wanted: &[Wanted], priced: Priced) -> Priced {
    let mut kept = Priced::default();
    for seat in priced.seats {
        let asked = wanted.iter().find(|(number, _)| *number == seat.number);
        let unasked = asked.is_some_and(|(_, ticket_type)| ticket_type.is_none());
        let before = held.seats.iter().find(|before| before.number == seat.number);
        let number = seat.number;
        if let Some(before) = before.filter(|before| unasked || before.ticket_type == seat.ticket_type) {
            kept.seats.push(before.clone());
            let changes = held.changes.iter().filter(|change| change.seats.contains(&number));
            kept.changes.extend(changes.map(|change| Changed {
                seat: number,
                rule: change.rule.clone(),
                minor: change.minor,
            }));
        } else {
            kept.seats.push(seat);
            kept.changes.extend(priced.changes.iter().filter(|change| change.seat == number).cloned());
        }
    }
    kept
}

/// Discount, fees, tax and the total.
pub(super) fn sum_up(
    card: &PriceCard,
    priced: Priced,
    discount: Option<BookedDiscount>,
) -> Result<Sum, BookingError> {
    // At most ten prices and as many fees, each at most a billion: the sum fits by far.
    let seats: i64 = priced.seats.iter().map(|seat| seat.price_minor).sum();
    let discount = match discount {
        Some(discount) => {
            let minor = taken_off(&discount, Money::new(seats, card.currency))?;
            Some(BookedDiscount { minor, ..discount })
        }
        None => None,
    };
    let off = discount.as_ref().map_or(0, |discount| discount.minor);
    let tickets = i64::try_from(priced.seats.len()).unwrap_or(0);
    let ticket_fee_minor = card.ticket_fee_minor * tickets;
    let fees = (card.booking_fee_minor > 0)
        .then(|| line("booking_fee", "Booking fee", card.booking_fee_minor, card.currency));
    let subtotal = seats - off + ticket_fee_minor + card.booking_fee_minor;
    let tax = card.tax.as_ref().map(|tax| {
        let rate = i64::from(tax.rate_basis_points);
        let minor = if tax.inclusive { included(subtotal, rate) } else { share(subtotal, rate) };
        QuoteTax {
            name: tax.name.clone(),
            rate_basis_points: tax.rate_basis_points,
            inclusive: tax.inclusive,
            amount: Money::new(minor, card.currency),
        }
    });
    let added = tax.as_ref().filter(|tax| !tax.inclusive).map_or(0, |tax| tax.amount.amount_minor);
    Ok(Sum {
        changes: folded(&priced),
        seats: priced.seats,
        ticket_fee_minor,
        fees: fees.into_iter().collect(),
        tax,
        total: Money::new(subtotal + added, card.currency),
        discount,
    })
}

/// What rules did, each once with its seats; nothing if there is no room for it.
fn folded(priced: &Priced) -> Vec<PriceChanged> {
    let mut folded: Vec<PriceChanged> = Vec::new();
    if priced.changes.is_empty() {
        return folded;
    }
    // The lines of a seat keep their order: a change is folded into one that does not stand before another of
    // the same seat.
    for change in &priced.changes {
        let after = folded.iter().rposition(|one| one.seats.contains(&change.seat)).map_or(0, |at| at + 1);
        let same = |one: &&mut PriceChanged| one.rule == change.rule && one.minor == change.minor;
        match folded.iter_mut().skip(after).find(same) {
            Some(one) => one.seats.push(change.seat),
            None => folded.push(PriceChanged {
                rule: change.rule.clone(),
                minor: change.minor,
                seats: vec![change.seat],
            }),
        }
    }
    let size = |json: Result<Vec<u8>, _>| json.map_or(usize::MAX, |json: Vec<u8>| json.len());
    let seats = size(serde_json::to_vec(&priced.seats));
    let fits = seats.saturating_add(size(serde_json::to_vec(&folded))) <= ROOM_FOR_SEATS;
    if fits { folded } else { Vec::new() }
}

fn line(rule: &str, description: &str, amount_minor: i64, currency: Currency) -> QuoteLine {
    let (rule, description) = (rule.to_owned(), description.to_owned());
    QuoteLine { rule, seat: None, description, amount: Money::new(amount_minor, currency) }
}

/// What a booking costs, line by line.
pub(super) fn quote(layout: &Layout, booking: &Booking) -> Quote {
    let currency = booking.total.currency;
    let mut lines = Vec::with_capacity(booking.seats.len() + 2);
    for booked in &booking.seats {
        let Some(seat) = layout.seat(booked.number) else { continue };
        let changes: Vec<&PriceChanged> =
            booking.changes.iter().filter(|change| change.seats.contains(&booked.number)).collect();
        let changed: i64 = changes.iter().map(|change| change.minor).sum();
        let described = format!("{}, {}, {}", seat.label, seat.category, booked.ticket_type);
        let base = line("price", &described, booked.price_minor - changed, currency);
        lines.push(QuoteLine { seat: Some(seat.id.clone()), ..base });
        lines.extend(changes.into_iter().map(|change| {
            let line = line("price_rule", &change.rule, change.minor, currency);
            QuoteLine { seat: Some(seat.id.clone()), ..line }
        }));
    }
    if let Some(discount) = &booking.discount {
        let described = format!("Discount {}", discount.code);
        lines.push(line("discount", &described, -discount.minor, currency));
    }
    if booking.ticket_fee_minor > 0 {
        lines.push(line("ticket_fee", "Ticket fee", booking.ticket_fee_minor, currency));
    }
    lines.extend(booking.fees.iter().cloned());
    if let Some(tax) = booking.tax.as_ref().filter(|tax| !tax.inclusive) {
        lines.push(line("tax", &tax.name, tax.amount.amount_minor, currency));
    }
    let discount_code = booking.discount.as_ref().map(|discount| discount.code.clone());
    Quote { total: booking.total, lines, tax: booking.tax.clone(), discount_code }
}
