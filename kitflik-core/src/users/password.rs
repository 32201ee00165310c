//! A new password: by a code that comes by mail, or by the old one.

use serde::{Deserialize, Serialize};

use super::backoff::Scope;
use super::codes::{Purpose, Whose};
use super::passwords::check_password;
use super::{InvalidToken, UserError, Users};
use crate::actor::Actor;
use crate::error::Validation;
use crate::ids::{CommandId, SessionId, UserId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{MailContent, Session, SessionOwner, User, UserSession};
use crate::store::tx::{Loaded, Mutant, Tx};

/// A wish for a code, because the password is forgotten.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address.
    pub email: String,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

/// A new password, by the code that came by mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address.
    pub email: String,
    /// The code from the mail.
    pub code: String,
    /// The new password, at least 8 characters.
    pub password: String,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

/// A new password, by the old one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The old password.
    pub old: String,
    /// The new password, at least 8 characters.
    pub new: String,
    /// The session that stays open, which the host knows from the access token. All others end.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub session: Option<SessionId>,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

impl Users<'_> {
    /// Mails a code with which the password can be set anew. It works once, for five minutes, and can be guessed
    /// at five times. The answer does not tell whether there is such an account.
    ///
    /// # Errors
    /// [`UserError::TooManyAttempts`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn forgot_password(&self, request: &ForgotPassword) -> Result<(), UserError> {
        let command = request.command.as_ref();
        let tx = self.engine.begin_command(&Actor::guest(), command, "forgot_password", request)?;
        self.mail_code(tx, Purpose::ResetPassword, &request.email, request.address.as_deref()).await
    }

    /// Sets a new password and ends every session. Whoever has the code has the address: it is then verified.
    ///
    /// # Errors
    /// [`UserError::InvalidCode`], [`UserError::TooManyAttempts`], [`UserError::Invalid`] for a password that is not
    /// taken, [`UserError::Password`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn reset_password(&self, request: &ResetPassword) -> Result<(), UserError> {
        let engine = self.engine;
        let mut fields = Validation::default();
        check_password("password", &request.password, &request.email, "", &mut fields);
        fields.finish()?;
        let command = request.command.as_ref();
        let mut tx = engine.begin_command(&Actor::guest(), command, "reset_password", request)?;
        let (whose, address) = (Whose::Email(&request.email), request.address.as_deref());
        let guessed = self.guess_from(&mut tx, Purpose::ResetPassword, whose, &request.code, address).await?;
        let Some(proven) = guessed else { return Ok(()) };
        let password_hash = engine.hasher.hash(request.password.clone(), engine.random()).await?;
        let user_key = keys::user(proven.user);
        let failures = engine.tries_of(Scope::LogIn, &request.email);
        // An address that was asked for with the old password must not be confirmed after it.
        let moving = Purpose::ChangeEmail.key(proven.user);
        loop {
            let wanted = [&user_key.key, &failures.key, &moving.key].map(Clone::clone).to_vec();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            self.use_up(&mut tx, &proven).await?;
            let user = tx.get(&user_key)?.filter(|user| !user.deleting).ok_or(UserError::InvalidCode)?;
            let keep = tx.broken(Mutant::ResetKeepsSessions);
            let user = User {
                password_hash: password_hash.clone(),
                email_verified: true,
                epoch: user.epoch + u64::from(!keep),
                ..user
            };
            tx.put(&user_key, &user)?;
            if tx.get(&failures)?.is_some() {
                tx.delete(&failures);
            }
            if tx.get(&moving)?.is_some() {
                tx.delete(&moving);
            }
            engine.promise_mail(&mut tx, proven.user, &user, MailContent::PasswordChanged)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Sets a new password by the old one, and ends all other sessions.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] if the old one is wrong, [`UserError::TooManyAttempts`],
    /// [`UserError::Invalid`] for a password that is not taken, [`UserError::Denied`] unless a customer asks,
    /// [`UserError::InvalidToken`] if
    /// the account is gone, [`UserError::Password`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn change_password(&self, actor: &Actor, request: &ChangePassword) -> Result<(), UserError> {
        let engine = self.engine;
        let id = self.customer(actor)?;
        let command = request.command.as_ref();
        let mut tx = engine.begin_command(actor, command, "change_password", request)?;
        let user_key = keys::user(id);
        let wanted = vec![user_key.key.clone()];
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
        let seen = Self::present(tx.get(&user_key)?)?;
        let mut fields = Validation::default();
        check_password("new", &request.new, &seen.email, &seen.name, &mut fields);
        fields.finish()?;
        self.is_owner(&seen, &request.old, request.address.as_deref()).await?;
        let password_hash = engine.hasher.hash(request.new.clone(), engine.random()).await?;
        let codes = [Purpose::ResetPassword, Purpose::ChangeEmail].map(|purpose| purpose.key(id));
        loop {
            let wanted = std::iter::once(&user_key.key).chain(codes.iter().map(|code| &code.key));
            let wanted = wanted.cloned().collect();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let user = Self::present(tx.get(&user_key)?)?;
            if user.password_hash != seen.password_hash {
                return Err(UserError::InvalidCredentials);
            }
            let user = User { password_hash: password_hash.clone(), epoch: user.epoch + 1, ..user };
            tx.put(&user_key, &user)?;
            for code in &codes {
                if tx.get(code)?.is_some() {
                    tx.delete(code);
                }
            }
            if let Some(session) = request.session {
                Self::keep_open(&mut tx, id, session, user.epoch).await?;
            }
            engine.promise_mail(&mut tx, id, &user, MailContent::PasswordChanged)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Whether this is the password of the account: asked before what cannot be undone. Counted as log-ins are.
    pub(super) async fn is_owner(
        &self,
        user: &User,
        password: &str,
        address: Option<&str>,
    ) -> Result<(), UserError> {
        let engine = self.engine;
        let attempt = engine.may_try(Scope::LogIn, &user.email, address).await?;
        let checked = engine.is_password(password, Some(&user.password_hash)).await;
        match &checked {
            Ok(()) => engine.tried(attempt, true).await?,
            Err(UserError::InvalidCredentials) => engine.tried(attempt, false).await?,
            Err(_) => {}
        }
        checked
    }

    /// Takes a session along into a new epoch.
    async fn keep_open(
        tx: &mut Tx<'_>,
        owner: UserId,
        session: SessionId,
        epoch: u64,
    ) -> Result<(), UserError> {
        let (key, listed) = (keys::session(session), keys::user_session(owner, session));
        tx.more(vec![key.key.clone(), listed.key.clone()]).await?;
        let kept = tx.get(&key)?.filter(|kept| {
            kept.owner == SessionOwner::User(owner) && kept.epoch + 1 == epoch && kept.expires_at > tx.now()
        });
        if let Some(kept) = kept {
            let row = UserSession { v: Default::default(), expires_at: kept.expires_at, epoch };
            tx.put(&listed, &row)?;
            tx.put(&key, &Session { epoch, ..kept })?;
        }
        Ok(())
    }

    /// The account, unless it is gone or going.
    pub(super) fn present(user: Option<User>) -> Result<User, UserError> {
        Ok(user.filter(|user| !user.deleting).ok_or(InvalidToken::Invalid)?)
    }
}
