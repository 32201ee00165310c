//! The same faulty world for customers' accounts: people register, log in, race for refresh tokens, forget passwords,
//! move to other addresses and leave, and somebody guesses codes.
//!
//! The auditor knows three rules: no session outlives a password that was set by code, no two accounts share an
//! address, and once all is quiet nothing is half-deleted.

mod auditor;
mod people;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;

use self::auditor::Auditor;
use self::people::Person;
use super::storage::FaultyStorage;
use super::{FlakyMailer, Sabotage, SkewedClock, Task, poll, start, turn};
use crate::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::{Email, Kitflik, MasterKey, Storage};

const PEOPLE: usize = 6;
const STEPS: u64 = 2_000;

/// What happened in a run, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accounts made.
    pub registrations: u64,
    /// Sessions opened.
    pub log_ins: u64,
    /// Refresh tokens used.
    pub refreshes: u64,
    /// Passwords set by code.
    pub resets: u64,
    /// Addresses changed.
    pub moves: u64,
    /// Accounts deleted.
    pub deletions: u64,
    /// Sessions that a new password had ended, and that were then tried.
    pub refused: u64,
    /// Guesses at codes.
    pub guesses: u64,
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
        self.registrations += other.registrations;
        self.log_ins += other.log_ins;
        self.refreshes += other.refreshes;
        self.resets += other.resets;
        self.moves += other.moves;
        self.deletions += other.deletions;
        self.refused += other.refused;
        self.guesses += other.guesses;
        self.unknown += other.unknown;
        self.dropped += other.dropped;
        self.crashes += other.crashes;
    }
}

struct World {
    luck: Arc<SeededEntropy>,
    clock: Arc<ManualClock>,
    storage: Arc<FaultyStorage>,
    sent: Arc<Mutex<Vec<Email>>>,
    auditor: Rc<RefCell<Auditor>>,
    engines: Vec<Kitflik>,
    sabotage: Option<Sabotage>,
    born: u64,
}

impl World {
    fn new(seed: u64, sabotage: Option<Sabotage>) -> Self {
        let luck = Arc::new(SeededEntropy::new(seed));
        let mut world = Self {
            clock: Arc::new(ManualClock::new(start())),
            storage: Arc::new(FaultyStorage::new(&[], Arc::clone(&luck), sabotage)),
            sent: Arc::default(),
            auditor: Rc::default(),
            engines: Vec::new(),
            luck,
            sabotage,
            born: 0,
        };
        world.start_engines();
        world
    }

    /// New processes: nothing in memory, clocks anew.
    fn start_engines(&mut self) {
        self.engines.clear();
        for number in 0..=self.luck.below(3) {
            let off_by = i64::try_from(self.luck.below(4_000)).unwrap_or(0) - 2_000;
            let clock = SkewedClock { truth: Arc::clone(&self.clock), off_by };
            let storage: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
            let mut builder = Kitflik::builder(storage, MasterKey::new([3; 32]))
                .clock(Arc::new(clock))
                .entropy(Arc::new(SeededEntropy::new(self.luck.next() ^ number)))
                .password_hasher(Arc::new(PlainHasher))
                .mailer(Arc::new(FlakyMailer { luck: self.luck.clone(), sent: self.sent.clone() }))
                .policy(super::quiet());
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

    fn person(&mut self) -> Option<Task> {
        self.born += 1;
        let person = Person {
            name: format!("p{}", self.born),
            engine: self.engine()?,
            luck: Arc::clone(&self.luck),
            auditor: Rc::clone(&self.auditor),
        };
        Some(Box::pin(person.live()))
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
        let millis = match self.luck.below(100) {
            0..=59 => self.luck.below(2_000),
            60..=94 => self.luck.below(60_000),
            _ => self.luck.below(1_200_000),
        };
        let millis = i64::try_from(millis).unwrap_or(0);
        self.clock.shift(if self.luck.chance(3) { -millis.min(30_000) } else { millis });
    }

    fn run(&mut self) -> Result<(), String> {
        let mut people: Vec<Task> = Vec::new();
        let mut background = self.background();
        for _ in 0..STEPS {
            if self.luck.chance(5) {
                self.pass_time();
            }
            if self.luck.below(700) == 0 {
                people.clear();
                background.clear();
                self.storage.crash();
                self.auditor.borrow_mut().crashed(&self.storage.rows())?;
                self.start_engines();
                background = self.background();
            }
            while people.len() < PEOPLE {
                people.extend(self.person());
            }
            if self.luck.chance(25) {
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
        auditor.check_resets()?;
        auditor.fault.take().map_or(Ok(()), Err)
    }

    /// Nothing fails any more: what was begun is finished, and the sessions that are left are tried once more.
    fn settle(&mut self) -> Result<(), String> {
        self.storage.heal();
        self.quiet_hours()?;
        if let Some(person) = self.last() {
            self.finish(Box::pin(person.try_all_sessions()))?;
        }
        self.quiet_hours()?;
        self.auditor.borrow().end(&self.storage.rows())
    }

    fn quiet_hours(&self) -> Result<(), String> {
        for _ in 0..60 {
            self.clock.shift(40 * 60_000);
            let Some(engine) = self.engines.first().cloned() else { return Err("no engine".to_owned()) };
            let auditor = Rc::clone(&self.auditor);
            self.finish(Box::pin(async move {
                if let Err(error) = engine.tick().await {
                    auditor.borrow_mut().blame(|| format!("a quiet tick failed: {error}"));
                }
            }))?;
        }
        Ok(())
    }

    fn last(&self) -> Option<Person> {
        Some(Person {
            name: "the last".to_owned(),
            engine: self.engines.first()?.clone(),
            luck: Arc::clone(&self.luck),
            auditor: Rc::clone(&self.auditor),
        })
    }

    fn finish(&self, mut task: Task) -> Result<(), String> {
        for _ in 0..100_000 {
            if let Poll::Ready(()) = poll(task.as_mut()) {
                return self.look();
            }
        }
        Err("a quiet task never ends".to_owned())
    }
}

/// Runs one seed to its end.
///
/// # Errors
/// What was violated, with the seed.
pub fn run(seed: u64, sabotage: Option<Sabotage>) -> Result<Tally, String> {
    let mut world = World::new(seed, sabotage);
    let outcome = world.run();
    let tally = world.auditor.borrow().tally;
    outcome.map(|()| tally).map_err(|fault| format!("seed {seed}: {fault}"))
}
