//! Revenue by everything that it is broken down by.

use std::time::Duration;

use kitflik_core::{
    Actor, ConfirmBooking, DiscountKind, ErrorCode, HoldSeats, NewVoucher, PriceTax, RevenueBy, RevenueQuery,
    RevenueReport, RevenueRow, Role,
};
use pollster::block_on;

use super::common::{HALL, House, house, seats};
use super::{buy, cancel, later, paid, staff};

fn query(from: &str, to: &str, by: RevenueBy) -> RevenueQuery {
    RevenueQuery { from: from.parse().unwrap(), to: to.parse().unwrap(), by, venue_id: None, movie_id: None }
}

fn report(house: &House, by: RevenueBy) -> RevenueReport {
    let query = query("2026-11-01", "2026-12-31", by);
    block_on(house.kitflik.reports().revenue(&staff(Role::BoxOffice), &query)).unwrap()
}

/// Key, currency, tickets sold and returned, sold, returned, net, captured, refunds.
type Line = (String, &'static str, u64, u64, i64, i64, i64, i64, i64);

fn line(row: &RevenueRow) -> Line {
    (
        row.label.clone(),
        row.gross.currency.code(),
        row.tickets_sold,
        row.tickets_returned,
        row.sold.amount_minor,
        row.returned.amount_minor,
        row.net.amount_minor,
        row.captured.amount_minor,
        row.refunds.amount_minor,
    )
}

fn lines(report: &RevenueReport) -> Vec<Line> {
    report.rows.iter().map(line).collect()
}

/// Two sales on the 27th, one of them at the box office; on the 28th, by the clocks of Berlin at night still the 27th,
/// another; later a cancellation, and a sale in dollars with a free ticket.
fn some_days(house: &House) {
    let cinema = house.cinema(HALL, |_| {});
    let show = cinema.show.id;
    let online = buy(house, &Actor::guest(), show, &["A1", "A2"], &["A2"], &paid());
    assert_eq!(online.quote.total.amount_minor, 2050);
    let office = staff(Role::BoxOffice);
    buy(house, &office, show, &["B1", "B2"], &[], &ConfirmBooking::counter());
    // 01:30 in Berlin.
    house.clock.advance(Duration::from_secs(12 * 3600 + 1800));
    let dollars = later(house, &cinema, 2, "USD", None);
    buy(house, &Actor::guest(), dollars, &["C1", "C2"], &["C2"], &paid());
    // 06:30.
    house.clock.advance(Duration::from_secs(5 * 3600));
    cancel(house, &online);
}

#[test]
fn money_counts_on_the_day_of_the_programme_on_which_it_moved() {
    let house = house();
    some_days(&house);
    let report = report(&house, RevenueBy::Day);
    assert_eq!(
        lines(&report),
        [
            ("2026-11-27".into(), "EUR", 4, 0, 4500, 0, 4500, 2050, 0),
            ("2026-11-27".into(), "USD", 2, 0, 1200, 0, 1200, 1200, 0),
            ("2026-11-28".into(), "EUR", 0, 2, 0, 2050, -2050, 0, 2050),
        ]
    );
    let totals: Vec<Line> = report.totals.iter().map(line).collect();
    assert_eq!(
        totals,
        [
            ("total".into(), "EUR", 4, 2, 4500, 2050, 2450, 2050, 2050),
            ("total".into(), "USD", 2, 0, 1200, 0, 1200, 1200, 0),
        ]
    );
    for (from, to, days) in
        [("2026-11-27", "2026-11-27", 2), ("2026-11-28", "2026-11-28", 1), ("2026-11-29", "2026-11-30", 0)]
    {
        let query = query(from, to, RevenueBy::Day);
        let report = block_on(house.kitflik.reports().revenue(&Actor::System, &query)).unwrap();
        assert_eq!(report.rows.len(), days, "{from} to {to}");
    }
}

#[test]
fn every_dimension_adds_up_to_the_same() {
    let house = house();
    some_days(&house);
    let expected = report(&house, RevenueBy::Day).totals;
    let by = |by| lines(&report(&house, by));
    for dimension in [
        RevenueBy::Movie,
        RevenueBy::Venue,
        RevenueBy::Show,
        RevenueBy::Category,
        RevenueBy::Channel,
        RevenueBy::TicketType,
        RevenueBy::Provider,
    ] {
        let report = report(&house, dimension);
        assert_eq!(report.totals, expected, "{dimension:?}");
        for total in &report.totals {
            let of = |value: fn(&RevenueRow) -> i64| -> i64 {
                let same = report.rows.iter().filter(|row| row.gross.currency == total.gross.currency);
                same.map(value).sum()
            };
            assert_eq!(of(|row| row.net.amount_minor), total.net.amount_minor, "{dimension:?}");
            assert_eq!(of(|row| row.fees.amount_minor), total.fees.amount_minor, "{dimension:?}");
            assert_eq!(of(|row| row.captured.amount_minor), total.captured.amount_minor, "{dimension:?}");
        }
    }
    assert_eq!(
        by(RevenueBy::Channel),
        [
            ("Box office".into(), "EUR", 2, 0, 2450, 0, 2450, 0, 0),
            ("Online".into(), "EUR", 2, 2, 2050, 2050, 0, 2050, 2050),
            ("Online".into(), "USD", 2, 0, 1200, 0, 1200, 1200, 0),
        ]
    );
    assert_eq!(
        by(RevenueBy::TicketType),
        [
            // The fee of 50 is shared by the prices: 1200 to 800. A free ticket has no part of it.
            ("adult".into(), "EUR", 3, 1, 2450 + 1230, 1230, 2450, 1230, 1230),
            ("adult".into(), "USD", 1, 0, 1200, 0, 1200, 1200, 0),
            ("child".into(), "EUR", 1, 1, 820, 820, 0, 820, 820),
            ("child".into(), "USD", 1, 0, 0, 0, 0, 0, 0),
        ]
    );
    assert_eq!(
        by(RevenueBy::Provider),
        [
            ("counter".into(), "EUR", 2, 0, 2450, 0, 2450, 0, 0),
            ("test".into(), "EUR", 2, 2, 2050, 2050, 0, 2050, 2050),
            ("test".into(), "USD", 2, 0, 1200, 0, 1200, 1200, 0),
        ]
    );
    let shows: Vec<String> = report(&house, RevenueBy::Show).rows.into_iter().map(|row| row.label).collect();
    assert_eq!(shows, ["Alien, 2026-11-27T20:00:00, Hall 1", "Alien, 2026-11-29T20:00:00, Hall 1"]);
    assert_eq!(by(RevenueBy::Category).len(), 2);
}

#[test]
fn a_sale_is_its_prices_less_the_discount_plus_fees_and_tax() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let tax = PriceTax { name: "VAT".to_owned(), rate_basis_points: 1_000, inclusive: false };
    let show = later(&house, &cinema, 1, "EUR", Some(tax));
    let voucher = NewVoucher::new("HALF", DiscountKind::BasisPoints(5_000));
    block_on(house.kitflik.catalog().add_voucher(&Actor::System, &voucher)).unwrap();
    let hold = HoldSeats::seats(show, seats(&["A1", "A2", "A3"])).discount_code("HALF");
    let hold = hold.customer("Ada", "ada@example.org");
    let held = block_on(house.kitflik.bookings().hold(&Actor::System, &hold)).unwrap();
    block_on(house.kitflik.bookings().confirm(&Actor::System, held.id, &paid())).unwrap();
    let report = report(&house, RevenueBy::Movie);
    let row = &report.rows[0];
    let minor = [row.gross, row.discounts, row.fees, row.tax, row.sold].map(|money| money.amount_minor);
    // 3 × 10.00, half of it off, 1.00 for each ticket, and a tenth on top.
    assert_eq!(minor, [3000, 1500, 300, 180, 1980]);
    assert_eq!(
        report.to_csv(),
        "key,label,currency,tickets_sold,tickets_returned,gross,discounts,fees,tax,sold,returned,net,captured,\
         refunds\r\n"
            .to_owned()
            + &format!(
                "{},Alien,EUR,3,0,30.00,15.00,3.00,1.80,19.80,0.00,19.80,19.80,0.00\r\n",
                cinema.movie.id
            )
            + "total,total,EUR,3,0,30.00,15.00,3.00,1.80,19.80,0.00,19.80,19.80,0.00\r\n"
    );
}

#[test]
fn reports_are_of_one_venue_or_movie_if_asked() {
    let house = house();
    some_days(&house);
    let other = house.cinema(HALL, |show| show.starts_at_local = "2026-12-01T20:00".parse().unwrap());
    buy(&house, &Actor::guest(), other.show.id, &["A1", "A2"], &[], &paid());
    let of = |query: &RevenueQuery| {
        let report = block_on(house.kitflik.reports().revenue(&Actor::System, query)).unwrap();
        report.totals.iter().map(|row| row.tickets_sold).collect::<Vec<_>>()
    };
    let all = query("2026-11-01", "2026-12-31", RevenueBy::Venue);
    assert_eq!(of(&all), [6, 2]);
    assert_eq!(of(&RevenueQuery { venue_id: Some(other.show.venue.id), ..all.clone() }), [2]);
    assert_eq!(of(&RevenueQuery { movie_id: Some(other.movie.id), ..all.clone() }), [2]);

    let refused = |query: &RevenueQuery| {
        kitflik_core::Error::from(
            block_on(house.kitflik.reports().revenue(&Actor::System, query)).unwrap_err(),
        )
        .code()
    };
    let unknown = RevenueQuery { venue_id: Some(kitflik_core::VenueId::from_bytes([1; 16])), ..all.clone() };
    assert_eq!(refused(&unknown), ErrorCode::NotFound);
    for (from, to) in [("2026-11-27", "2026-11-26"), ("2026-01-01", "2027-01-02")] {
        assert_eq!(refused(&query(from, to, RevenueBy::Day)), ErrorCode::ValidationFailed, "{from}");
    }
    assert_eq!(of(&query("2026-01-01", "2027-01-01", RevenueBy::Day)), [6, 2]);
}
