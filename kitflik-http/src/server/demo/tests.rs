use std::sync::Arc;

use async_trait::async_trait;
use kitflik_core::{
    Batch, Clock, Commit, Durability, MasterKey, MemoryStorage, Read, Row, SeatKind, Storage, StorageError,
};
use tokio::sync::Semaphore;

use super::*;

/// Commits as long as it has permits, as a process does until it is killed.
struct Mortal {
    store: Arc<MemoryStorage>,
    life: Arc<Semaphore>,
}

#[async_trait]
impl Storage for Mortal {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.store.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        match self.life.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(StorageError::Unavailable { reason: "killed".into() }),
        }
        self.store.commit(Batch { durability: Durability::Relaxed, ..batch }).await
    }
}

/// A Friday morning.
struct Friday;

impl Clock for Friday {
    fn now(&self) -> Timestamp {
        "2026-11-27T09:00:00+01:00".parse().unwrap()
    }
}

fn engine(storage: Arc<dyn Storage>) -> Kitflik {
    Kitflik::builder(storage, MasterKey::new([7; 32])).clock(Arc::new(Friday)).build().unwrap()
}

async fn venue(kitflik: &Kitflik) -> VenueView {
    let mut venues = kitflik.catalog().venues(&PageRequest::default()).await.unwrap().items;
    assert_eq!(venues.len(), 1);
    venues.remove(0)
}

async fn programme(kitflik: &Kitflik) -> Vec<(String, Timestamp, Timestamp, String)> {
    let page = PageRequest { cursor: None, limit: Some(100) };
    let query = MovieQuery { page, ..MovieQuery::default() };
    let mut all = Vec::new();
    for movie in kitflik.catalog().movies(&query).await.unwrap().items {
        for show in all_shows(kitflik, movie.id).await.unwrap() {
            all.push((show.auditorium.name, show.starts_at, show.ends_at, show.movie.title));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn there_are_three_halls_and_a_week_of_shows_that_do_not_overlap() {
    let kitflik = engine(Arc::new(MemoryStorage::default()));
    let now = kitflik.now();
    open(&kitflik).await.unwrap();
    let venue = venue(&kitflik).await;
    let seats: Vec<_> = venue.auditoriums.iter().map(|hall| (hall.name.as_str(), hall.seats)).collect();
    assert_eq!(seats, [("Saal 1", 300), ("Saal 2", 120), ("Salon", 52)]);
    let salon = kitflik.catalog().layout(venue.auditoriums[2].layout_id).await.unwrap();
    let count = |is: fn(&SeatKind) -> bool| salon.seats.iter().filter(|seat| is(&seat.kind)).count();
    assert_eq!(count(|kind| matches!(kind, SeatKind::Couple { .. })), 24);
    assert_eq!(count(|kind| matches!(kind, SeatKind::Wheelchair)), 2);
    assert_eq!(count(|kind| matches!(kind, SeatKind::Companion { .. })), 2);
    let shows = programme(&kitflik).await;
    assert!(shows.len() >= 7 * 3 * 3, "{} shows", shows.len());
    assert!(shows.iter().all(|show| show.1 > now));
    for pair in shows.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1, "{pair:?}");
    }
    let last = shows.iter().map(|show| show.1).max().unwrap();
    assert!(last.since(now) > std::time::Duration::from_secs(6 * 86_400));
}

#[tokio::test]
async fn a_start_that_was_cut_short_is_completed_by_the_next() {
    let whole = engine(Arc::new(MemoryStorage::default()));
    open(&whole).await.unwrap();
    let wanted = programme(&whole).await;
    let store = Arc::new(MemoryStorage::default());
    // Killed after 1, 2, 3, … commits, until it lives long enough.
    for life in 1.. {
        assert!(life < 100, "it never completes");
        let mortal = Mortal { store: Arc::clone(&store), life: Arc::new(Semaphore::new(life)) };
        if open(&engine(Arc::new(mortal))).await.is_ok() {
            break;
        }
    }
    let kitflik = engine(store);
    assert_eq!(programme(&kitflik).await, wanted);
    assert_eq!(venue(&kitflik).await.auditoriums.len(), 3);
    let page = PageRequest::default();
    assert_eq!(kitflik.catalog().price_cards(&page).await.unwrap().items.len(), CARDS.len());
    open(&kitflik).await.unwrap();
    assert_eq!(programme(&kitflik).await, wanted);
}

#[tokio::test]
async fn a_house_with_a_venue_of_its_own_is_left_alone() {
    let kitflik = engine(Arc::new(MemoryStorage::default()));
    let zone = "America/Lima".parse().unwrap();
    let new = NewVenue { command: None, name: "Roxy".into(), city: "Lima".into(), address: None, zone };
    kitflik.catalog().add_venue(&Actor::System, &new).await.unwrap();
    open(&kitflik).await.unwrap();
    assert_eq!(venue(&kitflik).await.name, "Roxy");
    assert!(programme(&kitflik).await.is_empty());
}
