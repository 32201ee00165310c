//! What the records of bookings and of their payments say is owed and paid: the other witness of the books.

use std::collections::{BTreeMap, BTreeSet};

use super::types::OpenKind;
use super::{Day, Figures, STRIDE};
use crate::bookings::{BookingStatus, COUNTER, RefundStatus};
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::limits;
use crate::money::Currency;
use crate::reports::Reports;
use crate::reports::groups::Place;
use crate::store::keys;
use crate::store::records::{Booking, Charge, ChargeState};

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
    /// Why something is open, at the counter or elsewhere. `amount` is owed to the house if it is more than nothing.
    pub(super) fn why(self, counter: bool, amount: i64) -> OpenKind {
        match self {
            Self::SoldAtCounter | Self::Stuck if counter && amount > 0 => OpenKind::CounterDue,
            Self::SoldAtCounter | Self::Sold if amount < 0 => OpenKind::RefundDue,
            // Nothing at the counter is stuck: people hand it out.
            Self::Stuck if counter && amount < 0 => OpenKind::RefundDue,
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
    fn of(booking: &Booking, charges: &[Charge]) -> Self {
        let sold = matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Cancelled);
        let payment = booking.payment.as_ref().filter(|_| sold);
        let counter = payment.is_some_and(|payment| payment.provider == COUNTER);
        let captured = || charges.iter().filter(|charge| charge.state == ChargeState::Captured);
        let refunds = || captured().flat_map(|charge| charge.refunds.iter());
        let by = payment.filter(|payment| payment.charge.is_some());
        let paying = by.and_then(|payment| captured().find(|charge| charge.number == payment.attempt));
        let owed = match paying {
            Some(charge) => charge.owed_minor(),
            None if booking.status == BookingStatus::Confirmed => booking.total.amount_minor,
            None => 0,
        };
        let taken: i64 = captured().map(|charge| charge.amount.amount_minor).sum();
        let went_back = refunds().filter(|refund| refund.status == RefundStatus::Refunded);
        let went_back: i64 = went_back.map(|refund| refund.amount.amount_minor).sum();
        let failed = refunds().any(|refund| refund.status == RefundStatus::Failed);
        let waits = captured().any(|charge| charge.open && charge.left_minor() > 0);
        let state = match (sold, failed || waits) {
            (true, _) if booking.channel.is_none() => State::OlderThanTheBooks,
            (_, true) => State::Stuck,
            (false, _) => State::Unsold,
            (true, _) if counter => State::SoldAtCounter,
            (true, _) => State::Sold,
        };
        let figures = Figures { owed, paid: taken - went_back };
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
            let charges = ids.iter().copied().map(keys::charges);
            let charges = self.engine.scan_each(charges, limits::MAX_SCAN_ROWS).await?;
            for (booking, charges) in found.into_iter().zip(charges) {
                if let Some((booking, _)) = booking {
                    recorded.insert(booking.id, Recorded::of(&booking, &charges));
                }
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
            let asked = self.engine.get_many(asked).await?;
            for ((_, watch), booking) in rows.iter().zip(asked) {
                let Some((booking, _)) = booking else { continue };
                let here = Place::of(day.catalogue, booking.show).is_wanted(day.venue, None);
                let attempt = booking.payment.as_ref().map(|payment| payment.attempt);
                let waits = booking.status == BookingStatus::Confirming && attempt == Some(watch.number);
                if here && waits {
                    let balance = day.balance(booking.total.currency);
                    super::add(&mut balance.in_flight, booking.total.amount_minor);
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == STRIDE => range.start = format!("{}!", last.key),
                _ => return Ok(()),
            }
        }
    }
}
