//! A mail as MIME.

use kitflik_core::{Attachment, Email, MailError, MailId};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Body, Mailbox, MultiPart, SinglePart};

use super::Sender;

/// `mixed(related(alternative(text, html), what the HTML shows…), other files…)`.
pub(super) fn message(email: Email, from: &Sender) -> Result<Message, MailError> {
    let refused = |what: &str, error: &dyn std::fmt::Display| MailError::Permanent {
        reason: format!("{what}: {error}"),
    };
    let Email { id, to, to_name, subject, text, html, attachments, unsubscribe } = email;
    let to = to.parse().map_err(|error| refused("the receiver's address cannot be used", &error))?;
    let mut shown = MultiPart::related().multipart(MultiPart::alternative_plain_html(text, html));
    let mut files = Vec::new();
    for attachment in attachments {
        let content_type = ContentType::parse(&attachment.content_type)
            .map_err(|error| refused("an attachment has no usable media type", &error))?;
        if attachment.content_id.is_some() {
            shown = shown.singlepart(part(attachment, content_type)?);
        } else {
            files.push(part(attachment, content_type)?);
        }
    }
    let body = files.into_iter().fold(MultiPart::mixed().multipart(shown), MultiPart::singlepart);
    let mut message = Message::builder();
    if let Some(link) = unsubscribe {
        message = message
            .raw_header(raw("List-Unsubscribe", format!("<{link}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    message
        .message_id(Some(message_id(id, from)))
        .from(from.mailbox())
        .to(Mailbox::new(to_name, to))
        .subject(subject)
        .multipart(body)
        .map_err(|error| refused("the mail cannot be put together", &error))
}

/// A header of ASCII that is written as it is: programs read it.
fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// The same for each re-send, so that receivers can drop repeats.
fn message_id(id: MailId, from: &Sender) -> String {
    format!("<{id}@{}>", from.domain())
}

fn part(attachment: Attachment, content_type: ContentType) -> Result<SinglePart, MailError> {
    // Base64 for all: what is signed or parsed must not have its line ends touched.
    let body = Body::new_with_encoding(attachment.content, ContentTransferEncoding::Base64);
    let body =
        body.map_err(|_| MailError::Permanent { reason: "an attachment cannot be encoded".to_owned() })?;
    let part = match attachment.content_id {
        Some(id) => Part::new_inline_with_name(id, attachment.file_name),
        None => Part::new(attachment.file_name),
    };
    Ok(part.body(body, content_type))
}
