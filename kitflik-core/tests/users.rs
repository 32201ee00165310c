//! Accounts: customers and staff.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{House, house};
use kitflik_core::{
    Actor, ErrorCode, LogIn, NewStaff, RefreshSession, RegisterUser, Role, StaffLogIn, TokenPair, UserError,
};
use pollster::block_on;

const PASSWORD: &str = "correct horse battery";

fn register(house: &House, email: &str, password: &str) -> Result<kitflik_core::UserView, UserError> {
    let (email, password, name) = (email.to_owned(), password.to_owned(), "Ada".to_owned());
    block_on(house.kitflik.users().register(&RegisterUser { command: None, email, password, name }))
}

fn log_in(house: &House, email: &str, password: &str) -> Result<TokenPair, UserError> {
    block_on(house.kitflik.users().log_in(&LogIn::new(email, password)))
}

fn refresh(house: &House, token: &str) -> Result<TokenPair, UserError> {
    let request = RefreshSession { command: None, refresh_token: token.to_owned() };
    block_on(house.kitflik.users().refresh(&request))
}

fn first_staff(house: &House) -> TokenPair {
    let (email, name) = ("boss@example.org".to_owned(), "Boss".to_owned());
    let password = PASSWORD.to_owned();
    let new = NewStaff { email: email.clone(), password: password.clone(), name, role: Role::Admin };
    block_on(house.kitflik.staff().make_first(&new)).unwrap();
    let again = block_on(house.kitflik.staff().make_first(&new)).unwrap_err();
    assert_eq!(again.code(), ErrorCode::AlreadyExists);
    block_on(house.kitflik.staff().log_in(&StaffLogIn::new(email, password))).unwrap()
}

#[test]
fn a_customer_registers_logs_in_and_is_known() {
    let house = house();
    let ada = register(&house, " Ada@Example.org ", PASSWORD).unwrap();
    assert_eq!(ada.email, "ada@example.org");
    let pair = log_in(&house, "ADA@example.org", PASSWORD).unwrap();
    assert_eq!((pair.token_type.as_str(), pair.expires_in), ("Bearer", 900));
    let actor = house.kitflik.users().authenticate(&pair.access_token).unwrap();
    assert_eq!(actor, Actor::User { id: ada.id });
    assert_eq!(block_on(house.kitflik.users().me(&actor)).unwrap(), ada);
    block_on(house.kitflik.tick()).unwrap();
    let mails = house.mailbox.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Welcome to KitFlik");
    assert!(mails[0].html.contains("Welcome, Ada") && mails[0].text.contains("Welcome, Ada"));
}

#[test]
fn wrong_passwords_and_unknown_addresses_get_one_answer() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let wrong = log_in(&house, "ada@example.org", "wrong password").unwrap_err();
    let unknown = log_in(&house, "bob@example.org", PASSWORD).unwrap_err();
    assert_eq!(wrong, UserError::InvalidCredentials);
    assert_eq!(unknown, UserError::InvalidCredentials);
}

#[test]
fn a_second_registration_tells_only_the_owner() {
    let house = house();
    let first = register(&house, "ada@example.org", PASSWORD).unwrap();
    let second = register(&house, "ada@example.org", "another password").unwrap();
    assert_ne!(first.id, second.id);
    log_in(&house, "ada@example.org", PASSWORD).unwrap();
    assert!(log_in(&house, "ada@example.org", "another password").is_err());
    block_on(house.kitflik.tick()).unwrap();
    let mut subjects: Vec<String> = house.mailbox.mails().into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Welcome to KitFlik", "Your account at KitFlik"]);
}

#[test]
fn bad_registrations_name_every_field() {
    let house = house();
    let name = "x".repeat(201);
    let request =
        RegisterUser { command: None, email: "nowhere".to_owned(), password: "short".to_owned(), name };
    match block_on(house.kitflik.users().register(&request)).unwrap_err() {
        UserError::Invalid(invalid) => {
            let paths: Vec<&str> = invalid.errors.iter().map(|error| error.path.as_str()).collect();
            assert_eq!(paths, ["email", "password", "name"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn access_tokens_end_and_refresh_tokens_rotate() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let first = log_in(&house, "ada@example.org", PASSWORD).unwrap();
    house.clock.advance(Duration::from_secs(15 * 60 + 31));
    let expired = house.kitflik.users().authenticate(&first.access_token).unwrap_err();
    assert!(expired.to_string().contains("expired"), "{expired}");
    let second = refresh(&house, &first.refresh_token).unwrap();
    house.kitflik.users().authenticate(&second.access_token).unwrap();
    // Somebody uses the old one: the session ends for both.
    assert_eq!(refresh(&house, &first.refresh_token).unwrap_err().code(), ErrorCode::Unauthenticated);
    assert_eq!(refresh(&house, &second.refresh_token).unwrap_err().code(), ErrorCode::Unauthenticated);
}

#[test]
fn a_made_up_refresh_token_ends_nobodys_session() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let pair = log_in(&house, "ada@example.org", PASSWORD).unwrap();
    let (session, secret) = pair.refresh_token.split_once('.').unwrap();
    let flipped: String = secret.chars().rev().collect();
    for forged in [format!("{session}.{flipped}"), format!("{session}."), session.to_owned(), String::new()] {
        assert!(refresh(&house, &forged).is_err(), "{forged}");
    }
    refresh(&house, &pair.refresh_token).unwrap();
}

#[test]
fn a_repeated_refresh_command_gets_the_same_pair() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let pair = log_in(&house, "ada@example.org", PASSWORD).unwrap();
    let command = Some("refresh-1".parse().unwrap());
    let request = RefreshSession { command, refresh_token: pair.refresh_token };
    let users = house.kitflik.users();
    let next = block_on(users.refresh(&request)).unwrap();
    let again = block_on(users.refresh(&request)).unwrap();
    assert!(next == again);
    refresh(&house, &next.refresh_token).unwrap();
}

#[test]
fn logged_out_sessions_are_over() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let pair = log_in(&house, "ada@example.org", PASSWORD).unwrap();
    let request = RefreshSession { command: None, refresh_token: pair.refresh_token.clone() };
    block_on(house.kitflik.users().log_out(&request)).unwrap();
    block_on(house.kitflik.users().log_out(&request)).unwrap();
    assert!(refresh(&house, &pair.refresh_token).is_err());
}

#[test]
fn no_token_passes_for_another_kind() {
    let house = house();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let customer = log_in(&house, "ada@example.org", PASSWORD).unwrap();
    let staff = first_staff(&house);
    let (users, boss) = (house.kitflik.users(), house.kitflik.staff());
    block_on(boss.authenticate(&staff.access_token)).unwrap();
    assert!(users.authenticate(&staff.access_token).is_err());
    assert!(block_on(boss.authenticate(&customer.access_token)).is_err());
    assert!(users.authenticate(&customer.refresh_token).is_err());
    assert!(refresh(&house, &customer.access_token).is_err());
    assert!(refresh(&house, &staff.refresh_token).is_err());
    let crossed = RefreshSession { command: None, refresh_token: customer.refresh_token.clone() };
    assert!(block_on(boss.refresh(&crossed)).is_err());
    // Nothing signed by another house, nothing unsigned, nothing altered.
    let other = common::house_with_key([8; 32]);
    assert!(other.kitflik.users().authenticate(&customer.access_token).is_err());
    let mut parts: Vec<&str> = customer.access_token.split('.').collect();
    let unsigned = format!("{}.{}.", "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", parts[1]);
    assert!(users.authenticate(&unsigned).is_err());
    parts[2] = "AAAA";
    assert!(users.authenticate(&parts.join(".")).is_err());
}

#[test]
fn staff_sessions_end_at_once() {
    let house = house();
    let pair = first_staff(&house);
    let boss = house.kitflik.staff();
    let actor = block_on(boss.authenticate(&pair.access_token)).unwrap();
    assert!(matches!(actor, Actor::Staff { role: Role::Admin, .. }));
    let request = RefreshSession { command: None, refresh_token: pair.refresh_token };
    block_on(boss.log_out(&request)).unwrap();
    assert!(block_on(boss.authenticate(&pair.access_token)).is_err());
}

#[test]
fn the_catalogue_is_changed_by_managers_only() {
    let house = house();
    let movie = kitflik_core::NewMovie { title: "Alien".to_owned(), ..Default::default() };
    let add = |actor: &Actor| block_on(house.kitflik.catalog().add_movie(actor, &movie)).map(|_| ());
    let id = kitflik_core::StaffId::from_bytes([1; 16]);
    add(&Actor::Staff { id, role: Role::Manager }).unwrap();
    for role in [Role::BoxOffice, Role::Usher] {
        assert_eq!(add(&Actor::Staff { id, role }).unwrap_err().code(), ErrorCode::Forbidden);
    }
    assert_eq!(add(&Actor::guest()).unwrap_err().code(), ErrorCode::Unauthenticated);
    let user = Actor::User { id: kitflik_core::UserId::from_bytes([1; 16]) };
    assert_eq!(add(&user).unwrap_err().code(), ErrorCode::Forbidden);
}

#[test]
fn nothing_stored_opens_an_account() {
    let house = common::house_hashing();
    register(&house, "ada@example.org", PASSWORD).unwrap();
    let command = Some("login-1".parse().unwrap());
    let request = LogIn { command, ..LogIn::new("ada@example.org", PASSWORD) };
    let pair = block_on(house.kitflik.users().log_in(&request)).unwrap();
    let (_, secret) = pair.refresh_token.split_once('.').unwrap();
    let range = kitflik_core::Read::Scan { start: "!".into(), end: "~".into(), limit: 1000, reverse: false };
    let rows = block_on(house.storage.read(vec![range])).unwrap().remove(0);
    assert!(rows.len() >= 5, "{}", rows.len());
    for row in rows {
        let text = String::from_utf8(row.value).unwrap();
        for planted in [PASSWORD, secret, &pair.access_token] {
            assert!(!text.contains(planted), "{}: {text}", row.key);
        }
    }
}
