//! A small cinema in memory, with ports that the test owns.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "each test file uses a part of it"
)]

use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use kitflik_core::testing::ports::{Mailbox, ManualClock, PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, Argon2id, AuditoriumView, Batch, CategoryPrice, Commit, Currency, Durability, Kitflik, Layout,
    MasterKey, MemoryStorage, MovieView, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue,
    PasswordHasher, Policy, PriceCardView, Read, Row, SeatId, ShowView, Storage, StorageError, TestPayments,
    Timestamp,
};
use parking_lot::Mutex;

pub const HALL: &str = "A: ##########\nB: ####_######\nC: ##########\n";

pub struct House {
    pub kitflik: Kitflik,
    pub clock: Arc<ManualClock>,
    pub mailbox: Arc<Mailbox>,
    pub payments: Arc<TestPayments>,
    pub storage: Arc<dyn Storage>,
    pub hasher: Arc<dyn PasswordHasher>,
}

pub struct Cinema {
    pub movie: MovieView,
    pub auditorium: AuditoriumView,
    pub card: PriceCardView,
    pub show: ShowView,
}

pub fn seat(id: &str) -> SeatId {
    SeatId::new(id).unwrap()
}

pub fn seats(ids: &[&str]) -> Vec<SeatId> {
    ids.iter().map(|id| seat(id)).collect()
}

pub fn house() -> House {
    house_on(Arc::new(MemoryStorage::new()))
}

pub fn house_on(storage: Arc<dyn Storage>) -> House {
    make(storage, [7; 32], Arc::new(PlainHasher))
}

/// Another house: its tokens are not ours.
pub fn house_with_key(key: [u8; 32]) -> House {
    make(Arc::new(MemoryStorage::new()), key, Arc::new(PlainHasher))
}

/// With real password hashes.
pub fn house_hashing() -> House {
    house_hashing_on(Arc::new(MemoryStorage::new()))
}

pub fn house_hashing_on(storage: Arc<dyn Storage>) -> House {
    make(storage, [7; 32], Arc::new(Argon2id::default()))
}

fn make(storage: Arc<dyn Storage>, key: [u8; 32], hasher: Arc<dyn PasswordHasher>) -> House {
    let clock = Arc::new(ManualClock::new("2026-11-27T12:00:00Z".parse::<Timestamp>().unwrap()));
    let (mailbox, payments) = (Arc::new(Mailbox::default()), Arc::new(TestPayments::new()));
    let mut policy = Policy::default();
    policy.view_max_age = None;
    // Mail that no test has asked for would be counted.
    policy.reminder_before = None;
    policy.occupancy_report = None;
    let kitflik = Kitflik::builder(Arc::clone(&storage), MasterKey::new(key))
        .clock(clock.clone())
        .entropy(Arc::new(SeededEntropy::new(1)))
        .password_hasher(hasher.clone())
        .mailer(mailbox.clone())
        .payments("test", payments.clone())
        .policy(policy)
        .build()
        .unwrap();
    House { kitflik, clock, mailbox, payments, storage, hasher }
}

pub fn price(category: &str, ticket_type: &str, amount_minor: i64) -> CategoryPrice {
    let (category, ticket_type) = (category.parse().unwrap(), ticket_type.parse().unwrap());
    CategoryPrice { category, ticket_type, amount_minor }
}

impl House {
    /// A show this evening in a hall of this plan. `edit` has the last word on the show.
    pub fn cinema(&self, plan: &str, edit: impl FnOnce(&mut NewShow)) -> Cinema {
        pollster::block_on(async {
            let catalog = self.kitflik.catalog();
            let system = Actor::System;
            let (command, address) = (None, None);
            let (name, city) = ("Odeon".to_owned(), "Berlin".to_owned());
            let zone = "Europe/Berlin".parse().unwrap();
            let venue = NewVenue { command, name, city, address, zone };
            let venue = catalog.add_venue(&system, &venue).await.unwrap();
            let layout = Layout::from_text("Hall 1", plan).unwrap();
            let prices = layout.categories().iter().flat_map(|category| {
                let id = category.id.as_str();
                [price(id, "adult", 1200), price(id, "child", 800)]
            });
            let card = NewPriceCard {
                command: None,
                name: "Evening".to_owned(),
                currency: Currency::EUR,
                prices: prices.collect(),
                booking_fee_minor: 50,
                ticket_fee_minor: 0,
                rules: Vec::new(),
                tax: None,
            };
            let card = catalog.add_price_card(&system, &card).await.unwrap();
            let auditorium =
                NewAuditorium { command: None, venue_id: venue.id, name: "Hall 1".to_owned(), layout };
            let auditorium = catalog.add_auditorium(&system, &auditorium).await.unwrap();
            let movie =
                NewMovie { title: "Alien".to_owned(), runtime_minutes: Some(117), ..NewMovie::default() };
            let movie = catalog.add_movie(&system, &movie).await.unwrap();
            let starts = "2026-11-27T20:00".parse().unwrap();
            let mut show = NewShow {
                language: Some("en".to_owned()),
                ..NewShow::new(movie.id, auditorium.id, card.id, starts)
            };
            edit(&mut show);
            let show = catalog.add_show(&system, &show).await.unwrap();
            Cinema { movie, auditorium, card, show }
        })
    }
}

/// A storage that lets others go first between a read and the commit.
pub struct Slow(pub MemoryStorage);

#[async_trait]
impl Storage for Slow {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.0.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let mut waited = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.0.commit(batch).await
    }
}

/// A store that takes no more batches after some.
pub struct Dying {
    storage: Arc<dyn Storage>,
    left: Mutex<Option<u32>>,
}

impl Dying {
    /// Takes `batches` more; all if `None`.
    pub fn new(storage: Arc<dyn Storage>, batches: Option<u32>) -> Self {
        Self { storage, left: Mutex::new(batches) }
    }

    pub fn live_for(&self, batches: Option<u32>) {
        *self.left.lock() = batches;
    }
}

#[async_trait]
impl Storage for Dying {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        if let Some(left) = &mut *self.left.lock() {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => return Err(StorageError::Unavailable { reason: "dead".to_owned() }),
            }
        }
        self.storage.commit(batch).await
    }
}

/// A storage that counts durable batches, and lets somebody go first before the next one.
pub struct Watched {
    storage: Arc<dyn Storage>,
    durable: Mutex<u32>,
    first: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Watched {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, durable: Mutex::default(), first: Mutex::default() }
    }

    /// How many batches were durable so far.
    pub fn durable(&self) -> u32 {
        *self.durable.lock()
    }

    /// Has something done just before the next batch is committed.
    pub fn goes_first(&self, first: impl FnOnce() + Send + 'static) {
        *self.first.lock() = Some(Box::new(first));
    }
}

#[async_trait]
impl Storage for Watched {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let first = self.first.lock().take();
        if let Some(first) = first {
            first();
        }
        *self.durable.lock() += u32::from(batch.durability == Durability::Durable);
        self.storage.commit(batch).await
    }
}
