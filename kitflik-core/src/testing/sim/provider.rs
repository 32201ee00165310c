//! The payment provider of the simulation: slow, forgetful in its answers, charging late, and telling things twice and
//! in any order.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;

use super::auditor::Auditor;
use super::turn;
use crate::testing::ports::SeededEntropy;
use crate::{
    Capture, ChargeId, EventError, Kitflik, PaymentError, PaymentStatus, Payments, ProviderEvent, Refund,
    SignedEvent, TestPayments, Timestamp,
};

/// A provider whose answers are slow, and get lost.
pub(super) struct FlakyPayments {
    pub(super) luck: Arc<SeededEntropy>,
    pub(super) books: Arc<TestPayments>,
}

impl FlakyPayments {
    async fn lose(&self, percent: u64) -> Result<(), PaymentError> {
        turn().await;
        if self.luck.chance(percent) {
            Err(PaymentError::NoAnswer { reason: "timeout".to_owned() })
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl Payments for FlakyPayments {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        self.lose(10).await?;
        let answer = self.books.capture(capture).await;
        self.lose(15).await?;
        answer
    }

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        self.lose(10).await?;
        let answer = self.books.status(charge).await;
        self.lose(5).await?;
        answer
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        self.lose(10).await?;
        let answer = self.books.refund(refund).await;
        self.lose(15).await?;
        answer
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        // Events of the simulation are on their way for as long as it likes.
        let signed_at = event
            .header("payment-signature")
            .and_then(|signature| signature.strip_prefix("t=")?.split(',').next()?.parse::<i64>().ok());
        let received_at = Timestamp::from_millis(signed_at.unwrap_or(0) * 1_000);
        self.books.verify_event(SignedEvent { received_at, ..event }).await
    }
}

/// Events that the provider has sent, or will send again.
pub(super) struct Post {
    pub(super) luck: Arc<SeededEntropy>,
    pub(super) books: Arc<TestPayments>,
    pub(super) waiting: Rc<RefCell<Vec<SignedEvent>>>,
}

impl Post {
    /// Carries events for ever: some are told twice, and none in its turn.
    pub(super) async fn carry(self, engines: Vec<Kitflik>, auditor: Rc<RefCell<Auditor>>) {
        loop {
            for _ in 0..self.luck.below(4) {
                turn().await;
            }
            let Some(engine) = engines.get(self.below(engines.len())) else { return };
            self.collect(engine.now());
            let event = {
                let mut waiting = self.waiting.borrow_mut();
                let place = self.below(waiting.len());
                if waiting.is_empty() { None } else { Some(waiting.swap_remove(place)) }
            };
            turn().await;
            let Some(event) = event else { continue };
            let again = self.luck.chance(30);
            let told = tell(engine, &event).await;
            auditor.borrow_mut().tally.events += u64::from(told);
            if again || !told {
                self.waiting.borrow_mut().push(event);
            }
        }
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.luck.below(bound as u64)).unwrap_or(0)
    }

    /// Takes what the provider has to tell. Now and then it charges late, or decides what was pending.
    pub(super) fn collect(&self, now: Timestamp) {
        if self.luck.chance(30) {
            let charges = self.books.books().charges;
            let place = self.below(charges.len());
            if let Some(charge) = charges.keys().nth(place).and_then(|key| key.parse().ok()) {
                self.books.settle(charge);
            }
        }
        self.waiting.borrow_mut().extend(self.books.events(now));
    }
}

/// Whether an event was taken in.
pub(super) async fn tell(engine: &Kitflik, event: &SignedEvent) -> bool {
    let (headers, body) = (event.headers.clone(), event.body.clone());
    engine.bookings().payment_event("test", headers, body).await.is_ok()
}
