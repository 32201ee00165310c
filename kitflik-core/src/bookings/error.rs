//! Why a command about a booking is refused.

use thiserror::Error;

use super::BookingStatus;
use crate::error::{Denied, EngineError, ErrorCode, Invalid};
use crate::ids::SeatId;
use crate::ports::payments::EventError;
use crate::tickets::token::TicketError;
use crate::time::Timestamp;

/// Why a command about seats or a booking was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BookingError {
    /// Refused fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such show, booking or ticket, or none that the caller may see.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The layout of the show has no such seats.
    #[error("the show has no seat {}", list(.seats))]
    UnknownSeat {
        /// Those that it does not have.
        seats: Vec<SeatId>,
    },
    /// Seats are held or sold to somebody else, or blocked.
    #[error("{} taken: choose other seats", list(.seats))]
    SeatTaken {
        /// Those that are taken.
        seats: Vec<SeatId>,
    },
    /// Not enough seats are free for the wish.
    #[error("there are not {count} free seats of that kind")]
    NotEnoughSeats {
        /// How many were wanted.
        count: u32,
    },
    /// A rule of choice forbids it.
    #[error("{detail}")]
    Rule {
        /// Which rule: `couple_split`, `companion_alone` or `orphan_seat`.
        code: ErrorCode,
        /// The seats that offend.
        seats: Vec<SeatId>,
        /// Another choice that the rules allow, if there is one.
        alternative: Option<Vec<SeatId>>,
        /// For people.
        detail: String,
    },
    /// More seats than one may have.
    #[error("{detail}")]
    TooManySeats {
        /// The most that are allowed.
        most: u32,
        /// For people.
        detail: String,
    },
    /// The show is not on sale.
    #[error("the show is not on sale: {reason}")]
    NotOnSale {
        /// Why.
        reason: String,
    },
    /// The hold's time is over.
    #[error("the hold ended at {at}: hold the seats again")]
    HoldExpired {
        /// When.
        at: Timestamp,
    },
    /// The hold has been extended as far as is allowed.
    #[error("the hold ends at {at} and cannot be extended any more")]
    ExtensionLimit {
        /// When it ends.
        at: Timestamp,
    },
    /// The booking is not in the state that the command needs.
    #[error("the booking is {status}; {needed}")]
    State {
        /// Where it stands.
        status: BookingStatus,
        /// What the command needs.
        needed: &'static str,
    },
    /// The booking cannot be cancelled by its owner, or no longer.
    #[error("the booking cannot be cancelled: {reason}")]
    NotCancellable {
        /// Why.
        reason: String,
    },
    /// The payment provider declined.
    #[error("the payment was declined: {reason}")]
    PaymentDeclined {
        /// Why.
        reason: String,
    },
    /// The payment provider has not said yet. The seats are kept; ask for the booking, or confirm again.
    #[error("the payment is not decided yet; the seats are kept: look at the booking again in a moment")]
    PaymentPending,
    /// What says that it comes from a payment provider is not listened to.
    #[error(transparent)]
    Event(#[from] EventError),
    /// There is no such discount code.
    #[error("there is no such discount code")]
    VoucherUnknown,
    /// The discount code is not valid for this booking.
    #[error("the discount code is not valid here: {reason}")]
    VoucherNotValid {
        /// Why.
        reason: String,
    },
    /// All uses of the discount code are taken.
    #[error("{detail}")]
    VoucherUsedUp {
        /// For people.
        detail: String,
    },
    /// It was done a moment ago.
    #[error("this was done a moment ago: wait {} seconds", .retry_after.as_secs() + 1)]
    TooOften {
        /// How long to wait.
        retry_after: std::time::Duration,
    },
    /// A ticket does not admit.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl BookingError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::UnknownSeat { .. } => ErrorCode::UnknownSeat,
            Self::SeatTaken { .. } => ErrorCode::SeatTaken,
            Self::NotEnoughSeats { .. } => ErrorCode::NotEnoughSeats,
            Self::Rule { code, .. } => *code,
            Self::TooManySeats { .. } => ErrorCode::TooManySeats,
            Self::NotOnSale { .. } => ErrorCode::ShowNotOnSale,
            Self::HoldExpired { .. } => ErrorCode::HoldExpired,
            Self::ExtensionLimit { .. } => ErrorCode::ExtensionLimit,
            Self::State { .. } => ErrorCode::BookingState,
            Self::NotCancellable { .. } => ErrorCode::CancellationClosed,
            Self::PaymentDeclined { .. } => ErrorCode::PaymentDeclined,
            Self::PaymentPending => ErrorCode::PaymentPending,
            Self::Event(EventError::NotSupported) => ErrorCode::NotFound,
            Self::Event(EventError::BadSignature { .. }) => ErrorCode::EventBadSignature,
            Self::Event(EventError::Malformed { .. }) => ErrorCode::EventMalformed,
            Self::VoucherUnknown => ErrorCode::VoucherUnknown,
            Self::VoucherNotValid { .. } => ErrorCode::VoucherNotValid,
            Self::VoucherUsedUp { .. } => ErrorCode::VoucherUsedUp,
            Self::TooOften { .. } => ErrorCode::TooManyRequests,
            Self::Ticket(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// The seats that the refusal is about.
    #[must_use]
    pub fn seats(&self) -> &[SeatId] {
        match self {
            Self::UnknownSeat { seats } | Self::SeatTaken { seats } | Self::Rule { seats, .. } => seats,
            _ => &[],
        }
    }

    /// Another choice that would be allowed, if the refusal knows one.
    #[must_use]
    pub fn alternative(&self) -> Option<&[SeatId]> {
        match self {
            Self::Rule { alternative, .. } => alternative.as_deref(),
            _ => None,
        }
    }
}

fn list(seats: &[SeatId]) -> String {
    seats.iter().map(SeatId::as_str).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for BookingStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::Confirming => "waiting for its payment",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
        })
    }
}
