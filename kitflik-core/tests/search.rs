//! Looking for movies: filters, counts, order and pages.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use common::{Cinema, HALL, House, house, price, seats};
use kitflik_core::{
    Actor, CatalogError, CatalogItem, ConfirmBooking, Date, HoldSeats, MovieId, MovieQuery, MovieResults,
    MovieSort, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, PageRequest, ShowFormat,
};
use pollster::block_on;

/// Two venues, four movies on the programme, and one that is not.
struct Town {
    house: House,
    berlin: Cinema,
    odeon: kitflik_core::VenueId,
    savoy: kitflik_core::VenueId,
    small: kitflik_core::AuditoriumId,
}

fn movie(title: &str, genre: &str, rating: &str, released: &str) -> NewMovie {
    NewMovie {
        title: title.to_owned(),
        genres: vec![genre.to_owned()],
        rating: Some(rating.to_owned()),
        release_date: Some(released.parse().unwrap()),
        runtime_minutes: Some(100),
        ..NewMovie::default()
    }
}

fn town() -> Town {
    let house = house();
    // Alien, today at 20:00, in English, 2D, for 12.00 or 8.00 euros.
    let berlin = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let system = Actor::System;
    let venue = NewVenue {
        command: None,
        name: "Savoy".to_owned(),
        city: "Köln".to_owned(),
        address: None,
        zone: "Europe/Berlin".parse().unwrap(),
    };
    let savoy = block_on(catalog.add_venue(&system, &venue)).unwrap().id;
    let layout = kitflik_core::Layout::from_text("Small", "A: ##").unwrap();
    let hall = NewAuditorium { command: None, venue_id: savoy, name: "Small".to_owned(), layout };
    let small = block_on(catalog.add_auditorium(&system, &hall)).unwrap().id;
    let add = |new: &NewMovie| block_on(catalog.add_movie(&system, new)).unwrap().id;
    let plays = |movie: MovieId, hall, local: &str, language: &str, format: ShowFormat| {
        let start = local.parse().unwrap();
        let mut new = NewShow::new(movie, hall, berlin.card.id, start);
        (new.language, new.format) = (Some(language.to_owned()), format);
        block_on(catalog.add_show(&system, &new)).unwrap()
    };
    let heat = add(&movie("Heat", "Crime", "R", "1995-12-15"));
    let up = add(&movie("Up", "Animation", "PG", "2009-05-29"));
    let heist = add(&movie("The Heist", "crime", "PG-13", "2001-01-01"));
    add(&movie("Ikiru", "Drama", "PG", "1952-10-09"));
    let hall = berlin.auditorium.id;
    plays(heat, hall, "2026-11-28T23:00", "en", ShowFormat::Imax);
    plays(heat, small, "2026-11-29T01:30", "de", ShowFormat::TwoD);
    plays(up, small, "2026-11-28T15:00", "de", ShowFormat::ThreeD);
    plays(heist, small, "2026-11-30T18:00", "fr", ShowFormat::TwoD);
    let odeon = berlin.auditorium.venue_id;
    Town { house, berlin, odeon, savoy, small }
}

impl Town {
    fn find(&self, edit: impl FnOnce(&mut MovieQuery)) -> Result<MovieResults, CatalogError> {
        let mut query = MovieQuery { sort: Some(MovieSort::Title), ..MovieQuery::default() };
        edit(&mut query);
        block_on(self.house.kitflik.catalog().movies(&query))
    }

    fn titles(&self, edit: impl FnOnce(&mut MovieQuery)) -> Vec<String> {
        titles(&self.find(edit).unwrap())
    }
}

fn titles(results: &MovieResults) -> Vec<String> {
    results.items.iter().map(|movie| movie.title.clone()).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn movies_are_filtered_by_themselves() {
    let town = town();
    assert_eq!(town.titles(|_| {}), ["Alien", "Heat", "Ikiru", "The Heist", "Up"]);
    assert_eq!(town.titles(|query| query.genre = some("CRIME")), ["Heat", "The Heist"]);
    assert_eq!(town.titles(|query| query.rating = some("pg")), ["Ikiru", "Up"]);
    assert_eq!(
        town.titles(|query| (query.genre, query.rating) = (some("crime"), some("pg-13"))),
        ["The Heist"]
    );
    assert!(town.titles(|query| query.genre = some("crim")).is_empty());
}

#[test]
fn movies_are_filtered_by_their_shows() {
    let town = town();
    assert_eq!(town.titles(|query| query.language = some("DE")), ["Heat", "Up"]);
    assert_eq!(town.titles(|query| query.format = Some(ShowFormat::Imax)), ["Heat"]);
    assert_eq!(town.titles(|query| query.city = some("koln")), ["Heat", "The Heist", "Up"]);
    assert_eq!(town.titles(|query| query.venue = Some(town.odeon)), ["Alien", "Heat"]);
    assert_eq!(town.titles(|query| query.venue = Some(town.savoy)), ["Heat", "The Heist", "Up"]);
    assert_eq!(town.titles(|query| query.max_price_minor = Some(799)), [""; 0]);
    assert_eq!(town.titles(|query| query.max_price_minor = Some(800)).len(), 4);
    // One show has to be all of it.
    let both = |format| town.titles(|query| (query.language, query.format) = (some("de"), Some(format)));
    assert!(both(ShowFormat::Imax).is_empty(), "it is in English there");
    assert_eq!(both(ShowFormat::ThreeD), ["Up"]);
}

#[test]
fn a_day_ends_at_six_in_the_morning() {
    let town = town();
    let on = |from: &str, to: &str| {
        let date = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        town.titles(|query| (query.date_from, query.date_to) = (date(from), date(to)))
    };
    assert_eq!(on("2026-11-27", "2026-11-27"), ["Alien"]);
    assert_eq!(on("2026-11-28", "2026-11-28"), ["Heat", "Up"]);
    assert!(on("2026-11-29", "2026-11-29").is_empty(), "01:30 is the night before");
    assert_eq!(on("2026-11-29", ""), ["The Heist"]);
    assert_eq!(on("", "2026-11-28"), ["Alien", "Heat", "Up"]);
    let at = |from: &str, to: &str| {
        town.titles(|query| (query.time_from, query.time_to) = (from.parse().ok(), to.parse().ok()))
    };
    assert_eq!(at("18:00", "20:00"), ["Alien", "The Heist"]);
    assert_eq!(at("23:30", "02:00"), ["Heat"], "over midnight");
    assert_eq!(at("15:00", "15:00"), ["Up"]);
    assert_eq!(at("", "15:00"), ["Heat", "Up"]);
}

#[test]
fn seats_left_are_counted() {
    let town = town();
    let left = |least| town.titles(|query| query.min_seats_left = Some(least));
    assert_eq!(left(2), ["Alien", "Heat", "The Heist", "Up"]);
    assert_eq!(left(3), ["Alien", "Heat"]);
    assert_eq!(left(30), ["Alien", "Heat"]);
    assert!(left(31).is_empty());
    let bookings = town.house.kitflik.bookings();
    let request = HoldSeats::seats(town.berlin.show.id, seats(&["A1", "A2"]));
    let held = block_on(bookings.hold(&Actor::guest(), &request)).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    assert_eq!(left(29), ["Heat"]);
    assert_eq!(left(28), ["Alien", "Heat"]);
}

#[test]
fn facets_count_movies_and_their_matching_shows() {
    let town = town();
    let facets = town.find(|query| query.facets = true).unwrap().facets.unwrap();
    let pairs = |counts: &[kitflik_core::FacetCount]| -> Vec<(String, u32)> {
        counts.iter().map(|count| (count.label.clone(), count.count)).collect()
    };
    let expect = |expected: &[(&str, u32)]| -> Vec<(String, u32)> {
        expected.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect()
    };
    assert_eq!(facets.total, 5);
    assert_eq!(pairs(&facets.genre), expect(&[("Crime", 2), ("Animation", 1), ("Drama", 1)]));
    assert_eq!(pairs(&facets.rating), expect(&[("PG", 2), ("PG-13", 1), ("R", 1)]));
    assert_eq!(pairs(&facets.language), expect(&[("de", 2), ("en", 2), ("fr", 1)]));
    assert_eq!(pairs(&facets.format), expect(&[("2D", 3), ("3D", 1), ("IMAX", 1)]));
    assert_eq!(pairs(&facets.city), expect(&[("Köln", 3), ("Berlin", 2)]));
    assert_eq!(pairs(&facets.venue), expect(&[("Savoy", 3), ("Odeon", 2)]));
    assert_eq!(facets.venue[0].value, town.savoy.to_string());
    // Each count is what asking for it finds.
    let asked = town.find(|query| (query.facets, query.city) = (true, some("Köln"))).unwrap();
    let facets = asked.facets.unwrap();
    assert_eq!((facets.total, asked.items.len()), (3, 3));
    assert_eq!(pairs(&facets.language), expect(&[("de", 2), ("fr", 1)]), "Heat is in English elsewhere");
    let one = town.find(|query| (query.facets, query.page.limit) = (true, Some(1))).unwrap();
    assert_eq!(one.facets.unwrap().total, 5, "of all pages");
    assert_eq!(town.find(|_| {}).unwrap().facets, None);
}

#[test]
fn there_are_four_orders() {
    let town = town();
    let sorted = |sort| town.titles(|query| query.sort = sort);
    assert_eq!(sorted(Some(MovieSort::Title)), ["Alien", "Heat", "Ikiru", "The Heist", "Up"]);
    assert_eq!(sorted(Some(MovieSort::ReleaseDate)), ["Up", "The Heist", "Heat", "Ikiru", "Alien"]);
    assert_eq!(sorted(Some(MovieSort::NextShow)), ["Alien", "Up", "Heat", "The Heist", "Ikiru"]);
    assert_eq!(sorted(None), ["Alien", "Heat", "The Heist", "Up", "Ikiru"], "what is not shown comes last");
    let in_german =
        |query: &mut MovieQuery| (query.sort, query.language) = (Some(MovieSort::NextShow), some("de"));
    assert_eq!(town.titles(in_german), ["Up", "Heat"], "by the show that matches");
    let words = |query: &mut MovieQuery| (query.sort, query.q) = (None, some("hea"));
    assert_eq!(town.titles(words), ["Heat"]);
}

#[test]
fn bad_questions_say_what_is_wrong() {
    let town = town();
    let refused = |edit: &dyn Fn(&mut MovieQuery)| match town.find(edit).unwrap_err() {
        CatalogError::Invalid(invalid) => (invalid.errors[0].path.clone(), invalid.errors[0].detail.clone()),
        other => panic!("{other}"),
    };
    let field = |edit: &dyn Fn(&mut MovieQuery)| refused(edit).0;
    assert_eq!(field(&|query| query.q = Some("x".repeat(201))), "q");
    assert_eq!(field(&|query| query.city = Some("x".repeat(201))), "city");
    assert_eq!(field(&|query| query.language = Some("x".repeat(33))), "language");
    assert_eq!(field(&|query| query.max_price_minor = Some(-1)), "max_price_minor");
    let dates = |query: &mut MovieQuery| {
        (query.date_from, query.date_to) =
            (Some("2026-11-28".parse().unwrap()), Some("2026-11-27".parse().unwrap()));
    };
    assert_eq!(refused(&dates).1, "date_to is 2026-11-27, which is before date_from, 2026-11-28");
    for cursor in ["", "x", "W10", "bnVsbA", "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77"] {
        assert_eq!(field(&|query| query.page.cursor = some(cursor)), "cursor", "{cursor}");
    }
    let cursor = town.find(|query| query.page.limit = Some(1)).unwrap().next_cursor;
    let other = |query: &mut MovieQuery| (query.page.cursor, query.sort) = (cursor.clone(), None);
    assert!(refused(&other).1.contains("another q or sort"));
    let other = |query: &mut MovieQuery| (query.page.cursor, query.q) = (cursor.clone(), some("alien"));
    assert!(refused(&other).1.contains("another q or sort"));
}

#[test]
fn a_question_about_seats_in_too_many_shows_is_refused() {
    let town = town();
    let catalog = town.house.kitflik.catalog();
    let (hall, card) = (town.berlin.auditorium.id, town.berlin.card.id);
    let first: Date = "2027-01-01".parse().unwrap();
    for date in first.calendar().iter_days().take(197) {
        let new = NewShow::new(town.berlin.movie.id, hall, card, format!("{date}T20:00").parse().unwrap());
        block_on(catalog.add_show(&Actor::System, &new)).unwrap();
    }
    let refused = town.find(|query| query.min_seats_left = Some(1)).unwrap_err().to_string();
    assert!(refused.contains("202 shows match the rest of the query, allowed are 200"), "{refused}");
    let date = "2026-12-31".parse().ok();
    assert_eq!(town.titles(|query| (query.min_seats_left, query.date_to) = (Some(1), date)).len(), 4);
}

#[test]
fn pages_go_on_whatever_comes_and_goes_in_between() {
    let house = house();
    let catalog = house.kitflik.catalog();
    let named = |title: &str| movie(title, "Drama", "R", "2000-01-01");
    let title = |number: u32| format!("Star {number:03}");
    let first: Vec<NewMovie> = (0..40).map(|number| named(&title(number * 10))).collect();
    block_on(catalog.import_movies(&Actor::System, &first)).unwrap();
    for (q, sort) in [
        (None, MovieSort::Relevance),
        (None, MovieSort::Title),
        (None, MovieSort::ReleaseDate),
        (None, MovieSort::NextShow),
        (some("star"), MovieSort::Relevance),
        (some("strar"), MovieSort::Relevance),
    ] {
        let mut found: Vec<String> = Vec::new();
        let mut cursor = None;
        let mut page_number = 0;
        loop {
            let query = MovieQuery {
                q: q.clone(),
                sort: Some(sort),
                page: PageRequest { cursor, limit: Some(7) },
                ..MovieQuery::default()
            };
            let page = block_on(catalog.movies(&query)).unwrap();
            assert!(page.items.len() == 7 || page.next_cursor.is_none());
            let again = block_on(catalog.movies(&query)).unwrap();
            assert_eq!(page, again, "the same page has the same cursor");
            found.extend(titles(&page));
            // Before and behind the place where the next page starts.
            let new: Vec<NewMovie> = [page_number * 70 + 1, page_number * 70 + 75]
                .map(|number| named(&format!("{} {sort:?}{}", title(number), q.is_some())))
                .into();
            block_on(catalog.import_movies(&Actor::System, &new)).unwrap();
            page_number += 1;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let mut old: Vec<&String> = found.iter().filter(|found| found.len() == 8).collect();
        let all: Vec<String> = (0..40).map(|number| title(number * 10)).collect();
        assert_eq!(old, all.iter().collect::<Vec<_>>(), "{q:?} {sort:?}: each once, in order");
        old.dedup();
        assert_eq!(old.len(), 40);
        let mut once = found.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), found.len(), "{q:?} {sort:?}: none twice");
    }
}

#[test]
fn time_that_goes_by_between_two_pages_moves_nobody() {
    let town = town();
    let page = |cursor: Option<String>| {
        let page = PageRequest { cursor, limit: Some(1) };
        let query = MovieQuery { page, ..MovieQuery::default() };
        block_on(town.house.kitflik.catalog().movies(&query)).unwrap()
    };
    let first = page(None);
    assert_eq!(titles(&first), ["Alien"]);
    // Alien's only show is over, so that it now stands at the end.
    town.house.clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let (mut found, mut cursor) = (titles(&first), first.next_cursor);
    while let Some(next) = cursor {
        let next = page(Some(next));
        found.extend(titles(&next));
        cursor = next.next_cursor;
    }
    assert_eq!(found, ["Alien", "Heat", "The Heist", "Up", "Ikiru"]);
    assert_eq!(titles(&page(None)), ["Heat"]);
}

#[test]
fn a_show_that_has_begun_has_no_place_on_any_page() {
    let town = town();
    let catalog = town.house.kitflik.catalog();
    let up = town.find(|query| query.q = some("up")).unwrap().items[0].id;
    let small = town.small;
    for (movie, hall, start) in [
        (up, small, "2026-11-27T22:30"),
        (town.berlin.movie.id, town.berlin.auditorium.id, "2026-11-27T23:00"),
    ] {
        let new = NewShow::new(movie, hall, town.berlin.card.id, start.parse().unwrap());
        block_on(catalog.add_show(&Actor::System, &new)).unwrap();
    }
    // 20:05: Alien began at 20:00, and comes again after Up.
    town.house.clock.advance(std::time::Duration::from_secs((7 * 60 + 5) * 60));
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest { cursor, limit: Some(1) };
        let query = MovieQuery { page, sort: Some(MovieSort::NextShow), ..MovieQuery::default() };
        let page = block_on(catalog.movies(&query)).unwrap();
        found.extend(titles(&page));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ["Up", "Alien", "Heat", "The Heist", "Ikiru"]);
}

#[test]
fn shows_are_found_by_the_prices_that_they_have_now() {
    let town = town();
    let catalog = town.house.kitflik.catalog();
    let up = town.find(|query| query.q = some("up")).unwrap().items[0].id;
    let sold = |start: &str, amount_minor: i64, rule: serde_json::Value| {
        let prices = [price("standard", "adult", amount_minor)];
        let card = serde_json::json!({ "name": "N", "currency": "EUR", "prices": prices, "rules": [rule] });
        let card: NewPriceCard = serde_json::from_value(card).unwrap();
        let card = block_on(catalog.add_price_card(&Actor::System, &card)).unwrap();
        let new = NewShow::new(up, town.small, card.id, start.parse().unwrap());
        block_on(catalog.add_show(&Actor::System, &new)).unwrap()
    };
    let cheaper_than = |most| town.titles(|query| query.max_price_minor = Some(most));
    let more = serde_json::json!({ "name": "Friday", "when": { "weekdays": ["friday"] },
        "change": { "amount_minor": 300 } });
    let show = sold("2026-11-27T19:00", 500, more);
    assert_eq!(show.prices[0].amount_minor, 800);
    assert_eq!(cheaper_than(799), [""; 0], "not by the card's price");
    let late = serde_json::json!({ "name": "Late", "when": { "minutes_before_start_at_most": 60 },
        "change": { "set_minor": 600 } });
    sold("2026-11-27T23:00", 1000, late);
    assert_eq!(cheaper_than(799), [""; 0], "not yet");
    town.house.clock.advance(std::time::Duration::from_secs(9 * 60 * 60));
    assert_eq!(cheaper_than(799), ["Up"]);
    assert_eq!(cheaper_than(599), [""; 0]);
}

#[test]
fn edits_are_found_at_once_and_what_is_archived_is_not() {
    let town = town();
    let catalog = town.house.kitflik.catalog();
    let find = |q: &str| town.titles(|query| query.q = some(q));
    let heat = town.find(|query| query.q = some("heat")).unwrap().items[0].id;
    let renamed = movie("Thief", "Crime", "R", "1981-03-27");
    block_on(catalog.edit_movie(&Actor::System, heat, None, &renamed)).unwrap();
    assert!(find("heat").is_empty());
    assert_eq!(find("thief"), ["Thief"]);
    block_on(catalog.archive(&Actor::System, CatalogItem::Movie(heat), None, None)).unwrap();
    assert!(find("thief").is_empty());
    assert_eq!(town.titles(|query| query.language = some("de")), ["Up"]);
    block_on(catalog.restore(&Actor::System, CatalogItem::Movie(heat), None, None)).unwrap();
    assert_eq!(find("thief"), ["Thief"]);
}
