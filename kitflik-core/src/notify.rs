//! Mail: promised in the same batch as what it is about, sent by `tick`, repeated until it is sent.

mod outbox;
mod render;

use crate::kitflik::Engine;

/// Mail. From [`Kitflik::notify`](crate::Kitflik::notify).
#[derive(Clone, Copy)]
pub struct Notify<'a> {
    pub(crate) engine: &'a Engine,
}
