//! Accounts of customers and staff.

use kitflik_core::{
    Actor, KitflikError, LogIn, NewStaff, RefreshSession, RegisterUser, StaffLogIn, StaffView, TokenPair,
    UserView,
};

use crate::guard::{guard, guarded};

/// Customers' accounts. From `Kitflik.users`.
#[derive(uniffi::Object)]
pub struct Users {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl Users {
    /// Makes an account.
    ///
    /// # Errors
    /// `Invalid` names each refused field. An address that has an account already is not betrayed.
    pub async fn register(&self, request: RegisterUser) -> Result<UserView, KitflikError> {
        guarded(self.kitflik.users().register(&request)).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// `invalid_credentials`; it does not say which of the two is wrong.
    pub async fn log_in(&self, request: LogIn) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.users().log_in(&request)).await
    }

    /// The next pair of tokens for a refresh token.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not valid any more.
    pub async fn refresh(&self, request: RefreshSession) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.users().refresh(&request)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not one.
    pub async fn log_out(&self, request: RefreshSession) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().log_out(&request)).await
    }

    /// The account of whoever asks.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn me(&self, actor: Actor) -> Result<UserView, KitflikError> {
        guarded(self.kitflik.users().me(&actor)).await
    }

    /// Whose access token this is. Needs no storage.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn authenticate(&self, access_token: String) -> Result<Actor, KitflikError> {
        guard(|| self.kitflik.users().authenticate(&access_token))
    }
}

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
    /// `invalid_credentials`; `second_factor_required` or `invalid_code` once the password was right.
    pub async fn log_in(&self, request: StaffLogIn) -> Result<TokenPair, KitflikError> {
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
