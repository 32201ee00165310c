//! Confirm: a hold becomes a sale. Money, where there is any, moves between two commits.
//!
//! First the booking is marked `confirming`, together with a row that says which provider was asked; then the provider
//! takes the money; then the sale is committed. Whatever is cut off in between, [`Kitflik::tick`](crate::Kitflik::tick)
//! finds by that row: it asks the provider and finishes the sale, or gives the money back.

use std::time::Duration;

use super::cancel::{pending_refund, with_refund};
use super::hold::check_customer;
use super::maps::SeatState;
use super::money::note;
use super::{
    BookingError, BookingStatus, BookingView, Bookings, COUNTER, ConfirmBooking, Customer, PaymentChoice,
    RefundStatus, rules,
};
use crate::actor::Actor;
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, MailId, UserId};
use crate::limits;
use crate::ports::payments::{Capture, PaymentStatus};
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{
    Booking, Deleting, Form, Holder, MailContent, MoneyEvent, Outbox, Payment, PaymentInFlight, UserBooking,
};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;

/// How long the caller of a capture may take before `tick` asks the provider on its own.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(60);
/// The longest pause between two questions to a provider.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a provider is asked about money that it does not know of, before it is believed.
const WATCH: Duration = Duration::from_secs(24 * 60 * 60);
/// Payments that one tick looks at.
const PAYMENTS_PER_TICK: u32 = 100;

/// What the provider said.
enum Captured {
    Yes { charge: String },
    No { reason: String },
    Unknown,
}

impl Bookings<'_> {
    /// Sells what is held. When this answers, the sale is on stable media.
    ///
    /// A hold whose time has just run out may still be confirmed if nobody has taken its seats (30 seconds, by policy).
    ///
    /// # Errors
    /// `hold_expired`, `booking_state`, `payment_declined` (the hold goes on), `payment_pending` (the seats
    /// are kept; repeat it, or look at the booking later), `validation_failed`, or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn confirm(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &ConfirmBooking,
    ) -> Result<BookingView, BookingError> {
        let engine = self.engine;
        self.check_request(request)?;
        let command = (booking, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "confirm", &command)?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(sold) = tx.load::<Booking>(self.durability(), wanted).await? {
                engine.may_use(actor, &sold)?;
                return engine.booking_view(&sold).await;
            }
            let held = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &held)?;
            if request.payment.as_ref().is_some_and(|choice| is_paid_by(&held, &choice.provider)) {
                // Its payment was found out after the first call had given up: this is the answer to that call.
                return engine.booking_view(&held).await;
            }
            rules::confirmable(&held, tx.now(), &engine.policy)?;
            let held = self.for_customer(&mut tx, held, request.customer.as_ref()).await?;
            let choice = match &request.payment {
                _ if held.total.amount_minor == 0 => None,
                Some(choice) => Some(choice),
                None => {
                    let detail = format!("payment is required: one of {}", self.provider_names().join(", "));
                    return Err(Invalid::one("payment", "required", detail).into());
                }
            };
            match choice {
                Some(choice) if choice.provider != COUNTER => {
                    let attempt = held.payment.as_ref().map_or(0, |payment| payment.attempt) + 1;
                    if !self.mark_confirming(&mut tx, &held, choice, attempt).await? {
                        continue;
                    }
                    return match self.capture(&held, choice).await? {
                        Captured::Yes { charge } => self.settle(tx, &held, choice, charge).await,
                        Captured::No { reason } => {
                            self.give_up(booking, attempt).await?;
                            Err(BookingError::PaymentDeclined { reason })
                        }
                        Captured::Unknown => Err(BookingError::PaymentPending),
                    };
                }
                _ if held.status == BookingStatus::Confirming => return Err(BookingError::PaymentPending),
                _ => {
                    let payment = choice.map(|choice| Payment {
                        provider: COUNTER.to_owned(),
                        reference: choice.reference.clone(),
                        attempt: 0,
                        charge: None,
                    });
                    if let Some(sold) = self.sell(&mut tx, held, payment).await? {
                        return engine.booking_view(&sold).await;
                    }
                }
            }
        }
    }

    fn durability(&self) -> Durability {
        if self.engine.mutant == Some(Mutant::ConfirmRelaxed) {
            Durability::Relaxed
        } else {
            Durability::Durable
        }
    }

    fn provider_names(&self) -> Vec<&str> {
        let counter = self.engine.policy.pay_at_counter.then_some(COUNTER);
        counter.into_iter().chain(self.engine.payments.keys().map(String::as_str)).collect()
    }

    fn check_request(&self, request: &ConfirmBooking) -> Result<(), BookingError> {
        let mut fields = Validation::default();
        if let Some(choice) = &request.payment {
            let names = self.provider_names();
            if !names.contains(&choice.provider.as_str()) {
                let detail = format!("payment.provider must be one of {}", names.join(", "));
                fields.refuse("payment.provider", "unknown", detail);
            }
            let reference = choice.reference.as_deref();
            fields.optional_text("payment.reference", reference, limits::MAX_REFERENCE_CHARS);
        }
        check_customer(request.customer.as_ref(), &mut fields);
        Ok(fields.finish()?)
    }

    /// The booking with the customer of the confirm. Where a show limits seats per customer, a guest was counted by the
    /// e-mail of the hold, and stays with it.
    async fn for_customer(
        &self,
        tx: &mut Tx<'_>,
        held: Booking,
        customer: Option<&Customer>,
    ) -> Result<Booking, BookingError> {
        let Some(customer) = customer else { return Ok(held) };
        let plain = |customer: &Customer| customer.email.trim().to_lowercase();
        let moved = held.customer.as_ref().is_some_and(|before| plain(before) != plain(customer));
        let by_customer = held.discount.as_ref().is_some_and(|discount| discount.per_customer);
        if moved && by_customer && !matches!(held.holder, Holder::User(_)) {
            let detail =
                "its discount code is counted per customer: the e-mail of the hold cannot be changed";
            return Err(Invalid::one("customer.email", "contradictory", detail).into());
        }
        if moved && held.holder == Holder::Guest {
            let show_key = keys::show(held.show);
            tx.more(vec![show_key.key.clone()]).await?;
            tx.uncheck(&show_key);
            if tx.get(&show_key)?.is_some_and(|show| show.max_seats_per_customer.is_some()) {
                let detail = "this show limits seats per customer: the e-mail of the hold cannot be changed";
                return Err(Invalid::one("customer.email", "contradictory", detail).into());
            }
        }
        Ok(Booking { customer: Some(customer.clone()), ..held })
    }

    /// The first commit: from here on, somebody will find out what became of the money.
    async fn mark_confirming(
        &self,
        tx: &mut Tx<'_>,
        held: &Booking,
        choice: &PaymentChoice,
        attempt: u32,
    ) -> Result<bool, BookingError> {
        let payment = Payment {
            provider: choice.provider.clone(),
            reference: choice.reference.clone(),
            attempt,
            charge: None,
        };
        let marked = Booking { status: BookingStatus::Confirming, payment: Some(payment), ..held.clone() };
        tx.put(&keys::booking(held.id), &marked)?;
        let watch = PaymentInFlight {
            v: Form,
            booking: held.id,
            provider: choice.provider.clone(),
            started_at: tx.now(),
            due: tx.now().plus(FIRST_LOOK),
            amount: Some(held.total),
        };
        tx.put(&keys::payment(held.id, &choice.provider), &watch)?;
        let Some(version) = tx.commit_step(self.durability()).await? else { return Ok(false) };
        self.show_seats(&marked, version);
        Ok(true)
    }

    async fn capture(&self, held: &Booking, choice: &PaymentChoice) -> Result<Captured, BookingError> {
        let Some(provider) = self.engine.payments.get(&choice.provider) else {
            return Ok(Captured::Unknown);
        };
        let capture = Capture { booking: held.id, amount: held.total, reference: choice.reference.clone() };
        Ok(match provider.capture(capture).await {
            Ok(PaymentStatus::Captured { charge }) => Captured::Yes { charge },
            Ok(PaymentStatus::Declined { reason }) => Captured::No { reason },
            Ok(_) | Err(_) => Captured::Unknown,
        })
    }

    /// The second commit: the money is taken, so the sale is made, or the money goes back.
    async fn settle(
        &self,
        mut tx: Tx<'_>,
        asked: &Booking,
        choice: &PaymentChoice,
        charge: String,
    ) -> Result<BookingView, BookingError> {
        let key = keys::booking(asked.id);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(sold) = tx.load::<Booking>(self.durability(), wanted).await? {
                return self.engine.booking_view(&sold).await;
            }
            let held = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let payment = held.payment.as_ref();
            match held.status {
                // It was let go for a moment, and changed: `tick` gives the money back.
                BookingStatus::Held | BookingStatus::Confirming if held.total != asked.total => {
                    let needed = "its price has changed meanwhile, and this payment is given back";
                    return Err(BookingError::State { status: held.status, needed });
                }
                BookingStatus::Held | BookingStatus::Confirming => {
                    let paid = Payment {
                        provider: choice.provider.clone(),
                        reference: choice.reference.clone(),
                        attempt: payment.map_or(1, |payment| payment.attempt),
                        charge: Some(bounded(&charge)),
                    };
                    if let Some(sold) = self.sell(&mut tx, held, Some(paid)).await? {
                        return self.engine.booking_view(&sold).await;
                    }
                }
                // `tick` or a second confirm finished the same sale.
                BookingStatus::Confirmed if is_paid_by(&held, &choice.provider) => {
                    return self.engine.booking_view(&held).await;
                }
                // The row of the payment is there: `tick` gives the money back.
                BookingStatus::Confirmed => {
                    let needed = "it was sold on other terms, and this payment is given back";
                    return Err(BookingError::State { status: held.status, needed });
                }
                BookingStatus::Cancelled => {
                    let needed = "it was sold and cancelled meanwhile, and this payment is given back";
                    return Err(BookingError::State { status: held.status, needed });
                }
                BookingStatus::Expired | BookingStatus::Released => {
                    return Err(BookingError::HoldExpired { at: held.until });
                }
            }
        }
    }

    /// Writes a sale: the booking, its index row, the promised mail. No seat is touched: its pointer is right already.
    async fn sell(
        &self,
        tx: &mut Tx<'_>,
        held: Booking,
        payment: Option<Payment>,
    ) -> Result<Option<Booking>, BookingError> {
        let decided_at = Some(tx.now().millis());
        let mut sold = Booking { status: BookingStatus::Confirmed, decided_at, payment, ..held };
        let key: Typed<Booking> = keys::booking(sold.id);
        let mut nameless = false;
        if let Holder::User(id) = sold.holder {
            // The sale depends on the account: once it is on its way out, no sale has its name.
            let user_key = keys::user(id);
            tx.more(vec![user_key.key.clone()]).await?;
            let stays = match tx.get(&user_key)? {
                Some(user) => !user.deleting || self.still_there(tx, id).await?,
                None => false,
            };
            if stays {
                tx.put(&keys::user_booking(id, sold.id), &UserBooking { v: Form, show: sold.show })?;
            } else {
                sold.customer = None;
                nameless = true;
            }
        }
        let to = if nameless { None } else { self.mail_address(tx, &sold).await? };
        if let Some((to, to_name)) = to {
            let mail = MailId::new(tx.now(), self.engine.random());
            let content = MailContent::BookingConfirmed { booking: sold.id };
            let outbox = Outbox::new(mail, to, Some(to_name), content);
            tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
        }
        let charged = sold.payment.as_ref().filter(|payment| payment.charge.is_some());
        note(tx, &sold, MoneyEvent::Sold, sold.total, None, 0)?;
        if let Some(payment) = charged {
            tx.delete(&keys::payment(sold.id, &payment.provider));
            note(tx, &sold, MoneyEvent::Captured, sold.total, Some(&payment.provider), payment.attempt)?;
        }
        if let Some(discount) = sold.discount.as_ref().filter(|discount| discount.counted) {
            // From here on the use is the sale's: nobody needs to look at it.
            tx.delete(&keys::voucher_use(discount.voucher(), sold.id));
        }
        if tx.broken(Mutant::ConfirmUnchecked) {
            tx.uncheck(&key);
        }
        tx.put(&key, &sold)?;
        let Some(version) = tx.commit(self.durability(), &sold).await? else { return Ok(None) };
        self.show_seats(&sold, version);
        Ok(Some(sold))
    }

    /// Whether an account that is on its way out may stay yet. The mark is rewritten, so that whoever is about to
    /// agree looks again, and finds this sale.
    async fn still_there(&self, tx: &mut Tx<'_>, id: UserId) -> Result<bool, EngineError> {
        let mark = keys::deleting(id);
        tx.more(vec![mark.key.clone()]).await?;
        let Some(row) = tx.get(&mark)?.filter(|row| !row.agreed) else { return Ok(false) };
        tx.put(&mark, &Deleting { touched: tx.mark(), ..row })?;
        Ok(true)
    }

    /// Whom mail about a booking goes to, and their name.
    pub(crate) async fn mail_address(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
    ) -> Result<Option<(String, String)>, EngineError> {
        if let Some(customer) = &booking.customer {
            return Ok(Some((customer.email.trim().to_owned(), customer.name.clone())));
        }
        let Holder::User(id) = booking.holder else { return Ok(None) };
        let user_key = keys::user(id);
        tx.more(vec![user_key.key.clone()]).await?;
        Ok(tx.get(&user_key)?.map(|user| (user.email, user.name)))
    }

    /// Back to a hold after a payment that was not taken. Its clock has been running all the time. The row of
    /// the payment stays for a while: a provider may charge late.
    async fn give_up(&self, booking: BookingId, attempt: u32) -> Result<(), BookingError> {
        let mut tx = self.engine.begin();
        let key = keys::booking(booking);
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, vec![key.key.clone()]).await? else {
                return Ok(());
            };
            let Some(held) = tx.get(&key)? else { return Ok(()) };
            let ours = held.payment.as_ref().is_some_and(|payment| payment.attempt == attempt);
            if held.status != BookingStatus::Confirming || !ours {
                return Ok(());
            }
            let back = Booking { status: BookingStatus::Held, ..held };
            tx.put(&key, &back)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &()).await? {
                self.show_seats(&back, version);
                return Ok(());
            }
        }
    }

    fn show_seats(&self, booking: &Booking, version: crate::Version) {
        let state = SeatState::of(booking, rules::takeable_at(booking, &self.engine.policy));
        let changes: Vec<_> = booking.seats.iter().map(|seat| (seat.number, state)).collect();
        self.engine.maps.apply(booking.show, version, &changes);
    }

    /// Finds out what became of payments in flight. Returns when to look again.
    pub(crate) async fn recover_payments(&self) -> Result<Option<Timestamp>, EngineError> {
        let now = self.engine.now();
        // What is not due, or cannot be asked for, must not stand before what is.
        let mut watched = self.engine.scan_all(&keys::payments()).await?;
        watched.sort_by_key(|(_, watch)| (!self.engine.payments.contains_key(&watch.provider), watch.due));
        let mut next: Option<Timestamp> = None;
        for (_, watch) in watched.into_iter().take(PAYMENTS_PER_TICK as usize) {
            let due = if watch.due > now { Some(watch.due) } else { self.recover_payment(&watch).await? };
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }

    async fn recover_payment(&self, watch: &PaymentInFlight) -> Result<Option<Timestamp>, EngineError> {
        let later = self.engine.now().plus(FIRST_LOOK);
        let Some(provider) = self.engine.payments.get(&watch.provider) else { return Ok(Some(later)) };
        let (booking_key, watch_key) =
            (keys::booking(watch.booking), keys::payment(watch.booking, &watch.provider));
        let mut tx = self.engine.begin();
        loop {
            // Read before the provider is asked: if somebody asks it to take the money in between, this commit fails.
            let wanted = vec![booking_key.key.clone(), watch_key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(None) };
            let (Some(booking), Some(watch)) = (tx.get(&booking_key)?, tx.get(&watch_key)?) else {
                return Ok(None);
            };
            let answer = provider.status(watch.booking).await;
            // What was taken for other seats or another price sells nothing.
            let open = matches!(booking.status, BookingStatus::Held | BookingStatus::Confirming)
                && watch.amount.is_none_or(|amount| amount == booking.total);
            match answer {
                Ok(PaymentStatus::Captured { charge }) if open => {
                    let payment = booking.payment.as_ref();
                    let paid = Payment {
                        provider: watch.provider.clone(),
                        reference: payment.and_then(|payment| payment.reference.clone()),
                        attempt: payment.map_or(1, |payment| payment.attempt),
                        charge: Some(bounded(&charge)),
                    };
                    match self.sell(&mut tx, booking, Some(paid)).await {
                        Ok(Some(_)) => return Ok(None),
                        Ok(None) => continue,
                        Err(BookingError::Engine(error)) => return Err(error),
                        Err(_) => return Ok(Some(later)),
                    }
                }
                Ok(PaymentStatus::Captured { .. }) if is_paid_by(&booking, &watch.provider) => {
                    tx.delete(&watch_key);
                }
                Ok(PaymentStatus::Captured { .. }) => {
                    let amount = pending_refund(&booking, &watch.provider).or(watch.amount);
                    let amount = amount.unwrap_or(booking.total);
                    match provider.refund(watch.booking, amount).await {
                        Ok(PaymentStatus::Refunded) => {
                            end_refund(&mut tx, &booking, &watch, RefundStatus::Refunded)?;
                            tx.delete(&watch_key);
                        }
                        Ok(_) | Err(_) => return self.look_again(tx, &watch).await,
                    }
                }
                Ok(PaymentStatus::Refunded) => {
                    self.reopen(&mut tx, &booking)?;
                    end_refund(&mut tx, &booking, &watch, RefundStatus::Refunded)?;
                    tx.delete(&watch_key);
                }
                Ok(PaymentStatus::Declined { .. } | PaymentStatus::Unknown) => {
                    self.reopen(&mut tx, &booking)?;
                    if tx.now().since(watch.started_at) >= WATCH {
                        end_refund(&mut tx, &booking, &watch, RefundStatus::Failed)?;
                        tx.delete(&watch_key);
                    } else {
                        let due = next_look(&watch, tx.now());
                        tx.put(&watch_key, &PaymentInFlight { due, ..watch.clone() })?;
                    }
                }
                Ok(PaymentStatus::Pending) | Err(_) => return self.look_again(tx, &watch).await,
            }
            if let Some(version) = tx.commit(Durability::Durable, &()).await? {
                if booking.status == BookingStatus::Confirming {
                    self.show_seats(&Booking { status: BookingStatus::Held, ..booking }, version);
                }
                return Ok(Some(next_look(&watch, tx.now())));
            }
        }
    }

    fn reopen(&self, tx: &mut Tx<'_>, booking: &Booking) -> Result<(), EngineError> {
        if booking.status == BookingStatus::Confirming {
            let held = Booking { status: BookingStatus::Held, ..booking.clone() };
            tx.put(&keys::booking(booking.id), &held)?;
        }
        Ok(())
    }

    /// Only moves the time of the next question. Whoever loses the race for it leaves it to the winner.
    async fn look_again(
        &self,
        mut tx: Tx<'_>,
        watch: &PaymentInFlight,
    ) -> Result<Option<Timestamp>, EngineError> {
        let due = next_look(watch, tx.now());
        tx.put(&keys::payment(watch.booking, &watch.provider), &PaymentInFlight { due, ..watch.clone() })?;
        tx.commit(Durability::Relaxed, &()).await?;
        Ok(Some(due))
    }
}

/// The pauses grow with the age of the payment.
fn next_look(watch: &PaymentInFlight, now: Timestamp) -> Timestamp {
    now.plus(now.since(watch.started_at).clamp(FIRST_LOOK, LONGEST_PAUSE))
}

/// Notes how the refund of a cancelled booking ended, if the provider that was asked is the one that owes it.
fn end_refund(
    tx: &mut Tx<'_>,
    booking: &Booking,
    watch: &PaymentInFlight,
    status: RefundStatus,
) -> Result<(), EngineError> {
    if let Some(amount) = pending_refund(booking, &watch.provider) {
        if status == RefundStatus::Refunded {
            note(tx, booking, MoneyEvent::Refunded, amount, Some(&watch.provider), 0)?;
        }
        tx.put(&keys::booking(booking.id), &with_refund(booking.clone(), status))?;
    }
    Ok(())
}

fn is_paid_by(booking: &Booking, provider: &str) -> bool {
    let payment = booking.payment.as_ref();
    booking.status == BookingStatus::Confirmed
        && payment.is_some_and(|payment| payment.provider == provider && payment.charge.is_some())
}

/// A provider's text, cut to what a record has room for.
fn bounded(text: &str) -> String {
    text.chars().take(limits::MAX_REFERENCE_CHARS).collect()
}
