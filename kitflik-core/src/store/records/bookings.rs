//! What is stored of bookings and seats.

use serde::{Deserialize, Serialize};

use super::{BookedDiscount, Form, is_nothing, is_zero};
use crate::bookings::{
    BookingStatus, CancelledBy, Customer, QuoteLine, QuoteTax, RefundStatus, SalesChannel,
};
use crate::ids::{BookingId, LayoutId, SeatId, ShowId, StaffId, TicketId, TicketType, UserId};
use crate::money::Money;
use crate::seats::layout::SeatNo;
use crate::time::{Timestamp, millis};

records! {
    /// The live bookings of a customer for a show that limits them.
    CustomerCap {
        bookings: Vec<BookingId>,
    }

    /// Rewritten by every command that blocks or unblocks seats of the show.
    HouseSeats {
        changes: u64,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    UserBooking {
        show: ShowId,
    }

    /// Tickets that went back while others of their booking stayed. Written once.
    Returned {
        #[serde(with = "millis")]
        at: Timestamp,
        by: CancelledBy,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        tickets: Vec<TicketBack>,
        /// What goes back for them.
        refund: Money,
    }
}

/// What holds a seat. No pointer: the seat is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeatPointer {
    Booking(BookingId),
    /// As [`SeatPointer::House`], in rows that say no more.
    Blocked(StaffId),
    /// The house keeps it.
    House(HouseSeat),
    /// The house kept it, and sold it by one of its channels. When that booking is over, the house has it again.
    Lent {
        booking: BookingId,
        house: HouseSeat,
    },
}

impl SeatPointer {
    /// The booking that says what the seat is.
    pub(crate) fn booking(&self) -> Option<BookingId> {
        match self {
            Self::Booking(booking) | Self::Lent { booking, .. } => Some(*booking),
            Self::Blocked(_) | Self::House(_) => None,
        }
    }

    /// What the house wants with it once no booking has it.
    pub(crate) fn house(&self) -> Option<HouseSeat> {
        match self {
            Self::House(house) | Self::Lent { house, .. } => Some(house.clone()),
            Self::Blocked(by) => Some(HouseSeat {
                by: Some(*by),
                reason: String::new(),
                channels: Vec::new(),
                at: Timestamp::from_millis(0),
                release_at: None,
            }),
            Self::Booking(_) => None,
        }
    }
}

/// A seat that the house keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HouseSeat {
    /// Who blocked it; nobody if the host program did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<StaffId>,
    pub(crate) reason: String,
    /// Which channels may sell it all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<SalesChannel>,
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    /// From when on it is free for all, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) release_at: Option<i64>,
}

impl HouseSeat {
    /// When it is free for all; never if nobody said.
    pub(crate) fn until(&self) -> Timestamp {
        Timestamp::from_millis(self.release_at.unwrap_or(i64::MAX))
    }

    pub(crate) fn is_released(&self, now: Timestamp) -> bool {
        self.until() <= now
    }
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
    /// By which way it was sold. Bookings that are older than the house's books do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<SalesChannel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<Customer>,
    pub(crate) seats: Vec<BookedSeat>,
    /// Those of them that the house lent: their pointers say what they are afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) house_seats: Vec<SeatNo>,
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
    /// How often some of its tickets went back: each time has a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) returned: u32,
    /// Random, once it has expired: no two attempts write the same row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<u32>,
}

impl Booking {
    pub(crate) fn sold_by(&self) -> SalesChannel {
        let by_staff = matches!(self.holder, Holder::Staff(_));
        self.channel.unwrap_or(if by_staff { SalesChannel::BoxOffice } else { SalesChannel::Online })
    }
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
    /// Under which number its ticket was issued, if the show has had another layout since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<SeatNo>,
    pub(crate) id: SeatId,
    pub(crate) ticket_type: TicketType,
    pub(crate) price_minor: i64,
}

/// A ticket that went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TicketBack {
    pub(crate) ticket: TicketId,
    pub(crate) seat: SeatId,
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
    /// The number of its charge: the one that paid, or the last that was asked for.
    pub(crate) attempt: u32,
    /// The provider's name for the charge, once the money is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<String>,
}
