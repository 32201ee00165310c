//! What a customer carries: signed tokens, QR codes, calendar entries.

pub(crate) mod calendar;
pub(crate) mod gate;
pub(crate) mod qr;
pub(crate) mod token;
