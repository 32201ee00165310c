//! Seats: layouts, selection rules, best available. Pure functions over plain values.

pub(crate) mod best;
pub(crate) mod export;
pub(crate) mod layout;
mod pretix;
pub(crate) mod rules;
pub(crate) mod svg;
#[cfg(test)]
pub(crate) mod testing;
mod text;
