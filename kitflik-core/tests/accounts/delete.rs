use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{
    Actor, BookingStatus, ConfirmBooking, DeleteAccount, ErrorCode, FutureBookings, HoldSeats, MemoryStorage,
    Read, UserError,
};
use pollster::block_on;

use super::common::{Dying, House, house, house_on, seats};
use super::{ADA, PASSWORD, refused};

fn delete(house: &House, actor: &Actor, password: &str) -> Result<(), UserError> {
    let (password, bookings) = (password.to_owned(), FutureBookings::Refuse);
    let request = DeleteAccount { command: None, password, bookings, address: None };
    block_on(house.kitflik.users().delete(actor, &request))
}

fn stored(house: &House) -> Vec<(String, String)> {
    let range = Read::Scan { start: "!".into(), end: "~".into(), limit: 10_000, reverse: false };
    let rows = block_on(house.storage.read(vec![range])).unwrap().remove(0);
    rows.into_iter().map(|row| (row.key, String::from_utf8(row.value).unwrap())).collect()
}

#[test]
fn a_deleted_account_leaves_no_trace_but_the_sale() {
    let house = house();
    let show = house.cinema(super::common::HALL, |_| {}).show;
    let (ada, session) = house.ada();
    let bookings = house.kitflik.bookings();
    let hold = |ids: &[&str]| {
        let request = HoldSeats::seats(show.id, seats(ids)).customer("Ada Lovelace", ADA);
        block_on(bookings.hold(&ada, &request)).unwrap()
    };
    let sold = hold(&["A1", "A2"]);
    block_on(bookings.confirm(&ada, sold.id, &ConfirmBooking::counter())).unwrap();
    refused(delete(&house, &ada, PASSWORD), ErrorCode::BookingState);
    // Nothing has changed.
    house.refresh(&house.log_in(ADA, PASSWORD).unwrap().refresh_token).unwrap();
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    house.mails();
    let show =
        house.cinema("A: ####\n", |show| show.starts_at_local = "2026-11-30T20:00".parse().unwrap()).show;
    let request = HoldSeats::seats(show.id, seats(&["A1", "A2"])).customer("Ada Lovelace", ADA);
    let held = block_on(bookings.hold(&ada, &request)).unwrap();

    refused(delete(&house, &ada, "wrong password"), ErrorCode::InvalidCredentials);
    refused(delete(&house, &Actor::guest(), PASSWORD), ErrorCode::Unauthenticated);
    refused(delete(&house, &Actor::System, PASSWORD), ErrorCode::Forbidden);
    delete(&house, &ada, PASSWORD).unwrap();
    refused(delete(&house, &ada, PASSWORD), ErrorCode::Unauthenticated);
    refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
    refused(house.refresh(&session.refresh_token), ErrorCode::Unauthenticated);
    refused(block_on(house.kitflik.users().me(&ada)), ErrorCode::Unauthenticated);
    // Nor does an access token that is still good for minutes.
    let again = HoldSeats::seats(show.id, seats(&["A3", "A4"]));
    let again = block_on(bookings.hold(&ada, &again)).unwrap_err();
    assert_eq!(again.code(), ErrorCode::Unauthenticated);
    assert_eq!(house.subjects(ADA).last().unwrap(), "Your account at KitFlik was deleted");

    let sold = block_on(bookings.get(&Actor::System, sold.id)).unwrap();
    assert_eq!((sold.status, sold.customer), (BookingStatus::Confirmed, None));
    assert_eq!(block_on(bookings.get(&Actor::System, held.id)).unwrap().status, BookingStatus::Released);
    block_on(bookings.hold(&Actor::guest(), &HoldSeats::seats(show.id, seats(&["A1", "A2"])))).unwrap();
    for (key, value) in stored(&house).into_iter().filter(|(key, _)| !key.starts_with("receipt/")) {
        assert!(!value.contains("Lovelace") && !value.contains(ADA), "{key}: {value}");
    }
    house.register(ADA).unwrap();
    house.log_in(ADA, PASSWORD).unwrap();
}

#[test]
fn whatever_is_cut_off_is_finished_by_tick() {
    let mut decided = 0;
    for batches in 0..12 {
        let storage = Arc::new(Dying::new(Arc::new(MemoryStorage::new()), None));
        let house = house_on(storage.clone());
        let show = house.cinema(super::common::HALL, |_| {}).show;
        let (ada, session) = house.ada();
        house.log_in(ADA, PASSWORD).unwrap();
        let hold = HoldSeats::seats(show.id, seats(&["A1", "A2"])).customer("Ada Lovelace", ADA);
        block_on(house.kitflik.bookings().hold(&ada, &hold)).unwrap();
        house.mails();
        storage.live_for(Some(batches));
        let answer = delete(&house, &ada, PASSWORD);
        storage.live_for(None);
        if answer.is_err() && house.refresh(&session.refresh_token).is_ok() {
            continue;
        }
        decided += 1;
        refused(house.refresh(&session.refresh_token), ErrorCode::Unauthenticated);
        refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
        while block_on(house.kitflik.tick()).unwrap() == Some(house.kitflik.now()) {}
        for (key, value) in stored(&house) {
            let gone = !value.contains("Lovelace") && !value.contains(ADA);
            assert!(gone && !key.starts_with("user/") && !key.starts_with("deleting/"), "{key}: {value}");
        }
    }
    assert!(decided >= 5, "{decided}");
}

#[test]
fn bookings_ahead_are_cancelled_if_the_customer_says_so() {
    let house = house();
    let show = house.cinema(super::common::HALL, |_| {}).show;
    let (ada, _) = house.ada();
    let bookings = house.kitflik.bookings();
    let sell = || {
        let request = HoldSeats::best(show.id, 2).customer("Ada Lovelace", ADA);
        let held = block_on(bookings.hold(&ada, &request)).unwrap();
        block_on(bookings.confirm(&ada, held.id, &ConfirmBooking::paid_by("test", None))).unwrap().id
    };
    let sold = [sell(), sell()];
    let request = DeleteAccount {
        command: Some("delete-1".parse().unwrap()),
        password: PASSWORD.to_owned(),
        bookings: FutureBookings::Cancel,
        address: None,
    };
    // Once the show has begun, nothing can be cancelled: the account stays as it is.
    house.clock.advance(Duration::from_secs(8 * 60 * 60));
    refused(block_on(house.kitflik.users().delete(&ada, &request)), ErrorCode::BookingState);
    house.log_in(ADA, PASSWORD).unwrap();
    house.clock.shift(-8 * 60 * 60 * 1000);
    for _ in 0..2 {
        block_on(house.kitflik.users().delete(&ada, &request)).unwrap();
    }
    for id in sold {
        let booking = block_on(bookings.get(&Actor::System, id)).unwrap();
        assert_eq!((booking.status, booking.customer), (BookingStatus::Cancelled, None));
    }
    assert!(house.payments.taken().is_empty(), "{:?}", house.payments.taken());
    let told = house.subjects(ADA);
    assert!(told.iter().any(|subject| subject == "Your account at KitFlik was deleted"), "{told:?}");
    assert_eq!(told.iter().filter(|subject| *subject == "Cancelled: Alien").count(), 2, "{told:?}");
    refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
}

#[test]
fn an_account_can_be_taken_away_as_json() {
    let house = house();
    let show = house.cinema(super::common::HALL, |_| {}).show;
    let (ada, _) = house.ada();
    let bookings = house.kitflik.bookings();
    let held = block_on(bookings.hold(&ada, &HoldSeats::best(show.id, 2))).unwrap();
    block_on(bookings.confirm(&ada, held.id, &ConfirmBooking::counter())).unwrap();
    let export = block_on(house.kitflik.users().export(&ada)).unwrap();
    assert_eq!((export.user.email.as_str(), export.sessions.len()), (ADA, 1));
    assert_eq!(export.bookings.iter().map(|booking| booking.id).collect::<Vec<_>>(), [held.id]);
    let json = serde_json::to_string(&export).unwrap();
    assert!(!json.contains("plain:"), "{json}");
    refused(block_on(house.kitflik.users().export(&Actor::guest())), ErrorCode::Unauthenticated);
}
