//! The schedule: many shows at once, other weeks, and what is where.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use common::{Cinema, HALL, House, Slow, house, house_on};
use kitflik_core::{
    Actor, AddedShows, CatalogError, ClockReading, CopyWeek, Date, Error, ErrorCode, MemoryStorage, NewShow,
    PageRequest, RepeatShow, ScheduleQuery, SkipReason, TimeOfDay, Weekday,
};
use pollster::block_on;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn times(texts: &[&str]) -> Vec<TimeOfDay> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn repeat(cinema: &Cinema, from: &str, to: &str, at: &[&str]) -> RepeatShow {
    let (movie, hall, card) = (cinema.movie.id, cinema.auditorium.id, cinema.card.id);
    RepeatShow::daily(movie, hall, card, date(from), date(to), times(at))
}

fn copy(cinema: &Cinema, from: &str, to: &str) -> CopyWeek {
    CopyWeek {
        command: None,
        venue_id: None,
        auditorium_id: Some(cinema.auditorium.id),
        from: date(from),
        to: date(to),
        clock_change: None,
        skip_clashes: false,
    }
}

fn add(house: &House, new: &RepeatShow) -> Result<AddedShows, CatalogError> {
    block_on(house.kitflik.catalog().add_shows(&Actor::System, new))
}

/// All starts, on the venue's clocks.
fn starts(house: &House, cinema: &Cinema) -> Vec<String> {
    let page = PageRequest { limit: Some(100), cursor: None };
    let shows = block_on(house.kitflik.catalog().shows_of(cinema.movie.id, &page)).unwrap().items;
    shows.iter().map(|show| show.starts_at_local.to_string()).collect()
}

#[test]
fn a_pattern_makes_all_its_shows() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let new = RepeatShow {
        weekdays: vec![Weekday::Saturday, Weekday::Sunday],
        sales_open_days_before: Some(7),
        sales_close_minutes_before: Some(15),
        trailers_minutes: Some(20),
        turnaround_minutes: Some(3),
        language: Some("de".to_owned()),
        ..repeat(&cinema, "2026-11-28", "2026-12-06", &["20:00", "17:30"])
    };
    let added = add(&house, &new).unwrap();
    assert_eq!((added.shows.len(), added.skipped.len()), (8, 0));
    let show = block_on(house.kitflik.catalog().show(added.shows[1])).unwrap();
    assert_eq!(show.starts_at_local.to_string(), "2026-11-28T20:00:00");
    assert_eq!(show.ends_at.to_string(), "2026-11-28T21:20:00Z", "20 + 117 + 3 minutes");
    assert_eq!(show.sales_open_at.to_string(), "2026-11-21T19:00:00Z");
    assert_eq!(show.sales_close_at.to_string(), "2026-11-28T18:45:00Z");
    assert_eq!(show.language.as_deref(), Some("de"));
    assert_eq!(starts(&house, &cinema).len(), 9);
}

#[test]
fn what_cannot_be_is_named_by_date_and_then_nothing_is_added() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    // The show of this evening takes 20:00 to 22:27.
    let new = repeat(&cinema, "2026-11-26", "2026-11-29", &["22:00"]);
    let refused = add(&house, &new).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ShowOverlap);
    let refused = Error::from(refused);
    let fields = refused.fields();
    assert_eq!(fields.len(), 1, "{fields:?}");
    assert_eq!(
        (fields[0].path.as_str(), fields[0].code.as_str()),
        ("shows[2026-11-27T22:00:00]", "show_overlap")
    );
    assert!(fields[0].detail.contains(&format!("{}, \"Alien\", from 2026-11-27T20:00:00", cinema.show.id)));
    assert_eq!(starts(&house, &cinema).len(), 1);
    // Times that stand in each other's way are the same mistake.
    let dense = repeat(&cinema, "2026-12-01", "2026-12-01", &["20:00", "21:00"]);
    assert!(add(&house, &dense).unwrap_err().to_string().contains("at 2026-12-01T21:00:00, the auditorium"));
    let added = add(&house, &RepeatShow { skip_clashes: true, ..new }).unwrap();
    assert_eq!(added.shows.len(), 3);
    assert_eq!(added.skipped.len(), 1);
    assert_eq!(added.skipped[0].starts_at_local.to_string(), "2026-11-27T22:00:00");
    assert_eq!(added.skipped[0].reason, SkipReason::Overlap);
}

#[test]
fn a_change_of_the_clocks_is_refused_skipped_or_read_as_told() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let spring = repeat(&cinema, "2027-03-27", "2027-03-29", &["02:30"]);
    let refused = Error::from(add(&house, &spring).unwrap_err());
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    let [gap] = refused.fields() else { panic!("{refused}") };
    assert_eq!(gap.path, "shows[2027-03-28T02:30:00]");
    let readings = "the earlier, 2027-03-28T01:30:00+01:00, or the later, 2027-03-28T03:30:00+02:00";
    assert!(gap.detail.contains(readings), "{}", gap.detail);
    let skipping = RepeatShow { skip_clashes: true, ..spring.clone() };
    let added = add(&house, &skipping).unwrap();
    assert_eq!((added.shows.len(), added.skipped[0].reason), (2, SkipReason::Ambiguous));
    let autumn = repeat(&cinema, "2027-10-31", "2027-10-31", &["02:30"]);
    let later = RepeatShow { clock_change: Some(ClockReading::Later), ..autumn.clone() };
    let added = add(&house, &later).unwrap();
    let show = block_on(house.kitflik.catalog().show(added.shows[0])).unwrap();
    assert_eq!(show.starts_at.to_string(), "2027-10-31T01:30:00Z");
    // The other reading is an hour earlier, and the hall is not free for both.
    let earlier = RepeatShow { clock_change: Some(ClockReading::Earlier), ..autumn };
    assert_eq!(add(&house, &earlier).unwrap_err().code(), ErrorCode::ShowOverlap);
    let one = NewShow::new(
        cinema.movie.id,
        cinema.auditorium.id,
        cinema.card.id,
        "2028-10-29T02:30".parse().unwrap(),
    );
    let one = NewShow { clock_change: Some(ClockReading::Earlier), ..one };
    let show = block_on(house.kitflik.catalog().add_show(&Actor::System, &one)).unwrap();
    assert_eq!(show.starts_at.to_string(), "2028-10-29T00:30:00Z");
}

#[test]
fn too_many_are_refused_before_anything_is_looked_at() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let fields = |new: &RepeatShow| {
        let refused = Error::from(add(&house, new).unwrap_err());
        refused.fields().iter().map(|field| field.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(fields(&repeat(&cinema, "2027-01-01", "2027-07-20", &["20:00"])), ["times"]);
    assert_eq!(fields(&repeat(&cinema, "2027-01-01", "2026-01-01", &["20:00"])), ["to"]);
    assert_eq!(fields(&repeat(&cinema, "2027-01-01", "2027-01-01", &[])), ["times"]);
    // Faults of what all share are told once.
    let bad = RepeatShow {
        trailers_minutes: Some(1000),
        language: Some(String::new()),
        ..repeat(&cinema, "2027-01-01", "2027-01-09", &["20:00"])
    };
    assert_eq!(fields(&bad), ["trailers_minutes", "language"]);
    let most = repeat(&cinema, "2027-01-01", "2027-07-19", &["20:00"]);
    assert_eq!(add(&house, &most).unwrap().shows.len(), 200);
}

#[test]
fn a_repeated_command_adds_once_and_hears_the_same() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let new = RepeatShow {
        command: Some("week-48".parse().unwrap()),
        skip_clashes: true,
        ..repeat(&cinema, "2026-11-27", "2026-12-20", &["14:00", "20:00"])
    };
    let first = add(&house, &new).unwrap();
    assert_eq!((first.shows.len(), first.skipped.len()), (47, 1));
    let again = add(&house, &new).unwrap();
    assert_eq!(again.shows, first.shows);
    assert_eq!(again.skipped[0].starts_at_local, first.skipped[0].starts_at_local);
    assert_eq!(starts(&house, &cinema).len(), 48);
    // Nothing but clashes is an answer, too, and is remembered.
    let none = RepeatShow { command: Some("again".parse().unwrap()), ..new };
    assert_eq!(add(&house, &none).unwrap().skipped.len(), 48);
    assert_eq!(add(&house, &none).unwrap().skipped.len(), 48);
}

#[test]
fn a_week_is_copied_by_days_of_the_programme() {
    let house = house();
    let cinema = house.cinema(HALL, |show| show.sales_close_minutes_before = Some(30));
    // 2026-11-23 is a Monday. The night of Sunday still belongs to the week, Monday's before six does not.
    add(&house, &repeat(&cinema, "2026-11-23", "2026-11-23", &["02:00", "10:00"])).unwrap();
    add(&house, &repeat(&cinema, "2026-11-30", "2026-11-30", &["01:30", "12:00"])).unwrap();
    let catalog = house.kitflik.catalog();
    let week = copy(&cinema, "2026-11-23", "2026-12-07");
    let added = block_on(catalog.copy_week(&Actor::System, &week)).unwrap();
    let copied: Vec<String> = added
        .shows
        .iter()
        .map(|id| block_on(catalog.show(*id)).unwrap().starts_at_local.to_string())
        .collect();
    assert_eq!(copied, ["2026-12-07T10:00:00", "2026-12-11T20:00:00", "2026-12-14T01:30:00"]);
    let evening = block_on(catalog.show(added.shows[1])).unwrap();
    assert_eq!(evening.sales_close_at.to_string(), "2026-12-11T18:30:00Z");
    assert_eq!(evening.language.as_deref(), Some("en"));
    // Once more: all of it is there already.
    let refused = Error::from(block_on(catalog.copy_week(&Actor::System, &week)).unwrap_err());
    assert_eq!((refused.code(), refused.fields().len()), (ErrorCode::ShowOverlap, 3));
    let skipping = CopyWeek { skip_clashes: true, ..week.clone() };
    assert_eq!(block_on(catalog.copy_week(&Actor::System, &skipping)).unwrap().skipped.len(), 3);
    let venue = CopyWeek {
        venue_id: Some(cinema.show.venue.id),
        auditorium_id: None,
        ..copy(&cinema, "2026-12-07", "2026-12-14")
    };
    assert_eq!(block_on(catalog.copy_week(&Actor::System, &venue)).unwrap().shows.len(), 3);
    for bad in [
        CopyWeek { venue_id: Some(cinema.show.venue.id), ..week.clone() },
        CopyWeek { auditorium_id: None, ..week.clone() },
        CopyWeek { to: week.from, ..week.clone() },
        copy(&cinema, "2020-01-01", "2020-01-08"),
    ] {
        let refused = block_on(catalog.copy_week(&Actor::System, &bad)).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationFailed, "{bad:?}");
    }
}

#[test]
fn a_copied_night_meets_the_change_of_the_clocks() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    add(&house, &repeat(&cinema, "2027-03-21", "2027-03-21", &["02:30", "20:00"])).unwrap();
    let catalog = house.kitflik.catalog();
    let week = copy(&cinema, "2027-03-15", "2027-03-22");
    let refused = Error::from(block_on(catalog.copy_week(&Actor::System, &week)).unwrap_err());
    assert_eq!(refused.fields()[0].path, "shows[2027-03-28T02:30:00]");
    let added =
        block_on(catalog.copy_week(&Actor::System, &CopyWeek { skip_clashes: true, ..week })).unwrap();
    // 20:00 stays 20:00, an hour earlier by the sun.
    let show = block_on(catalog.show(added.shows[0])).unwrap();
    assert_eq!(show.starts_at.to_string(), "2027-03-28T18:00:00Z");
    assert_eq!(added.skipped[0].reason, SkipReason::Ambiguous);
}

#[test]
fn the_schedule_is_told_by_auditorium_and_day() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let other = house.cinema(HALL, |_| {});
    add(&house, &repeat(&cinema, "2026-11-28", "2026-11-28", &["01:30", "14:00"])).unwrap();
    let catalog = house.kitflik.catalog();
    let query = ScheduleQuery {
        venue_id: Some(cinema.show.venue.id),
        auditorium_id: None,
        from: date("2026-11-27"),
        to: date("2026-11-27"),
    };
    let told = block_on(catalog.schedule(&query)).unwrap();
    assert_eq!(told.auditoriums.len(), 1);
    let [day] = told.auditoriums[0].days.as_slice() else { panic!("{told:?}") };
    let shows: Vec<(String, String)> = day
        .shows
        .iter()
        .map(|show| (show.starts_at_local.to_string(), show.ends_at_local.to_string()))
        .collect();
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    assert_eq!(
        shows,
        [
            pair("2026-11-27T20:00:00", "2026-11-27T22:27:00"),
            pair("2026-11-28T01:30:00", "2026-11-28T03:57:00"),
        ]
    );
    assert_eq!(day.shows[0].revision, block_on(catalog.show(cinema.show.id)).unwrap().revision);
    let all = ScheduleQuery { venue_id: None, to: date("2026-11-28"), ..query.clone() };
    let told = block_on(catalog.schedule(&all)).unwrap();
    assert_eq!(told.auditoriums.iter().map(|hall| hall.days.len()).collect::<Vec<_>>(), [2, 1]);
    let hall = ScheduleQuery { auditorium_id: Some(other.auditorium.id), ..all.clone() };
    let told = block_on(catalog.schedule(&hall)).unwrap();
    assert_eq!(told.auditoriums[0].days[0].shows[0].id, other.show.id);
    let long = ScheduleQuery { to: date("2027-01-28"), ..all };
    assert_eq!(block_on(catalog.schedule(&long)).unwrap_err().code(), ErrorCode::ValidationFailed);
}

#[test]
fn of_two_managers_at_once_one_is_refused() {
    let house = house_on(Arc::new(Slow(MemoryStorage::new())));
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let first = repeat(&cinema, "2026-12-01", "2026-12-05", &["20:00"]);
    let second = repeat(&cinema, "2026-12-05", "2026-12-09", &["18:00"]);
    let one = catalog.add_shows(&Actor::System, &first);
    let other = catalog.add_shows(&Actor::System, &second);
    let (one, other) = block_on(futures_util::future::join(one, other));
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert_eq!(refused.code(), ErrorCode::ShowOverlap);
    assert_eq!(starts(&house, &cinema).len(), 6);
}
