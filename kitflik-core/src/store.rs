//! The only place that spells a key or a record, and the read-decide-commit cycle over them.

pub(crate) mod decoded;
pub(crate) mod keys;
pub(crate) mod records;
pub(crate) mod trail;
pub(crate) mod tx;
