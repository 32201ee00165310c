//! Mail goes out through this port.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::MailId;

/// A rendered mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Email {
    /// Stable over re-sends, for the `Message-ID`: receivers can drop repeats.
    pub id: MailId,
    /// The receiver's address.
    pub to: String,
    /// The receiver's name, if known.
    pub to_name: Option<String>,
    /// The subject line.
    pub subject: String,
    /// The text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
    /// Attached files.
    pub attachments: Vec<Attachment>,
    /// Where the receiver ends mails of this kind, by a `POST` (RFC 8058): for the header `List-Unsubscribe`. Only in
    /// mails that nobody has to get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub unsubscribe: Option<String>,
}

/// A file attached to a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Attachment {
    /// Its name.
    pub file_name: String,
    /// Its media type, such as `text/calendar; method=PUBLISH`.
    pub content_type: String,
    /// `Some` if the HTML body shows it, as `cid:…`.
    pub content_id: Option<String>,
    /// Its bytes.
    #[cfg_attr(feature = "typescript", tsify(type = "Uint8Array"))]
    pub content: Vec<u8>,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
#[non_exhaustive]
pub enum MailError {
    /// It may be sent later.
    #[error("the mail could not be sent now: {reason}")]
    Temporary {
        /// What happened, for the operator.
        reason: String,
    },
    /// It was not tried: the mail server did not answer lately, and is left alone for a while. That does not count as
    /// an attempt, and no other mail is tried meanwhile.
    #[error("the mail server is left alone for a while: {reason}")]
    Resting {
        /// What happened, for the operator.
        reason: String,
    },
    /// It will never be sent: the address or the mail is refused.
    #[error("the mail is refused: {reason}")]
    Permanent {
        /// What happened, for the operator.
        reason: String,
    },
}

/// Sends mail. The engine calls it from [`Kitflik::tick`](crate::Kitflik::tick) and repeats what failed.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over. `Ok` means that it is somebody else's to deliver.
    ///
    /// # Errors
    /// [`MailError`] says whether to try again.
    async fn send(&self, email: Email) -> Result<(), MailError>;
}
