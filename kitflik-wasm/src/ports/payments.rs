//! A payment provider of a host.

use async_trait::async_trait;
use kitflik_core::{BookingId, Capture, Money, PaymentError, PaymentStatus, Payments};
use kitflik_http::{Unreadable, read_json};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Given, settled};

#[wasm_bindgen]
extern "C" {
    /// A payment provider.
    pub type PaymentsBridge;

    /// Calls `capture`, `status` or `refund` with a list of arguments as JSON. Gives `{"status": PaymentStatus}` or
    /// `{"reason": …}` as JSON.
    #[wasm_bindgen(method, structural, catch)]
    fn call(this: &PaymentsBridge, method: &str, arguments: &str) -> Result<Given, JsValue>;
}

pub(crate) struct JsPayments(pub(crate) SendWrapper<PaymentsBridge>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Status { status: serde_json::Value },
    Failed { reason: String },
}

impl JsPayments {
    async fn call(
        &self,
        method: &str,
        arguments: &(impl Serialize + Sync),
    ) -> Result<PaymentStatus, PaymentError> {
        let no_answer = |reason: String| PaymentError::NoAnswer { reason };
        let arguments = serde_json::to_string(arguments).map_err(|error| no_answer(error.to_string()))?;
        let given = SendWrapper::new(settled(self.0.call(method, &arguments))).await;
        let text = given.map_err(no_answer)?.as_string().unwrap_or_default();
        match serde_json::from_slice(text.as_bytes()).map_err(|error| no_answer(error.to_string()))? {
            Answer::Failed { reason } => Err(no_answer(reason)),
            Answer::Status { status } => read_json(&status.to_string()).map_err(|error| {
                let told = match error {
                    Unreadable::Invalid(invalid) => invalid.to_string(),
                    Unreadable::NotJson(detail) => detail,
                };
                no_answer(format!("{method} answered no payment status: {told}"))
            }),
        }
    }
}

#[async_trait]
impl Payments for JsPayments {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        self.call("capture", &[capture]).await
    }

    async fn status(&self, booking: BookingId) -> Result<PaymentStatus, PaymentError> {
        self.call("status", &[booking]).await
    }

    async fn refund(&self, booking: BookingId, amount: Money) -> Result<PaymentStatus, PaymentError> {
        self.call("refund", &(booking, amount)).await
    }
}
