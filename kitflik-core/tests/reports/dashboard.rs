//! What the house looks like now.

use std::time::Duration;

use kitflik_core::{Actor, ConfirmBooking, ErrorCode, HoldSeats, Role};
use pollster::block_on;

use super::common::{HALL, house};
use super::{buy, later, paid, staff};

#[test]
fn today_begins_at_six_and_what_waits_is_counted() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let next = later(&house, &cinema, 1, "EUR", None);
    buy(&house, &Actor::guest(), cinema.show.id, &["A1", "A2"], &[], &paid());
    let ask = || block_on(house.kitflik.reports().dashboard(&staff(Role::BoxOffice))).unwrap();
    let now = ask();
    assert_eq!((now.today[0].tickets_sold, now.today[0].captured.amount_minor), (2, 2450));
    assert_eq!((now.mails_waiting, now.mails_dead, now.payments_in_flight), (1, 0, 0));
    let shows: Vec<_> = now.next_shows.iter().map(|show| (show.show_id, show.sold)).collect();
    assert_eq!(shows, [(cinema.show.id, 2), (next, 0)]);

    // It is 07:00 in Berlin.
    house.clock.advance(Duration::from_secs(18 * 3600));
    block_on(house.kitflik.tick()).unwrap();
    let held = block_on(house.kitflik.bookings().hold(&Actor::System, &HoldSeats::best(next, 2))).unwrap();
    let pay = ConfirmBooking::paid_by("test", Some("timeout_before".to_owned()));
    block_on(house.kitflik.bookings().confirm(&Actor::System, held.id, &pay)).unwrap_err();
    let now = ask();
    assert_eq!((now.today, now.mails_waiting, now.payments_in_flight), (Vec::new(), 0, 1));
    assert_eq!(now.next_shows.len(), 1);

    let refused = block_on(house.kitflik.reports().dashboard(&staff(Role::Usher))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}
