use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pollster::block_on;

use super::*;
use crate::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::{
    Actor, Batch, CatalogItem, CategoryPrice, Commit, Currency, Kitflik, Layout, MasterKey, MemoryStorage,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Storage, StorageError,
};

fn epoch(before: Option<CatalogEpoch>, mark: u32, keys: &[&str]) -> CatalogEpoch {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    CatalogEpoch::after(before, Timestamp::from_millis(0), mark, keys)
}

fn since(epoch: &CatalogEpoch, number: u64, mark: u32) -> Option<Vec<&str>> {
    Some(epoch.changed_since(number, mark)?.into_iter().map(String::as_str).collect())
}

#[test]
fn an_epoch_tells_what_changed_since_those_before_it() {
    let first = epoch(None, 7, &["a"]);
    let second = epoch(Some(first), 8, &["b", "c"]);
    let third = epoch(Some(second), 9, &["a"]);
    assert_eq!(since(&third, 1, 7), Some(vec!["a", "b", "c"]));
    assert_eq!(since(&third, 2, 8), Some(vec!["a"]));
    assert_eq!(since(&third, 3, 9), Some(vec![]));
    assert_eq!(since(&third, 0, 0), None, "from before epochs told");
    assert_eq!(since(&third, 2, 9), None, "of another store");
    assert_eq!(since(&third, 4, 1), None);

    let many: Vec<String> = (0..NAMED + 1).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let fourth = epoch(Some(third.clone()), 10, &many);
    assert_eq!(since(&fourth, 3, 9), None, "too many to name");
    assert_eq!(since(&epoch(Some(fourth), 11, &["z"]), 4, 10), Some(vec!["z"]));
    let just = epoch(Some(third), 10, &many[..NAMED]);
    assert_eq!(just.recent.len(), 1);
    assert_eq!(since(&epoch(Some(just), 11, &[]), 4, 10), None, "the room is used up");
}

#[test]
fn the_row_of_the_epoch_stays_small() {
    let key = keys::price_card(crate::ids::PriceCardId::from_bytes([255; 16])).key;
    for keys in [0, 1, 2, 7, NAMED, NAMED + 1] {
        let mut last = None;
        for mark in 0..200 {
            last = Some(CatalogEpoch::after(
                last,
                Timestamp::from_millis(i64::MAX),
                u32::MAX - mark,
                vec![key.clone(); keys],
            ));
        }
        let size = serde_json::to_vec(&last.unwrap()).unwrap().len();
        assert!(size < limits::MAX_VALUE_BYTES, "{keys}: {size}");
    }
}

/// Counts who reads whole ranges.
struct Counting(MemoryStorage, AtomicUsize);

#[async_trait]
impl Storage for Counting {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        let scans = reads.iter().filter(|read| matches!(read, Read::Scan { .. })).count();
        self.1.fetch_add(scans, Ordering::Relaxed);
        self.0.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        self.0.commit(batch).await
    }
}

fn engine(storage: &Arc<Counting>) -> Kitflik {
    let builder = Kitflik::builder(storage.clone(), MasterKey::new([7; 32]));
    let clock = ManualClock::new("2026-11-27T12:00:00Z".parse().unwrap());
    let policy = crate::Policy { view_max_age: None, ..crate::Policy::default() };
    let entropy = Arc::new(SeededEntropy::new(Arc::as_ptr(storage) as u64));
    builder
        .policy(policy)
        .clock(Arc::new(clock))
        .entropy(entropy)
        .password_hasher(Arc::new(PlainHasher))
        .build()
        .unwrap()
}

fn movie(random: &SeededEntropy) -> NewMovie {
    let title = format!("Alien {}", random.below(1000));
    NewMovie { title, runtime_minutes: Some(90), ..NewMovie::default() }
}

fn venue(random: &SeededEntropy) -> NewVenue {
    let name = format!("Odeon {}", random.below(1000));
    let zone = "Europe/Berlin".parse().unwrap();
    NewVenue { command: None, name, city: "Berlin".to_owned(), address: None, zone }
}

fn card(random: &SeededEntropy) -> NewPriceCard {
    let (category, ticket_type) = ("standard".parse().unwrap(), "adult".parse().unwrap());
    let prices = vec![CategoryPrice { category, ticket_type, amount_minor: 1200 }];
    serde_json::from_value(serde_json::json!({
        "name": format!("Evening {}", random.below(1000)), "currency": Currency::EUR,
        "prices": prices, "booking_fee_minor": 50,
    }))
    .unwrap()
}

/// One change of the catalogue; what is refused is none.
async fn change(kitflik: &Kitflik, random: &SeededEntropy, day: u64) {
    let (catalog, system) = (kitflik.catalog(), Actor::System);
    let seen = kitflik.engine().catalogue().await.unwrap();
    let pick = |ids: Vec<CatalogItem>| ids.get(random.below(ids.len() as u64) as usize).copied();
    let movies: Vec<_> = seen.movies.keys().copied().collect();
    let halls: Vec<_> = seen.auditoriums.keys().copied().collect();
    let (venues, cards): (Vec<_>, Vec<_>) =
        (seen.venues.keys().copied().collect(), seen.price_cards.keys().copied().collect());
    match random.below(9) {
        0 | 1 => drop(catalog.add_movie(&system, &movie(random)).await.unwrap()),
        2 => drop(catalog.add_venue(&system, &venue(random)).await.unwrap()),
        3 => drop(catalog.add_price_card(&system, &card(random)).await.unwrap()),
        4 if !venues.is_empty() => {
            let layout = Layout::from_text("Hall", "A: ####").unwrap();
            let (command, venue_id, name) = (None, venues[0], "Hall".to_owned());
            let new = NewAuditorium { command, venue_id, name, layout };
            drop(catalog.add_auditorium(&system, &new).await);
        }
        5 if !movies.is_empty() => {
            let id = movies[random.below(movies.len() as u64) as usize];
            drop(catalog.edit_movie(&system, id, None, &movie(random)).await.unwrap());
        }
        6 if !movies.is_empty() && !halls.is_empty() && !cards.is_empty() => {
            let start = format!("2027-{:02}-{:02}T20:00", 1 + day / 28 % 12, 1 + day % 28);
            let movie = movies[random.below(movies.len() as u64) as usize];
            let hall = halls[random.below(halls.len() as u64) as usize];
            let card = cards[random.below(cards.len() as u64) as usize];
            let new = NewShow::new(movie, hall, card, start.parse().unwrap());
            drop(catalog.add_show(&system, &new).await);
        }
        more => {
            let all = movies.into_iter().map(CatalogItem::Movie);
            let all = all.chain(venues.into_iter().map(CatalogItem::Venue));
            let all = all.chain(halls.into_iter().map(CatalogItem::Auditorium));
            let all = all.chain(cards.into_iter().map(CatalogItem::PriceCard)).collect();
            if let Some(item) = pick(all) {
                drop(match more {
                    7 => catalog.archive(&system, item, None, None).await,
                    _ => catalog.delete(&system, item, None, None).await,
                });
            }
        }
    }
}

/// All that is in a snapshot. The search index may be laid out otherwise, but must find the same.
fn told(snapshot: &Snapshot) -> String {
    let Snapshot { movies, index, venues, auditoriums, price_cards, shows, shows_of, revisions } = snapshot;
    let found = ["alien", "1", "22", "alien 333", "odeon"].map(|words| {
        let mut hits: Vec<_> = index.find(words).iter().map(|hit| (hit.id, hit.distance)).collect();
        hits.sort_unstable();
        hits
    });
    format!(
        "{movies:#?} {venues:?} {auditoriums:?} {price_cards:?} {shows:?} {shows_of:?} {revisions:?} {found:?} {}",
        index.all().len()
    )
}

#[test]
fn what_is_brought_up_to_date_is_what_would_be_read_anew() {
    let mut shows = 0;
    for seed in 0..4 {
        let storage = Arc::new(Counting(MemoryStorage::new(), AtomicUsize::new(0)));
        let (editor, other) = (engine(&storage), engine(&storage));
        let random = SeededEntropy::new(seed);
        block_on(async {
            other.engine().catalogue().await.unwrap();
            for day in 0..120 {
                change(&editor, &random, day).await;
                if random.chance(50) {
                    continue; // more than one change at a time
                }
                let before = storage.1.load(Ordering::Relaxed);
                let seen = other.engine().catalogue().await.unwrap();
                if day > 10 {
                    assert_eq!(storage.1.load(Ordering::Relaxed), before, "seed {seed}: everything was read");
                }
                let anew = engine(&storage).engine().catalogue().await.unwrap();
                assert_eq!(told(&seen), told(&anew), "seed {seed}, day {day}");
                shows += seen.shows.len();
            }
            // Whoever is far behind reads everything, and so is right again.
            for day in 0..70 {
                change(&editor, &random, 200 + day).await;
            }
            let seen = other.engine().catalogue().await.unwrap();
            let anew = engine(&storage).engine().catalogue().await.unwrap();
            assert_eq!(told(&seen), told(&anew), "seed {seed}, far behind");
        });
    }
    assert!(shows > 50, "hardly any shows were made: {shows}");
}

#[test]
fn who_looks_at_a_snapshot_keeps_it_while_it_changes() {
    let storage = Arc::new(Counting(MemoryStorage::new(), AtomicUsize::new(0)));
    let kitflik = engine(&storage);
    block_on(async {
        let random = SeededEntropy::new(1);
        let one = kitflik.catalog().add_movie(&Actor::System, &movie(&random)).await.unwrap();
        let kept = kitflik.engine().catalogue().await.unwrap();
        let edited = NewMovie { title: "Other".to_owned(), ..NewMovie::default() };
        kitflik.catalog().edit_movie(&Actor::System, one.id, None, &edited).await.unwrap();
        let newer = kitflik.engine().catalogue().await.unwrap();
        assert_eq!(
            (kept.movies[&one.id].title.as_str(), newer.movies[&one.id].title.as_str()),
            (one.title.as_str(), "Other")
        );
        assert!(Arc::ptr_eq(&kept.shows, &newer.shows), "what did not change is shared");
    });
}
