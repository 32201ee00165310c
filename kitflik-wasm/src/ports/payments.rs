//! A payment provider of a host.

use async_trait::async_trait;
use kitflik_core::{
    Capture, ChargeId, EventError, PaymentError, PaymentStatus, Payments, ProviderEvent, Refund, SignedEvent,
};
use kitflik_http::{Unreadable, read_json};
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Given, settled};

#[wasm_bindgen]
extern "C" {
    /// A payment provider.
    pub type PaymentsBridge;

    /// Calls a method with a list of arguments as JSON. Gives `{"value": …}` or `{"reason": …, "kind"?: …}` as JSON.
    #[wasm_bindgen(method, structural, catch)]
    fn call(this: &PaymentsBridge, method: &str, arguments: &str) -> Result<Given, JsValue>;
}

pub(crate) struct JsPayments(pub(crate) SendWrapper<PaymentsBridge>);

/// What a method gave, or why it failed.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Given { value: T },
    Failed { reason: String, kind: Option<String> },
}

impl JsPayments {
    /// What a method gives; else why not, and the `kind` that the failure names.
    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        arguments: &(impl Serialize + Sync),
    ) -> Result<T, (String, Option<String>)> {
        let failed = |reason: String| (reason, None);
        let arguments = serde_json::to_string(arguments).map_err(|error| failed(error.to_string()))?;
        let given = SendWrapper::new(settled(self.0.call(method, &arguments))).await;
        let text = given.map_err(failed)?.as_string().unwrap_or_default();
        match serde_json::from_slice(text.as_bytes()).map_err(|error| failed(error.to_string()))? {
            Answer::Failed { reason, kind } => Err((reason, kind)),
            Answer::Given { value } => {
                let value: serde_json::Value = value;
                read_json(&value.to_string()).map_err(|error| {
                    let told = match error {
                        Unreadable::Invalid(invalid) => invalid.to_string(),
                        Unreadable::NotJson(detail) => detail,
                    };
                    failed(format!("{method} answered something else: {told}"))
                })
            }
        }
    }

    async fn status_of(
        &self,
        method: &str,
        order: &(impl Serialize + Sync),
    ) -> Result<PaymentStatus, PaymentError> {
        self.call(method, &[order]).await.map_err(|(reason, _)| PaymentError::NoAnswer { reason })
    }
}

#[async_trait]
impl Payments for JsPayments {
    async fn capture(&self, capture: Capture) -> Result<PaymentStatus, PaymentError> {
        self.status_of("capture", &capture).await
    }

    async fn status(&self, charge: ChargeId) -> Result<PaymentStatus, PaymentError> {
        self.status_of("status", &charge).await
    }

    async fn refund(&self, refund: Refund) -> Result<PaymentStatus, PaymentError> {
        self.status_of("refund", &refund).await
    }

    async fn verify_event(&self, event: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        self.call("verifyEvent", &[event]).await.map_err(|(reason, kind)| match kind.as_deref() {
            Some("not_supported") => EventError::NotSupported,
            Some("malformed") => EventError::Malformed { reason },
            _ => EventError::BadSignature { reason },
        })
    }
}
