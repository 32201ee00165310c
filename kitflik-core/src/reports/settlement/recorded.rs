//! What the records of bookings and of their payments say is owed and paid: the other witness of the books.

use std::collections::{BTreeMap, BTreeSet};

use super::types::OpenKind;
use super::{Day, Figures, STRIDE};
use crate::bookings::{BookingStatus, COUNTER, RefundStatus};
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::money::Currency;
use crate::reports::Reports;
use crate::reports::groups::Place;
use crate::store::keys;
use crate::store::records::Booking;

/// How a booking stands with its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was made by a version that kept no books.
    OlderThanTheBooks,
    /// It never was a sale.
    Unsold,
    /// It was sold, to be paid at the counter.
    SoldAtCounter,
    /// It was sold for money that a provider took, or for none.
    Sold,
    /// Money of it cannot go back by itself.
    Stuck,
}

impl State {
    /// Why something is open. `amount` is owed to the house if it is more than nothing.
    pub(super) fn why(self, amount: i64) -> OpenKind {
        match self {
            Self::SoldAtCounter if amount > 0 => OpenKind::CounterDue,
            Self::SoldAtCounter | Self::Sold if amount < 0 => OpenKind::RefundDue,
            Self::Unsold if amount < 0 => OpenKind::LateMoney,
            Self::Stuck if amount < 0 => OpenKind::NeedsAPerson,
            _ => OpenKind::Unexplained,
        }
    }
}

/// What is recorded of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) currency: Currency,
    pub(super) figures: Figures,
    pub(super) state: State,
}

impl Recorded {
    fn of(booking: &Booking) -> Self {
        let total = booking.total.amount_minor;
        let refund = booking.cancellation.as_ref().and_then(|cancellation| cancellation.refund.as_ref());
        let charged = booking.payment.as_ref().is_some_and(|payment| payment.charge.is_some());
        let counter = booking.payment.as_ref().is_some_and(|payment| payment.provider == COUNTER);
        let sold = matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Cancelled);
        let came_back = refund.filter(|refund| refund.status == RefundStatus::Refunded);
        let came_back = came_back.map_or(0, |refund| refund.amount.amount_minor);
        let figures = Figures {
            owed: if booking.status == BookingStatus::Confirmed { total } else { 0 },
            paid: if sold && charged { total - came_back } else { 0 },
        };
        let state = match (sold, refund.map(|refund| refund.status)) {
            (true, _) if booking.channel.is_none() => State::OlderThanTheBooks,
            (false, _) => State::Unsold,
            (true, Some(RefundStatus::Failed)) => State::Stuck,
            (true, _) if counter => State::SoldAtCounter,
            (true, _) => State::Sold,
        };
        Self { currency: booking.total.currency, figures, state }
    }
}

impl Reports<'_> {
    /// What is recorded of some bookings.
    pub(super) async fn recorded(
        &self,
        ids: &BTreeSet<BookingId>,
    ) -> Result<BTreeMap<BookingId, Recorded>, EngineError> {
        let ids: Vec<BookingId> = ids.iter().copied().collect();
        let mut recorded = BTreeMap::new();
        for ids in ids.chunks(STRIDE) {
            let found = self.engine.get_many(ids.iter().copied().map(keys::booking)).await?;
            for (booking, _) in found.into_iter().flatten() {
                recorded.insert(booking.id, Recorded::of(&booking));
            }
        }
        Ok(recorded)
    }

    /// Adds up what providers were asked to take and have not answered.
    pub(super) async fn add_in_flight(&self, day: &mut Day<'_>) -> Result<(), EngineError> {
        let mut range = keys::payments();
        loop {
            let rows = self.engine.scan(&range, STRIDE as u32, false).await?;
            let asked = rows.iter().map(|(_, watch)| keys::booking(watch.booking));
            for (booking, _) in self.engine.get_many(asked).await?.into_iter().flatten() {
                let here = Place::of(day.catalogue, booking.show).is_wanted(day.venue, None);
                if here && booking.status == BookingStatus::Confirming {
                    let balance = day.balance(booking.total.currency);
                    balance.in_flight.amount_minor += booking.total.amount_minor;
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == STRIDE => range.start = format!("{}!", last.key),
                _ => return Ok(()),
            }
        }
    }
}
