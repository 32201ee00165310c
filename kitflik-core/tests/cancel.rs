//! Sales that are undone: seats, money, tickets and mail.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{HALL, House, house, seats};
use kitflik_core::{
    Actor, AuditQuery, BookingError, BookingId, BookingStatus, BookingView, CancelBooking, CancelledBy,
    Capture, ChargeId, CommandId, ConfirmBooking, ErrorCode, EventError, HoldSeats, Kitflik, MasterKey,
    PaymentError, PaymentStatus, Payments, Policy, ProviderEvent, Refund, RefundStatus, RegisterUser, Role,
    ShowId, SignedEvent, StaffId, TestPayments,
};
use parking_lot::Mutex;
use pollster::block_on;

fn command(name: &str) -> CommandId {
    name.parse().unwrap()
}

fn staff(role: Role) -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role }
}

/// Holds and buys A1 and A2 as a guest.
fn buy(kitflik: &Kitflik, show: ShowId, confirm: &ConfirmBooking) -> (BookingView, Actor) {
    let request = HoldSeats::seats(show, seats(&["A1", "A2"])).customer("Ada", "ada@example.org");
    let held = block_on(kitflik.bookings().hold(&Actor::guest(), &request)).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    (block_on(kitflik.bookings().confirm(&guest, held.id, confirm)).unwrap(), guest)
}

fn paid() -> ConfirmBooking {
    ConfirmBooking::paid_by("test", None)
}

fn cancel(kitflik: &Kitflik, actor: &Actor, id: BookingId) -> Result<BookingView, BookingError> {
    block_on(kitflik.bookings().cancel(actor, id, &CancelBooking::new()))
}

fn subjects(house: &House) -> Vec<String> {
    block_on(house.kitflik.tick()).unwrap();
    house.mailbox.mails().into_iter().map(|mail| mail.subject).collect()
}

#[test]
fn a_cancelled_sale_frees_its_seats_and_gives_the_money_back() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, bookings) = (&house.kitflik, house.kitflik.bookings());
    let (sold, guest) = buy(kitflik, show, &paid());
    assert_eq!(subjects(&house), ["Your tickets: Alien"]);

    let cancelled = cancel(kitflik, &guest, sold.id).unwrap();
    assert_eq!(cancelled.status, BookingStatus::Cancelled);
    assert_eq!((cancelled.confirmed_at, cancelled.expires_at), (sold.confirmed_at, None));
    assert_eq!(cancelled.payment.as_ref().unwrap().status, "refunded");
    let how = cancelled.cancellation.clone().unwrap();
    assert_eq!((how.at, how.by, how.reason), (kitflik.now(), CancelledBy::Customer, None));
    let refund = how.refund.unwrap();
    assert_eq!((refund.amount, refund.status), (sold.quote.total, RefundStatus::Refunded));
    assert_eq!(house.payments.taken(), []);

    // No ticket is given out any more, and the seats are anybody's.
    let refused = block_on(bookings.tickets(&guest, sold.id)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BookingState);
    assert_eq!(block_on(bookings.calendar(&guest, sold.id)).unwrap_err().code(), ErrorCode::BookingState);
    let view = block_on(bookings.seats(show)).unwrap();
    assert!(view.view().states.starts_with("...."), "{}", view.view().states);
    let (again, _) = buy(kitflik, show, &paid());
    assert_eq!(house.payments.taken(), [(again.id, again.quote.total)]);
    assert_eq!(block_on(bookings.get(&guest, sold.id)).unwrap(), cancelled);

    block_on(kitflik.tick()).unwrap();
    let mails = house.mailbox.mails();
    assert_eq!(mails.len(), 3);
    let mail = mails.iter().find(|mail| mail.subject == "Cancelled: Alien").unwrap();
    assert_eq!(mail.to, "ada@example.org");
    assert!(
        mail.text.contains("You get 24.50 EUR back") && mail.text.contains("Seats A1, A2"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("24.50 EUR") && mail.attachments.is_empty(), "{}", mail.html);
}

#[test]
fn what_was_to_be_paid_at_the_counter_is_not_given_back() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (sold, guest) = buy(&house.kitflik, show, &ConfirmBooking::counter());
    let cancelled = cancel(&house.kitflik, &guest, sold.id).unwrap();
    assert_eq!(cancelled.payment.unwrap().status, "not_captured");
    assert_eq!(cancelled.cancellation.unwrap().refund, None);
    // Its confirmation had not been sent: the tickets in it would not be valid.
    assert_eq!(subjects(&house), ["Cancelled: Alien"]);
    assert!(house.mailbox.mails()[0].text.contains("Nothing had been paid."));
}

#[test]
fn only_a_sale_is_cancelled_and_only_once() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, bookings) = (&house.kitflik, house.kitflik.bookings());
    let held = block_on(bookings.hold(&Actor::guest(), &HoldSeats::best(show, 2))).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    assert_eq!(cancel(kitflik, &guest, held.id).unwrap_err().code(), ErrorCode::BookingState);
    block_on(bookings.release(&guest, held.id, None)).unwrap();
    assert_eq!(cancel(kitflik, &guest, held.id).unwrap_err().code(), ErrorCode::BookingState);
    let unknown = BookingId::from_bytes([1; 16]);
    assert_eq!(cancel(kitflik, &Actor::System, unknown).unwrap_err().code(), ErrorCode::NotFound);

    let (sold, guest) = buy(kitflik, show, &paid());
    let request = CancelBooking::because("It rains.").command(command("cancel"));
    let first = block_on(bookings.cancel(&guest, sold.id, &request)).unwrap();
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(block_on(bookings.cancel(&guest, sold.id, &request)).unwrap(), first);
    assert_eq!(cancel(kitflik, &guest, sold.id).unwrap(), first);
    let other = CancelBooking::because("It does not.").command(command("cancel"));
    let refused = block_on(bookings.cancel(&guest, sold.id, &other)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdempotencyMismatch);
    // What is cancelled cannot be bought, released or extended.
    let refused = block_on(bookings.confirm(&guest, sold.id, &paid())).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BookingState);
    let refused = block_on(bookings.release(&guest, sold.id, None)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BookingState);
    assert_eq!(house.payments.taken(), []);
    assert_eq!(subjects(&house), ["Cancelled: Alien"]);
}

#[test]
fn owners_cancel_until_the_show_starts_and_staff_at_any_time_with_a_reason() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let kitflik = &house.kitflik;
    let (sold, guest) = buy(kitflik, show.id, &paid());
    for actor in [Actor::guest(), Actor::guest_with("token"), staff(Role::Usher)] {
        let code = cancel(kitflik, &actor, sold.id).unwrap_err().code();
        assert!(matches!(code, ErrorCode::Unauthenticated | ErrorCode::Forbidden), "{actor:?}: {code}");
    }
    house.clock.advance(show.starts_at.since(kitflik.now()));
    let refused = cancel(kitflik, &guest, sold.id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::CancellationClosed);
    assert!(refused.to_string().contains(&show.starts_at.to_string()), "{refused}");
    let silent = cancel(kitflik, &staff(Role::BoxOffice), sold.id).unwrap_err();
    assert_eq!(kitflik_core::Error::from(silent).fields()[0].path, "reason");
    let long = CancelBooking::because("x".repeat(201));
    let refused = block_on(kitflik.bookings().cancel(&staff(Role::Admin), sold.id, &long)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    let request = CancelBooking::because("The projector broke.");
    let cancelled = block_on(kitflik.bookings().cancel(&staff(Role::BoxOffice), sold.id, &request)).unwrap();
    let how = cancelled.cancellation.unwrap();
    assert_eq!((how.by, how.reason.as_deref()), (CancelledBy::House, Some("The projector broke.")));
    block_on(kitflik.tick()).unwrap();
    let mails = house.mailbox.mails();
    let text = &mails.last().unwrap().text;
    assert!(text.contains("we had to take it back. The projector broke."), "{text}");
    let log = block_on(kitflik.staff().audit(&Actor::System, &AuditQuery::default())).unwrap().items;
    let logged = log.iter().find(|entry| entry.verb == "cancel").unwrap();
    assert_eq!((logged.role, log.len()), (Some(Role::BoxOffice), 1));
    assert!(logged.subjects.contains(&format!("booking/{}", sold.id)), "{:?}", logged.subjects);
}

#[test]
fn a_house_decides_until_when_its_customers_cancel() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let hours = |count: u64| Duration::from_secs(3600 * count);
    let with = |cancel_before| {
        let mut policy = Policy::default();
        policy.cancel_before = cancel_before;
        Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .payments("test", house.payments.clone())
            .policy(policy)
            .build()
            .unwrap()
    };
    let (sold, guest) = buy(&house.kitflik, show.id, &paid());
    let refused = cancel(&with(None), &guest, sold.id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::CancellationClosed);
    // It is seven hours until the show.
    let refused = cancel(&with(Some(hours(7))), &guest, sold.id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::CancellationClosed);
    cancel(&with(Some(hours(6))), &guest, sold.id).unwrap();
}

#[test]
fn a_customer_sees_what_they_cancelled_and_may_have_other_seats() {
    let house = house();
    let show = house.cinema(HALL, |show| show.max_seats_per_customer = Some(2)).show.id;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let (email, password, name) =
            ("ada@example.org".to_owned(), "correct horse".to_owned(), "Ada".to_owned());
        let ada = RegisterUser { command: None, email, password, name };
        let ada = Actor::User { id: house.kitflik.users().register(&ada).await.unwrap().id };
        let held = bookings.hold(&ada, &HoldSeats::best(show, 2)).await.unwrap();
        bookings.confirm(&ada, held.id, &paid()).await.unwrap();
        let refused = bookings.hold(&ada, &HoldSeats::best(show, 1)).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TooManySeats);
        bookings.cancel(&ada, held.id, &CancelBooking::new()).await.unwrap();
        bookings.hold(&ada, &HoldSeats::best(show, 2)).await.unwrap();
        let mine = bookings.mine(&ada, &Default::default()).await.unwrap();
        assert_eq!(mine.items.len(), 1);
        assert_eq!(mine.items[0].status, BookingStatus::Cancelled);
        house.kitflik.tick().await.unwrap();
        let to: Vec<_> = house.mailbox.mails().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        assert!(to.contains(&("ada@example.org".to_owned(), "Cancelled: Alien".to_owned())), "{to:?}");
    });
}

/// A provider whose refunds go as a script says.
struct Script {
    books: TestPayments,
    refunds: Mutex<Vec<Fate>>,
}

#[derive(Clone, Copy)]
enum Fate {
    /// It was not asked, as far as it knows.
    Lost,
    /// It gave the money back, and nobody heard of it.
    Unheard,
    /// It thinks about it.
    Pending,
}

#[async_trait]
impl Payments for Script {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        self.books.capture(capture).await
    }

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        self.books.status(charge).await
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        let no_answer = || Err(PaymentError::NoAnswer { reason: "timeout".to_owned() });
        let step = self.refunds.lock().pop();
        match step {
            None => self.books.refund(refund).await,
            Some(Fate::Lost) => no_answer(),
            Some(Fate::Unheard) => {
                self.books.refund(refund).await?;
                no_answer()
            }
            Some(Fate::Pending) => Ok(PaymentStatus::Pending),
        }
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        self.books.verify_event(event).await
    }
}

fn scripted(house: &House, refunds: &[Fate]) -> (Kitflik, Arc<Script>) {
    let refunds = refunds.iter().rev().copied().collect();
    let provider = Arc::new(Script { books: TestPayments::new(), refunds: Mutex::new(refunds) });
    (engine(house, Some(provider.clone())), provider)
}

fn engine(house: &House, provider: Option<Arc<Script>>) -> Kitflik {
    let builder = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32])).clock(house.clock.clone());
    match provider {
        Some(provider) => builder.payments("script", provider).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

fn refund_of(kitflik: &Kitflik, actor: &Actor, id: BookingId) -> RefundStatus {
    let booking = block_on(kitflik.bookings().get(actor, id)).unwrap();
    assert_eq!(booking.status, BookingStatus::Cancelled);
    booking.cancellation.unwrap().refund.unwrap().status
}

#[test]
fn a_refund_that_is_not_heard_of_is_found_out() {
    for lost in [&[Fate::Lost][..], &[Fate::Unheard], &[Fate::Pending, Fate::Lost], &[Fate::Pending; 3]] {
        let house = house();
        let show = house.cinema(HALL, |_| {}).show.id;
        let (kitflik, provider) = scripted(&house, lost);
        let (sold, guest) = buy(&kitflik, show, &ConfirmBooking::paid_by("script", None));
        let cancelled = cancel(&kitflik, &guest, sold.id).unwrap();
        let refund = cancelled.cancellation.unwrap().refund.unwrap();
        assert_eq!((refund.amount, refund.status), (sold.quote.total, RefundStatus::Pending));
        assert_eq!(cancelled.payment.unwrap().status, "captured");
        // The seats are free all the same.
        buy(&house.kitflik, show, &paid());
        // Another process, without a word from the first; it asks again after a minute, and then less and less often.
        let other = engine(&house, Some(provider.clone()));
        for _ in 0..lost.len() {
            house.clock.advance(Duration::from_secs(3601));
            block_on(other.tick()).unwrap();
        }
        assert_eq!(refund_of(&kitflik, &guest, sold.id), RefundStatus::Refunded);
        assert_eq!(provider.books.taken(), []);
    }
}

#[test]
fn a_repeat_asks_for_the_refund_again() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, provider) = scripted(&house, &[Fate::Lost]);
    let (sold, guest) = buy(&kitflik, show, &ConfirmBooking::paid_by("script", None));
    let request = CancelBooking::new().command(command("cancel"));
    let again = || block_on(kitflik.bookings().cancel(&guest, sold.id, &request)).unwrap();
    assert_eq!(again().cancellation.unwrap().refund.unwrap().status, RefundStatus::Pending);
    assert_eq!(again().cancellation.unwrap().refund.unwrap().status, RefundStatus::Refunded);
    assert_eq!(provider.books.taken(), []);
}

#[test]
fn a_refund_waits_for_its_provider_and_is_given_up_when_it_knows_nothing() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, _) = scripted(&house, &[]);
    let (sold, guest) = buy(&kitflik, show, &ConfirmBooking::paid_by("script", None));
    // The house has unplugged the provider.
    let without = engine(&house, None);
    cancel(&without, &guest, sold.id).unwrap();
    house.clock.advance(Duration::from_secs(48 * 3600));
    assert!(block_on(without.tick()).unwrap().is_some());
    assert_eq!(refund_of(&without, &guest, sold.id), RefundStatus::Pending);
    // It comes back, and has forgotten everything.
    let (amnesiac, _) = scripted(&house, &[]);
    block_on(amnesiac.tick()).unwrap();
    assert_eq!(refund_of(&amnesiac, &guest, sold.id), RefundStatus::Failed);
}
