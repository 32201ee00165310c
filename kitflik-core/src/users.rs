//! Customers' and staff's accounts.

mod access;
mod admin;
mod backoff;
mod change_email;
mod codes;
mod delete;
mod devices;
mod email;
mod export;
#[cfg(any(test, not(feature = "jwt-rust-crypto")))]
#[cfg_attr(feature = "jwt-rust-crypto", allow(dead_code, reason = "the library's backend is taken"))]
pub(crate) mod jws;
mod login;
mod password;
mod passwords;
mod profile;
mod register;
mod sessions;
mod staff;
mod types;
mod verify;

pub(crate) use access::AccessTokens;
pub use access::{InvalidToken, JsonWebKey, JsonWebKeySet, TokenAlgorithm};
pub use admin::{CustomerView, DeleteCustomer, UserQuery};
pub use change_email::{ChangeEmail, ConfirmEmail};
pub use delete::{DeleteAccount, FutureBookings};
pub use devices::OpenSession;
pub use export::UserExport;
pub use password::{ChangePassword, ForgotPassword, ResetPassword};
pub use profile::UpdateProfile;
pub use staff::{
    AcceptInvitation, AuditEntryView, AuditFault, AuditFaultKind, AuditQuery, AuditReport,
    ChangeStaffPassword, InviteStaff, OfferedFactor, Passworded, RecoveryCodes, SecondFactorCode, Staff,
    StaffLogIn, StaffMe, UpdateStaff,
};
pub use types::{
    LogIn, NewStaff, RefreshSession, RegisterUser, StaffStatus, StaffView, TokenPair, UserError, UserView,
};
pub use verify::{ResendVerification, VerifyEmail};

pub(crate) use codes::Purpose;
pub(crate) use email::{check_email, normal_email};

use crate::kitflik::Engine;

/// Customers' accounts. From [`Kitflik::users`](crate::Kitflik::users).
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) engine: &'a Engine,
}
