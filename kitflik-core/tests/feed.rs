//! The seats of a show as they change.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use common::{HALL, House, house, house_on, seats};
use kitflik_core::{Actor, BookingView, HoldSeats, MemoryStorage, SeatEvent, SeatFeed, SeatMap, ShowId};
use pollster::block_on;

fn look(house: &House, show: ShowId) -> Arc<SeatMap> {
    block_on(house.kitflik.bookings().seats(show)).unwrap()
}

fn hold(house: &House, show: ShowId, ids: &[&str]) -> BookingView {
    block_on(house.kitflik.bookings().hold(&Actor::guest(), &HoldSeats::seats(show, seats(ids)))).unwrap()
}

fn release(house: &House, held: &BookingView) {
    let guest = Actor::guest_with(held.booking_token.clone().unwrap());
    block_on(house.kitflik.bookings().release(&guest, held.id, None)).unwrap();
}

/// An event in one line: the differences, or all states.
fn said(event: &SeatEvent) -> String {
    match event {
        SeatEvent::Map { map, .. } => map.view().states.clone(),
        SeatEvent::Changes { changes, .. } => serde_json::to_string(&changes.changes).unwrap(),
        _ => "?".to_owned(),
    }
}

fn all_said(events: &[SeatEvent]) -> Vec<String> {
    events.iter().map(said).collect()
}

#[test]
fn whoever_was_away_is_told_exactly_what_was_missed() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let mut feed = SeatFeed::new("here", look(&house, show));
    let first = feed.resume(None);
    assert_eq!(all_said(&first), [".".repeat(30)]);
    assert!(feed.advance(look(&house, show)).is_none(), "nothing changed");

    let held = hold(&house, show, &["A1", "A2"]);
    let taken = feed.advance(look(&house, show)).unwrap();
    assert_eq!(said(&taken), r#"{"0":"h","1":"h"}"#);
    hold(&house, show, &["C5"]);
    let more = feed.advance(look(&house, show)).unwrap();
    assert_eq!(said(&more), r#"{"24":"h"}"#);
    release(&house, &held);
    let free = feed.advance(look(&house, show)).unwrap();
    assert_eq!(said(&free), r#"{"0":".","1":"."}"#);

    assert_eq!(all_said(&feed.resume(Some(first[0].id()))), [said(&taken), said(&more), said(&free)]);
    assert_eq!(all_said(&feed.resume(Some(taken.id()))), [said(&more), said(&free)]);
    assert_eq!(feed.resume(Some(taken.id()))[1].id(), free.id());
    assert_eq!(all_said(&feed.resume(Some(free.id()))), <[String; 0]>::default(), "nothing was missed");

    let all = [look(&house, show).view().states.clone()];
    for strange in ["", "here", "here-", "here-4", "here-x", "there-3", "herehere-3", "3", "here--1"] {
        assert_eq!(all_said(&feed.resume(Some(strange))), all, "{strange}");
    }
    let restarted = SeatFeed::new("here again", look(&house, show));
    assert_eq!(all_said(&restarted.resume(Some(first[0].id()))), all);
}

#[test]
fn a_hold_that_runs_out_is_a_change_that_nobody_makes() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    hold(&house, show, &["A1", "A2"]);
    let map = look(&house, show);
    let mut feed = SeatFeed::new("x", Arc::clone(&map));
    // Ten minutes, and the grace before others may take the seats; without any hold, a net of half a minute.
    let left = map.stale_at().since(house.kitflik.now());
    assert_eq!(left, Duration::from_secs(602));
    assert_eq!(house.kitflik.bookings().seats_good_for(&map), Duration::from_secs(30));
    house.clock.advance(left - Duration::from_secs(1));
    assert_eq!(house.kitflik.bookings().seats_good_for(&map), Duration::from_secs(1));
    assert!(feed.advance(look(&house, show)).is_none());
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(said(&feed.advance(look(&house, show)).unwrap()), r#"{"0":".","1":"."}"#);
}

#[test]
fn what_is_too_old_or_too_much_is_answered_with_the_map() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let mut feed = SeatFeed::new("x", look(&house, show));
    let first = feed.resume(None);
    let mut last = Vec::new();
    for _ in 0..130 {
        let held = hold(&house, show, &["A1", "A2"]);
        last.push(feed.advance(look(&house, show)).unwrap());
        release(&house, &held);
        last.push(feed.advance(look(&house, show)).unwrap());
    }
    assert_eq!(all_said(&feed.resume(Some(first[0].id()))), [".".repeat(30)], "260 events ago");
    assert_eq!(all_said(&feed.resume(Some(last[10].id()))), [".".repeat(30)], "longer than the map");
    assert_eq!(feed.resume(Some(last[257].id())).len(), 2);

    hold(&house, show, &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10"]);
    let many = feed.advance(look(&house, show)).unwrap();
    assert!(matches!(many, SeatEvent::Map { .. }), "{many:?}");
}

struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_driver_is_woken_by_what_this_process_does() {
    let house = house();
    let (show, other) = (house.cinema(HALL, |_| {}).show.id, house.cinema(HALL, |_| {}).show.id);
    look(&house, other);
    let map = look(&house, show);
    let count = Arc::new(Count(AtomicU32::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    let bookings = house.kitflik.bookings();
    let mut touched = pin!(bookings.seats_touched(show, &map));
    assert!(touched.as_mut().poll(&mut context).is_pending());
    assert!(touched.as_mut().poll(&mut context).is_pending());
    hold(&house, other, &["A1", "A2"]);
    assert_eq!(count.0.load(Ordering::Relaxed), 0, "another show");
    hold(&house, show, &["A1", "A2"]);
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!(touched.poll(&mut context), Poll::Ready(()));
    let newer = look(&house, show);
    assert_eq!(newer.changes_since(&map).unwrap().changes.len(), 2);
    assert!(pin!(bookings.seats_touched(show, &newer)).poll(&mut context).is_pending());
    // A map that was read again and is the same is the same.
    house.clock.advance(Duration::from_secs(31));
    assert!(Arc::ptr_eq(&newer, &look(&house, show)));
    assert!(pin!(bookings.seats_touched(show, &newer)).poll(&mut context).is_pending());
}

#[test]
fn what_another_process_does_shows_when_the_map_is_read_again() {
    let storage = Arc::new(MemoryStorage::new());
    let (here, there) = (house_on(storage.clone()), house_on(storage));
    let show = here.cinema(HALL, |_| {}).show.id;
    let mut feed = SeatFeed::new("here", look(&here, show));
    let held = hold(&there, show, &["B1", "B2"]);
    here.clock.advance(Duration::from_secs(31));
    assert_eq!(said(&feed.advance(look(&here, show)).unwrap()), r#"{"10":"h","11":"h"}"#);
    release(&there, &held);
    here.clock.advance(Duration::from_secs(31));
    assert_eq!(said(&feed.advance(look(&here, show)).unwrap()), r#"{"10":".","11":"."}"#);
}
