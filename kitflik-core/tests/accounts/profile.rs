use kitflik_core::{
    Actor, ChangeEmail, ChangePassword, ConfirmEmail, ErrorCode, UpdateProfile, UserError, UserView,
};
use pollster::block_on;

use super::common::{House, house};
use super::{ADA, PASSWORD, refused, wrong};

fn update(house: &House, actor: &Actor, json: &str) -> Result<UserView, UserError> {
    let request: UpdateProfile = serde_json::from_str(json).unwrap();
    block_on(house.kitflik.users().update_profile(actor, &request))
}

#[test]
fn a_profile_changes_where_it_is_told_to() {
    let house = house();
    let (ada, _) = house.ada();
    let told = r#"{"name": " Ada Lovelace ", "phone": "+44 20 7946 0000", "locale": "de-AT",
        "zone": "Europe/Vienna", "marketing_consent": true}"#;
    let view = update(&house, &ada, told).unwrap();
    assert_eq!(view.name, "Ada Lovelace");
    assert_eq!(view.phone.as_deref(), Some("+44 20 7946 0000"));
    assert_eq!((view.locale.as_deref(), view.marketing_consent), (Some("de-AT"), true));
    assert_eq!(view.zone.unwrap().to_string(), "Europe/Vienna");
    assert_eq!(update(&house, &ada, "{}").unwrap(), view);
    let cleared =
        update(&house, &ada, r#"{"phone": null, "zone": null, "marketing_consent": false}"#).unwrap();
    assert_eq!((cleared.phone, cleared.zone, cleared.marketing_consent), (None, None, false));
    assert_eq!(cleared.locale.as_deref(), Some("de-AT"));
    assert_eq!(block_on(house.kitflik.users().me(&ada)).unwrap().name, "Ada Lovelace");
}

#[test]
fn a_bad_profile_is_refused_by_field() {
    let house = house();
    let (ada, _) = house.ada();
    for (field, value) in [
        ("name", "\"\""),
        ("phone", "\"call me\""),
        ("phone", "\"12\""),
        ("locale", "\"de_AT\""),
        ("locale", "\"d\""),
    ] {
        match update(&house, &ada, &format!("{{\"{field}\": {value}}}")) {
            Err(UserError::Invalid(invalid)) => assert_eq!(invalid.errors[0].path, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert!(serde_json::from_str::<UpdateProfile>(r#"{"zone": "Mars/Olympus"}"#).is_err());
    assert!(serde_json::from_str::<UpdateProfile>(r#"{"email": "x@example.org"}"#).is_err());
    refused(update(&house, &Actor::guest(), "{}"), ErrorCode::Unauthenticated);
    refused(update(&house, &Actor::System, "{}"), ErrorCode::Forbidden);
}

#[test]
fn one_address_has_one_account_however_it_is_written() {
    let house = house();
    let first = house.register("Ada@Bücher.example").unwrap();
    assert_eq!(first.email, "ada@bücher.example");
    house.mails();
    let second = house.register("ada@xn--bcher-kva.example").unwrap();
    assert_ne!(first.id, second.id);
    refused(block_on(house.kitflik.users().me(&Actor::User { id: second.id })), ErrorCode::Unauthenticated);
    house.log_in("ADA@BÜCHER.EXAMPLE", PASSWORD).unwrap();
    let subjects = house.subjects("ada@xn--bcher-kva.example");
    assert_eq!(subjects, ["Welcome to KitFlik", "Your account at KitFlik"]);
}

fn ask(house: &House, actor: &Actor, email: &str, password: &str) -> Result<(), UserError> {
    let (email, password) = (email.to_owned(), password.to_owned());
    let request = ChangeEmail { command: None, email, password, address: None };
    block_on(house.kitflik.users().change_email(actor, &request))
}

fn confirm(house: &House, actor: &Actor, code: &str) -> Result<(), UserError> {
    let request = ConfirmEmail { command: None, token: None, code: Some(code.to_owned()), address: None };
    block_on(house.kitflik.users().confirm_email(actor, &request))
}

#[test]
fn an_address_changes_once_the_new_one_is_confirmed() {
    const NEW: &str = "ada@example.com";
    let house = house();
    let (ada, session) = house.ada();
    refused(ask(&house, &ada, NEW, "wrong password"), ErrorCode::InvalidCredentials);
    refused(ask(&house, &ada, "nowhere", PASSWORD), ErrorCode::ValidationFailed);
    refused(ask(&house, &ada, " ADA@example.org", PASSWORD), ErrorCode::ValidationFailed);
    ask(&house, &ada, NEW, PASSWORD).unwrap();
    refused(house.log_in(NEW, PASSWORD), ErrorCode::InvalidCredentials);
    let code = house.code(NEW);
    let bob = Actor::User { id: house.register("bob@example.org").unwrap().id };
    refused(confirm(&house, &ada, &wrong(&code)), ErrorCode::InvalidCode);
    refused(confirm(&house, &bob, &code), ErrorCode::InvalidCode);
    refused(confirm(&house, &Actor::guest(), &code), ErrorCode::Unauthenticated);
    // A code that went to the old address is worth nothing once it is not the account's any more.
    house.forgot(ADA).unwrap();
    let old = house.code(ADA);
    confirm(&house, &ada, &code).unwrap();
    refused(confirm(&house, &ada, &code), ErrorCode::InvalidCode);
    refused(house.reset(ADA, &old, "a new password"), ErrorCode::InvalidCode);
    refused(house.reset(NEW, &old, "a new password"), ErrorCode::InvalidCode);
    let me = block_on(house.kitflik.users().me(&ada)).unwrap();
    assert_eq!((me.email.as_str(), me.email_verified), (NEW, true));
    house.log_in(NEW, PASSWORD).unwrap();
    refused(house.log_in(ADA, PASSWORD), ErrorCode::InvalidCredentials);
    house.refresh(&session.refresh_token).unwrap();
    let told = house.subjects(ADA);
    assert!(told.iter().any(|subject| subject.contains("about to change")), "{told:?}");
    assert_eq!(told.last().unwrap(), "Your address at KitFlik was changed");
    // The old address is free.
    house.register(ADA).unwrap();
    house.log_in(ADA, PASSWORD).unwrap();
}

#[test]
fn an_address_of_somebody_else_cannot_be_taken() {
    let house = house();
    let (ada, _) = house.ada();
    house.register("bob@example.org").unwrap();
    ask(&house, &ada, "bob@example.org", PASSWORD).unwrap();
    let told = house.subjects("bob@example.org");
    assert_eq!(told.last().unwrap(), "Your account at KitFlik");
    // Or taken while the code was on its way.
    ask(&house, &ada, "cy@example.org", PASSWORD).unwrap();
    let code = house.code("cy@example.org");
    house.register("cy@example.org").unwrap();
    refused(confirm(&house, &ada, &code), ErrorCode::AlreadyExists);
    assert_eq!(block_on(house.kitflik.users().me(&ada)).unwrap().email, ADA);
    house.log_in(ADA, PASSWORD).unwrap();
}

#[test]
fn an_address_that_was_asked_for_with_an_old_password_is_not_confirmed_after_a_new_one() {
    const EVIL: &str = "mallory@example.org";
    for forgotten in [true, false] {
        let house = house();
        let (ada, _) = house.ada();
        ask(&house, &ada, EVIL, PASSWORD).unwrap();
        let code = house.code(EVIL);
        if forgotten {
            house.forgot(ADA).unwrap();
            house.reset(ADA, &house.code(ADA), "a quite new password").unwrap();
        } else {
            let (old, new) = (PASSWORD.to_owned(), "a quite new password".to_owned());
            let change = ChangePassword { command: None, old, new, session: None, address: None };
            block_on(house.kitflik.users().change_password(&ada, &change)).unwrap();
        }
        refused(confirm(&house, &ada, &code), ErrorCode::InvalidCode);
        house.log_in(ADA, "a quite new password").unwrap();
    }
}
