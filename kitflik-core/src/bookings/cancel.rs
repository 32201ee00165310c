//! Cancel: a sale is undone. Its seats are free at once, and its money goes back.
//!
//! One commit cancels the booking, frees its seats, promises the mail and the refund (`refunds.rs`); then the provider
//! gives the money back; then that is noted. Where the refund stands is kept apart from the booking's status: nothing
//! about money makes a cancelled booking anything else.

mod part;
mod returned;
mod show;
mod terms;

use serde::{Deserialize, Serialize};

use self::returned::gone;
pub use self::returned::{ReturnView, ReturnedTicketView};
pub use self::terms::{CancellationTermsView, CancellationTier};
use self::terms::{Price, terms};
use super::hold::check_seat_list;
use super::house::give_up;
use super::maps::SeatState;
use super::refunds::{left_of, no_longer_owed, promise_refund};
use super::{
    BookingError, BookingStatus, BookingView, Bookings, RefundReason, RefundStatus, RefundView,
    return_tickets,
};
use crate::actor::Actor;
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, CommandId, MailId, SeatId};
use crate::kitflik::Policy;
use crate::limits;
use crate::money::Money;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{
    BookedSeat, Booking, Cancellation, Form, MailContent, Outbox, Refund, Show, VoucherUse,
};
use crate::store::tx::{Loaded, Tx};
use crate::time::Timestamp;

/// How much comes back of a sale that staff undo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundChoice {
    /// As much as the house's terms say.
    #[default]
    Policy,
    /// All that it cost, fees too.
    Full,
    /// Nothing.
    Nothing,
    /// So much, and at most what it cost and has not gone back.
    Amount(Money),
}

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
    /// Which tickets go back, if not all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub seats: Vec<SeatId>,
    /// How much comes back, where it is not what the house's terms say. Only staff decide that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub refund: Option<RefundChoice>,
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
        Self { reason: Some(reason.into()), ..Self::default() }
    }

    /// Only these tickets.
    #[must_use]
    pub fn seats(self, seats: impl IntoIterator<Item = SeatId>) -> Self {
        Self { seats: seats.into_iter().collect(), ..self }
    }

    /// With so much back.
    #[must_use]
    pub fn refund(self, refund: RefundChoice) -> Self {
        Self { refund: Some(refund), ..self }
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

/// A ticket that somebody went in with is not taken back from them.
pub(super) fn was_used() -> BookingError {
    let reason = "a ticket of it was used and let somebody in: the box office can help".to_owned();
    BookingError::NotCancellable { reason }
}

impl Bookings<'_> {
    /// Undoes a sale, or some tickets of it: their seats are free at once, they are refused at the door, and of what
    /// was paid so much goes back as the house's terms say at this time ([`Policy::cancellation`](crate::Policy)).
    /// Cancelling what is cancelled changes nothing, and answers where the refund stands now.
    ///
    /// Tickets that stay keep their seats and codes. They cost what they had cost alone: fees per ticket are theirs, a
    /// discount is applied to them anew, and a fee per booking stays. What is torn apart by it, a couple seat or a
    /// companion from the wheelchair space, is refused; staff may, and their log tells. So it does where they decide
    /// otherwise what comes back.
    ///
    /// Whoever owns a booking may cancel it until its show starts (or earlier, by
    /// [`Policy::cancel_before`](crate::Policy::cancel_before)), but for tickets that were used; staff who manage
    /// bookings may at any time, for a reason that the customer's mail names.
    ///
    /// While a show's cancellation is being worked through, whatever is asked for, the booking is undone as the others
    /// are: all of it, and all money goes back.
    ///
    /// A refund that the provider has not confirmed yet is `pending`; [`Kitflik::tick`](crate::Kitflik::tick) sees
    /// to it.
    ///
    /// # Errors
    /// `booking_state` unless it is confirmed, `cancellation_closed`, `unknown_seat`, `couple_split`,
    /// `companion_alone`, `validation_failed`, or not the caller's.
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
            let over = match sold.status {
                BookingStatus::Confirmed => self.are_returned(&sold, &request.seats).await?,
                BookingStatus::Cancelled => true,
                status => return Err(state_error(status)),
            };
            if over {
                if request.command.is_none() {
                    // What is seen may not be durable yet.
                    tx.barrier(Durability::Durable).await?;
                } else if tx.commit(Durability::Durable, &sold).await?.is_none() {
                    continue;
                }
                self.pay_back(booking).await;
                return engine.booking_view(&sold).await;
            }
            let show_key = keys::show(sold.show);
            tx.more(vec![show_key.key.clone()]).await?;
            let show = tx.get(&show_key)?.ok_or(BookingError::NotFound { what: "show" })?;
            if show.cancelled {
                // It is undone as the others of its show are, and then it is over.
                self.cancel_with_its_show(&sold).await?;
                continue;
            }
            let (house, now) = (is_house(actor), tx.now());
            if !house {
                cancellable(&show, now, &engine.policy)?;
                if self.went_in(&mut tx, &sold, &request.seats).await? {
                    return Err(was_used());
                }
            }
            let (gone, mut overrides) = (gone(part::named(&sold, &request.seats)?), Vec::new());
            let mut rest = None;
            if !gone.is_empty() {
                let layout = engine.layout(sold.layout).await?;
                let layout = layout.ok_or_else(|| EngineError::internal("the layout is gone"))?;
                match part::check_rest(&layout.layout, &show, &sold, &gone, now) {
                    Err(torn) if house => overrides.push(torn.to_string()),
                    checked => checked?,
                }
                rest = Some(part::without(&sold, &gone));
            }
            let price = Price::of(&sold).less(rest.as_ref().map_or(Price::NOTHING, Price::of));
            let terms = terms(show.starts_at, now, &engine.policy);
            let left = left_of(&mut tx, &sold).await?;
            let back = back(&sold, price.total.min(left), terms.given_back(price), request.refund)?;
            if let Some(choice) = request.refund.filter(|choice| *choice != RefundChoice::Policy) {
                let by_terms = terms.given_back(price);
                let money = |minor| Money::new(minor, sold.total.currency);
                overrides.push(format!("{choice}: {} back, by the terms {}", money(back), money(by_terms)));
            }
            if !overrides.is_empty() {
                tx.note(overrides.join("; "));
            }
            let by = if house { CancelledBy::House } else { CancelledBy::Customer };
            let why = if rest.is_some() { RefundReason::Returned } else { RefundReason::Cancelled };
            let undoing = Undoing { by, reason: request.reason.clone(), back, why };
            let undone = match rest {
                Some(rest) => self.return_some(&mut tx, &sold, rest, &gone, undoing).await?,
                None => {
                    let mail = MailContent::BookingCancelled { booking };
                    self.undo(&mut tx, sold.clone(), undoing, mail).await?
                }
            };
            if let Some(version) = tx.commit(Durability::Durable, &undone).await? {
                let left = |seat: &&BookedSeat| gone.is_empty() || gone.contains(&seat.number);
                let free = sold.seats.iter().filter(left).map(|seat| (seat.number, SeatState::Free));
                let changes: Vec<_> = free.collect();
                engine.maps.apply(undone.show, version, &changes);
                self.pay_back(booking).await;
                return engine.booking_view(&undone).await;
            }
        }
    }

    /// Writes that a sale is undone.
    pub(super) async fn undo(
        &self,
        tx: &mut Tx<'_>,
        sold: Booking,
        undoing: Undoing,
        content: MailContent,
    ) -> Result<Booking, EngineError> {
        let Undoing { by, reason, back, why } = undoing;
        let id = sold.id;
        let promised = self.settle_return(tx, &sold, None, back, why).await?;
        let refund = Refund { amount: promised, status: RefundStatus::Pending };
        let refund = (promised.amount_minor > 0).then_some(refund);
        let cancellation = Some(Cancellation { at: tx.now(), by, reason, refund });
        let cancelled = Booking { status: BookingStatus::Cancelled, cancellation, ..sold };
        // A sale has all its seats, as its version says.
        give_up(tx, &cancelled, |_| true).await?;
        if let Some(discount) = cancelled.discount.as_ref().filter(|discount| discount.counted) {
            // Whoever needs the use finds it again.
            tx.put(&keys::voucher_use(discount.voucher(), id), &VoucherUse { v: Form })?;
        }
        self.promise_mail(tx, &cancelled, content).await?;
        return_tickets(tx, &cancelled, &cancelled.seats)?;
        tx.put(&keys::booking(id), &cancelled)?;
        Ok(cancelled)
    }

    /// Promises what comes back, and notes that so much is not owed any more: what the house keeps by its terms stays
    /// owed, and what was never paid does not. `rest` is the booking with the tickets that stay. How much is promised.
    async fn settle_return(
        &self,
        tx: &mut Tx<'_>,
        sold: &Booking,
        rest: Option<&Booking>,
        back: i64,
        why: RefundReason,
    ) -> Result<Money, EngineError> {
        let money = |minor| Money::new(minor, sold.total.currency);
        let promised = promise_refund(tx, sold, money(back), why).await?;
        let stays = rest.map_or(0, |rest| rest.total.amount_minor);
        let less = if unpaid(sold) { money(sold.total.amount_minor - stays) } else { promised };
        no_longer_owed(tx, sold, rest, less, sold.returned).await?;
        Ok(promised)
    }

    pub(super) async fn promise_mail(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        content: MailContent,
    ) -> Result<(), EngineError> {
        let Some((to, to_name)) = self.mail_address(tx, booking).await? else { return Ok(()) };
        let mail = MailId::new(tx.now(), self.engine.random());
        let to_name = Some(to_name);
        let outbox = Outbox::new(mail, to, to_name, content);
        tx.put(&keys::outbox(tx.now(), mail), &outbox)
    }
}

/// How a sale, or a part of it, is undone.
pub(super) struct Undoing {
    pub(super) by: CancelledBy,
    pub(super) reason: Option<String>,
    /// What goes back, in minor units.
    pub(super) back: i64,
    pub(super) why: RefundReason,
}

pub(super) fn is_house(actor: &Actor) -> bool {
    matches!(actor, Actor::Staff { .. } | Actor::System)
}

/// Whether nobody has taken money for it: then none comes back, and what is given up is not owed any more.
pub(super) fn unpaid(booking: &Booking) -> bool {
    booking.payment.as_ref().is_none_or(|payment| payment.charge.is_none())
}

fn state_error(status: BookingStatus) -> BookingError {
    let needed = "only a confirmed booking can be cancelled; a hold is released";
    BookingError::State { status, needed }
}

/// How much comes back for what is given up: at most so much, which is what it cost and was not given back before.
fn back(
    booking: &Booking,
    most: i64,
    by_terms: i64,
    choice: Option<RefundChoice>,
) -> Result<i64, BookingError> {
    let most = most.max(0);
    match choice.unwrap_or_default() {
        RefundChoice::Policy => Ok(by_terms.min(most)),
        RefundChoice::Full => Ok(most),
        RefundChoice::Nothing => Ok(0),
        RefundChoice::Amount(amount) => {
            let most = Money::new(most, booking.total.currency);
            if amount.currency == most.currency && (0..=most.amount_minor).contains(&amount.amount_minor) {
                return Ok(amount.amount_minor);
            }
            let detail = format!("refund is {amount}, allowed are 0 to {most}");
            Err(Invalid::one("refund", "out_of_range", detail).into())
        }
    }
}

impl std::fmt::Display for RefundChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Policy => "as the terms say",
            Self::Full => "full refund",
            Self::Nothing => "no refund",
            Self::Amount(_) => "refund of an amount",
        })
    }
}

fn check_request(actor: &Actor, request: &CancelBooking) -> Result<(), BookingError> {
    if !is_house(actor) && request.refund.is_some() {
        return Err(actor.denied("decide how much comes back").into());
    }
    let mut fields = Validation::default();
    if matches!(actor, Actor::Staff { .. }) && request.reason.is_none() {
        fields.refuse("reason", "required", "staff who cancel a booking have to say why");
    }
    fields.optional_text("reason", request.reason.as_deref(), limits::MAX_REASON_CHARS);
    if !request.seats.is_empty() {
        check_seat_list(&request.seats, limits::MAX_SEATS_PER_BOOKING, &mut fields);
    }
    Ok(fields.finish()?)
}
