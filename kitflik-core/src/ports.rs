//! What a host plugs in: storage, mailer, payments, clock, randomness, password hashing.

pub(crate) mod mailer;
pub(crate) mod password;
pub(crate) mod payments;
pub(crate) mod storage;
pub(crate) mod system;
