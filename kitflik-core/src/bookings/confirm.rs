//! Confirm: a hold becomes a sale. Money, where there is any, moves between two commits.
//!
//! First the booking is marked `confirming`, together with the row of its charge and one by which the charge is found
//! again; then the provider takes the money; then the sale is committed. Whatever is cut off in between,
//! [`Kitflik::tick`](crate::Kitflik::tick) finds: it asks the provider and finishes the sale, or gives the money back.

use super::charges::{Outcome, Word, watch};
use super::hold::check_customer;
use super::maps::SeatState;
use super::money::note;
use super::{
    BookingError, BookingStatus, BookingView, Bookings, COUNTER, ConfirmBooking, Customer, PaymentChoice,
    rules,
};
use crate::actor::Actor;
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, MailId, UserId};
use crate::limits;
use crate::ports::payments::{Capture, ChargeId, PaymentError, PaymentStatus};
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{
    Booking, Charge, ChargeState, Deleting, Form, Holder, MailContent, MoneyEvent, Outbox, Payment,
    UserBooking,
};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::users::normal_email;

impl Bookings<'_> {
    /// Sells what is held. When this answers, the sale is on stable media.
    ///
    /// A hold whose time has just run out may still be confirmed if nobody has taken its seats (30 seconds, by policy).
    ///
    /// # Errors
    /// `hold_expired`, `show_not_on_sale` for a show that was cancelled, `booking_state` (also where a booking was paid
    /// for in vain too often), `payment_declined` (the hold goes on), `payment_pending` (the seats
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
            if request.payment.as_ref().is_some_and(|choice| is_sold_by(&held, &choice.provider)) {
                // Its payment was found out after the first call had given up: this is the answer to that call. What is
                // seen may not be durable yet.
                tx.barrier(self.durability()).await?;
                return engine.booking_view(&held).await;
            }
            rules::confirmable(&held, tx.now(), &engine.policy)?;
            let show_key = keys::show(held.show);
            let charge_key = keys::charge(booking, charge_number(&held));
            let mut wanted = vec![show_key.key.clone()];
            // In one reading with the show.
            wanted.extend(by_provider(request).map(|_| charge_key.key));
            tx.more(wanted).await?;
            if tx.get(&show_key)?.is_none_or(|show| show.cancelled) {
                return Err(BookingError::NotOnSale { reason: "it is cancelled".to_owned() });
            }
            let held = Self::for_customer(&tx, held, request.customer.as_ref())?;
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
                    let Some(number) = self.mark_confirming(&mut tx, &held, choice).await? else { continue };
                    let charge = ChargeId { booking, number };
                    let told = self.capture(charge, &held, choice).await;
                    return self.answer(tx, charge, told).await;
                }
                _ if held.status == BookingStatus::Confirming => return Err(BookingError::PaymentPending),
                _ => {
                    let payment = choice.map(|choice| Payment {
                        provider: COUNTER.to_owned(),
                        reference: choice.reference.clone(),
                        attempt: held.payment.as_ref().map_or(0, |payment| payment.attempt),
                        charge: None,
                    });
                    if let Some(sold) = self.sell(&mut tx, held, payment).await? {
                        return engine.booking_view(&sold).await;
                    }
                }
            }
        }
    }

    pub(super) fn durability(&self) -> Durability {
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

    /// The booking with the customer of the confirm. The caller has read its show. Where a show limits seats per
    /// customer, a guest was counted by the e-mail of the hold, and stays with it.
    fn for_customer(
        tx: &Tx<'_>,
        held: Booking,
        customer: Option<&Customer>,
    ) -> Result<Booking, BookingError> {
        let Some(customer) = customer else { return Ok(held) };
        let plain = |customer: &Customer| normal_email(&customer.email);
        let moved = held.customer.as_ref().is_some_and(|before| plain(before) != plain(customer));
        let by_customer = held.discount.as_ref().is_some_and(|discount| discount.per_customer);
        if moved && by_customer && !matches!(held.holder, Holder::User(_)) {
            let detail =
                "its discount code is counted per customer: the e-mail of the hold cannot be changed";
            return Err(Invalid::one("customer.email", "contradictory", detail).into());
        }
        if moved
            && held.holder == Holder::Guest
            && tx.get(&keys::show(held.show))?.is_some_and(|show| show.max_seats_per_customer.is_some())
        {
            let detail = "this show limits seats per customer: the e-mail of the hold cannot be changed";
            return Err(Invalid::one("customer.email", "contradictory", detail).into());
        }
        Ok(Booking { customer: Some(customer.clone()), ..held })
    }

    /// The first commit: from here on, somebody will find out what became of the money. The number of the charge.
    ///
    /// While a booking waits for a charge, the same choice asks for the same charge again, and another has to wait: so
    /// a customer who is impatient does not pay twice.
    async fn mark_confirming(
        &self,
        tx: &mut Tx<'_>,
        held: &Booking,
        choice: &PaymentChoice,
    ) -> Result<Option<u32>, BookingError> {
        let last = held.payment.as_ref();
        let again = held.status == BookingStatus::Confirming;
        let same = |last: &Payment| last.provider == choice.provider && last.reference == choice.reference;
        if again && !last.is_some_and(same) {
            return Err(BookingError::PaymentPending);
        }
        let number = charge_number(held);
        if number > limits::MAX_CHARGES_PER_BOOKING {
            let needed = "it was asked to be paid 20 times, allowed are no more: hold the seats again";
            return Err(BookingError::State { status: held.status, needed });
        }
        let key = keys::charge(held.id, number);
        tx.more(vec![key.key.clone()]).await?;
        let charge = tx.get(&key)?.unwrap_or_else(|| Charge {
            v: Form,
            booking: held.id,
            number,
            provider: choice.provider.clone(),
            reference: choice.reference.clone(),
            amount: held.total,
            asked_at: tx.now(),
            state: ChargeState::Asked,
            charge: None,
            open: false,
            refunds: Vec::new(),
        });
        let payment = Payment {
            provider: choice.provider.clone(),
            reference: choice.reference.clone(),
            attempt: number,
            charge: None,
        };
        let marked = Booking { status: BookingStatus::Confirming, payment: Some(payment), ..held.clone() };
        tx.put(&keys::booking(held.id), &marked)?;
        tx.put(&key, &charge)?;
        tx.put(&keys::payment(held.id, number), &watch(&charge, tx.now()))?;
        let Some(version) = tx.commit_step(self.durability()).await? else { return Ok(None) };
        self.show_seats(&marked, version);
        Ok(Some(number))
    }

    async fn capture(
        &self,
        charge: ChargeId,
        held: &Booking,
        choice: &PaymentChoice,
    ) -> Result<PaymentStatus, PaymentError> {
        let no_answer = |reason: &str| Err(PaymentError::NoAnswer { reason: reason.to_owned() });
        let Some(provider) = self.engine.payments.get(&choice.provider) else {
            return no_answer("it is not plugged in");
        };
        let capture = Capture { charge, amount: held.total, reference: choice.reference.clone() };
        match provider.capture(capture).await? {
            PaymentStatus::Unknown => no_answer("it says that it was not asked"),
            status => Ok(status),
        }
    }

    /// The second commit: what was answered is taken in. The answer to the caller.
    async fn answer(
        &self,
        mut tx: Tx<'_>,
        charge: ChargeId,
        told: Result<PaymentStatus, PaymentError>,
    ) -> Result<BookingView, BookingError> {
        match self.take_in(&mut tx, charge, Word::Told(told)).await? {
            Outcome::Sold(sold) => self.engine.booking_view(&sold).await,
            Outcome::Declined { reason } => Err(BookingError::PaymentDeclined { reason }),
            Outcome::Open => Err(BookingError::PaymentPending),
            Outcome::Late(booking) => {
                self.pay_back(charge.booking).await;
                let needed = match booking.status {
                    BookingStatus::Expired | BookingStatus::Released => {
                        return Err(BookingError::HoldExpired { at: booking.until });
                    }
                    BookingStatus::Confirmed => "it was sold on other terms, and this payment is given back",
                    BookingStatus::Cancelled => {
                        "it was sold and cancelled meanwhile, and this payment is given back"
                    }
                    BookingStatus::Held | BookingStatus::Confirming => {
                        "it has changed meanwhile, and this payment is given back"
                    }
                };
                Err(BookingError::State { status: booking.status, needed })
            }
        }
    }

    /// Writes a sale: the booking, its index row, the promised mail. No seat is touched: its pointer is right already.
    pub(super) async fn sell(
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
        note(tx, &sold, MoneyEvent::Sold, sold.total, None, 0)?;
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
            return Ok(Some((normal_email(&customer.email), customer.name.clone())));
        }
        let Holder::User(id) = booking.holder else { return Ok(None) };
        let user_key = keys::user(id);
        tx.more(vec![user_key.key.clone()]).await?;
        Ok(tx.get(&user_key)?.map(|user| (normal_email(&user.email), user.name)))
    }

    pub(super) fn show_seats(&self, booking: &Booking, version: crate::Version) {
        let state = SeatState::of(booking, rules::takeable_at(booking, &self.engine.policy));
        let changes: Vec<_> = booking.seats.iter().map(|seat| (seat.number, state)).collect();
        self.engine.maps.apply(booking.show, version, &changes);
    }
}

/// The charge that is asked for next: the same one again while a booking waits for it.
fn charge_number(held: &Booking) -> u32 {
    let last = held.payment.as_ref().map_or(0, |last| last.attempt);
    last + u32::from(held.status != BookingStatus::Confirming)
}

/// The choice to pay through a provider.
fn by_provider(request: &ConfirmBooking) -> Option<&PaymentChoice> {
    request.payment.as_ref().filter(|choice| choice.provider != COUNTER)
}

fn is_sold_by(booking: &Booking, provider: &str) -> bool {
    let payment = booking.payment.as_ref();
    booking.status == BookingStatus::Confirmed
        && payment.is_some_and(|payment| payment.provider == provider && payment.charge.is_some())
}
