//! A provider that moves no money and does as it is told.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Capture, PaymentError, PaymentStatus, Payments};
use crate::ids::BookingId;
use crate::money::Money;

/// A payment provider for demos and tests. The reference of a capture says what happens:
///
/// - `decline`: it is declined.
/// - `timeout_before`: no answer, and no money taken.
/// - `timeout_after`: no answer, but the money is taken.
/// - anything else, or none: the money is taken.
///
/// Its books are in memory: a restart forgets them.
#[derive(Debug, Default)]
pub struct TestPayments {
    books: Mutex<BTreeMap<BookingId, Entry>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    captured: Money,
    refunded: bool,
}

impl TestPayments {
    /// With empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was taken and not given back, by booking.
    #[must_use]
    pub fn taken(&self) -> Vec<(BookingId, Money)> {
        let books = self.books.lock();
        let kept = books.iter().filter(|(_, entry)| !entry.refunded);
        kept.map(|(booking, entry)| (*booking, entry.captured)).collect()
    }

    fn status_of(&self, booking: BookingId) -> PaymentStatus {
        match self.books.lock().get(&booking) {
            None => PaymentStatus::Unknown,
            Some(Entry { refunded: true, .. }) => PaymentStatus::Refunded,
            Some(_) => PaymentStatus::Captured { charge: format!("test-{booking}") },
        }
    }

    fn take(&self, capture: &Capture) {
        let entry = Entry { captured: capture.amount, refunded: false };
        self.books.lock().entry(capture.booking).or_insert(entry);
    }
}

#[async_trait]
impl Payments for TestPayments {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        let no_answer = || Err(PaymentError::NoAnswer { reason: "the script says: no answer".to_owned() });
        match capture.reference.as_deref() {
            Some("decline") => {
                return Ok(PaymentStatus::Declined { reason: "the script says so".to_owned() });
            }
            Some("timeout_before") => return no_answer(),
            Some("timeout_after") => {
                self.take(&capture);
                return no_answer();
            }
            _ => self.take(&capture),
        }
        Ok(self.status_of(capture.booking))
    }

    async fn status(&self, booking: BookingId) -> Result<PaymentStatus, PaymentError> {
        Ok(self.status_of(booking))
    }

    async fn refund(&self, booking: BookingId, _: Money) -> Result<PaymentStatus, PaymentError> {
        if let Some(entry) = self.books.lock().get_mut(&booking) {
            entry.refunded = true;
        }
        Ok(self.status_of(booking))
    }
}
