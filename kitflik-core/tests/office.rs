//! What staff see of the house: bookings and reports.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{HALL, House, house, seats};
use kitflik_core::{
    Actor, BookingId, BookingQuery, BookingStatus, ConfirmBooking, ErrorCode, HoldSeats, OccupancyQuery,
    OccupancyView, PageRequest, Role, ShowId, StaffId, Timestamp, UserId,
};
use pollster::block_on;

fn staff(role: Role) -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role }
}

fn refused() -> [(Actor, ErrorCode); 4] {
    [
        (Actor::guest(), ErrorCode::Unauthenticated),
        (Actor::guest_with("token"), ErrorCode::Unauthenticated),
        (Actor::User { id: UserId::from_bytes([8; 16]) }, ErrorCode::Forbidden),
        (staff(Role::Usher), ErrorCode::Forbidden),
    ]
}

/// Holds seats a second later than whatever was before, so that the order of bookings is known.
fn hold(house: &House, show: ShowId, ids: &[&str]) -> (BookingId, Actor) {
    house.clock.advance(Duration::from_secs(1));
    let request = HoldSeats::seats(show, seats(ids));
    let held = block_on(house.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap();
    (held.id, Actor::guest_with(held.booking_token.unwrap()))
}

fn sell(house: &House, show: ShowId, ids: &[&str]) -> BookingId {
    let (id, guest) = hold(house, show, ids);
    block_on(house.kitflik.bookings().confirm(&guest, id, &ConfirmBooking::counter())).unwrap();
    id
}

/// All pages of a list, and how many there were.
fn list(house: &House, query: BookingQuery) -> (Vec<BookingId>, usize) {
    let (mut found, mut pages, mut query) = (Vec::new(), 0, query);
    loop {
        let page = block_on(house.kitflik.bookings().list(&staff(Role::BoxOffice), &query)).unwrap();
        found.extend(page.items.iter().map(|booking| booking.id));
        pages += 1;
        match page.next_cursor {
            Some(cursor) => query.page.cursor = Some(cursor),
            None => return (found, pages),
        }
    }
}

#[test]
fn bookings_are_listed_for_those_who_manage_them() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    sell(&house, show.id, &["A1", "A2"]);
    for show_id in [None, Some(show.id)] {
        let query = BookingQuery { show_id, ..BookingQuery::default() };
        for (actor, code) in refused() {
            let error = block_on(house.kitflik.bookings().list(&actor, &query)).unwrap_err();
            assert_eq!(error.code(), code, "{actor:?}");
        }
        for actor in [staff(Role::Admin), staff(Role::Manager), staff(Role::BoxOffice), Actor::System] {
            assert_eq!(block_on(house.kitflik.bookings().list(&actor, &query)).unwrap().items.len(), 1);
        }
    }
}

#[test]
fn bookings_are_listed_by_show_and_status_the_newest_first() {
    let house = house();
    let (one, other) = (house.cinema(HALL, |_| {}).show.id, house.cinema(HALL, |_| {}).show.id);
    let sold = sell(&house, one, &["A1", "A2"]);
    let elsewhere = sell(&house, other, &["A1", "A2"]);
    let (released, guest) = hold(&house, one, &["B1", "B2"]);
    block_on(house.kitflik.bookings().release(&guest, released, None)).unwrap();
    let (stale, _) = hold(&house, one, &["C1", "C2"]);
    house.clock.advance(Duration::from_secs(3600));
    let (held, _) = hold(&house, one, &["C1", "C2"]);
    let last = sell(&house, one, &["A3", "A4"]);

    let of = |show_id, status| list(&house, BookingQuery { show_id, status, ..Default::default() }).0;
    assert_eq!(of(None, None), [last, held, stale, released, elsewhere, sold]);
    assert_eq!(of(Some(one), None), [last, held, stale, released, sold]);
    assert_eq!(of(Some(other), None), [elsewhere]);
    assert_eq!(of(Some(one), Some(BookingStatus::Confirmed)), [last, sold]);
    assert_eq!(of(None, Some(BookingStatus::Confirmed)), [last, elsewhere, sold]);
    assert_eq!(of(Some(one), Some(BookingStatus::Held)), [held]);
    assert_eq!(of(Some(one), Some(BookingStatus::Expired)), [stale]);
    assert_eq!(of(Some(one), Some(BookingStatus::Released)), [released]);
    assert_eq!(of(Some(other), Some(BookingStatus::Held)), []);
    let unknown = BookingQuery { show_id: Some(ShowId::from_bytes([1; 16])), ..Default::default() };
    let error = block_on(house.kitflik.bookings().list(&Actor::System, &unknown)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

#[test]
fn lists_of_bookings_come_in_pages() {
    let house = house();
    let show = house.cinema("A: ##########\n", |_| {}).show.id;
    let mut sold: Vec<BookingId> = [["A1", "A2"], ["A3", "A4"], ["A5", "A6"], ["A7", "A8"]]
        .iter()
        .map(|seats| sell(&house, show, seats))
        .collect();
    sold.reverse();
    for show_id in [None, Some(show)] {
        for status in [None, Some(BookingStatus::Confirmed)] {
            for (limit, pages) in [(1, 4), (2, 2), (3, 2), (4, 1), (100, 1)] {
                let page = PageRequest { cursor: None, limit: Some(limit) };
                let found = list(&house, BookingQuery { show_id, status, page, ..Default::default() });
                assert_eq!(found, (sold.clone(), pages), "{show_id:?} {status:?} {limit}");
            }
        }
    }
    for (page, path) in [
        (PageRequest { cursor: None, limit: Some(0) }, "limit"),
        (PageRequest { cursor: None, limit: Some(101) }, "limit"),
        (PageRequest { cursor: Some("x".to_owned()), limit: None }, "cursor"),
    ] {
        let query = BookingQuery { page, ..Default::default() };
        let error = block_on(house.kitflik.bookings().list(&Actor::System, &query)).unwrap_err();
        assert_eq!(kitflik_core::Error::from(error).fields()[0].path, path);
    }
}

/// What is rare among many: a call stops after a thousand, and says where to go on.
#[test]
fn a_search_through_many_bookings_goes_on_where_it_stopped() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let sold = sell(&house, show, &["B1", "B2"]);
    for _ in 0..1_005 {
        let (id, guest) = hold(&house, show, &["A1", "A2"]);
        block_on(house.kitflik.bookings().release(&guest, id, None)).unwrap();
    }
    let query = BookingQuery { status: Some(BookingStatus::Confirmed), ..Default::default() };
    let first = block_on(house.kitflik.bookings().list(&Actor::System, &query)).unwrap();
    assert!(first.items.is_empty() && first.next_cursor.is_some());
    assert_eq!(list(&house, query), (vec![sold], 2));
    let newest = BookingQuery { page: PageRequest { cursor: None, limit: Some(100) }, ..Default::default() };
    let (all, pages) = list(&house, newest);
    assert_eq!((all.len(), pages), (1_006, 11));
}

fn occupancy(house: &House, query: &OccupancyQuery) -> Vec<OccupancyView> {
    block_on(house.kitflik.reports().occupancy(&staff(Role::BoxOffice), query)).unwrap().items
}

#[test]
fn the_occupancy_counts_every_seat_once() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    sell(&house, show.id, &["A1", "A2", "A3"]);
    let (_, guest) = hold(&house, show.id, &["B1", "B2"]);
    let of = || occupancy(&house, &OccupancyQuery::default());
    let [full] = &of()[..] else { panic!("one show") };
    assert_eq!((full.show_id, full.movie.title.as_str()), (show.id, "Alien"));
    assert_eq!((full.seats, full.sold, full.held, full.blocked, full.free), (30, 3, 2, 0, 25));
    assert_eq!((full.starts_at, full.venue.zone), (show.starts_at, show.venue.zone));
    let _ = guest;
    // A hold that ran out is free again, without anybody's doing.
    house.clock.advance(Duration::from_secs(3600));
    assert_eq!((of()[0].held, of()[0].free), (0, 27));
}

#[test]
fn the_occupancy_is_for_the_office_and_by_start() {
    let house = house();
    let at = |start: &str| house.cinema(HALL, |show| show.starts_at_local = start.parse().unwrap()).show;
    let second = at("2026-11-28T20:00");
    let first = at("2026-11-27T20:00");
    let third = at("2026-11-29T20:00");
    let query = OccupancyQuery::default();
    for (actor, code) in refused() {
        let error = block_on(house.kitflik.reports().occupancy(&actor, &query)).unwrap_err();
        assert_eq!(error.code(), code, "{actor:?}");
    }
    for actor in [staff(Role::Admin), staff(Role::Manager), staff(Role::BoxOffice), Actor::System] {
        assert_eq!(block_on(house.kitflik.reports().occupancy(&actor, &query)).unwrap().items.len(), 3);
    }
    let of = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let query = OccupancyQuery { from, to, ..Default::default() };
        occupancy(&house, &query).iter().map(|show| show.show_id).collect::<Vec<_>>()
    };
    assert_eq!(of(None, None), [first.id, second.id, third.id]);
    assert_eq!(of(Some(second.starts_at), None), [second.id, third.id]);
    assert_eq!(of(None, Some(second.starts_at)), [first.id]);
    assert_eq!(of(Some(first.starts_at), Some(third.starts_at)), [first.id, second.id]);

    // The next page is found even if its cursor's show is over meanwhile.
    let page = PageRequest { cursor: None, limit: Some(1) };
    let query = OccupancyQuery { page, ..Default::default() };
    let page = block_on(house.kitflik.reports().occupancy(&Actor::System, &query)).unwrap();
    assert_eq!((page.items[0].show_id, page.next_cursor.clone()), (first.id, Some(first.id.to_string())));
    house.clock.advance(first.ends_at.since(house.kitflik.now()));
    assert_eq!(of(None, None), [second.id, third.id]);
    assert_eq!(of(Some(first.starts_at), None), [first.id, second.id, third.id]);
    let query = OccupancyQuery { page: PageRequest { cursor: page.next_cursor, limit: Some(2) }, ..query };
    let next = block_on(house.kitflik.reports().occupancy(&Actor::System, &query)).unwrap();
    assert_eq!(next.items.iter().map(|show| show.show_id).collect::<Vec<_>>(), [second.id, third.id]);
    assert_eq!(next.next_cursor, None);

    for (query, path) in [
        (
            OccupancyQuery { from: Some(third.starts_at), to: Some(first.starts_at), ..Default::default() },
            "to",
        ),
        (
            OccupancyQuery {
                page: PageRequest { cursor: Some("x".into()), limit: None },
                ..Default::default()
            },
            "cursor",
        ),
        (
            OccupancyQuery { page: PageRequest { cursor: None, limit: Some(0) }, ..Default::default() },
            "limit",
        ),
    ] {
        let error = block_on(house.kitflik.reports().occupancy(&Actor::System, &query)).unwrap_err();
        assert_eq!(kitflik_core::Error::from(error).fields()[0].path, path);
    }
}

#[test]
fn a_confirm_says_who_it_is_for_if_the_hold_did_not() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let (id, guest) = hold(&house, show, &["A1", "A2"]);
        let nobody = ConfirmBooking::counter().customer("", "nowhere");
        let error = bookings.confirm(&guest, id, &nobody).await.unwrap_err();
        let fields: Vec<_> =
            kitflik_core::Error::from(error).fields().iter().map(|field| field.path.clone()).collect();
        assert_eq!(fields, ["customer.name", "customer.email"]);
        for provider in ["test", "counter"] {
            let seats_of = if provider == "test" { ["B1", "B2"] } else { ["C1", "C2"] };
            let (id, guest) = hold(&house, show, &seats_of);
            let request = ConfirmBooking::paid_by(provider, None).customer("Ada", "ada@example.org");
            let sold = bookings.confirm(&guest, id, &request).await.unwrap();
            assert_eq!(sold.customer.unwrap().email, "ada@example.org");
        }
        house.kitflik.tick().await.unwrap();
        let mails = house.mailbox.mails();
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().all(|mail| mail.to == "ada@example.org"), "{mails:?}");
    });
}

#[test]
fn who_was_counted_stays_counted() {
    let house = house();
    let limited = house.cinema(HALL, |show| show.max_seats_per_customer = Some(2)).show.id;
    let open = house.cinema(HALL, |_| {}).show.id;
    let bookings = house.kitflik.bookings();
    block_on(async {
        for (show, same) in [(limited, false), (open, true)] {
            let request = HoldSeats::seats(show, seats(&["A1", "A2"])).customer("Ada", "ada@example.org");
            let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
            let guest = Actor::guest_with(held.booking_token.unwrap());
            let other = ConfirmBooking::counter().customer("Bo", "bo@example.org");
            let result = bookings.confirm(&guest, held.id, &other).await;
            if same {
                assert_eq!(result.unwrap().customer.unwrap().name, "Bo");
                continue;
            }
            let error = kitflik_core::Error::from(result.unwrap_err());
            assert_eq!(error.fields()[0].path, "customer.email");
            let renamed = ConfirmBooking::counter().customer("Ada L.", "Ada@example.org");
            let sold = bookings.confirm(&guest, held.id, &renamed).await.unwrap();
            assert_eq!(sold.customer.unwrap().name, "Ada L.");
        }
    });
}
