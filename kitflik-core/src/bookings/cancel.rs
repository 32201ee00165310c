//! Cancel: a sale is undone. Its seats are free at once, and its money goes back.
//!
//! One commit cancels the booking, frees its seats, promises the mail and the refund (`refunds.rs`); then the provider
//! gives the money back; then that is noted. Where the refund stands is kept apart from the booking's status: nothing
//! about money makes a cancelled booking anything else.

use serde::{Deserialize, Serialize};

use super::house::give_up;
use super::maps::SeatState;
use super::refunds::{no_longer_owed, promise_refund};
use super::{
    BookingError, BookingStatus, BookingView, Bookings, RefundReason, RefundStatus, RefundView,
    return_tickets,
};
use crate::actor::Actor;
use crate::error::Validation;
use crate::ids::{BookingId, CommandId, MailId};
use crate::kitflik::Policy;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Booking, Cancellation, Form, MailContent, Outbox, Refund, Show, VoucherUse};
use crate::store::tx::Loaded;
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
                self.pay_back(booking).await;
                return engine.booking_view(&sold).await;
            }
            match sold.status {
                BookingStatus::Confirmed => {}
                BookingStatus::Cancelled => {
                    if request.command.is_some() && tx.commit(Durability::Durable, &sold).await?.is_none() {
                        continue;
                    }
                    self.pay_back(booking).await;
                    return engine.booking_view(&sold).await;
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
            let promised = promise_refund(&mut tx, &sold, sold.total, RefundReason::Cancelled).await?;
            no_longer_owed(&mut tx, &sold, sold.total, 0).await?;
            let refund = Refund { amount: promised, status: RefundStatus::Pending };
            let cancellation = Cancellation {
                at: tx.now(),
                by: if house { CancelledBy::House } else { CancelledBy::Customer },
                reason: request.reason.clone(),
                refund: (promised.amount_minor > 0).then_some(refund),
            };
            let cancelled =
                Booking { status: BookingStatus::Cancelled, cancellation: Some(cancellation), ..sold };
            // A sale has all its seats, as its version says.
            give_up(&mut tx, &cancelled, |_| true).await?;
            if let Some(discount) = cancelled.discount.as_ref().filter(|discount| discount.counted) {
                // Whoever needs the use finds it again.
                tx.put(&keys::voucher_use(discount.voucher(), booking), &VoucherUse { v: Form })?;
            }
            if let Some((to, to_name)) = self.mail_address(&mut tx, &cancelled).await? {
                let mail = MailId::new(tx.now(), engine.random());
                let content = MailContent::BookingCancelled { booking };
                let outbox = Outbox::new(mail, to, Some(to_name), content);
                tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
            }
            return_tickets(&mut tx, &cancelled, &cancelled.seats)?;
            tx.put(&key, &cancelled)?;
            if let Some(version) = tx.commit(Durability::Durable, &cancelled).await? {
                let free = cancelled.seats.iter().map(|seat| (seat.number, SeatState::Free));
                let changes: Vec<_> = free.collect();
                engine.maps.apply(cancelled.show, version, &changes);
                self.pay_back(booking).await;
                return engine.booking_view(&cancelled).await;
            }
        }
    }
}

fn check_request(actor: &Actor, request: &CancelBooking) -> Result<(), BookingError> {
    let mut fields = Validation::default();
    if matches!(actor, Actor::Staff { .. }) && request.reason.is_none() {
        fields.refuse("reason", "required", "staff who cancel a booking have to say why");
    }
    fields.optional_text("reason", request.reason.as_deref(), limits::MAX_REASON_CHARS);
    Ok(fields.finish()?)
}
