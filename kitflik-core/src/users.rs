//! Customers' and staff's accounts.

mod access;
#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively the library's backend is taken"))]
pub(crate) mod hs256;
mod login;
mod register;
mod sessions;
mod staff;
mod types;

pub use access::InvalidToken;
pub use staff::Staff;
pub use types::{LogIn, NewStaff, RefreshSession, RegisterUser, StaffView, TokenPair, UserError, UserView};

pub(crate) use register::check_email;

use crate::kitflik::Engine;

/// Customers' accounts. From [`Kitflik::users`](crate::Kitflik::users).
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) engine: &'a Engine,
}
