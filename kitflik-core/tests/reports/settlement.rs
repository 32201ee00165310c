//! Whatever happens to bookings and their money, every day is settled to nothing, and an altered book is found.

use std::sync::Arc;
use std::time::Duration;

use kitflik_core::testing::ports::SeededEntropy;
use kitflik_core::{
    Actor, Batch, BookingId, CancelBooking, CancellationTier, ConfirmBooking, Currency, Date, Durability,
    ErrorCode, HandOutRefund, HoldSeats, Kitflik, MasterKey, MemoryStorage, Money, OpenKind, PageRequest,
    Policy, RefundBooking, RefundChoice, Role, Row, SettlementQuery, SettlementView, Storage, TakePayment,
    Write,
};
use pollster::block_on;
use proptest::prelude::*;

use super::common::{Cinema, HALL, House, house, house_on};
use super::{buy, cancel, later, paid, staff};

#[derive(Debug, Clone)]
enum Step {
    Sell { seats: u32, how: &'static str, office: bool, dollars: bool },
    Cancel { which: usize, back: RefundChoice },
    Return { which: usize, seat: usize, back: RefundChoice },
    Pay { which: usize },
    HandOut { which: usize },
    Refund { which: usize, minor: i64 },
    Pass { minutes: u64 },
    Tick,
}

const WAYS: &[&str] = &[
    "counter",
    "test",
    "decline",
    "pending",
    "pending_decline",
    "timeout_before",
    "timeout_after",
    "charge_late",
    "forget_and_charge_late",
    "refund_fails_once",
];

fn choices() -> impl Strategy<Value = RefundChoice> {
    prop_oneof![
        3 => Just(RefundChoice::Policy),
        1 => Just(RefundChoice::Full),
        1 => Just(RefundChoice::Nothing),
        1 => (1..1_500_i64).prop_map(|minor| RefundChoice::Amount(Money::new(minor, Currency::EUR))),
    ]
}

/// The same house with terms by which it keeps a part of what is given back late.
fn with_tiers(house: House) -> House {
    let hours = |count: u64| Duration::from_secs(3600 * count);
    let mut policy = Policy::default();
    policy.view_max_age = None;
    policy.reminder_before = None;
    policy.occupancy_report = None;
    policy.cancellation = vec![CancellationTier::new(hours(48), 100), CancellationTier::new(hours(24), 50)];
    policy.fees_refundable = false;
    let kitflik = Kitflik::builder(Arc::clone(&house.storage), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(1)))
        .password_hasher(house.hasher.clone())
        .mailer(house.mailbox.clone())
        .payments("test", house.payments.clone())
        .policy(policy)
        .build()
        .unwrap();
    House { kitflik, ..house }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..4_u32, proptest::sample::select(WAYS), any::<bool>(), any::<bool>())
            .prop_map(|(seats, how, office, dollars)| Step::Sell { seats, how, office, dollars }),
        2 => (0..8_usize, choices()).prop_map(|(which, back)| Step::Cancel { which, back }),
        2 => (0..8_usize, 0..3_usize, choices())
            .prop_map(|(which, seat, back)| Step::Return { which, seat, back }),
        1 => (0..8_usize).prop_map(|which| Step::Pay { which }),
        1 => (0..8_usize).prop_map(|which| Step::HandOut { which }),
        1 => (0..8_usize, 1..1_500_i64).prop_map(|(which, minor)| Step::Refund { which, minor }),
        2 => (1..1_000_u64).prop_map(|minutes| Step::Pass { minutes }),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 1..25)
}

/// Plays a history, and answers its bookings.
fn play(house: &House, cinema: &Cinema, steps: &[Step]) -> Vec<BookingId> {
    let shows = [later(house, cinema, 2, "EUR", None), later(house, cinema, 3, "USD", None)];
    let bookings = house.kitflik.bookings();
    let mut made = Vec::new();
    for step in steps {
        match step {
            Step::Sell { seats, how, office, dollars } => {
                let actor = if *office { staff(Role::BoxOffice) } else { Actor::System };
                let hold = HoldSeats::best(shows[usize::from(*dollars)], *seats);
                let hold = hold.customer("Ada", "ada@example.org");
                let Ok(held) = block_on(bookings.hold(&actor, &hold)) else { continue };
                let pay = match *how {
                    "counter" => ConfirmBooking::counter(),
                    script => ConfirmBooking::paid_by("test", Some(script.to_owned())),
                };
                // It may be declined, or stay open: that is part of the history.
                let _ = block_on(bookings.confirm(&Actor::System, held.id, &pay));
                made.push(held.id);
            }
            Step::Cancel { which, back } => {
                let Some(id) = made.get(*which) else { continue };
                let request = CancelBooking::because("It rains.").refund(*back);
                let _ = block_on(bookings.cancel(&Actor::System, *id, &request));
            }
            Step::Return { which, seat, back } => {
                let Some(id) = made.get(*which) else { continue };
                let sold = block_on(bookings.get(&Actor::System, *id)).unwrap();
                let Some(seat) = sold.seats.get(*seat) else { continue };
                let request = CancelBooking::because("One less.").seats([seat.id.clone()]);
                let request = request.refund(*back);
                let _ = block_on(bookings.cancel(&Actor::System, *id, &request));
            }
            Step::Pay { which } => {
                let Some(id) = made.get(*which) else { continue };
                let _ = block_on(bookings.take_payment(&Actor::System, *id, &TakePayment::default()));
            }
            Step::HandOut { which } => {
                let Some(id) = made.get(*which) else { continue };
                let _ = block_on(bookings.hand_out_refund(&Actor::System, *id, &HandOutRefund::default()));
            }
            Step::Refund { which, minor } => {
                let Some(id) = made.get(*which) else { continue };
                let sold = block_on(bookings.get(&Actor::System, *id)).unwrap();
                let amount = Money::new(*minor, sold.quote.total.currency);
                let _ = block_on(bookings.refund(&Actor::System, *id, &RefundBooking::new(amount, "Sorry.")));
            }
            Step::Pass { minutes } => house.clock.advance(Duration::from_secs(minutes * 60)),
            Step::Tick => {
                let _ = block_on(house.kitflik.tick());
            }
        }
    }
    made
}

fn settle(house: &House, day: &str) -> SettlementView {
    let query = SettlementQuery::of(day.parse().unwrap());
    let settled = block_on(house.kitflik.reports().settlement(&staff(Role::Manager), &query)).unwrap();
    for balance in &settled.balances {
        let [opening, sold, returned, captured, refunded, closing] = [
            balance.opening,
            balance.sold,
            balance.returned,
            balance.captured,
            balance.refunded,
            balance.closing,
        ]
        .map(|money| money.amount_minor);
        assert_eq!(opening + sold - returned - captured + refunded, closing, "{day}");
        let open: i64 = balance.open.iter().map(|open| open.amount.amount_minor).sum();
        assert_eq!(open, closing, "{day}");
        let (took, gave) = balance.providers.iter().fold((0, 0), |(took, gave), flow| {
            (took + flow.captured.amount_minor, gave + flow.refunded.amount_minor)
        });
        assert_eq!((took, gave), (captured, refunded), "{day}");
    }
    settled
}

fn days(house: &House) -> Vec<String> {
    let last = house.kitflik.now();
    let mut day: chrono::NaiveDate = "2026-11-26".parse().unwrap();
    let mut days = Vec::new();
    while day <= last.utc().date_naive() + chrono::Days::new(1) {
        days.push(Date::new(day).to_string());
        day = day + chrono::Days::new(1);
    }
    days
}

/// Settles all days: each closing is the next opening, and what came in and stayed is what the provider has.
fn all_days_agree(house: &House) {
    let mut before: Option<SettlementView> = None;
    let mut kept = 0;
    for day in days(house) {
        let settled = settle(house, &day);
        assert!(settled.reconciled && settled.mismatches.is_empty(), "{day}: {settled:?}");
        for balance in &settled.balances {
            let currency = balance.closing.currency;
            let closing = before.iter().flat_map(|before| &before.balances);
            let closing = closing.filter(|before| before.closing.currency == currency);
            let closing: i64 = closing.map(|before| before.closing.amount_minor).sum();
            assert_eq!(balance.opening.amount_minor, closing, "{day}");
            assert!(balance.open.iter().all(|open| open.kind != OpenKind::Unexplained), "{day}: {settled:?}");
            let by_provider = balance.providers.iter().filter(|flow| flow.provider == "test");
            let stays = by_provider.map(|flow| flow.captured.amount_minor - flow.refunded.amount_minor);
            kept += stays.sum::<i64>();
        }
        before = Some(settled);
    }
    let taken: i64 = house.payments.taken().iter().map(|(_, money)| money.amount_minor).sum();
    assert_eq!(kept, taken);
}

fn quiet(house: &House) {
    for _ in 0..30 {
        house.clock.advance(Duration::from_secs(3600));
        let _ = block_on(house.kitflik.tick());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_history_is_settled_to_nothing(steps in steps(), tiers in any::<bool>()) {
        let house = if tiers { with_tiers(house()) } else { house() };
        let cinema = house.cinema(HALL, |_| {});
        play(&house, &cinema, &steps);
        quiet(&house);
        all_days_agree(&house);
    }
}

/// What the house keeps of a ticket that went back stays owed, whatever comes back later.
#[test]
fn what_was_kept_of_tickets_that_went_back_is_settled_with_the_rest() {
    let house = with_tiers(house());
    let show = house.cinema(HALL, |_| {}).show.id;
    let bookings = house.kitflik.bookings();
    let sold = buy(&house, &Actor::guest(), show, &["A1", "A2", "A3"], &[], &paid());
    let euro = |minor| Money::new(minor, Currency::EUR);
    let one = CancelBooking::because("One less.").seats([sold.seats[0].id.clone()]);
    let one = one.refund(RefundChoice::Amount(euro(600)));
    block_on(bookings.cancel(&Actor::System, sold.id, &one)).unwrap();
    block_on(bookings.refund(&Actor::System, sold.id, &RefundBooking::new(euro(1_000), "Sorry."))).unwrap();
    let all = CancelBooking::because("It rains.").refund(RefundChoice::Full);
    let gone = block_on(bookings.cancel(&Actor::System, sold.id, &all)).unwrap();
    // Of 36.50, 6.00 and 10.00 had gone back.
    assert_eq!(gone.cancellation.unwrap().refund.unwrap().amount, euro(2_050));
    assert_eq!(house.payments.taken(), []);
    all_days_agree(&house);
}

/// A store with these rows.
fn stored(rows: impl IntoIterator<Item = Row>) -> Arc<MemoryStorage> {
    let storage = MemoryStorage::new();
    for row in rows {
        let writes = vec![Write::Put { key: row.key, value: row.value }];
        let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
        block_on(storage.commit(batch)).unwrap();
    }
    Arc::new(storage)
}

/// Of all ways that a sale can end, one each: paid, free, due at the counter, and cancelled.
fn one_of_each(house: &House) {
    let cinema = house.cinema(HALL, |_| {});
    let show = cinema.show.id;
    buy(house, &Actor::guest(), show, &["A1", "A2"], &[], &paid());
    let undone = buy(house, &Actor::guest(), show, &["B1", "B2"], &[], &paid());
    buy(house, &Actor::guest(), show, &["C1", "C2"], &[], &ConfirmBooking::counter());
    let free = later(house, &cinema, 2, "JPY", None);
    buy(house, &Actor::guest(), free, &["A1", "A2"], &["A1"], &ConfirmBooking::counter());
    house.clock.advance(Duration::from_secs(24 * 3600));
    cancel(house, &undone);
}

#[test]
fn a_line_that_is_gone_or_altered_is_found_and_its_booking_named() {
    let storage = Arc::new(MemoryStorage::new());
    let house = house_on(storage.clone());
    one_of_each(&house);
    all_days_agree(&house);
    let rows = storage.rows();
    let lines: Vec<&Row> = rows.iter().filter(|row| row.key.starts_with("money/")).collect();
    assert_eq!(lines.len(), 8, "{lines:?}");
    for line in lines {
        let id: BookingId = line.key.split('/').nth(2).unwrap().parse().unwrap();
        let without = rows.iter().filter(|row| row.key != line.key).cloned();
        let altered = rows.iter().cloned().map(|row| {
            let text = String::from_utf8(row.value.clone()).unwrap();
            let more = text.replacen("\"amount_minor\":", "\"amount_minor\":1", 1);
            let value = if row.key == line.key { more.into_bytes() } else { row.value };
            Row { value, ..row }
        });
        for (what, storage) in [("gone", stored(without)), ("altered", stored(altered))] {
            let broken = house_on(storage);
            broken.clock.advance(Duration::from_secs(24 * 3600));
            let settled: Vec<SettlementView> = days(&broken).iter().map(|day| settle(&broken, day)).collect();
            let found: Vec<_> = settled.iter().flat_map(|day| &day.mismatches).collect();
            assert!(!found.is_empty(), "{what}: {}", line.key);
            assert!(found.iter().all(|of| of.booking_id == id), "{what}: {} {found:?}", line.key);
            assert!(settled.iter().any(|day| !day.reconciled), "{what}: {}", line.key);
        }
    }
}

#[test]
fn what_is_open_is_named() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let due = buy(&house, &Actor::guest(), show, &["C1", "C2"], &[], &ConfirmBooking::counter());
    let also = buy(&house, &Actor::guest(), show, &["A1", "A2"], &[], &ConfirmBooking::counter());
    let sold = buy(&house, &Actor::guest(), show, &["B1", "B2"], &[], &paid());
    let settled = settle(&house, "2026-11-27");
    let [balance] = &settled.balances[..] else { panic!("{settled:?}") };
    assert_eq!(
        (balance.closing.amount_minor, balance.captured, balance.in_flight.amount_minor),
        (4900, sold.quote.total, 0)
    );
    let open = &balance.open[0];
    assert_eq!((open.kind, open.bookings, open.amount.amount_minor), (OpenKind::CounterDue, 2, 4900));
    assert_eq!(settled.open_items.iter().map(|item| item.booking_id).collect::<Vec<_>>(), [due.id, also.id]);
    assert_eq!(
        (settled.zone.to_string().as_str(), settled.from.to_string().as_str()),
        ("Europe/Berlin", "2026-11-27T05:00:00Z")
    );

    let page = |cursor: Option<String>| {
        let page = PageRequest { cursor, limit: Some(1) };
        let query = SettlementQuery { page, ..SettlementQuery::of("2026-11-27".parse().unwrap()) };
        block_on(house.kitflik.reports().settlement(&Actor::System, &query)).unwrap()
    };
    let first = page(None);
    assert_eq!(
        (first.open_items[0].booking_id, first.next_cursor.clone()),
        (due.id, Some(due.id.to_string()))
    );
    let second = page(first.next_cursor);
    assert_eq!((second.open_items[0].booking_id, second.next_cursor), (also.id, None));
    assert_eq!(second.balances, settled.balances);

    let csv = settled.to_csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "line,name,bookings,amount,currency,by_booking,since");
    assert!(lines.contains(&"captured,test,,24.50,EUR,,"), "{csv}");
    assert!(lines.contains(&"open,counter_due,2,49.00,EUR,,"), "{csv}");
    assert!(lines.contains(&"difference,,,0.00,EUR,,"), "{csv}");
    let item = format!("counter_due,{},,24.50,EUR,,2026-11-27T12:00:00Z", due.id);
    assert!(lines.contains(&item.as_str()), "{csv}");
}

#[test]
fn money_that_nobody_has_heard_of_yet_is_in_flight() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let bookings = house.kitflik.bookings();
    let held = block_on(bookings.hold(&Actor::System, &HoldSeats::best(show, 2))).unwrap();
    let pay = ConfirmBooking::paid_by("test", Some("timeout_after".to_owned()));
    assert_eq!(
        block_on(bookings.confirm(&Actor::System, held.id, &pay)).unwrap_err().code(),
        ErrorCode::PaymentPending
    );
    let settled = settle(&house, "2026-11-27");
    assert_eq!(settled.balances[0].in_flight, held.quote.total);
    assert_eq!(settled.balances[0].closing.amount_minor, 0);
    assert!(settled.reconciled);
    quiet(&house);
    let settled = settle(&house, "2026-11-27");
    assert_eq!(
        (settled.balances[0].in_flight.amount_minor, settled.balances[0].captured),
        (0, held.quote.total)
    );
}

#[test]
fn only_those_who_run_the_house_settle_it() {
    let house = house();
    house.cinema(HALL, |_| {});
    let other = kitflik_core::NewVenue {
        command: None,
        name: "Roxy".to_owned(),
        city: "Lisbon".to_owned(),
        address: None,
        zone: "Europe/Lisbon".parse().unwrap(),
    };
    let roxy = block_on(house.kitflik.catalog().add_venue(&Actor::System, &other)).unwrap();
    let query =
        SettlementQuery { venue_id: Some(roxy.id), ..SettlementQuery::of("2026-11-27".parse().unwrap()) };
    let ask = |actor: &Actor, query: &SettlementQuery| {
        block_on(house.kitflik.reports().settlement(actor, query)).map_err(kitflik_core::Error::from)
    };
    assert_eq!(ask(&staff(Role::BoxOffice), &query).unwrap_err().code(), ErrorCode::Forbidden);
    let settled = ask(&staff(Role::Manager), &query).unwrap();
    assert_eq!((settled.from.to_string().as_str(), settled.balances), ("2026-11-27T06:00:00Z", Vec::new()));
    let anywhere = SettlementQuery::of(query.day);
    assert_eq!(ask(&Actor::System, &anywhere).unwrap_err().fields()[0].path, "zone");
    let zoned = SettlementQuery { zone: Some(kitflik_core::Zone::UTC), ..anywhere };
    assert!(ask(&Actor::System, &zoned).unwrap().reconciled);
    let unknown = SettlementQuery { venue_id: Some(kitflik_core::VenueId::from_bytes([1; 16])), ..query };
    assert_eq!(ask(&Actor::System, &unknown).unwrap_err().code(), ErrorCode::NotFound);
}
