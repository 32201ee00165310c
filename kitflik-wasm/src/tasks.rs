//! Futures that the JavaScript side polls.
//!
//! wasm-bindgen's own executor polls in a callback of its own: a panic there is nobody's exception, and the promise
//! of the call stays pending for ever. Here every poll is a call from JavaScript, which catches the trap, rejects what
//! is pending and takes a fresh instance.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake};

use wasm_bindgen::prelude::*;

use crate::failure::Failure;
use crate::host;

/// What a task ends with: a JSON text, bytes or an answer's parts.
pub(crate) type Outcome = Result<JsValue, Failure>;

#[derive(Default)]
struct Tasks {
    last: u32,
    pending: BTreeMap<u32, Pin<Box<dyn Future<Output = ()>>>>,
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
}

/// Keeps a future for [`poll`]. Its outcome goes to the host's `settle`.
pub(crate) fn start(future: impl Future<Output = Outcome> + 'static) -> u32 {
    TASKS.with_borrow_mut(|tasks| {
        let id = free_id(tasks);
        let task = async move {
            match future.await {
                Ok(value) => host::settle(id, true, value),
                Err(failure) => host::settle(id, false, failure.into()),
            }
        };
        tasks.pending.insert(id, Box::pin(task));
        id
    })
}

fn free_id(tasks: &mut Tasks) -> u32 {
    loop {
        tasks.last = tasks.last.wrapping_add(1);
        if !tasks.pending.contains_key(&tasks.last) {
            return tasks.last;
        }
    }
}

/// Lets a task go on as far as it can. One that has ended is left alone.
#[wasm_bindgen]
pub fn poll(task: u32) {
    // Taken out meanwhile: what the task calls may call back and start or poll others.
    let Some(mut future) = TASKS.with_borrow_mut(|tasks| tasks.pending.remove(&task)) else { return };
    let waker = Arc::new(Waker { task, woken: AtomicBool::new(false) }).into();
    if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.pending.insert(task, future));
    }
}

struct Waker {
    task: u32,
    woken: AtomicBool,
}

impl Wake for Waker {
    fn wake(self: Arc<Self>) {
        if !self.woken.swap(true, Ordering::Relaxed) {
            host::wake(self.task);
        }
    }
}
