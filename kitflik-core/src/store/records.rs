//! What is stored: versioned JSON documents. They never leave the core; views are made from them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{BookingId, MailId, StaffId, UserId};
use crate::time::{Timestamp, Zone, millis};

/// A stored document.
pub(crate) trait Record: Serialize + DeserializeOwned + Send + Sync {}
impl<T: Serialize + DeserializeOwned + Send + Sync> Record for T {}

/// The version of a record's form, written as `"v":1`. A document of another version is not read as this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Form<const V: u8>;

impl<const V: u8> Serialize for Form<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(V)
    }
}

impl<'de, const V: u8> Deserialize<'de> for Form<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            found if found == V => Ok(Self),
            found => Err(serde::de::Error::custom(format!("record form {found}, this version reads {V}"))),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_nothing(amount: &i64) -> bool {
    *amount == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Serialize, Deserialize)]
            pub(crate) struct $name {
                #[serde(default)]
                pub(crate) v: Form<1>,
                $($(#[$field_doc])* pub(crate) $field: $type,)*
            }
        )*
    };
}

mod accounts;
mod bookings;
mod catalog;
mod check_ins;
mod jobs;
mod money;

pub(crate) use accounts::*;
pub(crate) use bookings::*;
pub(crate) use catalog::*;
pub(crate) use check_ins::*;
pub(crate) use jobs::*;
pub(crate) use money::*;

records! {
    /// What tells master keys apart, and opens nothing.
    MasterKeyMark {
        mark: String,
    }

    Outbox {
        mail: MailId,
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_name: Option<String>,
        content: MailContent,
        /// Whose account it is about: what waits for an account that is gone is not sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// The language that its reader had chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locale: Option<String>,
        attempts: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_error: Option<String>,
    }

    /// When the confirmation of a booking was mailed once more.
    MailedAgain {
        #[serde(with = "millis")]
        at: Timestamp,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// The answer to a command, kept for its repeats.
    Receipt {
        request_digest: String,
        #[serde(with = "millis")]
        at: Timestamp,
        reply: Box<serde_json::value::RawValue>,
    }
}

/// What a mail is about. It is rendered when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum MailContent {
    Welcome {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<MailedCode>,
    },
    AlreadyRegistered,
    StaffInvited {
        staff: StaffId,
    },
    VerifyEmail {
        code: MailedCode,
    },
    PasswordCode {
        code: MailedCode,
    },
    PasswordChanged,
    EmailCode {
        code: MailedCode,
    },
    EmailChanging,
    EmailChanged,
    SessionReused,
    AccountDeleted,
    BookingConfirmed {
        booking: BookingId,
    },
    BookingCancelled {
        booking: BookingId,
    },
    /// Some of its tickets went back, for that time.
    TicketsReturned {
        booking: BookingId,
        number: u32,
    },
    /// A payment came too late for it, and goes back.
    PaymentReturned {
        booking: BookingId,
        charge: u32,
    },
    /// Its show is cancelled, and it with it.
    ShowCancelled {
        booking: BookingId,
    },
    ShowMoved {
        booking: BookingId,
        /// When it was before.
        #[serde(with = "millis")]
        from: Timestamp,
        /// Where it was before, and on whose clocks.
        auditorium: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Zone>,
    },
    NewReleases {
        user: UserId,
        /// Which run told of which films.
        #[serde(with = "millis")]
        run: Timestamp,
    },
    ShowReminder {
        booking: BookingId,
    },
    OccupancyReport {
        staff: StaffId,
        #[serde(with = "millis")]
        from: Timestamp,
        #[serde(with = "millis")]
        to: Timestamp,
    },
}

impl Outbox {
    /// A mail that was not tried yet.
    pub(crate) fn new(mail: MailId, to: String, to_name: Option<String>, content: MailContent) -> Self {
        Self { v: Form, mail, to, to_name, content, user: None, locale: None, attempts: 0, last_error: None }
    }
}

/// Which code a mail tells: the code itself is derived when the mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailedCode {
    pub(crate) user: UserId,
    pub(crate) nonce: String,
}
