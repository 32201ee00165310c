//! Customers' and staff's accounts.

mod access;
#[cfg(any(test, not(feature = "jwt-rust-crypto")))]
#[cfg_attr(feature = "jwt-rust-crypto", allow(dead_code, reason = "the library's backend is taken"))]
pub(crate) mod jws;
mod login;
mod register;
mod sessions;
mod staff;
mod types;

pub use access::InvalidToken;
pub use staff::{
    AcceptInvitation, AuditEntryView, AuditFault, AuditFaultKind, AuditQuery, AuditReport,
    ChangeStaffPassword, InviteStaff, OfferedFactor, Passworded, RecoveryCodes, SecondFactorCode, Staff,
    StaffLogIn, StaffMe, UpdateStaff,
};
pub use types::{
    LogIn, NewStaff, RefreshSession, RegisterUser, StaffStatus, StaffView, TokenPair, UserError, UserView,
};

pub(crate) use register::check_email;

use crate::kitflik::Engine;

/// Customers' accounts. From [`Kitflik::users`](crate::Kitflik::users).
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) engine: &'a Engine,
}
