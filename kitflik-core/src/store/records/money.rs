//! What is stored of money that has moved.

use serde::{Deserialize, Serialize};

use super::{BookedSeat, Booking, Form, is_nothing};
use crate::bookings::{RefundReason, RefundStatus, SalesChannel};
use crate::ids::{BookingId, LayoutId, ShowId, TicketType};
use crate::money::Money;
use crate::seats::layout::SeatNo;
use crate::time::{Timestamp, millis};

records! {
    /// One line of the house's books. It is written in the batch of what it tells, and never changed.
    MoneyEntry {
        booking: BookingId,
        show: ShowId,
        #[serde(with = "millis")]
        at: Timestamp,
        event: MoneyEvent,
        amount: Money,
        /// Who took or gave the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// Where it was sold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<SalesChannel>,
        /// What was sold or returned; of those two events only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        goods: Option<Goods>,
    }

    /// One asking of a provider for the money of a booking, and what became of the money.
    Charge {
        booking: BookingId,
        number: u32,
        provider: String,
        /// What the caller attached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        amount: Money,
        #[serde(with = "millis")]
        asked_at: Timestamp,
        state: ChargeState,
        /// The provider's name for it, once the money is taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<String>,
        /// The money sold nothing, and waits for staff to say what becomes of it.
        #[serde(default, skip_serializing_if = "is_false")]
        open: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refunds: Vec<ChargeRefund>,
    }

    /// A charge of which something is still to be found out: whether its money was taken, or goes back.
    PaymentInFlight {
        booking: BookingId,
        number: u32,
        provider: String,
        #[serde(with = "millis")]
        started_at: Timestamp,
        /// When to ask the provider.
        #[serde(with = "millis")]
        due: Timestamp,
    }

    /// What a provider told of its own accord, so that telling it again changes nothing.
    PaymentEvent {
        #[serde(with = "millis")]
        at: Timestamp,
    }
}

/// The tickets of a sale or a return, and how their price came about. It stands in the books since a booking may have
/// fewer tickets, and other numbers for their seats, by the time that somebody asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Goods {
    /// In which the seats have their numbers.
    pub(crate) layout: LayoutId,
    pub(crate) tickets: Vec<SoldTicket>,
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) discount_minor: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) fees_minor: i64,
    /// The tax in the total, whether the prices had it in them or not.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) tax_minor: i64,
    /// Who was to take the money; nobody if it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SoldTicket {
    pub(crate) seat: SeatNo,
    pub(crate) ticket_type: TicketType,
    pub(crate) price_minor: i64,
}

impl Goods {
    /// All tickets of a booking.
    pub(crate) fn of(booking: &Booking) -> Self {
        let ticket = |seat: &BookedSeat| SoldTicket {
            seat: seat.number,
            ticket_type: seat.ticket_type.clone(),
            price_minor: seat.price_minor,
        };
        let fees: i64 = booking.fees.iter().map(|fee| fee.amount.amount_minor).sum();
        Self {
            layout: booking.layout,
            tickets: booking.seats.iter().map(ticket).collect(),
            discount_minor: booking.discount.as_ref().map_or(0, |discount| discount.minor),
            fees_minor: booking.ticket_fee_minor + fees,
            tax_minor: booking.tax.as_ref().map_or(0, |tax| tax.amount.amount_minor),
            provider: booking.payment.as_ref().map(|payment| payment.provider.clone()),
        }
    }

    /// What of these tickets is not among others.
    pub(crate) fn less(mut self, other: &Self) -> Self {
        self.tickets.retain(|ticket| other.tickets.iter().all(|stays| stays.seat != ticket.seat));
        self.discount_minor -= other.discount_minor;
        self.fees_minor -= other.fees_minor;
        self.tax_minor -= other.tax_minor;
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What is known of the money of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeState {
    /// The provider was asked, and has not said.
    Asked,
    /// The provider has not decided.
    Pending,
    /// The money was taken. Nothing undoes that; what went back stands in the refunds.
    Captured,
    /// The provider will not take it, it said. It is looked after for a while all the same.
    Declined,
}

/// Money of a charge that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChargeRefund {
    /// Among the refunds of its charge, from 1.
    pub(crate) number: u32,
    pub(crate) amount: Money,
    pub(crate) why: RefundReason,
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    pub(crate) status: RefundStatus,
    /// How much of it was owed until then: a rebate.
    #[serde(default, skip_serializing_if = "super::is_nothing")]
    pub(crate) rebate_minor: i64,
}

impl Charge {
    /// What went back, or will.
    pub(crate) fn promised_minor(&self) -> i64 {
        let kept = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        kept.map(|refund| refund.amount.amount_minor).sum()
    }

    /// What could still be given back.
    pub(crate) fn left_minor(&self) -> i64 {
        if self.state == ChargeState::Captured { self.amount.amount_minor - self.promised_minor() } else { 0 }
    }

    /// How much of the sale that it paid for is owed yet. What goes back for tickets is owed no longer, whether it has
    /// gone already or never can, and neither are rebates; what the house keeps of tickets that went back is.
    pub(crate) fn owed_minor(&self) -> i64 {
        let less = |refund: &ChargeRefund| match refund.why {
            RefundReason::Cancelled | RefundReason::Returned | RefundReason::ShowCancelled => {
                refund.amount.amount_minor + refund.rebate_minor
            }
            RefundReason::LateMoney | RefundReason::Goodwill => refund.rebate_minor,
        };
        (self.amount.amount_minor - self.refunds.iter().map(less).sum::<i64>()).max(0)
    }

    pub(crate) fn has_waiting(&self) -> bool {
        self.refunds.iter().any(|refund| refund.status == RefundStatus::Pending)
    }

    /// Notes that so much goes back, or went. The caller has seen that it is left.
    pub(crate) fn refund(&mut self, refund: ChargeRefund) -> u32 {
        let number = self.refunds.last().map_or(0, |last| last.number) + 1;
        self.refunds.push(ChargeRefund { number, ..refund });
        number
    }
}

/// What a line of the books tells. What was sold less what was returned is owed; what was captured less what was
/// refunded is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MoneyEvent {
    /// A booking was confirmed: its total is owed.
    Sold,
    /// It was cancelled, or some of its tickets were: so much is not owed any more.
    Returned,
    /// Money came in, for a sale or not.
    Captured,
    /// Money went out.
    Refunded,
}

impl MoneyEvent {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sold => "sold",
            Self::Returned => "returned",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }
}
