//! How full shows were, by everything that it is broken down by.

use kitflik_core::{
    Actor, BlockSeats, ConfirmBooking, ErrorCode, HoldSeats, OccupancyBy, OccupancyByQuery, OccupancyReport,
    Role,
};
use pollster::block_on;

use super::common::{House, house, seats};
use super::{buy, cancel, later, paid, staff};

/// Sixteen seats.
const PLAN: &str = "A: ##########\nB: ######\n";

fn query(by: OccupancyBy) -> OccupancyByQuery {
    let (from, to) = ("2026-11-27".parse().unwrap(), "2026-11-29".parse().unwrap());
    OccupancyByQuery { from, to, by, venue_id: None, movie_id: None }
}

fn report(house: &House, by: OccupancyBy) -> OccupancyReport {
    block_on(house.kitflik.reports().occupancy_by(&staff(Role::BoxOffice), &query(by))).unwrap()
}

fn lines(report: &OccupancyReport) -> Vec<(&str, u64, u64, u64, u32)> {
    let rows = report.rows.iter().chain([&report.total]);
    rows.map(|row| (row.label.as_str(), row.shows, row.seats, row.sold, row.sold_basis_points)).collect()
}

#[test]
fn sold_seats_are_measured_by_those_on_offer() {
    let house = house();
    let cinema = house.cinema(PLAN, |_| {});
    let show = cinema.show.id;
    let office = staff(Role::BoxOffice);
    buy(&house, &Actor::guest(), show, &["A1", "A2"], &[], &paid());
    buy(&house, &office, show, &["B1", "B2"], &[], &ConfirmBooking::counter());
    let undone = buy(&house, &Actor::guest(), show, &["B5", "B6"], &[], &paid());
    cancel(&house, &undone);
    // A hold is no sale.
    block_on(house.kitflik.bookings().hold(&Actor::guest(), &HoldSeats::seats(show, seats(&["A5", "A6"]))))
        .unwrap();
    let block = BlockSeats::new(seats(&["A9", "A10"]), "For the critics");
    block_on(house.kitflik.bookings().block_seats(&office, show, &block)).unwrap();
    let second = later(&house, &cinema, 2, "EUR", None);
    buy(&house, &Actor::guest(), second, &["A1", "A2", "A3", "A4"], &[], &paid());
    later(&house, &cinema, 3, "EUR", None);

    assert_eq!(
        lines(&report(&house, OccupancyBy::Day)),
        [("2026-11-27", 1, 14, 4, 2857), ("2026-11-29", 1, 16, 4, 2500), ("total", 2, 30, 8, 2666)]
    );
    for by in [OccupancyBy::Movie, OccupancyBy::Venue, OccupancyBy::Category] {
        let report = report(&house, by);
        assert_eq!(lines(&report).len(), 2, "{by:?}");
        assert_eq!((report.rows[0].seats, report.rows[0].sold), (30, 8), "{by:?}");
    }
    assert_eq!(
        lines(&report(&house, OccupancyBy::Channel)),
        [("Box office", 2, 30, 2, 666), ("Online", 2, 30, 6, 2000), ("total", 2, 30, 8, 2666)]
    );
    let by_show = report(&house, OccupancyBy::Show);
    assert_eq!(lines(&by_show)[0], ("Alien, 2026-11-27T20:00:00, Hall 1", 1, 14, 4, 2857));
    let csv = report(&house, OccupancyBy::Day).to_csv();
    assert_eq!(
        csv,
        "key,label,shows,seats,sold,sold_percent\r\n2026-11-27,2026-11-27,1,14,4,28.57\r\n\
         2026-11-29,2026-11-29,1,16,4,25.00\r\ntotal,total,2,30,8,26.66\r\n"
    );
    let other = house.cinema(PLAN, |_| {});
    let of = OccupancyByQuery { movie_id: Some(other.movie.id), ..query(OccupancyBy::Day) };
    let found = block_on(house.kitflik.reports().occupancy_by(&Actor::System, &of)).unwrap();
    assert_eq!((found.total.shows, found.total.seats, found.total.sold), (1, 16, 0));
    let unknown = OccupancyByQuery { movie_id: Some(kitflik_core::MovieId::from_bytes([1; 16])), ..of };
    let refused = block_on(house.kitflik.reports().occupancy_by(&Actor::System, &unknown)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}
