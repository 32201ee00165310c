//! Cancel: a sale is undone. Its seats are free at once, and its money goes back.
//!
//! One commit cancels the booking, frees its seats, promises the mail and leaves the row of the payment; then the
//! provider gives the money back; then the refund is noted. Whatever is cut off in between,
//! [`Kitflik::tick`](crate::Kitflik::tick) finds by that row. Where the refund stands is kept apart from the
//! booking's status: nothing about money makes a cancelled booking anything else.

use serde::{Deserialize, Serialize};

use super::confirm::FIRST_LOOK;
use super::house::give_up;
use super::maps::SeatState;
use super::money::note;
use super::{BookingError, BookingStatus, BookingView, Bookings};
use crate::actor::Actor;
use crate::error::{EngineError, Validation};
use crate::ids::{BookingId, CommandId, MailId};
use crate::kitflik::Policy;
use crate::limits;
use crate::money::Money;
use crate::ports::payments::PaymentStatus;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{
    Booking, Cancellation, Form, MailContent, MoneyEvent, Outbox, PaymentInFlight, Refund, Show, VoucherUse,
};
use crate::store::tx::{Loaded, Mutant};
use crate::time::Timestamp;

/// A request to undo a sale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CancelBooking {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// Why, for the customer's mail, 1 to 200 characters. Staff have to give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reason: Option<String>,
}

impl CancelBooking {
    /// Without a reason.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For a reason.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { command: None, reason: Some(reason.into()) }
    }

    /// With the name of the command.
    #[must_use]
    pub fn command(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// Who undid a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelledBy {
    /// Whoever the booking belonged to.
    Customer,
    /// Staff, or the host program.
    House,
}

/// Where the money of a cancelled booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// The provider has been asked, or will be.
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
}

/// How a sale was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CancellationView {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: CancelledBy,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reason: Option<String>,
    /// The money that goes back; absent if none had been taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub refund: Option<RefundView>,
}

/// Until when whoever owns a booking may cancel it themselves.
pub(crate) fn cancellable(show: &Show, now: Timestamp, policy: &Policy) -> Result<(), BookingError> {
    let Some(before) = policy.cancel_before else {
        let reason = "this house cancels bookings at its box office only".to_owned();
        return Err(BookingError::NotCancellable { reason });
    };
    let last = show.starts_at.minus(before);
    if now < last {
        return Ok(());
    }
    Err(BookingError::NotCancellable {
        reason: format!("bookings for this show could be cancelled until {last}"),
    })
}

impl Bookings<'_> {
    /// Undoes a sale: its seats are free at once, its tickets are refused, and what a provider took goes back, all of
    /// it. Cancelling what is cancelled changes nothing, and answers where the refund stands now.
    ///
    /// Whoever owns a booking may cancel it until its show starts (or earlier, by
    /// [`Policy::cancel_before`](crate::Policy::cancel_before)); staff who manage bookings may at any time, for a
    /// reason that the customer's mail names.
    ///
    /// A refund that the provider has not confirmed yet is `pending`; [`Kitflik::tick`](crate::Kitflik::tick) sees
    /// to it.
    ///
    /// # Errors
    /// `booking_state` unless it is confirmed, `cancellation_closed`, `validation_failed`, or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn cancel(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &CancelBooking,
    ) -> Result<BookingView, BookingError> {
        let engine = self.engine;
        let command = (booking, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "cancel", &command)?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            let replay = tx.load::<Booking>(Durability::Durable, wanted).await?;
            let sold = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &sold)?;
            check_request(actor, request)?;
            // Nothing follows a cancellation but the news of its refund, so a repeat may hear them.
            if let Loaded::Replay(_) = replay {
                return engine.booking_view(&self.give_back(sold).await).await;
            }
            match sold.status {
                BookingStatus::Confirmed => {}
                BookingStatus::Cancelled => {
                    if request.command.is_some() && tx.commit(Durability::Durable, &sold).await?.is_none() {
                        continue;
                    }
                    return engine.booking_view(&self.give_back(sold).await).await;
                }
                status => {
                    let needed = "only a confirmed booking can be cancelled; a hold is released";
                    return Err(BookingError::State { status, needed });
                }
            }
            let house = matches!(actor, Actor::Staff { .. } | Actor::System);
            if !house {
                let show_key = keys::show(sold.show);
                tx.more(vec![show_key.key.clone()]).await?;
                let show = tx.get(&show_key)?.ok_or(BookingError::NotFound { what: "show" })?;
                cancellable(&show, tx.now(), &engine.policy)?;
            }
            let paid = sold.payment.as_ref().filter(|payment| payment.charge.is_some());
            let provider = paid.map(|payment| payment.provider.clone());
            let cancellation = Cancellation {
                at: tx.now(),
                by: if house { CancelledBy::House } else { CancelledBy::Customer },
                reason: request.reason.clone(),
                refund: paid.map(|_| Refund { amount: sold.total, status: RefundStatus::Pending }),
            };
            let cancelled =
                Booking { status: BookingStatus::Cancelled, cancellation: Some(cancellation), ..sold };
            // A sale has all its seats, as its version says.
            give_up(&mut tx, &cancelled, |_| true).await?;
            if let Some(discount) = cancelled.discount.as_ref().filter(|discount| discount.counted) {
                // Whoever needs the use finds it again.
                tx.put(&keys::voucher_use(discount.voucher(), booking), &VoucherUse { v: Form })?;
            }
            if let Some(provider) = provider.filter(|_| !tx.broken(Mutant::RefundForgotten)) {
                let (started_at, due) = (tx.now(), tx.now().plus(FIRST_LOOK));
                let key = keys::payment(booking, &provider);
                tx.put(&key, &PaymentInFlight { v: Form, booking, provider, started_at, due, amount: None })?;
            }
            if let Some((to, to_name)) = self.mail_address(&mut tx, &cancelled).await? {
                let mail = MailId::new(tx.now(), engine.random());
                let content = MailContent::BookingCancelled { booking };
                let outbox = Outbox::new(mail, to, Some(to_name), content);
                tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
            }
            note(&mut tx, &cancelled, MoneyEvent::Returned, cancelled.total, None, 0)?;
            tx.put(&key, &cancelled)?;
            if let Some(version) = tx.commit(Durability::Durable, &cancelled).await? {
                let free = cancelled.seats.iter().map(|seat| (seat.number, SeatState::Free));
                let changes: Vec<_> = free.collect();
                engine.maps.apply(cancelled.show, version, &changes);
                return engine.booking_view(&self.give_back(cancelled).await).await;
            }
        }
    }

    /// Asks the provider to give back what a cancelled booking cost, if that is still to be done. The cancellation is
    /// committed: whatever fails here, `tick` does later.
    async fn give_back(&self, cancelled: Booking) -> Booking {
        match self.refund(&cancelled).await {
            Ok(Some(refunded)) => refunded,
            Ok(None) | Err(_) => cancelled,
        }
    }

    async fn refund(&self, cancelled: &Booking) -> Result<Option<Booking>, EngineError> {
        let Some(payment) = &cancelled.payment else { return Ok(None) };
        let Some(amount) = pending_refund(cancelled, &payment.provider) else { return Ok(None) };
        let Some(provider) = self.engine.payments.get(&payment.provider) else { return Ok(None) };
        let Ok(PaymentStatus::Refunded) = provider.refund(cancelled.id, amount).await else {
            return Ok(None);
        };
        let (key, watch) = (keys::booking(cancelled.id), keys::payment(cancelled.id, &payment.provider));
        let mut tx = self.engine.begin();
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                return Ok(None);
            };
            let Some(found) = tx.get(&key)? else { return Ok(None) };
            if pending_refund(&found, &payment.provider).is_none() {
                return Ok(Some(found));
            }
            note(&mut tx, &found, MoneyEvent::Refunded, amount, Some(&payment.provider), 0)?;
            let refunded = with_refund(found, RefundStatus::Refunded);
            tx.put(&key, &refunded)?;
            tx.delete(&watch);
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(Some(refunded));
            }
        }
    }
}

/// How much a cancelled booking still waits to have given back by a provider.
pub(super) fn pending_refund(booking: &Booking, provider: &str) -> Option<Money> {
    let refund = booking.cancellation.as_ref()?.refund.as_ref()?;
    let theirs = booking.payment.as_ref()?.provider == provider;
    (theirs && refund.status == RefundStatus::Pending).then_some(refund.amount)
}

/// The booking with the end of its refund, if it waits for one.
pub(super) fn with_refund(booking: Booking, status: RefundStatus) -> Booking {
    let mut booking = booking;
    let refund = booking.cancellation.as_mut().and_then(|cancellation| cancellation.refund.as_mut());
    if let Some(refund) = refund.filter(|refund| refund.status == RefundStatus::Pending) {
        refund.status = status;
    }
    booking
}

fn check_request(actor: &Actor, request: &CancelBooking) -> Result<(), BookingError> {
    let mut fields = Validation::default();
    if matches!(actor, Actor::Staff { .. }) && request.reason.is_none() {
        fields.refuse("reason", "required", "staff who cancel a booking have to say why");
    }
    fields.optional_text("reason", request.reason.as_deref(), limits::MAX_REASON_CHARS);
    Ok(fields.finish()?)
}
