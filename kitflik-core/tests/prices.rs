//! What seats cost: every quote is a trace of lines that sum to its total, and a hold keeps its price.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use common::{Cinema, House, house, house_on, price, seats};
use kitflik_core::{
    Actor, Batch, BookingView, CatalogError, ChangeSeats, Check, ConfirmBooking, Currency, Durability,
    HoldSeats, MemoryStorage, NewPriceCard, NewShow, PriceChange, PriceRule, PriceTax, Read, Write,
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

const PLAN: &str = "category s Standard\ncategory p Premium\nA: ssssssssss\nB: pppppppppp\n";

fn card(value: Value) -> NewPriceCard {
    let mut card = json!({
        "name": "Evening", "currency": "EUR",
        "prices": [
            { "category": "standard", "ticket_type": "adult", "amount_minor": 1000 },
            { "category": "standard", "ticket_type": "child", "amount_minor": 755 },
            { "category": "premium", "ticket_type": "adult", "amount_minor": 1405 },
        ],
    });
    card.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(card).unwrap()
}

/// A cinema whose show is sold by this card.
fn sold_by(house: &House, card: &NewPriceCard) -> Cinema {
    let cinema = house.cinema(PLAN, |show| show.starts_at_local = "2026-11-28T20:00".parse().unwrap());
    let catalog = house.kitflik.catalog();
    let card = block_on(catalog.add_price_card(&Actor::System, card)).unwrap();
    let start = "2026-11-27T20:00".parse().unwrap();
    let show = NewShow::new(cinema.movie.id, cinema.auditorium.id, card.id, start);
    let show = block_on(catalog.add_show(&Actor::System, &show)).unwrap();
    Cinema { card, show, ..cinema }
}

fn lines(held: &BookingView) -> Vec<(String, i64)> {
    let told = |line: &kitflik_core::QuoteLine| {
        let seat = line.seat.as_ref().map(|seat| format!(" {seat}")).unwrap_or_default();
        let about = if line.rule == "price" { String::new() } else { format!(" {}", line.description) };
        (format!("{}{seat}{about}", line.rule), line.amount.amount_minor)
    };
    held.quote.lines.iter().map(told).collect()
}

fn sum(held: &BookingView) -> i64 {
    held.quote.lines.iter().map(|line| line.amount.amount_minor).sum()
}

fn hold(house: &House, cinema: &Cinema, ids: &[&str]) -> BookingView {
    let request = HoldSeats::seats(cinema.show.id, seats(ids));
    block_on(house.kitflik.bookings().hold(&Actor::System, &request)).unwrap()
}

fn told(lines: &[(&str, i64)]) -> Vec<(String, i64)> {
    lines.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
}

#[test]
fn a_quote_is_a_trace_of_lines() {
    let house = house();
    let cinema = sold_by(
        &house,
        &card(json!({
            "booking_fee_minor": 50, "ticket_fee_minor": 25,
            "rules": [
                { "name": "Friday", "when": { "weekdays": ["friday"] }, "change": { "amount_minor": 150 } },
                { "name": "Monday", "when": { "weekdays": ["monday"] }, "change": { "set_minor": 500 } },
                { "name": "Premium -10 %", "when": { "categories": ["premium"] }, "change": { "basis_points": -1000 } },
            ],
            "tax": { "name": "VAT", "rate_basis_points": 700, "inclusive": false },
        })),
    );
    let held = hold(&house, &cinema, &["A1", "B1"]);
    assert_eq!(
        lines(&held),
        told(&[
            ("price A1", 1000),
            ("price_rule A1 Friday", 150),
            ("price B1", 1405),
            ("price_rule B1 Friday", 150),
            // 155.5, half to even
            ("price_rule B1 Premium -10 %", -156),
            ("ticket_fee Ticket fee", 50),
            ("booking_fee Booking fee", 50),
            // 7 % of 2649 are 185.43
            ("tax VAT", 185),
        ])
    );
    assert_eq!(held.quote.total.amount_minor, 2834);
    assert_eq!(held.seats[1].price.amount_minor, 1399);
    let tax = held.quote.tax.unwrap();
    assert_eq!((tax.inclusive, tax.amount.amount_minor), (false, 185));
    // What the programme shows is what a seat costs.
    let show = block_on(house.kitflik.catalog().show(cinema.show.id)).unwrap();
    let shown: Vec<i64> = show.prices.iter().map(|price| price.amount_minor).collect();
    assert_eq!(shown, [1150, 905, 1399]);
}

#[test]
fn a_tax_in_the_prices_is_told_and_adds_nothing() {
    let house = house();
    let tax = json!({ "tax": { "name": "VAT", "rate_basis_points": 700, "inclusive": true } });
    let cinema = sold_by(&house, &card(tax));
    let held = hold(&house, &cinema, &["A1", "A2"]);
    assert_eq!((held.quote.total.amount_minor, sum(&held), held.quote.lines.len()), (2000, 2000, 2));
    let tax = held.quote.tax.unwrap();
    assert_eq!((tax.inclusive, tax.amount.amount_minor), (true, 131));
}

/// Changes what is stored of a card, as an editor would.
fn edit(house: &House, cinema: &Cinema, change: impl FnOnce(&mut Value)) {
    let key = format!("price-card/{}", cinema.card.id);
    let rows = block_on(house.storage.read(vec![Read::Get { key: key.clone() }])).unwrap();
    let row = &rows[0][0];
    let mut record: Value = serde_json::from_slice(&row.value).unwrap();
    change(&mut record);
    let batch = Batch {
        checks: vec![Check::Version { key: key.clone(), version: row.version }],
        writes: vec![Write::Put { key, value: serde_json::to_vec(&record).unwrap() }],
        durability: Durability::Durable,
    };
    block_on(house.storage.commit(batch)).unwrap();
}

#[test]
fn a_changed_card_never_changes_a_live_hold() {
    let house = house();
    let rules = json!({
        "booking_fee_minor": 50,
        "rules": [{ "name": "Friday", "change": { "amount_minor": 150 } }],
    });
    let cinema = sold_by(&house, &card(rules));
    let held = hold(&house, &cinema, &["A1", "A2"]);
    edit(&house, &cinema, |record| {
        record["prices"][0]["amount_minor"] = json!(9000);
        record["rules"] = json!([{ "name": "Gala", "change": { "basis_points": 5000 } }]);
        record["booking_fee_minor"] = json!(70);
    });
    let bookings = house.kitflik.bookings();
    let system = &Actor::System;
    assert_eq!(block_on(bookings.get(system, held.id)).unwrap().quote, held.quote);
    house.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(block_on(bookings.extend(system, held.id, None)).unwrap().quote, held.quote);

    // What it keeps has its price; what is new has the new one, and so have the fees.
    let change = ChangeSeats {
        command: None,
        seats: seats(&["A1", "A3"]),
        ticket_types: Vec::new(),
        discount_code: None,
    };
    let changed = block_on(bookings.change_seats(system, held.id, &change)).unwrap();
    assert_eq!(
        lines(&changed),
        told(&[
            ("price A1", 1000),
            ("price_rule A1 Friday", 150),
            ("price A3", 9000),
            ("price_rule A3 Gala", 4500),
            ("booking_fee Booking fee", 70),
        ])
    );
    let sold = block_on(bookings.confirm(system, held.id, &ConfirmBooking::counter())).unwrap();
    assert_eq!((sold.quote.total.amount_minor, &sold.quote), (14_720, &changed.quote));
}

#[test]
fn the_last_minute_is_told_by_the_time_of_the_hold() {
    let house = house();
    let cinema = sold_by(
        &house,
        &card(json!({ "rules": [{
            "name": "Last minute", "when": { "minutes_before_start_at_most": 30 }, "change": { "basis_points": -5000 },
        }] })),
    );
    assert_eq!(hold(&house, &cinema, &["A1"]).quote.total.amount_minor, 1000);
    // It starts at 20:00 in Berlin, and it is noon in Greenwich.
    house.clock.advance(std::time::Duration::from_secs(60 * (7 * 60 - 30)));
    assert_eq!(hold(&house, &cinema, &["A3"]).quote.total.amount_minor, 500);
}

#[test]
fn faults_of_a_card_are_named_with_their_places() {
    let house = house();
    let refused = |value: Value| {
        let added = block_on(house.kitflik.catalog().add_price_card(&Actor::System, &card(value)));
        let Err(CatalogError::Invalid(invalid)) = added else { panic!("it was taken: {added:?}") };
        invalid.errors.into_iter().map(|error| format!("{} {}", error.path, error.code)).collect::<Vec<_>>()
    };
    let rule =
        |when: Value, change: Value| json!({ "rules": [{ "name": "R", "when": when, "change": change }] });
    let nothing = || json!({ "amount_minor": 0 });
    let cases = [
        (json!({ "booking_fee_minor": -1 }), vec!["booking_fee_minor out_of_range"]),
        (json!({ "ticket_fee_minor": 1_000_000_001 }), vec!["ticket_fee_minor out_of_range"]),
        (json!({ "rules": [{ "name": " ", "change": nothing() }] }), vec!["rules[0].name required"]),
        (
            rule(json!({ "from_time": "10:00", "to_time": "10:00" }), nothing()),
            vec!["rules[0].when.to_time contradictory"],
        ),
        (
            rule(json!({ "from_date": "2026-12-02", "to_date": "2026-12-01" }), nothing()),
            vec!["rules[0].when.to_date contradictory"],
        ),
        (
            rule(json!({ "categories": ["standard", "x"], "ticket_types": ["senior"] }), nothing()),
            vec!["rules[0].when.categories[1] unknown", "rules[0].when.ticket_types[0] unknown"],
        ),
        (
            rule(json!({ "minutes_before_start_at_most": 600_000 }), nothing()),
            vec!["rules[0].when.minutes_before_start_at_most out_of_range"],
        ),
        (
            rule(json!({}), json!({ "basis_points": -10_001 })),
            vec!["rules[0].change.basis_points out_of_range"],
        ),
        (rule(json!({}), json!({ "set_minor": -1 })), vec!["rules[0].change.set_minor out_of_range"]),
        (
            json!({ "tax": { "name": "", "rate_basis_points": 10_001, "inclusive": true } }),
            vec!["tax.name required", "tax.rate_basis_points out_of_range"],
        ),
        (json!({ "rules": vec![json!({ "name": "R", "change": nothing() }); 31] }), vec!["rules count"]),
    ];
    for (value, expected) in cases {
        assert_eq!(refused(value.clone()), expected, "{value}");
    }
}

/// A card of the widest names with all its rules fits a value, or is refused by name; and so do the bookings.
#[test]
fn rules_fit_or_are_refused() {
    let storage = Arc::new(MemoryStorage::new());
    let house = house_on(storage.clone());
    let rule = |number: usize| PriceRule {
        name: format!("{}{number:02}", "\u{1D400}".repeat(30)),
        when: Default::default(),
        change: PriceChange::AmountMinor(i64::try_from(number).unwrap() + 100_000_000),
    };
    let mut taken = 0;
    for count in 1..=30 {
        let mut card = card(json!({}));
        card.rules = (0..count).map(rule).collect();
        card.tax =
            Some(PriceTax { name: "\u{1D400}".repeat(16), rate_basis_points: 10_000, inclusive: false });
        match block_on(house.kitflik.catalog().add_price_card(&Actor::System, &card)) {
            Ok(_) => taken = count,
            Err(CatalogError::Invalid(invalid)) => assert_eq!(invalid.errors[0].path, "rules"),
            Err(error) => panic!("{count} rules: {error}"),
        }
    }
    assert!(taken >= 20, "only {taken} rules fit");
    let mut card = card(json!({ "ticket_fee_minor": 1_000_000_000, "booking_fee_minor": 1_000_000_000 }));
    card.rules = (0..taken).map(rule).collect();
    let cinema = sold_by(&house, &card);
    let held = hold(&house, &cinema, &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10"]);
    assert_eq!(sum(&held), held.quote.total.amount_minor);
    let most = storage.rows().into_iter().map(|row| row.value.len()).max().unwrap();
    assert!(most <= kitflik_core::limits::MAX_VALUE_BYTES, "{most} bytes");
}

fn rules() -> impl Strategy<Value = PriceRule> {
    let change = prop_oneof![
        (-3_000_i64..3_000).prop_map(PriceChange::AmountMinor),
        (-10_000_i32..=20_000).prop_map(PriceChange::BasisPoints),
        (0_i64..=5_000).prop_map(PriceChange::SetMinor),
    ];
    let name = prop::sample::select(vec!["Friday", "3D", "Child", "Premium"]);
    let when = prop::sample::select(vec![
        json!({}),
        json!({ "weekdays": ["friday"] }),
        json!({ "weekdays": ["monday"] }),
        json!({ "categories": ["premium"] }),
        json!({ "ticket_types": ["child"] }),
        json!({ "from_time": "18:00", "to_time": "01:00" }),
    ]);
    (name, when, change).prop_map(|(name, when, change)| PriceRule {
        name: name.to_owned(),
        when: serde_json::from_value(when).unwrap(),
        change,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn quotes_sum(
        amounts in prop::array::uniform3(0_i64..=3_000),
        rules in prop::collection::vec(rules(), 0..8),
        (booking_fee, ticket_fee) in (0_i64..200, 0_i64..200),
        tax in prop::option::of((0_u32..=10_000, any::<bool>())),
        count in 1_usize..=5,
        moved in 1_usize..=5,
    ) {
        let house = house();
        let card = NewPriceCard {
            booking_fee_minor: booking_fee,
            ticket_fee_minor: ticket_fee,
            rules,
            tax: tax.map(|(rate_basis_points, inclusive)| {
                PriceTax { name: "VAT".to_owned(), rate_basis_points, inclusive }
            }),
            ..NewPriceCard::new("Card", Currency::EUR, vec![
                price("standard", "adult", amounts[0]),
                price("standard", "child", amounts[1]),
                price("premium", "adult", amounts[2]),
            ])
        };
        let cinema = sold_by(&house, &card);
        let all = ["A1", "A2", "A3", "A4", "A5"];
        let other = ["B1", "B2", "B3", "B4", "B5"];
        let mut request = HoldSeats::seats(cinema.show.id, seats(&all[..count]));
        request.ticket_types = serde_json::from_value(json!([{ "seat": "A1", "ticket_type": "child" }])).unwrap();
        let held = block_on(house.kitflik.bookings().hold(&Actor::System, &request)).unwrap();
        let mixed: Vec<&str> = all[..count].iter().take(2).chain(&other[..moved]).copied().collect();
        let change = ChangeSeats { command: None, seats: seats(&mixed), ticket_types: Vec::new(), discount_code: None };
        let changed = block_on(house.kitflik.bookings().change_seats(&Actor::System, held.id, &change)).unwrap();
        for view in [&held, &changed] {
            prop_assert_eq!(sum(view), view.quote.total.amount_minor);
            prop_assert!(view.quote.total.amount_minor >= 0);
            for seat in &view.seats {
                prop_assert!(seat.price.amount_minor >= 0);
                let lines = view.quote.lines.iter().filter(|line| line.seat.as_ref() == Some(&seat.id));
                let of_seat: i64 = lines.map(|line| line.amount.amount_minor).sum();
                prop_assert_eq!(of_seat, seat.price.amount_minor, "the lines of a seat are its price");
            }
            // Half to even, told another way.
            let subtotal: i64 = view.quote.lines.iter().filter(|line| line.rule != "tax")
                .map(|line| line.amount.amount_minor).sum();
            if let Some(tax) = &view.quote.tax {
                let rate = i64::from(tax.rate_basis_points);
                let divisor = if tax.inclusive { 10_000 + rate } else { 10_000 };
                let twice = (2 * tax.amount.amount_minor * divisor - 2 * subtotal * rate).abs();
                prop_assert!(twice < divisor || twice == divisor && tax.amount.amount_minor % 2 == 0);
            }
        }
        prop_assert_eq!(&changed.seats[0].price, &held.seats[0].price);
    }
}
