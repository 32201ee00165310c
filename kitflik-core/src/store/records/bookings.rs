//! What is stored of bookings and seats.

use serde::{Deserialize, Serialize};

use super::{BookedDiscount, Form, is_nothing};
use crate::bookings::{BookingStatus, CancelledBy, Customer, QuoteLine, QuoteTax, RefundStatus};
use crate::ids::{BookingId, LayoutId, SeatId, ShowId, StaffId, TicketType, UserId};
use crate::money::Money;
use crate::seats::layout::SeatNo;
use crate::time::{Timestamp, millis};

records! {
    /// The live bookings of a customer for a show that limits them.
    CustomerCap {
        bookings: Vec<BookingId>,
    }

    UserBooking {
        show: ShowId,
    }

    /// A provider that was asked to take money, until what it did is known for good.
    PaymentInFlight {
        booking: BookingId,
        provider: String,
        #[serde(with = "millis")]
        started_at: Timestamp,
        /// When to ask the provider.
        #[serde(with = "millis")]
        due: Timestamp,
    }
}

/// What holds a seat. No pointer: the seat is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeatPointer {
    Booking(BookingId),
    Blocked(StaffId),
}

/// A booking: the truth about its seats and its money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Booking {
    #[serde(default)]
    pub(crate) v: Form<1>,
    pub(crate) id: BookingId,
    pub(crate) show: ShowId,
    pub(crate) layout: LayoutId,
    pub(crate) status: BookingStatus,
    pub(crate) holder: Holder,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<Customer>,
    pub(crate) seats: Vec<BookedSeat>,
    /// Lines that do not belong to one seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fees: Vec<QuoteLine>,
    /// For all its tickets.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) ticket_fee_minor: i64,
    /// What the rules of the price card did to the prices of seats. Left out where it would not fit: then a price is
    /// told as it came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<PriceChanged>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) discount: Option<BookedDiscount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tax: Option<QuoteTax>,
    pub(crate) total: Money,
    #[serde(with = "millis")]
    pub(crate) created_at: Timestamp,
    /// The hold's end. While `confirming`, the seats stay whatever the time.
    #[serde(with = "millis")]
    pub(crate) until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<Payment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decided_at: Option<i64>,
    /// The choice by best available was together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) together: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation: Option<Cancellation>,
    /// Random, once it has expired: no two attempts write the same row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<u32>,
}

/// How a sale was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cancellation {
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    pub(crate) by: CancelledBy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Money that was taken and goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<Refund>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) amount: Money,
    pub(crate) status: RefundStatus,
}

/// One seat of a booking. What it looks like stands in the layout, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BookedSeat {
    pub(crate) number: SeatNo,
    pub(crate) id: SeatId,
    pub(crate) ticket_type: TicketType,
    pub(crate) price_minor: i64,
}

/// What one rule did to the prices of some seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PriceChanged {
    pub(crate) rule: String,
    /// To each of them.
    pub(crate) minor: i64,
    pub(crate) seats: Vec<SeatNo>,
}

/// Who made a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holder {
    Guest,
    User(UserId),
    Staff(StaffId),
    System,
}

/// The money of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// How often the provider was asked to take it.
    pub(crate) attempt: u32,
    /// The provider's name for the charge, once the money is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<String>,
}
