//! The engine, as the JavaScript side calls it: texts in, tasks out.
//!
//! Arguments are JSON texts, but for ids and tokens, which are themselves. Each method starts a task and returns its
//! number; the task ends with the answer as a JSON text, or with a refusal.

mod bookings;
mod catalog;
mod gate;
mod house;
mod items;
mod jobs;
mod reports;
mod schedule;
mod staff;
mod users;

use std::fmt::Display;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use kitflik_core::{Actor, CommandId, ErrorCode, Kitflik, TestPayments};
use kitflik_http::{RouterOptions, read_json};
use send_wrapper::SendWrapper;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::failure::Failure;
use crate::options::Options;
use crate::ports::clock::{ClockBridge, JsClock};
use crate::ports::mailer::{JsMailer, MailerBridge};
use crate::ports::payments::{JsPayments, PaymentsBridge};
use crate::ports::storage::{JsStorage, StorageBridge};
use crate::tasks::{self, Outcome};

/// An engine over the ports of a host.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    kitflik: Kitflik,
    options: RouterOptions,
    router: OnceLock<Router>,
}

#[wasm_bindgen]
impl Engine {
    /// Opens an engine. `names` and `providers` are the payment providers.
    ///
    /// # Errors
    /// Refused options.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        storage: StorageBridge,
        clock: ClockBridge,
        mailer: Option<MailerBridge>,
        names: Vec<String>,
        providers: Vec<PaymentsBridge>,
    ) -> Result<Self, JsValue> {
        let options = Options::read(options)?;
        let storage = Arc::new(JsStorage(SendWrapper::new(storage)));
        let mut builder = Kitflik::builder(storage, options.master_key()?)
            .accepted_keys(options.accepted_keys()?)
            .policy(options.policy()?)
            .mail_templates(options.mail_templates()?)
            .clock(Arc::new(JsClock(SendWrapper::new(clock))));
        if let Some(hasher) = options.hasher()? {
            builder = builder.password_hasher(Arc::new(hasher));
        }
        if let Some(mailer) = mailer {
            builder = builder.mailer(Arc::new(JsMailer(SendWrapper::new(mailer))));
        }
        if options.test_payments {
            builder = builder.payments("test", Arc::new(TestPayments::new()));
        }
        for (name, provider) in names.into_iter().zip(providers) {
            builder = builder.payments(name, Arc::new(JsPayments(SendWrapper::new(provider))));
        }
        let missing = |error| Failure::new(ErrorCode::Internal, error);
        let kitflik = builder.build().map_err(missing)?;
        Ok(Self { kitflik, options: options.router(), router: OnceLock::new() })
    }

    /// The engine's time, in milliseconds since 1970.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "times stay far below 2^53 milliseconds")]
    pub fn now(&self) -> f64 {
        self.kitflik.now().millis() as f64
    }

    /// The public key that tickets are verified with.
    #[must_use]
    #[wasm_bindgen(js_name = ticketKey)]
    pub fn ticket_key(&self) -> String {
        self.kitflik.ticket_key().to_string()
    }

    /// The public keys that tickets are verified with, the one that signs first.
    #[must_use]
    #[wasm_bindgen(js_name = ticketKeys)]
    pub fn ticket_keys(&self) -> Vec<String> {
        self.kitflik.ticket_keys().0.iter().map(ToString::to_string).collect()
    }

    /// The public keys that customers' access tokens are verified with, as a JSON Web Key Set.
    #[must_use]
    #[wasm_bindgen(js_name = tokenKeys)]
    pub fn token_keys(&self) -> String {
        serde_json::to_string(&self.kitflik.token_keys()).unwrap_or_default()
    }

    /// The names of the payment providers.
    #[must_use]
    #[wasm_bindgen(js_name = paymentProviders)]
    pub fn payment_providers(&self) -> Vec<String> {
        self.kitflik.payment_providers()
    }

    /// Whether it has the master key that the store was last opened with.
    #[wasm_bindgen(js_name = hasTheKey)]
    pub fn has_the_key(&self) -> u32 {
        self.start(async move |kitflik| json(&kitflik.has_the_key().await?))
    }

    /// Does the background work that is due. Ends with when to call again, in milliseconds since 1970, or `null`.
    pub fn tick(&self) -> u32 {
        self.start(async move |kitflik| json(&kitflik.tick().await?.map(|next| next.millis())))
    }
}

impl Engine {
    fn start(&self, verb: impl AsyncFnOnce(Kitflik) -> Outcome + 'static) -> u32 {
        let kitflik = self.kitflik.clone();
        tasks::start(async move { verb(kitflik).await })
    }

    /// Made when the first request comes: a host that only calls does not pay for it.
    pub(crate) fn router(&self) -> Router {
        let make = || kitflik_http::router(self.kitflik.clone(), self.options.clone());
        self.router.get_or_init(make).clone()
    }
}

/// The answer of a task.
fn json(value: &impl Serialize) -> Outcome {
    let text = serde_json::to_string(value).map_err(|error| Failure::new(ErrorCode::Internal, error))?;
    Ok(text.into())
}

/// Reads a request, whose fields are refused with their paths.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    Ok(read_json(text)?)
}

fn actor(text: &str) -> Result<Actor, Failure> {
    read(text).map_err(|failure: Failure| failure.within("actor"))
}

/// Which revision an editor has seen; `null` if they do not say.
fn revision(text: &str) -> Result<Option<u64>, Failure> {
    read(text).map_err(|failure: Failure| failure.within("revision"))
}

/// What is not an id names nothing.
fn id<T: FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::new(ErrorCode::NotFound, error))
}

fn command(key: Option<String>) -> Result<Option<CommandId>, Failure> {
    let refused = |error| Failure::field("idempotencyKey", "invalid", error);
    key.map(CommandId::new).transpose().map_err(refused)
}
