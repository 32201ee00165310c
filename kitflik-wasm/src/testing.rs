//! What `kitflik/testing` has beside the engine.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use kitflik_core::ErrorCode;
use kitflik_core::testing::storage_conformance;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

use crate::failure::Failure;
use crate::ports::storage::{JsStorage, StorageBridge};
use crate::tasks;

/// The names of the cases that every storage must pass.
#[must_use]
#[wasm_bindgen(js_name = conformanceCases)]
pub fn conformance_cases() -> Vec<String> {
    storage_conformance::cases().into_iter().map(str::to_owned).collect()
}

/// Runs one case. The task ends with `undefined`, or with what the storage did wrong.
#[wasm_bindgen(js_name = conformanceRun)]
pub fn conformance_run(storage: StorageBridge, case: String) -> u32 {
    let storage = Arc::new(JsStorage(SendWrapper::new(storage)));
    tasks::start(async move {
        let outcome = storage_conformance::run(storage, &case).await;
        outcome.map(|()| JsValue::UNDEFINED).map_err(|wrong| Failure::new(ErrorCode::Internal, wrong))
    })
}

/// Answers an input of the shared vectors. The task ends with a JSON text.
#[wasm_bindgen(js_name = vectorAnswer)]
pub fn vector_answer(kind: String, input: String) -> u32 {
    tasks::start(async move {
        let answer = kitflik_core::testing::vectors::answer(&kind, &input).await;
        answer.map(JsValue::from).map_err(|wrong| Failure::new(ErrorCode::ValidationFailed, wrong))
    })
}

/// Panics: at the first poll of the task, or after a promise was awaited.
#[wasm_bindgen(js_name = provokePanic)]
#[expect(clippy::panic, reason = "it is what the test wants")]
pub fn provoke_panic(late: bool) -> u32 {
    tasks::start(async move {
        if !late {
            panic!("a panic on demand");
        }
        let mut waited = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        panic!("a panic after an await, on demand")
    })
}
