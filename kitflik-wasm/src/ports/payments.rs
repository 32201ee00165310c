//! A payment provider of a host.

use async_trait::async_trait;
use kitflik_core::{
    Capture, ChargeId, EventError, PaymentError, PaymentStatus, Payments, ProviderEvent, Refund, SignedEvent,
};
use kitflik_http::{Unreadable, read_json};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Given, settled};

#[wasm_bindgen]
extern "C" {
    /// A payment provider.
    pub type PaymentsBridge;

    /// Calls a method with a list of arguments as JSON. Gives `{"status": …}`, `{"reason": …}` or, where there is no
    /// such method, `{"missing": true}` as JSON.
    #[wasm_bindgen(method, structural, catch)]
    fn call(this: &PaymentsBridge, method: &str, arguments: &str) -> Result<Given, JsValue>;
}

pub(crate) struct JsPayments(pub(crate) SendWrapper<PaymentsBridge>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Status {
        status: serde_json::Value,
    },
    Failed {
        reason: String,
    },
    Missing {
        #[serde(rename = "missing")]
        _missing: bool,
    },
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
            Answer::Missing { .. } => Err(no_answer(format!("it has no {method}"))),
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

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        self.call("status", &[charge]).await
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        self.call("refund", &[refund]).await
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        let malformed = |reason: String| EventError::Malformed { reason };
        let arguments = serde_json::to_string(&[event]).map_err(|error| malformed(error.to_string()))?;
        let given = SendWrapper::new(settled(self.0.call("verifyEvent", &arguments))).await;
        // Whatever it throws, it did not say that the event is the provider's.
        let bad = |reason: String| EventError::BadSignature { reason };
        let text = given.map_err(bad)?.as_string().unwrap_or_default();
        match serde_json::from_slice(text.as_bytes()).map_err(|error| malformed(error.to_string()))? {
            Answer::Missing { .. } => Err(EventError::NotSupported),
            Answer::Failed { reason } => Err(bad(reason)),
            Answer::Status { status } => {
                serde_json::from_value(status).map_err(|error| malformed(error.to_string()))
            }
        }
    }
}
