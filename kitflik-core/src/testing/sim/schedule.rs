//! The same faulty world for the schedule: managers who add, repeat, copy, move, edit and delete shows in the same two
//! halls at once, and customers who buy tickets for them meanwhile.
//!
//! The auditor knows that no two shows share an auditorium, that an index and its shows agree, that no ticket is for
//! seats that its show has not, that nobody changes what they have not seen, that each holder is told of each move, and
//! that the bookings of a cancelled show are all undone, paid back and told of it, once each.

mod auditor;
mod people;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;

use self::auditor::Auditor;
use self::people::{Halls, Person};
use super::storage::FaultyStorage;
use super::{FlakyMailer, Sabotage, Scene, SkewedClock, Task, poll, quiet, start, turn};
use crate::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::{
    Actor, Batch, Durability, Email, Kitflik, Layout, MasterKey, MemoryStorage, MovieQuery, NewAuditorium,
    PageRequest, Policy, Row, Storage, TestPayments, Write,
};

const MANAGERS: usize = 4;
const PEOPLE: usize = 6;
const STEPS: u64 = 2_500;

/// What happened in a run, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Shows added.
    pub added: u64,
    /// Shows refused because another was there.
    pub clashes: u64,
    /// Shows edited, closed or opened, and price cards edited.
    pub edits: u64,
    /// Changes refused because somebody else had made one.
    pub stale: u64,
    /// Shows moved.
    pub moves: u64,
    /// Holders who had to be told of a move.
    pub told: u64,
    /// Shows cancelled.
    pub cancelled: u64,
    /// Sales that were undone with their show.
    pub undone: u64,
    /// Shows deleted.
    pub deletions: u64,
    /// Deletions and moves refused because there were bookings.
    pub in_use: u64,
    /// Tickets sold.
    pub sales: u64,
    /// Commands whose outcome was not known.
    pub unknown: u64,
    /// Commands dropped half-way.
    pub dropped: u64,
    /// Times that the plug was pulled.
    pub crashes: u64,
}

impl Tally {
    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.added += other.added;
        self.clashes += other.clashes;
        self.edits += other.edits;
        self.stale += other.stale;
        self.moves += other.moves;
        self.told += other.told;
        self.cancelled += other.cancelled;
        self.undone += other.undone;
        self.deletions += other.deletions;
        self.in_use += other.in_use;
        self.sales += other.sales;
        self.unknown += other.unknown;
        self.dropped += other.dropped;
        self.crashes += other.crashes;
    }
}

/// The cinema that all runs start from, made once: two halls, and a show.
#[derive(Debug)]
pub struct Stage {
    rows: Vec<Row>,
    halls: Halls,
}

impl Stage {
    /// Builds the cinema.
    ///
    /// # Errors
    /// What the engine refused, as text.
    pub fn build() -> Result<Self, String> {
        let scene = Scene::build(None)?;
        let storage = Arc::new(MemoryStorage::new());
        let writes = scene.rows.into_iter().map(|row| Write::Put { key: row.key, value: row.value });
        let batch = Batch { checks: Vec::new(), writes: writes.collect(), durability: Durability::Durable };
        if !matches!(poll(storage.commit(batch).as_mut()), Poll::Ready(Ok(_))) {
            return Err("the scene cannot be written".to_owned());
        }
        let engine = Kitflik::builder(storage.clone(), MasterKey::new([3; 32]))
            .clock(Arc::new(ManualClock::new(start())))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .password_hasher(Arc::new(PlainHasher))
            .build()
            .map_err(|error| error.to_string())?;
        let layout = Layout::from_text("Hall 2", "A: ######\n").map_err(|error| error.to_string())?;
        let mut build = Box::pin(build_halls(&engine, layout));
        let halls = loop {
            if let Poll::Ready(halls) = poll(build.as_mut()) {
                break halls.map_err(|error| error.to_string())?;
            }
        };
        Ok(Self { rows: storage.rows(), halls })
    }
}

async fn build_halls(engine: &Kitflik, layout: Layout) -> Result<Halls, crate::Error> {
    let catalog = engine.catalog();
    let movie = catalog.movies(&MovieQuery::default()).await?.items.into_iter().next();
    let venue = catalog.venues(&PageRequest::default()).await?.items.into_iter().next();
    let card = catalog.price_cards(&PageRequest::default()).await?.items.into_iter().next();
    let (Some(movie), Some(venue), Some(card)) = (movie, venue, card) else {
        return Err(crate::EngineError::internal("the scene is empty").into());
    };
    let name = "Hall 2".to_owned();
    let second = NewAuditorium { command: None, venue_id: venue.id, name, layout };
    let second = catalog.add_auditorium(&Actor::System, &second).await?.id;
    let halls = venue.auditoriums.iter().map(|hall| hall.id).chain([second]).collect();
    Ok(Halls { movie: movie.id, card: card.id, halls })
}

struct World {
    luck: Arc<SeededEntropy>,
    clock: Arc<ManualClock>,
    storage: Arc<FaultyStorage>,
    sent: Arc<Mutex<Vec<Email>>>,
    auditor: Rc<RefCell<Auditor>>,
    engines: Vec<Kitflik>,
    payments: Arc<TestPayments>,
    halls: Halls,
    sabotage: Option<Sabotage>,
    born: usize,
}

impl World {
    fn new(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Result<Self, String> {
        let luck = Arc::new(SeededEntropy::new(seed));
        let storage = Arc::new(FaultyStorage::new(&stage.rows, Arc::clone(&luck), sabotage));
        let mut auditor = Auditor::default();
        auditor.begin(&storage.rows())?;
        let mut world = Self {
            clock: Arc::new(ManualClock::new(start())),
            storage,
            sent: Arc::default(),
            payments: Arc::default(),
            auditor: Rc::new(RefCell::new(auditor)),
            engines: Vec::new(),
            halls: stage.halls.clone(),
            luck,
            sabotage,
            born: 0,
        };
        world.start_engines();
        Ok(world)
    }

    /// New processes: nothing in memory, clocks anew.
    fn start_engines(&mut self) {
        self.engines.clear();
        for number in 0..=self.luck.below(2) {
            let off_by = i64::try_from(self.luck.below(4_000)).unwrap_or(0) - 2_000;
            let clock = SkewedClock { truth: Arc::clone(&self.clock), off_by };
            let view_max_age = Some(std::time::Duration::from_secs(self.luck.below(20)));
            let storage: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
            let mut builder = Kitflik::builder(storage, MasterKey::new([3; 32]))
                .clock(Arc::new(clock))
                .entropy(Arc::new(SeededEntropy::new(self.luck.next() ^ number)))
                .password_hasher(Arc::new(PlainHasher))
                .payments("test", self.payments.clone())
                .mailer(Arc::new(FlakyMailer { luck: self.luck.clone(), sent: self.sent.clone() }))
                .policy(Policy { view_max_age, ..quiet() });
            if let Some(mutant) = self.sabotage.and_then(Sabotage::mutant) {
                builder = builder.mutant(mutant);
            }
            self.engines.extend(builder.build());
        }
    }

    fn person(&mut self) -> Option<Task> {
        self.born += 1;
        let which = usize::try_from(self.luck.below(self.engines.len() as u64)).unwrap_or(0);
        let person = Person {
            number: self.born,
            engine: self.engines.get(which)?.clone(),
            luck: Arc::clone(&self.luck),
            halls: self.halls.clone(),
            auditor: Rc::clone(&self.auditor),
        };
        let manages = self.luck.below(PEOPLE as u64) < MANAGERS as u64;
        Some(if manages { Box::pin(person.manage()) } else { Box::pin(person.buy()) })
    }

    fn background(&self) -> Vec<Task> {
        let endless = |engine: Kitflik| -> Task {
            Box::pin(async move {
                loop {
                    // Whatever fails is tried again next time.
                    let _ = engine.tick().await;
                    for _ in 0..10 {
                        turn().await;
                    }
                }
            })
        };
        self.engines.iter().cloned().map(endless).collect()
    }

    fn pass_time(&self) {
        let millis = match self.luck.below(100) {
            0..=79 => self.luck.below(2_000),
            80..=95 => self.luck.below(60_000),
            _ => self.luck.below(700_000),
        };
        self.clock.shift(i64::try_from(millis).unwrap_or(0));
    }

    fn run(&mut self) -> Result<(), String> {
        let mut people: Vec<Task> = Vec::new();
        let mut background = self.background();
        for _ in 0..STEPS {
            if self.luck.chance(4) {
                self.pass_time();
            }
            if self.luck.below(700) == 0 {
                people.clear();
                background.clear();
                self.storage.crash();
                self.auditor.borrow_mut().crashed(&self.storage.rows(), &self.sent.lock())?;
                self.start_engines();
                background = self.background();
            }
            while people.len() < PEOPLE {
                people.extend(self.person());
            }
            if self.luck.chance(15) {
                let which = usize::try_from(self.luck.below(background.len() as u64)).unwrap_or(0);
                let _ = poll(background[which].as_mut());
            } else {
                let place = usize::try_from(self.luck.below(people.len() as u64)).unwrap_or(0);
                let over = poll(people[place].as_mut()).is_ready();
                if over || self.luck.below(400) == 0 {
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
        for change in self.storage.take_changes() {
            auditor.look(&change)?;
        }
        auditor.keep_promises();
        auditor.fault.take().map_or(Ok(()), Err)
    }

    /// Nothing fails any more: every promise must be kept.
    fn settle(&mut self) -> Result<(), String> {
        self.storage.heal();
        for _ in 0..60 {
            self.clock.shift(40 * 60_000);
            let Some(engine) = self.engines.first().cloned() else { return Err("no engine".to_owned()) };
            let mut tick = Box::pin(async move { engine.tick().await });
            let mut polls = 0;
            loop {
                polls += 1;
                match poll(tick.as_mut()) {
                    Poll::Ready(Ok(_)) => break,
                    Poll::Ready(Err(error)) => return Err(format!("a quiet tick failed: {error}")),
                    Poll::Pending if polls > 100_000 => return Err("a quiet tick never ends".to_owned()),
                    Poll::Pending => {}
                }
            }
            self.look()?;
        }
        self.auditor.borrow_mut().end(&self.storage.rows(), &self.sent.lock())
    }
}

/// Runs one seed to its end.
///
/// # Errors
/// What was violated, with the seed.
pub fn run(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Result<Tally, String> {
    let mut world = World::new(seed, stage, sabotage)?;
    let outcome = world.run();
    let tally = world.auditor.borrow().tally;
    outcome.map(|()| tally).map_err(|fault| format!("seed {seed}: {fault}"))
}
