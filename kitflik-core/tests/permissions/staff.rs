//! The rows of the verbs about staff.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use kitflik_core::{
    Actor, AuditQuery, ChangeStaffPassword, InviteStaff, NewStaff, PageRequest, Passworded, Role,
    SecondFactorCode, Staff, StaffId, UpdateStaff,
};
use pollster::block_on;
use totp_rs::{Algorithm, TOTP};

use super::rows::{Row, row};
use super::scene::{PASSWORD, Scene, told};

/// Verbs of admins.
const ADMINS: &str = "uuu ff fffy y";
/// Verbs about one's own account.
const OWN: &str = "uuu ff yyyy f";

pub fn rows() -> Vec<Row> {
    vec![
        row("Staff::list", ADMINS, |s| told(staff(s).list(&s.actor, &PageRequest::default()))),
        row("Staff::get", ADMINS, |s| told(staff(s).get(&s.actor, member(s)))),
        row("Staff::invite", ADMINS, |s| told(staff(s).invite(&s.actor, &invitation()))),
        row("Staff::invite_again", ADMINS, |s| told(staff(s).invite_again(&s.actor, member(s), None))),
        row("Staff::update", ADMINS, |s| {
            let change = UpdateStaff { role: Some(Role::Manager), ..UpdateStaff::default() };
            told(staff(s).update(&s.actor, member(s), &change))
        }),
        row("Staff::disable", ADMINS, |s| told(staff(s).disable(&s.actor, member(s), None))),
        row("Staff::enable", ADMINS, |s| told(staff(s).enable(&s.actor, member(s), None))),
        row("Staff::reset_second_factor", ADMINS, |s| {
            told(staff(s).reset_second_factor(&s.actor, member(s), None))
        }),
        row("Staff::rescue", "fff ff ffff y", |s| {
            first(s, Role::Admin);
            told(staff(s).rescue(&s.actor, "first@example.org", "another password"))
        }),
        row("Staff::audit", ADMINS, |s| told(staff(s).audit(&s.actor, &AuditQuery::default()))),
        row("Staff::verify_audit", ADMINS, |s| told(staff(s).verify_audit(&s.actor))),
        row("Staff::renew_seals", "fff ff ffff y", |s| told(staff(s).renew_seals(&s.actor))),
        row("Staff::me", OWN, |s| told(staff(s).me(&own(s)))),
        row("Staff::change_password", OWN, |s| {
            let (current_password, password) = (PASSWORD.to_owned(), "another password".to_owned());
            let request = ChangeStaffPassword { command: None, current_password, password };
            told(staff(s).change_password(&own(s), &request))
        }),
        row("Staff::begin_totp", OWN, |s| told(staff(s).begin_totp(&own(s), &password()))),
        row("Staff::confirm_totp", OWN, |s| {
            let actor = own(s);
            let code = offered(s, &actor).map_or_else(no_code, |app| code(s, &app));
            told(staff(s).confirm_totp(&actor, &code))
        }),
        row("Staff::disable_totp", OWN, |s| {
            let actor = own(s);
            told(staff(s).disable_totp(&actor, &enrolled(s, &actor)))
        }),
        row("Staff::renew_recovery_codes", OWN, |s| {
            let actor = own(s);
            told(staff(s).renew_recovery_codes(&actor, &enrolled(s, &actor)))
        }),
    ]
}

fn staff(scene: &Scene) -> Staff<'_> {
    scene.house.kitflik.staff()
}

fn password() -> Passworded {
    Passworded { password: PASSWORD.to_owned() }
}

fn invitation() -> InviteStaff {
    let (email, name) = ("new@example.org".to_owned(), "New".to_owned());
    InviteStaff { command: None, email, name, role: Role::Usher }
}

fn first(scene: &Scene, role: Role) -> StaffId {
    let (email, name) = ("first@example.org".to_owned(), "First".to_owned());
    let new = NewStaff { email, password: PASSWORD.to_owned(), name, role };
    block_on(staff(scene).make_first(&new)).unwrap().id
}

/// Somebody who was invited.
fn member(scene: &Scene) -> StaffId {
    block_on(staff(scene).invite(&Actor::System, &invitation())).unwrap().id
}

/// The caller, with an account if they are staff.
fn own(scene: &Scene) -> Actor {
    match scene.actor {
        Actor::Staff { role, .. } => Actor::Staff { id: first(scene, role), role },
        _ => scene.actor.clone(),
    }
}

/// The caller's app, if they can have one.
fn offered(scene: &Scene, actor: &Actor) -> Option<TOTP> {
    let offer = block_on(staff(scene).begin_totp(actor, &password())).ok()?;
    let secret = BASE32_NOPAD.decode(offer.secret.as_bytes()).unwrap();
    Some(TOTP::new(Algorithm::SHA1, 6, 0, 30, secret).unwrap())
}

fn code(scene: &Scene, app: &TOTP) -> SecondFactorCode {
    let now = u64::try_from(scene.house.kitflik.now().seconds()).unwrap();
    SecondFactorCode { code: app.generate(now) }
}

fn no_code() -> SecondFactorCode {
    SecondFactorCode { code: "000000".to_owned() }
}

/// The next code of a caller who has set them up.
fn enrolled(scene: &Scene, actor: &Actor) -> SecondFactorCode {
    let Some(app) = offered(scene, actor) else { return no_code() };
    block_on(staff(scene).confirm_totp(actor, &code(scene, &app))).unwrap();
    scene.house.clock.advance(Duration::from_secs(30));
    code(scene, &app)
}
