//! Discount codes: what they take off, where they are valid, and that nobody uses one too often.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use common::{Cinema, HALL, House, Slow, house, seats};
use kitflik_core::testing::ports::{ManualClock, PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, BookingError, BookingView, CancelBooking, CatalogError, ChangeSeats, ConfirmBooking, Currency,
    DiscountKind, ErrorCode, HoldSeats, Kitflik, MasterKey, MemoryStorage, NewVoucher, PageRequest,
    QuoteSeats, Storage, VoucherView,
};
use pollster::block_on;
use proptest::prelude::*;

const CODE: &str = "SPRING-10";

fn ten_percent() -> NewVoucher {
    NewVoucher::new(CODE, DiscountKind::BasisPoints(1_000))
}

fn add(house: &House, new: &NewVoucher) -> VoucherView {
    block_on(house.kitflik.catalog().add_voucher(&Actor::System, new)).unwrap()
}

fn edit(house: &House, voucher: &VoucherView, new: &NewVoucher) -> Result<VoucherView, CatalogError> {
    let (catalog, revision) = (house.kitflik.catalog(), Some(voucher.revision));
    block_on(catalog.edit_voucher(&Actor::System, voucher.id, revision, new))
}

fn uses(house: &House, voucher: &VoucherView) -> u32 {
    block_on(house.kitflik.catalog().voucher(&Actor::System, voucher.id)).unwrap().uses
}

fn hold_for(house: &House, cinema: &Cinema, seat: &str, email: &str) -> Result<BookingView, BookingError> {
    let request = HoldSeats::seats(cinema.show.id, seats(&[seat])).customer("Ada", email).discount_code(CODE);
    block_on(house.kitflik.bookings().hold(&Actor::System, &request))
}

fn hold(house: &House, cinema: &Cinema, seat: &str) -> Result<BookingView, BookingError> {
    hold_for(house, cinema, seat, &format!("{seat}@example.org"))
}

fn sell(house: &House, held: &BookingView) -> Result<BookingView, BookingError> {
    block_on(house.kitflik.bookings().confirm(&Actor::System, held.id, &ConfirmBooking::counter()))
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, BookingError>) -> ErrorCode {
    outcome.unwrap_err().code()
}

fn discount(view: &BookingView) -> i64 {
    let lines = view.quote.lines.iter().filter(|line| line.rule == "discount");
    lines.map(|line| line.amount.amount_minor).sum()
}

#[test]
fn a_code_takes_something_off_the_seats() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let voucher = add(&house, &ten_percent());
    assert_eq!((voucher.code.as_str(), voucher.uses), (CODE, 0));
    let request = HoldSeats::seats(cinema.show.id, seats(&["A1", "A2"])).discount_code(" spring-10 ");
    let held = block_on(house.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap();
    // 10 % of two seats at 12.00; the booking fee of 0.50 stays.
    assert_eq!((discount(&held), held.quote.total.amount_minor), (-240, 2_400 - 240 + 50));
    assert_eq!(held.quote.discount_code.as_deref(), Some(CODE));
    let guest = Actor::guest_with(held.booking_token.unwrap());
    let change = |seats, code: Option<&str>| {
        let discount_code = code.map(str::to_owned);
        let change = ChangeSeats { command: None, seats, ticket_types: Vec::new(), discount_code };
        block_on(house.kitflik.bookings().change_seats(&guest, held.id, &change)).unwrap()
    };
    assert_eq!(discount(&change(seats(&["A1", "A2", "A3"]), None)), -360);
    let without = change(seats(&["A1", "A2"]), Some(""));
    assert_eq!((discount(&without), without.quote.discount_code), (0, None));
    assert_eq!(discount(&change(seats(&["A1", "A2"]), Some(CODE))), -240);
}

#[test]
fn a_fixed_amount_is_never_more_than_the_seats_cost() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let amount = NewVoucher {
        currency: Some(Currency::EUR),
        ..NewVoucher::new(CODE, DiscountKind::AmountMinor(5_000))
    };
    add(&house, &amount);
    let held = hold(&house, &cinema, "A1").unwrap();
    assert_eq!((discount(&held), held.quote.total.amount_minor), (-1_200, 50));
}

#[test]
fn a_code_is_valid_where_and_when_it_says() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let other = house.cinema(HALL, |show| show.starts_at_local = "2026-11-28T20:00".parse().unwrap());
    assert_eq!(refused(hold(&house, &cinema, "A1")), ErrorCode::VoucherUnknown);
    let mut voucher = add(&house, &ten_percent());
    let now = house.kitflik.now();
    let day = Duration::from_secs(86_400);
    let not_here = [
        NewVoucher { active: false, ..ten_percent() },
        NewVoucher { valid_from: Some(now.plus(Duration::from_millis(1))), ..ten_percent() },
        NewVoucher { valid_until: Some(now), ..ten_percent() },
        NewVoucher { show_ids: vec![other.show.id], ..ten_percent() },
        NewVoucher { movie_ids: vec![other.movie.id], ..ten_percent() },
        NewVoucher { currency: Some("JPY".parse().unwrap()), ..ten_percent() },
        NewVoucher { currency: Some(Currency::EUR), min_total_minor: 1_201, ..ten_percent() },
    ];
    for new in not_here {
        voucher = edit(&house, &voucher, &new).unwrap();
        assert_eq!(refused(hold(&house, &cinema, "A1")), ErrorCode::VoucherNotValid, "{new:?}");
    }
    let valid = NewVoucher {
        valid_from: Some(now),
        valid_until: Some(now.plus(day)),
        show_ids: vec![other.show.id],
        movie_ids: vec![cinema.movie.id],
        currency: Some(Currency::EUR),
        min_total_minor: 1_200,
        ..ten_percent()
    };
    voucher = edit(&house, &voucher, &valid).unwrap();
    let held = hold(&house, &cinema, "A1").unwrap();

    // What is held keeps its terms, even once the code is closed.
    let closed = NewVoucher { active: false, ..NewVoucher::new(CODE, DiscountKind::BasisPoints(1)) };
    edit(&house, &voucher, &closed).unwrap();
    let (seats, ticket_types) = (seats(&["A1", "A2"]), Vec::new());
    let change = ChangeSeats { command: None, seats, ticket_types, discount_code: None };
    let changed = block_on(house.kitflik.bookings().change_seats(&Actor::System, held.id, &change)).unwrap();
    assert_eq!(discount(&changed), -240);
    assert_eq!(sell(&house, &held).unwrap().quote, changed.quote);
}

#[test]
fn uses_come_back_when_holds_end_and_sales_are_cancelled() {
    let house = house();
    let cinema = house.cinema(HALL, |show| show.selection.orphans = false);
    let voucher = add(&house, &NewVoucher { max_uses: Some(2), ..ten_percent() });
    let (one, two) = (hold(&house, &cinema, "A1").unwrap(), hold(&house, &cinema, "A2").unwrap());
    assert_eq!(refused(hold(&house, &cinema, "A3")), ErrorCode::VoucherUsedUp);
    sell(&house, &one).unwrap();
    assert_eq!(refused(hold(&house, &cinema, "A3")), ErrorCode::VoucherUsedUp);

    // Released: the use is free again, once.
    let bookings = house.kitflik.bookings();
    block_on(bookings.release(&Actor::System, two.id, None)).unwrap();
    let three = hold(&house, &cinema, "A3").unwrap();
    assert_eq!(refused(hold(&house, &cinema, "A4")), ErrorCode::VoucherUsedUp);

    // Run out: whoever takes the use ends the hold for good, though nobody wants its seat.
    house.clock.advance(Duration::from_secs(11 * 60));
    let four = hold(&house, &cinema, "A4").unwrap();
    assert_eq!(refused(sell(&house, &three)), ErrorCode::HoldExpired);
    sell(&house, &four).unwrap();
    assert_eq!(refused(hold(&house, &cinema, "A5")), ErrorCode::VoucherUsedUp);

    // Cancelled: given back too.
    block_on(bookings.cancel(&Actor::System, one.id, &CancelBooking::because("It rains."))).unwrap();
    let five = hold(&house, &cinema, "A5").unwrap();
    assert_eq!((refused(hold(&house, &cinema, "A6")), uses(&house, &voucher)), (ErrorCode::VoucherUsedUp, 2));

    // Left for no code: its use is free, and is counted anew if it is wanted again.
    let change = |code: &str| {
        let (seats, ticket_types) = (seats(&["A5"]), Vec::new());
        let change = ChangeSeats { command: None, seats, ticket_types, discount_code: Some(code.to_owned()) };
        block_on(bookings.change_seats(&Actor::System, five.id, &change))
    };
    change("").unwrap();
    change(CODE).unwrap();
    assert_eq!(refused(hold(&house, &cinema, "A6")), ErrorCode::VoucherUsedUp);
    change("").unwrap();
    hold(&house, &cinema, "A6").unwrap();
    assert_eq!(refused(change(CODE)), ErrorCode::VoucherUsedUp);
}

#[test]
fn a_cap_that_was_lowered_takes_back_all_that_nobody_has() {
    let house = house();
    let plan: String = ('A'..='F').map(|row| format!("{row}: ##########\n")).collect();
    let cinema = house.cinema(&plan, |_| {});
    let voucher = add(&house, &NewVoucher { max_uses: Some(100), ..ten_percent() });
    for at in 1..=50 {
        let row = char::from(b'A' + (at - 1) / 10);
        hold(&house, &cinema, &format!("{row}{}", (at - 1) % 10 + 1)).unwrap();
    }
    house.clock.advance(Duration::from_secs(11 * 60));
    edit(
        &house,
        &block_on(house.kitflik.catalog().voucher(&Actor::System, voucher.id)).unwrap(),
        &NewVoucher { max_uses: Some(2), ..ten_percent() },
    )
    .unwrap();
    hold(&house, &cinema, "F1").unwrap();
    hold(&house, &cinema, "F5").unwrap();
    assert_eq!(refused(hold(&house, &cinema, "F9")), ErrorCode::VoucherUsedUp);
}

#[test]
fn a_cap_that_comes_later_counts_a_hold_that_names_its_code_again() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let voucher = add(&house, &ten_percent());
    let held = hold(&house, &cinema, "A1").unwrap();
    edit(&house, &voucher, &NewVoucher { max_uses: Some(1), ..ten_percent() }).unwrap();
    let again = ChangeSeats {
        command: None,
        seats: seats(&["A1"]),
        ticket_types: Vec::new(),
        discount_code: Some(CODE.to_owned()),
    };
    block_on(house.kitflik.bookings().change_seats(&Actor::System, held.id, &again)).unwrap();
    assert_eq!(uses(&house, &voucher), 1);
    assert_eq!(refused(hold(&house, &cinema, "A5")), ErrorCode::VoucherUsedUp);
}

#[test]
fn a_customer_uses_a_code_so_often() {
    let house = house();
    let cinema = house.cinema(HALL, |show| show.selection.orphans = false);
    let once = NewVoucher { max_uses_per_customer: Some(1), ..ten_percent() };
    add(&house, &once);
    let held = hold_for(&house, &cinema, "A1", "ada@example.org").unwrap();
    assert_eq!(refused(hold_for(&house, &cinema, "A2", " Ada@Example.org")), ErrorCode::VoucherUsedUp);
    hold_for(&house, &cinema, "A2", "bob@example.org").unwrap();
    // Not by another name at the till either.
    let as_bob = ConfirmBooking::counter().customer("Bob", "bob@example.org");
    let moved = block_on(house.kitflik.bookings().confirm(&Actor::System, held.id, &as_bob));
    assert_eq!(refused(moved), ErrorCode::ValidationFailed);
    house.clock.advance(Duration::from_secs(11 * 60));
    hold_for(&house, &cinema, "A3", "ada@example.org").unwrap();
    assert_eq!(refused(sell(&house, &held)), ErrorCode::HoldExpired);

    let request = HoldSeats::seats(cinema.show.id, seats(&["A4"])).discount_code(CODE);
    let nobody = block_on(house.kitflik.bookings().hold(&Actor::guest(), &request));
    assert_eq!(refused(nobody), ErrorCode::ValidationFailed);
}

#[test]
fn a_quote_holds_nothing() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let voucher =
        add(&house, &NewVoucher { max_uses: Some(1), max_uses_per_customer: Some(1), ..ten_percent() });
    let request = QuoteSeats {
        seats: seats(&["A1", "A2"]),
        ticket_types: Vec::new(),
        discount_code: Some(CODE.to_owned()),
        customer: None,
    };
    let ask = || block_on(house.kitflik.bookings().quote(&Actor::guest(), cinema.show.id, &request));
    let asked = ask().unwrap();
    assert_eq!((asked.quote.total.amount_minor, asked.seats.len()), (2_210, 2));
    assert_eq!((ask().unwrap(), uses(&house, &voucher)), (asked.clone(), 0));
    let same = HoldSeats::seats(cinema.show.id, seats(&["A1", "A2"])).customer("Ada", "ada@example.org");
    let same = same.discount_code(CODE);
    let held = block_on(house.kitflik.bookings().hold(&Actor::guest(), &same)).unwrap();
    assert_eq!(held.quote, asked.quote);
    assert_eq!(refused(ask()), ErrorCode::VoucherUsedUp);
}

#[test]
fn faults_of_a_code_are_named_and_edits_are_checked() {
    let house = house();
    let refused = |new: NewVoucher| {
        let Err(CatalogError::Invalid(invalid)) =
            block_on(house.kitflik.catalog().add_voucher(&Actor::System, &new))
        else {
            panic!("it was taken: {new:?}")
        };
        invalid.errors.into_iter().map(|error| error.path).collect::<Vec<_>>()
    };
    let now = house.kitflik.now();
    assert_eq!(refused(NewVoucher { code: "a b".to_owned(), ..ten_percent() }), ["code"]);
    assert_eq!(
        refused(NewVoucher::new("A".repeat(33), DiscountKind::BasisPoints(10_001))),
        ["code", "discount.basis_points"]
    );
    assert_eq!(
        refused(NewVoucher::new(CODE, DiscountKind::AmountMinor(0))),
        ["discount.amount_minor", "currency"]
    );
    let times = NewVoucher { valid_from: Some(now), valid_until: Some(now), ..ten_percent() };
    assert_eq!(refused(times), ["valid_until"]);
    let uses = NewVoucher { max_uses: Some(0), max_uses_per_customer: Some(101), ..ten_percent() };
    assert_eq!(refused(uses), ["max_uses", "max_uses_per_customer"]);

    let voucher = add(&house, &ten_percent());
    let again = block_on(house.kitflik.catalog().add_voucher(&Actor::System, &ten_percent()));
    assert_eq!(again.unwrap_err().code(), ErrorCode::AlreadyExists);
    let edited = edit(&house, &voucher, &NewVoucher { max_uses: Some(7), ..ten_percent() }).unwrap();
    assert_eq!((edited.id, edited.max_uses), (voucher.id, Some(7)));
    assert_eq!(edit(&house, &voucher, &ten_percent()).unwrap_err().code(), ErrorCode::StaleRevision);
    let renamed = NewVoucher { code: "AUTUMN".to_owned(), ..ten_percent() };
    assert_eq!(edit(&house, &edited, &renamed).unwrap_err().code(), ErrorCode::ValidationFailed);
    add(&house, &renamed);
    let page = |cursor| {
        let request = PageRequest { cursor, limit: Some(1) };
        block_on(house.kitflik.catalog().vouchers(&Actor::System, &request)).unwrap()
    };
    let first = page(None);
    let second = page(first.next_cursor.clone());
    let mut codes = [first.items[0].code.as_str(), second.items[0].code.as_str()];
    codes.sort_unstable();
    assert_eq!((codes, second.next_cursor), (["AUTUMN", CODE], None));
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Polls all of them in turn until all are done.
fn together<T>(mut tasks: Vec<Task<'_, T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = tasks.iter().map(|_| None).collect();
    block_on(std::future::poll_fn(|context| {
        for (task, done) in tasks.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = task.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    }));
    done.into_iter().flatten().collect()
}

/// A hundred customers at four engines want a code with three uses: three get it.
#[test]
fn a_code_with_three_uses_is_used_three_times_by_a_hundred() {
    let storage: Arc<dyn Storage> = Arc::new(Slow(MemoryStorage::new()));
    let house = common::house_on(Arc::clone(&storage));
    let plan: String = ('A'..='J').map(|row| format!("{row}: ##########\n")).collect();
    let cinema = house.cinema(&plan, |show| show.selection.orphans = false);
    let voucher = add(&house, &NewVoucher { max_uses: Some(3), ..ten_percent() });
    let engine = |seed| {
        Kitflik::builder(Arc::clone(&storage), MasterKey::new([7; 32]))
            .clock(Arc::new(ManualClock::new(house.kitflik.now())))
            .entropy(Arc::new(SeededEntropy::new(seed)))
            .password_hasher(Arc::new(PlainHasher))
            .build()
            .unwrap()
    };
    let engines: Vec<Kitflik> = (10..14).map(engine).collect();
    let (engines, show) = (&engines, cinema.show.id);
    let customer = |number: usize| -> Task<'_, Option<BookingView>> {
        Box::pin(async move {
            let row = char::from(b'A' + u8::try_from(number / 10).unwrap());
            let seat = format!("{row}{}", number % 10 + 1);
            let request = HoldSeats::seats(show, seats(&[&seat])).discount_code(CODE);
            loop {
                let held = engines[number % 4].bookings().hold(&Actor::System, &request).await;
                match held {
                    Ok(held) => return Some(held),
                    Err(error) if error.code() == ErrorCode::Contended => {}
                    Err(error) => {
                        assert_eq!(error.code(), ErrorCode::VoucherUsedUp, "{error}");
                        return None;
                    }
                }
            }
        })
    };
    let outcomes = together((0..100).map(customer).collect());
    let got: Vec<BookingView> = outcomes.into_iter().flatten().collect();
    assert_eq!((got.len(), uses(&house, &voucher)), (3, 3));
    assert!(got.iter().all(|held| discount(held) == -120));
    for held in got {
        sell(&house, &held).unwrap();
    }
    assert_eq!(refused(hold(&house, &cinema, "J10")), ErrorCode::VoucherUsedUp);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn discounted_quotes_sum(points in 1_u32..=10_000, amount in prop::option::of(1_i64..5_000), count in 1_usize..=5) {
        let house = house();
        let cinema = house.cinema(HALL, |_| {});
        let kind = amount.map_or(DiscountKind::BasisPoints(points), DiscountKind::AmountMinor);
        add(&house, &NewVoucher { currency: Some(Currency::EUR), ..NewVoucher::new(CODE, kind) });
        let ids = ["A1", "A2", "A3", "A4", "A5"];
        let request = HoldSeats::seats(cinema.show.id, seats(&ids[..count])).discount_code(CODE);
        let held = block_on(house.kitflik.bookings().hold(&Actor::System, &request)).unwrap();
        let sum: i64 = held.quote.lines.iter().map(|line| line.amount.amount_minor).sum();
        let prices: i64 = held.seats.iter().map(|seat| seat.price.amount_minor).sum();
        prop_assert_eq!(sum, held.quote.total.amount_minor);
        prop_assert!((50..=prices + 50).contains(&sum));
        let off = -discount(&held);
        match kind {
            DiscountKind::AmountMinor(amount) => prop_assert_eq!(off, amount.min(prices)),
            _ => {
                let error = (off * 10_000 - prices * i64::from(points)).abs();
                prop_assert!(error < 5_000 || error == 5_000 && off % 2 == 0);
            }
        }
    }
}
