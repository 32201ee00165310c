//! Ports that a test owns: a clock that it moves, randomness that it can repeat, a mailbox.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::ports::mailer::{Email, MailError, Mailer};
use crate::ports::password::{PasswordError, PasswordHasher};
use crate::ports::system::{Clock, Entropy};
use crate::time::Timestamp;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.millis()))
    }

    /// Moves forward.
    pub fn advance(&self, by: std::time::Duration) {
        self.shift(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Moves by milliseconds, back if negative.
    pub fn shift(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Random numbers that a seed repeats. Not for secrets.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// A number below `bound`.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether a thing happens that happens `percent` times in a hundred.
    #[must_use]
    pub fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// The next number (`SplitMix64`).
    #[must_use]
    pub fn next(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// Keeps what it is told to send.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<Vec<Email>>);

impl Mailbox {
    /// The mails so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Email> {
        self.0.lock().clone()
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, email: Email) -> Result<(), MailError> {
        self.0.lock().push(email);
        Ok(())
    }
}

/// Hashes nothing: for tests in which passwords are not the point.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainHasher;

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: String, _: [u8; 16]) -> Result<String, PasswordError> {
        Ok(format!("plain:{password}"))
    }

    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError> {
        Ok(hash == format!("plain:{password}"))
    }

    fn is_current(&self, hash: &str) -> bool {
        hash.starts_with("plain:")
    }

    fn nobody(&self) -> String {
        "nobody".to_owned()
    }
}
