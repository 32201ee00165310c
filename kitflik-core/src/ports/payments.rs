//! Money is moved through this port. No card number ever passes it: a provider's reference does.

pub(crate) mod signature;
pub(crate) mod test_provider;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::BookingId;
use crate::money::Money;
use crate::time::Timestamp;

/// One asking for the money of a booking. Written as `{booking}-{number}` it is the idempotency key towards a
/// provider: the money of one charge is taken once, and a second asking, at another price or after the first was
/// declined, is another charge.
///
/// ```
/// use kitflik_core::ChargeId;
/// let charge: ChargeId = "0199f0a0-0000-7000-8000-000000000000-2".parse()?;
/// assert_eq!(charge.number, 2);
/// assert_eq!(charge.to_string(), "0199f0a0-0000-7000-8000-000000000000-2");
/// # Ok::<(), kitflik_core::InvalidCharge>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChargeId {
    /// The booking.
    pub booking: BookingId,
    /// Which charge of the booking, from 1.
    pub number: u32,
}

impl fmt::Display for ChargeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.booking, self.number)
    }
}

/// A text that names no charge.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a charge: expected a booking and a number, such as 018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77-1"
)]
pub struct InvalidCharge(String);

impl FromStr for ChargeId {
    type Err = InvalidCharge;

    fn from_str(text: &str) -> Result<Self, InvalidCharge> {
        let parts = text.rsplit_once('-');
        let charge = parts.and_then(|(booking, number)| {
            Some(Self { booking: booking.parse().ok()?, number: number.parse().ok()? })
        });
        charge.ok_or_else(|| InvalidCharge(text.chars().take(64).collect()))
    }
}

/// An order to take money for a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Capture {
    /// The idempotency key: a provider takes the money of one charge once.
    pub charge: ChargeId,
    /// How much.
    pub amount: Money,
    /// What the caller attached: a provider's intent or token.
    pub reference: Option<String>,
}

/// An order to give money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Refund {
    /// The charge whose money goes back.
    pub charge: ChargeId,
    /// Which refund of the charge, from 1. Charge and number together are the idempotency key: the same order may be
    /// given more than once, and the money goes back once.
    pub number: u32,
    /// How much: all of the charge, or a part.
    pub amount: Money,
}

/// What a provider knows of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The money is taken. It stays this answer while parts of it have gone back.
    Captured {
        /// The provider's name for the charge.
        charge: String,
    },
    /// The money will not be taken.
    Declined {
        /// Why, for the customer.
        reason: String,
    },
    /// Not decided yet: the customer has to do something, or the bank. Ask again, or wait for the event.
    Pending,
    /// The provider has never heard of it.
    Unknown,
    /// The money was taken and given back, all of it. As the answer to [`Payments::refund`]: what was ordered has gone
    /// back.
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

/// A line of the head of a provider's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct EventHeader {
    /// Its name, in small letters.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// What somebody sent who says that they are a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SignedEvent {
    /// Its head, where signatures are.
    pub headers: Vec<EventHeader>,
    /// Its body, exactly as it came: signatures are over that.
    pub body: String,
    /// When it came.
    pub received_at: Timestamp,
}

impl SignedEvent {
    /// What a header says, whichever way its name is written.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_str())
    }
}

/// What a provider tells of its own accord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ProviderEvent {
    /// The provider's name for the event, by which a second telling is known.
    pub id: String,
    /// The charge that it is about.
    pub charge: ChargeId,
    /// What became of it, by the event.
    pub status: PaymentStatus,
}

/// Why an event is not listened to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
#[non_exhaustive]
pub enum EventError {
    /// This provider sends none.
    #[error("this payment provider sends no events")]
    NotSupported,
    /// It does not come from the provider, or it is too old.
    #[error("the event is not signed by the payment provider: {reason}")]
    BadSignature {
        /// What is wrong with it.
        reason: String,
    },
    /// It is signed, and cannot be read.
    #[error("the event cannot be read: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
}

/// A payment provider. Every call is idempotent, captures by charge and refunds by charge and number.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
#[async_trait]
pub trait Payments: Send + Sync {
    /// Takes the money, once per charge, and answers what became of it.
    ///
    /// # Errors
    /// [`PaymentError`]: the money may or may not be taken; the engine asks [`status`](Payments::status) later.
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError>;

    /// What became of a charge. After the answer [`PaymentStatus::Unknown`] or [`PaymentStatus::Declined`] it should
    /// not be taken without a new [`capture`](Payments::capture); where it is, the engine finds the money and sells
    /// for it, or gives it back.
    ///
    /// # Errors
    /// [`PaymentError`]: ask again.
    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError>;

    /// Gives captured money back, all or a part, once per refund. The answer is [`PaymentStatus::Refunded`] once this
    /// refund is made, and [`PaymentStatus::Pending`] while it is on its way.
    ///
    /// # Errors
    /// [`PaymentError`]: ask again.
    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError>;

    /// Makes sure that an event comes from the provider, and reads it; `None` if it is about nothing that the house
    /// knows. It moves nothing: what an event tells is taken in by
    /// [`Bookings::payment_event`](crate::Bookings::payment_event).
    ///
    /// # Errors
    /// [`EventError`]; [`EventError::NotSupported`] by providers that send none.
    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError>;
}
