//! The JavaScript side of this module, as it is given to [`install`].

use std::cell::RefCell;
use std::fmt::Write as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the JavaScript side does for this one. None of its methods throws.
    #[derive(Clone)]
    pub type Host;

    /// Asks for a poll of a task, soon but not within this call.
    #[wasm_bindgen(method, structural)]
    fn wake(this: &Host, task: u32);

    /// Takes the outcome of a task.
    #[wasm_bindgen(method, structural)]
    fn settle(this: &Host, task: u32, ok: bool, value: JsValue);

    /// Takes the message of a panic. The call that panics ends by a trap right after it.
    #[wasm_bindgen(method, structural)]
    fn panicked(this: &Host, message: &str);

    /// Writes a line for the operator: `error`, `warn` or `info`.
    #[wasm_bindgen(method, structural)]
    fn log(this: &Host, level: &str, message: &str);
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Takes the JavaScript side, once, before anything else is called.
#[wasm_bindgen]
pub fn install(host: Host) {
    HOST.set(Some(host));
    std::panic::set_hook(Box::new(|panic| {
        with(|host| host.panicked(&panic.to_string()));
    }));
    // A second module in the same instance does not exist; if it did, the first log would do.
    let _ = tracing::subscriber::set_global_default(Log);
}

fn with(call: impl FnOnce(&Host)) {
    // A copy: the host may call back into this module.
    let host = HOST.with_borrow(Clone::clone);
    if let Some(host) = host {
        call(&host);
    }
}

pub(crate) fn wake(task: u32) {
    with(|host| host.wake(task));
}

pub(crate) fn settle(task: u32, ok: bool, value: JsValue) {
    with(|host| host.settle(task, ok, value));
}

/// The engine's log lines, from `info` on, go to the host.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            _ => "info",
        };
        with(|host| host.log(level, &format!("{}{}", line.message, line.fields)));
    }

    // There are no spans.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String does not fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
