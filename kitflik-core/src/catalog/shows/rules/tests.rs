use proptest::prelude::*;

use super::*;
use crate::catalog::ShowFormat;
use crate::ids::{AuditoriumId, LayoutId, MovieId, PriceCardId};
use crate::seats::rules::SelectionRules;
use crate::store::records::Form;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn show(starts_at: Timestamp, length: u32) -> Show {
    Show {
        v: Form,
        movie: MovieId::from_bytes([1; 16]),
        movie_title: "Alien".to_owned(),
        auditorium: AuditoriumId::from_bytes([1; 16]),
        layout: LayoutId::from_bytes([1; 16]),
        price_card: PriceCardId::from_bytes([1; 16]),
        starts_at,
        ends_at: starts_at.plus(minutes(length)),
        sales_open_at: time("2026-01-01T00:00:00Z"),
        sales_close_at: starts_at,
        sales_open_days_before: None,
        sales_close_minutes_before: None,
        language: None,
        subtitles: None,
        format: ShowFormat::default(),
        closed: false,
        cancelled: false,
        max_seats_per_customer: None,
        selection: SelectionRules::default(),
        moved_at: None,
        frozen: None,
        mark: None,
    }
}

fn refused(check: impl FnOnce(&mut Validation)) -> Vec<String> {
    let mut fields = Validation::default();
    check(&mut fields);
    fields.finish().map_or_else(
        |invalid| invalid.errors.into_iter().map(|error| format!("{} {}", error.path, error.code)).collect(),
        |()| Vec::new(),
    )
}

#[test]
fn an_auditorium_is_taken_for_trailers_movie_and_turnaround() {
    let house = [minutes(15), Duration::from_secs(15 * 60 + 59)];
    assert_eq!(Length::default().minutes(Some(117), house), 147);
    assert_eq!(Length::default().minutes(None, house), 150);
    let length = Length { trailers: Some(0), turnaround: Some(20), ..Length::default() };
    assert_eq!(length.minutes(Some(100), house), 120);
    assert_eq!(Length { all: Some(90), ..Length::default() }.minutes(Some(117), house), 90);
    assert_eq!(Length::default().minutes(Some(1440), house), 1440, "never more than a day");
    let both = Length { all: Some(0), trailers: Some(300), turnaround: None };
    assert_eq!(
        refused(|fields| both.check(fields)),
        ["duration_minutes out_of_range", "trailers_minutes out_of_range", "trailers_minutes contradictory"]
    );
}

#[test]
fn sales_open_before_they_close_and_close_by_the_end() {
    let now = time("2026-11-01T12:00:00Z");
    let start = time("2026-11-27T19:00:00Z");
    let set = |window: Window| {
        let mut show = show(start, 120);
        let faults = refused(|fields| window.set(&mut show, now, fields));
        (show.sales_open_at, show.sales_close_at, faults)
    };
    let none = Vec::<String>::new();
    assert_eq!(set(Window::default()), (now, start, none.clone()));
    let relative = Window { open_days_before: Some(7), close_minutes_before: Some(30), ..Window::default() };
    let (open, close) = (time("2026-11-20T19:00:00Z"), time("2026-11-27T18:30:00Z"));
    assert_eq!(set(relative), (open, close, none.clone()));
    let late = Window { close_at: Some(time("2026-11-27T21:00:00Z")), ..Window::default() };
    assert_eq!(set(late).2, none, "until the end is allowed");
    let faults = |window| set(window).2;
    let later = Window { close_at: Some(time("2026-11-27T21:00:01Z")), ..Window::default() };
    assert_eq!(faults(later), ["sales_close_at out_of_range"]);
    let crossed = Window { open_at: Some(start), ..Window::default() };
    assert_eq!(faults(crossed), ["sales_close_at out_of_range"]);
    let both = Window { open_at: Some(now), open_days_before: Some(1), ..Window::default() };
    assert_eq!(faults(both), ["sales_open_days_before contradictory"]);
    let far = Window { open_days_before: Some(u32::MAX), ..Window::default() };
    assert_eq!(faults(far), ["sales_open_days_before out_of_range"]);
}

#[test]
fn a_moved_show_takes_along_what_goes_with_its_start() {
    let start = time("2026-11-27T19:00:00Z");
    let later = time("2026-11-28T20:00:00Z");
    let moved = at(&show(start, 120), later, false);
    assert_eq!(moved.ends_at, time("2026-11-28T22:00:00Z"));
    assert_eq!((moved.sales_open_at, moved.sales_close_at), (time("2026-01-01T00:00:00Z"), later));
    let fixed = Show { sales_close_at: time("2026-11-27T12:00:00Z"), ..show(start, 120) };
    assert_eq!(at(&fixed, later, false).sales_close_at, fixed.sales_close_at);
    assert_eq!(at(&fixed, later, true).sales_close_at, time("2026-11-28T13:00:00Z"));
    assert_eq!(at(&fixed, later, true).sales_open_at, time("2026-01-02T01:00:00Z"));
    let earlier = time("2026-11-26T08:00:00Z");
    assert_eq!(at(&fixed, earlier, false).sales_close_at, time("2026-11-26T10:00:00Z"), "not past its end");
    let relative = Show { sales_open_days_before: Some(1), sales_close_minutes_before: Some(60), ..fixed };
    let moved = at(&relative, later, false);
    let window = (time("2026-11-27T20:00:00Z"), time("2026-11-28T19:00:00Z"));
    assert_eq!((moved.sales_open_at, moved.sales_close_at), window);
}

#[test]
fn a_pattern_is_dates_times_weekdays() {
    let date = |text: &str| text.parse::<Date>().unwrap();
    let times: Vec<TimeOfDay> = ["20:00", "17:15"].iter().map(|text| text.parse().unwrap()).collect();
    let week = [Weekday::Friday, Weekday::Saturday];
    let pattern = |from: &str, to: &str, weekdays: &[Weekday], times: &[TimeOfDay]| {
        let mut fields = Validation::default();
        let all = occurrences(date(from), date(to), weekdays, times, &mut fields);
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        (all, fields.finish().err().map(|invalid| invalid.errors[0].path.clone()))
    };
    let (all, fault) = pattern("2026-11-26", "2026-12-04", &week, &times);
    let expected = [
        "2026-11-27T17:15:00",
        "2026-11-27T20:00:00",
        "2026-11-28T17:15:00",
        "2026-11-28T20:00:00",
        "2026-12-04T17:15:00",
        "2026-12-04T20:00:00",
    ];
    assert_eq!((all, fault), (expected.map(str::to_owned).to_vec(), None));
    assert_eq!(pattern("2026-11-26", "2026-11-26", &[], &times).0.len(), 2);
    let fault = |from, to, weekdays: &[Weekday], times: &[TimeOfDay]| pattern(from, to, weekdays, times).1;
    assert_eq!(fault("2026-11-27", "2026-11-26", &[], &times).as_deref(), Some("to"));
    assert_eq!(fault("2026-11-27", "2027-11-28", &[], &times).as_deref(), Some("to"));
    assert_eq!(fault("2026-11-26", "2026-11-26", &week, &times).as_deref(), Some("times"), "no such day");
    assert_eq!(fault("2026-01-01", "2026-04-11", &[], &times).as_deref(), Some("times"), "too many");
    assert_eq!(fault("2026-11-26", "2026-11-26", &[], &[times[0], times[0]]).as_deref(), Some("times"));
}

proptest! {
    /// Against every minute: shows that are let in never share one, and one that is refused would.
    #[test]
    fn no_two_shows_share_a_minute(wanted in prop::collection::vec((0_u32..3_000, 1_u32..=1440), 1..25)) {
        let base = time("2026-11-27T00:00:00Z");
        let mut taken = Taken::default();
        let mut minutes_of: Vec<Option<usize>> = vec![None; 5_000];
        for (number, (start, length)) in wanted.into_iter().enumerate() {
            let (starts, ends) = (base.plus(minutes(start)), base.plus(minutes(start + length)));
            let mine = start as usize..(start + length) as usize;
            let there: Vec<usize> = minutes_of[mine.clone()].iter().flatten().copied().collect();
            let id = |number: usize| ShowId::from_bytes([u8::try_from(number).unwrap(); 16]);
            match taken.clash(starts, ends) {
                Some(clash) => prop_assert!(there.iter().any(|number| id(*number) == clash)),
                None => {
                    prop_assert!(there.is_empty());
                    taken.add(id(number), starts, ends);
                    minutes_of[mine].fill(Some(number));
                }
            }
        }
    }
}
