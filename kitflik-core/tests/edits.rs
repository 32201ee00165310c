//! Editing, archiving and deleting what the catalogue has.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{Cinema, HALL, House, house, house_on, price, seats};
use kitflik_core::{
    Actor, Batch, CatalogError, CatalogItem, Commit, ConfirmBooking, Currency, EditAuditorium, ErrorCode,
    HoldSeats, Imported, MemoryStorage, MovieQuery, NewMovie, NewPriceCard, NewShow, NewVenue, PageRequest,
    Read, Row, Storage, StorageError,
};
use parking_lot::Mutex;
use pollster::block_on;

const SYSTEM: Actor = Actor::System;

fn movie(title: &str) -> NewMovie {
    NewMovie { title: title.to_owned(), ..NewMovie::default() }
}

fn another_show(cinema: &Cinema) -> NewShow {
    let local = "2026-11-28T20:00".parse().unwrap();
    NewShow::new(cinema.movie.id, cinema.auditorium.id, cinema.card.id, local)
}

fn card(currency: Currency, categories: &[&str]) -> NewPriceCard {
    NewPriceCard {
        command: None,
        name: "Late".to_owned(),
        currency,
        prices: categories.iter().map(|category| price(category, "adult", 900)).collect(),
        booking_fee_minor: 0,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    }
}

/// Lets something happen before the next commit.
#[derive(Default)]
struct Between {
    storage: MemoryStorage,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[async_trait]
impl Storage for Between {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let then = self.then.lock().take();
        if let Some(then) = then {
            then();
        }
        self.storage.commit(batch).await
    }
}

/// Two houses over one store: the first one's next commit comes after what `then` has the second one do.
fn two() -> (Arc<Between>, House, Arc<House>) {
    let storage = Arc::new(Between::default());
    let (first, second) = (house_on(storage.clone()), house_on(storage.clone()));
    // Both draw the same random numbers: their ids differ by the time.
    second.clock.advance(Duration::from_secs(1));
    (storage, first, Arc::new(second))
}

#[test]
fn an_edit_replaces_what_its_editor_has_seen_and_nothing_newer() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let seen = block_on(catalog.movie(cinema.movie.id)).unwrap();
    let edit =
        |revision, title: &str| block_on(catalog.edit_movie(&SYSTEM, seen.id, revision, &movie(title)));
    let edited = edit(Some(seen.revision), "Aliens").unwrap();
    assert_eq!((edited.title.as_str(), edited.runtime_minutes), ("Aliens", None));
    assert_ne!(edited.revision, seen.revision);
    // Its shows have the new title.
    assert_eq!(block_on(catalog.show(cinema.show.id)).unwrap().movie.title, "Aliens");
    let stale = edit(Some(seen.revision), "Alien 3").unwrap_err();
    assert_eq!(stale.code(), ErrorCode::StaleRevision);
    assert_eq!(stale.revision(), Some(edited.revision));
    assert!(stale.to_string().contains(&edited.revision.to_string()), "{stale}");
    // Whoever names no revision means whatever there is.
    assert_eq!(edit(None, "Alien 3").unwrap().title, "Alien 3");
    let nobody =
        block_on(catalog.edit_movie(&SYSTEM, kitflik_core::MovieId::from_bytes([1; 16]), None, &movie("x")));
    assert_eq!(nobody.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(edit(None, " ").unwrap_err().code(), ErrorCode::ValidationFailed);
}

#[test]
fn every_noun_is_edited_under_its_revision() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let venue = block_on(catalog.venue(cinema.show.venue.id)).unwrap();
    let new = NewVenue {
        command: None,
        name: "Zoo Palast".to_owned(),
        city: "Berlin".to_owned(),
        address: Some("Hardenbergstr. 29a".to_owned()),
        zone: venue.zone,
    };
    let edited = block_on(catalog.edit_venue(&SYSTEM, venue.id, Some(venue.revision), &new)).unwrap();
    assert_eq!((edited.name.as_str(), edited.auditoriums.len()), ("Zoo Palast", 1));
    let again = block_on(catalog.edit_venue(&SYSTEM, venue.id, Some(venue.revision), &new));
    assert_eq!(again.unwrap_err().code(), ErrorCode::StaleRevision);

    let (id, revision) = (cinema.auditorium.id, Some(cinema.auditorium.revision));
    let edit = EditAuditorium { command: None, name: "Saal A".to_owned() };
    let edited = block_on(catalog.edit_auditorium(&SYSTEM, id, revision, &edit)).unwrap();
    assert_eq!((edited.name.as_str(), edited.layout_id), ("Saal A", cinema.auditorium.layout_id));
    let again = block_on(catalog.edit_auditorium(&SYSTEM, id, revision, &edit));
    assert_eq!(again.unwrap_err().code(), ErrorCode::StaleRevision);

    let (id, revision) = (cinema.card.id, Some(cinema.card.revision));
    let new = card(Currency::EUR, &["standard"]);
    let edited = block_on(catalog.edit_price_card(&SYSTEM, id, revision, &new)).unwrap();
    assert_eq!((edited.name.as_str(), edited.prices.len()), ("Late", 1));
    let again = block_on(catalog.edit_price_card(&SYSTEM, id, revision, &new));
    assert_eq!(again.unwrap_err().code(), ErrorCode::StaleRevision);
}

#[test]
fn of_two_editors_at_once_one_is_told() {
    let (storage, first, second) = two();
    let cinema = first.cinema(HALL, |_| {});
    let (id, revision) = (cinema.movie.id, Some(cinema.movie.revision));
    *storage.then.lock() = Some(Box::new(move || {
        block_on(second.kitflik.catalog().edit_movie(&SYSTEM, id, revision, &movie("Second"))).unwrap();
    }));
    let lost = block_on(first.kitflik.catalog().edit_movie(&SYSTEM, id, revision, &movie("First")));
    assert_eq!(lost.unwrap_err().code(), ErrorCode::StaleRevision);
}

#[test]
fn a_repeated_edit_gets_its_answer_and_has_no_second_effect() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let edit = NewMovie { command: Some("edit-1".parse().unwrap()), ..movie("Aliens") };
    let (id, revision) = (cinema.movie.id, Some(cinema.movie.revision));
    let first = block_on(catalog.edit_movie(&SYSTEM, id, revision, &edit)).unwrap();
    assert_eq!(block_on(catalog.edit_movie(&SYSTEM, id, revision, &edit)).unwrap(), first);
    let command = "delete-1".parse().unwrap();
    let other = block_on(catalog.add_movie(&SYSTEM, &movie("Brazil"))).unwrap();
    for _ in 0..2 {
        block_on(catalog.delete(&SYSTEM, other.id.into(), Some(other.revision), Some(&command))).unwrap();
    }
    let gone = block_on(catalog.delete(&SYSTEM, other.id.into(), Some(other.revision), None));
    assert_eq!(gone.unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn what_is_in_use_is_not_deleted_and_the_refusal_says_by_what() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let delete = |item: CatalogItem| block_on(catalog.delete(&SYSTEM, item, None, None));
    let (show, hall) = (cinema.show.id.to_string(), cinema.auditorium.id.to_string());
    let venue = cinema.show.venue.id;
    for (item, user) in [
        (CatalogItem::from(cinema.movie.id), &show),
        (cinema.auditorium.id.into(), &show),
        (cinema.card.id.into(), &show),
        (venue.into(), &hall),
    ] {
        let refused = delete(item).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InUse, "{item:?}");
        assert!(refused.to_string().contains(user.as_str()), "{refused}");
        assert!(refused.to_string().contains("archive it instead"), "{refused}");
    }
    // Past shows count: what was sold for them is to be read for ever.
    house.clock.advance(Duration::from_secs(10 * 24 * 60 * 60));
    assert_eq!(delete(cinema.movie.id.into()).unwrap_err().code(), ErrorCode::InUse);

    let other = block_on(catalog.add_movie(&SYSTEM, &movie("Brazil"))).unwrap();
    let stale = block_on(catalog.delete(&SYSTEM, other.id.into(), Some(other.revision + 1), None));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
    block_on(catalog.delete(&SYSTEM, other.id.into(), Some(other.revision), None)).unwrap();
    assert_eq!(block_on(catalog.movie(other.id)).unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(delete(other.id.into()).unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn a_refusal_names_a_few_of_many_users() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    for day in 10..25 {
        let local = format!("2026-12-{day}T20:00").parse().unwrap();
        let show = NewShow::new(cinema.movie.id, cinema.auditorium.id, cinema.card.id, local);
        block_on(house.kitflik.catalog().add_show(&SYSTEM, &show)).unwrap();
    }
    match block_on(house.kitflik.catalog().delete(&SYSTEM, cinema.movie.id.into(), None, None)) {
        Err(CatalogError::InUse { count, ids, users, .. }) => {
            assert_eq!((count, ids.len(), users), (16, 10, "shows"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_show_that_is_added_meanwhile_keeps_its_movie() {
    let (storage, first, second) = two();
    let cinema = first.cinema(HALL, |_| {});
    let brazil = block_on(first.kitflik.catalog().add_movie(&SYSTEM, &movie("Brazil"))).unwrap();
    let show = NewShow { movie_id: brazil.id, ..another_show(&cinema) };
    *storage.then.lock() = Some(Box::new(move || {
        block_on(second.kitflik.catalog().add_show(&SYSTEM, &show)).unwrap();
    }));
    let refused = block_on(first.kitflik.catalog().delete(&SYSTEM, brazil.id.into(), None, None));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::InUse);
}

#[test]
fn no_show_is_added_of_what_goes_meanwhile() {
    let whats: [fn(&Cinema) -> CatalogItem; 3] = [
        |cinema| cinema.movie.id.into(),
        |cinema| cinema.auditorium.id.into(),
        |cinema| cinema.card.id.into(),
    ];
    for (at, what) in whats.into_iter().enumerate() {
        for delete in [true, false] {
            let (storage, first, second) = two();
            // A second cinema, of which there is no show.
            let cinema = first.cinema(HALL, |_| {});
            let catalog = first.kitflik.catalog();
            let movie = block_on(catalog.add_movie(&SYSTEM, &movie("Brazil"))).unwrap();
            let layout = kitflik_core::Layout::from_text("Hall 2", HALL).unwrap();
            let (venue_id, name) = (cinema.show.venue.id, "Hall 2".to_owned());
            let hall = kitflik_core::NewAuditorium { command: None, venue_id, name, layout };
            let auditorium = block_on(catalog.add_auditorium(&SYSTEM, &hall)).unwrap();
            let card =
                block_on(catalog.add_price_card(&SYSTEM, &card(Currency::EUR, &["standard"]))).unwrap();
            let cinema = Cinema { movie, auditorium, card, show: cinema.show };
            let (item, show) = (what(&cinema), another_show(&cinema));
            *storage.then.lock() = Some(Box::new(move || {
                let catalog = second.kitflik.catalog();
                block_on(async {
                    if delete {
                        catalog.delete(&SYSTEM, item, None, None).await
                    } else {
                        catalog.archive(&SYSTEM, item, None, None).await
                    }
                })
                .unwrap();
            }));
            let refused = block_on(catalog.add_show(&SYSTEM, &show)).unwrap_err();
            let expected = if delete { ErrorCode::NotFound } else { ErrorCode::ValidationFailed };
            assert_eq!(refused.code(), expected, "{at} {delete}: {refused}");
        }
    }
}

#[test]
fn what_is_archived_is_hidden_and_kept() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let page = PageRequest::default();
    let venue = cinema.show.venue.id;
    let items: [CatalogItem; 4] =
        [cinema.movie.id.into(), cinema.auditorium.id.into(), cinema.card.id.into(), venue.into()];
    let listed = || {
        block_on(async {
            let movies = catalog.movies(&MovieQuery::default()).await.unwrap().items.len();
            let halls = catalog.auditoriums(&page).await.unwrap().items.len();
            let cards = catalog.price_cards(&page).await.unwrap().items.len();
            (movies, halls, cards, catalog.venues(&page).await.unwrap().items.len())
        })
    };
    let archived = || {
        block_on(async {
            let movies = catalog.archived_movies(&SYSTEM, &page).await.unwrap().items.len();
            let halls = catalog.archived_auditoriums(&SYSTEM, &page).await.unwrap().items.len();
            let cards = catalog.archived_price_cards(&SYSTEM, &page).await.unwrap().items.len();
            (movies, halls, cards, catalog.archived_venues(&SYSTEM, &page).await.unwrap().items.len())
        })
    };
    assert_eq!((listed(), archived()), ((1, 1, 1, 1), (0, 0, 0, 0)));
    block_on(catalog.archive(&SYSTEM, cinema.auditorium.id.into(), None, None)).unwrap();
    assert!(block_on(catalog.venue(venue)).unwrap().auditoriums.is_empty());
    for item in items {
        block_on(catalog.archive(&SYSTEM, item, None, None)).unwrap();
        let refused = block_on(catalog.add_show(&SYSTEM, &another_show(&cinema))).unwrap_err();
        assert!(refused.to_string().contains("restore it first"), "{item:?}: {refused}");
    }
    assert_eq!((listed(), archived()), ((0, 0, 0, 0), (1, 1, 1, 1)));
    // The show that there is goes on, with all that it has.
    let show = block_on(catalog.show(cinema.show.id)).unwrap();
    assert_eq!((&show.movie, &show.venue), (&cinema.show.movie, &cinema.show.venue));
    let hold = HoldSeats::seats(cinema.show.id, seats(&["A1", "A2"]));
    let held = block_on(house.kitflik.bookings().hold(&SYSTEM, &hold)).unwrap();
    block_on(house.kitflik.bookings().confirm(&SYSTEM, held.id, &ConfirmBooking::counter())).unwrap();
    // An import of the same movie does not bring it back.
    let imported = movie("Brazil");
    block_on(catalog.import_movies(&SYSTEM, std::slice::from_ref(&imported))).unwrap();
    let brazil = block_on(catalog.movies(&MovieQuery::default())).unwrap().items.remove(0);
    block_on(catalog.archive(&SYSTEM, brazil.id.into(), Some(brazil.revision), None)).unwrap();
    let again = block_on(catalog.import_movies(&SYSTEM, &[imported])).unwrap();
    assert_eq!(again, [Imported::Unchanged]);
    // An edit does not bring it back either.
    let edited = block_on(catalog.edit_movie(&SYSTEM, brazil.id, None, &movie("Brazil!"))).unwrap();
    assert!(edited.archived);
    let stale = block_on(catalog.restore(&SYSTEM, brazil.id.into(), Some(brazil.revision), None));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
    for item in items {
        block_on(catalog.restore(&SYSTEM, item, None, None)).unwrap();
    }
    assert_eq!((listed(), archived()), ((1, 1, 1, 1), (1, 0, 0, 0)));
    block_on(catalog.add_show(&SYSTEM, &another_show(&cinema))).unwrap();
}

#[test]
fn a_venue_keeps_its_zone_while_shows_are_coming() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let new = NewVenue {
        command: None,
        name: "Odeon".to_owned(),
        city: "London".to_owned(),
        address: None,
        zone: "Europe/London".parse().unwrap(),
    };
    let edit = || block_on(house.kitflik.catalog().edit_venue(&SYSTEM, cinema.show.venue.id, None, &new));
    let refused = edit().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InUse);
    assert!(refused.to_string().contains(&cinema.show.id.to_string()), "{refused}");
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(edit().unwrap().zone, new.zone);
}

#[test]
fn a_price_card_goes_on_pricing_the_shows_that_have_it() {
    let house = house();
    let cinema = house.cinema("category v VIP\nA: ####_vvvv\n", |_| {});
    let edit = |new: &NewPriceCard| {
        block_on(house.kitflik.catalog().edit_price_card(&SYSTEM, cinema.card.id, None, new))
    };
    let hold = HoldSeats::seats(cinema.show.id, seats(&["A1", "A2"]));
    let held = block_on(house.kitflik.bookings().hold(&SYSTEM, &hold)).unwrap();
    assert_eq!(
        edit(&card("USD".parse().unwrap(), &["standard", "vip"])).unwrap_err().code(),
        ErrorCode::InUse
    );
    let refused = edit(&card(Currency::EUR, &["standard"])).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    assert!(refused.to_string().contains("vip"), "{refused}");
    edit(&card(Currency::EUR, &["standard", "vip"])).unwrap();
    // The hold costs what it cost.
    let sold =
        block_on(house.kitflik.bookings().confirm(&SYSTEM, held.id, &ConfirmBooking::counter())).unwrap();
    assert_eq!(sold.quote, held.quote);
    let hold = HoldSeats::seats(cinema.show.id, seats(&["A3", "A4"]));
    let later = block_on(house.kitflik.bookings().hold(&SYSTEM, &hold)).unwrap();
    assert_eq!(later.quote.total.amount_minor, 1800);
    // Nobody needs it any more.
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    edit(&card("USD".parse().unwrap(), &["standard"])).unwrap();
}
