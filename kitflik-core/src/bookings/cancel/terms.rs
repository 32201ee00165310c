//! What comes back of a sale that is undone: the house's tiers by the time to the start, as pure rules, and the verb
//! that tells them before anybody decides.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{cancellable, is_house, left_of, state_error};
use crate::actor::Actor;
use crate::bookings::quote::quote;
use crate::bookings::{BookingError, BookingStatus, Bookings, Quote};
use crate::error::EngineError;
use crate::ids::{BookingId, SeatId};
use crate::kitflik::Policy;
use crate::money::{Money, share};
use crate::store::keys;
use crate::store::records::Booking;
use crate::time::Timestamp;

/// One of the terms on which a house takes tickets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CancellationTier {
    /// How long before the show starts, at the latest.
    pub before: Duration,
    /// How many percent of the price come back then; what is above 100 counts as 100.
    pub refund_percent: u32,
}

impl CancellationTier {
    /// So many percent until so long before the start.
    #[must_use]
    pub fn new(before: Duration, refund_percent: u32) -> Self {
        Self { before, refund_percent }
    }
}

/// What a house gives back at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// 0 to 100.
    pub(crate) percent: u32,
    /// Fees come back as prices do; otherwise the house keeps them.
    pub(crate) fees: bool,
    /// Until when it is so.
    pub(crate) until: Option<Timestamp>,
}

impl Terms {
    /// All of it, whatever the time.
    pub(crate) const FULL: Self = Self { percent: 100, fees: true, until: None };

    /// How much comes back of what cost so much, in minor units: rounded half to even, and never more than it cost. So
    /// whatever is given back in parts is never more than all of it.
    pub(crate) fn given_back(self, price: Price) -> i64 {
        let base =
            if self.fees { price.total } else { price.total - price.fees.clamp(0, price.total.max(0)) };
        share(base, i64::from(self.percent.min(100)) * 100).clamp(0, price.total.max(0))
    }
}

/// The terms for a show that starts then. The best of the tiers that are not over holds, so that nobody gets more for
/// waiting. A house without tiers gives all back.
pub(crate) fn terms(starts_at: Timestamp, now: Timestamp, policy: &Policy) -> Terms {
    let fees = policy.fees_refundable;
    if policy.cancellation.is_empty() {
        return Terms { percent: 100, fees, until: None };
    }
    let open =
        policy.cancellation.iter().map(|tier| (tier.refund_percent.min(100), starts_at.minus(tier.before)));
    // Of those that give as much, the one that lasts longest.
    let best = open.filter(|(_, last)| now < *last).max();
    let (percent, until) = best.map_or((0, None), |(percent, last)| (percent, Some(last)));
    Terms { percent, fees, until }
}

/// What is given up, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) total: i64,
    /// The part of it that is fees, with the tax on them.
    pub(crate) fees: i64,
}

impl Price {
    pub(crate) const NOTHING: Self = Self { total: 0, fees: 0 };

    pub(crate) fn of(booking: &Booking) -> Self {
        let own: i64 = booking.fees.iter().map(|fee| fee.amount.amount_minor).sum();
        let fees = own + booking.ticket_fee_minor;
        let tax = booking.tax.as_ref().filter(|tax| !tax.inclusive);
        let tax = tax.map_or(0, |tax| share(fees, i64::from(tax.rate_basis_points)));
        Self { total: booking.total.amount_minor, fees: fees + tax }
    }

    /// What is given up by whoever keeps only the rest.
    pub(crate) fn less(self, rest: Self) -> Self {
        Self { total: self.total - rest.total, fees: self.fees - rest.fees }
    }
}

/// What whoever cancels now would get back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CancellationTermsView {
    /// What is given up costs so much: the whole booking, or the difference that the named seats make.
    pub price: Money,
    /// How much of it comes back; nothing if nothing has been paid.
    pub refund: Money,
    /// How many percent that is by the house's terms, 0 to 100.
    pub refund_percent: u32,
    /// Whether fees come back like the prices of the seats; otherwise the house keeps them.
    pub fees_refundable: bool,
    /// Until when these terms hold; absent if they hold as long as the booking can be cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub until: Option<Timestamp>,
    /// Until when its owner may cancel; absent if only staff may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub closes_at: Option<Timestamp>,
    /// What the tickets that stay cost then; absent if none stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub rest: Option<Quote>,
}

impl Bookings<'_> {
    /// What [`Bookings::cancel`] would give back now by the house's terms, so that a page can say it before. No `seats`
    /// means all of them. Of a show that is cancelled it is everything, fees too.
    ///
    /// # Errors
    /// As [`Bookings::cancel`]: what cannot be cancelled has no terms.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn cancellation_terms(
        &self,
        actor: &Actor,
        booking: BookingId,
        seats: &[SeatId],
    ) -> Result<CancellationTermsView, BookingError> {
        let (engine, not_found) = (self.engine, |what| BookingError::NotFound { what });
        let sold = engine.get(&keys::booking(booking)).await?.ok_or(not_found("booking"))?;
        engine.may_use(actor, &sold)?;
        if sold.status != BookingStatus::Confirmed {
            return Err(state_error(sold.status));
        }
        let show = engine.get(&keys::show(sold.show)).await?.ok_or(not_found("show"))?;
        let (now, policy) = (engine.now(), &engine.policy);
        if !is_house(actor) && !show.cancelled {
            cancellable(&show, now, policy)?;
            if self.went_in(&mut engine.begin(), &sold, seats).await? {
                return Err(super::was_used());
            }
        }
        let layout = engine.layout(sold.layout).await?;
        let layout = layout.ok_or_else(|| EngineError::internal("the layout is gone"))?;
        let rest = match super::part::named(&sold, seats)? {
            _ if show.cancelled => None,
            super::part::Named::All => None,
            super::part::Named::Some(gone) => {
                let kept = super::part::check_rest(&layout.layout, &show, &sold, &gone, now);
                if !is_house(actor) {
                    kept?;
                }
                Some(super::part::without(&sold, &gone))
            }
        };
        let price = Price::of(&sold).less(rest.as_ref().map_or(Price::NOTHING, Price::of));
        let terms = if show.cancelled { Terms::FULL } else { terms(show.starts_at, now, policy) };
        let left = left_of(&mut engine.begin(), &sold).await?;
        let refund = terms.given_back(price).min(left);
        let money = |minor| Money::new(minor, sold.total.currency);
        Ok(CancellationTermsView {
            price: money(price.total),
            refund: money(refund),
            refund_percent: terms.percent,
            fees_refundable: terms.fees,
            until: terms.until,
            closes_at: match policy.cancel_before {
                _ if show.cancelled => Some(show.ends_at),
                before => before.map(|before| show.starts_at.minus(before)),
            },
            rest: rest.map(|rest| quote(&layout.layout, &rest)),
        })
    }
}

#[cfg(test)]
mod tests;
