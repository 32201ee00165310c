//! A provider that moves no money and does as it is told.

use std::collections::BTreeMap;
use std::mem;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::signature::EventSignature;
use super::{
    Capture, ChargeId, EventError, EventHeader, PaymentError, PaymentStatus, Payments, ProviderEvent, Refund,
    SignedEvent,
};
use crate::ids::BookingId;
use crate::money::Money;
use crate::time::Timestamp;

/// Where the signatures of the test provider's events stand.
const SIGNATURE: &str = "payment-signature";
/// How often it is asked for what waits before it decides.
const PATIENCE: u32 = 2;

/// A payment provider for demos and tests. The reference of a capture says what happens:
///
/// - `decline`: it is declined.
/// - `pending`, `pending_decline`: it is pending, and then taken or declined, once it was asked for twice or
///   [`TestPayments::settle`] is called.
/// - `timeout_before`: no answer, and no money taken.
/// - `timeout_after`: no answer, but the money is taken.
/// - `charge_late`: it is declined, and taken all the same later, as above.
/// - `forget_and_charge_late`: no answer; it was never heard of, and is taken later, as above.
/// - `refund_fails_once`: the money is taken, and the first time that any of it is to go back there is no answer.
/// - anything else, or none: the money is taken.
///
/// Its books are in memory, and can be kept: [`TestPayments::books`], [`TestPayments::with_books`].
#[derive(Debug, Default)]
pub struct TestPayments {
    books: Mutex<TestBooks>,
    signature: Option<EventSignature>,
}

/// All that a [`TestPayments`] knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestBooks {
    /// By [`ChargeId`], as text.
    pub charges: BTreeMap<String, TestCharge>,
    /// How many events there were.
    pub events: u64,
    /// Those that were not sent.
    pub unsent: Vec<ProviderEvent>,
}

/// What a [`TestPayments`] knows of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCharge {
    /// How much was asked for.
    pub amount: Money,
    /// The script.
    pub reference: Option<String>,
    /// What it answers.
    pub status: PaymentStatus,
    /// How often it was asked for what waits.
    pub asked: u32,
    /// What went back, by number.
    pub refunds: BTreeMap<u32, Money>,
    /// A refund has failed, as its script wants it once.
    pub refund_failed: bool,
}

impl TestCharge {
    fn is_taken(&self) -> bool {
        matches!(self.status, PaymentStatus::Captured { .. })
    }

    /// What was taken and has not gone back.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        let refunded: i64 = self.refunds.values().map(|refund| refund.amount_minor).sum();
        if self.is_taken() { self.amount.amount_minor - refunded } else { 0 }
    }

    fn says(&self) -> PaymentStatus {
        if self.is_taken() && self.left_minor() == 0 { PaymentStatus::Refunded } else { self.status.clone() }
    }

    /// What becomes of what waits, by its script; `None` if nothing waits.
    fn next(&self, charge: ChargeId) -> Option<PaymentStatus> {
        match (self.reference.as_deref()?, &self.status) {
            ("pending", PaymentStatus::Pending)
            | ("charge_late", PaymentStatus::Declined { .. })
            | ("forget_and_charge_late", PaymentStatus::Unknown) => Some(taken(charge)),
            ("pending_decline", PaymentStatus::Pending) => Some(declined()),
            _ => None,
        }
    }
}

fn taken(charge: ChargeId) -> PaymentStatus {
    PaymentStatus::Captured { charge: format!("test-{charge}") }
}

fn declined() -> PaymentStatus {
    PaymentStatus::Declined { reason: "the script says so".to_owned() }
}

fn no_answer<T>() -> Result<T, PaymentError> {
    Err(PaymentError::NoAnswer { reason: "the script says: no answer".to_owned() })
}

impl TestBooks {
    fn tell(&mut self, charge: ChargeId, status: PaymentStatus) {
        self.events += 1;
        self.unsent.push(ProviderEvent { id: format!("evt-{}", self.events), charge, status });
    }

    fn settle(&mut self, charge: ChargeId, loud: bool) {
        let Some(entry) = self.charges.get_mut(&charge.to_string()) else { return };
        let Some(status) = entry.next(charge) else { return };
        entry.status = status.clone();
        if loud {
            self.tell(charge, status);
        }
    }
}

impl TestPayments {
    /// With empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With books that were kept.
    #[must_use]
    pub fn with_books(books: TestBooks) -> Self {
        Self { books: Mutex::new(books), signature: None }
    }

    /// Sends events that are signed with a secret, and takes them in: see [`TestPayments::events`].
    #[must_use]
    pub fn with_events(self, secret: &[u8]) -> Self {
        Self { signature: Some(EventSignature::new(secret)), ..self }
    }

    /// All that it knows, to be kept.
    #[must_use]
    pub fn books(&self) -> TestBooks {
        self.books.lock().clone()
    }

    /// What was taken and not given back, by booking.
    #[must_use]
    pub fn taken(&self) -> Vec<(BookingId, Money)> {
        let mut sums = BTreeMap::<BookingId, Money>::new();
        for (key, entry) in self.books.lock().charges.iter().filter(|(_, entry)| entry.left_minor() != 0) {
            let Ok(charge) = key.parse::<ChargeId>() else { continue };
            let none = Money::new(0, entry.amount.currency);
            sums.entry(charge.booking).or_insert(none).amount_minor += entry.left_minor();
        }
        sums.into_iter().collect()
    }

    /// Decides what waits of a charge now: what is pending, or is charged late.
    pub fn settle(&self, charge: ChargeId) {
        self.books.lock().settle(charge, self.signature.is_some());
    }

    /// The events that were not sent so far, signed, the oldest first. Each is told once here: to send one twice, or in
    /// another order, is the sender's matter. None without [`TestPayments::with_events`].
    #[must_use]
    pub fn events(&self, now: Timestamp) -> Vec<SignedEvent> {
        let Some(signature) = &self.signature else { return Vec::new() };
        let unsent = mem::take(&mut self.books.lock().unsent);
        let sign = |event: ProviderEvent| {
            let body = serde_json::to_string(&event).unwrap_or_default();
            let value = signature.sign(&body, now);
            let headers = vec![EventHeader { name: SIGNATURE.to_owned(), value }];
            SignedEvent { headers, body, received_at: now }
        };
        unsent.into_iter().map(sign).collect()
    }
}

#[async_trait]
impl Payments for TestPayments {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        let mut books = self.books.lock();
        let script = capture.reference.as_deref();
        let key = capture.charge.to_string();
        if let Some(entry) = books.charges.get(&key) {
            let unheard = matches!(script, Some("timeout_after" | "forget_and_charge_late"));
            return if unheard { no_answer() } else { Ok(entry.says()) };
        }
        let status = match script {
            Some("timeout_before") => return no_answer(),
            Some("decline" | "charge_late") => declined(),
            Some("pending" | "pending_decline") => PaymentStatus::Pending,
            Some("forget_and_charge_late") => PaymentStatus::Unknown,
            _ => taken(capture.charge),
        };
        let unheard = matches!(script, Some("timeout_after" | "forget_and_charge_late"));
        let entry = TestCharge {
            amount: capture.amount,
            reference: capture.reference.clone(),
            status: status.clone(),
            asked: 0,
            refunds: BTreeMap::new(),
            refund_failed: false,
        };
        books.charges.insert(key, entry);
        if self.signature.is_some() && status != PaymentStatus::Unknown {
            books.tell(capture.charge, status.clone());
        }
        if unheard { no_answer() } else { Ok(status) }
    }

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        let mut books = self.books.lock();
        let Some(entry) = books.charges.get_mut(&charge.to_string()) else {
            return Ok(PaymentStatus::Unknown);
        };
        entry.asked += 1;
        if entry.asked > PATIENCE {
            books.settle(charge, self.signature.is_some());
        }
        Ok(books.charges.get(&charge.to_string()).map_or(PaymentStatus::Unknown, TestCharge::says))
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        let mut books = self.books.lock();
        let Some(entry) = books.charges.get_mut(&refund.charge.to_string()) else {
            return Ok(PaymentStatus::Unknown);
        };
        if entry.reference.as_deref() == Some("refund_fails_once") && !entry.refund_failed {
            entry.refund_failed = true;
            return no_answer();
        }
        if !entry.refunds.contains_key(&refund.number) {
            if refund.amount.amount_minor > entry.left_minor() {
                let reason = format!("{} is more than is left", refund.amount);
                return Ok(PaymentStatus::Declined { reason });
            }
            entry.refunds.insert(refund.number, refund.amount);
            let says = entry.says();
            if self.signature.is_some() {
                books.tell(refund.charge, says);
            }
        }
        Ok(PaymentStatus::Refunded)
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        let signature = self.signature.as_ref().ok_or(EventError::NotSupported)?;
        let missing = || EventError::BadSignature { reason: format!("the header {SIGNATURE} is missing") };
        let given = event.header(SIGNATURE).ok_or_else(missing)?;
        signature.verify(given, &event.body, event.received_at)?;
        let read = serde_json::from_str(&event.body);
        read.map(Some).map_err(|error| EventError::Malformed { reason: error.to_string() })
    }
}
