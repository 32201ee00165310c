//! Staff's accounts: invitations, roles, the last admin, one-time codes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{House, house, house_hashing, house_on};
use data_encoding::BASE32_NOPAD;
use kitflik_core::testing::ports::{PlainHasher, SeededEntropy};
use kitflik_core::{
    AcceptInvitation, Actor, AuditQuery, ChangeStaffPassword, ErrorCode, InviteStaff, Kitflik, MasterKey,
    MemoryStorage, NewMovie, NewStaff, PageRequest, Passworded, Read, RefreshSession, Role, SecondFactorCode,
    StaffId, StaffLogIn, StaffStatus, StaffView, TokenPair, UpdateStaff, UserError,
};
use pollster::block_on;
use totp_rs::{Algorithm, TOTP};

const PASSWORD: &str = "correct horse battery";

fn boss(house: &House) -> (StaffView, Actor) {
    let new = NewStaff {
        email: "boss@example.org".to_owned(),
        password: PASSWORD.to_owned(),
        name: "Boss".to_owned(),
        role: Role::Admin,
    };
    let view = block_on(house.kitflik.staff().make_first(&new)).unwrap();
    let actor = Actor::Staff { id: view.id, role: Role::Admin };
    (view, actor)
}

fn invite(house: &House, actor: &Actor, email: &str, role: Role) -> Result<StaffView, UserError> {
    let new = InviteStaff { command: None, email: email.to_owned(), name: "Ada".to_owned(), role };
    block_on(house.kitflik.staff().invite(actor, &new))
}

/// The token in the last mail.
fn token(house: &House) -> String {
    block_on(house.kitflik.tick()).unwrap();
    let text = house.mailbox.mails().last().unwrap().text.clone();
    let line = text.lines().find(|line| line.contains('.') && line.len() > 60 && !line.contains(' '));
    line.unwrap_or_else(|| panic!("no token in {text}")).to_owned()
}

fn accept(house: &House, token: &str) -> Result<StaffView, UserError> {
    let (token, password) = (token.to_owned(), PASSWORD.to_owned());
    block_on(house.kitflik.staff().accept(&AcceptInvitation { command: None, token, password }))
}

/// Somebody who has accepted.
fn member(house: &House, admin: &Actor, email: &str, role: Role) -> StaffView {
    invite(house, admin, email, role).unwrap();
    accept(house, &token(house)).unwrap()
}

fn log_in(house: &House, email: &str) -> Result<TokenPair, UserError> {
    block_on(house.kitflik.staff().log_in(&StaffLogIn::new(email, PASSWORD)))
}

fn log_in_with(house: &House, email: &str, code: &str) -> Result<TokenPair, UserError> {
    block_on(house.kitflik.staff().log_in(&StaffLogIn::new(email, PASSWORD).code(code)))
}

fn is_in(house: &House, pair: &TokenPair) -> bool {
    let staff = house.kitflik.staff();
    let access = block_on(staff.authenticate(&pair.access_token)).is_ok();
    let refresh = RefreshSession { command: None, refresh_token: pair.refresh_token.clone() };
    assert_eq!(block_on(staff.refresh(&refresh)).is_ok(), access, "both tokens end at once");
    access
}

fn code<T>(outcome: Result<T, UserError>) -> ErrorCode {
    outcome.err().unwrap().code()
}

fn role(role: Role) -> UpdateStaff {
    UpdateStaff { role: Some(role), ..UpdateStaff::default() }
}

#[test]
fn an_invitation_becomes_an_account() {
    let house = house();
    let (_, admin) = boss(&house);
    let invited = invite(&house, &admin, " Ada@Example.org", Role::BoxOffice).unwrap();
    assert_eq!((invited.email.as_str(), invited.status), ("ada@example.org", StaffStatus::Invited));
    assert_eq!(code(log_in(&house, "ada@example.org")), ErrorCode::InvalidCredentials);
    let token = token(&house);
    let mail = house.mailbox.mails().remove(0);
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ada@example.org", "You are invited to work with KitFlik")
    );
    assert!(mail.html.contains(&token) && mail.text.contains("box office"), "{}", mail.text);
    let accepted = accept(&house, &token).unwrap();
    assert_eq!((accepted.id, accepted.status), (invited.id, StaffStatus::Active));
    let pair = log_in(&house, "ada@example.org").unwrap();
    let actor = block_on(house.kitflik.staff().authenticate(&pair.access_token)).unwrap();
    assert_eq!(actor, Actor::Staff { id: invited.id, role: Role::BoxOffice });
    let me = block_on(house.kitflik.staff().me(&actor)).unwrap();
    assert_eq!((me.staff, me.recovery_codes_left), (accepted, 0));
}

#[test]
fn an_invitation_is_accepted_once_and_in_time() {
    let house = house();
    let (_, admin) = boss(&house);
    let ada = invite(&house, &admin, "ada@example.org", Role::Usher).unwrap();
    let first = token(&house);
    // Another one replaces it.
    block_on(house.kitflik.staff().invite_again(&admin, ada.id, None)).unwrap();
    let second = token(&house);
    assert_ne!(first, second);
    assert_eq!(code(accept(&house, &first)), ErrorCode::Unauthenticated);
    house.clock.advance(Duration::from_secs(7 * 24 * 60 * 60));
    assert!(accept(&house, &second).unwrap_err().to_string().contains("expired"));
    block_on(house.kitflik.staff().invite_again(&admin, ada.id, None)).unwrap();
    let third = token(&house);
    for forged in ["", "x", &third[..third.len() - 1], &third[1..], &format!("{}.AAAA", ada.id)] {
        assert_eq!(code(accept(&house, forged)), ErrorCode::Unauthenticated, "{forged}");
    }
    accept(&house, &third).unwrap();
    assert_eq!(code(accept(&house, &third)), ErrorCode::Unauthenticated);
    let again = block_on(house.kitflik.staff().invite_again(&admin, ada.id, None));
    assert_eq!(code(again), ErrorCode::ValidationFailed);
}

#[test]
fn an_address_is_invited_once() {
    let house = house();
    let (_, admin) = boss(&house);
    invite(&house, &admin, "ada@example.org", Role::Usher).unwrap();
    assert_eq!(code(invite(&house, &admin, "ADA@example.org", Role::Admin)), ErrorCode::AlreadyExists);
    assert_eq!(code(invite(&house, &admin, "boss@example.org", Role::Usher)), ErrorCode::AlreadyExists);
    assert_eq!(code(invite(&house, &admin, "nowhere", Role::Usher)), ErrorCode::ValidationFailed);
    // A repeat of the same command sends no second mail.
    let command = Some("invite-1".parse().unwrap());
    let new = InviteStaff { command, email: "bo@example.org".into(), name: "Bo".into(), role: Role::Usher };
    let [first, second] = [0; 2].map(|_| block_on(house.kitflik.staff().invite(&admin, &new)).unwrap());
    assert_eq!(first, second);
    block_on(house.kitflik.tick()).unwrap();
    assert_eq!(house.mailbox.mails().len(), 2);
}

#[test]
fn only_admins_manage_staff() {
    let house = house();
    let (boss, admin) = boss(&house);
    let staff = house.kitflik.staff();
    let id = StaffId::from_bytes([1; 16]);
    for role in [Role::Manager, Role::BoxOffice, Role::Usher] {
        let actor = Actor::Staff { id, role };
        assert_eq!(code(invite(&house, &actor, "x@example.org", Role::Admin)), ErrorCode::Forbidden);
        assert_eq!(code(block_on(staff.list(&actor, &PageRequest::default()))), ErrorCode::Forbidden);
        assert_eq!(code(block_on(staff.get(&actor, boss.id))), ErrorCode::Forbidden);
        assert_eq!(
            code(block_on(staff.update(&actor, boss.id, &UpdateStaff::default()))),
            ErrorCode::Forbidden
        );
        assert_eq!(code(block_on(staff.disable(&actor, boss.id, None))), ErrorCode::Forbidden);
        assert_eq!(code(block_on(staff.enable(&actor, boss.id, None))), ErrorCode::Forbidden);
        assert_eq!(code(block_on(staff.reset_second_factor(&actor, boss.id, None))), ErrorCode::Forbidden);
        assert_eq!(code(block_on(staff.invite_again(&actor, boss.id, None))), ErrorCode::Forbidden);
    }
    assert_eq!(code(block_on(staff.rescue(&admin, "boss@example.org", PASSWORD))), ErrorCode::Forbidden);
    assert_eq!(code(block_on(staff.get(&admin, id))), ErrorCode::NotFound);
    assert_eq!(code(block_on(staff.me(&Actor::guest()))), ErrorCode::Unauthenticated);
}

#[test]
fn staff_are_listed_page_by_page() {
    let house = house();
    let (boss, admin) = boss(&house);
    let mut all = vec![boss.id];
    for name in ["a", "b", "c"] {
        house.clock.advance(Duration::from_secs(1));
        all.push(invite(&house, &admin, &format!("{name}@example.org"), Role::Usher).unwrap().id);
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest { cursor, limit: Some(3) };
        let page = block_on(house.kitflik.staff().list(&admin, &page)).unwrap();
        found.extend(page.items.into_iter().map(|member| member.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
}

#[test]
fn whoever_is_disabled_is_out_at_once() {
    let house = house();
    let (_, admin) = boss(&house);
    let ada = member(&house, &admin, "ada@example.org", Role::Manager);
    let pair = log_in(&house, "ada@example.org").unwrap();
    assert!(is_in(&house, &pair));
    let pair = log_in(&house, "ada@example.org").unwrap();
    let view = block_on(house.kitflik.staff().disable(&admin, ada.id, None)).unwrap();
    assert_eq!(view.status, StaffStatus::Disabled);
    assert!(!is_in(&house, &pair));
    // With the right password too, and the answer does not say why.
    assert_eq!(code(log_in(&house, "ada@example.org")), ErrorCode::InvalidCredentials);
    block_on(house.kitflik.staff().enable(&admin, ada.id, None)).unwrap();
    assert!(!is_in(&house, &pair), "an old session does not come back");
    log_in(&house, "ada@example.org").unwrap();
    // An invitation ends with the account.
    let bo = invite(&house, &admin, "bo@example.org", Role::Usher).unwrap();
    let token = token(&house);
    block_on(house.kitflik.staff().disable(&admin, bo.id, None)).unwrap();
    assert_eq!(code(accept(&house, &token)), ErrorCode::Unauthenticated);
    let back = block_on(house.kitflik.staff().enable(&admin, bo.id, None)).unwrap();
    assert_eq!(back.status, StaffStatus::Invited);
    assert_eq!(code(accept(&house, &token)), ErrorCode::Unauthenticated);
}

#[test]
fn a_new_role_counts_at_once() {
    let house = house();
    let (_, admin) = boss(&house);
    let ada = member(&house, &admin, "ada@example.org", Role::Manager);
    let pair = log_in(&house, "ada@example.org").unwrap();
    let staff = house.kitflik.staff();
    let view = block_on(staff.update(&admin, ada.id, &role(Role::Usher))).unwrap();
    assert_eq!(view.role, Role::Usher);
    assert!(!is_in(&house, &pair));
    let pair = log_in(&house, "ada@example.org").unwrap();
    let actor = block_on(staff.authenticate(&pair.access_token)).unwrap();
    let movie = NewMovie { title: "Alien".to_owned(), ..NewMovie::default() };
    let refused = block_on(house.kitflik.catalog().add_movie(&actor, &movie)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    // A name, or the same role again, ends nothing.
    let same = UpdateStaff { name: Some("Ada L.".to_owned()), role: Some(Role::Usher), command: None };
    assert_eq!(block_on(staff.update(&admin, ada.id, &same)).unwrap().name, "Ada L.");
    assert!(is_in(&house, &pair));
}

#[test]
fn the_last_admin_stays() {
    let house = house();
    let (boss, admin) = boss(&house);
    let staff = house.kitflik.staff();
    assert_eq!(code(block_on(staff.disable(&admin, boss.id, None))), ErrorCode::LastAdmin);
    assert_eq!(code(block_on(staff.update(&admin, boss.id, &role(Role::Manager)))), ErrorCode::LastAdmin);
    // Somebody who has not accepted yet is no admin.
    invite(&house, &admin, "ada@example.org", Role::Admin).unwrap();
    assert_eq!(code(block_on(staff.disable(&admin, boss.id, None))), ErrorCode::LastAdmin);
    let ada = accept(&house, &token(&house)).unwrap();
    block_on(staff.update(&admin, boss.id, &role(Role::Manager))).unwrap();
    assert_eq!(code(block_on(staff.disable(&Actor::System, ada.id, None))), ErrorCode::LastAdmin);
    block_on(staff.update(&Actor::System, boss.id, &role(Role::Admin))).unwrap();
    block_on(staff.disable(&Actor::System, ada.id, None)).unwrap();
    assert_eq!(code(block_on(staff.disable(&Actor::System, boss.id, None))), ErrorCode::LastAdmin);
}

#[test]
fn two_admins_cannot_dismiss_each_other() {
    for together in 0..4 {
        let house = house_on(Arc::new(common::Slow(MemoryStorage::new())));
        let (boss, first) = boss(&house);
        let ada = member(&house, &first, "ada@example.org", Role::Admin);
        let second = Actor::Staff { id: ada.id, role: Role::Admin };
        let both = async |first, second| futures_util::future::join(first, second).await;
        let by = |actor: &Actor, id, demoted: bool| {
            let (actor, kitflik, demote) = (actor.clone(), house.kitflik.clone(), role(Role::Usher));
            async move {
                if demoted {
                    kitflik.staff().update(&actor, id, &demote).await
                } else {
                    kitflik.staff().disable(&actor, id, None).await
                }
            }
        };
        let outcomes = block_on(match together {
            0 => both(by(&first, ada.id, false), by(&second, boss.id, false)),
            1 => both(by(&first, ada.id, true), by(&second, boss.id, true)),
            2 => both(by(&first, ada.id, false), by(&second, boss.id, true)),
            // Both leave at the same time.
            _ => both(by(&first, boss.id, false), by(&second, ada.id, false)),
        });
        let outcomes = [outcomes.0, outcomes.1];
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(done, 1, "{outcomes:?}");
        let refused = outcomes.into_iter().find_map(Result::err).unwrap();
        assert_eq!(refused.code(), ErrorCode::LastAdmin);
    }
}

#[test]
fn a_new_password_ends_every_session() {
    let house = house();
    let (_, admin) = boss(&house);
    let pair = log_in(&house, "boss@example.org").unwrap();
    let command = Some("password-1".parse().unwrap());
    let change = |current: &str, password: &str| ChangeStaffPassword {
        command: None,
        current_password: current.to_owned(),
        password: password.to_owned(),
    };
    let staff = house.kitflik.staff();
    let wrong = change("wrong horse", "another password");
    assert_eq!(code(block_on(staff.change_password(&admin, &wrong))), ErrorCode::InvalidCredentials);
    let short = change(PASSWORD, "short");
    assert_eq!(code(block_on(staff.change_password(&admin, &short))), ErrorCode::ValidationFailed);
    let good = ChangeStaffPassword { command, ..change(PASSWORD, "another password") };
    for _ in 0..2 {
        // The repeat does not ask for the password that is no longer the current one.
        block_on(staff.change_password(&admin, &good)).unwrap();
    }
    assert!(!is_in(&house, &pair));
    assert_eq!(code(log_in(&house, "boss@example.org")), ErrorCode::InvalidCredentials);
    block_on(staff.log_in(&StaffLogIn::new("boss@example.org", "another password"))).unwrap();
}

/// An app that shows codes.
struct App(TOTP);

impl App {
    fn new(secret: &str) -> Self {
        let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        Self(TOTP::new(Algorithm::SHA1, 6, 0, 30, secret).unwrap())
    }

    fn code(&self, house: &House) -> String {
        self.0.generate(u64::try_from(house.kitflik.now().seconds()).unwrap())
    }
}

fn show(code: impl Into<String>) -> SecondFactorCode {
    SecondFactorCode { code: code.into() }
}

/// Sets up one-time codes, and gives the app and the recovery codes.
fn enrol(house: &House, actor: &Actor) -> (App, Vec<String>) {
    let staff = house.kitflik.staff();
    let offer = block_on(staff.begin_totp(actor, &Passworded { password: PASSWORD.to_owned() })).unwrap();
    assert!(offer.uri.starts_with("otpauth://totp/KitFlik:") && offer.uri.contains(&offer.secret));
    let app = App::new(&offer.secret);
    assert_eq!(code(block_on(staff.confirm_totp(actor, &show("000000")))), ErrorCode::InvalidCode);
    let codes = block_on(staff.confirm_totp(actor, &show(app.code(house)))).unwrap().recovery_codes;
    assert_eq!(codes.len(), 10);
    house.clock.advance(Duration::from_secs(60));
    (app, codes)
}

#[test]
fn a_code_is_needed_once_it_is_set_up() {
    let house = house();
    let (_, admin) = boss(&house);
    let staff = house.kitflik.staff();
    let wrong = Passworded { password: "wrong horse".to_owned() };
    assert_eq!(code(block_on(staff.begin_totp(&admin, &wrong))), ErrorCode::InvalidCredentials);
    assert_eq!(code(block_on(staff.confirm_totp(&admin, &show("000000")))), ErrorCode::ValidationFailed);
    block_on(staff.begin_totp(&admin, &Passworded { password: PASSWORD.to_owned() })).unwrap();
    log_in(&house, "boss@example.org").unwrap();
    let (app, _) = enrol(&house, &admin);
    assert_eq!(code(log_in(&house, "boss@example.org")), ErrorCode::SecondFactorRequired);
    // It is not said to whoever does not know the password.
    let guess = StaffLogIn::new("boss@example.org", "wrong horse");
    assert_eq!(code(block_on(staff.log_in(&guess))), ErrorCode::InvalidCredentials);
    assert_eq!(code(log_in_with(&house, "boss@example.org", "000000")), ErrorCode::InvalidCode);
    let code_now = app.code(&house);
    let pair = log_in_with(&house, "boss@example.org", &code_now).unwrap();
    assert!(is_in(&house, &pair));
    // Whoever has seen it cannot use it again.
    assert_eq!(code(log_in_with(&house, "boss@example.org", &code_now)), ErrorCode::InvalidCode);
    house.clock.advance(Duration::from_secs(30));
    log_in_with(&house, "boss@example.org", &app.code(&house)).unwrap();
    let again = block_on(staff.begin_totp(&admin, &Passworded { password: PASSWORD.to_owned() }));
    assert_eq!(code(again), ErrorCode::AlreadyExists);
}

#[test]
fn the_code_that_set_it_up_is_used_up() {
    let house = house();
    let (_, admin) = boss(&house);
    let staff = house.kitflik.staff();
    let offer = block_on(staff.begin_totp(&admin, &Passworded { password: PASSWORD.to_owned() })).unwrap();
    let now = App::new(&offer.secret).code(&house);
    block_on(staff.confirm_totp(&admin, &show(now.clone()))).unwrap();
    assert_eq!(code(log_in_with(&house, "boss@example.org", &now)), ErrorCode::InvalidCode);
}

#[test]
fn one_code_opens_one_session_of_many_at_once() {
    let house = house_on(Arc::new(common::Slow(MemoryStorage::new())));
    let (_, admin) = boss(&house);
    let (app, codes) = enrol(&house, &admin);
    let staff = house.kitflik.staff();
    for code in [app.code(&house), codes[0].clone()] {
        let request = StaffLogIn::new("boss@example.org", PASSWORD).code(code);
        let all = futures_util::future::join_all((0..4).map(|_| staff.log_in(&request)));
        let opened = block_on(all).into_iter().filter(Result::is_ok).count();
        assert_eq!(opened, 1);
    }
}

#[test]
fn recovery_codes_open_once_and_can_be_renewed() {
    let house = house();
    let (_, admin) = boss(&house);
    let (app, codes) = enrol(&house, &admin);
    let staff = house.kitflik.staff();
    log_in_with(&house, "boss@example.org", &codes[3].to_uppercase()).unwrap();
    assert_eq!(code(log_in_with(&house, "boss@example.org", &codes[3])), ErrorCode::InvalidCode);
    assert_eq!(block_on(staff.me(&admin)).unwrap().recovery_codes_left, 9);
    let renewed = block_on(staff.renew_recovery_codes(&admin, &show(app.code(&house)))).unwrap();
    assert_eq!(block_on(staff.me(&admin)).unwrap().recovery_codes_left, 10);
    assert_eq!(code(log_in_with(&house, "boss@example.org", &codes[4])), ErrorCode::InvalidCode);
    log_in_with(&house, "boss@example.org", &renewed.recovery_codes[4]).unwrap();
    // A recovery code takes the second factor away, too.
    let view = block_on(staff.disable_totp(&admin, &show(renewed.recovery_codes[5].clone()))).unwrap();
    assert!(!view.second_factor);
    log_in(&house, "boss@example.org").unwrap();
}

#[test]
fn guesses_have_to_wait_wherever_they_are_made() {
    let house = house();
    let (_, admin) = boss(&house);
    let (app, _) = enrol(&house, &admin);
    let staff = house.kitflik.staff();
    assert_eq!(code(log_in_with(&house, "boss@example.org", "000000")), ErrorCode::InvalidCode);
    for _ in 0..2 {
        assert_eq!(code(log_in_with(&house, "boss@example.org", "000000")), ErrorCode::InvalidCode);
        // Whoever stole a session has no more tries than whoever knows the password.
        assert_eq!(code(block_on(staff.disable_totp(&admin, &show("000000")))), ErrorCode::InvalidCode);
    }
    // The right one has to wait too.
    let now = app.code(&house);
    assert_eq!(code(log_in_with(&house, "boss@example.org", &now)), ErrorCode::TooManyRequests);
    let waits = block_on(staff.renew_recovery_codes(&admin, &show(now))).unwrap_err();
    assert_eq!(waits, UserError::TooManyAttempts { retry_after: Duration::from_secs(30) });
    house.clock.advance(Duration::from_secs(30));
    log_in_with(&house, "boss@example.org", &app.code(&house)).unwrap();
    let log = block_on(staff.audit(&admin, &AuditQuery::default())).unwrap().items;
    let failed = log.iter().filter(|entry| entry.verb == "staff_second_factor_failed").count();
    assert_eq!(failed, 5);
}

#[test]
fn an_admin_helps_whoever_lost_their_codes() {
    let house = house();
    let (_, admin) = boss(&house);
    let ada = member(&house, &admin, "ada@example.org", Role::Usher);
    let actor = Actor::Staff { id: ada.id, role: Role::Usher };
    let (app, _) = enrol(&house, &actor);
    let pair = log_in_with(&house, "ada@example.org", &app.code(&house)).unwrap();
    let view = block_on(house.kitflik.staff().reset_second_factor(&admin, ada.id, None)).unwrap();
    assert!(!view.second_factor);
    assert!(!is_in(&house, &pair));
    log_in(&house, "ada@example.org").unwrap();
}

#[test]
fn the_host_rescues_an_admin_who_is_locked_out() {
    let house = house();
    let (boss, admin) = boss(&house);
    enrol(&house, &admin);
    let staff = house.kitflik.staff();
    let rescue = |email: &str| block_on(staff.rescue(&Actor::System, email, "a new password"));
    assert_eq!(code(rescue("ada@example.org")), ErrorCode::NotFound);
    member(&house, &admin, "ada@example.org", Role::Manager);
    assert_eq!(code(rescue("ada@example.org")), ErrorCode::NotFound, "she is no admin");
    assert_eq!(rescue("BOSS@example.org").unwrap().id, boss.id);
    assert_eq!(code(log_in(&house, "boss@example.org")), ErrorCode::InvalidCredentials);
    block_on(staff.log_in(&StaffLogIn::new("boss@example.org", "a new password"))).unwrap();
    let log = block_on(staff.audit(&admin, &AuditQuery { staff_id: Some(boss.id), ..AuditQuery::default() }));
    let entry = log.unwrap().items.into_iter().find(|entry| entry.verb == "staff_rescue").unwrap();
    assert_eq!(entry.note.as_deref(), Some("by the host program"));
}

/// Another engine over the store of a house, with these keys.
fn engine(house: &House, current: u8, accepted: &[u8]) -> Kitflik {
    Kitflik::builder(Arc::clone(&house.storage), MasterKey::new([current; 32]))
        .accepted_keys(accepted.iter().map(|key| MasterKey::new([*key; 32])).collect())
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(u64::from(current))))
        .password_hasher(Arc::new(PlainHasher))
        .build()
        .unwrap()
}

#[test]
fn the_log_and_the_codes_outlive_a_key_that_is_given_up() {
    let house = house();
    let (boss, admin) = boss(&house);
    let (app, _) = enrol(&house, &admin);
    let verify = |kitflik: &Kitflik| block_on(kitflik.staff().verify_audit(&Actor::System)).unwrap();
    let before = verify(&house.kitflik);
    assert_eq!((before.chains, before.entries, before.fault), (1, 2, None));
    let (both, new) = (engine(&house, 8, &[7]), engine(&house, 8, &[]));
    assert_eq!(verify(&both).fault, None);
    assert!(verify(&new).fault.is_some(), "the former key is not known");
    // Whoever does not know who sealed it seals nothing.
    assert_eq!(block_on(new.staff().renew_seals(&Actor::System)).unwrap(), 0);
    assert_eq!(block_on(both.staff().renew_seals(&Actor::System)).unwrap(), 3);
    assert_eq!(block_on(both.staff().renew_seals(&Actor::System)).unwrap(), 0);
    assert_eq!(verify(&new).fault, None);
    let request = StaffLogIn::new(boss.email, PASSWORD).code(app.code(&house));
    block_on(new.staff().log_in(&request)).unwrap();
    assert_eq!(verify(&new).entries, 3);
}

#[test]
fn nothing_stored_opens_a_staff_account() {
    let house = house_hashing();
    let (_, admin) = boss(&house);
    invite(&house, &admin, "ada@example.org", Role::Usher).unwrap();
    let token = token(&house);
    let staff = house.kitflik.staff();
    let offer = block_on(staff.begin_totp(&admin, &Passworded { password: PASSWORD.to_owned() })).unwrap();
    let bytes = BASE32_NOPAD.decode(offer.secret.as_bytes()).unwrap();
    let app = App::new(&offer.secret);
    let now = app.code(&house);
    let codes = block_on(staff.confirm_totp(&admin, &show(now))).unwrap().recovery_codes;
    let mut planted = vec![PASSWORD.to_owned(), offer.secret, token.split_once('.').unwrap().1.to_owned()];
    planted.push(data_encoding::BASE64URL_NOPAD.encode(&bytes));
    planted.push(data_encoding::HEXLOWER.encode(&bytes));
    planted.extend(codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
    let range = Read::Scan { start: "!".into(), end: "~".into(), limit: 1000, reverse: false };
    for row in block_on(house.storage.read(vec![range])).unwrap().remove(0) {
        let text = String::from_utf8(row.value).unwrap();
        for secret in &planted {
            assert!(!text.contains(secret), "{} holds {secret}: {text}", row.key);
        }
    }
    assert_eq!(format!("{:?}", show("123456")), "SecondFactorCode { .. }");
}
