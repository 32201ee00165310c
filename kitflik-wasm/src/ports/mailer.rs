//! The mailer of a host.

use async_trait::async_trait;
use kitflik_core::{Email, MailError, Mailer};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Given, settled};

#[wasm_bindgen]
extern "C" {
    /// A mailer.
    pub type MailerBridge;

    /// Sends a mail: [`Parts`] as JSON, and the bytes of its attachments one after the other. Gives `undefined`, or a
    /// [`Refusal`] as JSON.
    #[wasm_bindgen(method, structural, catch)]
    fn send(this: &MailerBridge, email: &str, contents: &[u8]) -> Result<Given, JsValue>;
}

pub(crate) struct JsMailer(pub(crate) SendWrapper<MailerBridge>);

#[derive(Serialize)]
struct Parts {
    #[serde(flatten)]
    email: Email,
    /// The length of each attachment's content.
    lengths: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
enum Refusal {
    Temporary { reason: String },
    Permanent { reason: String },
}

#[async_trait]
impl Mailer for JsMailer {
    async fn send(&self, mut email: Email) -> Result<(), MailError> {
        let contents: Vec<Vec<u8>> =
            email.attachments.iter_mut().map(|attached| std::mem::take(&mut attached.content)).collect();
        let lengths = contents.iter().map(Vec::len).collect();
        let text = serde_json::to_string(&Parts { email, lengths })
            .map_err(|error| MailError::Permanent { reason: error.to_string() })?;
        let given = SendWrapper::new(settled(self.0.send(&text, &contents.concat()))).await;
        let answer = given.map_err(|reason| MailError::Temporary { reason })?;
        match answer.as_string().map(|text| serde_json::from_slice(text.as_bytes())) {
            None => Ok(()),
            Some(Ok(Refusal::Permanent { reason })) => Err(MailError::Permanent { reason }),
            Some(Ok(Refusal::Temporary { reason })) => Err(MailError::Temporary { reason }),
            Some(Err(error)) => Err(MailError::Temporary { reason: error.to_string() }),
        }
    }
}
