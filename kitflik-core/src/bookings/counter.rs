//! Money over the counter: it is taken and given back by people, and the house's books say so.

use serde::{Deserialize, Serialize};

use super::money::note;
use super::refunds::line;
use super::{BookingError, BookingStatus, BookingView, Bookings, COUNTER, RefundStatus};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::{BookingId, CommandId};
use crate::limits;
use crate::money::Money;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Booking, Charge, ChargeState, Form, MoneyEvent, Payment};
use crate::store::tx::Loaded;

/// A note that a booking was paid at the counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct TakePayment {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The receipt or till, 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reference: Option<String>,
    /// How much was taken, if that is to be compared with what is due now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub amount: Option<Money>,
}

/// A note that cash which waited for its customer was handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct HandOutRefund {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// How much was handed out, if that is to be compared with what waits now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub amount: Option<Money>,
}

/// Refuses cash that is not what the booking says by now: a ticket may have been given back meanwhile.
fn check_cash(seen: Option<Money>, now: Money, what: &str) -> Result<(), BookingError> {
    match seen {
        Some(seen) if seen != now => {
            let detail = format!("amount is {seen}, {what} {now}: the booking has changed, look at it again");
            Err(Invalid::one("amount", "contradictory", detail).into())
        }
        _ => Ok(()),
    }
}

impl Bookings<'_> {
    /// Notes that a booking which was to be paid at the counter is paid, all of it.
    ///
    /// # Errors
    /// `booking_state` unless it is confirmed and due at the counter, `validation_failed`, also for an amount that is
    /// not due, or unless staff who manage
    /// bookings ask.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn take_payment(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &TakePayment,
    ) -> Result<BookingView, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let mut fields = Validation::default();
        fields.optional_text("reference", request.reference.as_deref(), limits::MAX_REFERENCE_CHARS);
        fields.finish()?;
        let engine = self.engine;
        let command = (booking, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "take_payment", &command)?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(paid) = tx.load::<Booking>(Durability::Durable, wanted).await? {
                return engine.booking_view(&paid).await;
            }
            let due = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let status = due.status;
            let refused = |needed| BookingError::State { status, needed };
            let payment = due.payment.as_ref().filter(|payment| payment.provider == COUNTER);
            let payment = payment.filter(|_| status == BookingStatus::Confirmed);
            let needed = "only one that is due at the counter can be paid there";
            let payment = payment.ok_or_else(|| refused(needed))?;
            if payment.charge.is_some() {
                return Err(refused("it is paid already"));
            }
            check_cash(request.amount, due.total, "due are")?;
            let number = payment.attempt + 1;
            let reference = request.reference.clone().or_else(|| payment.reference.clone());
            let charge = Charge {
                v: Form,
                booking,
                number,
                provider: COUNTER.to_owned(),
                reference: reference.clone(),
                amount: due.total,
                asked_at: tx.now(),
                state: ChargeState::Captured,
                charge: Some(COUNTER.to_owned()),
                open: false,
                refunds: Vec::new(),
            };
            let charge_key = keys::charge(booking, number);
            tx.more(vec![charge_key.key.clone()]).await?;
            let (provider, attempt, name) = (COUNTER.to_owned(), number, charge.charge.clone());
            let payment = Payment { provider, reference, attempt, charge: name };
            let paid = Booking { payment: Some(payment), ..due };
            note(&mut tx, &paid, MoneyEvent::Captured, paid.total, Some(COUNTER), number)?;
            tx.put(&charge_key, &charge)?;
            tx.put(&key, &paid)?;
            if tx.commit(Durability::Durable, &paid).await?.is_some() {
                return engine.booking_view(&paid).await;
            }
        }
    }

    /// Notes that the cash of a booking which was cancelled, or of tickets that were given back, was handed out.
    ///
    /// # Errors
    /// `booking_state` if none waits, `validation_failed` for an amount that does not wait, or unless staff who
    /// manage bookings ask.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn hand_out_refund(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &HandOutRefund,
    ) -> Result<BookingView, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let engine = self.engine;
        let mut tx =
            engine.begin_command(actor, request.command.as_ref(), "hand_out_refund", &(booking, request))?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(paid) = tx.load::<Booking>(Durability::Durable, wanted).await? {
                return engine.booking_view(&paid).await;
            }
            let found = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let number = found.payment.as_ref().filter(|payment| payment.provider == COUNTER);
            let number = number.map_or(0, |payment| payment.attempt);
            let charge_key = keys::charge(booking, number);
            tx.more(vec![charge_key.key.clone()]).await?;
            // A booking that is due at the counter may have been asked of a provider before.
            let cash = |charge: &Charge| charge.provider == COUNTER && charge.has_waiting();
            let charge = tx.get(&charge_key)?.filter(cash);
            let needed = "no cash of it waits to be handed out";
            let mut charge = charge.ok_or(BookingError::State { status: found.status, needed })?;
            let waiting = charge.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending);
            let waiting: Vec<_> = waiting.cloned().collect();
            let sum = waiting.iter().map(|refund| refund.amount.amount_minor).sum();
            check_cash(request.amount, Money::new(sum, charge.amount.currency), "waiting are")?;
            for refund in waiting {
                let line = line(number, refund.number);
                note(&mut tx, &found, MoneyEvent::Refunded, refund.amount, Some(COUNTER), line)?;
                self.settle_refund(&mut tx, &mut charge, refund.number, RefundStatus::Refunded)?;
            }
            if tx.commit(Durability::Durable, &found).await?.is_some() {
                return engine.booking_view(&found).await;
            }
        }
    }
}
