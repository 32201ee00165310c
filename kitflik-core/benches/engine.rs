//! What the engine costs by itself: one thread, storage in memory. How to run it and what it said:
//! `docs/benchmarks.md`.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a benchmark stops on errors")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kitflik_core::testing::ports::PlainHasher;
use kitflik_core::{
    Actor, BookingView, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, LogIn,
    MasterKey, MemoryStorage, MovieQuery, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Policy,
    RegisterUser, SeatFilter, SeatId, ShowId, TicketClaims, TicketSigner, TokenAlgorithm, Zone,
    best_available,
};
use pollster::block_on;

const SMALL: [usize; 2] = [15, 20];
const THOUSAND: [usize; 2] = [25, 40];
const LARGE: [usize; 2] = [100, 100];
/// As many as the catalogue of films that the demonstration house is filled with.
const TITLES: usize = 3_201;

fn layout([rows, seats]: [usize; 2]) -> Layout {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap());
    let row = |row: usize| format!("{}{}: {}\n", letter(row / 26), letter(row), "#".repeat(seats));
    let plan: String = (0..rows).map(row).collect();
    Layout::from_text("Hall", &plan).unwrap()
}

/// A house with one hall. Its shows follow each other from day to day.
struct House {
    kitflik: Kitflik,
    next: NewShow,
    day: u64,
    seats: Vec<SeatId>,
}

impl House {
    fn new(hall: [usize; 2], view_max_age: Option<Duration>) -> Self {
        let mut policy = Policy::default();
        policy.view_max_age = view_max_age;
        let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
        let kitflik = builder.policy(policy).password_hasher(Arc::new(PlainHasher)).build().unwrap();
        let layout = layout(hall);
        let seats = layout.seats().iter().map(|seat| seat.id.clone()).collect();
        let next = block_on(first_show(&kitflik, layout));
        Self { kitflik, next, day: 1, seats }
    }

    fn show(&mut self) -> ShowId {
        let start = self.kitflik.now().plus(Duration::from_secs(self.day * 24 * 60 * 60)).to_string();
        self.day += 1;
        self.next.starts_at_local = start[..16].parse().unwrap();
        block_on(self.kitflik.catalog().add_show(&Actor::System, &self.next)).unwrap().id
    }

    fn hold(&self, show: ShowId, seats: &[SeatId]) -> BookingView {
        let request = HoldSeats::seats(show, seats.iter().cloned());
        block_on(self.kitflik.bookings().hold(&Actor::Guest { booking_token: None }, &request)).unwrap()
    }

    fn sell(&self, show: ShowId, seats: &[SeatId], payment: &ConfirmBooking) {
        let held = self.hold(show, seats);
        let guest = Actor::Guest { booking_token: held.booking_token };
        block_on(self.kitflik.bookings().confirm(&guest, held.id, payment)).unwrap();
    }

    /// Every other pair of seats of a show.
    fn sell_half(&self, show: ShowId) {
        for pair in self.seats.chunks(2).step_by(2) {
            self.sell(show, pair, &ConfirmBooking::counter());
        }
    }
}

async fn first_show(kitflik: &Kitflik, layout: Layout) -> NewShow {
    let (catalog, system) = (kitflik.catalog(), Actor::System);
    let venue = NewVenue {
        command: None,
        name: "Odeon".to_owned(),
        city: "Berlin".to_owned(),
        address: None,
        zone: Zone::UTC,
    };
    let venue_id = catalog.add_venue(&system, &venue).await.unwrap().id;
    let price = CategoryPrice {
        category: "standard".parse().unwrap(),
        ticket_type: "adult".parse().unwrap(),
        amount_minor: 1200,
    };
    let card = NewPriceCard {
        command: None,
        name: "Evening".to_owned(),
        currency: Currency::EUR,
        prices: vec![price],
        booking_fee_minor: 50,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let auditorium = NewAuditorium { command: None, venue_id, name: "Hall".to_owned(), layout };
    let movie = NewMovie { title: "Alien".to_owned(), runtime_minutes: Some(117), ..NewMovie::default() };
    NewShow {
        language: Some("en".to_owned()),
        ..NewShow::new(
            catalog.add_movie(&system, &movie).await.unwrap().id,
            catalog.add_auditorium(&system, &auditorium).await.unwrap().id,
            catalog.add_price_card(&system, &card).await.unwrap().id,
            "2030-01-01T20:00".parse().unwrap(),
        )
    }
}

/// Hold two seats, confirm, until the hall is sold out, then the next show.
fn bookings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold and confirm");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    for (name, hall) in [("300 seats", SMALL), ("10,000 seats", LARGE)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let mut house = House::new(hall, None);
                let payment = ConfirmBooking::counter();
                let (mut left, mut spent) = (count, Duration::ZERO);
                while left > 0 {
                    let show = house.show();
                    #[expect(clippy::disallowed_methods, reason = "it is what a benchmark measures")]
                    let started = Instant::now();
                    for pair in house.seats.chunks(2).take(usize::try_from(left).unwrap_or(usize::MAX)) {
                        house.sell(show, pair, &payment);
                        left -= 1;
                    }
                    spent += started.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

fn seats(criterion: &mut Criterion) {
    for (name, hall) in [("300 seats", SMALL), ("1,000 seats", THOUSAND), ("10,000 seats", LARGE)] {
        let layout = layout(hall);
        let free: Vec<bool> = (0..layout.seats().len()).map(|seat| seat % 7 != 0).collect();
        criterion.bench_function(&format!("best available, 4 of {name}"), |bencher| {
            bencher.iter(|| best_available(&layout, black_box(&free), 4, &SeatFilter::default()).unwrap());
        });
        for (kind, max_age) in [("cached", None), ("cold", Some(Duration::ZERO))] {
            let mut house = House::new(hall, max_age);
            let show = house.show();
            house.sell_half(show);
            criterion.bench_function(&format!("seat map, {kind}, {name}"), |bencher| {
                bencher.iter(|| block_on(house.kitflik.bookings().seats(show)).unwrap().json());
            });
        }
        let mut house = House::new(hall, None);
        let show = house.show();
        house.sell_half(show);
        criterion.bench_function(&format!("seat map after a hold, {name}"), |bencher| {
            let pairs = std::cell::RefCell::new(house.seats.chunks(2).skip(1).step_by(2).cycle());
            let free = || pairs.borrow_mut().next().unwrap();
            let hold = || {
                let held = house.hold(show, free());
                let guest = Actor::Guest { booking_token: held.booking_token };
                block_on(house.kitflik.bookings().release(&guest, held.id, None)).unwrap();
            };
            bencher.iter_batched(
                hold,
                |()| block_on(house.kitflik.bookings().seats(show)).unwrap().json(),
                BatchSize::PerIteration,
            );
        });
    }
}

fn tokens(criterion: &mut Criterion) {
    let mut house = House::new(SMALL, None);
    let show = house.show();
    let held = house.hold(show, &house.seats[..1]);
    let signer = TicketSigner::from_seed([7; 32]);
    let claims = TicketClaims {
        ticket: "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77".parse().unwrap(),
        booking: held.id,
        show,
        seat: layout(SMALL).number(&held.seats[0].id).unwrap(),
        valid_from: house.kitflik.now(),
        valid_until: house.kitflik.now().plus(Duration::from_secs(3_600)),
    };
    criterion.bench_function("ticket, sign", |bencher| bencher.iter(|| signer.sign(black_box(&claims))));
    let (key, token) = (signer.public_key(), signer.sign(&claims));
    criterion
        .bench_function("ticket, verify", |bencher| bencher.iter(|| key.verify(black_box(&token)).unwrap()));

    let (email, password) = ("ada@example.org".to_owned(), "correct horse".to_owned());
    let user = RegisterUser {
        command: None,
        email: email.clone(),
        password: password.clone(),
        name: "Ada".to_owned(),
    };
    let log_in = LogIn::new(email, password);
    for (name, algorithm) in [("HS256", TokenAlgorithm::Hs256), ("EdDSA", TokenAlgorithm::EdDsa)] {
        let mut policy = Policy::default();
        policy.token_algorithm = algorithm;
        let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
        let kitflik = builder.policy(policy).password_hasher(Arc::new(PlainHasher)).build().unwrap();
        let pair = block_on(async {
            kitflik.users().register(&user).await.unwrap();
            kitflik.users().log_in(&log_in).await.unwrap()
        });
        criterion.bench_function(&format!("access token, verify, {name}"), |bencher| {
            bencher.iter(|| kitflik.users().authenticate(black_box(&pair.access_token)).unwrap());
        });
    }
}

/// Titles of one to four words, the same every time; some words are frequent, most are rare.
fn titles() -> Vec<NewMovie> {
    const PARTS: [&str; 16] = [
        "al", "be", "cor", "dra", "el", "fen", "gra", "hol", "is", "jun", "kar", "lo", "mar", "no", "or",
        "ster",
    ];
    let mut state = 7_u32;
    let mut below = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % bound) as usize
    };
    let mut word = || {
        let common = below(3) == 0;
        let parts = if common { 1 } else { 2 + below(2) };
        (0..parts).map(|_| PARTS[below(16)]).collect::<String>()
    };
    let mut title = |number: usize| (0..1 + number % 4).map(|_| word()).collect::<Vec<_>>().join(" ");
    (0..TITLES).map(|number| NewMovie { title: title(number), ..NewMovie::default() }).collect()
}

fn search(criterion: &mut Criterion) {
    let house = House::new(SMALL, None);
    let catalog = house.kitflik.catalog();
    for movie in titles() {
        block_on(catalog.add_movie(&Actor::System, &movie)).unwrap();
    }
    for (name, q) in [("one letter", "a"), ("two words", "mar holno"), ("nothing", "xyzzy")] {
        let query = MovieQuery { q: Some(q.to_owned()), ..MovieQuery::default() };
        criterion.bench_function(&format!("search in {TITLES} titles, {name}"), |bencher| {
            bencher.iter(|| block_on(catalog.movies(black_box(&query))).unwrap());
        });
    }
}

criterion_group!(benches, bookings, seats, tokens, search);
criterion_main!(benches);
