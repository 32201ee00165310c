//! Seats: layouts, selection rules, best available. Pure functions over plain values.

pub(crate) mod layout;
