//! Verification: whoever has the code or the link of a mail has its address.

use serde::{Deserialize, Serialize};

use super::backoff::Scope;
use super::codes::{Proven, Purpose, Whose};
use super::{UserError, Users};
use crate::actor::Actor;
use crate::error::Invalid;
use crate::ids::CommandId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::User;
use crate::store::tx::{Loaded, Tx};

/// What came by mail: the token of its link, or its code with the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct VerifyEmail {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The token of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub token: Option<String>,
    /// The e-mail address, together with `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub email: Option<String>,
    /// The code, together with `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub code: Option<String>,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

/// A wish for another verification mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ResendVerification {
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

impl Users<'_> {
    /// Notes that an address belongs to the owner of its account. A link or code works once, for a day.
    ///
    /// # Errors
    /// [`UserError::InvalidCode`], [`UserError::TooManyAttempts`], [`UserError::Invalid`] unless there is either a
    /// token or an address with a code, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn verify_email(&self, request: &VerifyEmail) -> Result<(), UserError> {
        let engine = self.engine;
        let command = request.command.as_ref();
        let mut tx = engine.begin_command(&Actor::guest(), command, "verify_email", request)?;
        let address = request.address.as_deref();
        let proven = match (&request.token, &request.email, &request.code) {
            (Some(token), None, None) => Self::claimed(Purpose::VerifyEmail, token)?,
            (None, Some(email), Some(code)) => {
                let whose = Whose::Email(email);
                match self.guess_from(&mut tx, Purpose::VerifyEmail, whose, code, address).await? {
                    Some(proven) => proven,
                    None => return Ok(()),
                }
            }
            _ => {
                let detail = "either token, or email and code, must be given";
                return Err(Invalid::one("token", "required", detail).into());
            }
        };
        let user_key = keys::user(proven.user);
        loop {
            let wanted = vec![user_key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            self.use_up(&mut tx, &proven).await?;
            let user = tx.get(&user_key)?.filter(|user| !user.deleting).ok_or(UserError::InvalidCode)?;
            tx.put(&user_key, &User { email_verified: true, ..user })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// A guess that also counts for the address that it comes from, if it is wrong.
    pub(super) async fn guess_from(
        &self,
        tx: &mut Tx<'_>,
        purpose: Purpose,
        whose: Whose<'_>,
        digits: &str,
        address: Option<&str>,
    ) -> Result<Option<Proven>, UserError> {
        self.engine.may_try_from(Scope::Code, address).await?;
        let guessed = self.guess(tx, purpose, whose, digits).await;
        if matches!(guessed, Err(UserError::InvalidCode)) {
            self.engine.failed_from(Scope::Code, address).await?;
        }
        guessed
    }

    /// Mails a new link and code to an address that is not verified yet. The answer does not tell whether there is such
    /// an account.
    ///
    /// # Errors
    /// [`UserError::TooManyAttempts`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn resend_verification(&self, request: &ResendVerification) -> Result<(), UserError> {
        let command = request.command.as_ref();
        let tx = self.engine.begin_command(&Actor::guest(), command, "resend_verification", request)?;
        self.mail_code(tx, Purpose::VerifyEmail, &request.email, request.address.as_deref()).await
    }
}
