//! What is stored of money that has moved.

use serde::{Deserialize, Serialize};

use super::{BookedSeat, Booking, Form, is_nothing};
use crate::bookings::SalesChannel;
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
