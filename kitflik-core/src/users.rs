//! Customers' and staff's accounts.

mod access;
mod admin;
#[cfg(any(test, not(feature = "jwt-rust-crypto")))]
#[cfg_attr(feature = "jwt-rust-crypto", allow(dead_code, reason = "the library's backend is taken"))]
pub(crate) mod jws;
mod login;
mod register;
mod sessions;
mod staff;
mod types;

pub(crate) use access::AccessTokens;
pub use access::{InvalidToken, JsonWebKey, JsonWebKeySet, TokenAlgorithm};
pub use admin::{CustomerView, UserQuery};
pub use staff::Staff;
pub use types::{LogIn, NewStaff, RefreshSession, RegisterUser, StaffView, TokenPair, UserError, UserView};

pub(crate) use register::check_email;

use crate::kitflik::Engine;

/// Customers' accounts. From [`Kitflik::users`](crate::Kitflik::users).
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) engine: &'a Engine,
}
