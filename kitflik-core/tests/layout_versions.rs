//! Another layout for an auditorium, and what becomes of its shows.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{Cinema, HALL, House, house, house_on, seat, seats};
use kitflik_core::{
    Actor, Batch, BlockSeats, BookingView, ChangeSeats, Commit, ConfirmBooking, ErrorCode, HoldSeats, Layout,
    LayoutReport, MemoryStorage, MoveShows, NewShow, Read, Row, SeatsOutcome, SetLayout, Storage,
    StorageError,
};
use parking_lot::Mutex;
use pollster::block_on;

const SYSTEM: Actor = Actor::System;
/// A row before all others: every seat has another number.
const LARGER: &str = "Z: ##########\nA: ##########\nB: ####_######\nC: ##########\n";
/// Without the last row, and with the first two the other way round.
const SMALLER: &str = "B: ####_######\nA: ##########\n";

fn layout(plan: &str, shows: MoveShows) -> SetLayout {
    SetLayout { command: None, layout: Layout::from_text("Hall 1", plan).unwrap(), shows }
}

fn set(house: &House, cinema: &Cinema, plan: &str, shows: MoveShows) -> LayoutReport {
    let new = layout(plan, shows);
    block_on(house.kitflik.catalog().set_layout(&SYSTEM, cinema.auditorium.id, None, &new)).unwrap()
}

fn hold(house: &House, cinema: &Cinema, ids: &[&str]) -> Result<BookingView, ErrorCode> {
    let request = HoldSeats::seats(cinema.show.id, seats(ids));
    block_on(house.kitflik.bookings().hold(&SYSTEM, &request)).map_err(|error| error.code())
}

fn sell(house: &House, booking: &BookingView) -> BookingView {
    let counter = ConfirmBooking::counter().customer("Ada", "ada@example.org");
    block_on(house.kitflik.bookings().confirm(&SYSTEM, booking.id, &counter)).unwrap()
}

/// The seats that are not free: id and character.
fn taken(house: &House, cinema: &Cinema) -> Vec<String> {
    block_on(async {
        let map = house.kitflik.bookings().seats(cinema.show.id).await.unwrap();
        let layout = house.kitflik.catalog().layout(map.view().layout_id).await.unwrap();
        assert_eq!(map.view().states.len(), layout.seats.len());
        let states = map.view().states.chars().zip(&layout.seats);
        let mut taken: Vec<String> = states
            .filter(|(state, _)| *state != '.')
            .map(|(state, seat)| format!("{}{state}", seat.id))
            .collect();
        taken.sort();
        taken
    })
}

fn ids(booking: &BookingView) -> Vec<&str> {
    booking.seats.iter().map(|seat| seat.id.as_str()).collect()
}

#[test]
fn a_show_that_nobody_has_a_seat_of_gets_the_new_seats() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    assert!(taken(&house, &cinema).is_empty());
    let seen = cinema.auditorium.revision;
    let new = layout(LARGER, MoveShows::default());
    let catalog = house.kitflik.catalog();
    let report = block_on(catalog.set_layout(&SYSTEM, cinema.auditorium.id, Some(seen), &new)).unwrap();
    let auditorium = &report.auditorium;
    assert_eq!((auditorium.layout_id, auditorium.seats), (report.layout_id, 40));
    assert_eq!(auditorium.earlier_layouts, [cinema.auditorium.layout_id]);
    assert_eq!(report.shows.len(), 1);
    assert_eq!((report.shows[0].outcome, report.shows[0].taken), (SeatsOutcome::Moved, 0));
    let show = block_on(catalog.show(cinema.show.id)).unwrap();
    assert_eq!((show.layout_id, show.status), (report.layout_id, cinema.show.status));
    hold(&house, &cinema, &["Z1", "Z2"]).unwrap();
    assert_eq!(taken(&house, &cinema), ["Z1h", "Z2h"]);
    let stale = block_on(catalog.set_layout(&SYSTEM, cinema.auditorium.id, Some(seen), &new));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
    // A new show has them, too.
    let local = "2026-11-28T20:00".parse().unwrap();
    let next = NewShow::new(cinema.movie.id, cinema.auditorium.id, cinema.card.id, local);
    assert_eq!(block_on(catalog.add_show(&SYSTEM, &next)).unwrap().layout_id, report.layout_id);
}

#[test]
fn whoever_has_a_seat_keeps_it_by_its_name() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let sold = sell(&house, &hold(&house, &cinema, &["A1", "A2"]).unwrap());
    let held = hold(&house, &cinema, &["B1", "B2"]).unwrap();
    let changed = hold(&house, &cinema, &["C1", "C2"]).unwrap();
    let bookings = house.kitflik.bookings();
    let tickets = block_on(bookings.tickets(&SYSTEM, sold.id)).unwrap();

    let kept = set(&house, &cinema, LARGER, MoveShows::Unsold);
    assert_eq!((kept.shows[0].outcome, kept.shows[0].taken), (SeatsOutcome::Kept, 6));
    assert_eq!(
        block_on(house.kitflik.catalog().show(cinema.show.id)).unwrap().layout_id,
        cinema.show.layout_id
    );
    let moved = set(&house, &cinema, LARGER, MoveShows::All);
    assert_eq!((moved.shows[0].outcome, moved.shows[0].taken), (SeatsOutcome::Moved, 6));
    // The layout was new once.
    assert_eq!(moved.auditorium.revision, kept.auditorium.revision);

    assert_eq!(taken(&house, &cinema), ["A1s", "A2s", "B1h", "B2h", "C1h", "C2h"]);
    for had in [["A1", "A2"], ["B1", "B2"], ["C1", "C2"]] {
        assert_eq!(hold(&house, &cinema, &had), Err(ErrorCode::SeatTaken), "{had:?}");
    }
    // In the old numbers these were A1, A2 and B1, B2.
    hold(&house, &cinema, &["Z1", "Z2"]).unwrap();
    let view = block_on(bookings.get(&SYSTEM, sold.id)).unwrap();
    assert_eq!(
        (ids(&view), view.layout_id, view.quote.total),
        (vec!["A1", "A2"], moved.layout_id, sold.quote.total)
    );
    let after = block_on(bookings.tickets(&SYSTEM, sold.id)).unwrap();
    let same = |tickets: &[kitflik_core::TicketView]| -> Vec<_> {
        tickets.iter().map(|ticket| (ticket.id, ticket.seat.id.clone())).collect()
    };
    assert_eq!(same(&after), same(&tickets));
    let number = |id: &str| layout(LARGER, MoveShows::None).layout.number(&seat(id)).unwrap();
    let claims = house.kitflik.ticket_key().verify(&after[0].token).unwrap();
    assert_eq!(claims.seat, number("A1"));

    // A hold is confirmed, another one changed, a sale cancelled: all as if nothing had happened.
    assert_eq!(ids(&sell(&house, &held)), ["B1", "B2"]);
    let other = ChangeSeats {
        command: None,
        seats: seats(&["C2", "C3"]),
        ticket_types: Vec::new(),
        discount_code: None,
    };
    block_on(bookings.change_seats(&SYSTEM, changed.id, &other)).unwrap();
    let cancel = kitflik_core::CancelBooking { reason: Some("ill".to_owned()), ..Default::default() };
    block_on(bookings.cancel(&SYSTEM, sold.id, &cancel)).unwrap();
    assert_eq!(taken(&house, &cinema), ["B1s", "B2s", "C2h", "C3h", "Z1h", "Z2h"]);
    hold(&house, &cinema, &["A1", "A2"]).unwrap();
}

#[test]
fn tickets_stay_the_same_through_several_layouts() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let sold = sell(&house, &hold(&house, &cinema, &["A1", "A2", "B1", "B2"]).unwrap());
    let tickets = || {
        let tickets = block_on(house.kitflik.bookings().tickets(&SYSTEM, sold.id)).unwrap();
        tickets.into_iter().map(|ticket| (ticket.id, ticket.seat.id)).collect::<Vec<_>>()
    };
    let before = tickets();
    for plan in [LARGER, SMALLER, HALL] {
        let report = set(&house, &cinema, plan, MoveShows::All);
        assert_eq!(report.shows[0].outcome, SeatsOutcome::Moved, "{plan}");
        assert_eq!(tickets(), before, "{plan}");
    }
    assert_eq!(taken(&house, &cinema), ["A1s", "A2s", "B1s", "B2s"]);
}

#[test]
fn a_show_whose_seats_have_no_counterpart_keeps_its_layout_and_is_told() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    sell(&house, &hold(&house, &cinema, &["A1", "A2"]).unwrap());
    hold(&house, &cinema, &["C9", "C10"]).unwrap();
    let new = layout(SMALLER, MoveShows::All);
    let catalog = house.kitflik.catalog();
    let preview = block_on(catalog.preview_layout(&SYSTEM, cinema.auditorium.id, &new)).unwrap();
    assert_eq!(preview.shows[0].outcome, SeatsOutcome::MissingSeats);
    assert_eq!(preview.shows[0].missing, seats(&["C9", "C10"]));
    // A preview changes nothing.
    assert_eq!(preview.auditorium, block_on(catalog.auditorium(cinema.auditorium.id)).unwrap());
    assert_eq!(preview.auditorium.layout_id, cinema.auditorium.layout_id);
    assert_eq!(block_on(catalog.layout(preview.layout_id)).unwrap_err().code(), ErrorCode::NotFound);

    let report = set(&house, &cinema, SMALLER, MoveShows::All);
    assert_eq!((report.layout_id, &report.shows), (preview.layout_id, &preview.shows));
    let show = block_on(catalog.show(cinema.show.id)).unwrap();
    assert_eq!((show.layout_id, show.status), (cinema.show.layout_id, cinema.show.status));
    assert_eq!(taken(&house, &cinema), ["A1s", "A2s", "C10h", "C9h"]);
    hold(&house, &cinema, &["C1", "C2"]).unwrap();

    // Holds that are over keep nothing, and cannot be confirmed when their seats are gone.
    house.clock.advance(Duration::from_secs(11 * 60));
    let late = set(&house, &cinema, SMALLER, MoveShows::All);
    assert_eq!((late.shows[0].outcome, late.shows[0].taken), (SeatsOutcome::Moved, 2));
    assert_eq!(taken(&house, &cinema), ["A1s", "A2s"]);
}

#[test]
fn a_hold_that_was_over_when_its_show_was_moved_is_over_for_good() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let held = hold(&house, &cinema, &["A1", "A2"]).unwrap();
    // Within the time in which a hold that nobody took may still be confirmed.
    house.clock.advance(Duration::from_secs(10 * 60 + 10));
    assert_eq!(set(&house, &cinema, LARGER, MoveShows::Unsold).shows[0].outcome, SeatsOutcome::Moved);
    let late = block_on(house.kitflik.bookings().confirm(&SYSTEM, held.id, &ConfirmBooking::counter()));
    assert_eq!(late.unwrap_err().code(), ErrorCode::HoldExpired);
    assert!(taken(&house, &cinema).is_empty());
}

#[test]
fn what_the_house_keeps_moves_with_the_show() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let block = BlockSeats::new(seats(&["A5", "C5"]), "For the critics");
    block_on(house.kitflik.bookings().block_seats(&SYSTEM, cinema.show.id, &block)).unwrap();
    let report = set(&house, &cinema, SMALLER, MoveShows::Unsold);
    assert_eq!((report.shows[0].outcome, report.shows[0].taken), (SeatsOutcome::Moved, 0));
    assert_eq!(taken(&house, &cinema), ["A5#"]);
}

#[test]
fn a_category_without_a_price_keeps_the_show_where_it_is() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let report = set(&house, &cinema, "category v VIP\nA: ####_vvvv\n", MoveShows::All);
    assert_eq!(report.shows[0].outcome, SeatsOutcome::Unpriced);
    assert_eq!(set(&house, &cinema, SMALLER, MoveShows::None).shows[0].outcome, SeatsOutcome::Kept);
}

#[test]
fn a_show_with_more_sales_than_a_batch_holds_is_told_and_goes_on() {
    let house = house();
    let row = "#".repeat(40);
    let plan: String = (0..14).map(|row_no| format!("R{row_no}: {row}\n")).collect();
    let cinema = house.cinema(&plan, |_| {});
    for first in 0..54 {
        let (row, from) = (first / 4, first % 4 * 10);
        let ids: Vec<String> = (from + 1..=from + 10).map(|place| format!("R{row}{place}")).collect();
        let layout = block_on(house.kitflik.catalog().layout(cinema.show.layout_id)).unwrap();
        let ids: Vec<_> = if layout.seats.iter().any(|seat| seat.id.as_str() == ids[0]) {
            seats(&ids.iter().map(String::as_str).collect::<Vec<_>>())
        } else {
            layout.seats.iter().skip(first * 10).take(10).map(|seat| seat.id.clone()).collect()
        };
        block_on(house.kitflik.bookings().hold(&SYSTEM, &HoldSeats::seats(cinema.show.id, ids))).unwrap();
    }
    let larger = format!("{plan}Z: {row}\n");
    let report = set(&house, &cinema, &larger, MoveShows::All);
    assert_eq!((report.shows[0].outcome, report.shows[0].taken), (SeatsOutcome::TooLarge, 540));
    let show = block_on(house.kitflik.catalog().show(cinema.show.id)).unwrap();
    assert_eq!((show.layout_id, show.status), (cinema.show.layout_id, cinema.show.status));
}

#[test]
fn the_same_command_again_moves_what_is_left() {
    let storage = Arc::new(common::Dying::new(Arc::new(MemoryStorage::new()), None));
    let house = house_on(storage.clone());
    let cinema = house.cinema(HALL, |_| {});
    sell(&house, &hold(&house, &cinema, &["A1", "A2"]).unwrap());
    let new = SetLayout { command: Some("set-1".parse().unwrap()), ..layout(LARGER, MoveShows::All) };
    let id = cinema.auditorium.id;
    let run =
        || block_on(house.kitflik.catalog().set_layout(&SYSTEM, id, Some(cinema.auditorium.revision), &new));
    // The store dies after each of the batches in turn: the layout's rows and head, the auditorium, the freeze.
    for batches in 0..5 {
        storage.live_for(Some(if batches == 0 { 0 } else { 1 }));
        if run().is_ok() {
            break;
        }
    }
    storage.live_for(None);
    house.clock.advance(Duration::from_secs(120));
    let report = run().unwrap();
    assert_eq!(report.shows[0].outcome, SeatsOutcome::Moved);
    assert_eq!(report.auditorium.earlier_layouts, [cinema.auditorium.layout_id]);
    assert_eq!(taken(&house, &cinema), ["A1s", "A2s"]);
    hold(&house, &cinema, &["Z1", "Z2"]).unwrap();
}

/// Before each commit, somebody else has a turn.
#[derive(Default)]
struct Between {
    storage: Arc<MemoryStorage>,
    then: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

#[async_trait]
impl Storage for Between {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        if let Some(then) = &mut *self.then.lock() {
            then();
        }
        self.storage.commit(batch).await
    }
}

#[test]
fn nobody_loses_a_seat_to_a_move_that_they_race() {
    // Whoever races does it by another process over the same store, before every commit of the move.
    for what in ["hold", "change", "release", "confirm", "cancel", "block"] {
        let between = Arc::new(Between::default());
        let first = house_on(between.clone());
        let second = house_on(between.storage.clone());
        second.clock.advance(Duration::from_millis(1));
        let cinema = first.cinema(HALL, |_| {});
        let show = cinema.show.id;
        let sold = sell(&first, &hold(&first, &cinema, &["A1", "A2"]).unwrap());
        let held = hold(&first, &cinema, &["B1", "B2"]).unwrap();
        let (turns, done) = (Arc::new(Mutex::new(0_usize)), Arc::new(Mutex::new(Vec::<Vec<String>>::new())));
        let (turn, did) = (turns.clone(), done.clone());
        *between.then.lock() = Some(Box::new(move || {
            second.clock.advance(Duration::from_millis(1));
            let bookings = second.kitflik.bookings();
            let now = *turn.lock();
            *turn.lock() += 1;
            let pair = [format!("C{}", 2 * now + 1), format!("C{}", 2 * now + 2)];
            let names: Vec<&str> = pair.iter().map(String::as_str).collect();
            block_on(async {
                match what {
                    "hold" if now < 5 => {
                        let request = HoldSeats::seats(show, seats(&names));
                        if bookings.hold(&SYSTEM, &request).await.is_ok() {
                            did.lock().push(pair.to_vec());
                        }
                    }
                    "change" if now < 5 => {
                        let request = ChangeSeats {
                            command: None,
                            seats: seats(&names),
                            ticket_types: Vec::new(),
                            discount_code: None,
                        };
                        if bookings.change_seats(&SYSTEM, held.id, &request).await.is_ok() {
                            *did.lock() = vec![pair.to_vec()];
                        }
                    }
                    "block" if now < 5 => {
                        let block = BlockSeats::new(seats(&names), "For the critics");
                        if bookings.block_seats(&SYSTEM, show, &block).await.is_ok() {
                            did.lock().push(pair.to_vec());
                        }
                    }
                    "release" => drop(bookings.release(&SYSTEM, held.id, None).await),
                    "confirm" => {
                        drop(bookings.confirm(&SYSTEM, held.id, &ConfirmBooking::counter()).await);
                    }
                    "cancel" => {
                        let cancel = kitflik_core::CancelBooking {
                            reason: Some("ill".to_owned()),
                            ..Default::default()
                        };
                        drop(bookings.cancel(&SYSTEM, sold.id, &cancel).await);
                    }
                    _ => {}
                }
            });
        }));
        let report = set(&first, &cinema, LARGER, MoveShows::All);
        *between.then.lock() = None;
        assert!(*turns.lock() >= 4, "{what}: {}", turns.lock());
        assert_eq!(report.shows[0].outcome, SeatsOutcome::Moved, "{what}");
        let raced = |state: char| -> Vec<String> {
            done.lock().iter().flatten().map(|seat| format!("{seat}{state}")).collect()
        };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let mut expected = match what {
            "hold" => [named(&["A1s", "A2s", "B1h", "B2h"]), raced('h')].concat(),
            "change" => [named(&["A1s", "A2s"]), raced('h')].concat(),
            "block" => [named(&["A1s", "A2s", "B1h", "B2h"]), raced('#')].concat(),
            "release" => named(&["A1s", "A2s"]),
            "confirm" => named(&["A1s", "A2s", "B1s", "B2s"]),
            _ => named(&["B1h", "B2h"]),
        };
        if ["hold", "change", "block"].contains(&what) {
            assert!(!done.lock().is_empty(), "{what} never won");
        }
        expected.sort();
        // A third process, which has seen nothing yet.
        let third = house_on(between.storage.clone());
        assert_eq!(taken(&third, &cinema), expected, "{what}");
    }
}

#[test]
fn another_process_sees_the_new_seats() {
    let storage = Arc::new(MemoryStorage::new());
    let (first, second) = (house_on(storage.clone()), house_on(storage));
    let cinema = first.cinema(HALL, |_| {});
    hold(&first, &cinema, &["A1", "A2"]).unwrap();
    assert_eq!(taken(&second, &cinema), ["A1h", "A2h"]);
    set(&first, &cinema, LARGER, MoveShows::All);
    // A hold by its old numbers would be of other seats.
    second.clock.advance(Duration::from_secs(1));
    let third = hold(&second, &cinema, &["A3", "A4"]).unwrap();
    assert_eq!(ids(&third), ["A3", "A4"]);
    second.clock.advance(Duration::from_secs(60));
    assert_eq!(taken(&second, &cinema), ["A1h", "A2h", "A3h", "A4h"]);
    set(&first, &cinema, HALL, MoveShows::All);
    second.clock.advance(Duration::from_secs(60));
    let map = block_on(second.kitflik.bookings().seats(cinema.show.id)).unwrap();
    assert_eq!(map.view().layout_id, cinema.show.layout_id);
}
