//! Refunds: money of a charge that goes back, in whole or in part, as often as need be.
//!
//! A refund is promised in the batch of what it is for, as a line of its charge; then the provider is asked, by charge
//! and number of the refund, so that it is made once; then that is noted. Whatever is cut off in between,
//! [`Kitflik::tick`](crate::Kitflik::tick) finds by the row of the charge. Nothing here looks at where a booking
//! stands, and nothing changes it: a booking's money is kept apart from its state.

use serde::{Deserialize, Serialize};

use super::charges::{WATCH, is_paid_by, next_look, watch};
use super::money::{note, note_returned};
use super::{BookingError, BookingView, Bookings, COUNTER};
use crate::actor::{Actor, Permission};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, CommandId};
use crate::limits;
use crate::money::Money;
use crate::ports::payments::{ChargeId, PaymentStatus, Refund};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Booking, Charge, ChargeRefund, ChargeState, MoneyEvent, PaymentInFlight};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundReason {
    /// The booking was cancelled.
    Cancelled,
    /// Some of its tickets were given back.
    Returned,
    /// Its show was cancelled.
    ShowCancelled,
    /// It arrived when there was nothing to sell for it any more.
    LateMoney,
    /// The house wanted it so.
    Goodwill,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// The provider has been asked, or will be; cash waits at the box office.
    Pending,
    /// It was given back.
    Refunded,
    /// The provider has said for a day that it knows of no such money: somebody has to look.
    Failed,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RefundView {
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// Why.
    pub why: RefundReason,
    /// When it was promised.
    pub at: Timestamp,
}

/// A request of staff to give money of a booking back, whatever its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RefundBooking {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// How much, in the currency of the booking: at most what was taken and has not gone back.
    pub amount: Money,
    /// Why, for the log, 1 to 200 characters.
    pub reason: String,
}

impl RefundBooking {
    /// So much, for a reason.
    #[must_use]
    pub fn new(amount: Money, reason: impl Into<String>) -> Self {
        Self { command: None, amount, reason: reason.into() }
    }

    /// With the name of the command.
    #[must_use]
    pub fn command(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// The number of a refund's lines in the books: unlike that of every other refund of the booking.
pub(super) fn line(charge: u32, refund: u32) -> u32 {
    charge.saturating_mul(1_000).saturating_add(refund)
}

/// Promises, in the batch of what it is for, that so much of what the sale was paid with goes back: never more than
/// was captured less what is promised already, and nothing if nothing was captured. How much it is.
///
/// The books of what is owed are the caller's matter ([`no_longer_owed`]), and so is [`Bookings::pay_back`] after the
/// commit.
pub(crate) async fn promise_refund(
    tx: &mut Tx<'_>,
    booking: &Booking,
    amount: Money,
    why: RefundReason,
) -> Result<Money, EngineError> {
    let nothing = Money::new(0, booking.total.currency);
    let Some(mut charge) = paying(tx, booking).await? else { return Ok(nothing) };
    let least = amount.amount_minor.min(charge.left_minor());
    if least <= 0 {
        return Ok(nothing);
    }
    promise(tx, booking, &mut charge, least, 0, why)?;
    Ok(Money::new(least, charge.amount.currency))
}

/// Notes in the books, in the batch of what it is for, that so much of a sale is owed no longer: at most what still
/// was, because rebates are not owed twice, and what was kept of tickets that went back before is. `before` is the
/// booking as it was, and `rest` with the tickets that stay;
/// `number` tells lines of one batch and moment apart. How much it is.
pub(crate) async fn no_longer_owed(
    tx: &mut Tx<'_>,
    before: &Booking,
    rest: Option<&Booking>,
    amount: Money,
    number: u32,
) -> Result<Money, EngineError> {
    let owed = paying(tx, before).await?.map_or(before.total.amount_minor, |charge| charge.owed_minor());
    let less = Money::new(amount.amount_minor.min(owed).max(0), before.total.currency);
    note_returned(tx, before, rest, less, number)?;
    Ok(less)
}

/// The charge that a sale was paid by.
async fn paying(tx: &mut Tx<'_>, booking: &Booking) -> Result<Option<Charge>, EngineError> {
    let Some(payment) = booking.payment.as_ref().filter(|payment| payment.charge.is_some()) else {
        return Ok(None);
    };
    let key = keys::charge(booking.id, payment.attempt);
    tx.more(vec![key.key.clone()]).await?;
    Ok(tx.get(&key)?.filter(|charge| charge.state == ChargeState::Captured))
}

/// How much of what a sale was paid with could still go back, in minor units.
pub(super) async fn left_of(tx: &mut Tx<'_>, booking: &Booking) -> Result<i64, EngineError> {
    Ok(paying(tx, booking).await?.map_or(0, |charge| charge.left_minor()))
}

/// Writes a promise: the line of the charge, and the row by which it is found.
fn promise(
    tx: &mut Tx<'_>,
    booking: &Booking,
    charge: &mut Charge,
    amount_minor: i64,
    rebate_minor: i64,
    why: RefundReason,
) -> Result<u32, EngineError> {
    let refund = ChargeRefund {
        number: 0,
        amount: Money::new(amount_minor, charge.amount.currency),
        why,
        at: tx.now(),
        status: RefundStatus::Pending,
        rebate_minor,
    };
    let number = charge.refund(refund);
    tx.put(&keys::charge(booking.id, charge.number), charge)?;
    // Cash is handed out by people.
    if charge.provider != COUNTER && !tx.broken(Mutant::RefundForgotten) {
        tx.put(&keys::payment(booking.id, charge.number), &watch(charge, tx.now()))?;
    }
    Ok(number)
}

/// How much of a charge is not the price of anything: what came too late, and what should have gone back and did not.
fn unowed(booking: &Booking, charge: &Charge) -> i64 {
    if !is_paid_by(booking, charge) {
        return charge.left_minor();
    }
    let of = |refund: &ChargeRefund| match (refund.status, refund.why) {
        // What of it was not the price of anything is counted where it came from.
        (RefundStatus::Failed, RefundReason::Goodwill) => refund.rebate_minor,
        (RefundStatus::Failed, _) => refund.amount.amount_minor,
        (_, RefundReason::Goodwill) => refund.rebate_minor - refund.amount.amount_minor,
        _ => 0,
    };
    charge.refunds.iter().map(of).sum::<i64>().clamp(0, charge.left_minor())
}

impl Bookings<'_> {
    /// Gives money of a booking back, whatever its state: of a sale that stands, as a rebate; of one that is undone,
    /// what was kept; and money that came too late and was left to staff, or could not go back by itself: what paid for
    /// nothing goes first. Providers make the refund; cash is handed out by whoever asks, now.
    ///
    /// # Errors
    /// `validation_failed` for more than is left of what was taken, or unless staff who manage bookings ask.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn refund(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &RefundBooking,
    ) -> Result<BookingView, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let mut fields = Validation::default();
        fields.text("reason", &request.reason, limits::MAX_REASON_CHARS);
        if request.amount.amount_minor <= 0 {
            fields.refuse("amount", "out_of_range", "a refund is of more than nothing");
        }
        fields.finish()?;
        let engine = self.engine;
        let mut tx =
            engine.begin_command(actor, request.command.as_ref(), "refund_booking", &(booking, request))?;
        let key = keys::booking(booking);
        loop {
            if let Loaded::Replay(before) =
                tx.load::<Booking>(Durability::Durable, vec![key.key.clone()]).await?
            {
                self.pay_back(booking).await;
                return engine.booking_view(&before).await;
            }
            let found = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let known = engine.scan_all(&keys::charges(booking)).await?;
            // There may be many that were declined.
            let known = known.iter().filter(|(_, charge)| charge.left_minor() > 0);
            let numbers: Vec<u32> = known.map(|(_, charge)| charge.number).collect();
            tx.more(numbers.iter().map(|number| keys::charge(booking, *number).key).collect()).await?;
            let mut charges = Vec::new();
            for number in numbers {
                charges.extend(tx.get(&keys::charge(booking, number))?);
            }
            let wanted = request.amount;
            charges.retain(|charge| charge.amount.currency == wanted.currency);
            charges.sort_by_key(|charge| (is_paid_by(&found, charge), charge.number));
            let left = charges.iter().map(Charge::left_minor).sum::<i64>();
            if wanted.amount_minor > left {
                let left = Money::new(left, wanted.currency);
                let detail = format!("{wanted} cannot be given back: {left} are left of what was taken");
                return Err(Invalid::one("amount", "out_of_range", detail).into());
            }
            let mut rest = wanted.amount_minor;
            for mut charge in charges {
                let amount = rest.min(charge.left_minor());
                if amount <= 0 {
                    continue;
                }
                if charge.refunds.len() >= limits::MAX_REFUNDS_PER_CHARGE {
                    let most = limits::MAX_REFUNDS_PER_CHARGE;
                    let detail = format!("{most} refunds were made of it already, allowed are no more");
                    return Err(Invalid::one("amount", "out_of_range", detail).into());
                }
                rest -= amount;
                let rebate = amount - amount.min(unowed(&found, &charge));
                let why = RefundReason::Goodwill;
                let number = promise(&mut tx, &found, &mut charge, amount, rebate, why)?;
                let (line, currency) = (line(charge.number, number), wanted.currency);
                let rebate = Money::new(rebate, currency);
                note(&mut tx, &found, MoneyEvent::Returned, rebate, Some(&charge.provider), line)?;
                if charge.provider == COUNTER {
                    let amount = Money::new(amount, currency);
                    note(&mut tx, &found, MoneyEvent::Refunded, amount, Some(COUNTER), line)?;
                    self.settle_refund(&mut tx, &mut charge, number, RefundStatus::Refunded)?;
                }
            }
            tx.note(format!("{wanted}: {}", request.reason));
            if tx.commit(Durability::Durable, &found).await?.is_some() {
                self.pay_back(booking).await;
                return engine.booking_view(&found).await;
            }
        }
    }

    /// Asks providers for all refunds of a booking that are promised and not made. They are committed: whatever fails
    /// here, `tick` does later.
    pub(crate) async fn pay_back(&self, booking: BookingId) {
        let Ok(rows) = self.engine.scan_all(&keys::charges(booking)).await else { return };
        for (_, charge) in rows.into_iter().filter(|(_, charge)| charge.has_waiting()) {
            if self.give_back(ChargeId { booking, number: charge.number }).await.is_err() {
                return;
            }
        }
    }

    /// The same for one charge.
    pub(super) async fn give_back(&self, id: ChargeId) -> Result<(), EngineError> {
        let key = keys::charge(id.booking, id.number);
        let Some(charge) = self.engine.get(&key).await? else { return Ok(()) };
        let Some(provider) = self.engine.payments.get(&charge.provider) else { return Ok(()) };
        let waiting = charge.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending);
        for refund in waiting {
            let order = Refund { charge: id, number: refund.number, amount: refund.amount };
            let answer = provider.refund(order).await;
            let old = self.engine.now().since(refund.at) >= WATCH;
            let end = match answer {
                Ok(PaymentStatus::Refunded) => Some(RefundStatus::Refunded),
                Ok(PaymentStatus::Unknown | PaymentStatus::Declined { .. }) if old => {
                    Some(RefundStatus::Failed)
                }
                Ok(_) | Err(_) => None,
            };
            self.note_refund(id, refund.number, end).await?;
        }
        Ok(())
    }

    /// Notes how a refund ended, or that the provider is to be asked again.
    async fn note_refund(
        &self,
        id: ChargeId,
        number: u32,
        end: Option<RefundStatus>,
    ) -> Result<(), EngineError> {
        let (booking_key, key) = (keys::booking(id.booking), keys::charge(id.booking, id.number));
        let watch_key = keys::payment(id.booking, id.number);
        let mut tx = self.engine.begin();
        loop {
            let wanted = vec![booking_key.key.clone(), key.key.clone(), watch_key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            // Only its names are needed, and they do not change.
            tx.uncheck(&booking_key);
            let (Some(booking), Some(mut charge)) = (tx.get(&booking_key)?, tx.get(&key)?) else {
                return Ok(());
            };
            let Some(status) = end else {
                // Only moves the time of the next question. Whoever loses the race for it leaves it to the winner.
                let Some(seen) = tx.get(&watch_key)? else { return Ok(()) };
                tx.put(&watch_key, &PaymentInFlight { due: next_look(&seen, tx.now()), ..seen })?;
                tx.commit(Durability::Relaxed, &()).await?;
                return Ok(());
            };
            let waiting =
                |refund: &&ChargeRefund| refund.number == number && refund.status == RefundStatus::Pending;
            let Some(amount) = charge.refunds.iter().find(waiting).map(|refund| refund.amount) else {
                return Ok(());
            };
            if status == RefundStatus::Refunded {
                let line = line(id.number, number);
                note(&mut tx, &booking, MoneyEvent::Refunded, amount, Some(&charge.provider), line)?;
            }
            self.settle_refund(&mut tx, &mut charge, number, status)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Writes the end of a refund into its charge; once none waits, nobody needs to look after the charge.
    pub(super) fn settle_refund(
        &self,
        tx: &mut Tx<'_>,
        charge: &mut Charge,
        number: u32,
        status: RefundStatus,
    ) -> Result<(), EngineError> {
        for refund in charge.refunds.iter_mut().filter(|refund| refund.number == number) {
            refund.status = status;
        }
        if !charge.has_waiting() && charge.state == ChargeState::Captured {
            tx.delete(&keys::payment(charge.booking, charge.number));
        }
        tx.put(&keys::charge(charge.booking, charge.number), charge)
    }
}
