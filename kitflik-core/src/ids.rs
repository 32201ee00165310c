//! Identifiers. Each noun has its own type, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use uuid::Uuid;

use crate::limits;
use crate::time::Timestamp;

/// A text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a {what}: expected a UUID such as 018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77")]
pub struct InvalidId {
    what: &'static str,
    text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// A UUID; those that the engine makes are of version 7 and sort by the time of their making.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[cfg_attr(feature = "typescript", tsify(type = "string"))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        pub struct $name(Uuid);

        impl $name {
            /// A new id from the time of the command and ten random bytes.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The id that these sixteen bytes stand for, for ids that are derived from content.
            #[must_use]
            pub fn from_digest(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
            }

            /// The sixteen bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with exactly these sixteen bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| InvalidId { what: $what, text: text.chars().take(64).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A film or event.
    MovieId,
    "movie id"
);
id!(
    /// A place with auditoriums.
    VenueId,
    "venue id"
);
id!(
    /// A hall of a venue.
    AuditoriumId,
    "auditorium id"
);
id!(
    /// One version of the seats of an auditorium. It never changes, so its views can be cached for ever.
    LayoutId,
    "layout id"
);
id!(
    /// The prices of a show.
    PriceCardId,
    "price card id"
);
id!(
    /// A discount code. It is made from the code, so that a code has one.
    VoucherId,
    "discount code id"
);
id!(
    /// A movie in an auditorium at a time.
    ShowId,
    "show id"
);
id!(
    /// A booking: a hold, and what became of it.
    BookingId,
    "booking id"
);
id!(
    /// One seat of one confirmed booking.
    TicketId,
    "ticket id"
);
id!(
    /// A customer account.
    UserId,
    "user id"
);
id!(
    /// A staff account.
    StaffId,
    "staff id"
);
id!(
    /// A log-in on one device.
    SessionId,
    "session id"
);
id!(
    /// A mail; also its `Message-ID`.
    MailId,
    "mail id"
);

/// A text that does not fit where it was given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} must be {allowed}")]
pub struct InvalidText {
    what: &'static str,
    allowed: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[cfg_attr(feature = "typescript", tsify(type = "string"))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        pub struct $name(String);

        impl $name {
            /// Takes a text of visible characters within the bound.
            ///
            /// # Errors
            /// [`InvalidText`] says what is allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
                let text = text.into();
                let fits = !text.is_empty()
                    && text.chars().count() <= $max
                    && text.trim() == text
                    && !text.chars().any(char::is_control);
                if fits {
                    Ok(Self(text))
                } else {
                    Err(InvalidText {
                        what: $what,
                        allowed: format!("1 to {} characters, without control characters or outer spaces", $max),
                    })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// A seat of a layout, as its plan names it: `A1`, or the `seat_guid` of an imported plan.
    SeatId,
    "a seat id",
    limits::MAX_SEAT_ID_CHARS
);
text_id!(
    /// A price category of a layout, such as `standard`.
    CategoryId,
    "a category",
    limits::MAX_LABEL_CHARS
);
text_id!(
    /// What kind of person a ticket is for, such as `adult` or `child`.
    TicketType,
    "a ticket type",
    limits::MAX_LABEL_CHARS
);
text_id!(
    /// A name that a client chooses for one command, so that a repeat has no second effect. Over HTTP it is the
    /// `Idempotency-Key`; a random UUID is a good one.
    CommandId,
    "a command id",
    limits::MAX_COMMAND_ID_CHARS
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_text() {
        let early = BookingId::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = BookingId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse::<BookingId>(), Ok(early));
        let json = serde_json::to_string(&early).unwrap();
        assert_eq!(serde_json::from_str::<BookingId>(&json).unwrap(), early);
    }

    #[test]
    fn junk_is_refused_with_an_example() {
        let error = "nonsense".parse::<ShowId>().unwrap_err().to_string();
        assert!(error.contains("show id") && error.contains("expected a UUID"), "{error}");
        assert!(SeatId::new("").is_err());
        assert!(SeatId::new(" A1").is_err());
        assert!(SeatId::new("A\u{0}").is_err());
        assert!(SeatId::new("x".repeat(limits::MAX_SEAT_ID_CHARS)).is_ok());
        assert!(SeatId::new("x".repeat(limits::MAX_SEAT_ID_CHARS + 1)).is_err());
    }
}
