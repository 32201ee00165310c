//! A circuit breaker: what did not answer some times in a row is left alone for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open it.
const FAILURES: u32 = 3;
/// How long it stays open. Then one try is let through, and decides.
const PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a try makes sense now. The first one to ask after the pause is let through, others wait for
    /// its outcome.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed_at(Instant::now())
    }

    fn is_closed_at(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    pub(crate) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub(crate) fn failed(&self) {
        self.failed_at(Instant::now());
    }

    fn failed_at(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_try_through_after_the_pause() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.failed_at(start);
        breaker.succeeded();
        breaker.failed_at(start);
        breaker.failed_at(start);
        assert!(breaker.is_closed_at(start));
        breaker.failed_at(start);
        assert!(!breaker.is_closed_at(start));
        let later = start + PAUSE;
        assert!(breaker.is_closed_at(later));
        assert!(!breaker.is_closed_at(later));
        breaker.succeeded();
        assert!(breaker.is_closed_at(later));
    }
}
