//! Mail: promised in the same batch as what it is about, sent by `tick`, repeated until it is sent.

pub(crate) mod language;
mod list;
mod outbox;
mod render;
mod samples;
mod templates;
mod unsubscribe;

pub use list::{MailQuery, MailState, MailView, NotifyError};
pub use templates::{InvalidTemplate, MailTemplates};

use crate::kitflik::Engine;

/// Mail. From [`Kitflik::notify`](crate::Kitflik::notify).
#[derive(Clone, Copy)]
pub struct Notify<'a> {
    pub(crate) engine: &'a Engine,
}
