//! What is stored of customers and staff.

use serde::{Deserialize, Serialize};

use super::Form;
use crate::actor::Role;
use crate::ids::{BookingId, StaffId, UserId};
use crate::time::{Timestamp, Zone, millis};

records! {
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
