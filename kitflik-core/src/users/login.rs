//! Log-in, refresh and log-out of customers.

use super::access::Audience;
use super::backoff::Scope;
use super::email::normal_email;
use super::{LogIn, RefreshSession, TokenPair, UserError, Users};
use crate::error::{EngineError, Validation};
use crate::ids::UserId;
use crate::limits;
use crate::store::keys;
use crate::store::records::User;

/// How often a log-in looks again because the account changed while the password was being checked.
const LOOKS: u32 = 3;

impl Users<'_> {
    /// Opens a session.
    ///
    /// After five failures each further attempt waits twice as long as the one before, up to a quarter of an hour.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`], [`UserError::TooManyAttempts`], [`UserError::Invalid`],
    /// [`UserError::Password`] if too many log in at once, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_in(&self, request: &LogIn) -> Result<TokenPair, UserError> {
        let mut fields = Validation::default();
        fields.optional_text("device", request.device.as_deref(), limits::MAX_DEVICE_CHARS);
        fields.finish()?;
        let engine = self.engine;
        let attempt = engine.may_try(Scope::LogIn, &request.email, request.address.as_deref()).await?;
        for _ in 0..LOOKS {
            let known = self.by_email(&request.email).await?;
            let hash = known.as_ref().map(|(_, user)| user.password_hash.as_str());
            let checked = engine.is_password(&request.password, hash).await;
            let (id, user) = match (checked, known) {
                (Ok(()), Some(known)) => known,
                (Ok(()), None) | (Err(UserError::InvalidCredentials), _) => {
                    engine.tried(attempt, false).await?;
                    return Err(UserError::InvalidCredentials);
                }
                (Err(error), _) => return Err(error),
            };
            let rehashed = if engine.hasher.is_current(&user.password_hash) {
                None
            } else {
                // A hash that cannot be made now is made at the next log-in.
                engine.hasher.hash(request.password.clone(), engine.random()).await.ok()
            };
            if let Some(pair) = engine.open_customer_session(id, &user, rehashed, request).await? {
                // The session is open, whether the failures before it are forgotten or not.
                let _ = engine.tried(attempt, true).await;
                return Ok(pair);
            }
        }
        Err(EngineError::Contended.into())
    }

    /// The account of an address, unless it is on its way out. An unknown address is read for as often as a known one.
    pub(super) async fn by_email(&self, email: &str) -> Result<Option<(UserId, User)>, EngineError> {
        let claim = self.engine.get(&keys::email(&normal_email(email))).await?;
        let id = claim.map_or(UserId::from_bytes([0; 16]), |claim| claim.user);
        let user = self.engine.get(&keys::user(id)).await?;
        Ok(user.filter(|user| !user.deleting).map(|user| (id, user)))
    }

    /// Gives the next pair of tokens for a refresh token, once. A refresh token that was used before ends the session,
    /// and its owner gets a mail.
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
