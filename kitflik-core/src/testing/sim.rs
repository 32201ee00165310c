//! The simulation: several engines over one faulty store, many customers, time and luck owned by a seed.
//!
//! One thread polls all futures in an order that the seed chooses, drops some of them half-way (a cancelled
//! request), moves and skews the clocks, and pulls the plug. After every change of the store an
//! auditor looks at what is stored and compares it with what was acknowledged. The same seed gives
//! the same run, so a failure is found again by its seed.

pub mod accounts;
mod auditor;
mod clerk;
pub mod gate;
mod house;
pub mod jobs;
mod money;
mod people;
mod provider;
pub mod schedule;
mod settled;
mod storage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use parking_lot::Mutex;

use self::auditor::Auditor;
use self::clerk::Clerk;
use self::people::Person;
use self::provider::{FlakyPayments, Post};
use self::storage::FaultyStorage;
use super::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::store::tx::Mutant;
use crate::{
    Actor, CancellationTier, CategoryPrice, Clock, Currency, DiscountKind, Email, Kitflik, Layout, MailError,
    Mailer, MasterKey, MemoryStorage, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, NewVoucher,
    Policy, SelectionRules, ShowId, SignedEvent, Storage, TestPayments, Timestamp,
};

/// How a run is broken on purpose, as the proof that the auditor would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The store ignores checks.
    ChecksOff,
    /// The store applies half of the writes of some batches.
    HalfOfABatch,
    /// A receipt does not answer a repeat.
    ReceiptIgnored,
    /// A stale hold is taken over without checking or expiring the old booking.
    TakeoverUnchecked,
    /// A house seat that is released is taken without checking its pointer.
    ReleaseUnchecked,
    /// A confirm does not check the version of its booking.
    ConfirmUnchecked,
    /// A confirm is acknowledged before it is durable.
    ConfirmRelaxed,
    /// Guesses at a code are counted without a check.
    GuessesUnchecked,
    /// A new password by code leaves the sessions open.
    ResetKeepsSessions,
    /// A cancellation leaves no row by which its refund is found again.
    RefundForgotten,
    /// Money that arrives too late is not given back.
    LateMoneyKept,
    /// What a payment provider tells twice is taken in twice.
    EventsRepeated,
    /// The uses of a discount code are counted without a check.
    UsesUnchecked,
    /// A show is put into a schedule that another one may be put into at the same time.
    ScheduleUnchecked,
    /// A moved show leaves no row by which its holders are told.
    MoveUntold,
    /// A cancelled show leaves no row by which its bookings are undone.
    CancelForgotten,
    /// A ticket is used without a check.
    CheckInUnchecked,
    /// Scans are merged into a row that somebody else may have written meanwhile.
    MergeUnchecked,
    /// A run of a job is begun without a check.
    RunUnchecked,
    /// A run of a job ends after its first page.
    RunForgotten,
    /// It is not written down who was reminded of a show.
    ReminderUnmarked,
}

impl Sabotage {
    /// Those that sales must notice.
    pub const ALL: [Self; 11] = [
        Self::ChecksOff,
        Self::HalfOfABatch,
        Self::ReceiptIgnored,
        Self::TakeoverUnchecked,
        Self::ReleaseUnchecked,
        Self::ConfirmUnchecked,
        Self::ConfirmRelaxed,
        Self::RefundForgotten,
        Self::LateMoneyKept,
        Self::EventsRepeated,
        Self::UsesUnchecked,
    ];

    fn mutant(self) -> Option<Mutant> {
        match self {
            Self::ChecksOff | Self::HalfOfABatch => None,
            Self::ReceiptIgnored => Some(Mutant::ReceiptIgnored),
            Self::TakeoverUnchecked => Some(Mutant::TakeoverUnchecked),
            Self::ReleaseUnchecked => Some(Mutant::ReleaseUnchecked),
            Self::ConfirmUnchecked => Some(Mutant::ConfirmUnchecked),
            Self::ConfirmRelaxed => Some(Mutant::ConfirmRelaxed),
            Self::GuessesUnchecked => Some(Mutant::GuessesUnchecked),
            Self::ResetKeepsSessions => Some(Mutant::ResetKeepsSessions),
            Self::RefundForgotten => Some(Mutant::RefundForgotten),
            Self::LateMoneyKept => Some(Mutant::LateMoneyKept),
            Self::EventsRepeated => Some(Mutant::EventsRepeated),
            Self::UsesUnchecked => Some(Mutant::UsesUnchecked),
            Self::ScheduleUnchecked => Some(Mutant::ScheduleUnchecked),
            Self::MoveUntold => Some(Mutant::MoveUntold),
            Self::CancelForgotten => Some(Mutant::CancelForgotten),
            Self::CheckInUnchecked => Some(Mutant::CheckInUnchecked),
            Self::MergeUnchecked => Some(Mutant::MergeUnchecked),
            Self::RunUnchecked => Some(Mutant::RunUnchecked),
            Self::RunForgotten => Some(Mutant::RunForgotten),
            Self::ReminderUnmarked => Some(Mutant::ReminderUnmarked),
        }
    }
}

/// What happened in a run, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Futures polled.
    pub polls: u64,
    /// Holds acknowledged.
    pub holds: u64,
    /// Sales acknowledged.
    pub sales: u64,
    /// Cancellations acknowledged.
    pub cancellations: u64,
    /// Tickets that went back while others stayed.
    pub returns: u64,
    /// Sales that were undone, in whole or in part, of whose money the house keeps some.
    pub kept: u64,
    /// Refunds of sales that were undone.
    pub refunds: u64,
    /// Payments that came too late, and went back.
    pub late_money: u64,
    /// Sales that were made late, with their seats taken again.
    pub retaken: u64,
    /// Events of the payment provider that were taken in, repeats too.
    pub events: u64,
    /// Commands refused.
    pub refusals: u64,
    /// Commands whose outcome was not known.
    pub unknown: u64,
    /// Commands dropped half-way.
    pub dropped: u64,
    /// Times that the plug was pulled.
    pub crashes: u64,
    /// Holds taken over after their end.
    pub takeovers: u64,
    /// Mails sent.
    pub mails: u64,
    /// Holds acknowledged with a discount.
    pub discounts: u64,
    /// Refusals because a discount code was used up.
    pub used_up: u64,
    /// Changes of the price card acknowledged.
    pub price_edits: u64,
    /// Blocks acknowledged.
    pub blocks: u64,
    /// House seats that were taken after their release.
    pub released: u64,
}

impl Tally {
    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.polls += other.polls;
        self.holds += other.holds;
        self.sales += other.sales;
        self.cancellations += other.cancellations;
        self.returns += other.returns;
        self.kept += other.kept;
        self.refunds += other.refunds;
        self.late_money += other.late_money;
        self.retaken += other.retaken;
        self.events += other.events;
        self.refusals += other.refusals;
        self.unknown += other.unknown;
        self.dropped += other.dropped;
        self.crashes += other.crashes;
        self.takeovers += other.takeovers;
        self.mails += other.mails;
        self.discounts += other.discounts;
        self.used_up += other.used_up;
        self.price_edits += other.price_edits;
        self.blocks += other.blocks;
        self.released += other.released;
    }
}

/// The cinemas that all runs start from, made once: one whose show limits seats per customer, one whose does not.
#[derive(Debug)]
pub struct Stage {
    free: Scene,
    capped: Scene,
}

#[derive(Debug)]
struct Scene {
    rows: Vec<crate::Row>,
    show: ShowId,
    seats: usize,
    cap: Option<u32>,
}

/// A discount code of the house, and how many bookings may have it.
const CODE: &str = "RUSH";
const USES: u32 = 2;
const START: &str = "2026-11-27T12:00:00Z";
const PEOPLE: u64 = 7;
const STEPS: u64 = 1_500;

impl Stage {
    /// Builds the cinemas: each has one show in a hall of two rows with a couple seat.
    ///
    /// # Errors
    /// What the engine refused, as text.
    pub fn build() -> Result<Self, String> {
        Ok(Self { free: Scene::build(None)?, capped: Scene::build(Some(3))? })
    }

    fn scene(&self, seed: u64) -> &Scene {
        if seed % 4 == 3 { &self.capped } else { &self.free }
    }
}

impl Scene {
    fn build(cap: Option<u32>) -> Result<Self, String> {
        let storage = Arc::new(MemoryStorage::new());
        let clock = Arc::new(ManualClock::new(start()));
        let engine = Kitflik::builder(storage.clone(), MasterKey::new([3; 32]))
            .clock(clock)
            .entropy(Arc::new(SeededEntropy::new(0)))
            .password_hasher(Arc::new(PlainHasher))
            .build()
            .map_err(|error| error.to_string())?;
        let layout =
            Layout::from_text("Hall", "A: ######\nB: ##<>##\n").map_err(|error| error.to_string())?;
        let seats = layout.seats().len();
        let mut build = Box::pin(build_show(&engine, layout, cap));
        let show = loop {
            if let Poll::Ready(show) = poll(build.as_mut()) {
                break show.map_err(|error| error.to_string())?;
            }
        };
        Ok(Self { rows: storage.rows(), show, seats, cap })
    }
}

async fn build_show(engine: &Kitflik, layout: Layout, cap: Option<u32>) -> Result<ShowId, crate::Error> {
    let (catalog, system, command) = (engine.catalog(), Actor::System, None);
    let text = |text: &str| text.to_owned();
    let venue = NewVenue {
        command: command.clone(),
        name: text("Odeon"),
        city: text("Berlin"),
        address: None,
        zone: crate::Zone::UTC,
    };
    let venue = catalog.add_venue(&system, &venue).await?;
    let prices = layout.categories().iter().filter_map(|category| {
        let ticket_type = "adult".parse().ok()?;
        Some(CategoryPrice { category: category.id.clone(), ticket_type, amount_minor: 1000 })
    });
    let card = NewPriceCard {
        command: command.clone(),
        name: text("All day"),
        currency: Currency::EUR,
        prices: prices.collect(),
        booking_fee_minor: 30,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let card = catalog.add_price_card(&system, &card).await?;
    let voucher =
        NewVoucher { max_uses: Some(USES), ..NewVoucher::new(CODE, DiscountKind::BasisPoints(1_500)) };
    catalog.add_voucher(&system, &voucher).await?;
    let hall = NewAuditorium { command: command.clone(), venue_id: venue.id, name: text("Hall"), layout };
    let auditorium = catalog.add_auditorium(&system, &hall).await?;
    let movie = NewMovie { title: text("Alien"), ..NewMovie::default() };
    let movie = catalog.add_movie(&system, &movie).await?;
    let starts = crate::LocalTime::new(start().plus(8 * HOUR).utc().naive_utc());
    let show = NewShow {
        sales_open_at: Some(Timestamp::from_millis(0)),
        max_seats_per_customer: cap,
        selection: SelectionRules { orphans: false, ..SelectionRules::default() },
        ..NewShow::new(movie.id, auditorium.id, card.id, starts)
    };
    Ok(catalog.add_show(&system, &show).await?.id)
}

const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

fn start() -> Timestamp {
    START.parse().unwrap_or(Timestamp::from_millis(0))
}

/// A house that does nothing by itself: only what somebody asked for is counted.
fn quiet() -> Policy {
    Policy { new_releases: None, reminder_before: None, occupancy_report: None, ..Policy::default() }
}

/// All comes back in the first minutes of a run, then ever less.
fn terms() -> Vec<CancellationTier> {
    let before = |minutes: u32, percent| CancellationTier::new(8 * HOUR - HOUR / 60 * minutes, percent);
    vec![before(5, 100), before(15, 50), before(30, 33)]
}

fn poll<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Gives way once: the seed decides who goes on.
pub(crate) async fn turn() {
    let mut given = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut given, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// A clock that is a little wrong.
struct SkewedClock {
    truth: Arc<ManualClock>,
    off_by: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.truth.now().millis() + self.off_by)
    }
}

/// A mail server that fails half the time.
struct FlakyMailer {
    luck: Arc<SeededEntropy>,
    sent: Arc<Mutex<Vec<Email>>>,
}

#[async_trait]
impl Mailer for FlakyMailer {
    async fn send(&self, email: Email) -> Result<(), MailError> {
        turn().await;
        if self.luck.chance(25) {
            return Err(MailError::Temporary { reason: "greylisted".to_owned() });
        }
        self.sent.lock().push(email);
        turn().await;
        if self.luck.chance(33) {
            return Err(MailError::Temporary { reason: "connection reset".to_owned() });
        }
        Ok(())
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// One run.
struct World {
    luck: Arc<SeededEntropy>,
    clock: Arc<ManualClock>,
    storage: Arc<FaultyStorage>,
    books: Arc<TestPayments>,
    sent: Arc<Mutex<Vec<Email>>>,
    /// Events of the provider on their way.
    told: Rc<RefCell<Vec<SignedEvent>>>,
    auditor: Rc<RefCell<Auditor>>,
    engines: Vec<Kitflik>,
    /// Whether the house keeps some of what is given up.
    terms: bool,
    sabotage: Option<Sabotage>,
    generation: u64,
}

impl World {
    fn new(seed: u64, stage: &Scene, sabotage: Option<Sabotage>) -> Self {
        let luck = Arc::new(SeededEntropy::new(seed));
        let mut world = Self {
            clock: Arc::new(ManualClock::new(start())),
            storage: Arc::new(FaultyStorage::new(&stage.rows, Arc::clone(&luck), sabotage)),
            books: Arc::new(TestPayments::new().with_events(b"a secret of two")),
            sent: Arc::default(),
            told: Rc::default(),
            auditor: Rc::new(RefCell::new(Auditor::new(stage.show, stage.seats, stage.cap))),
            engines: Vec::new(),
            terms: seed % 5 == 2,
            luck,
            sabotage,
            generation: 0,
        };
        world.auditor.borrow_mut().terms = world.terms;
        world.start_engines();
        world
    }

    /// New processes: nothing in memory, clocks anew.
    fn start_engines(&mut self) {
        self.generation += 1;
        let count = 1 + self.luck.below(3);
        let mut engines = Vec::new();
        for number in 0..count {
            let skew = i64::try_from(self.luck.below(4_000)).unwrap_or(0) - 2_000;
            // Mostly some seconds off, now and then a quarter of an hour.
            let off_by = if self.luck.chance(15) { skew * 500 } else { skew };
            let clock = SkewedClock { truth: Arc::clone(&self.clock), off_by };
            let entropy = SeededEntropy::new(self.luck.next() ^ number);
            let view_max_age = Some(std::time::Duration::from_secs(self.luck.below(60)));
            let cancellation = if self.terms { terms() } else { Vec::new() };
            let policy = Policy { view_max_age, cancellation, fees_refundable: !self.terms, ..quiet() };
            let storage: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
            let mut builder = Kitflik::builder(storage, MasterKey::new([3; 32]))
                .clock(Arc::new(clock))
                .entropy(Arc::new(entropy))
                .password_hasher(Arc::new(PlainHasher))
                .mailer(Arc::new(FlakyMailer { luck: self.luck.clone(), sent: self.sent.clone() }))
                .payments(
                    "test",
                    Arc::new(FlakyPayments { luck: self.luck.clone(), books: self.books.clone() }),
                )
                .policy(policy);
            if let Some(mutant) = self.sabotage.and_then(Sabotage::mutant) {
                builder = builder.mutant(mutant);
            }
            engines.extend(builder.build());
        }
        self.engines = engines;
    }

    fn person(&self, number: u64) -> Task {
        let engine = self.engines[usize::try_from(number).unwrap_or(0) % self.engines.len()].clone();
        let name = format!("p{}-{}-{number}", self.generation, self.luck.next() % 1_000_000);
        if number % 9 == 5 {
            let clerk = Clerk::new(name, engine, Arc::clone(&self.luck), Rc::clone(&self.auditor));
            return Box::pin(clerk.live());
        }
        let person = Person::new(name, engine, Arc::clone(&self.luck), Rc::clone(&self.auditor));
        Box::pin(person.live())
    }

    fn post(&self) -> Post {
        Post { luck: self.luck.clone(), books: self.books.clone(), waiting: self.told.clone() }
    }

    /// What every process does by itself, and the events that are on their way to them.
    fn all_background(&self) -> Vec<Task> {
        let mut all: Vec<Task> = (0..self.engines.len()).map(|number| self.background(number)).collect();
        all.push(Box::pin(self.post().carry(self.engines.clone(), Rc::clone(&self.auditor))));
        all
    }

    fn background(&self, number: usize) -> Task {
        let engine = self.engines[number % self.engines.len()].clone();
        Box::pin(async move {
            loop {
                // Whatever fails is tried again next time.
                let _ = engine.tick().await;
                for _ in 0..20 {
                    turn().await;
                }
            }
        })
    }

    fn pass_time(&self) {
        let millis = match self.luck.below(100) {
            0..=79 => self.luck.below(2_000),
            80..=94 => self.luck.below(120_000),
            _ => self.luck.below(700_000),
        };
        let millis = i64::try_from(millis).unwrap_or(0);
        // Clocks are set back, too.
        self.clock.shift(if self.luck.chance(3) { -millis.min(30_000) } else { millis });
    }

    fn run(&mut self) -> Result<(), String> {
        let mut people: BTreeMap<u64, Task> =
            (0..PEOPLE).map(|number| (number, self.person(number))).collect();
        let mut background = self.all_background();
        let mut next = PEOPLE;
        for _ in 0..STEPS {
            if self.luck.chance(4) {
                self.pass_time();
            }
            if self.luck.below(400) == 0 {
                // The plug is pulled: every process is gone, and so is what was not synced.
                people.clear();
                background.clear();
                self.storage.crash();
                self.auditor.borrow_mut().crashed(&self.storage.rows());
                self.start_engines();
                background = self.all_background();
            }
            if people.len() < usize::try_from(PEOPLE).unwrap_or(0) {
                people.insert(next, self.person(next));
                next += 1;
            }
            if self.luck.chance(20) {
                let which = usize::try_from(self.luck.below(background.len() as u64)).unwrap_or(0);
                let _ = poll(background[which].as_mut());
            } else {
                let place = usize::try_from(self.luck.below(people.len() as u64)).unwrap_or(0);
                let Some((&number, task)) = people.iter_mut().nth(place) else { continue };
                let over = poll(task.as_mut()).is_ready();
                if over || self.luck.below(300) == 0 {
                    people.remove(&number);
                    if !over {
                        self.auditor.borrow_mut().tally.dropped += 1;
                    }
                }
            }
            self.auditor.borrow_mut().tally.polls += 1;
            for change in self.storage.take_changes() {
                self.auditor.borrow_mut().look(&change)?;
            }
            if let Some(fault) = self.auditor.borrow_mut().fault.take() {
                return Err(fault);
            }
        }
        drop(people);
        drop(background);
        self.settle()
    }

    /// Everybody has gone home and nothing fails any more: in the end every promise must be kept.
    fn settle(&mut self) -> Result<(), String> {
        self.storage.heal();
        let post = self.post();
        for round in 0..60 {
            self.clock.shift(40 * 60_000);
            let engine = self.engines[0].clone();
            post.collect(engine.now());
            // What was not told yet, or is told again, comes in at last, the newest first.
            let told = if round % 8 == 7 { self.told.take() } else { Vec::new() };
            let mut tick = Box::pin(async move {
                for event in told.iter().rev() {
                    provider::tell(&engine, event).await;
                }
                engine.tick().await
            });
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
            for change in self.storage.take_changes() {
                self.auditor.borrow_mut().look(&change)?;
            }
        }
        let rows = self.storage.rows();
        let sent = self.sent.lock().clone();
        self.auditor.borrow_mut().end(&rows, &self.books.taken(), &sent)?;
        settled::all_days_settle(&self.engines[0], start(), self.clock.now())
    }
}

/// Runs one seed to its end.
///
/// # Errors
/// What was violated, with the seed.
pub fn run(seed: u64, stage: &Stage, sabotage: Option<Sabotage>) -> Result<Tally, String> {
    let mut world = World::new(seed, stage.scene(seed), sabotage);
    let outcome = world.run();
    let tally = world.auditor.borrow().tally;
    match outcome {
        Ok(()) => Ok(tally),
        Err(fault) => Err(format!("seed {seed}: {fault}")),
    }
}
