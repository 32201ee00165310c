//! The ports that a host in JavaScript plugs in. Each is a bridge of the package's TypeScript, which has called the
//! host's own object and has caught what it threw.
//!
//! A bridge answers with [`Given`]: a value, or one that comes later. Promises are awaited in TypeScript, so that
//! no closure of an instance is ever called after that instance has ended.

pub(crate) mod clock;
pub(crate) mod mailer;
pub(crate) mod payments;
pub(crate) mod storage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What a bridge gives: a value, now or later.
    pub type Given;

    /// Whether the value is there.
    #[wasm_bindgen(method, structural, getter)]
    fn done(this: &Given) -> bool;

    /// The value.
    #[wasm_bindgen(method, structural, getter)]
    fn value(this: &Given) -> JsValue;

    /// Who is to be resumed once it is there.
    #[wasm_bindgen(method, structural, setter)]
    fn set_waiting(this: &Given, place: u32);
}

#[derive(Default)]
struct Waiting {
    last: u32,
    wakers: BTreeMap<u32, Waker>,
}

thread_local! {
    static WAITING: RefCell<Waiting> = RefCell::default();
}

/// Says that a value is there.
#[wasm_bindgen]
pub fn resume(place: u32) {
    let waker = WAITING.with_borrow_mut(|waiting| waiting.wakers.remove(&place));
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Waits for a value. An error is a fault of the bridge, which never throws.
pub(crate) async fn settled(given: Result<Given, JsValue>) -> Result<JsValue, String> {
    Ok(Settled { given: given.map_err(|error| format!("{error:?}"))?, place: None }.await)
}

struct Settled {
    given: Given,
    place: Option<u32>,
}

impl Future for Settled {
    type Output = JsValue;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<JsValue> {
        if self.given.done() {
            return Poll::Ready(self.given.value());
        }
        let known = self.place;
        let place = WAITING.with_borrow_mut(|waiting| {
            let place = known.unwrap_or_else(|| {
                waiting.last = waiting.last.wrapping_add(1);
                waiting.last
            });
            waiting.wakers.insert(place, context.waker().clone());
            place
        });
        self.place = Some(place);
        self.given.set_waiting(place);
        Poll::Pending
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            WAITING.with_borrow_mut(|waiting| waiting.wakers.remove(&place));
        }
    }
}
