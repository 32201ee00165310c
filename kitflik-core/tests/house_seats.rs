//! Seats that the house keeps: who may sell them, and when they are free for all.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Cinema, HALL, House, Slow, house, house_on, seat, seats};
use kitflik_core::{
    Actor, BlockSeats, BookingError, CancelBooking, ChangeSeats, CommandId, ConfirmBooking, ErrorCode,
    HoldSeats, HouseSeatView, MemoryStorage, OccupancyQuery, RegisterUser, Role, SalesChannel, SeatId,
    ShowId, StaffId, Timestamp, UnblockSeats,
};
use pollster::block_on;

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn clerk() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice }
}

/// A show at 19:00 UTC, seven hours from now, whose first four seats are for the box office until an hour before.
fn scene() -> (House, Cinema) {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    block(&house, cinema.show.id, &["A1", "A2", "A3", "A4"], |block| {
        block.channels = vec![SalesChannel::BoxOffice];
        block.release_minutes_before = Some(60);
    });
    (house, cinema)
}

fn block(house: &House, show: ShowId, ids: &[&str], edit: impl FnOnce(&mut BlockSeats)) {
    let mut request = BlockSeats::new(seats(ids), "For the critics");
    edit(&mut request);
    block_on(house.kitflik.bookings().block_seats(&clerk(), show, &request)).unwrap();
}

fn unblock(house: &House, show: ShowId, ids: &[&str]) -> Vec<SeatId> {
    let request = UnblockSeats { command: None, seats: seats(ids) };
    let given = block_on(house.kitflik.bookings().unblock_seats(&clerk(), show, &request)).unwrap();
    given.into_iter().map(|view| view.seat).collect()
}

fn hold(
    house: &House,
    actor: &Actor,
    show: ShowId,
    ids: &[&str],
) -> Result<kitflik_core::BookingView, BookingError> {
    block_on(house.kitflik.bookings().hold(actor, &HoldSeats::seats(show, seats(ids))))
}

fn states(house: &House, show: ShowId) -> String {
    block_on(house.kitflik.bookings().seats(show)).unwrap().view().states[..10].to_owned()
}

fn kept(house: &House, show: ShowId) -> Vec<String> {
    let kept = block_on(house.kitflik.bookings().house_seats(&clerk(), show)).unwrap();
    kept.into_iter().map(|view| view.label).collect()
}

#[test]
fn only_their_channel_sells_house_seats() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    assert_eq!(states(&house, show), "####......");
    let refused = hold(&house, &Actor::guest(), show, &["A4", "A5"]).unwrap_err();
    assert_eq!(refused, BookingError::SeatTaken { seats: seats(&["A4"]) });
    assert!(!refused.to_string().contains("critics"), "{refused}");

    let by_box_office = |actor: &Actor| {
        let request =
            HoldSeats { channel: Some(SalesChannel::BoxOffice), ..HoldSeats::seats(show, seats(&["A1"])) };
        block_on(house.kitflik.bookings().hold(actor, &request)).map_err(|error| error.code())
    };
    assert_eq!(by_box_office(&Actor::guest()).unwrap_err(), ErrorCode::Unauthenticated);
    let new = RegisterUser {
        command: None,
        email: "ada@example.org".to_owned(),
        password: "correct horse".to_owned(),
        name: "Ada".to_owned(),
    };
    let ada = Actor::User { id: block_on(house.kitflik.users().register(&new)).unwrap().id };
    assert_eq!(by_box_office(&ada).unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(hold(&house, &Actor::System, show, &["A1"]).unwrap_err().code(), ErrorCode::SeatTaken);
    by_box_office(&Actor::System).unwrap();

    hold(&house, &clerk(), show, &["A3", "A4"]).unwrap();
    assert_eq!(states(&house, show), "h#hh......");
    let online = HoldSeats { channel: Some(SalesChannel::Online), ..HoldSeats::seats(show, seats(&["A2"])) };
    let refused = block_on(house.kitflik.bookings().hold(&clerk(), &online)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::SeatTaken);
}

#[test]
fn a_block_for_nobody_is_for_nobody() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    block(&house, show, &["A1"], |_| {});
    assert_eq!(hold(&house, &clerk(), show, &["A1"]).unwrap_err().code(), ErrorCode::SeatTaken);
    house.clock.advance(minutes(7 * 60 - 1));
    assert_eq!(hold(&house, &Actor::guest(), show, &["A1"]).unwrap_err().code(), ErrorCode::SeatTaken);
}

#[test]
fn the_best_available_are_those_of_the_callers_channel() {
    let house = house();
    let show = house.cinema("A: ####", |_| {}).show.id;
    block(&house, show, &["A1", "A2"], |block| block.channels = vec![SalesChannel::BoxOffice]);
    let best = |actor: &Actor, count| {
        let held = block_on(house.kitflik.bookings().hold(actor, &HoldSeats::best(show, count)));
        held.map(|held| held.seats.into_iter().map(|seat| seat.id).collect::<Vec<_>>())
    };
    assert_eq!(best(&Actor::guest(), 3).unwrap_err().code(), ErrorCode::NotEnoughSeats);
    let wish = HoldSeats::best(show, 2).best_available.unwrap();
    let offered = block_on(house.kitflik.bookings().best_available(show, &wish)).unwrap();
    assert_eq!(offered.seats, seats(&["A3", "A4"]));
    assert_eq!(best(&clerk(), 4).unwrap(), seats(&["A1", "A2", "A3", "A4"]));
}

#[test]
fn released_seats_are_free_by_themselves() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    house.clock.advance(minutes(6 * 60 - 1));
    assert_eq!(states(&house, show), "####......");
    assert_eq!(hold(&house, &Actor::guest(), show, &["A1", "A2"]).unwrap_err().code(), ErrorCode::SeatTaken);
    house.clock.advance(minutes(1));
    assert_eq!(states(&house, show), "..........");
    assert_eq!(kept(&house, show), [""; 0]);
    let held = hold(&house, &Actor::guest(), show, &["A1", "A2"]).unwrap();
    assert_eq!(states(&house, show), "hh........");
    // Released for good: it is nobody's once it is given back.
    let guest = Actor::guest_with(held.booking_token.unwrap());
    block_on(house.kitflik.bookings().release(&guest, held.id, None)).unwrap();
    assert_eq!(states(&house, show), "..........");
}

/// A map that nobody asked to be read again tells the release on time.
#[test]
fn a_map_in_memory_knows_when_seats_are_released() {
    let storage: Arc<MemoryStorage> = Arc::new(MemoryStorage::new());
    let house = house_on(storage);
    let cinema = house.cinema(HALL, |_| {});
    let show = cinema.show.id;
    assert_eq!(states(&house, show), "..........");
    block(&house, show, &["A1"], |block| block.release_at = Some(house.kitflik.now().plus(minutes(10))));
    assert_eq!(states(&house, show), "#.........");
    house.clock.advance(Duration::from_secs(599));
    assert_eq!(states(&house, show), "#.........");
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(states(&house, show), "..........");
}

#[test]
fn what_the_box_office_gives_back_is_the_houses_again() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    let bookings = house.kitflik.bookings();
    block_on(async {
        // By a release,
        let held = hold(&house, &clerk(), show, &["A1", "A2", "A5"]).unwrap();
        bookings.release(&clerk(), held.id, None).await.unwrap();
        assert_eq!(states(&house, show), "####......");
        // by a change,
        let held = hold(&house, &clerk(), show, &["A1", "A2", "A5"]).unwrap();
        let change = ChangeSeats {
            command: None,
            seats: seats(&["A2", "A3"]),
            ticket_types: Vec::new(),
            discount_code: None,
        };
        bookings.change_seats(&clerk(), held.id, &change).await.unwrap();
        assert_eq!(states(&house, show), "#hh#......");
        // by a cancellation,
        bookings.confirm(&clerk(), held.id, &ConfirmBooking::counter()).await.unwrap();
        assert_eq!(states(&house, show), "#ss#......");
        assert_eq!(kept(&house, show), ["A1", "A2", "A3", "A4"]);
        let sold = bookings.house_seats(&clerk(), show).await.unwrap();
        assert_eq!(sold[1].booking_id, Some(held.id));
        bookings.cancel(&clerk(), held.id, &CancelBooking::because("They are ill.")).await.unwrap();
        assert_eq!(states(&house, show), "####......");
        // and when nobody comes for them.
        let held = hold(&house, &clerk(), show, &["A1", "A2"]).unwrap();
        house.clock.advance(minutes(15));
        assert_eq!(states(&house, show), "####......");
        assert_eq!(
            hold(&house, &Actor::guest(), show, &["A1", "A2"]).unwrap_err().code(),
            ErrorCode::SeatTaken
        );
        let again = hold(&house, &clerk(), show, &["A2", "A3"]).unwrap();
        assert_eq!(
            bookings.get(&clerk(), held.id).await.unwrap().status,
            kitflik_core::BookingStatus::Expired
        );
        assert_eq!(states(&house, show), "#hh#......");
        // The time of the release passes while they are sold.
        bookings.confirm(&clerk(), again.id, &ConfirmBooking::counter()).await.unwrap();
        house.clock.advance(minutes(6 * 60));
        bookings.cancel(&clerk(), again.id, &CancelBooking::because("They are ill.")).await.unwrap();
        assert_eq!(states(&house, show), "..........");
    });
}

#[test]
fn seats_that_somebody_has_are_not_blocked_nor_any_with_them() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    hold(&house, &Actor::guest(), show, &["A1", "A2"]).unwrap();
    let request = BlockSeats::new(seats(&["A2", "A3"]), "Broken");
    let bookings = house.kitflik.bookings();
    let refused = block_on(bookings.block_seats(&clerk(), show, &request)).unwrap_err();
    assert_eq!(refused, BookingError::SeatTaken { seats: seats(&["A2"]) });
    assert_eq!(kept(&house, show), [""; 0]);
    // A hold that is over gives way, and cannot be confirmed any more.
    let held = hold(&house, &Actor::guest(), show, &["A3", "A4"]).unwrap();
    house.clock.advance(minutes(15));
    block_on(bookings.block_seats(&clerk(), show, &request)).unwrap();
    block(&house, show, &["A5"], |_| {});
    assert_eq!(states(&house, show), ".##.#.....");
    let guest = Actor::guest_with(held.booking_token.unwrap());
    let late = block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap_err();
    assert_eq!(late.code(), ErrorCode::HoldExpired);
}

#[test]
fn unblocking_gives_seats_to_all_and_takes_none_from_a_booking() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    let held = hold(&house, &clerk(), show, &["A1", "A2"]).unwrap();
    assert_eq!(unblock(&house, show, &["A2", "A3", "A9"]), seats(&["A2", "A3"]));
    assert_eq!(unblock(&house, show, &["A3"]), seats(&[]));
    assert_eq!(states(&house, show), "hh.#......");
    block_on(house.kitflik.bookings().release(&clerk(), held.id, None)).unwrap();
    assert_eq!(states(&house, show), "#..#......");
    assert_eq!(kept(&house, show), ["A1", "A4"]);
    hold(&house, &Actor::guest(), show, &["A2", "A3"]).unwrap();
}

#[test]
fn a_second_block_replaces_the_first() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    let release: Timestamp = "2026-11-27T18:30:00Z".parse().unwrap();
    block(&house, show, &["A1"], |block| {
        (block.reason, block.release_at) = ("Broken".to_owned(), Some(release));
    });
    let all = block_on(house.kitflik.bookings().house_seats(&clerk(), show)).unwrap();
    assert_eq!((all[0].reason.as_str(), all[0].release_at), ("Broken", Some(release)));
    assert_eq!((all[0].channels.len(), all[1].channels.len()), (0, 1));
    assert_eq!(all[1].release_at, Some("2026-11-27T18:00:00Z".parse().unwrap()));
    assert_eq!(all[0].by, Some(StaffId::from_bytes([9; 16])));
}

#[test]
fn a_block_says_what_is_wrong_with_it() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    let refused = |edit: &dyn Fn(&mut BlockSeats)| {
        let mut request = BlockSeats::new(seats(&["B1"]), "Broken");
        edit(&mut request);
        let refused = block_on(house.kitflik.bookings().block_seats(&clerk(), show, &request)).unwrap_err();
        match refused {
            BookingError::Invalid(invalid) => invalid.errors[0].path.clone(),
            other => other.code().to_string(),
        }
    };
    assert_eq!(refused(&|block| block.reason = String::new()), "reason");
    assert_eq!(refused(&|block| block.reason = "x".repeat(101)), "reason");
    assert_eq!(refused(&|block| block.seats = Vec::new()), "seats");
    assert_eq!(refused(&|block| block.seats = seats(&["B1", "B1"])), "seats[1]");
    assert_eq!(refused(&|block| block.seats = seats(&["Z1"])), "unknown_seat");
    assert_eq!(refused(&|block| block.channels = vec![SalesChannel::Online]), "channels");
    assert_eq!(refused(&|block| block.release_at = Some(house.kitflik.now())), "release_at");
    assert_eq!(refused(&|block| block.release_minutes_before = Some(8 * 60)), "release_minutes_before");
    house.clock.advance(minutes(24 * 60));
    assert_eq!(refused(&|_| ()), "show_not_on_sale");
}

#[test]
fn a_named_command_blocks_once_and_the_log_tells_seats_but_no_reason() {
    let (house, cinema) = scene();
    let (show, bookings) = (cinema.show.id, house.kitflik.bookings());
    let mut request = BlockSeats::new(seats(&["B1", "B2"]), "For Mrs Miller");
    request.command = Some("block".parse().unwrap());
    let first = block_on(bookings.block_seats(&clerk(), show, &request)).unwrap();
    unblock(&house, show, &["B1", "B2"]);
    assert_eq!(block_on(bookings.block_seats(&clerk(), show, &request)).unwrap(), first);
    assert_eq!(kept(&house, show), ["A1", "A2", "A3", "A4"]);
    let admin = Actor::Staff { id: StaffId::from_bytes([8; 16]), role: Role::Admin };
    let log = block_on(house.kitflik.staff().audit(&admin, &Default::default())).unwrap();
    let notes: Vec<_> = log.items.iter().filter(|entry| entry.verb == "block_seats").collect();
    assert_eq!(notes[0].note.as_deref(), Some("B1, B2"));
    assert!(!format!("{log:?}").contains("Miller"));
}

#[test]
fn reports_count_what_the_house_keeps() {
    let (house, cinema) = scene();
    hold(&house, &clerk(), cinema.show.id, &["A1", "A2"]).unwrap();
    let report = block_on(house.kitflik.reports().occupancy(&clerk(), &OccupancyQuery::default())).unwrap();
    assert_eq!((report.items[0].blocked, report.items[0].held), (2, 2));
}

/// Two customers and a clerk want one seat in the moment of its release.
#[test]
fn one_of_many_gets_a_seat_that_is_released() {
    let house = house_on(Arc::new(Slow(MemoryStorage::new())));
    let show = house.cinema(HALL, |_| {}).show.id;
    block(&house, show, &["A1"], |block| block.release_at = Some(house.kitflik.now().plus(minutes(1))));
    house.clock.advance(minutes(1));
    let bookings = house.kitflik.bookings();
    let (guest, clerk, request) = (Actor::guest(), clerk(), HoldSeats::seats(show, [seat("A1")]));
    let again = BlockSeats::new([seat("A1")], "Broken");
    let all = block_on(async {
        let (one, two, three) = futures_util::future::join3(
            bookings.hold(&guest, &request),
            bookings.hold(&clerk, &request),
            bookings.block_seats(&clerk, show, &again),
        )
        .await;
        [one.is_ok(), two.is_ok(), three.is_ok()]
    });
    assert_eq!(all.iter().filter(|won| **won).count(), 1, "{all:?}");
}

/// As many seats as allowed, with the longest reason, over as many holds that are over.
#[test]
fn a_show_that_is_not_deleted_keeps_its_house_seats() {
    let (house, cinema) = scene();
    let show = cinema.show.id;
    let held = hold(&house, &clerk(), show, &["A6"]).unwrap();
    let sold = block_on(house.kitflik.bookings().confirm(&clerk(), held.id, &ConfirmBooking::counter()));
    block_on(house.kitflik.bookings().cancel(&Actor::System, sold.unwrap().id, &CancelBooking::default()))
        .unwrap();
    let refused =
        block_on(house.kitflik.catalog().delete_show(&Actor::System, show, None, None)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InUse);
    assert_eq!(states(&house, show), "####......");
}

#[test]
fn the_largest_block_fits_a_batch() {
    let house = house();
    let plan: String = ('A'..='J').map(|row| format!("{row}: ##########\n")).collect();
    let show = house.cinema(&plan, |_| {}).show.id;
    let wide = "\u{1D400}";
    let all: Vec<String> = ('A'..='J').flat_map(|row| (1..=10).map(move |at| format!("{row}{at}"))).collect();
    for pair in all.chunks(2) {
        let pair: Vec<&str> = pair.iter().map(String::as_str).collect();
        let request = HoldSeats::seats(show, seats(&pair)).customer(wide.repeat(200), "ada@example.org");
        block_on(house.kitflik.bookings().hold(&clerk(), &request)).unwrap();
    }
    house.clock.advance(minutes(15));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let command = |name: &str| Some(CommandId::new(name).unwrap());
    let mut largest = BlockSeats::new(seats(&all), wide.repeat(100));
    largest.command = command("block");
    let bookings = house.kitflik.bookings();
    let views = block_on(bookings.block_seats(&clerk(), show, &largest)).unwrap();
    assert_eq!((views.len(), kept(&house, show).len()), (100, 100));
    assert_eq!(block_on(bookings.block_seats(&clerk(), show, &largest)).unwrap(), views);
    let give = UnblockSeats { command: command("give"), seats: seats(&all) };
    let given = block_on(bookings.unblock_seats(&clerk(), show, &give)).unwrap();
    let again = block_on(bookings.unblock_seats(&clerk(), show, &give)).unwrap();
    let labels = |views: &[HouseSeatView]| views.iter().map(|view| view.label.clone()).collect::<Vec<_>>();
    assert_eq!((given.len(), labels(&given)), (100, labels(&again)));
    let over = BlockSeats::new(seats(&[all, vec!["A1"]].concat()), "Too many");
    let refused = block_on(house.kitflik.bookings().block_seats(&clerk(), show, &over)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
}
