//! Another e-mail address: confirmed at the new one, told to the old one.

use serde::{Deserialize, Serialize};

use super::backoff::Scope;
use super::codes::{Purpose, Whose};
use super::email::{check_email, normal_email, shown_email};
use super::{UserError, Users};
use crate::actor::Actor;
use crate::error::{Invalid, Validation};
use crate::ids::CommandId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{EmailClaim, Form, MailContent, Tries, User};
use crate::store::tx::Loaded;

/// A wish for another e-mail address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The new address, up to 254 bytes.
    pub email: String,
    /// The account's password.
    pub password: String,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

/// What came by mail to the new address: the token of its link, or its code from whoever is logged in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The token of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub token: Option<String>,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub code: Option<String>,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

impl Users<'_> {
    /// Mails a link and a code to a new address, and a notice to the old one. Nothing changes before the new address is
    /// confirmed. The answer does not tell whether another account has it: then its owner gets a mail that says so.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] for a wrong password, [`UserError::TooManyAttempts`], [`UserError::Invalid`],
    /// [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account is gone, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn change_email(&self, actor: &Actor, request: &ChangeEmail) -> Result<(), UserError> {
        let id = self.customer(actor)?;
        let mut fields = Validation::default();
        check_email("email", &request.email, &mut fields);
        fields.finish()?;
        let engine = self.engine;
        let command = request.command.as_ref();
        let mut tx = engine.begin_command(actor, command, "change_email", request)?;
        let (user_key, code_key) = (keys::user(id), Purpose::ChangeEmail.key(id));
        let wanted = vec![user_key.key.clone()];
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
        let seen = Self::present(tx.get(&user_key)?)?;
        self.is_owner(&seen, &request.password, request.address.as_deref()).await?;
        let claim = keys::email(&normal_email(&request.email));
        // Each such mail counts, as those do that anybody can ask for.
        let tries_key = engine.tries_of(Scope::Mail, &seen.email);
        loop {
            let wanted =
                [&user_key.key, &code_key.key, &claim.key, &tries_key.key].map(Clone::clone).to_vec();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let before = tx.get(&tries_key)?;
            if let Some(retry_after) = before.as_ref().and_then(|tries| tries.account_wait(tx.now())) {
                return Err(UserError::TooManyAttempts { retry_after });
            }
            tx.put(&tries_key, &Tries::more(before, tx.now(), engine.random()))?;
            let user = Self::present(tx.get(&user_key)?)?;
            if user.password_hash != seen.password_hash {
                return Err(UserError::InvalidCredentials);
            }
            let email = shown_email(&request.email);
            match tx.get(&claim)? {
                Some(claim) if claim.user == id => {
                    let detail = "email is the address of the account already";
                    return Err(Invalid::one("email", "unchanged", detail).into());
                }
                Some(claim) => {
                    let (owner, content) = (Some(claim.user), MailContent::AlreadyRegistered);
                    engine.promise_mail_to(&mut tx, &email, owner, &user, content)?;
                    if tx.get(&code_key)?.is_some() {
                        tx.delete(&code_key);
                    }
                }
                None => {
                    let code = engine.new_code(&mut tx, Purpose::ChangeEmail, id, Some(email.clone()))?;
                    engine.promise_mail_to(
                        &mut tx,
                        &email,
                        Some(id),
                        &user,
                        MailContent::EmailCode { code },
                    )?;
                }
            }
            engine.promise_mail(&mut tx, id, &user, MailContent::EmailChanging)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Makes the new address the account's. Whoever is not logged in needs the link's token; with the code, the
    /// caller's own account is meant.
    ///
    /// # Errors
    /// [`UserError::InvalidCode`], [`UserError::AlreadyExists`] if another account has taken the address meanwhile,
    /// [`UserError::TooManyAttempts`], [`UserError::Invalid`] unless there is either a token or a code,
    /// [`UserError::Denied`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn confirm_email(&self, actor: &Actor, request: &ConfirmEmail) -> Result<(), UserError> {
        let engine = self.engine;
        let command = request.command.as_ref();
        let mut tx = engine.begin_command(actor, command, "confirm_email", request)?;
        let address = request.address.as_deref();
        let proven = match (&request.token, &request.code) {
            (Some(token), None) => Self::claimed(Purpose::ChangeEmail, token)?,
            (None, Some(code)) => {
                let whose = Whose::User(self.customer(actor)?);
                match self.guess_from(&mut tx, Purpose::ChangeEmail, whose, code, address).await? {
                    Some(proven) => proven,
                    None => return Ok(()),
                }
            }
            _ => {
                let detail = "either token or code must be given";
                return Err(Invalid::one("token", "required", detail).into());
            }
        };
        let user_key = keys::user(proven.user);
        loop {
            let wanted = vec![user_key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let code = self.use_up(&mut tx, &proven).await?;
            let email = code.email.ok_or(UserError::InvalidCode)?;
            let user = tx.get(&user_key)?.filter(|user| !user.deleting).ok_or(UserError::InvalidCode)?;
            let old = keys::email(&normal_email(&user.email));
            let new = keys::email(&normal_email(&email));
            // Codes that went to the old address open nothing any more.
            let stale =
                [Purpose::VerifyEmail, Purpose::ResetPassword].map(|purpose| purpose.key(proven.user));
            let wanted = [&old.key, &new.key].into_iter().chain(stale.iter().map(|code| &code.key));
            tx.more(wanted.cloned().collect()).await?;
            if tx.get(&new)?.is_some_and(|claim| claim.user != proven.user) {
                return Err(UserError::AlreadyExists { what: "an account with this e-mail address" });
            }
            for code in &stale {
                if tx.get(code)?.is_some() {
                    tx.delete(code);
                }
            }
            tx.delete(&old);
            tx.put(&new, &EmailClaim { v: Form, user: proven.user })?;
            engine.promise_mail(&mut tx, proven.user, &user, MailContent::EmailChanged)?;
            tx.put(&user_key, &User { email, email_verified: true, ..user })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
