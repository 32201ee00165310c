//! Many runs of the simulation. `KITFLIK_SIM_SEEDS=10000` runs more, `KITFLIK_SIM_FIRST=42` starts elsewhere.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test program")]

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use kitflik_core::testing::sim::{Sabotage, Stage, Tally, accounts, gate, jobs, run, schedule};
use parking_lot::Mutex;

/// Whether so many seeds are a run that must have seen something of everything, not a few that are looked at again.
fn many(count: u64) -> bool {
    count >= 10
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Runs every seed, on all the cores there are, and hands over what each told. Of faults, the first seed's is told.
fn each_seed<T: Send>(
    first: u64,
    count: u64,
    run: impl Fn(u64) -> Result<T, String> + Sync,
    mut take: impl FnMut(T) + Send,
) {
    let next = AtomicU64::new(first);
    let fault: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let take: Mutex<&mut (dyn FnMut(T) + Send)> = Mutex::new(&mut take);
    let work = || {
        while fault.lock().is_none() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                break;
            }
            match run(seed) {
                Ok(told) => (take.lock())(told),
                Err(found) => {
                    let mut fault = fault.lock();
                    if fault.as_ref().is_none_or(|(other, _)| seed < *other) {
                        *fault = Some((seed, found));
                    }
                }
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    if let Some((_, fault)) = fault.into_inner() {
        panic!("{fault}");
    }
}

#[test]
fn no_seed_breaks_an_invariant() {
    let stage = Stage::build().unwrap();
    let (first, count) = (setting("KITFLIK_SIM_FIRST", 0), setting("KITFLIK_SIM_SEEDS", 150));
    let mut tally = Tally::default();
    each_seed(first, count, |seed| run(seed, &stage, None), |told| tally.add(told));
    println!("{count} seeds: {tally:?}");
    if !many(count) {
        return;
    }
    // A run in which nothing happens proves nothing.
    assert!(tally.sales > count, "{tally:?}");
    assert!(tally.takeovers > count / 4 && tally.crashes > count && tally.dropped > count, "{tally:?}");
    assert!(tally.returns > count / 100 && tally.kept > count / 50, "{tally:?}");
    assert!(tally.cancellations > count / 4 && tally.refunds > count / 5, "{tally:?}");
    assert!(tally.late_money + tally.retaken > count / 50 && tally.events > count / 3, "{tally:?}");
    assert!(tally.discounts > count / 2 && tally.used_up > count / 10, "{tally:?}");
    assert!(tally.price_edits > count / 10, "{tally:?}");
    assert!(tally.unknown > count / 20 && tally.mails > count / 2, "{tally:?}");
    assert!(tally.blocks > count / 2 && tally.released > count / 20, "{tally:?}");
}

/// Each of these seeds once found a fault.
///
/// 1233: a hold of unknown fate was sent again, and its first sending arrived after the release.
/// 11238: two took over one stale hold; the one whose batch did not arrive took the other's row for its own.
const FOUND_FAULTS: &[u64] = &[1233, 11238];

#[test]
fn seeds_that_found_faults_stay_whole() {
    let stage = Stage::build().unwrap();
    for seed in FOUND_FAULTS {
        run(*seed, &stage, None).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
fn a_seed_repeats_its_run() {
    let stage = Stage::build().unwrap();
    for seed in 0..10 {
        assert_eq!(run(seed, &stage, None), run(seed, &stage, None));
    }
}

fn caught(sabotage: Sabotage) {
    let stage = Stage::build().unwrap();
    let fault = (0..600).find_map(|seed| run(seed, &stage, Some(sabotage)).err());
    println!(
        "{sabotage:?}: {}",
        fault.unwrap_or_else(|| panic!("{sabotage:?} was not noticed in 600 seeds"))
    );
}

#[test]
fn checks_off_is_caught() {
    caught(Sabotage::ChecksOff);
}

#[test]
fn half_of_a_batch_is_caught() {
    caught(Sabotage::HalfOfABatch);
}

#[test]
fn an_ignored_receipt_is_caught() {
    caught(Sabotage::ReceiptIgnored);
}

#[test]
fn an_unchecked_takeover_is_caught() {
    caught(Sabotage::TakeoverUnchecked);
}

#[test]
fn a_released_seat_that_is_taken_unchecked_is_caught() {
    caught(Sabotage::ReleaseUnchecked);
}

#[test]
fn a_confirm_that_does_not_check_its_booking_is_caught() {
    caught(Sabotage::ConfirmUnchecked);
}

#[test]
fn a_relaxed_confirm_is_caught() {
    caught(Sabotage::ConfirmRelaxed);
}

#[test]
fn a_forgotten_refund_is_caught() {
    caught(Sabotage::RefundForgotten);
}

#[test]
fn late_money_that_is_kept_is_caught() {
    caught(Sabotage::LateMoneyKept);
}

#[test]
fn events_that_are_taken_in_twice_are_caught() {
    caught(Sabotage::EventsRepeated);
}

#[test]
fn uses_of_a_discount_code_without_a_check_are_caught() {
    caught(Sabotage::UsesUnchecked);
}

#[test]
fn no_seed_breaks_a_rule_of_accounts() {
    let (first, count) = (setting("KITFLIK_SIM_FIRST", 0), setting("KITFLIK_SIM_SEEDS", 60));
    let mut tally = accounts::Tally::default();
    each_seed(first, count, |seed| accounts::run(seed, None), |told| tally.add(told));
    println!("{count} seeds: {tally:?}");
    if !many(count) {
        return;
    }
    assert!(tally.log_ins > count && tally.refreshes > count && tally.resets > count, "{tally:?}");
    assert!(tally.moves > count / 20 && tally.deletions > count / 20 && tally.guesses > count, "{tally:?}");
    assert!(tally.refused > count / 4 && tally.unknown > count / 10 && tally.crashes > count, "{tally:?}");
}

#[test]
fn a_seed_repeats_its_run_of_accounts() {
    for seed in 0..5 {
        assert_eq!(accounts::run(seed, None), accounts::run(seed, None));
    }
}

fn caught_in_accounts(sabotage: Sabotage) {
    let fault = (0..300).find_map(|seed| accounts::run(seed, Some(sabotage)).err());
    println!(
        "{sabotage:?}: {}",
        fault.unwrap_or_else(|| panic!("{sabotage:?} was not noticed in 300 seeds"))
    );
}

#[test]
fn accounts_without_checks_are_caught() {
    caught_in_accounts(Sabotage::ChecksOff);
}

#[test]
fn half_a_batch_about_accounts_is_caught() {
    caught_in_accounts(Sabotage::HalfOfABatch);
}

#[test]
fn guesses_that_are_counted_without_a_check_are_caught() {
    caught_in_accounts(Sabotage::GuessesUnchecked);
}

#[test]
fn a_new_password_that_leaves_sessions_open_is_caught() {
    caught_in_accounts(Sabotage::ResetKeepsSessions);
}

#[test]
fn no_seed_breaks_a_rule_of_the_schedule() {
    let stage = schedule::Stage::build().unwrap();
    let (first, count) = (setting("KITFLIK_SIM_FIRST", 0), setting("KITFLIK_SIM_SEEDS", 60));
    let mut tally = schedule::Tally::default();
    each_seed(first, count, |seed| schedule::run(seed, &stage, None), |told| tally.add(told));
    println!("{count} seeds: {tally:?}");
    if !many(count) {
        return;
    }
    assert!(tally.added > count && tally.clashes > count && tally.moves > count / 4, "{tally:?}");
    assert!(tally.edits > count / 2 && tally.stale > count / 20 && tally.deletions > count / 10, "{tally:?}");
    assert!(tally.sales > count && tally.told > count / 10 && tally.in_use > count / 20, "{tally:?}");
    assert!(tally.unknown > count / 20 && tally.dropped > count && tally.crashes > count, "{tally:?}");
    assert!(tally.cancelled > count / 10 && tally.undone > count / 10, "{tally:?}");
}

#[test]
fn a_seed_repeats_its_run_of_the_schedule() {
    let stage = schedule::Stage::build().unwrap();
    for seed in 0..5 {
        assert_eq!(schedule::run(seed, &stage, None), schedule::run(seed, &stage, None));
    }
}

fn caught_in_the_schedule(sabotage: Sabotage) {
    let stage = schedule::Stage::build().unwrap();
    let fault = (0..300).find_map(|seed| schedule::run(seed, &stage, Some(sabotage)).err());
    println!(
        "{sabotage:?}: {}",
        fault.unwrap_or_else(|| panic!("{sabotage:?} was not noticed in 300 seeds"))
    );
}

#[test]
fn a_schedule_without_checks_is_caught() {
    caught_in_the_schedule(Sabotage::ChecksOff);
}

#[test]
fn half_a_batch_about_a_show_is_caught() {
    caught_in_the_schedule(Sabotage::HalfOfABatch);
}

#[test]
fn a_schedule_whose_guard_is_not_checked_is_caught() {
    caught_in_the_schedule(Sabotage::ScheduleUnchecked);
}

#[test]
fn a_move_that_nobody_is_told_of_is_caught() {
    caught_in_the_schedule(Sabotage::MoveUntold);
}

#[test]
fn a_cancelled_show_whose_bookings_are_forgotten_is_caught() {
    caught_in_the_schedule(Sabotage::CancelForgotten);
}

#[test]
fn no_seed_breaks_a_rule_of_the_gate() {
    let stage = gate::Stage::build().unwrap();
    let (first, count) = (setting("KITFLIK_SIM_FIRST", 0), setting("KITFLIK_SIM_SEEDS", 100));
    let mut tally = gate::Tally::default();
    each_seed(first, count, |seed| gate::run(seed, &stage, None), |told| tally.add(told));
    println!("{count} seeds: {tally:?}");
    if !many(count) {
        return;
    }
    assert!(tally.admitted > count && tally.used > count && tally.void > count / 4, "{tally:?}");
    assert!(tally.offline > count && tally.uploads > count && tally.conflicts > count / 2, "{tally:?}");
    assert!(tally.undone > count / 4 && tally.unknown > count / 20, "{tally:?}");
    assert!(tally.dropped > count && tally.crashes > count, "{tally:?}");
}

#[test]
fn a_seed_repeats_its_run_of_the_gate() {
    let stage = gate::Stage::build().unwrap();
    for seed in 0..5 {
        assert_eq!(gate::run(seed, &stage, None), gate::run(seed, &stage, None));
    }
}

fn caught_at_the_gate(sabotage: Sabotage) {
    let stage = gate::Stage::build().unwrap();
    let fault = (0..300).find_map(|seed| gate::run(seed, &stage, Some(sabotage)).err());
    println!(
        "{sabotage:?}: {}",
        fault.unwrap_or_else(|| panic!("{sabotage:?} was not noticed in 300 seeds"))
    );
}

#[test]
fn a_gate_without_checks_is_caught() {
    caught_at_the_gate(Sabotage::ChecksOff);
}

#[test]
fn a_check_in_that_does_not_check_its_ticket_is_caught() {
    caught_at_the_gate(Sabotage::CheckInUnchecked);
}

#[test]
fn a_merge_that_does_not_check_its_ticket_is_caught() {
    caught_at_the_gate(Sabotage::MergeUnchecked);
}

#[test]
fn no_seed_breaks_a_rule_of_jobs() {
    let stage = jobs::Stage::build().unwrap();
    // One of them is a season, and takes as long as several of the others.
    let (first, count) = (setting("KITFLIK_SIM_FIRST", 0), setting("KITFLIK_SIM_SEEDS", 160) / 10);
    let mut tally = jobs::Tally::default();
    each_seed(first, count, |seed| jobs::run(seed, &stage, None), |told| tally.add(told));
    println!("{count} seeds: {tally:?}");
    if !many(count) {
        return;
    }
    assert!(tally.runs > count && tally.news > 4 * count && tally.reminders > count / 2, "{tally:?}");
    assert!(tally.sales > 2 * count && tally.moves > count / 4, "{tally:?}");
    assert!(tally.dropped > count / 4 && tally.crashes > count, "{tally:?}");
}

#[test]
fn a_seed_repeats_its_run_of_jobs() {
    let stage = jobs::Stage::build().unwrap();
    for seed in 0..3 {
        assert_eq!(jobs::run(seed, &stage, None), jobs::run(seed, &stage, None));
    }
}

fn caught_in_jobs(sabotage: Sabotage) {
    let stage = jobs::Stage::build().unwrap();
    let fault = (0..300).find_map(|seed| jobs::run(seed, &stage, Some(sabotage)).err());
    println!(
        "{sabotage:?}: {}",
        fault.unwrap_or_else(|| panic!("{sabotage:?} was not noticed in 300 seeds"))
    );
}

#[test]
fn jobs_without_checks_are_caught() {
    caught_in_jobs(Sabotage::ChecksOff);
}

#[test]
fn a_run_that_two_begin_is_caught() {
    caught_in_jobs(Sabotage::RunUnchecked);
}

#[test]
fn a_run_that_ends_too_early_is_caught() {
    caught_in_jobs(Sabotage::RunForgotten);
}

#[test]
fn a_reminder_that_comes_again_is_caught() {
    caught_in_jobs(Sabotage::ReminderUnmarked);
}
