//! The clock of a host.

use kitflik_core::{Clock, Timestamp};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A clock.
    pub type ClockBridge;

    /// Milliseconds since 1970: a number, always.
    #[wasm_bindgen(method, structural)]
    fn now(this: &ClockBridge) -> f64;
}

pub(crate) struct JsClock(pub(crate) SendWrapper<ClockBridge>);

impl Clock for JsClock {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and the engine bounds times")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now() as i64)
    }
}
