//! Commands in any order, against a model that knows nothing of keys, pointers, batches or caches: a list of bookings.
#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use kitflik_core::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, Batch, BookingError, BookingId, BookingStatus, BookingView, CategoryPrice, ChangeSeats, CommandId,
    ConfirmBooking, Currency, Durability, ErrorCode, HoldSeats, Kitflik, Layout, MasterKey, MemoryStorage,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Policy, Row, SeatId, SelectionRules, ShowId,
    Storage, Timestamp, Write, Zone,
};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;

const SEATS: usize = 12;
const MINUTE: i64 = 60_000;

/// Seats are bits: more than ten of them are too many.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Op {
    Hold {
        seats: u16,
    },
    Change {
        booking: u8,
        seats: u16,
    },
    Extend {
        booking: u8,
    },
    Release {
        booking: u8,
    },
    Confirm {
        booking: u8,
    },
    /// Up to half an hour, or some seconds back.
    Wait {
        seconds: u16,
    },
    SetBack {
        seconds: u8,
    },
    /// A new process: nothing in memory.
    Restart,
}

/// A command, perhaps with a name and sent again.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Step {
    op: Op,
    again: bool,
}

struct Held {
    id: BookingId,
    status: BookingStatus,
    seats: BTreeSet<usize>,
    created: i64,
    until: i64,
}

/// What an honest clerk with a sheet of paper would do.
struct Model {
    bookings: Vec<Held>,
    now: i64,
}

type Answer = Result<(), ErrorCode>;

impl Model {
    /// Which booking a number means.
    fn place(&self, number: u8) -> usize {
        usize::from(number) % self.bookings.len().max(1)
    }

    fn stale(&self, booking: &Held) -> bool {
        booking.status == BookingStatus::Held && booking.until + 2_000 <= self.now
    }

    /// Who stands in the way of somebody who wants these seats.
    fn taken(&self, wanted: &BTreeSet<usize>, mine: Option<usize>) -> BTreeSet<usize> {
        let live = |booking: &&Held| match booking.status {
            BookingStatus::Held => !self.stale(booking),
            status => status == BookingStatus::Confirmed,
        };
        let others = self.bookings.iter().enumerate().filter(|(at, _)| Some(*at) != mine);
        let others = others.map(|(_, booking)| booking).filter(live);
        others.flat_map(|booking| booking.seats.intersection(wanted).copied()).collect()
    }

    /// Those whose seats are taken over lose them all.
    fn expire(&mut self, wanted: &BTreeSet<usize>, mine: Option<usize>) {
        for at in (0..self.bookings.len()).filter(|at| Some(*at) != mine) {
            if self.stale(&self.bookings[at]) && !self.bookings[at].seats.is_disjoint(wanted) {
                self.bookings[at].status = BookingStatus::Expired;
            }
        }
    }

    fn claim(&mut self, wanted: &BTreeSet<usize>, mine: Option<usize>) -> Answer {
        if !self.taken(wanted, mine).is_empty() {
            return Err(ErrorCode::SeatTaken);
        }
        self.expire(wanted, mine);
        Ok(())
    }

    fn running(&self, at: usize) -> Answer {
        match self.bookings[at].status {
            BookingStatus::Held if self.now < self.bookings[at].until => Ok(()),
            BookingStatus::Held | BookingStatus::Expired => Err(ErrorCode::HoldExpired),
            _ => Err(ErrorCode::BookingState),
        }
    }

    fn hold(&mut self, wanted: &BTreeSet<usize>) -> Answer {
        count(wanted)?;
        self.claim(wanted, None)
    }

    fn change(&mut self, at: usize, wanted: &BTreeSet<usize>) -> Answer {
        count(wanted)?;
        self.running(at)?;
        self.claim(wanted, Some(at))?;
        self.bookings[at].seats = wanted.clone();
        Ok(())
    }

    fn extend(&mut self, at: usize) -> Answer {
        self.running(at)?;
        let until = (self.now + 10 * MINUTE).min(self.bookings[at].created + 30 * MINUTE);
        if until <= self.bookings[at].until {
            return Err(ErrorCode::ExtensionLimit);
        }
        self.bookings[at].until = until;
        Ok(())
    }

    fn release(&mut self, at: usize) -> Answer {
        match self.bookings[at].status {
            BookingStatus::Held => self.bookings[at].status = BookingStatus::Released,
            BookingStatus::Released | BookingStatus::Expired => {}
            _ => return Err(ErrorCode::BookingState),
        }
        Ok(())
    }

    fn confirm(&mut self, at: usize) -> Answer {
        match self.bookings[at].status {
            BookingStatus::Held if self.now <= self.bookings[at].until + 30_000 => {
                self.bookings[at].status = BookingStatus::Confirmed;
                Ok(())
            }
            BookingStatus::Held | BookingStatus::Expired => Err(ErrorCode::HoldExpired),
            _ => Err(ErrorCode::BookingState),
        }
    }

    fn map(&self) -> String {
        let state = |seat: usize| {
            let mut held = self.bookings.iter().filter(|booking| booking.seats.contains(&seat));
            held.find_map(|booking| match booking.status {
                BookingStatus::Confirmed => Some('s'),
                BookingStatus::Held if !self.stale(booking) => Some('h'),
                _ => None,
            })
        };
        (0..SEATS).map(|seat| state(seat).unwrap_or('.')).collect()
    }
}

fn count(wanted: &BTreeSet<usize>) -> Answer {
    if (1..=10).contains(&wanted.len()) { Ok(()) } else { Err(ErrorCode::ValidationFailed) }
}

struct House {
    storage: Arc<MemoryStorage>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    kitflik: Kitflik,
    show: ShowId,
    seats: Vec<SeatId>,
}

fn engine(storage: &Arc<MemoryStorage>, clock: &Arc<ManualClock>, entropy: &Arc<SeededEntropy>) -> Kitflik {
    let mut policy = Policy::default();
    policy.view_max_age = None;
    Kitflik::builder(storage.clone(), MasterKey::new([1; 32]))
        .clock(clock.clone())
        .entropy(entropy.clone())
        .password_hasher(Arc::new(PlainHasher))
        .policy(policy)
        .build()
        .expect("the engine has its ports")
}

/// The cinema that every run starts from: its rows, its show and its seats.
static STAGE: LazyLock<(Vec<Row>, ShowId, Vec<SeatId>)> = LazyLock::new(|| {
    let (storage, clock) = (Arc::new(MemoryStorage::new()), Arc::new(ManualClock::new(start())));
    let kitflik = engine(&storage, &clock, &Arc::new(SeededEntropy::new(0)));
    let layout = Layout::from_text("Hall", "A: ######\nB: ######").expect("a layout");
    let seats = layout.seats().iter().map(|seat| seat.id.clone()).collect();
    let show = block_on(build(&kitflik, layout)).expect("a show");
    (storage.rows(), show, seats)
});

fn start() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

impl House {
    fn new() -> Self {
        let (rows, show, seats) = &*STAGE;
        let (storage, clock) = (Arc::new(MemoryStorage::new()), Arc::new(ManualClock::new(start())));
        let put = |row: &Row| Write::Put { key: row.key.clone(), value: row.value.clone() };
        let writes = rows.iter().map(put).collect();
        let batch = Batch { checks: Vec::new(), writes, durability: Durability::Relaxed };
        block_on(storage.commit(batch)).expect("a store");
        let entropy = Arc::new(SeededEntropy::new(1));
        let kitflik = engine(&storage, &clock, &entropy);
        Self { storage, clock, entropy, kitflik, show: *show, seats: seats.clone() }
    }

    /// Sends a command; the model has answered already.
    fn send(&self, step: Step, name: usize, model: &Model) -> Option<Result<BookingView, BookingError>> {
        let command = step.again.then(|| CommandId::new(format!("command {name}")).expect("a command id"));
        let (bookings, actor) = (self.kitflik.bookings(), Actor::System);
        let id = |booking: u8| model.bookings.get(model.place(booking)).map(|booking| booking.id);
        block_on(async {
            let answer = match step.op {
                Op::Hold { seats } => {
                    let request = HoldSeats::seats(self.show, self.ids(seats));
                    bookings.hold(&actor, &HoldSeats { command, ..request }).await
                }
                Op::Change { booking, seats } => {
                    let (seats, ticket_types, discount_code) = (self.ids(seats), Vec::new(), None);
                    let request = ChangeSeats { command, seats, ticket_types, discount_code };
                    bookings.change_seats(&actor, id(booking)?, &request).await
                }
                Op::Extend { booking } => bookings.extend(&actor, id(booking)?, command.as_ref()).await,
                Op::Release { booking } => bookings.release(&actor, id(booking)?, command.as_ref()).await,
                Op::Confirm { booking } => {
                    let request = ConfirmBooking { command, ..ConfirmBooking::counter() };
                    bookings.confirm(&actor, id(booking)?, &request).await
                }
                Op::Wait { .. } | Op::SetBack { .. } | Op::Restart => return None,
            };
            Some(answer)
        })
    }

    fn ids(&self, seats: u16) -> Vec<SeatId> {
        places(seats).into_iter().map(|place| self.seats[place].clone()).collect()
    }
}

fn places(seats: u16) -> BTreeSet<usize> {
    (0..SEATS).filter(|place| seats >> place & 1 == 1).collect()
}

async fn build(kitflik: &Kitflik, layout: Layout) -> Result<ShowId, kitflik_core::Error> {
    let (catalog, system, text) = (kitflik.catalog(), Actor::System, |text: &str| text.to_owned());
    let (name, city) = (text("Odeon"), text("Berlin"));
    let venue = NewVenue { command: None, name, city, address: None, zone: Zone::UTC };
    let venue = catalog.add_venue(&system, &venue).await?;
    let (category, ticket_type) = (layout.categories()[0].id.clone(), "adult".parse().expect("a type"));
    let card = NewPriceCard {
        command: None,
        name: text("All day"),
        currency: Currency::EUR,
        prices: vec![CategoryPrice { category, ticket_type, amount_minor: 1000 }],
        booking_fee_minor: 30,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let card = catalog.add_price_card(&system, &card).await?;
    let hall = NewAuditorium { command: None, venue_id: venue.id, name: text("Hall"), layout };
    let hall = catalog.add_auditorium(&system, &hall).await?;
    let movie = NewMovie { title: text("Alien"), ..NewMovie::default() };
    let movie = catalog.add_movie(&system, &movie).await?;
    let show = NewShow {
        sales_open_at: Some(Timestamp::from_millis(0)),
        selection: SelectionRules::OFF,
        ..NewShow::new(movie.id, hall.id, card.id, "2027-11-27T20:00".parse().expect("a time"))
    };
    Ok(catalog.add_show(&system, &show).await?.id)
}

fn run(steps: &[Step]) {
    let mut house = House::new();
    let mut model = Model { bookings: Vec::new(), now: house.kitflik.now().millis() };
    let mut sold: BTreeSet<SeatId> = BTreeSet::new();
    for (at, step) in steps.iter().enumerate() {
        match step.op {
            Op::Wait { seconds } => house.clock.shift(i64::from(seconds % 1_800) * 1_000),
            Op::SetBack { seconds } => house.clock.shift(-i64::from(seconds) * 1_000),
            Op::Restart => house.kitflik = engine(&house.storage, &house.clock, &house.entropy),
            _ => {}
        }
        model.now = house.kitflik.now().millis();
        let Some(answer) = house.send(*step, at, &model) else { continue };
        if step.again {
            let repeat = house.send(*step, at, &model).expect("the same command");
            assert_eq!(repeat, answer, "{at}: a repeat gets the same answer");
        }
        let expected = match step.op {
            Op::Hold { seats } => model.hold(&places(seats)),
            Op::Change { booking, seats } => model.change(model.place(booking), &places(seats)),
            Op::Extend { booking } => model.extend(model.place(booking)),
            Op::Release { booking } => model.release(model.place(booking)),
            Op::Confirm { booking } => model.confirm(model.place(booking)),
            Op::Wait { .. } | Op::SetBack { .. } | Op::Restart => Ok(()),
        };
        let code = answer.as_ref().map(drop).map_err(BookingError::code);
        assert_eq!(code, expected, "{at}: {:?} was answered with {answer:?}", step.op);
        match (step.op, &answer) {
            (Op::Hold { seats }, Ok(view)) => model.bookings.push(Held {
                id: view.id,
                status: BookingStatus::Held,
                seats: places(seats),
                created: model.now,
                until: model.now + 10 * MINUTE,
            }),
            (Op::Confirm { .. }, Ok(view)) => {
                for seat in &view.seats {
                    assert!(sold.insert(seat.id.clone()), "{at}: {} is sold twice", seat.id);
                }
            }
            (Op::Hold { seats }, Err(BookingError::SeatTaken { seats: named })) => {
                let taken = model.taken(&places(seats), None);
                let taken: Vec<SeatId> = taken.into_iter().map(|place| house.seats[place].clone()).collect();
                assert_eq!(*named, taken, "{at}: the refusal names the seats");
            }
            _ => {}
        }
        if let Ok(view) = &answer {
            let sum: i64 = view.quote.lines.iter().map(|line| line.amount.amount_minor).sum();
            assert_eq!(sum, view.quote.total.amount_minor, "{at}: the total is the sum of its lines");
        }
        let map = block_on(house.kitflik.bookings().seats(house.show)).expect("a map");
        assert_eq!(map.view().states, model.map(), "{at}: the map after {:?}", step.op);
    }
    for booking in &model.bookings {
        let view = block_on(house.kitflik.bookings().get(&Actor::System, booking.id)).expect("a booking");
        assert_eq!(view.status, booking.status);
    }
}

// A `Vec` made by `arbitrary` ends after each item with even odds, far too early for a hold to be taken over.
fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let mut steps = Vec::new();
    while steps.len() < 64 && !input.is_empty() {
        steps.extend(Step::arbitrary(&mut input));
    }
    run(&steps);
});
