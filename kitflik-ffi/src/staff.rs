//! Staff's accounts.

use kitflik_core::{Actor, KitflikError, LogIn, NewStaff, RefreshSession, StaffView, TokenPair};

use crate::guard::guarded;

/// Staff's accounts. From `Kitflik.staff`.
#[derive(uniffi::Object)]
pub struct StaffAccounts {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl StaffAccounts {
    /// Whether there is any account yet.
    ///
    /// # Errors
    /// `unavailable` if the storage does not answer.
    pub async fn has_any(&self) -> Result<bool, KitflikError> {
        guarded(self.kitflik.staff().has_any()).await
    }

    /// Makes the first account of a house.
    ///
    /// # Errors
    /// `already_exists` once there is one.
    pub async fn make_first(&self, account: NewStaff) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().make_first(&account)).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// `invalid_credentials`.
    pub async fn log_in(&self, request: LogIn) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.staff().log_in(&request)).await
    }

    /// The next pair of tokens for a refresh token.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not valid any more.
    pub async fn refresh(&self, request: RefreshSession) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.staff().refresh(&request)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not one.
    pub async fn log_out(&self, request: RefreshSession) -> Result<(), KitflikError> {
        guarded(self.kitflik.staff().log_out(&request)).await
    }

    /// Whose access token this is, looked up: staff that were dismissed are refused at once.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub async fn authenticate(&self, access_token: String) -> Result<Actor, KitflikError> {
        guarded(self.kitflik.staff().authenticate(&access_token)).await
    }
}
