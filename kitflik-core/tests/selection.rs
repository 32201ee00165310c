//! Which seats may be chosen together, as a customer meets the rules.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{House, house, seats};
use kitflik_core::{
    Actor, BookingError, BookingStatus, BookingView, ChangeSeats, ErrorCode, HoldSeats, NewShow, Role,
    ShowId, StaffId,
};
use pollster::block_on;
use proptest::prelude::*;

const PLAN: &str = "A: ######\nB: ##<>##\nC: @+####\n";

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn clerk() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice }
}

/// A show at 19:00 UTC; the clock stands so many minutes before.
fn scene(before: u64, edit: impl FnOnce(&mut NewShow)) -> (House, ShowId) {
    let house = house();
    let show = house.cinema(PLAN, edit).show.id;
    house.clock.advance(minutes(7 * 60 - before));
    (house, show)
}

fn hold(house: &House, actor: &Actor, show: ShowId, ids: &[&str]) -> Result<BookingView, BookingError> {
    let request = HoldSeats::seats(show, seats(ids)).customer("Ada", "ada@example.org");
    block_on(house.kitflik.bookings().hold(actor, &request))
}

fn change(
    house: &House,
    actor: &Actor,
    held: &BookingView,
    ids: &[&str],
) -> Result<BookingView, BookingError> {
    let request =
        ChangeSeats { command: None, seats: seats(ids), ticket_types: Vec::new(), discount_code: None };
    block_on(house.kitflik.bookings().change_seats(actor, held.id, &request))
}

fn mine(held: &BookingView) -> Actor {
    Actor::guest_with(held.booking_token.clone().unwrap())
}

#[test]
fn rules_hold_until_so_many_minutes_before() {
    let edit = |show: &mut NewShow| {
        show.selection.couples_until_minutes = Some(10);
        show.selection.companions_until_minutes = Some(20);
        show.selection.orphans_until_minutes = Some(30);
    };
    let cases: [(&[&str], u64, ErrorCode); 3] = [
        (&["B2", "B3"], 10, ErrorCode::CoupleSplit),
        (&["C2"], 20, ErrorCode::CompanionAlone),
        (&["A2", "A3"], 30, ErrorCode::OrphanSeat),
    ];
    for (ids, until, code) in cases {
        let (house, show) = scene(until + 1, edit);
        assert_eq!(hold(&house, &Actor::guest(), show, ids).unwrap_err().code(), code);
        // The same rule for the same seats, when a hold changes to them.
        let held = hold(&house, &Actor::guest(), show, &["A1", "A2"]).unwrap();
        assert_eq!(change(&house, &mine(&held), &held, ids).unwrap_err().code(), code);
        house.clock.advance(minutes(1));
        change(&house, &mine(&held), &held, ids).unwrap();
        let (house, show) = scene(until, edit);
        hold(&house, &Actor::guest(), show, ids).unwrap();
    }
}

#[test]
fn an_alternative_can_be_had() {
    let (house, show) = scene(300, |_| {});
    let guest = Actor::guest();
    let offered = |ids: &[&str]| {
        let refused = hold(&house, &guest, show, ids).unwrap_err();
        (refused.code(), refused.alternative().map(<[_]>::to_vec))
    };
    assert_eq!(offered(&["B3"]), (ErrorCode::CoupleSplit, Some(seats(&["B3", "B4"]))));
    // What completes a pair may leave a single seat: then it is another choice.
    let (_, Some(whole)) = offered(&["B2", "B3"]) else { panic!("nothing is offered") };
    hold(&house, &guest, show, &whole.iter().map(|seat| seat.as_str()).collect::<Vec<_>>()).unwrap();
    let other = hold(&house, &guest, show, &["C1"]).unwrap();
    let (code, Some(instead)) = offered(&["C2"]) else { panic!("nothing is offered") };
    assert_eq!(code, ErrorCode::CompanionAlone);
    let all: Vec<_> = other.seats.iter().map(|seat| seat.id.clone()).chain(whole).collect();
    assert!(instead.len() == 1 && !all.contains(&instead[0]), "{instead:?}");
    hold(&house, &guest, show, &[instead[0].as_str()]).unwrap();
}

#[test]
fn staff_may_leave_a_single_seat_and_the_log_tells() {
    let (house, show) = scene(300, |_| {});
    hold(&house, &clerk(), show, &["A2", "A3"]).unwrap();
    assert_eq!(hold(&house, &clerk(), show, &["B3"]).unwrap_err().code(), ErrorCode::CoupleSplit);
    hold(&house, &clerk(), show, &["A4", "A5"]).unwrap();
    let admin = Actor::Staff { id: StaffId::from_bytes([8; 16]), role: Role::Admin };
    let log = block_on(house.kitflik.staff().audit(&admin, &Default::default())).unwrap();
    let mut notes: Vec<_> = log.items.iter().map(|entry| entry.note.as_deref()).collect();
    notes.sort_unstable();
    // The second cannot be helped: nobody is blamed.
    assert_eq!(notes, [None, Some("leaves single: A1")]);
}

#[derive(Debug, Clone)]
enum Step {
    Hold(usize, usize),
    Change(usize, usize),
    Release,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_usize, 1..4_usize).prop_map(|(from, count)| Step::Hold(from, count)),
        2 => (0..6_usize, 1..4_usize).prop_map(|(from, count)| Step::Change(from, count)),
        1 => Just(Step::Release),
        1 => (1..16_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever a customer does, they never have more seats than allowed, and are refused only for that or because a
    /// seat is taken.
    #[test]
    fn no_customer_has_more_than_allowed(steps in proptest::collection::vec(step(), 1..16)) {
        let house = house();
        let show = house.cinema("A: ########\n", |show| {
            show.max_seats_per_customer = Some(4);
            show.selection = kitflik_core::SelectionRules::OFF;
        }).show.id;
        let ids = |from: usize, count: usize| -> Vec<String> {
            (from..(from + count).min(8)).map(|at| format!("A{}", at + 1)).collect()
        };
        let mut made: Vec<BookingView> = Vec::new();
        for step in steps {
            let answer = match step {
                Step::Hold(from, count) => {
                    let ids = ids(from, count);
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    Some(hold(&house, &Actor::guest(), show, &ids))
                }
                Step::Change(from, count) => made.last().map(|held| {
                    let ids = ids(from, count);
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    change(&house, &mine(held), held, &ids)
                }),
                Step::Release => {
                    if let Some(held) = made.pop() {
                        let _ = block_on(house.kitflik.bookings().release(&mine(&held), held.id, None));
                    }
                    None
                }
                Step::Wait(count) => {
                    house.clock.advance(minutes(count));
                    None
                }
            };
            match answer {
                Some(Ok(view)) if view.booking_token.is_some() => made.push(view),
                Some(Err(error)) => {
                    let fair = [ErrorCode::TooManySeats, ErrorCode::SeatTaken, ErrorCode::HoldExpired];
                    prop_assert!(fair.contains(&error.code()), "{}", error);
                }
                _ => {}
            }
            let now = house.kitflik.now();
            let live = made.iter().filter_map(|held| {
                let view = block_on(house.kitflik.bookings().get(&Actor::System, held.id)).unwrap();
                let lives = view.status == BookingStatus::Held && view.expires_at > Some(now);
                lives.then_some(view.seats.len())
            });
            prop_assert!(live.sum::<usize>() <= 4);
        }
    }
}
