use chrono::{Datelike, Timelike, Weekday};
use proptest::prelude::*;

use super::*;

fn schedule(text: &str) -> JobSchedule {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(text: &str) -> Zone {
    text.parse().unwrap()
}

#[test]
fn a_text_is_read_and_written() {
    for text in [
        "0 0 12 * * FRI",
        "0 0 12 * * FRI Europe/Berlin",
        "0 0 12 * * FRI UTC",
        "0 0 8 * * Mon 2027",
        "0 0 8 * * Mon 2027/2 Asia/Kathmandu",
        "*/10 5,10 8-12 1/5 * ?",
        "@weekly",
        "@daily Australia/Lord_Howe",
    ] {
        assert_eq!(schedule(text).to_string(), text);
        assert_eq!(schedule(text), schedule(&format!("  {} ", text.replace(' ', "  "))));
    }
    assert_eq!(schedule("0 0 12 * * FRI Europe/Berlin").zone(), Some(zone("Europe/Berlin")));
    assert_eq!(schedule("0 0 12 * * FRI").zone(), None);
    assert_ne!(schedule("0 0 12 * * FRI UTC"), schedule("0 0 12 * * FRI"));
}

#[test]
fn a_bad_text_is_refused_with_what_is_expected() {
    for (text, reason) in [
        ("", "expected second, minute"),
        ("FRI", "expected second, minute"),
        ("0 12 * * FRI", "lacks the one for seconds"),
        ("0 0 25 * * FRI", "expected second, minute"),
        ("0 0 12 * * FRY", "expected second, minute"),
        ("0 0 12 * * FRI Mars/Olympus", "an IANA time zone such as Europe/Berlin"),
        ("0 0 12 * * FRI 1812", "an IANA time zone"),
        ("0 0 12 31 2 ?", "no day is like that"),
        ("0 0 12 * * FRI Europe/Berlin Europe/Berlin", "expected second, minute"),
        (&"0 ".repeat(150), "more than 200 characters"),
    ] {
        let error = text.parse::<JobSchedule>().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn what_the_clocks_skip_is_due_after_the_gap_and_what_they_repeat_once() {
    let berlin = schedule("0 30 2 * * * Europe/Berlin");
    let due = |from: &str, count: usize| {
        let times = std::iter::successors(Some(at(from)), |last| berlin.next(Zone::UTC, *last));
        times.skip(1).take(count).map(|due| due.to_string()).collect::<Vec<_>>()
    };
    // The clocks go from 02:00 to 03:00.
    assert_eq!(
        due("2026-03-28T00:00:00Z", 3),
        ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    // They show 02:30 at 00:30Z and at 01:30Z.
    assert_eq!(
        due("2026-10-24T00:00:00Z", 3),
        ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    // Of ten times within the gap one is due; within the fold each is due once.
    let often = schedule("0 */6 2 * * * Europe/Berlin");
    assert_eq!(often.next(Zone::UTC, at("2026-03-29T00:59:00Z")), Some(at("2026-03-29T01:00:00Z")));
    assert_eq!(often.next(Zone::UTC, at("2026-03-29T01:00:00Z")), Some(at("2026-03-30T00:00:00Z")));
    assert_eq!(often.next(Zone::UTC, at("2026-10-25T00:54:00Z")), Some(at("2026-10-26T01:00:00Z")));
    // Half an hour on Lord Howe.
    let howe = schedule("0 15 2 * * * Australia/Lord_Howe");
    assert_eq!(howe.next(Zone::UTC, at("2026-10-03T12:00:00Z")), Some(at("2026-10-03T15:30:00Z")));
    assert_eq!(howe.next(Zone::UTC, at("2026-04-04T14:30:00Z")), Some(at("2026-04-04T15:45:00Z")));
    // Samoa had no 30 December 2011.
    let apia = schedule("0 0 12 30 12 ? Pacific/Apia");
    assert_eq!(apia.next(Zone::UTC, at("2011-06-01T00:00:00Z")), Some(at("2011-12-30T10:00:00Z")));
}

#[test]
fn the_house_has_a_zone_for_schedules_without_one() {
    let friday = schedule("0 0 12 * * FRI");
    let from = at("2026-11-27T00:00:00Z");
    assert_eq!(friday.next(Zone::UTC, from), Some(at("2026-11-27T12:00:00Z")));
    assert_eq!(friday.next(zone("America/New_York"), from), Some(at("2026-11-27T17:00:00Z")));
    let berlin = schedule("0 0 12 * * FRI Europe/Berlin");
    assert_eq!(berlin.next(zone("America/New_York"), from), Some(at("2026-11-27T11:00:00Z")));
}

#[test]
fn a_schedule_comes_to_an_end() {
    let once = schedule("0 0 12 24 12 ? 2026");
    assert_eq!(once.next(Zone::UTC, at("2026-12-24T12:00:00Z")), None);
    let christmas = at("2026-12-24T12:00:00Z");
    assert_eq!(once.last(Zone::UTC, christmas, at("2040-01-01T00:00:00Z")), christmas);
    // What is due each second is not counted through years.
    let second = schedule("* * * * * *");
    assert_eq!(second.last(Zone::UTC, christmas, at("2036-01-01T00:00:00.7Z")), at("2036-01-01T00:00:00Z"));
    let leap = schedule("0 0 12 29 2 ?");
    let last = leap.last(Zone::UTC, at("2024-02-29T12:00:00Z"), at("2042-06-01T00:00:00Z"));
    assert_eq!(last, at("2040-02-29T12:00:00Z"));
}

const ZONES: [&str; 5] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"];
const EXPRESSIONS: [&str; 7] = [
    "0 0 12 * * FRI",
    "0 30 2 * * *",
    "0 */7 * * * *",
    "0 0 8 * * MON",
    "30 15 1-3 * * SUN",
    "0 0 0 1 * ?",
    "0 45 1 ? * SUN",
];

/// Seconds from 2020 until 2050.
fn instants() -> std::ops::Range<i64> {
    1_577_836_800..2_524_608_000
}

proptest! {
    #[test]
    fn fridays_are_at_noon_wherever_it_is(which in 0..ZONES.len(), from in instants()) {
        let zone = zone(ZONES[which]);
        let friday = schedule("0 0 12 * * FRI");
        let mut from = Timestamp::from_millis(from * 1000);
        for _ in 0..60 {
            let next = friday.next(zone, from).unwrap();
            let local = next.in_zone(zone);
            prop_assert_eq!((local.weekday(), local.hour(), local.minute(), local.second()), (Weekday::Fri, 12, 0, 0));
            prop_assert!(next > from && next.since(from) <= Duration::from_secs(7 * 86_400 + 3600));
            prop_assert_eq!(friday.last(zone, next, next.plus(Duration::from_secs(60))), next);
            from = next;
        }
    }

    #[test]
    fn times_go_forward_and_back_the_same_way(
        which in 0..ZONES.len(),
        expression in 0..EXPRESSIONS.len(),
        from in instants(),
        millis in 0..1000_i64,
    ) {
        let zone = zone(ZONES[which]);
        let schedule = schedule(EXPRESSIONS[expression]);
        let from = Timestamp::from_millis(from * 1000 + millis);
        let mut last = from;
        for _ in 0..20 {
            let next = schedule.next(zone, last).unwrap();
            prop_assert!(next > last);
            // Nothing is due in between, from wherever one looks.
            let middle = Timestamp::from_millis(last.millis().midpoint(next.millis()));
            prop_assert_eq!(schedule.next(zone, middle), Some(next));
            if last > from {
                prop_assert_eq!(schedule.last(zone, last, middle), last);
                prop_assert_eq!(schedule.last(zone, last, next), next);
            }
            last = next;
        }
    }
}
