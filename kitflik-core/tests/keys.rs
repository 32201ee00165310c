//! Master keys: what a rotation leaves valid, and what retiring the former key ends.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use common::{HALL, House, house, seats};
use kitflik_core::testing::ports::{PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, BookingView, ConfirmBooking, ErrorCode, HoldSeats, Kitflik, LogIn, MasterKey, RefreshSession,
    RegisterUser, TicketKeys, TokenPair,
};
use pollster::block_on;

/// The key of [`house`].
const FIRST: [u8; 32] = [7; 32];
const SECOND: [u8; 32] = [8; 32];
const THIRD: [u8; 32] = [9; 32];

/// Another engine over the store of a house.
fn engine(house: &House, current: [u8; 32], accepted: &[[u8; 32]]) -> Kitflik {
    let seed = u64::from(current[0]) * 256 + u64::try_from(accepted.len()).unwrap();
    Kitflik::builder(Arc::clone(&house.storage), MasterKey::new(current))
        .accepted_keys(accepted.iter().copied().map(MasterKey::new).collect())
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(seed)))
        .password_hasher(Arc::new(PlainHasher))
        .build()
        .unwrap()
}

fn customer(house: &House) -> TokenPair {
    let (email, password) = ("ada@example.org".to_owned(), "correct horse battery".to_owned());
    let name = "Ada".to_owned();
    let new = RegisterUser { command: None, email: email.clone(), password: password.clone(), name };
    block_on(house.kitflik.users().register(&new)).unwrap();
    block_on(house.kitflik.users().log_in(&LogIn { command: None, email, password })).unwrap()
}

fn refresh(kitflik: &Kitflik, pair: &TokenPair) -> Result<TokenPair, kitflik_core::UserError> {
    let request = RefreshSession { command: None, refresh_token: pair.refresh_token.clone() };
    block_on(kitflik.users().refresh(&request))
}

fn guest(held: &BookingView) -> Actor {
    Actor::guest_with(held.booking_token.clone().unwrap())
}

#[test]
fn what_a_former_key_has_signed_is_valid_until_it_is_retired() {
    let house = house();
    assert!(block_on(house.kitflik.has_the_key()).unwrap());
    let cinema = house.cinema(HALL, |_| {});
    let pair = customer(&house);
    let mut hold = HoldSeats::seats(cinema.show.id, seats(&["A1", "A2"]));
    hold.command = Some("hold-1".parse().unwrap());
    let held = block_on(house.kitflik.bookings().hold(&Actor::guest(), &hold)).unwrap();

    let rotated = engine(&house, SECOND, &[FIRST]);
    rotated.users().authenticate(&pair.access_token).unwrap();
    let again = block_on(rotated.bookings().hold(&Actor::guest(), &hold)).unwrap();
    assert_eq!(again.id, held.id, "a repeat after the rotation meets its receipt");
    let confirm = ConfirmBooking::counter();
    block_on(rotated.bookings().confirm(&guest(&held), held.id, &confirm)).unwrap();
    let before = block_on(house.kitflik.bookings().tickets(&guest(&held), held.id)).unwrap();
    let after = block_on(rotated.bookings().tickets(&guest(&held), held.id)).unwrap();
    assert_ne!(before[0].token, after[0].token);
    for token in [&before[0].token, &after[0].token] {
        assert_eq!(rotated.ticket_keys().verify(token).unwrap().booking, held.id);
    }
    assert_eq!(rotated.ticket_keys().0, [rotated.ticket_key(), house.kitflik.ticket_key()]);
    assert!(TicketKeys(vec![rotated.ticket_key()]).verify(&before[0].token).is_err());
    let next = refresh(&rotated, &pair).unwrap();
    // A server that signs with the former key still, and accepts the new one.
    let late = engine(&house, FIRST, &[SECOND]);
    late.users().authenticate(&next.access_token).unwrap();
    let last = refresh(&late, &next).unwrap();
    // A reused secret of the former key is known as one, and ends the session.
    assert!(refresh(&rotated, &pair).is_err());
    assert!(refresh(&rotated, &last).is_err());

    let retired = engine(&house, SECOND, &[]);
    assert!(retired.users().authenticate(&pair.access_token).is_err());
    let refused = block_on(retired.bookings().get(&guest(&held), held.id)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    block_on(retired.bookings().get(&guest(&again), held.id)).unwrap();
}

#[test]
fn the_mark_of_a_store_follows_a_rotation() {
    let house = house();
    let knows = |current, accepted: &[_]| block_on(engine(&house, current, accepted).has_the_key()).unwrap();
    assert!(knows(FIRST, &[]));
    assert!(!knows(SECOND, &[]) && !knows(SECOND, &[THIRD]));
    // The next key is accepted everywhere before anybody signs with it.
    assert!(knows(FIRST, &[SECOND]));
    assert!(!knows(SECOND, &[]), "not yet");
    assert!(knows(SECOND, &[FIRST]));
    assert!(knows(SECOND, &[]), "the former key may be retired");
    assert!(!knows(FIRST, &[]) && !knows(THIRD, &[FIRST]), "it is over");
    assert!(knows(FIRST, &[SECOND]), "a rotation may be taken back");
}
