use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::bookings::cancel::terms::{Price, Terms};
use crate::catalog::DiscountKind;

/// A sale of seats at these prices, with a discount, fees and a tax.
fn sold(
    prices: &[i64],
    discount: Option<(DiscountKind, i64)>,
    fees: (i64, i64),
    tax: Option<(bool, u32)>,
) -> Booking {
    let id = "00000000-0000-7000-8000-000000000001";
    let money = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
    let seats: Vec<_> = prices
        .iter()
        .enumerate()
        .map(|(at, price)| {
            json!({ "number": at, "id": format!("A{}", at + 1), "ticket_type": "adult", "price_minor": price })
        })
        .collect();
    let all: i64 = prices.iter().sum();
    let (booking_fee, ticket_fee) = fees;
    let fee = json!({ "rule": "booking_fee", "description": "Booking fee", "amount": money(booking_fee) });
    let mut booking: Booking = serde_json::from_value(json!({
        "id": id, "show": id, "layout": id, "status": "confirmed", "holder": "guest", "seats": seats,
        "fees": [fee], "ticket_fee_minor": ticket_fee * i64::try_from(prices.len()).unwrap(),
        "total": money(0), "created_at": 0, "until": 0,
    }))
    .unwrap();
    booking.discount = discount.map(|(kind, min_total_minor)| BookedDiscount {
        code: "ODEON".to_owned(),
        kind,
        min_total_minor,
        counted: false,
        per_customer: false,
        minor: if all < min_total_minor { 0 } else { kind.of(all).clamp(0, all) },
    });
    let off = booking.discount.as_ref().map_or(0, |of| of.minor);
    let subtotal = all - off + booking_fee + booking.ticket_fee_minor;
    let added = tax.map_or(0, |(inclusive, rate)| {
        let minor = if inclusive { included(subtotal, rate.into()) } else { share(subtotal, rate.into()) };
        booking.tax = serde_json::from_value(json!({
            "name": "VAT", "rate_basis_points": rate, "inclusive": inclusive, "amount": money(minor),
        }))
        .unwrap();
        if inclusive { 0 } else { minor }
    });
    booking.total.amount_minor = subtotal + added;
    booking
}

fn total(booking: &Booking) -> i64 {
    booking.total.amount_minor
}

fn seat(number: u16) -> SeatNo {
    SeatNo(number)
}

#[test]
fn the_rest_costs_what_it_had_cost_alone() {
    let plain = sold(&[1200, 1200, 800], None, (50, 30), None);
    let rest = without(&plain, &[seat(0)]);
    assert_eq!((total(&plain), total(&rest), rest.ticket_fee_minor), (3340, 2110, 60));
    let percent = sold(&[1200, 1200, 805], Some((DiscountKind::BasisPoints(1_000), 0)), (50, 0), None);
    let rest = without(&percent, &[seat(0)]);
    // A tenth of 2005 is 200.5, and 200 is even.
    assert_eq!((total(&rest), rest.discount.unwrap().minor), (2005 - 200 + 50, 200));
    let fixed = sold(&[1200, 800], Some((DiscountKind::AmountMinor(1_000), 0)), (0, 0), None);
    let rest = without(&fixed, &[seat(0)]);
    assert_eq!((total(&fixed), total(&rest), rest.discount.unwrap().minor), (1000, 0, 800));
    let taxed = sold(&[1000, 1000], None, (0, 0), Some((false, 1_900)));
    let rest = without(&taxed, &[seat(1)]);
    assert_eq!((total(&taxed), total(&rest), rest.tax.unwrap().amount.amount_minor), (2380, 1190, 190));
    let held = sold(&[1070, 1070], None, (0, 0), Some((true, 700)));
    assert_eq!(without(&held, &[seat(1)]).tax.unwrap().amount.amount_minor, 70);
}

#[test]
fn a_discount_that_needs_all_of_them_is_gone_but_nobody_pays_more_for_less() {
    // 15 off from 50 on: four of five go back, and one has no discount any more.
    let off = Some((DiscountKind::AmountMinor(1_500), 5_000));
    let many = sold(&[1000; 5], off, (0, 0), None);
    let rest = without(&many, &[seat(0), seat(1), seat(2), seat(3)]);
    assert_eq!((total(&many), total(&rest), rest.discount), (3500, 1000, None));
    // 15 off from 20 on: one of two goes back, and the other costs no more than both did.
    let off = Some((DiscountKind::AmountMinor(1_500), 2_000));
    let two = sold(&[1000; 2], off, (0, 0), Some((false, 1_900)));
    let rest = without(&two, &[seat(0)]);
    assert_eq!((total(&two), total(&rest)), (595, 595));
    assert_eq!(rest.discount.unwrap().minor, 500);
}

#[test]
fn what_rules_did_and_what_the_house_lent_goes_with_the_seats() {
    let mut booking = sold(&[1200, 1200], None, (0, 0), None);
    booking.house_seats = vec![seat(0), seat(1)];
    let changed = |seats: &[u16]| json!({ "rule": "Rush", "minor": -100, "seats": seats });
    booking.changes = serde_json::from_value(json!([changed(&[0, 1]), changed(&[1])])).unwrap();
    let rest = without(&booking, &[seat(1)]);
    assert_eq!(rest.house_seats, [seat(0)]);
    assert_eq!(rest.changes.len(), 1);
    assert_eq!(rest.changes[0].seats, [seat(0)]);
}

#[test]
fn requests_name_seats_of_the_booking() {
    let booking = sold(&[1200, 1200], None, (0, 0), None);
    let ids = |ids: &[&str]| -> Vec<SeatId> { ids.iter().map(|id| id.parse().unwrap()).collect() };
    assert_eq!(named(&booking, &[]).unwrap(), Named::All);
    assert_eq!(named(&booking, &ids(&["A2", "A1"])).unwrap(), Named::All);
    assert_eq!(named(&booking, &ids(&["A2"])).unwrap(), Named::Some(vec![seat(1)]));
    let refused = named(&booking, &ids(&["A2", "A3"])).unwrap_err();
    assert_eq!(refused.seats(), ids(&["A3"]));
}

prop_compose! {
    fn bookings()(
        prices in prop::collection::vec(0_i64..5_000, 1..=10),
        discount in prop::option::of((
            prop_oneof![
                (1_u32..=10_000).prop_map(DiscountKind::BasisPoints),
                (1_i64..20_000).prop_map(DiscountKind::AmountMinor),
            ],
            0_i64..20_000,
        )),
        fees in (0_i64..500, 0_i64..200),
        tax in prop::option::of((any::<bool>(), 0_u32..=10_000)),
    ) -> Booking {
        sold(&prices, discount, fees, tax)
    }
}

proptest! {
    #[test]
    fn however_it_goes_back_lines_add_up_and_nobody_gets_more_than_they_paid(
        booking in bookings(),
        order in prop::collection::vec(0_u16..10, 0..10),
        percents in prop::collection::vec((0_u32..=100, any::<bool>()), 11),
    ) {
        let paid = total(&booking);
        let (mut left, mut back, mut each) = (booking, 0, percents.into_iter());
        let mut next = || each.next().map_or(Terms::FULL, |(percent, fees)| Terms { percent, fees, until: None });
        for number in order {
            if left.seats.len() == 1 || left.seats.iter().all(|seat| seat.number.0 != number) {
                continue;
            }
            let rest = without(&left, &[seat(number)]);
            prop_assert_eq!(rest.seats.len() + 1, left.seats.len());
            let gone = Price::of(&left).less(Price::of(&rest));
            prop_assert!(gone.total >= 0, "{} for less than {}", total(&rest), total(&left));
            let given = next().given_back(gone);
            prop_assert!((0..=gone.total).contains(&given));
            let seats: i64 = rest.seats.iter().map(|seat| seat.price_minor).sum();
            let off = rest.discount.as_ref().map_or(0, |of| of.minor);
            prop_assert!((0..=seats).contains(&off));
            let fees: i64 = rest.fees.iter().map(|fee| fee.amount.amount_minor).sum();
            let tax = rest.tax.as_ref().filter(|tax| !tax.inclusive).map_or(0, |tax| tax.amount.amount_minor);
            prop_assert_eq!(seats - off + rest.ticket_fee_minor + fees + tax, total(&rest));
            back += given;
            left = rest;
        }
        back += next().given_back(Price::of(&left));
        prop_assert!(back <= paid, "{} of {}", back, paid);
    }
}
