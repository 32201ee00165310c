//! Everything at its longest, in the widest characters, still fits a stored value.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use common::{House, house_on};
use kitflik_core::{
    Actor, BookingStatus, CancelBooking, CatalogError, Category, CategoryPrice, ConfirmBooking, Currency,
    DiscountKind, HoldSeats, Layout, MemoryStorage, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue,
    NewVoucher, PriceChange, PriceRule, PriceTax, Seat, SeatId, SeatKind, SeatTicketType, ShowId, limits,
};
use pollster::block_on;

/// The widest text of that many characters: four bytes each, and a number at the end.
fn wide(chars: usize, number: usize) -> String {
    let mut text: Vec<char> = vec!['\u{1D400}'; chars];
    for (place, digit) in text.iter_mut().rev().zip([number % 100, number / 100]) {
        *place = char::from_u32(0x1D400 + u32::try_from(digit).unwrap()).unwrap();
    }
    text.into_iter().collect()
}

fn widest_email() -> String {
    let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
    let email = format!("{}@{domain}", "a".repeat(64));
    assert_eq!(email.len(), limits::MAX_EMAIL_BYTES);
    email
}

fn hall() -> Layout {
    let categories: Vec<Category> = (0..limits::MAX_CATEGORIES)
        .map(|number| Category {
            id: wide(limits::MAX_LABEL_CHARS, number).parse().unwrap(),
            name: wide(limits::MAX_LABEL_CHARS, number),
            color: Some("lightgoldenrodyellow".to_owned()),
        })
        .collect();
    let seat = |number: usize| {
        let other = SeatId::new(wide(limits::MAX_SEAT_ID_CHARS, number ^ 1)).unwrap();
        Seat {
            id: SeatId::new(wide(limits::MAX_SEAT_ID_CHARS, number)).unwrap(),
            label: wide(limits::MAX_LABEL_CHARS, number),
            section: wide(limits::MAX_LABEL_CHARS, 0),
            row: wide(limits::MAX_LABEL_CHARS, number / 20),
            category: categories[0].id.clone(),
            kind: SeatKind::Couple { with: other },
            x: limits::MAX_COORDINATE - 40.123_456_789 + (number % 20) as f64,
            y: -limits::MAX_COORDINATE + 0.123_456_789 + (number / 20) as f64,
            block: u32::try_from(number / 20).unwrap(),
        }
    };
    let seats = (0..1_000).map(seat).collect();
    Layout::new(wide(limits::MAX_NAME_CHARS, 0), categories, seats).unwrap()
}

fn movie() -> NewMovie {
    NewMovie {
        command: None,
        title: wide(limits::MAX_TITLE_CHARS, 0),
        genres: (0..16).map(|number| wide(limits::MAX_LABEL_CHARS, number)).collect(),
        director: Some(wide(limits::MAX_NAME_CHARS, 0)),
        rating: Some(wide(limits::MAX_LABEL_CHARS, 0)),
        runtime_minutes: Some(1_440),
        release_date: Some("1998-06-12".parse().unwrap()),
        distributor: Some(wide(limits::MAX_NAME_CHARS, 0)),
        synopsis: Some(wide(limits::MAX_SYNOPSIS_CHARS, 0)),
    }
}

fn price(category: usize, ticket_type: usize) -> CategoryPrice {
    CategoryPrice {
        category: wide(limits::MAX_LABEL_CHARS, category).parse().unwrap(),
        ticket_type: wide(limits::MAX_LABEL_CHARS, ticket_type).parse().unwrap(),
        amount_minor: limits::MAX_PRICE_MINOR,
    }
}

/// The longest discount code.
const CODE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-12345";

fn rule(number: usize) -> PriceRule {
    let change = PriceChange::AmountMinor(-100_000 - i64::try_from(number).unwrap());
    PriceRule { name: wide(limits::MAX_LABEL_CHARS, number), when: Default::default(), change }
}

/// Without the house's usual cinema: everything is at its longest.
async fn build(house: &House) -> ShowId {
    let (catalog, system) = (house.kitflik.catalog(), Actor::System);
    let name = wide(limits::MAX_NAME_CHARS, 0);
    let venue = NewVenue {
        command: None,
        name: name.clone(),
        city: name.clone(),
        address: Some(name.clone()),
        zone: "America/Argentina/ComodRivadavia".parse().unwrap(),
    };
    let venue = catalog.add_venue(&system, &venue).await.unwrap();
    let card = NewPriceCard {
        command: None,
        name: name.clone(),
        currency: Currency::EUR,
        prices: (0..limits::MAX_CATEGORIES).map(|category| price(category, 0)).collect(),
        booking_fee_minor: limits::MAX_PRICE_MINOR,
        ticket_fee_minor: limits::MAX_PRICE_MINOR,
        rules: (0..3).map(rule).collect(),
        tax: Some(PriceTax {
            name: wide(limits::MAX_TAX_NAME_CHARS, 0),
            rate_basis_points: 10_000,
            inclusive: false,
        }),
    };
    let voucher = NewVoucher {
        currency: Some(Currency::EUR),
        min_total_minor: limits::MAX_PRICE_MINOR,
        max_uses: Some(limits::MAX_VOUCHER_USES),
        max_uses_per_customer: Some(limits::MAX_VOUCHER_USES_PER_CUSTOMER),
        ..NewVoucher::new(CODE, DiscountKind::AmountMinor(limits::MAX_PRICE_MINOR))
    };
    catalog.add_voucher(&system, &voucher).await.unwrap();
    let card = catalog.add_price_card(&system, &card).await.unwrap();
    let hall = NewAuditorium { command: None, venue_id: venue.id, name, layout: hall() };
    let hall = catalog.add_auditorium(&system, &hall).await.unwrap();
    let movie = catalog.add_movie(&system, &movie()).await.unwrap();
    let show = NewShow {
        command: Some(wide(limits::MAX_COMMAND_ID_CHARS, 0).parse().unwrap()),
        language: Some(wide(limits::MAX_LABEL_CHARS, 0)),
        subtitles: Some(wide(limits::MAX_LABEL_CHARS, 0)),
        max_seats_per_customer: Some(100),
        ..NewShow::new(movie.id, hall.id, card.id, "2026-11-27T20:00".parse().unwrap())
    };
    let show = catalog.add_show(&system, &show).await.unwrap();
    let layout = catalog.layout(show.layout_id).await.unwrap();
    assert_eq!(layout.seats, self::hall().seats());
    show.id
}

#[test]
fn the_largest_booking_is_sold_and_replayed() {
    let storage = Arc::new(MemoryStorage::new());
    let house = house_on(storage.clone());
    let bookings = house.kitflik.bookings();
    block_on(async {
        let show = build(&house).await;
        let ids: Vec<SeatId> = hall().seats().iter().take(10).map(|seat| seat.id.clone()).collect();
        let command = |number| wide(limits::MAX_COMMAND_ID_CHARS, number).parse().unwrap();
        let mut hold = HoldSeats::seats(show, ids.clone())
            .command(command(1))
            .customer(wide(limits::MAX_NAME_CHARS, 0), widest_email())
            .discount_code(CODE);
        let ticket_type = price(0, 0).ticket_type;
        let typed = |seat: SeatId| SeatTicketType { seat, ticket_type: ticket_type.clone() };
        hold.ticket_types = ids.into_iter().map(typed).collect();
        let held = bookings.hold(&Actor::guest(), &hold).await.unwrap();
        assert_eq!(bookings.hold(&Actor::guest(), &hold).await.unwrap(), held);

        let guest = Actor::guest_with(held.booking_token.unwrap());
        let paid = ConfirmBooking::paid_by("test", Some(wide(limits::MAX_REFERENCE_CHARS, 0)));
        let paid = paid.command(command(2));
        let sold = bookings.confirm(&guest, held.id, &paid).await.unwrap();
        assert_eq!((sold.status, sold.seats.len()), (BookingStatus::Confirmed, 10));
        let sum: i64 = sold.quote.lines.iter().map(|line| line.amount.amount_minor).sum();
        assert_eq!(sum, sold.quote.total.amount_minor);
        assert_eq!(bookings.confirm(&guest, held.id, &paid).await.unwrap(), sold);
        assert_eq!(bookings.tickets(&guest, held.id).await.unwrap().len(), 10);
        house.kitflik.tick().await.unwrap();
        assert_eq!(house.mailbox.mails().len(), 1);

        let cancel = CancelBooking::because(wide(limits::MAX_REASON_CHARS, 0)).command(command(3));
        let cancelled = bookings.cancel(&guest, held.id, &cancel).await.unwrap();
        assert_eq!(bookings.cancel(&guest, held.id, &cancel).await.unwrap(), cancelled);
        house.kitflik.tick().await.unwrap();
        assert_eq!(house.mailbox.mails().len(), 2);
    });
    let rows = storage.rows();
    let largest = rows.iter().max_by_key(|row| row.value.len()).unwrap();
    println!("the largest row is {} with {} bytes", largest.key, largest.value.len());
    assert!(rows.iter().all(|row| row.value.len() <= limits::MAX_VALUE_BYTES));
    let booking = rows.iter().find(|row| row.key.starts_with("booking/")).unwrap();
    assert!(booking.value.len() > 4_096, "{} bytes are not the largest booking", booking.value.len());
}

/// Whatever a price card is made of, it is stored, or refused as a field.
#[test]
fn price_cards_fit_or_are_refused_by_name() {
    let house = house_on(Arc::new(MemoryStorage::new()));
    let catalog = house.kitflik.catalog();
    // Quotation marks take one byte as text and two in JSON.
    let quotes = |number: usize| format!("{}{number:02}", "\"".repeat(limits::MAX_LABEL_CHARS - 2));
    let plain = |number: usize| wide(limits::MAX_LABEL_CHARS, number);
    let texts: [&dyn Fn(usize) -> String; 2] = [&quotes, &plain];
    for text in texts {
        let mut stored = 0;
        for count in 1..=limits::MAX_PRICES {
            let price = |number: usize| CategoryPrice {
                category: text(number).parse().unwrap(),
                ticket_type: text(number).parse().unwrap(),
                amount_minor: limits::MAX_PRICE_MINOR,
            };
            let card = NewPriceCard {
                command: None,
                name: wide(limits::MAX_NAME_CHARS, 0),
                currency: Currency::EUR,
                prices: (0..count).map(price).collect(),
                booking_fee_minor: limits::MAX_PRICE_MINOR,
                ticket_fee_minor: 0,
                rules: Vec::new(),
                tax: None,
            };
            match block_on(catalog.add_price_card(&Actor::System, &card)) {
                Ok(_) => stored = count,
                Err(CatalogError::Invalid(invalid)) => assert_eq!(invalid.errors[0].path, "prices"),
                Err(error) => panic!("{count} prices: {error}"),
            }
        }
        assert!(stored >= limits::MAX_CATEGORIES, "only {stored} prices fit");
    }
}
