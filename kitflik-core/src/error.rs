//! The stable codes of every refusal, and the failures that any command can meet.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::ports::storage::StorageError;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable, machine-readable name of a refusal. New ones may be added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it is written on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The same command may succeed if it is simply tried again.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                matches!(
                    self,
                    Self::Contended
                        | Self::Unavailable
                        | Self::OutcomeUnknown
                        | Self::PaymentPending
                        | Self::TooManyRequests
                )
            }
        }
    };
}

codes! {
    /// A field is missing, out of bounds or contradictory.
    ValidationFailed = "validation_failed",
    /// Nobody is logged in, or the token is not valid.
    Unauthenticated = "unauthenticated",
    /// E-mail or password is wrong.
    InvalidCredentials = "invalid_credentials",
    /// The password was right; a one-time code is needed too.
    SecondFactorRequired = "second_factor_required",
    /// The house would be left without an admin.
    LastAdmin = "last_admin",
    /// A code is wrong or used, or its time is over.
    InvalidCode = "invalid_code",
    /// Whoever asks may not do this.
    Forbidden = "forbidden",
    /// There is no such thing.
    NotFound = "not_found",
    /// A seat is held or sold to somebody else, or blocked.
    SeatTaken = "seat_taken",
    /// The layout has no such seat.
    UnknownSeat = "unknown_seat",
    /// Not enough seats are free for the request.
    NotEnoughSeats = "not_enough_seats",
    /// Couple seats are sold as a pair.
    CoupleSplit = "couple_split",
    /// A companion seat is sold only with its wheelchair space.
    CompanionAlone = "companion_alone",
    /// The choice would leave a single free seat that another choice avoids.
    OrphanSeat = "orphan_seat",
    /// More seats than a booking or a customer may have.
    TooManySeats = "too_many_seats",
    /// The show is not on sale.
    ShowNotOnSale = "show_not_on_sale",
    /// The hold's time is over.
    HoldExpired = "hold_expired",
    /// The hold has been extended as far as is allowed.
    ExtensionLimit = "extension_limit",
    /// The booking is not in the state that the command needs.
    BookingState = "booking_state",
    /// The booking cannot be cancelled by its owner, or no longer.
    CancellationClosed = "cancellation_closed",
    /// The payment provider declined.
    PaymentDeclined = "payment_declined",
    /// The payment is not known to have succeeded or failed yet.
    PaymentPending = "payment_pending",
    /// An event does not come from the payment provider that it names.
    EventBadSignature = "event_bad_signature",
    /// An event of a payment provider cannot be read.
    EventMalformed = "event_malformed",
    /// Two shows would overlap in an auditorium.
    ShowOverlap = "show_overlap",
    /// The thing was changed meanwhile: the edit is of another revision.
    StaleRevision = "stale_revision",
    /// The thing cannot be deleted: others refer to it.
    InUse = "in_use",
    /// There is no such discount code.
    VoucherUnknown = "voucher_unknown",
    /// The discount code is not valid for this booking.
    VoucherNotValid = "voucher_not_valid",
    /// All uses of the discount code are taken.
    VoucherUsedUp = "voucher_used_up",
    /// Not a ticket, or cut or mistyped.
    TicketMalformed = "ticket_malformed",
    /// A ticket of a form that this program does not know.
    TicketUnknownVersion = "ticket_unknown_version",
    /// A ticket that is signed with a key that this house does not have.
    TicketUnknownKey = "ticket_unknown_key",
    /// A ticket that was altered or forged.
    TicketBadSignature = "ticket_bad_signature",
    /// A ticket of a show that is not let in here.
    TicketWrongShow = "ticket_wrong_show",
    /// The doors are not open yet.
    TicketTooEarly = "ticket_too_early",
    /// The show is over.
    TicketExpired = "ticket_expired",
    /// The ticket's booking was cancelled, or the ticket was given back.
    TicketCancelled = "ticket_cancelled",
    /// Staff have made the ticket invalid.
    TicketRevoked = "ticket_revoked",
    /// Somebody went in with the ticket.
    TicketAlreadyUsed = "ticket_already_used",
    /// The check-in that is repeated was undone by staff.
    TicketScanUndone = "ticket_scan_undone",
    /// Something with this identity exists with other content.
    AlreadyExists = "already_exists",
    /// The command id was used before with another request.
    IdempotencyMismatch = "idempotency_mismatch",
    /// Too many others wanted the same at the same time; try again.
    Contended = "contended",
    /// A dependency does not answer; try again.
    Unavailable = "unavailable",
    /// It is not known whether the command took effect; repeat it with the same command id.
    OutcomeUnknown = "outcome_unknown",
    /// Too many requests; wait and try again.
    TooManyRequests = "too_many_requests",
    /// A fault of the engine or a damaged store.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FieldError {
    /// Where: `seats[2]`, `customer.email`.
    pub path: String,
    /// A stable name of the rule: `required`, `too_long`, `invalid`…
    pub code: String,
    /// What was wrong and what is allowed.
    pub detail: String,
}

/// Collects refused fields, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Validation(Vec<FieldError>);

impl Validation {
    pub(crate) fn refuse(&mut self, path: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.0.push(FieldError { path: path.into(), code: code.to_owned(), detail: detail.into() });
    }

    /// Refuses a text that is empty, longer than `most` characters, or holds control characters.
    pub(crate) fn text(&mut self, path: &str, text: &str, most: usize) {
        let count = text.chars().count();
        if text.trim().is_empty() {
            self.refuse(path, "required", format!("{path} must have 1 to {most} characters"));
        } else if count > most {
            self.refuse(path, "too_long", format!("{path} has {count} characters, allowed are 1 to {most}"));
        } else if text.chars().any(char::is_control) {
            self.refuse(path, "invalid", format!("{path} must not contain control characters"));
        }
    }

    pub(crate) fn optional_text(&mut self, path: &str, text: Option<&str>, most: usize) {
        if let Some(text) = text {
            self.text(path, text, most);
        }
    }

    /// Nothing was refused.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid { errors: self.0 }) }
    }
}

/// A request with refused fields. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; "))]
pub struct Invalid {
    /// Each refused field.
    pub errors: Vec<FieldError>,
}

impl From<Validation> for Invalid {
    fn from(validation: Validation) -> Self {
        Self { errors: validation.0 }
    }
}

impl Invalid {
    /// One refused field.
    pub(crate) fn one(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { errors: vec![FieldError { path: path.into(), code: code.to_owned(), detail: detail.into() }] }
    }
}

/// What any command can meet, whatever its noun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The storage does not answer. Nothing was changed.
    #[error("the storage is unavailable: {reason}; try again")]
    Unavailable {
        /// What happened, for the operator.
        reason: String,
    },
    /// The storage failed in the middle: the command may have taken effect.
    #[error("it is not known whether the command took effect; repeat it with the same command id")]
    OutcomeUnknown,
    /// The command lost too many races. Nothing was changed.
    #[error("too many others changed the same at the same time; try again")]
    Contended,
    /// The command id was used before with another request. Nothing was changed.
    #[error("this command id was used before with another request; use a new one for a new request")]
    IdempotencyMismatch,
    /// A stored record cannot be read, or a bound of the store was exceeded.
    #[error("internal error: {reason}")]
    Internal {
        /// What was found, for the operator.
        reason: String,
    },
}

impl EngineError {
    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        Self::Internal { reason: reason.into() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable { .. } => ErrorCode::Unavailable,
            Self::OutcomeUnknown => ErrorCode::OutcomeUnknown,
            Self::Contended => ErrorCode::Contended,
            Self::IdempotencyMismatch => ErrorCode::IdempotencyMismatch,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }
}

impl From<StorageError> for EngineError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable { reason } => Self::Unavailable { reason },
            StorageError::Indeterminate { .. } => Self::OutcomeUnknown,
            StorageError::TooLarge { .. } | StorageError::Corrupt { .. } => Self::internal(error.to_string()),
        }
    }
}

/// Whoever asked may not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// Nobody is logged in.
    #[error("log in first")]
    Unauthenticated,
    /// Logged in, but not allowed.
    #[error("{who} may not {what}")]
    Forbidden {
        /// Who asked.
        who: String,
        /// What was asked.
        what: &'static str,
    },
}

impl Denied {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::Forbidden { .. } => ErrorCode::Forbidden,
        }
    }
}
/// Any error of the engine: what each namespace's error turns into when a host wants one type.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// From [`Bookings`](crate::Bookings).
    #[error(transparent)]
    Booking(#[from] crate::BookingError),
    /// From [`Catalog`](crate::Catalog).
    #[error(transparent)]
    Catalog(#[from] crate::CatalogError),
    /// From [`Users`](crate::Users) and [`Staff`](crate::Staff).
    #[error(transparent)]
    User(#[from] crate::UserError),
    /// From [`Reports`](crate::Reports).
    #[error(transparent)]
    Report(#[from] crate::ReportError),
    /// From [`Notify`](crate::Notify).
    #[error(transparent)]
    Notify(#[from] crate::NotifyError),
    /// From [`Jobs`](crate::Jobs).
    #[error(transparent)]
    Job(#[from] crate::JobError),
    /// From whatever does not belong to a noun.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Booking(error) => error.code(),
            Self::Catalog(error) => error.code(),
            Self::User(error) => error.code(),
            Self::Report(error) => error.code(),
            Self::Notify(error) => error.code(),
            Self::Job(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// The refused fields, if that is what was wrong.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Booking(crate::BookingError::Invalid(invalid))
            | Self::Catalog(crate::CatalogError::Invalid(invalid))
            | Self::User(crate::UserError::Invalid(invalid))
            | Self::Report(crate::ReportError::Invalid(invalid))
            | Self::Notify(crate::NotifyError::Invalid(invalid)) => &invalid.errors,
            Self::Catalog(crate::CatalogError::Clashes { errors }) => errors,
            _ => &[],
        }
    }

    /// The seats that the refusal is about.
    #[must_use]
    pub fn seats(&self) -> &[crate::SeatId] {
        match self {
            Self::Booking(error) => error.seats(),
            _ => &[],
        }
    }

    /// Another choice of seats that would be allowed, if the refusal knows one.
    #[must_use]
    pub fn alternative(&self) -> Option<&[crate::SeatId]> {
        match self {
            Self::Booking(error) => error.alternative(),
            _ => None,
        }
    }

    /// How long to wait before the next attempt, if the refusal knows.
    #[must_use]
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::User(crate::UserError::TooManyAttempts { retry_after })
            | Self::Booking(crate::BookingError::TooOften { retry_after }) => Some(*retry_after),
            _ => None,
        }
    }

    /// The same command may succeed if it is simply tried again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code().is_retryable()
    }
}
