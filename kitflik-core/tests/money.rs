//! Money: charges, late money, events of providers, refunds in parts, and the counter.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "money/late.rs"]
mod late;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{HALL, House, Watched, house, seats};
use kitflik_core::{
    Actor, Batch, BlockSeats, BookingStatus, BookingView, CancelBooking, CancelShow, Capture, ChargeId,
    CommandId, ConfirmBooking, Durability, ErrorCode, EventError, EventHeader, HandOutRefund, HoldSeats,
    Kitflik, LateMoney, MasterKey, Money, OpenKind, PaymentError, PaymentStatus, Payments, Policy,
    ProviderEvent, Refund, RefundBooking, RefundChoice, RefundReason, RefundStatus, Role, SalesChannel,
    SettlementQuery, ShowId, SignedEvent, StaffId, TakePayment, TestPayments, Write,
};
use parking_lot::Mutex;
use pollster::block_on;

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn command(name: &str) -> CommandId {
    name.parse().unwrap()
}

fn clerk() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice }
}

fn pay(script: &str) -> ConfirmBooking {
    ConfirmBooking::paid_by("test", Some(script.to_owned()))
}

/// A house whose provider sends events, by a policy.
struct Bank {
    house: House,
    kitflik: Kitflik,
    payments: Arc<TestPayments>,
    show: ShowId,
}

fn bank(late_money: LateMoney) -> Bank {
    let payments = Arc::new(TestPayments::new().with_events(b"secret"));
    bank_of(late_money, payments.clone(), payments)
}

/// A bank whose provider stands before its books.
fn bank_of(late_money: LateMoney, provider: Arc<dyn Payments>, payments: Arc<TestPayments>) -> Bank {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let mut policy = Policy::default();
    policy.late_money = late_money;
    policy.view_max_age = None;
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .mailer(house.mailbox.clone())
        .payments("test", provider)
        .policy(policy)
        .build()
        .unwrap();
    Bank { house, kitflik, payments, show }
}

/// A provider with moods.
#[derive(Debug, Default)]
struct Moody {
    bank: Arc<TestPayments>,
    mood: Mutex<Mood>,
}

#[derive(Debug, Default)]
struct Mood {
    silent: bool,
    /// What it says of every charge, and of every refund, whatever its books say.
    says: Option<PaymentStatus>,
    refunds: Option<PaymentStatus>,
}

#[async_trait]
impl Payments for Moody {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        self.bank.capture(capture).await
    }

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        let says = {
            let mood = self.mood.lock();
            if mood.silent {
                return Err(PaymentError::NoAnswer { reason: "a mood".to_owned() });
            }
            mood.says.clone()
        };
        match says {
            Some(says) => Ok(says),
            None => self.bank.status(charge).await,
        }
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        let says = self.mood.lock().refunds.clone();
        match says {
            Some(says) => Ok(says),
            None => self.bank.refund(refund).await,
        }
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        let read = serde_json::from_str(&event.body);
        read.map(Some).map_err(|error| EventError::Malformed { reason: error.to_string() })
    }
}

fn moody(late_money: LateMoney) -> (Bank, Arc<Moody>) {
    let provider = Arc::new(Moody::default());
    (bank_of(late_money, provider.clone(), provider.bank.clone()), provider)
}

impl Bank {
    fn hold(&self, ids: &[&str]) -> (BookingView, Actor) {
        let request = HoldSeats::seats(self.show, seats(ids)).customer("Ada", "ada@example.org");
        let held = block_on(self.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap();
        let guest = Actor::guest_with(held.booking_token.clone().unwrap());
        (held, guest)
    }

    fn confirm(&self, guest: &Actor, held: &BookingView, script: &str) -> Result<BookingView, ErrorCode> {
        let confirmed = block_on(self.kitflik.bookings().confirm(guest, held.id, &pay(script)));
        confirmed.map_err(|error| error.code())
    }

    fn now(&self, held: &BookingView) -> BookingView {
        block_on(self.kitflik.bookings().get(&Actor::System, held.id)).unwrap()
    }

    fn tick_after(&self, pause: Duration) {
        self.house.clock.advance(pause);
        block_on(self.kitflik.tick()).unwrap();
    }

    /// The one mail that says that a payment goes back because it was late.
    fn late_mail(&self) -> String {
        let mails = self.house.mailbox.mails();
        let late = mails.iter().filter(|mail| mail.subject.starts_with("Your payment goes back: "));
        let [mail] = &late.collect::<Vec<_>>()[..] else { panic!("{mails:?}") };
        mail.text.clone()
    }

    fn settle(&self, held: &BookingView, number: u32) {
        self.payments.settle(ChargeId { booking: held.id, number });
    }

    fn events(&self) -> Vec<SignedEvent> {
        self.payments.events(self.kitflik.now())
    }

    fn tell(&self, event: &SignedEvent) -> Result<(), ErrorCode> {
        let (headers, body) = (event.headers.clone(), event.body.clone());
        let told = block_on(self.kitflik.bookings().payment_event("test", headers, body));
        told.map_err(|error| error.code())
    }

    fn refund(&self, held: &BookingView, amount_minor: i64) -> Result<BookingView, ErrorCode> {
        let amount = Money::new(amount_minor, held.quote.total.currency);
        let request = RefundBooking::new(amount, "The film tore.");
        let refunded = block_on(self.kitflik.bookings().refund(&clerk(), held.id, &request));
        refunded.map_err(|error| error.code())
    }

    /// What the provider has, what charges say and what the books say of a booking: owed, paid.
    fn books(&self, held: &BookingView) -> (i64, i64) {
        let rows = block_on(self.house.storage.read(vec![kitflik_core::Read::Scan {
            start: "money/".to_owned(),
            end: "money0".to_owned(),
            limit: 1_000,
            reverse: false,
        }]));
        let (mut owed, mut paid) = (0, 0);
        for row in rows.unwrap().remove(0).iter().filter(|row| row.key.contains(&held.id.to_string())) {
            let entry: serde_json::Value = serde_json::from_slice(&row.value).unwrap();
            let amount = entry["amount"]["amount_minor"].as_i64().unwrap();
            match entry["event"].as_str().unwrap() {
                "sold" => owed += amount,
                "returned" => owed -= amount,
                "captured" => paid += amount,
                "refunded" => paid -= amount,
                other => panic!("{other}"),
            }
        }
        (owed, paid)
    }

    fn taken(&self, held: &BookingView) -> i64 {
        let taken = self.payments.taken().into_iter().find(|(id, _)| *id == held.id);
        taken.map_or(0, |(_, money)| money.amount_minor)
    }
}

#[test]
fn late_money_takes_its_seats_again_if_nobody_has_them() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    // The hold runs out, somebody takes its seats over, and gives them back.
    bank.house.clock.advance(minutes(11));
    let (other, theirs) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.now(&held).status, BookingStatus::Expired);
    block_on(bank.kitflik.bookings().release(&theirs, other.id, None)).unwrap();
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    let sold = bank.now(&held);
    assert_eq!(sold.status, BookingStatus::Confirmed);
    assert_eq!(sold.payment.unwrap().status, "captured");
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2450, 2450)));
    let map = block_on(bank.kitflik.bookings().seats(bank.show)).unwrap();
    assert!(map.view().states.starts_with("ss."), "{}", map.view().states);
    let request = HoldSeats::seats(bank.show, seats(&["A1"]));
    let refused = block_on(bank.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::SeatTaken);
    bank.tick_after(minutes(1));
    assert_eq!(bank.house.mailbox.mails().len(), 1);
}

#[test]
fn late_money_goes_back_if_a_seat_is_gone_or_the_house_wants_it_so() {
    for (late_money, taken_over) in [(LateMoney::RetakeOrRefund, true), (LateMoney::Refund, false)] {
        let bank = bank(late_money);
        let (held, guest) = bank.hold(&["A1", "A2"]);
        assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
        bank.house.clock.advance(minutes(11));
        if taken_over {
            let (other, theirs) = bank.hold(&["A1", "A2"]);
            bank.confirm(&theirs, &other, "visa").unwrap();
        }
        bank.settle(&held, 1);
        bank.tick_after(minutes(60));
        let after = bank.now(&held);
        assert!(matches!(after.status, BookingStatus::Expired | BookingStatus::Held), "{}", after.status);
        let [refund] = &after.refunds[..] else { panic!("{:?}", after.refunds) };
        assert_eq!((refund.amount.amount_minor, refund.status), (2450, RefundStatus::Refunded));
        assert_eq!(refund.why, RefundReason::LateMoney);
        assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
    }
}

#[test]
fn late_money_can_be_left_to_staff() {
    let bank = bank(LateMoney::Manual);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    bank.house.clock.advance(minutes(11));
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    let after = bank.now(&held);
    assert_eq!((after.status, after.refunds), (BookingStatus::Held, Vec::new()));
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (0, 2450)));
    let refused = bank.refund(&held, 2451).unwrap_err();
    assert_eq!(refused, ErrorCode::ValidationFailed);
    bank.refund(&held, 2450).unwrap();
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
}

#[test]
fn a_second_asking_is_another_charge_and_only_one_of_them_pays() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    let sold = bank.confirm(&guest, &held, "visa").unwrap();
    assert_eq!(bank.taken(&held), 2450);
    // The first is charged after all.
    bank.settle(&held, 1);
    assert_eq!(bank.taken(&held), 4900);
    bank.tick_after(minutes(60));
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2450, 2450)));
    let after = bank.now(&held);
    assert_eq!(
        (after.status, after.payment.unwrap().status.as_str()),
        (BookingStatus::Confirmed, "captured")
    );
    assert_eq!(after.refunds.len(), 1);
    assert_eq!(after.confirmed_at, sold.confirmed_at);
}

#[test]
fn a_pending_payment_keeps_its_seats_for_a_while_and_is_not_asked_twice() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "pending").unwrap_err(), ErrorCode::PaymentPending);
    // Impatience, and another card.
    assert_eq!(bank.confirm(&guest, &held, "pending").unwrap_err(), ErrorCode::PaymentPending);
    assert_eq!(bank.confirm(&guest, &held, "visa").unwrap_err(), ErrorCode::PaymentPending);
    assert_eq!(bank.payments.books().charges.len(), 1);
    bank.house.clock.advance(minutes(20));
    bank.settle(&held, 1);
    for event in bank.events() {
        bank.tell(&event).unwrap();
    }
    assert_eq!(bank.now(&held).status, BookingStatus::Confirmed);
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2450, 2450)));

    let (held, guest) = bank.hold(&["B1", "B2"]);
    assert_eq!(bank.confirm(&guest, &held, "pending_decline").unwrap_err(), ErrorCode::PaymentPending);
    bank.tick_after(minutes(1));
    assert_eq!(bank.now(&held).status, BookingStatus::Confirming);
    bank.tick_after(minutes(31));
    // Its time is over; what becomes of the money is still watched.
    assert_eq!(bank.now(&held).status, BookingStatus::Held);
    let (other, _) = bank.hold(&["B1"]);
    assert_eq!(bank.now(&held).status, BookingStatus::Expired);
    bank.tick_after(minutes(61));
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
    assert_eq!(bank.now(&other).status, BookingStatus::Held);
}

#[test]
fn events_are_believed_by_their_signature_and_taken_in_once_in_any_order() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "pending").unwrap_err(), ErrorCode::PaymentPending);
    bank.settle(&held, 1);
    let [pending, captured] = &bank.events()[..] else { panic!("two events") };
    for forged in [
        SignedEvent { body: captured.body.replace("evt-2", "evt-3"), ..captured.clone() },
        SignedEvent { headers: Vec::new(), ..captured.clone() },
        SignedEvent { headers: pending.headers.clone(), ..captured.clone() },
    ] {
        assert_eq!(bank.tell(&forged).unwrap_err(), ErrorCode::EventBadSignature);
    }
    assert_eq!(bank.now(&held).status, BookingStatus::Confirming);
    bank.tell(captured).unwrap();
    let sold = bank.now(&held);
    assert_eq!(sold.status, BookingStatus::Confirmed);
    // Twice, and out of order.
    for event in [captured, pending, captured] {
        bank.tell(event).unwrap();
    }
    assert_eq!(bank.now(&held), sold);
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2450, 2450)));
    // An event that is too old may be a copy of somebody else's.
    bank.house.clock.advance(minutes(6));
    assert_eq!(bank.tell(captured).unwrap_err(), ErrorCode::EventBadSignature);
    let unknown = block_on(bank.kitflik.bookings().payment_event("visa", Vec::new(), String::new()));
    assert_eq!(unknown.unwrap_err().code(), ErrorCode::NotFound);
    // The house's usual provider sends none.
    let header = EventHeader { name: "payment-signature".to_owned(), value: "t=1,v1=00".to_owned() };
    let none = block_on(bank.house.kitflik.bookings().payment_event("test", vec![header], String::new()));
    assert_eq!(none.unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn staff_give_back_what_they_want_and_never_more_than_was_taken() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.refund(&held, 100).unwrap_err(), ErrorCode::ValidationFailed);
    bank.confirm(&guest, &held, "refund_fails_once").unwrap();
    for amount in [0, -5, 2451] {
        assert_eq!(bank.refund(&held, amount).unwrap_err(), ErrorCode::ValidationFailed);
    }
    let refused = block_on(bank.kitflik.bookings().refund(
        &guest,
        held.id,
        &RefundBooking::new(held.quote.total, "Please."),
    ));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Unauthenticated);

    // A part of it, by a command that is repeated; the provider does not hear the first one.
    let amount = Money::new(450, held.quote.total.currency);
    let request = RefundBooking::new(amount, "The film tore.").command(command("rebate"));
    let bookings = bank.kitflik.bookings();
    let first = block_on(bookings.refund(&clerk(), held.id, &request)).unwrap();
    assert_eq!(first.refunds[0].status, RefundStatus::Pending);
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2000, 2450)));
    let second = block_on(bookings.refund(&clerk(), held.id, &request)).unwrap();
    assert_eq!(second.refunds.len(), 1);
    assert_eq!(second.refunds[0].status, RefundStatus::Refunded);
    assert_eq!(second.status, BookingStatus::Confirmed);
    assert_eq!(second.payment.unwrap().status, "partly_refunded");
    assert_eq!((bank.taken(&held), bank.books(&held)), (2000, (2000, 2000)));
    assert_eq!(bank.refund(&held, 2001).unwrap_err(), ErrorCode::ValidationFailed);

    // What is left goes back with the cancellation, as was said before, and is owed no longer.
    let terms = block_on(bookings.cancellation_terms(&guest, held.id, &[])).unwrap();
    assert_eq!((terms.price.amount_minor, terms.refund.amount_minor), (2450, 2000));
    let more = RefundChoice::Amount(Money::new(2001, held.quote.total.currency));
    let more = CancelBooking::because("The film tore.").refund(more);
    let refused = block_on(bookings.cancel(&clerk(), held.id, &more)).unwrap_err();
    assert!(refused.to_string().contains("allowed are 0 to 20.00 EUR"), "{refused}");
    let cancelled = block_on(bookings.cancel(&guest, held.id, &CancelBooking::new())).unwrap();
    assert_eq!(cancelled.payment.unwrap().status, "refunded");
    let refund = cancelled.cancellation.unwrap().refund.unwrap();
    assert_eq!((refund.amount.amount_minor, refund.status), (2000, RefundStatus::Refunded));
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
    assert_eq!(bank.refund(&held, 1).unwrap_err(), ErrorCode::ValidationFailed);
}

#[test]
fn cash_is_taken_and_handed_out_by_people() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let bookings = bank.kitflik.bookings();
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let take =
        TakePayment { command: Some(command("till-1")), reference: Some("till 1".to_owned()), amount: None };
    let early = block_on(bookings.take_payment(&clerk(), held.id, &take)).unwrap_err();
    assert_eq!(early.code(), ErrorCode::BookingState);
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    assert_eq!((bank.now(&held).payment.unwrap().status.as_str(), bank.books(&held)), ("due", (2450, 0)));
    assert_eq!(bank.refund(&held, 1).unwrap_err(), ErrorCode::ValidationFailed);
    let paid = block_on(bookings.take_payment(&clerk(), held.id, &take)).unwrap();
    assert_eq!(block_on(bookings.take_payment(&clerk(), held.id, &take)).unwrap(), paid);
    let payment = paid.payment.unwrap();
    assert_eq!((payment.status.as_str(), payment.reference.as_deref()), ("captured", Some("till 1")));
    assert_eq!(bank.books(&held), (2450, 2450));
    let again = block_on(bookings.take_payment(&clerk(), held.id, &TakePayment::default())).unwrap_err();
    assert_eq!(again.code(), ErrorCode::BookingState);

    // A rebate is handed out at once; what a customer cancels waits for them.
    let some = bank.refund(&held, 450).unwrap();
    assert_eq!(some.refunds[0].status, RefundStatus::Refunded);
    assert_eq!(bank.books(&held), (2000, 2000));
    let cancelled = block_on(bookings.cancel(&guest, held.id, &CancelBooking::new())).unwrap();
    assert_eq!(cancelled.cancellation.unwrap().refund.unwrap().status, RefundStatus::Pending);
    bank.tick_after(minutes(60));
    assert_eq!(bank.books(&held), (0, 2000));
    let out = HandOutRefund { command: Some(command("out")), amount: None };
    let done = block_on(bookings.hand_out_refund(&clerk(), held.id, &out)).unwrap();
    assert_eq!(block_on(bookings.hand_out_refund(&clerk(), held.id, &out)).unwrap(), done);
    assert_eq!(done.payment.unwrap().status, "refunded");
    assert_eq!(bank.books(&held), (0, 0));
    let none = block_on(bookings.hand_out_refund(&clerk(), held.id, &HandOutRefund::default())).unwrap_err();
    assert_eq!(none.code(), ErrorCode::BookingState);
}

#[test]
fn the_test_provider_keeps_its_books_and_forgets_no_key() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    bank.confirm(&guest, &held, "visa").unwrap();
    let text = serde_json::to_string(&bank.payments.books()).unwrap();
    let again = TestPayments::with_books(serde_json::from_str(&text).unwrap());
    assert_eq!(again.books(), bank.payments.books());
    assert_eq!(again.taken(), bank.payments.taken());
}

#[test]
fn what_is_answered_again_is_durable_by_then() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let watched = Arc::new(Watched::new(bank.house.storage.clone()));
    let kitflik = Kitflik::builder(watched.clone(), MasterKey::new([7; 32]))
        .clock(bank.house.clock.clone())
        .payments("test", bank.payments.clone())
        .build()
        .unwrap();
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let synced = |act: &dyn Fn()| {
        let before = watched.durable();
        act();
        watched.durable() - before
    };
    let bookings = kitflik.bookings();
    let confirm = || drop(block_on(bookings.confirm(&guest, held.id, &pay("visa"))).unwrap());
    assert!(synced(&confirm) > 0);
    assert_eq!(synced(&confirm), 1);
    let cancel = || drop(block_on(bookings.cancel(&guest, held.id, &CancelBooking::new())).unwrap());
    assert!(synced(&cancel) > 0);
    assert_eq!(synced(&cancel), 1);
    let called_off = CancelShow { command: None, reason: "No film.".to_owned() };
    let catalog = kitflik.catalog();
    let cancel = || drop(block_on(catalog.cancel_show(&Actor::System, bank.show, &called_off)).unwrap());
    assert!(synced(&cancel) > 0);
    assert_eq!(synced(&cancel), 1);
}

#[test]
fn cash_is_compared_with_what_the_booking_says_by_now() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let bookings = bank.kitflik.bookings();
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    let euros = |minor| Some(Money::new(minor, held.quote.total.currency));
    let take = |amount| {
        let take = TakePayment { amount, ..TakePayment::default() };
        block_on(bookings.take_payment(&clerk(), held.id, &take))
    };
    let refused = take(euros(2400)).unwrap_err();
    assert!(refused.to_string().contains("amount is 24.00 EUR, due are 24.50 EUR"), "{refused}");
    take(euros(2450)).unwrap();
    let hand_out = |amount| {
        let out = HandOutRefund { amount, ..HandOutRefund::default() };
        block_on(bookings.hand_out_refund(&clerk(), held.id, &out))
    };
    let back = |seat: &str| {
        let one = CancelBooking::new().seats(seats(&[seat]));
        block_on(bookings.cancel(&guest, held.id, &one)).unwrap();
    };
    back("A1");
    back("A2");
    let refused = hand_out(euros(1200)).unwrap_err();
    assert!(refused.to_string().contains("amount is 12.00 EUR, waiting are 24.50 EUR"), "{refused}");
    hand_out(euros(2450)).unwrap();
    assert_eq!(bank.books(&held), (0, 0));
}
