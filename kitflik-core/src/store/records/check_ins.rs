//! What is stored of tickets at the gate.

use serde::{Deserialize, Serialize};

use super::Form;
use crate::ids::{BookingId, StaffId};
use crate::time::{Timestamp, millis};

records! {
    /// Who went in with a ticket. It lets in once: what more there is, devices without a network have added.
    UsedTicket {
        booking: BookingId,
        /// The earliest first. None: all were undone.
        scans: Vec<Scanned>,
        /// There were more than are kept.
        #[serde(default, skip_serializing_if = "is_false")]
        more: bool,
        /// The names of scans that were undone: they do not come back with a device that uploads them again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undone: Vec<String>,
    }

    /// A ticket that staff have made invalid.
    RevokedTicket {
        #[serde(with = "millis")]
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<StaffId>,
        reason: String,
        /// Another ticket stands in for it.
        #[serde(default, skip_serializing_if = "is_false")]
        reissued: bool,
    }

    /// A ticket that was given back, or cancelled with its booking.
    ReturnedTicket {
        #[serde(with = "millis")]
        at: Timestamp,
    }
}

/// One scan that let somebody in. The order is the order in which scans win.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Scanned {
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    pub(crate) device: String,
    pub(crate) nonce: String,
    /// By a device without a network.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) offline: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<StaffId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
