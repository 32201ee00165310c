use std::time::Duration;

use kitflik_core::{
    Actor, CancelBooking, ChangePassword, ConfirmBooking, ErrorCode, HoldSeats, Kitflik, MasterKey, Policy,
    ResendVerification, ResetPassword, UserError, VerifyEmail,
};
use pollster::block_on;

use super::common::{self, HALL, House, house};
use super::{ADA, PASSWORD, code_of, refused, reset, wrong};

fn verify(house: &House, token: Option<&str>, code: Option<(&str, &str)>) -> Result<(), UserError> {
    let token = token.map(ToOwned::to_owned);
    let (email, code) = code.map(|(email, code)| (email.to_owned(), code.to_owned())).unzip();
    let request = VerifyEmail { command: None, token, email, code, address: None };
    block_on(house.kitflik.users().verify_email(&request))
}

fn resend(house: &House, email: &str) -> Result<(), UserError> {
    let request = ResendVerification { command: None, email: email.to_owned(), address: None };
    block_on(house.kitflik.users().resend_verification(&request))
}

fn is_verified(house: &House, actor: &Actor) -> bool {
    block_on(house.kitflik.users().me(actor)).unwrap().email_verified
}

#[test]
fn a_code_verifies_an_address_once_and_for_a_day() {
    let house = house();
    let (ada, _) = house.ada();
    assert!(!is_verified(&house, &ada));
    let code = house.code(ADA);
    refused(verify(&house, None, Some((ADA, &wrong(&code)))), ErrorCode::InvalidCode);
    refused(verify(&house, None, Some(("bob@example.org", &code))), ErrorCode::InvalidCode);
    // As people type it.
    let typed = format!(" {} {}", &code[..4], &code[4..]);
    verify(&house, None, Some(("ADA@example.org", &typed))).unwrap();
    assert!(is_verified(&house, &ada));
    refused(verify(&house, None, Some((ADA, &code))), ErrorCode::InvalidCode);
    refused(verify(&house, None, None), ErrorCode::ValidationFailed);
    refused(verify(&house, Some("x"), Some((ADA, &code))), ErrorCode::ValidationFailed);
    // There is nothing left to verify.
    resend(&house, ADA).unwrap();
    assert_eq!(house.subjects(ADA), ["Welcome to KitFlik"]);
}

#[test]
fn a_new_code_replaces_the_one_before_and_ends_after_a_day() {
    let house = house();
    let (ada, _) = house.ada();
    let first = house.code(ADA);
    resend(&house, ADA).unwrap();
    let second = house.code(ADA);
    assert_ne!(first, second);
    refused(verify(&house, None, Some((ADA, &first))), ErrorCode::InvalidCode);
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    refused(verify(&house, None, Some((ADA, &second))), ErrorCode::InvalidCode);
    assert!(!is_verified(&house, &ada));
}

#[test]
fn a_link_verifies_an_address() {
    let house = common::house();
    let mut policy = Policy::default();
    policy.public_url = Some("https://tickets.example.org/".to_owned());
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .mailer(house.mailbox.clone())
        .policy(policy)
        .build()
        .unwrap();
    let house = House { kitflik, ..house };
    let ada = Actor::User { id: house.register(ADA).unwrap().id };
    let mail = house.mails().remove(0);
    let link = mail.text.lines().find(|line| line.starts_with("https://")).unwrap();
    let token = link.strip_prefix("https://tickets.example.org/verify-email#token=").unwrap();
    let mut forged = token.to_owned();
    forged.pop();
    for forged in [forged.as_str(), "", ".", "x.y", &token.replace('.', "")] {
        refused(verify(&house, Some(forged), None), ErrorCode::InvalidCode);
    }
    verify(&house, Some(token), None).unwrap();
    assert!(is_verified(&house, &ada));
    refused(verify(&house, Some(token), None), ErrorCode::InvalidCode);
}

#[test]
fn a_code_sets_a_new_password_and_ends_every_session() {
    let house = house();
    let (ada, tokens) = house.ada();
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    house.reset(ADA, &code, "a new password").unwrap();
    refused(house.refresh(&tokens.refresh_token), ErrorCode::Unauthenticated);
    refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
    house.log_in(ADA, "a new password").unwrap();
    // Whoever has the code has the address.
    assert!(is_verified(&house, &ada));
    refused(house.reset(ADA, &code, "another password"), ErrorCode::InvalidCode);
    let subjects = house.subjects(ADA);
    assert_eq!(subjects.last().unwrap(), "Your password at KitFlik was changed");
}

#[test]
fn a_code_is_its_owners_its_purposes_and_ends_after_five_minutes() {
    let house = house();
    house.ada();
    house.register("bob@example.org").unwrap();
    let welcome = house.code(ADA);
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    assert_ne!(welcome, code);
    refused(house.reset("bob@example.org", &code, "a new password"), ErrorCode::InvalidCode);
    refused(house.reset(ADA, &welcome, "a new password"), ErrorCode::InvalidCode);
    refused(verify(&house, None, Some((ADA, &code))), ErrorCode::InvalidCode);
    house.clock.advance(Duration::from_secs(5 * 60));
    refused(house.reset(ADA, &code, "a new password"), ErrorCode::InvalidCode);
    house.log_in(ADA, PASSWORD).unwrap();
}

#[test]
fn a_mail_that_comes_too_late_tells_no_code() {
    let house = house();
    house.register(ADA).unwrap();
    house.forgot(ADA).unwrap();
    house.clock.advance(Duration::from_secs(25 * 60 * 60));
    let mails = house.mails();
    assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Welcome to KitFlik"]);
    assert_eq!(code_of(&mails[0]), None);
}

#[test]
fn unknown_addresses_get_the_same_answers_and_no_mail() {
    let house = house();
    house.register(ADA).unwrap();
    house.mails();
    house.forgot("nobody@example.org").unwrap();
    resend(&house, "nobody@example.org").unwrap();
    assert_eq!(house.mails().len(), 1);
    let unknown = house.reset("nobody@example.org", "12345678", "a new password").unwrap_err();
    let known = house.reset(ADA, "12345678", "a new password").unwrap_err();
    assert_eq!(known, unknown);
    house.forgot(ADA).unwrap();
    let pending = house.reset(ADA, &wrong(&house.code(ADA)), "a new password").unwrap_err();
    assert_eq!(pending, unknown);
}

#[test]
fn a_repeated_reset_gets_the_same_answer() {
    let house = house();
    house.register(ADA).unwrap();
    house.forgot(ADA).unwrap();
    let command = Some("reset-1".parse().unwrap());
    let request = ResetPassword { command, ..reset(ADA, &house.code(ADA), "a new password") };
    for _ in 0..2 {
        block_on(house.kitflik.users().reset_password(&request)).unwrap();
    }
    assert_eq!(house.subjects(ADA).iter().filter(|subject| subject.contains("was changed")).count(), 1);
}

fn change(house: &House, actor: &Actor, old: &str, new: &str, token: &str) -> Result<(), UserError> {
    let session = Some(house.kitflik.users().session(token).unwrap());
    let (old, new) = (old.to_owned(), new.to_owned());
    let request = ChangePassword { command: None, old, new, session, address: None };
    block_on(house.kitflik.users().change_password(actor, &request))
}

#[test]
fn a_new_password_ends_all_sessions_but_the_one_that_set_it() {
    let house = house();
    let (ada, mine) = house.ada();
    let other = house.log_in(ADA, PASSWORD).unwrap();
    let token = &mine.access_token;
    refused(change(&house, &ada, "wrong password", "a new password", token), ErrorCode::InvalidCredentials);
    refused(change(&house, &ada, PASSWORD, "password1", token), ErrorCode::ValidationFailed);
    refused(change(&house, &ada, PASSWORD, ADA, token), ErrorCode::ValidationFailed);
    refused(change(&house, &Actor::guest(), PASSWORD, "a new password", token), ErrorCode::Unauthenticated);
    change(&house, &ada, PASSWORD, "a new password", token).unwrap();
    refused(house.refresh(&other.refresh_token), ErrorCode::Unauthenticated);
    let mine = house.refresh(&mine.refresh_token).unwrap();
    house.refresh(&mine.refresh_token).unwrap();
    refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
    house.log_in(ADA, "a new password").unwrap();
    assert_eq!(house.subjects(ADA).last().unwrap(), "Your password at KitFlik was changed");
    // Somebody else's session is not kept open by it.
    let bob = Actor::User { id: house.register("bob@example.org").unwrap().id };
    let of_ada = house.log_in(ADA, "a new password").unwrap();
    change(&house, &bob, PASSWORD, "bobs new password", &of_ada.access_token).unwrap();
    house.refresh(&of_ada.refresh_token).unwrap();
}

#[test]
fn common_passwords_are_refused_wherever_one_is_chosen() {
    let house = house();
    house.register(ADA).unwrap();
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    refused(house.reset(ADA, &code, "iloveyou"), ErrorCode::ValidationFailed);
    refused(house.reset(ADA, &code, "short"), ErrorCode::ValidationFailed);
    // The code was not looked at: it is still good.
    house.reset(ADA, &code, "a new password").unwrap();
}

#[test]
fn no_code_is_stored() {
    let house = common::house_hashing();
    house.register(ADA).unwrap();
    let verify = house.code(ADA);
    house.forgot(ADA).unwrap();
    let range = kitflik_core::Read::Scan { start: "!".into(), end: "~".into(), limit: 1000, reverse: false };
    // While its mail waits in the outbox, and after.
    let before = block_on(house.storage.read(vec![range.clone()])).unwrap().remove(0);
    let reset = house.code(ADA);
    let after = block_on(house.storage.read(vec![range])).unwrap().remove(0);
    assert!(before.iter().any(|row| row.key.starts_with("outbox/")));
    for row in before.into_iter().chain(after) {
        let text = String::from_utf8(row.value).unwrap();
        assert!(!text.contains(&verify) && !text.contains(&reset), "{}: {text}", row.key);
    }
}

#[test]
fn nobody_is_flooded_by_strangers_who_register_their_address() {
    let house = house();
    house.register(ADA).unwrap();
    for _ in 0..10 {
        // The answer does not tell.
        assert_eq!(house.register(ADA).unwrap().email, ADA);
    }
    let told = || house.subjects(ADA).len();
    assert_eq!(told(), 1 + 5);
    house.clock.advance(Duration::from_secs(16 * 60));
    house.register(ADA).unwrap();
    assert_eq!(told(), 1 + 6);
}

#[test]
fn every_mail_goes_to_the_ascii_form_of_a_domain() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (typed, ascii) = ("ada@bücher.example", "ada@xn--bcher-kva.example");
    let ada = Actor::User { id: house.register(typed).unwrap().id };
    let bookings = house.kitflik.bookings();
    for (actor, request) in
        [(ada, HoldSeats::best(show, 1)), (Actor::System, HoldSeats::best(show, 1).customer("Ada", typed))]
    {
        let held = block_on(bookings.hold(&actor, &request)).unwrap();
        block_on(bookings.confirm(&actor, held.id, &ConfirmBooking::counter())).unwrap();
        block_on(bookings.cancel(&actor, held.id, &CancelBooking::because("No."))).unwrap();
    }
    let mails = house.mails();
    assert!(mails.len() >= 3, "{mails:?}");
    assert!(mails.iter().all(|mail| mail.to == ascii), "{mails:?}");
}
