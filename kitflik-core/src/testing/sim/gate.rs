//! The same faulty world for the gate: devices that scan at once, with a network and without, upload what they did in
//! any order and more than once, and staff who undo, revoke and cancel meanwhile.
//!
//! The auditor knows that no ticket lets in twice with a network, that no scan that was acknowledged is lost, that
//! every conflict between devices is kept and told, and that nobody goes in with a ticket that does not let in any
//! more.

mod auditor;
mod devices;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use self::auditor::Auditor;
use self::devices::{Device, Ticket};
use super::storage::FaultyStorage;
use super::{HOUR, Sabotage, Scene, SkewedClock, Task, poll, start};
use crate::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::{
    Actor, Batch, CheckInFlag, CheckInQuery, ConfirmBooking, Durability, HoldSeats, Kitflik, MasterKey,
    MemoryStorage, PageRequest, Policy, Row, Scan, ShowId, Storage, Timestamp, Write,
};

const DEVICES: usize = 6;
const STEPS: u64 = 1_200;

/// What happened in a run, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Scans with a network that let somebody in.
    pub admitted: u64,
    /// Scans that were refused because somebody was in.
    pub used: u64,
    /// Scans that were refused because the ticket does not let in any more.
    pub void: u64,
    /// Scans without a network.
    pub offline: u64,
    /// Uploads acknowledged.
    pub uploads: u64,
    /// Tickets that several scans let in, at the end of a run.
    pub conflicts: u64,
    /// Check-ins undone.
    pub undone: u64,
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
        self.admitted += other.admitted;
        self.used += other.used;
        self.void += other.void;
        self.offline += other.offline;
        self.uploads += other.uploads;
        self.conflicts += other.conflicts;
        self.undone += other.undone;
        self.unknown += other.unknown;
        self.dropped += other.dropped;
        self.crashes += other.crashes;
    }
}

/// The evening that all runs start from, made once: a show whose tickets are sold.
#[derive(Debug)]
pub struct Stage {
    rows: Vec<Row>,
    show: ShowId,
    tickets: Vec<Ticket>,
}

/// Half an hour before the show.
fn doors() -> Timestamp {
    start().plus(HOUR * 15 / 2)
}

impl Stage {
    /// Sells the tickets.
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
        let tickets = quiet(sell(&engine, scene.show))?.map_err(|error| error.to_string())?;
        Ok(Self { rows: storage.rows(), show: scene.show, tickets })
    }
}

async fn sell(engine: &Kitflik, show: ShowId) -> Result<Vec<Ticket>, crate::BookingError> {
    let (bookings, system) = (engine.bookings(), Actor::System);
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let held = bookings.hold(&system, &HoldSeats::best(show, 2)).await?;
        bookings.confirm(&system, held.id, &ConfirmBooking::counter()).await?;
        for ticket in bookings.tickets(&system, held.id).await? {
            tickets.push(Ticket { booking: held.id, id: ticket.id, token: ticket.token });
        }
    }
    Ok(tickets)
}

/// Waits for what nobody disturbs.
fn quiet<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = Box::pin(future);
    for _ in 0..100_000 {
        if let Poll::Ready(answer) = poll(future.as_mut()) {
            return Ok(answer);
        }
    }
    Err("a quiet call never ends".to_owned())
}

struct World {
    luck: Arc<SeededEntropy>,
    clock: Arc<ManualClock>,
    storage: Arc<FaultyStorage>,
    auditor: Rc<RefCell<Auditor>>,
    /// What devices without a network have done: it survives whatever happens to the house.
    logs: Rc<RefCell<Vec<Scan>>>,
    engines: Vec<Kitflik>,
    show: ShowId,
    tickets: Rc<Vec<Ticket>>,
    sabotage: Option<Sabotage>,
    born: usize,
}

impl World {
    fn new(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Result<Self, String> {
        let luck = Arc::new(SeededEntropy::new(seed));
        let storage = Arc::new(FaultyStorage::new(&stage.rows, Arc::clone(&luck), sabotage));
        let mut auditor = Auditor::new(stage.show);
        auditor.begin(&storage.rows())?;
        let mut world = Self {
            clock: Arc::new(ManualClock::new(doors())),
            storage,
            auditor: Rc::new(RefCell::new(auditor)),
            logs: Rc::default(),
            engines: Vec::new(),
            show: stage.show,
            tickets: Rc::new(stage.tickets.clone()),
            luck,
            sabotage,
            born: 0,
        };
        world.start_engines();
        Ok(world)
    }

    fn start_engines(&mut self) {
        self.engines.clear();
        for number in 0..=self.luck.below(2) {
            let off_by = i64::try_from(self.luck.below(4_000)).unwrap_or(0) - 2_000;
            let clock = SkewedClock { truth: Arc::clone(&self.clock), off_by };
            let storage: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
            let mut builder = Kitflik::builder(storage, MasterKey::new([3; 32]))
                .clock(Arc::new(clock))
                .entropy(Arc::new(SeededEntropy::new(self.luck.next() ^ number)))
                .password_hasher(Arc::new(PlainHasher))
                .policy(Policy::default());
            if let Some(mutant) = self.sabotage.and_then(Sabotage::mutant) {
                builder = builder.mutant(mutant);
            }
            self.engines.extend(builder.build());
        }
    }

    fn device(&mut self) -> Option<Task> {
        self.born += 1;
        let which = usize::try_from(self.luck.below(self.engines.len() as u64)).unwrap_or(0);
        let device = Device {
            number: self.born,
            engine: self.engines.get(which)?.clone(),
            luck: Arc::clone(&self.luck),
            clock: Arc::clone(&self.clock),
            show: self.show,
            tickets: Rc::clone(&self.tickets),
            logs: Rc::clone(&self.logs),
            auditor: Rc::clone(&self.auditor),
        };
        Some(match self.luck.below(10) {
            0..=4 => Box::pin(device.scan()),
            5..=7 => Box::pin(device.scan_offline()),
            _ => Box::pin(device.manage()),
        })
    }

    fn run(&mut self) -> Result<(), String> {
        let mut devices: Vec<Task> = Vec::new();
        for _ in 0..STEPS {
            if self.luck.chance(4) {
                self.clock.shift(i64::try_from(self.luck.below(2_000)).unwrap_or(0));
            }
            if self.luck.below(500) == 0 {
                devices.clear();
                self.storage.crash();
                self.auditor.borrow_mut().crashed(&self.storage.rows())?;
                self.start_engines();
            }
            while devices.len() < DEVICES {
                devices.extend(self.device());
            }
            let place = usize::try_from(self.luck.below(devices.len() as u64)).unwrap_or(0);
            let over = poll(devices[place].as_mut()).is_ready();
            if over || self.luck.below(300) == 0 {
                drop(devices.swap_remove(place));
                self.auditor.borrow_mut().tally.dropped += u64::from(!over);
            }
            self.look()?;
        }
        drop(devices);
        self.settle()
    }

    fn look(&self) -> Result<(), String> {
        let mut auditor = self.auditor.borrow_mut();
        let mut changed = false;
        for change in self.storage.take_changes() {
            changed = true;
            auditor.look(&change)?;
        }
        if changed {
            auditor.keep_promises()?;
        }
        auditor.fault.take().map_or(Ok(()), Err)
    }

    /// Nothing fails any more: every device uploads its log, in an order of its own.
    fn settle(&mut self) -> Result<(), String> {
        self.storage.heal();
        let Some(engine) = self.engines.first().cloned() else { return Err("no engine".to_owned()) };
        let mut scans = self.logs.borrow().clone();
        for place in (1..scans.len()).rev() {
            let other = usize::try_from(self.luck.below(place as u64 + 1)).unwrap_or(0);
            scans.swap(place, other);
        }
        let bookings = engine.bookings();
        for part in scans.chunks(3) {
            let request = crate::MergeCheckIns { scans: part.to_vec() };
            let merged = quiet(bookings.merge_check_ins(&Actor::System, &request))?;
            merged.map_err(|error| format!("a quiet upload failed: {error}"))?;
            self.auditor.borrow_mut().uploaded(part);
            self.look()?;
        }
        let page = PageRequest { cursor: None, limit: Some(100) };
        let query = CheckInQuery { flagged: true, page };
        let told = quiet(bookings.check_ins(&Actor::System, self.show, &query))?;
        let told = told.map_err(|error| format!("a quiet list failed: {error}"))?.items;
        let conflicts = told.iter().filter(|item| item.flags.contains(&CheckInFlag::Conflict));
        let conflicts = conflicts.map(|item| (item.ticket_id, item.scans.len())).collect();
        let count = quiet(bookings.check_in_count(&Actor::System, self.show))?;
        let count = count.map_err(|error| format!("a quiet count failed: {error}"))?;
        self.auditor.borrow_mut().end(&conflicts, count.admitted)
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
