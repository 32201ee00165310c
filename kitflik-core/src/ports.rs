//! What a host plugs in: storage, mailer, payments, clock, randomness, password hashing.

pub(crate) mod storage;
