//! Log-in, refresh and log-out of customers.

use super::access::{Audience, Subject};
use super::register::normal_email;
use super::{LogIn, RefreshSession, TokenPair, UserError, Users};
use crate::error::Validation;
use crate::kitflik::Engine;
use crate::limits;
use crate::store::keys;

/// The hash of a password that nobody has, so that an unknown address costs as much time as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Engine {
    /// Whether a password is right; `hash` is absent for an unknown address.
    pub(super) async fn is_password(&self, password: &str, hash: Option<&str>) -> Result<(), UserError> {
        if password.len() > limits::MAX_PASSWORD_BYTES {
            let mut fields = Validation::default();
            super::register::check_password(password, &mut fields);
            fields.finish()?;
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let right = self.hasher.verify(password.to_owned(), hash).await?;
        if right && known { Ok(()) } else { Err(UserError::InvalidCredentials) }
    }
}

impl Users<'_> {
    /// Opens a session.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`], [`UserError::Password`] if too many log in at once, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_in(&self, request: &LogIn) -> Result<TokenPair, UserError> {
        let claim = self.engine.get(&keys::email(&normal_email(&request.email))).await?;
        let user = match &claim {
            Some(claim) => self.engine.get(&keys::user(claim.user)).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        self.engine.is_password(&request.password, hash).await?;
        let id = claim.ok_or(UserError::InvalidCredentials)?.user;
        self.engine.open_session(&Subject::User(id), request.command.as_ref(), request).await
    }

    /// Gives the next pair of tokens for a refresh token, once. A refresh token that was used before ends the session.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn refresh(&self, request: &RefreshSession) -> Result<TokenPair, UserError> {
        self.engine.rotate_session(Audience::Customers, request).await
    }

    /// Ends the session of a refresh token.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] for what is no refresh token of a customer, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_out(&self, request: &RefreshSession) -> Result<(), UserError> {
        self.engine.close_session(Audience::Customers, request).await
    }
}
