//! Seats and bookings. The booking is the truth; a seat key is a pointer to it.

mod access;
mod block;
mod cancel;
mod change;
mod channel;
mod charges;
mod check_in;
mod clear;
mod confirm;
mod counter;
mod error;
mod events;
mod extend;
mod facts;
mod feed;
mod forget;
mod hold;
mod house;
mod list;
pub(crate) mod maps;
mod money;
mod preview;
mod print;
mod quote;
mod read;
mod refunds;
mod release;
mod relocate;
mod rules;
mod send_again;
mod types;
mod view;
mod vouchers;
mod wish;

pub use block::{BlockSeats, HouseSeatView, UnblockSeats};
pub(crate) use cancel::cancellable;
pub use cancel::{
    CancelBooking, CancellationTermsView, CancellationTier, CancellationView, CancelledBy, RefundChoice,
    ReturnView, ReturnedTicketView,
};
pub use channel::SalesChannel;
pub use charges::LateMoney;
pub(crate) use check_in::return_tickets;
pub use check_in::{
    CheckIn, CheckInCount, CheckInFlag, CheckInQuery, CheckInView, CheckedIn, FlaggedScan, MergeCheckIns,
    MergedCheckIns, RevokeTicket, RevokedTicketView, ScanView, UndoCheckIn,
};
pub use counter::{HandOutRefund, TakePayment};
pub use error::BookingError;
pub use feed::{SeatChanges, SeatEvent, SeatFeed};
pub(crate) use hold::expired;
pub use maps::SeatMap;
pub use preview::{QuoteSeats, QuoteView};
pub use print::PRINT_POLICY;
pub use refunds::{RefundBooking, RefundReason, RefundStatus, RefundView};
pub(crate) use relocate::{Relocation, relocate};
pub use types::{
    BestAvailable, BestAvailableView, BookedSeatView, BookingQuery, BookingStatus, BookingView, ChangeSeats,
    ConfirmBooking, Customer, HoldSeats, PaymentChoice, PaymentView, Quote, QuoteLine, QuoteTax, SeatMapView,
    SeatTicketType, TicketView,
};

use crate::kitflik::Engine;

/// The payment choice of whoever pays at the box office.
pub const COUNTER: &str = "counter";

/// Seats and bookings. From [`Kitflik::bookings`](crate::Kitflik::bookings).
#[derive(Clone, Copy)]
pub struct Bookings<'a> {
    pub(crate) engine: &'a Engine,
}
