//! Time and randomness. The engine has neither of its own, so that a simulation can own both.

use crate::time::Timestamp;

/// The wall clock. It may jump and be skewed: that can cost fairness, never a double sale.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait Clock: Send + Sync {
    /// The current time. The engine reads it once per command.
    fn now(&self) -> Timestamp;
}

/// Cryptographically secure randomness: ids, salts, tokens and codes come from it.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The clock of the operating system.
#[cfg(feature = "system")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[cfg(feature = "system")]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's adapter")]
    fn now(&self) -> Timestamp {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The randomness of the operating system, drawn in blocks so that a command costs no system call.
#[cfg(feature = "system")]
#[derive(Debug)]
pub struct OsEntropy {
    block: parking_lot::Mutex<Block>,
}

#[cfg(feature = "system")]
#[derive(Debug)]
struct Block {
    bytes: [u8; 4096],
    used: usize,
}

#[cfg(feature = "system")]
impl Default for OsEntropy {
    fn default() -> Self {
        Self { block: parking_lot::Mutex::new(Block { bytes: [0; 4096], used: 4096 }) }
    }
}

#[cfg(feature = "system")]
impl Entropy for OsEntropy {
    /// Fills the buffer.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: no id or token may be made without it.
    #[expect(clippy::disallowed_methods, clippy::panic, reason = "this is the port's adapter")]
    fn fill(&self, buffer: &mut [u8]) {
        let mut block = self.block.lock();
        for chunk in buffer.chunks_mut(4096) {
            if block.used + chunk.len() > block.bytes.len() {
                if let Err(error) = getrandom::fill(&mut block.bytes) {
                    panic!("the operating system gives no randomness: {error}");
                }
                block.used = 0;
            }
            let (from, to) = (block.used, block.used + chunk.len());
            chunk.copy_from_slice(&block.bytes[from..to]);
            block.bytes[from..to].fill(0);
            block.used = to;
        }
    }
}
