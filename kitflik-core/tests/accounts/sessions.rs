use std::time::Duration;

use kitflik_core::{Actor, ErrorCode, LogIn, OpenSession};
use pollster::block_on;

use super::common::{House, house};
use super::{ADA, PASSWORD, refused};

fn list(house: &House, actor: &Actor, token: &str) -> Vec<OpenSession> {
    let users = house.kitflik.users();
    block_on(users.list_sessions(actor, Some(users.session(token).unwrap()))).unwrap()
}

#[test]
fn sessions_are_listed_with_where_and_when_they_were_used() {
    let house = house();
    let (ada, first) = house.ada();
    house.clock.advance(Duration::from_secs(60));
    let request = LogIn {
        device: Some("Ada's telephone".to_owned()),
        address: Some("203.0.113.77".to_owned()),
        ..LogIn::new(ADA, PASSWORD)
    };
    let second = block_on(house.kitflik.users().log_in(&request)).unwrap();
    house.clock.advance(Duration::from_secs(600));
    let second = house.refresh(&second.refresh_token).unwrap();
    let sessions = list(&house, &ada, &second.access_token);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].device.as_deref(), Some("Ada's telephone"));
    assert_eq!(sessions[0].network.as_deref(), Some("203.0.113.0/24"));
    assert!(sessions[0].current && !sessions[1].current);
    let used = sessions[0].last_used_at.since(sessions[0].created_at);
    assert_eq!(used, Duration::from_secs(600));
    assert_eq!(sessions[1].last_used_at, sessions[1].created_at);
    assert_eq!((sessions[1].device.as_deref(), sessions[1].network.as_deref()), (None, None));
    let too_long = LogIn { device: Some("x".repeat(101)), ..LogIn::new(ADA, PASSWORD) };
    refused(block_on(house.kitflik.users().log_in(&too_long)), ErrorCode::ValidationFailed);
    drop(first);
}

#[test]
fn one_session_is_ended_and_the_others_go_on() {
    let house = house();
    let (ada, mine) = house.ada();
    let other = house.log_in(ADA, PASSWORD).unwrap();
    let users = house.kitflik.users();
    let id = users.session(&other.access_token).unwrap();
    let bob = Actor::User { id: house.register("bob@example.org").unwrap().id };
    refused(block_on(users.revoke_session(&bob, id, None)), ErrorCode::NotFound);
    refused(block_on(users.revoke_session(&Actor::guest(), id, None)), ErrorCode::Unauthenticated);
    block_on(users.revoke_session(&ada, id, None)).unwrap();
    refused(block_on(users.revoke_session(&ada, id, None)), ErrorCode::NotFound);
    refused(house.refresh(&other.refresh_token), ErrorCode::Unauthenticated);
    assert_eq!(list(&house, &ada, &mine.access_token).len(), 1);
    house.refresh(&mine.refresh_token).unwrap();
}

#[test]
fn all_sessions_end_at_once() {
    let house = house();
    let (ada, mine) = house.ada();
    let other = house.log_in(ADA, PASSWORD).unwrap();
    let users = house.kitflik.users();
    block_on(users.log_out_everywhere(&ada, None)).unwrap();
    for token in [&mine.refresh_token, &other.refresh_token] {
        refused(house.refresh(token), ErrorCode::Unauthenticated);
    }
    assert_eq!(list(&house, &ada, &mine.access_token), []);
    let again = house.log_in(ADA, PASSWORD).unwrap();
    house.refresh(&again.refresh_token).unwrap();
}

#[test]
fn a_reused_refresh_token_ends_its_session_and_the_owner_is_told() {
    let house = house();
    let (ada, first) = house.ada();
    let other = house.log_in(ADA, PASSWORD).unwrap();
    let second = house.refresh(&first.refresh_token).unwrap();
    refused(house.refresh(&first.refresh_token), ErrorCode::Unauthenticated);
    refused(house.refresh(&second.refresh_token), ErrorCode::Unauthenticated);
    assert_eq!(list(&house, &ada, &other.access_token).len(), 1);
    house.refresh(&other.refresh_token).unwrap();
    assert_eq!(house.subjects(ADA), ["Welcome to KitFlik", "A session at KitFlik was ended"]);
}

#[test]
fn nobody_has_more_than_fifty_sessions() {
    let house = house();
    let (ada, first) = house.ada();
    let mut last = first.clone();
    for _ in 0..50 {
        house.clock.advance(Duration::from_secs(1));
        last = house.log_in(ADA, PASSWORD).unwrap();
    }
    assert_eq!(list(&house, &ada, &last.access_token).len(), 50);
    refused(house.refresh(&first.refresh_token), ErrorCode::Unauthenticated);
    house.refresh(&last.refresh_token).unwrap();
}

#[test]
fn a_log_out_takes_the_session_off_the_list() {
    let house = house();
    let (ada, mine) = house.ada();
    let token = mine.refresh_token.clone();
    let request = kitflik_core::RefreshSession { command: None, refresh_token: token };
    block_on(house.kitflik.users().log_out(&request)).unwrap();
    assert_eq!(list(&house, &ada, &mine.access_token), []);
}
