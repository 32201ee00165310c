//! What is stored of money that has moved.

use serde::{Deserialize, Serialize};

use super::Form;
use crate::bookings::SalesChannel;
use crate::ids::{BookingId, ShowId};
use crate::money::Money;
use crate::time::{Timestamp, millis};

records! {
    /// One line of the house's books. It is written in the batch of what it tells, and never changed.
    MoneyEntry {
        booking: BookingId,
        show: ShowId,
        #[serde(with = "millis")]
        at: Timestamp,
        event: MoneyEvent,
        amount: Money,
        /// Who took or gave the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// Where it was sold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<SalesChannel>,
    }
}

/// What a line of the books tells. What was sold less what was returned is owed; what was captured less what was
/// refunded is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MoneyEvent {
    /// A booking was confirmed: its total is owed.
    Sold,
    /// It was cancelled, or some of its tickets were: so much is not owed any more.
    Returned,
    /// Money came in, for a sale or not.
    Captured,
    /// Money went out.
    Refunded,
}

impl MoneyEvent {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sold => "sold",
            Self::Returned => "returned",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }
}
