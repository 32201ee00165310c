//! Charges: each asking for money has a row of its own, and whatever is heard of it is decided from that row.
//!
//! A charge is asked for, may be pending, and is captured or declined. Once captured it stays so: nothing that arrives
//! later undoes it, whatever the order; what goes back stands in its refunds. Money that arrives when its booking is
//! no longer what was paid for is late: by [`LateMoney`] its seats are taken again, or it goes back, or staff decide.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::money::note;
use super::rules;
use super::{BookingError, BookingStatus, Bookings, RefundReason, RefundStatus};
use crate::catalog::ShowStatus;
use crate::error::EngineError;
use crate::kitflik::Policy;
use crate::limits;
use crate::ports::payments::{ChargeId, PaymentError, PaymentStatus};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{
    Booking, Charge, ChargeRefund, ChargeState, Form, MailContent, MoneyEvent, Payment, PaymentEvent,
    PaymentInFlight,
};
use crate::store::tx::{Loaded, Mutant, Tx, decode};
use crate::time::Timestamp;

/// How long the caller of a capture may take before `tick` asks the provider on its own.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(60);
/// The longest pause between two questions to a provider.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a provider is asked about money that it does not know of, before it is believed.
pub(super) const WATCH: Duration = Duration::from_secs(24 * 60 * 60);
/// Charges that one tick looks at.
const CHARGES_PER_TICK: usize = 100;

/// What becomes of money that arrives once its hold has run out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LateMoney {
    /// The same seats are taken again and the sale is made, if they are all free; else the money goes back.
    #[default]
    RetakeOrRefund,
    /// It goes back.
    Refund,
    /// It stays with the provider until staff refund it.
    Manual,
}

/// What a charge is decided by.
#[derive(Debug, Clone)]
pub(super) enum Word {
    /// What the provider answered just now.
    Told(Result<PaymentStatus, PaymentError>),
    /// The provider is to be asked.
    Ask,
    /// An event of the provider: what it says counts only if the provider does not answer.
    Event { id: String, status: PaymentStatus },
}

/// What became of a charge.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is the payment of this sale.
    Sold(Box<Booking>),
    /// It was not taken.
    Declined { reason: String },
    /// Nobody knows yet.
    Open,
    /// The money was taken, and sold nothing.
    Late(Box<Booking>),
}

/// What a word about a charge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that is not known.
    Nothing,
    /// The booking still has its seats: it is sold.
    Sell,
    /// The hold has run out: it is sold if its seats can be had again.
    Retake,
    /// The money goes back.
    GiveBack,
    /// The money waits for staff.
    LeaveOpen,
    /// The money came, and went back without us.
    CameBack,
    /// The booking need not wait for it any longer.
    LetGo(ChargeState),
    /// The booking waits on.
    Wait(ChargeState),
}

/// What becomes of money that sells nothing.
fn late(policy: &Policy) -> Step {
    if policy.late_money == LateMoney::Manual { Step::LeaveOpen } else { Step::GiveBack }
}

/// The one rule of charges. `heard` is `None` if the provider gave no answer.
pub(super) fn step(
    charge: &Charge,
    booking: &Booking,
    heard: Option<&PaymentStatus>,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    if charge.state == ChargeState::Captured {
        return Step::Nothing;
    }
    let late = late(policy);
    let waiting = |state: ChargeState| {
        if now >= charge.asked_at.plus(policy.pending_hold) { Step::LetGo(state) } else { Step::Wait(state) }
    };
    match heard {
        Some(PaymentStatus::Captured { .. }) if booking.total != charge.amount => late,
        Some(PaymentStatus::Captured { .. }) => match (booking.status, policy.late_money) {
            (BookingStatus::Confirming, _) => Step::Sell,
            (BookingStatus::Held, _) if now <= booking.until.plus(policy.late_confirm_grace) => Step::Sell,
            (BookingStatus::Held | BookingStatus::Expired, LateMoney::RetakeOrRefund) => Step::Retake,
            _ => late,
        },
        Some(PaymentStatus::Refunded) => Step::CameBack,
        Some(PaymentStatus::Declined { .. }) => Step::LetGo(ChargeState::Declined),
        Some(PaymentStatus::Unknown) => Step::LetGo(ChargeState::Asked),
        Some(PaymentStatus::Pending) => waiting(ChargeState::Pending),
        None => waiting(charge.state),
    }
}

/// Whether it is this charge that a booking waits for.
fn waits_for(booking: &Booking, charge: &Charge) -> bool {
    let asked = booking.payment.as_ref().is_some_and(|payment| payment.attempt == charge.number);
    asked && booking.status == BookingStatus::Confirming
}

/// Whether a booking is sold, or was, for the money of this charge.
pub(super) fn is_paid_by(booking: &Booking, charge: &Charge) -> bool {
    let payment = booking.payment.as_ref();
    payment.is_some_and(|payment| payment.attempt == charge.number && payment.charge.is_some())
}

/// The pauses grow with the age of what is asked for.
pub(super) fn next_look(watch: &PaymentInFlight, now: Timestamp) -> Timestamp {
    now.plus(now.since(watch.started_at).clamp(FIRST_LOOK, LONGEST_PAUSE))
}

/// The row by which `tick` finds a charge.
pub(super) fn watch(charge: &Charge, now: Timestamp) -> PaymentInFlight {
    PaymentInFlight {
        v: Form,
        booking: charge.booking,
        number: charge.number,
        provider: charge.provider.clone(),
        started_at: now,
        due: now.plus(FIRST_LOOK),
    }
}

/// A provider's text, cut to what a record has room for.
fn bounded(text: &str) -> String {
    text.chars().take(limits::MAX_REFERENCE_CHARS).collect()
}

impl Bookings<'_> {
    /// Takes in what is heard of a charge: one batch notes it, and decides what becomes of the booking and the money.
    /// Money that goes back is only promised here: call [`Bookings::pay_back`] afterwards.
    pub(super) async fn take_in(
        &self,
        tx: &mut Tx<'_>,
        id: ChargeId,
        word: Word,
    ) -> Result<Outcome, BookingError> {
        let (booking_key, charge_key) = (keys::booking(id.booking), keys::charge(id.booking, id.number));
        let watch_key = keys::payment(id.booking, id.number);
        loop {
            // Read before the provider is asked: if somebody asks it to take the money in between, this commit fails.
            let wanted = vec![booking_key.key.clone(), charge_key.key.clone(), watch_key.key.clone()];
            if let Loaded::Replay(sold) = tx.load::<Booking>(self.durability(), wanted).await? {
                return Ok(Outcome::Sold(Box::new(sold)));
            }
            let booking = tx.get(&booking_key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let charge = tx.get(&charge_key)?.ok_or(BookingError::NotFound { what: "charge" })?;
            let seen = tx.get(&watch_key)?;
            if let Word::Event { id: event, .. } = &word {
                let key = keys::payment_event(&charge.provider, event);
                tx.more(vec![key.key.clone()]).await?;
                if tx.get(&key)?.is_some() && !tx.broken(Mutant::EventsRepeated) {
                    // What is seen may not be durable yet, and is not told again once this is answered.
                    tx.barrier(self.durability()).await?;
                    return Ok(known(booking, &charge));
                }
                tx.put(&key, &PaymentEvent { v: Form, at: tx.now() })?;
            }
            let heard = self.hear(&charge, &word).await;
            let mut step = step(&charge, &booking, heard.as_ref(), tx.now(), &self.engine.policy);
            let sells_or_keeps = matches!(step, Step::Sell | Step::Retake | Step::LeaveOpen);
            if sells_or_keeps && self.is_called_off(tx, &booking).await? {
                // All money of such a show goes back: there is nothing that staff could decide.
                step = Step::GiveBack;
            }
            let told = matches!(word, Word::Event { .. });
            if step == Step::Nothing && !told {
                if seen.is_some() && !charge.has_waiting() {
                    tx.delete(&watch_key);
                    tx.put(&charge_key, &charge)?;
                    if tx.commit_step(Durability::Relaxed).await?.is_none() {
                        continue;
                    }
                }
                let known = known(booking, &charge);
                if matches!(known, Outcome::Sold(_)) {
                    tx.barrier(self.durability()).await?;
                }
                return Ok(known);
            }
            let sold = match step {
                Step::Sell => Some(booking.clone()),
                Step::Retake => self.retake(tx, &booking).await?,
                _ => None,
            };
            if matches!(step, Step::Sell | Step::Retake) && sold.is_none() {
                step = Step::GiveBack;
            }
            let mut charge = charge;
            if let Some(PaymentStatus::Captured { charge: name }) = &heard {
                charge.charge = Some(bounded(name));
            }
            if let Some(held) = sold {
                charge.state = ChargeState::Captured;
                let payment = Payment {
                    provider: charge.provider.clone(),
                    reference: charge.reference.clone(),
                    attempt: charge.number,
                    charge: charge.charge.clone(),
                };
                note(tx, &held, MoneyEvent::Captured, charge.amount, Some(&charge.provider), charge.number)?;
                tx.put(&charge_key, &charge)?;
                tx.delete(&watch_key);
                match self.sell(tx, held, Some(payment)).await? {
                    Some(sold) => return Ok(Outcome::Sold(Box::new(sold))),
                    None => continue,
                }
            }
            let before = (booking.status, charge.state);
            let believed = matches!(heard, Some(PaymentStatus::Unknown | PaymentStatus::Declined { .. }));
            let booking = self.note_step(tx, step, booking, &mut charge, seen, believed).await?;
            tx.put(&charge_key, &charge)?;
            let waits = matches!(step, Step::Wait(_)) && before == (booking.status, charge.state);
            let durability = if waits { Durability::Relaxed } else { Durability::Durable };
            if let Some(version) = tx.commit_step(durability).await? {
                if before.0 == BookingStatus::Confirming {
                    self.show_seats(&booking, version);
                }
                return Ok(match (step, heard) {
                    (Step::LetGo(_), Some(PaymentStatus::Declined { reason })) => {
                        Outcome::Declined { reason }
                    }
                    (Step::LetGo(_) | Step::Wait(_), _) => Outcome::Open,
                    _ => known(booking, &charge),
                });
            }
        }
    }

    async fn hear(&self, charge: &Charge, word: &Word) -> Option<PaymentStatus> {
        if charge.state == ChargeState::Captured {
            return None;
        }
        let asked = match word {
            Word::Told(answer) => return answer.clone().ok(),
            Word::Ask | Word::Event { .. } => match self.engine.payments.get(&charge.provider) {
                Some(provider) => {
                    let id = ChargeId { booking: charge.booking, number: charge.number };
                    provider.status(id).await.ok()
                }
                None => None,
            },
        };
        match (asked, word) {
            // It is signed, and that money was taken does not become untrue; anything else is asked for again.
            (None, Word::Event { status: status @ PaymentStatus::Captured { .. }, .. }) => {
                Some(status.clone())
            }
            (asked, _) => asked,
        }
    }

    /// Whether the show of a booking was cancelled: nothing is sold for it, however early it was paid for.
    async fn is_called_off(&self, tx: &mut Tx<'_>, booking: &Booking) -> Result<bool, BookingError> {
        let key = keys::show(booking.show);
        tx.more(vec![key.key.clone()]).await?;
        Ok(tx.get(&key)?.is_none_or(|show| show.status(tx.now()) == ShowStatus::Cancelled))
    }

    /// Writes what a step that sells nothing makes of a booking, its charge and the row that finds it. `believed` says
    /// that the provider has answered that no money was taken.
    async fn note_step(
        &self,
        tx: &mut Tx<'_>,
        step: Step,
        booking: Booking,
        charge: &mut Charge,
        seen: Option<PaymentInFlight>,
        believed: bool,
    ) -> Result<Booking, EngineError> {
        let now = tx.now();
        let watch_key = keys::payment(charge.booking, charge.number);
        match step {
            Step::Wait(state) => {
                charge.state = state;
                let again = match seen {
                    Some(seen) => PaymentInFlight { due: next_look(&seen, now), ..seen },
                    None => watch(charge, now),
                };
                tx.put(&watch_key, &again)?;
                return Ok(booking);
            }
            Step::LetGo(state) => {
                charge.state = state;
                match seen {
                    // A provider may charge late: what it says is believed after a day. Silence says nothing.
                    Some(seen) if now.since(seen.started_at) < WATCH || !believed => {
                        tx.put(&watch_key, &PaymentInFlight { due: next_look(&seen, now), ..seen })?;
                    }
                    Some(_) => tx.delete(&watch_key),
                    // It was given up, and now there is news of it.
                    None if !believed => tx.put(&watch_key, &watch(charge, now))?,
                    None => {}
                }
            }
            Step::GiveBack | Step::LeaveOpen | Step::CameBack => {
                charge.state = ChargeState::Captured;
                let (provider, number) = (charge.provider.clone(), charge.number);
                note(tx, &booking, MoneyEvent::Captured, charge.amount, Some(&provider), number)?;
                let refund = ChargeRefund {
                    number: 0,
                    amount: charge.amount,
                    why: RefundReason::LateMoney,
                    at: now,
                    status: RefundStatus::Pending,
                    rebate_minor: 0,
                };
                if step == Step::GiveBack {
                    if !tx.broken(Mutant::LateMoneyKept) {
                        charge.refund(refund);
                    }
                    tx.put(&watch_key, &watch(charge, now))?;
                } else {
                    charge.open = step == Step::LeaveOpen;
                    if step == Step::CameBack {
                        let number = charge.refund(ChargeRefund { status: RefundStatus::Refunded, ..refund });
                        let number = super::refunds::line(charge.number, number);
                        note(tx, &booking, MoneyEvent::Refunded, charge.amount, Some(&provider), number)?;
                    }
                    tx.delete(&watch_key);
                }
                if step != Step::LeaveOpen {
                    let content = MailContent::PaymentReturned { booking: booking.id, charge: number };
                    self.promise_mail(tx, &booking, content).await?;
                }
            }
            Step::Nothing | Step::Sell | Step::Retake => return Ok(booking),
        }
        if !waits_for(&booking, charge) {
            return Ok(booking);
        }
        // Its clock has been running all the time.
        let held = Booking { status: BookingStatus::Held, ..booking };
        tx.put(&keys::booking(held.id), &held)?;
        Ok(held)
    }

    /// The booking with its seats again, if all of them can be had: every pointer is written anew, so that whoever
    /// wants one of them conflicts. Whoever takes a seat of a hold ends it: one that is not ended has them all.
    async fn retake(&self, tx: &mut Tx<'_>, expired: &Booking) -> Result<Option<Booking>, BookingError> {
        let show_key = keys::show(expired.show);
        let Some(show) = tx.get(&show_key)? else { return Ok(None) };
        match rules::on_sale(&show, tx.now()) {
            Ok(()) => {}
            // Somebody has it frozen for a moment: this is decided later.
            Err(BookingError::Engine(error)) => return Err(error.into()),
            Err(_) => return Ok(None),
        }
        if expired.status == BookingStatus::Held {
            return Ok(Some(expired.clone()));
        }
        if show.layout != expired.layout {
            return Ok(None);
        }
        let seats: Vec<_> = expired.seats.iter().map(|seat| seat.number).collect();
        let channel = Some(expired.sold_by());
        let claims = self.claims(tx, expired.show, &seats, Some(expired), channel).await?;
        if seats.iter().any(|seat| claims.is_taken(*seat)) {
            return Ok(None);
        }
        let back = Booking { house_seats: claims.lent(), mark: None, ..expired.clone() };
        let counted = match self.count_for_customer(tx, &show, &back).await {
            Ok(()) => self.count_use(tx, &back, back.customer.is_none()).await,
            refused => refused,
        };
        match counted {
            Ok(()) => {}
            Err(BookingError::Engine(error)) => return Err(error.into()),
            // It has no right to them any more.
            Err(_) => return Ok(None),
        }
        claims.expire_stale(tx)?;
        for seat in &seats {
            tx.put(&keys::seat(expired.show, *seat), &claims.pointer(*seat, expired.id))?;
        }
        Ok(Some(back))
    }

    /// Finds out what became of charges, and gives back what is promised. Returns when to look again. What is wrong
    /// with one of them keeps no other waiting; the first fault is answered once all were looked at.
    pub(crate) async fn recover_payments(&self) -> Result<Option<Timestamp>, EngineError> {
        let now = self.engine.now();
        let (mut watched, mut fault) = (Vec::<PaymentInFlight>::new(), None);
        for row in self.engine.scan_all_rows(&keys::payments()).await? {
            match decode(&row) {
                Ok(watch) => watched.push(watch),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        // What is not due, or cannot be asked for, must not stand before what is.
        watched.sort_by_key(|watch| (!self.engine.payments.contains_key(&watch.provider), watch.due));
        let mut next: Option<Timestamp> = None;
        for watch in watched.into_iter().take(CHARGES_PER_TICK) {
            if watch.due > now {
                next = [next, Some(watch.due)].into_iter().flatten().min();
                continue;
            }
            match self.look_after(&watch).await {
                Ok(due) => next = [next, due].into_iter().flatten().min(),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        fault.map_or(Ok(next), Err)
    }

    async fn look_after(&self, watch: &PaymentInFlight) -> Result<Option<Timestamp>, EngineError> {
        let later = self.engine.now().plus(FIRST_LOOK);
        let id = ChargeId { booking: watch.booking, number: watch.number };
        let plugged = self.engine.payments.contains_key(&watch.provider);
        if !plugged && !self.has_waited(id).await? {
            return Ok(Some(later));
        }
        let mut tx = self.engine.begin();
        match self.take_in(&mut tx, id, Word::Ask).await {
            Ok(_) => {}
            // Somebody else is at it: its time is as it was, so that the next tick looks again.
            Err(BookingError::Engine(EngineError::Contended)) => return Ok(Some(later)),
            Err(BookingError::Engine(error)) => return Err(error),
            Err(_) => return Ok(Some(later)),
        }
        if !plugged {
            return Ok(Some(later));
        }
        self.give_back(id).await?;
        let left = self.engine.get(&keys::payment(id.booking, id.number)).await?;
        Ok(left.map(|left| left.due))
    }

    /// Whether a booking has waited for a charge as long as it may.
    async fn has_waited(&self, id: ChargeId) -> Result<bool, EngineError> {
        let charge = self.engine.get(&keys::charge(id.booking, id.number)).await?;
        let Some(charge) = charge else { return Ok(false) };
        if self.engine.now() < charge.asked_at.plus(self.engine.policy.pending_hold) {
            return Ok(false);
        }
        let booking = self.engine.get(&keys::booking(id.booking)).await?;
        Ok(booking.is_some_and(|booking| waits_for(&booking, &charge)))
    }
}

/// What is known of a charge whose end is known.
fn known(booking: Booking, charge: &Charge) -> Outcome {
    match charge.state {
        ChargeState::Captured
            if is_paid_by(&booking, charge) && booking.status == BookingStatus::Confirmed =>
        {
            Outcome::Sold(Box::new(booking))
        }
        ChargeState::Captured => Outcome::Late(Box::new(booking)),
        ChargeState::Declined => Outcome::Declined { reason: "it was declined before".to_owned() },
        ChargeState::Asked | ChargeState::Pending => Outcome::Open,
    }
}
