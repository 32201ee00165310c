//! Staff's accounts: their own log-in, their own tokens.

use super::access::{Audience, Subject};
use super::backoff::Scope;
use super::email::normal_email;
use super::register::check_account;
use super::{LogIn, NewStaff, RefreshSession, StaffView, TokenPair, UserError};
use crate::ids::StaffId;
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{FirstStaff, Form, Staff as StaffRecord, StaffEmailClaim};
use crate::store::tx::Loaded;

/// Staff's accounts. From [`Kitflik::staff`](crate::Kitflik::staff).
#[derive(Clone, Copy)]
pub struct Staff<'a> {
    pub(crate) engine: &'a Engine,
}

impl Staff<'_> {
    /// Whether the house has a staff account.
    ///
    /// # Errors
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn has_any(&self) -> Result<bool, UserError> {
        Ok(self.engine.get(&keys::staff_first()).await?.is_some())
    }

    /// Makes the first staff account. It can be made once, by whoever runs the house's program.
    ///
    /// # Errors
    /// [`UserError::AlreadyExists`] if there is one, [`UserError::Invalid`], [`UserError::Password`] or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn make_first(&self, new: &NewStaff) -> Result<StaffView, UserError> {
        check_account(&new.email, &new.password, &new.name)?;
        let password_hash = self.engine.hasher.hash(new.password.clone(), self.engine.random()).await?;
        let email = normal_email(&new.email);
        let mut tx = self.engine.begin();
        let id = StaffId::new(tx.now(), self.engine.random());
        let (first, claim) = (keys::staff_first(), keys::staff_email(&email));
        loop {
            let wanted = vec![first.key.clone(), claim.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            if tx.get(&first)?.is_some() || tx.get(&claim)?.is_some() {
                return Err(UserError::AlreadyExists { what: "a staff account" });
            }
            let record = StaffRecord {
                v: Form,
                email: email.clone(),
                name: new.name.clone(),
                password_hash: password_hash.clone(),
                role: new.role,
                created_at: tx.now(),
            };
            tx.put(&first, &FirstStaff { v: Form, staff: id })?;
            tx.put(&claim, &StaffEmailClaim { v: Form, staff: id })?;
            tx.put(&keys::staff(id), &record)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(StaffView { id, email, name: new.name.clone(), role: new.role });
            }
        }
    }

    /// Opens a staff session.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`], [`UserError::TooManyAttempts`], [`UserError::Password`] if too many log in at
    /// once, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_in(&self, request: &LogIn) -> Result<TokenPair, UserError> {
        let claim = self.engine.get(&keys::staff_email(&normal_email(&request.email))).await?;
        let staff = match &claim {
            Some(claim) => self.engine.get(&keys::staff(claim.staff)).await?,
            None => None,
        };
        let attempt =
            self.engine.may_try(Scope::StaffLogIn, &request.email, request.address.as_deref()).await?;
        let hash = staff.as_ref().map(|staff| staff.password_hash.as_str());
        let checked = self.engine.is_password(&request.password, hash).await;
        match &checked {
            Ok(()) => self.engine.tried(attempt, true).await?,
            Err(UserError::InvalidCredentials) => self.engine.tried(attempt, false).await?,
            Err(_) => {}
        }
        checked?;
        let (Some(claim), Some(staff)) = (claim, staff) else { return Err(UserError::InvalidCredentials) };
        let subject = Subject::Staff(claim.staff, staff.role);
        self.engine.open_session(&subject, request.command.as_ref(), request).await
    }

    /// Gives the next pair of tokens for a staff refresh token, once.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn refresh(&self, request: &RefreshSession) -> Result<TokenPair, UserError> {
        self.engine.rotate_session(Audience::Staff, request).await
    }

    /// Ends the session of a staff refresh token. Its access token ends with it.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] for what is no refresh token of staff, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_out(&self, request: &RefreshSession) -> Result<(), UserError> {
        self.engine.close_session(Audience::Staff, request).await
    }
}
