//! The same faulty world for what the house does by itself: Fridays come, shows come nearer and are moved, tickets are
//! bought and given back, and several engines that are cut off at any moment look what is due.
//!
//! The auditor knows that each customer is told of each run's films once, that each holder of a ticket is reminded
//! once, and at which times runs may be due.

mod auditor;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;

use self::auditor::Auditor;
use super::storage::FaultyStorage;
use super::{FlakyMailer, HOUR, Sabotage, Scene, SkewedClock, Task, poll, start, turn};
use crate::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::{
    Actor, Batch, CancelBooking, Clock, ConfirmBooking, Durability, Email, HoldSeats, Kitflik, LocalTime,
    MasterKey, MemoryStorage, MoveShow, MovieQuery, NewMovie, NewShow, PageRequest, Policy, RegisterUser,
    Row, ShowId, Storage, Timestamp, Write,
};

const STEPS: u64 = 4_000;
const PEOPLE: usize = 2;
const CUSTOMERS: usize = 5;
/// Accounts in a page of a run: less than there are.
const PAGE: u32 = 2;
/// A show begins so often, for so many times.
const RHYTHM: Duration = Duration::from_secs(8 * 60 * 60);
const SHOWS: u32 = 72;

/// What happened in a run, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Customers told of new films.
    pub news: u64,
    /// Runs that told of some.
    pub runs: u64,
    /// Holders reminded.
    pub reminders: u64,
    /// Tickets sold.
    pub sales: u64,
    /// Shows moved.
    pub moves: u64,
    /// Commands dropped half-way.
    pub dropped: u64,
    /// Times that the plug was pulled.
    pub crashes: u64,
}

impl Tally {
    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.news += other.news;
        self.runs += other.runs;
        self.reminders += other.reminders;
        self.sales += other.sales;
        self.moves += other.moves;
        self.dropped += other.dropped;
        self.crashes += other.crashes;
    }
}

/// The cinema that all runs start from, made once: weeks of shows, a new film each few days, and customers.
#[derive(Debug)]
pub struct Stage {
    rows: Vec<Row>,
    /// By start.
    shows: Vec<ShowId>,
}

impl Stage {
    /// Builds the cinema.
    ///
    /// # Errors
    /// What the engine refused, as text.
    pub fn build() -> Result<Self, String> {
        let scene = Scene::build(None)?;
        let storage = Arc::new(MemoryStorage::new());
        write(&storage, scene.rows)?;
        let engine = Kitflik::builder(storage.clone(), MasterKey::new([3; 32]))
            .clock(Arc::new(ManualClock::new(start())))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .password_hasher(Arc::new(PlainHasher))
            .build()
            .map_err(|error| error.to_string())?;
        let mut build = Box::pin(programme(&engine));
        let shows = loop {
            if let Poll::Ready(shows) = poll(build.as_mut()) {
                break shows.map_err(|error| error.to_string())?;
            }
        };
        // Mail has been read, addresses are verified, and all but one want to hear of offers.
        let mut rows = storage.rows();
        rows.retain(|row| !row.key.starts_with("outbox"));
        for row in rows.iter_mut().filter(|row| row.key.starts_with("user/")) {
            let user = serde_json::from_slice::<serde_json::Value>(&row.value);
            let mut user = user.map_err(|error| error.to_string())?;
            let wants = user["name"] != "Customer 0";
            user["email_verified"] = true.into();
            user["marketing_consent"] = wants.into();
            row.value = serde_json::to_vec(&user).map_err(|error| error.to_string())?;
        }
        Ok(Self { rows, shows })
    }
}

fn write(storage: &MemoryStorage, rows: Vec<Row>) -> Result<(), String> {
    let writes = rows.into_iter().map(|row| Write::Put { key: row.key, value: row.value });
    let batch = Batch { checks: Vec::new(), writes: writes.collect(), durability: Durability::Durable };
    let written = poll(storage.commit(batch).as_mut());
    if matches!(written, Poll::Ready(Ok(_))) { Ok(()) } else { Err("the scene cannot be written".to_owned()) }
}

async fn programme(engine: &Kitflik) -> Result<Vec<ShowId>, crate::Error> {
    let (catalog, system) = (engine.catalog(), Actor::System);
    let venue = catalog.venues(&PageRequest::default()).await?.items.into_iter().next();
    let card = catalog.price_cards(&PageRequest::default()).await?.items.into_iter().next();
    let old = catalog.movies(&MovieQuery::default()).await?.items.into_iter().next();
    let (Some(venue), Some(card), Some(old)) = (venue, card, old) else {
        return Err(crate::EngineError::internal("the scene is empty").into());
    };
    let hall = venue.auditoriums.iter().map(|hall| hall.id).next();
    let hall = hall.ok_or_else(|| crate::EngineError::internal("there is no hall"))?;
    let (mut shows, mut movie) = (Vec::new(), old.id);
    for number in 0..SHOWS {
        if number % 5 == 4 {
            let new = NewMovie { title: format!("Film {number}"), ..NewMovie::default() };
            movie = catalog.add_movie(&system, &new).await?.id;
        }
        let starts = start().plus(RHYTHM * (number + 2)).utc().naive_utc();
        let mut show = NewShow::new(movie, hall, card.id, LocalTime::new(starts));
        show.duration_minutes = Some(60);
        show.sales_open_at = Some(Timestamp::from_millis(0));
        shows.push(catalog.add_show(&system, &show).await?.id);
    }
    for number in 0..CUSTOMERS {
        let customer = RegisterUser {
            command: None,
            email: format!("c{number}@example.org"),
            password: "correct horse".to_owned(),
            name: format!("Customer {number}"),
        };
        engine.users().register(&customer).await?;
    }
    Ok(shows)
}

struct World {
    luck: Arc<SeededEntropy>,
    clock: Arc<ManualClock>,
    storage: Arc<FaultyStorage>,
    sent: Arc<Mutex<Vec<Email>>>,
    auditor: Rc<RefCell<Auditor>>,
    engines: Vec<Kitflik>,
    shows: Vec<ShowId>,
    sabotage: Option<Sabotage>,
}

impl World {
    fn new(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Self {
        let luck = Arc::new(SeededEntropy::new(seed));
        let storage = Arc::new(FaultyStorage::new(&stage.rows, Arc::clone(&luck), sabotage));
        let mut world = Self {
            clock: Arc::new(ManualClock::new(start())),
            storage,
            sent: Arc::default(),
            auditor: Rc::default(),
            engines: Vec::new(),
            shows: stage.shows.clone(),
            luck,
            sabotage,
        };
        world.start_engines();
        world
    }

    /// New processes: nothing in memory, clocks anew.
    fn start_engines(&mut self) {
        self.engines.clear();
        for number in 0..=1 + self.luck.below(2) {
            let off_by = i64::try_from(self.luck.below(4_000)).unwrap_or(0) - 2_000;
            let clock = SkewedClock { truth: Arc::clone(&self.clock), off_by };
            let view_max_age = Some(Duration::from_secs(self.luck.below(20)));
            let storage: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
            let mut builder = Kitflik::builder(storage, MasterKey::new([3; 32]))
                .clock(Arc::new(clock))
                .entropy(Arc::new(SeededEntropy::new(self.luck.next() ^ number)))
                .password_hasher(Arc::new(PlainHasher))
                .mailer(Arc::new(FlakyMailer { luck: self.luck.clone(), sent: self.sent.clone() }))
                .job_page(PAGE)
                .policy(Policy { view_max_age, ..Policy::default() });
            if let Some(mutant) = self.sabotage.and_then(Sabotage::mutant) {
                builder = builder.mutant(mutant);
            }
            self.engines.extend(builder.build());
        }
    }

    fn engine(&self) -> Option<Kitflik> {
        let which = usize::try_from(self.luck.below(self.engines.len() as u64)).unwrap_or(0);
        self.engines.get(which).cloned()
    }

    /// Somebody who buys, and perhaps gives it back, or the manager who moves a show.
    fn person(&self) -> Option<Task> {
        let engine = self.engine()?;
        let (luck, auditor) = (Arc::clone(&self.luck), Rc::clone(&self.auditor));
        let passed = self.clock.now().since(start()).as_secs() / RHYTHM.as_secs();
        let ahead = usize::try_from(passed + luck.below(6)).unwrap_or(0);
        let mut show = *self.shows.get(ahead.saturating_sub(2))?;
        let name = format!("p{}", luck.next() % 1_000_000);
        if luck.chance(20) {
            // To another day, or some hours later.
            // One whose holders have been reminded, if there is one.
            let rows = self.storage.rows();
            let reminded = rows.keys().filter_map(|key| key.strip_prefix("show-reminder/")?.parse().ok());
            let reminded: Vec<ShowId> = reminded.collect();
            let which = usize::try_from(luck.below(reminded.len() as u64 + 1)).unwrap_or(0);
            show = reminded.get(which).copied().unwrap_or(show);
            let by = HOUR * u32::try_from(1 + luck.below(60)).unwrap_or(1) + Duration::from_secs(1800);
            let now = self.clock.now();
            return Some(Box::pin(async move {
                let to = MoveShow::to_time(LocalTime::new(now.plus(by).utc().naive_utc()));
                if engine.catalog().move_show(&Actor::System, show, None, &to).await.is_ok() {
                    auditor.borrow_mut().tally.moves += 1;
                }
            }));
        }
        Some(Box::pin(async move {
            let bookings = engine.bookings();
            let hold = HoldSeats::best(show, 1).customer(&name, format!("{name}@example.org"));
            let Ok(held) = bookings.hold(&Actor::System, &hold).await else { return };
            if bookings.confirm(&Actor::System, held.id, &ConfirmBooking::counter()).await.is_ok() {
                auditor.borrow_mut().tally.sales += 1;
            }
            if luck.chance(20) {
                let _ = bookings.cancel(&Actor::System, held.id, &CancelBooking::because("Ill.")).await;
            }
        }))
    }

    fn background(&self) -> Vec<Task> {
        let endless = |engine: Kitflik| -> Task {
            Box::pin(async move {
                loop {
                    // Whatever fails is tried again next time.
                    let _ = engine.tick().await;
                    turn().await;
                }
            })
        };
        self.engines.iter().cloned().map(endless).collect()
    }

    fn pass_time(&self) {
        // Mostly a moment, in which a hold lives on; now and then half a day.
        let minutes = if self.luck.chance(80) { self.luck.below(2) } else { self.luck.below(800) };
        self.clock.advance(Duration::from_secs(60 * minutes + self.luck.below(60)));
    }

    fn run(&mut self) -> Result<(), String> {
        let mut people: Vec<Task> = Vec::new();
        let mut background = self.background();
        for _ in 0..STEPS {
            if self.luck.chance(4) {
                self.pass_time();
            }
            if self.luck.below(500) == 0 {
                people.clear();
                background.clear();
                self.storage.crash();
                self.auditor.borrow_mut().crashed(&self.storage.rows(), &self.sent.lock(), self.clock.now());
                self.start_engines();
                background = self.background();
            }
            while people.len() < PEOPLE {
                people.extend(self.person());
            }
            if self.luck.chance(40) {
                let which = usize::try_from(self.luck.below(background.len() as u64)).unwrap_or(0);
                let _ = poll(background[which].as_mut());
            } else {
                let place = usize::try_from(self.luck.below(people.len() as u64)).unwrap_or(0);
                let over = poll(people[place].as_mut()).is_ready();
                if over || self.luck.below(300) == 0 {
                    drop(people.swap_remove(place));
                    self.auditor.borrow_mut().tally.dropped += u64::from(!over);
                }
            }
            self.look()?;
        }
        drop(people);
        drop(background);
        self.settle()
    }

    fn look(&self) -> Result<(), String> {
        let mut auditor = self.auditor.borrow_mut();
        self.storage.take_changes().iter().try_for_each(|change| auditor.look(change))
    }

    /// Nothing fails any more, and a week goes by: whatever is due comes.
    fn settle(&mut self) -> Result<(), String> {
        self.storage.heal();
        let quiet = self.clock.now();
        for _ in 0..84 {
            // Less than the time of a reminder.
            self.clock.advance(2 * HOUR);
            // As often as it takes to send what has piled up.
            for _ in 0..2 {
                self.tick()?;
                self.look()?;
            }
        }
        // What was promised just now may have to be sent again.
        for _ in 0..24 {
            self.clock.advance(HOUR / 12);
            self.tick()?;
            self.look()?;
        }
        let (rows, sent, now) = (self.storage.rows(), self.sent.lock(), self.clock.now());
        self.auditor.borrow_mut().end(&rows, &sent, quiet, now)
    }

    fn tick(&self) -> Result<(), String> {
        let Some(engine) = self.engines.first().cloned() else { return Err("no engine".to_owned()) };
        let mut tick = Box::pin(async move { engine.tick().await });
        for _ in 0..100_000 {
            match poll(tick.as_mut()) {
                Poll::Ready(Ok(_)) => return Ok(()),
                Poll::Ready(Err(error)) => return Err(format!("a quiet tick failed: {error}")),
                Poll::Pending => {}
            }
        }
        Err("a quiet tick never ends".to_owned())
    }
}

/// Runs one seed to its end.
///
/// # Errors
/// What was violated, with the seed.
pub fn run(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Result<Tally, String> {
    let mut world = World::new(seed, stage, sabotage);
    let outcome = world.run();
    let tally = world.auditor.borrow().tally;
    outcome.map(|()| tally).map_err(|fault| format!("seed {seed}: {fault}"))
}
