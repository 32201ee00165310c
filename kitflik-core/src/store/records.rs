//! What is stored: versioned JSON documents. They never leave the core; views are made from them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actor::Role;
use crate::bookings::{BookingStatus, CancelledBy, Customer, QuoteLine, RefundStatus};
use crate::catalog::{CategoryPrice, ShowFormat};
use crate::ids::{
    AuditoriumId, BookingId, LayoutId, MailId, MovieId, PriceCardId, SeatId, ShowId, StaffId, TicketType,
    UserId, VenueId,
};
use crate::money::{Currency, Money};
use crate::seats::layout::{Category, Seat, SeatNo};
use crate::seats::rules::SelectionRules;
use crate::time::{Date, Timestamp, Zone, millis};

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

records! {
    /// Rewritten by every change of the catalogue.
    CatalogEpoch {
        #[serde(with = "millis")]
        changed_at: Timestamp,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

    #[derive(PartialEq)]
    Movie {
        title: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        genres: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        director: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rating: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_minutes: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_date: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distributor: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synopsis: Option<String>,
    }

    Venue {
        name: String,
        city: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        zone: Zone,
    }

    Auditorium {
        venue: VenueId,
        name: String,
        layout: LayoutId,
        seats: u32,
    }

    /// The head of a layout; its seats stand in `rows` chunks.
    LayoutHead {
        name: String,
        categories: Vec<Category>,
        seats: u32,
        chunks: u32,
    }

    LayoutChunk {
        seats: Vec<Seat>,
    }

    PriceCard {
        name: String,
        currency: Currency,
        prices: Vec<CategoryPrice>,
        booking_fee_minor: i64,
    }

    /// Rewritten by every command that adds or moves a show of the auditorium.
    Schedule {
        shows: u64,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

    ScheduledShow {
        #[serde(with = "millis")]
        until: Timestamp,
    }

    Show {
        movie: MovieId,
        movie_title: String,
        auditorium: AuditoriumId,
        layout: LayoutId,
        price_card: PriceCardId,
        #[serde(with = "millis")]
        starts_at: Timestamp,
        #[serde(with = "millis")]
        ends_at: Timestamp,
        #[serde(with = "millis")]
        sales_open_at: Timestamp,
        #[serde(with = "millis")]
        sales_close_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subtitles: Option<String>,
        format: ShowFormat,
        closed: bool,
        cancelled: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_seats_per_customer: Option<u32>,
        selection: SelectionRules,
    }

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

    EmailClaim {
        user: UserId,
    }

    User {
        email: String,
        name: String,
        password_hash: String,
        email_verified: bool,
        #[serde(with = "millis")]
        created_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locale: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Zone>,
        #[serde(default)]
        marketing_consent: bool,
        /// Sessions of an earlier epoch are over: to raise it ends them all by one write.
        #[serde(default)]
        epoch: u64,
        /// Set once it is decided that the account goes: nobody logs in any more, and `tick` finishes what is left.
        #[serde(default)]
        deleting: bool,
    }

    Session {
        owner: SessionOwner,
        /// How often its refresh token has been used. The token that is valid now is derived from this and the master
        /// key, so nothing here opens the session.
        generation: u64,
        #[serde(with = "millis")]
        created_at: Timestamp,
        #[serde(with = "millis")]
        expires_at: Timestamp,
        /// The epoch of its owner in which it was opened.
        #[serde(default)]
        epoch: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
        /// The network that it was opened from, not the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_used_at: Option<i64>,
    }

    /// Finds the sessions of a user.
    UserSession {
        #[serde(with = "millis")]
        expires_at: Timestamp,
        epoch: u64,
    }

    /// Attempts that failed, and when the last one did.
    Tries {
        failures: u32,
        #[serde(with = "millis")]
        last_at: Timestamp,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// A code that was mailed. Code and link are derived from this and the master key, so nothing here opens anything.
    Code {
        nonce: String,
        /// How often it was guessed at.
        tries: u32,
        #[serde(with = "millis")]
        expires_at: Timestamp,
        /// The address that it is to confirm, if that is not the account's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        mark: u32,
    }

    /// An account on its way out.
    Deleting {
        #[serde(with = "millis")]
        started_at: Timestamp,
        /// Bookings that stand in the way are to be cancelled.
        #[serde(default)]
        cancel: bool,
        /// The house decided it, not the customer.
        #[serde(default)]
        by_house: bool,
        /// It was looked for bookings that stand in the way, after the last one could be made.
        agreed: bool,
        /// How far its bookings have been looked through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_through: Option<BookingId>,
        /// Random, from a sale that was made before it was agreed.
        #[serde(default)]
        touched: u32,
    }

    StaffEmailClaim {
        staff: StaffId,
    }

    #[derive(PartialEq)]
    Staff {
        email: String,
        name: String,
        /// Empty until they chose one.
        password_hash: String,
        role: Role,
        #[serde(with = "millis")]
        created_at: Timestamp,
        #[serde(default)]
        disabled: bool,
        /// Moves on when all their sessions end.
        #[serde(default)]
        epoch: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation: Option<Invitation>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_factor: Option<SecondFactor>,
        /// The masked secret of a second factor that is being set up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered_factor: Option<String>,
    }

    /// Every active admin. Rewritten by every command that adds or removes one.
    StaffAdmins {
        admins: Vec<StaffId>,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

    FirstStaff {
        staff: StaffId,
    }

    /// The end of the chain of what a member of staff did.
    AuditHead {
        /// Entries in the chain.
        count: u64,
        /// The hash of the last one.
        hash: String,
        /// Over the number and the hash, by a key that the store does not have.
        seal: String,
    }

    /// One thing that a member of staff did. Who, and the how manyth, says its key.
    AuditEntry {
        #[serde(with = "millis")]
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        verb: String,
        /// What was written, as `noun/id`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subjects: Vec<String>,
        /// How many more were written than `subjects` has room for.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Random, so that no two entries are the same.
        nonce: String,
        /// The hash of the entry before; empty for the first.
        prev: String,
        hash: String,
    }

    /// An entry's place in the order of time.
    AuditTime {}

    /// How many chains there are, so that none is taken away as a whole.
    AuditChains {
        chains: u64,
        seal: String,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

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
        attempts: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_error: Option<String>,
    }

    /// The answer to a command, kept for its repeats.
    Receipt {
        request_digest: String,
        #[serde(with = "millis")]
        at: Timestamp,
        reply: Box<serde_json::value::RawValue>,
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What an invitation's token is derived from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) nonce: String,
    #[serde(with = "millis")]
    pub(crate) expires_at: Timestamp,
}

/// One-time codes that somebody logs in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    /// What the codes are made from, covered by a key that the store does not have.
    pub(crate) masked: String,
    /// The time step of the last code that was used: it and those before open nothing any more.
    pub(crate) last_step: u64,
    /// Keyed hashes of the recovery codes that are left.
    pub(crate) recovery: Vec<String>,
    /// Wrong codes since the last right one.
    #[serde(default)]
    pub(crate) wrong: u32,
    /// No code is looked at before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wait_until: Option<i64>,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionOwner {
    User(UserId),
    Staff(StaffId),
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
}

/// Which code a mail tells: the code itself is derived when the mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailedCode {
    pub(crate) user: UserId,
    pub(crate) nonce: String,
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
