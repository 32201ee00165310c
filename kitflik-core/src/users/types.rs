//! What accounts look like to callers.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::InvalidToken;
use crate::actor::Role;
use crate::error::{Denied, EngineError, ErrorCode, Invalid};
use crate::ids::{CommandId, StaffId, UserId};
use crate::ports::password::PasswordError;
use crate::time::{Timestamp, Zone};

/// A request for an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RegisterUser {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address, up to 254 bytes.
    pub email: String,
    /// The password, at least 8 characters.
    pub password: String,
    /// The name, 1 to 200 characters.
    pub name: String,
}

/// E-mail and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What the device is called in the list of sessions, up to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub device: Option<String>,
    /// The network address that the log-in comes from, which the host knows; of it only the first part is kept. Without
    /// one, failures are counted for the account alone.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

impl LogIn {
    /// E-mail and password, from nowhere in particular.
    #[must_use]
    pub fn new(email: impl Into<String>, password: impl Into<String>) -> Self {
        let (email, password) = (email.into(), password.into());
        Self { command: None, email, password, device: None, address: None }
    }
}

/// A refresh token, to be used or given back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The refresh token.
    pub refresh_token: String,
}

/// A staff account to make.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    /// The e-mail address.
    pub email: String,
    /// The password, at least 8 characters.
    pub password: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}

macro_rules! without_password {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
without_password! {
    RegisterUser LogIn RefreshSession NewStaff TokenPair
}

/// Requests of other verbs that hold a secret.
mod secret {
    use crate::users::{
        ChangeEmail, ChangePassword, ConfirmEmail, DeleteAccount, ForgotPassword, ResendVerification,
        ResetPassword, VerifyEmail,
    };
    use std::fmt;

    without_password! {
        ChangeEmail ChangePassword ConfirmEmail DeleteAccount ForgotPassword ResendVerification ResetPassword
        VerifyEmail
    }
}

/// What a log-in gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TokenPair {
    /// Goes with each call, as `Authorization: Bearer …`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// How long the access token is valid, in seconds.
    pub expires_in: u64,
    /// Gets the next pair, once.
    pub refresh_token: String,
}

/// A customer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UserView {
    /// The account.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language that they read, such as `de-AT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The time zone that they live in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// Whether they want to hear of offers.
    #[serde(default)]
    pub marketing_consent: bool,
}

/// A staff account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct StaffView {
    /// The account.
    pub id: StaffId,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Whether they can log in.
    pub status: StaffStatus,
    /// Whether they log in with one-time codes too.
    pub second_factor: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// Whether a member of staff can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StaffStatus {
    /// They have not chosen a password yet.
    Invited,
    /// They can.
    Active,
    /// They cannot, until an admin lets them.
    Disabled,
}

/// Why a command about an account was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserError {
    /// Refused fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// E-mail or password is wrong. It does not say which.
    #[error("e-mail or password is wrong")]
    InvalidCredentials,
    /// A code or link from a mail is wrong, was used or guessed at too often, or its time is over. It does not say
    /// which.
    #[error("the code is wrong or no longer valid: ask for a new one")]
    InvalidCode,
    /// Bookings stand in the way of deleting the account.
    #[error("{count} bookings are still ahead: cancel them first, or let the deletion cancel them")]
    BookingsAhead {
        /// How many.
        count: usize,
    },
    /// The password of a member of staff was right; a one-time code is needed too.
    #[error("a one-time code is needed too: repeat it with `code`")]
    SecondFactorRequired,
    /// A one-time code is wrong, or was used before.
    #[error("the code is wrong or was used before: wait for the next one, or take another recovery code")]
    WrongCode,
    /// The house would be left without an admin.
    #[error("this is the last admin of the house: make another member of staff an admin first")]
    LastAdmin,
    /// A token is not valid.
    #[error(transparent)]
    InvalidToken(#[from] InvalidToken),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// A staff account has this address, or the first one has been made.
    #[error("{what} exists already")]
    AlreadyExists {
        /// What exists.
        what: &'static str,
    },
    /// Too many attempts have failed, at this account or from this address. Nothing was looked at.
    #[error("too many attempts have failed: wait {} seconds before the next", .retry_after.as_secs() + 1)]
    TooManyAttempts {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Passwords could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl UserError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::InvalidCode | Self::WrongCode => ErrorCode::InvalidCode,
            Self::BookingsAhead { .. } => ErrorCode::BookingState,
            Self::SecondFactorRequired => ErrorCode::SecondFactorRequired,
            Self::LastAdmin => ErrorCode::LastAdmin,
            Self::InvalidToken(_) => ErrorCode::Unauthenticated,
            Self::NotFound => ErrorCode::NotFound,
            Self::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            Self::TooManyAttempts { .. } | Self::Password(PasswordError::Overloaded) => {
                ErrorCode::TooManyRequests
            }
            Self::Password(PasswordError::Failed { .. }) => ErrorCode::Internal,
            Self::Engine(error) => error.code(),
        }
    }
}
