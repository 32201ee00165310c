//! What Kotlin, Swift and Python see of the core's types, beside the derives on the types themselves.
//!
//! Ids and texts with rules cross as strings, times as the language's own instant. A value that breaks its rule is a
//! [`KitflikError`] like any other, because every foreign call that takes one answers with that error.

use std::time::{Duration, SystemTime};

use crate::error::{EngineError, Error, ErrorCode, FieldError};
use crate::ids::{
    AuditoriumId, BookingId, CategoryId, CommandId, LayoutId, MailId, MovieId, PriceCardId, SeatId,
    SessionId, ShowId, StaffId, TicketId, TicketType, UserId, VenueId, VoucherId,
};
use crate::money::Currency;
use crate::ports::mailer::MailError;
use crate::ports::payments::{EventError, PaymentError};
use crate::ports::storage::{StorageError, Version};
use crate::seats::layout::SeatNo;
use crate::tickets::gate::GateError;
use crate::tickets::token::TicketError;
use crate::time::{Date, LocalTime, TimeOfDay, Timestamp, Zone};

/// Why a call was refused. Every variant has the stable code and a text for people; nothing was changed unless the code
/// is `outcome_unknown`, or `internal` after a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[non_exhaustive]
pub enum KitflikError {
    /// Fields of the request were refused.
    #[error("{detail}")]
    Invalid {
        /// The stable code.
        code: ErrorCode,
        /// What was wrong and what is allowed.
        detail: String,
        /// Each refused field.
        fields: Vec<FieldError>,
    },
    /// Seats were refused: taken, unknown, or against a rule of choice.
    #[error("{detail}")]
    Seats {
        /// The stable code.
        code: ErrorCode,
        /// What was wrong and what to do.
        detail: String,
        /// The seats that the refusal is about.
        seats: Vec<SeatId>,
        /// Another choice that would be allowed, if one is known.
        alternative: Option<Vec<SeatId>>,
    },
    /// Refused as things are now.
    #[error("{detail}")]
    Refused {
        /// The stable code.
        code: ErrorCode,
        /// What was wrong and what to do.
        detail: String,
    },
    /// The same call may succeed if it is tried again.
    #[error("{detail}")]
    Retry {
        /// The stable code.
        code: ErrorCode,
        /// What happened.
        detail: String,
    },
    /// A ticket does not admit.
    #[error("{detail}")]
    Ticket {
        /// The stable name, such as `ticket_expired`.
        code: String,
        /// Why.
        detail: String,
    },
}

impl KitflikError {
    /// A value that does not follow its rule.
    pub fn invalid(detail: impl ToString) -> Self {
        Self::Invalid { code: ErrorCode::ValidationFailed, detail: detail.to_string(), fields: Vec::new() }
    }
}

impl From<Error> for KitflikError {
    fn from(error: Error) -> Self {
        if let Error::Booking(crate::BookingError::Ticket(refusal)) = error {
            return refusal.into();
        }
        let (code, detail) = (error.code(), error.to_string());
        if !error.fields().is_empty() {
            return Self::Invalid { code, detail, fields: error.fields().to_vec() };
        }
        if !error.seats().is_empty() {
            let alternative = error.alternative().map(<[SeatId]>::to_vec);
            return Self::Seats { code, detail, seats: error.seats().to_vec(), alternative };
        }
        if error.is_retryable() { Self::Retry { code, detail } } else { Self::Refused { code, detail } }
    }
}

macro_rules! through_error {
    ($($error:ty)*) => {$(
        impl From<$error> for KitflikError {
            fn from(error: $error) -> Self {
                Error::from(error).into()
            }
        }
    )*};
}
through_error! {
    crate::BookingError crate::CatalogError crate::JobError crate::NotifyError crate::ReportError
    crate::UserError EngineError
}

impl From<StorageError> for KitflikError {
    fn from(error: StorageError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<TicketError> for KitflikError {
    fn from(error: TicketError) -> Self {
        Self::Ticket { code: error.code().to_string(), detail: error.to_string() }
    }
}

impl From<GateError> for KitflikError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Ticket(refusal) => refusal.into(),
            GateError::Invalid(invalid) => crate::BookingError::from(invalid).into(),
        }
    }
}

/// What a foreign callback threw that is not its declared error.
impl From<uniffi::UnexpectedUniFFICallbackError> for StorageError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Indeterminate { reason: error.reason }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for MailError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Temporary { reason: error.reason }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PaymentError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::NoAnswer { reason: error.reason }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for EventError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::BadSignature { reason: error.reason }
    }
}

macro_rules! texts {
    ($($name:ident)*) => {$(
        uniffi::custom_type!($name, String, {
            lower: |value| value.to_string(),
            try_lift: |text| text.parse::<$name>().map_err(|error| KitflikError::invalid(error).into()),
        });
    )*};
}
texts! {
    MovieId VenueId AuditoriumId LayoutId PriceCardId ShowId BookingId TicketId UserId StaffId SessionId MailId
    SeatId CategoryId TicketType CommandId Currency Zone LocalTime Date TimeOfDay VoucherId
}

uniffi::custom_type!(Timestamp, SystemTime, {
    lower: |time| system_time(time),
    try_lift: |time| Ok(timestamp(time)),
});
uniffi::custom_type!(Version, u64, { lower: |version| version.0, try_lift: |number| Ok(Version(number)) });
uniffi::custom_type!(SeatNo, u16, { lower: |seat| seat.0, try_lift: |number| Ok(SeatNo(number)) });

/// Times before 1970 are as far from it as later ones: `SystemTime` counts both ways.
fn system_time(time: Timestamp) -> SystemTime {
    let distance = Duration::from_millis(time.millis().unsigned_abs());
    let moved = if time.millis() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    moved.unwrap_or(SystemTime::UNIX_EPOCH)
}

fn timestamp(time: SystemTime) -> Timestamp {
    let millis = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_crossing_on_both_sides_of_1970() {
        for millis in [0, 1, -1, 1_795_000_000_123, -5_000_000_000_001] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(timestamp(system_time(time)), time);
        }
    }

    #[test]
    fn each_kind_of_refusal_has_a_variant_with_code_and_detail() {
        let seat = SeatId::new("A1").unwrap();
        let taken = crate::BookingError::SeatTaken { seats: vec![seat.clone()] };
        let KitflikError::Seats { code, seats, .. } = taken.into() else { panic!("seats") };
        assert_eq!((code, seats), (ErrorCode::SeatTaken, vec![seat]));
        let lost = KitflikError::from(EngineError::Contended);
        assert!(matches!(lost, KitflikError::Retry { code: ErrorCode::Contended, .. }));
        let field = crate::error::Invalid::one("seats", "required", "seats must not be empty");
        let KitflikError::Invalid { fields, .. } = crate::BookingError::from(field).into() else {
            panic!("fields")
        };
        assert_eq!(fields[0].path, "seats");
        let gone = KitflikError::from(crate::UserError::NotFound);
        assert!(matches!(gone, KitflikError::Refused { code: ErrorCode::NotFound, .. }));
    }
}
