//! Master keys: what a rotation leaves valid, and what retiring the former key ends.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use common::{HALL, House, house, seats};
use kitflik_core::testing::ports::{PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, BookingView, Builder, ConfirmBooking, DeleteAccount, ErrorCode, FutureBookings, HoldSeats,
    Kitflik, LogIn, MasterKey, NewStaff, PageRequest, Policy, RefreshSession, RegisterUser, Role, StaffLogIn,
    TicketKeys, TokenAlgorithm, TokenPair, VerifyEmail,
};
use pollster::block_on;
use serde_json::{Value, json};

/// The key of [`house`].
const FIRST: [u8; 32] = [7; 32];
const SECOND: [u8; 32] = [8; 32];
const THIRD: [u8; 32] = [9; 32];

/// Another engine over the store of a house.
fn engine(house: &House, current: [u8; 32], accepted: &[[u8; 32]]) -> Kitflik {
    builder(house, current, accepted).build().unwrap()
}

fn builder(house: &House, current: [u8; 32], accepted: &[[u8; 32]]) -> Builder {
    let seed = u64::from(current[0]) * 256 + u64::try_from(accepted.len()).unwrap();
    Kitflik::builder(Arc::clone(&house.storage), MasterKey::new(current))
        .accepted_keys(accepted.iter().copied().map(MasterKey::new).collect())
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(seed)))
        .password_hasher(Arc::new(PlainHasher))
}

fn header(token: &str) -> Value {
    let header = BASE64URL_NOPAD.decode(token.split('.').next().unwrap().as_bytes()).unwrap();
    serde_json::from_slice(&header).unwrap()
}

fn customer(house: &House) -> TokenPair {
    let (email, password) = ("ada@example.org".to_owned(), "correct horse battery".to_owned());
    let name = "Ada".to_owned();
    let new = RegisterUser { command: None, email: email.clone(), password: password.clone(), name };
    block_on(house.kitflik.users().register(&new)).unwrap();
    block_on(house.kitflik.users().log_in(&LogIn::new(email, password))).unwrap()
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
fn a_code_that_was_mailed_before_a_rotation_is_good_after_it() {
    let house = house();
    customer(&house);
    block_on(house.kitflik.tick()).unwrap();
    let welcome = house.mailbox.mails().remove(0).text;
    let digits = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = welcome.split(|c: char| !c.is_ascii_alphanumeric()).find(digits).unwrap();
    let email = Some("ada@example.org".to_owned());
    let code = Some(code.to_owned());
    let verify = VerifyEmail { command: None, token: None, email, code, address: None };
    let by = |kitflik: Kitflik| block_on(kitflik.users().verify_email(&verify));
    assert_eq!(by(engine(&house, THIRD, &[SECOND])).unwrap_err().code(), ErrorCode::InvalidCode);
    by(engine(&house, SECOND, &[THIRD, FIRST])).unwrap();
}

#[test]
fn a_deleted_customer_is_nobody_wherever_the_storage_is_asked() {
    let house = house();
    let pair = customer(&house);
    let (users, bookings) = (house.kitflik.users(), house.kitflik.bookings());
    let ada = users.authenticate(&pair.access_token).unwrap();
    block_on(bookings.mine(&ada, &PageRequest::default())).unwrap();
    let password = "correct horse battery".to_owned();
    let delete = DeleteAccount { command: None, password, bookings: FutureBookings::Refuse, address: None };
    block_on(users.delete(&ada, &delete)).unwrap();
    // The token is good for some minutes yet, and opens nothing.
    let ada = users.authenticate(&pair.access_token).unwrap();
    let refused = [
        block_on(users.me(&ada)).unwrap_err().code(),
        block_on(bookings.mine(&ada, &PageRequest::default())).unwrap_err().code(),
        block_on(users.list_sessions(&ada, None)).unwrap_err().code(),
        block_on(users.export(&ada)).unwrap_err().code(),
        block_on(users.delete(&ada, &delete)).unwrap_err().code(),
        refresh(&house.kitflik, &pair).unwrap_err().code(),
    ];
    assert_eq!(refused, [ErrorCode::Unauthenticated; 6]);
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

fn signing(house: &House, keys: [u8; 32], accepted: &[[u8; 32]], edit: impl FnOnce(&mut Policy)) -> Kitflik {
    let mut policy = Policy::default();
    edit(&mut policy);
    builder(house, keys, accepted).policy(policy).build().unwrap()
}

#[test]
fn a_house_changes_its_algorithm_without_ending_sessions() {
    let house = house();
    let pair = customer(&house);
    assert_eq!(house.kitflik.token_keys().keys, []);
    let edwards = signing(&house, FIRST, &[SECOND], |policy| policy.token_algorithm = TokenAlgorithm::EdDsa);
    let actor = edwards.users().authenticate(&pair.access_token).unwrap();
    let next = refresh(&edwards, &pair).unwrap();
    assert_ne!(header(&pair.access_token)["alg"], header(&next.access_token)["alg"]);
    assert_eq!(edwards.users().authenticate(&next.access_token).unwrap(), actor);
    // One that has not been told yet.
    assert_eq!(house.kitflik.users().authenticate(&next.access_token).unwrap(), actor);

    let keys = edwards.token_keys().keys;
    assert_eq!(keys.len(), 2, "the next key is published before it signs");
    assert_eq!(header(&next.access_token), json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": keys[0].kid }));
    let rotated = signing(&house, SECOND, &[FIRST], |policy| policy.token_algorithm = TokenAlgorithm::EdDsa);
    assert_eq!(rotated.token_keys().keys, [keys[1].clone(), keys[0].clone()]);
    assert_eq!(rotated.users().authenticate(&next.access_token).unwrap(), actor);
    // With the public key alone.
    let jwk = serde_json::to_value(&keys[0]).unwrap();
    assert_eq!(
        (&jwk["kty"], &jwk["crv"], &jwk["alg"], &jwk["use"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig"))
    );
    let public = DecodingKey::from_ed_components(&keys[0].x).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["kitflik-customers"]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(&next.access_token, &public, &validation).unwrap().claims;
    assert_eq!(
        (&claims["iss"], Actor::User { id: claims["sub"].as_str().unwrap().parse().unwrap() }),
        (&json!("kitflik"), actor)
    );
}

#[test]
fn tokens_of_another_issuer_are_refused() {
    let house = house();
    let pair = customer(&house);
    let renamed =
        signing(&house, FIRST, &[], |policy| policy.token_issuer = "https://kino.example".to_owned());
    assert!(renamed.users().authenticate(&pair.access_token).is_err());
    let next = refresh(&renamed, &pair).unwrap();
    renamed.users().authenticate(&next.access_token).unwrap();
    assert!(house.kitflik.users().authenticate(&next.access_token).is_err());
}

#[test]
fn a_session_ends_at_its_own_door() {
    let house = house();
    let ada = customer(&house);
    let (email, password) = ("boss@example.org".to_owned(), "correct horse battery".to_owned());
    let name = "Boss".to_owned();
    let new = NewStaff { email: email.clone(), password: password.clone(), name, role: Role::Admin };
    block_on(house.kitflik.staff().make_first(&new)).unwrap();
    let boss = block_on(house.kitflik.staff().log_in(&StaffLogIn::new(email, password))).unwrap();
    let (users, staff) = (house.kitflik.users(), house.kitflik.staff());
    let back = |pair: &TokenPair| RefreshSession { command: None, refresh_token: pair.refresh_token.clone() };
    for crossed in [block_on(users.log_out(&back(&boss))), block_on(staff.log_out(&back(&ada)))] {
        assert_eq!(crossed.unwrap_err().code(), ErrorCode::Unauthenticated);
    }
    block_on(staff.authenticate(&boss.access_token)).unwrap();
    let ada = refresh(&house.kitflik, &ada).unwrap();
    block_on(staff.log_out(&back(&boss))).unwrap();
    block_on(users.log_out(&back(&ada))).unwrap();
    assert!(block_on(staff.authenticate(&boss.access_token)).is_err());
    assert!(refresh(&house.kitflik, &ada).is_err());
}
