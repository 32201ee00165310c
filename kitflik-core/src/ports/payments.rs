//! Money is moved through this port. No card number ever passes it: a provider's reference does.

pub(crate) mod test_provider;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::BookingId;
use crate::money::Money;

/// An order to take money for a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Capture {
    /// The idempotency key: a provider takes the money of one booking once.
    pub booking: BookingId,
    /// How much.
    pub amount: Money,
    /// What the caller attached: a provider's intent or token.
    pub reference: Option<String>,
}

/// What a provider knows of the money of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The money is taken.
    Captured {
        /// The provider's name for the charge.
        charge: String,
    },
    /// The money will not be taken.
    Declined {
        /// Why, for the customer.
        reason: String,
    },
    /// Not decided yet; ask again.
    Pending,
    /// The provider has never heard of it.
    Unknown,
    /// The money was taken and given back.
    Refunded,
}

/// Why a provider gave no answer. The money may have moved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
#[non_exhaustive]
pub enum PaymentError {
    /// Ask again.
    #[error("the payment provider did not answer: {reason}")]
    NoAnswer {
        /// What happened, for the operator.
        reason: String,
    },
}

/// A payment provider. Every call is idempotent by booking.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
#[async_trait]
pub trait Payments: Send + Sync {
    /// Takes the money, once per booking, and answers what became of it.
    ///
    /// # Errors
    /// [`PaymentError`]: the money may or may not be taken; the engine asks [`status`](Payments::status) later.
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError>;

    /// What became of the money of a booking. After the answer [`PaymentStatus::Unknown`] or
    /// [`PaymentStatus::Declined`] it must not be taken without a new [`capture`](Payments::capture).
    ///
    /// # Errors
    /// [`PaymentError`]: ask again.
    async fn status(&self, booking: BookingId) -> Result<PaymentStatus, PaymentError>;

    /// Gives captured money back, once per booking.
    ///
    /// # Errors
    /// [`PaymentError`]: ask again.
    async fn refund(&self, booking: BookingId, amount: Money) -> Result<PaymentStatus, PaymentError>;
}
