//! The catalogue: what is shown where, when and for how much.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use common::{HALL, house, price};
use kitflik_core::{
    Actor, CatalogError, Currency, ErrorCode, Imported, MovieQuery, NewMovie, NewPriceCard, NewShow,
    NewVenue, PageRequest, ShowStatus,
};
use pollster::block_on;

fn movie(title: &str) -> NewMovie {
    NewMovie { title: title.to_owned(), ..NewMovie::default() }
}

fn show_at(cinema: &common::Cinema, local: &str) -> NewShow {
    NewShow {
        duration_minutes: Some(120),
        ..NewShow::new(cinema.movie.id, cinema.auditorium.id, cinema.card.id, local.parse().unwrap())
    }
}

#[test]
fn shows_never_overlap_in_an_auditorium() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let add =
        |local: &str| block_on(house.kitflik.catalog().add_show(&Actor::System, &show_at(&cinema, local)));
    // The first show takes 20:00 to 22:27.
    for clash in ["2026-11-27T18:01", "2026-11-27T20:00", "2026-11-27T22:26"] {
        match add(clash).unwrap_err() {
            CatalogError::ShowOverlap(there) => {
                assert_eq!(there.show_id, cinema.show.id, "{clash}");
                let taken = "\"Alien\", from 2026-11-27T20:00:00 to 2026-11-27T22:27:00";
                assert!(CatalogError::ShowOverlap(there).to_string().contains(taken));
            }
            other => panic!("{clash}: {other}"),
        }
    }
    add("2026-11-27T18:00").unwrap();
    add("2026-11-27T22:27").unwrap();
    let page = block_on(house.kitflik.catalog().shows_of(cinema.movie.id, &PageRequest::default())).unwrap();
    let starts: Vec<String> = page.items.iter().map(|show| show.starts_at_local.to_string()).collect();
    assert_eq!(starts, ["2026-11-27T18:00:00", "2026-11-27T20:00:00", "2026-11-27T22:27:00"]);
    assert_eq!(page.items[0].status, ShowStatus::OnSale);
}

#[test]
fn starts_that_the_clocks_skip_or_repeat_are_refused_with_the_readings() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let add =
        |local: &str| block_on(house.kitflik.catalog().add_show(&Actor::System, &show_at(&cinema, local)));
    let gap = add("2027-03-28T02:30").unwrap_err();
    assert_eq!(gap.code(), ErrorCode::ValidationFailed);
    assert!(
        gap.to_string().contains("2027-03-28T01:30:00+01:00, or the later, 2027-03-28T03:30:00+02:00"),
        "{gap}"
    );
    assert!(add("2026-10-25T02:30").unwrap_err().to_string().contains("happens twice"));
}

#[test]
fn titles_are_found_by_the_beginnings_of_their_words() {
    let house = house();
    let titles = ["Alien", "Aliens", "Alien Resurrection", "The Thing", "My Stepmother is an Alien"];
    let movies: Vec<NewMovie> = titles.iter().map(|title| movie(title)).collect();
    block_on(house.kitflik.catalog().import_movies(&Actor::System, &movies)).unwrap();
    let find = |q: &str, cursor: Option<String>| {
        let page = PageRequest { cursor, limit: Some(2) };
        let query = MovieQuery { q: Some(q.to_owned()), page, ..MovieQuery::default() };
        block_on(house.kitflik.catalog().movies(&query)).unwrap()
    };
    let names = |page: &kitflik_core::MovieResults| -> Vec<String> {
        page.items.iter().map(|movie| movie.title.clone()).collect()
    };
    let first = find("alien", None);
    assert_eq!(names(&first), ["Alien", "Alien Resurrection"]);
    let second = find("alien", first.next_cursor);
    assert_eq!(names(&second), ["Aliens", "My Stepmother is an Alien"]);
    assert_eq!(second.next_cursor, None);
    assert_eq!(names(&find("res ali", None)), ["Alien Resurrection"]);
    assert!(find("predator", None).items.is_empty());
}

#[test]
fn a_second_import_changes_nothing() {
    let house = house();
    let mut movies: Vec<NewMovie> = (0..250).map(|number| movie(&format!("Movie {number}"))).collect();
    let import =
        |movies: &[NewMovie]| block_on(house.kitflik.catalog().import_movies(&Actor::System, movies));
    assert!(import(&movies).unwrap().iter().all(|outcome| *outcome == Imported::Added));
    assert!(import(&movies).unwrap().iter().all(|outcome| *outcome == Imported::Unchanged));
    movies[7].runtime_minutes = Some(90);
    let changed: Vec<usize> = (0..250)
        .zip(import(&movies).unwrap())
        .filter(|(_, o)| *o != Imported::Unchanged)
        .map(|(n, _)| n)
        .collect();
    assert_eq!(changed, [7]);
    movies[200].title = String::new();
    let refused = import(&movies).unwrap_err();
    assert!(matches!(refused, CatalogError::Invalid(invalid) if invalid.errors[0].path == "[200].title"));
}

#[test]
fn a_price_card_must_price_every_category_of_the_hall() {
    let house = house();
    let cinema = house.cinema("category v VIP\nA: ####_vvvv\n", |_| {});
    let card = NewPriceCard {
        command: None,
        name: "Half".to_owned(),
        currency: Currency::EUR,
        prices: vec![price("VIP", "adult", 1000)],
        booking_fee_minor: 0,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let card = block_on(house.kitflik.catalog().add_price_card(&Actor::System, &card)).unwrap();
    let show = NewShow { price_card_id: card.id, ..show_at(&cinema, "2026-11-28T20:00") };
    let refused = block_on(house.kitflik.catalog().add_show(&Actor::System, &show)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    assert!(refused.to_string().contains("no price for category"), "{refused}");
}

#[test]
fn a_command_adds_once() {
    let house = house();
    let new = NewMovie { command: Some("add-1".parse().unwrap()), ..movie("Alien") };
    let add = || block_on(house.kitflik.catalog().add_movie(&Actor::System, &new)).unwrap();
    assert_eq!(add(), add());
    let all = block_on(house.kitflik.catalog().movies(&MovieQuery::default())).unwrap();
    assert_eq!(all.items.len(), 1);
}

#[test]
fn an_import_of_long_texts_is_cut_where_a_batch_is_full() {
    let house = house();
    let long = |number: usize| NewMovie {
        synopsis: Some("映".repeat(600)),
        director: Some("画".repeat(100)),
        distributor: Some("社".repeat(100)),
        ..movie(&format!("Movie {number}"))
    };
    let movies: Vec<NewMovie> = (0..120).map(long).collect();
    let import = || block_on(house.kitflik.catalog().import_movies(&Actor::System, &movies)).unwrap();
    assert_eq!(import(), vec![Imported::Added; 120]);
    assert_eq!(import(), vec![Imported::Unchanged; 120]);
}

#[test]
fn a_list_goes_on_where_the_last_one_that_it_told_is_gone() {
    let house = house();
    let catalog = house.kitflik.catalog();
    let names = ["Apollo", "Babylon", "Capitol", "Delphi", "Eden"];
    let venues = names.map(|name| {
        let (name, city) = (name.to_owned(), "Berlin".to_owned());
        let venue = NewVenue { command: None, name, city, address: None, zone: kitflik_core::Zone::UTC };
        block_on(catalog.add_venue(&Actor::System, &venue)).unwrap()
    });
    let page =
        |cursor: Option<String>| block_on(catalog.venues(&PageRequest { cursor, limit: Some(2) })).unwrap();
    let names = |page: &kitflik_core::Page<kitflik_core::VenueView>| -> Vec<String> {
        page.items.iter().map(|venue| venue.name.clone()).collect()
    };
    let first = page(None);
    assert_eq!(names(&first), ["Apollo", "Babylon"]);
    block_on(catalog.archive(&Actor::System, venues[1].id.into(), None, None)).unwrap();
    let second = page(first.next_cursor);
    assert_eq!(names(&second), ["Capitol", "Delphi"]);
    let third = page(second.next_cursor);
    assert_eq!((names(&third), third.next_cursor), (vec!["Eden".to_owned()], None));
    let bad = PageRequest { cursor: Some("2~x".to_owned()), limit: None };
    assert!(block_on(catalog.venues(&bad)).is_err());
}
