//! What a member of staff does with their own account.

use serde::{Deserialize, Serialize};

use super::{Staff, view};
use crate::actor::Actor;
use crate::error::Validation;
use crate::ids::CommandId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Staff as StaffRecord;
use crate::store::tx::Loaded;
use crate::users::backoff::Scope;
use crate::users::passwords::check_password;
use crate::users::{StaffView, UserError};

/// Somebody's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct StaffMe {
    /// The account.
    pub staff: StaffView,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

/// A new password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ChangeStaffPassword {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The password until now.
    pub current_password: String,
    /// The new one, at least 8 characters.
    pub password: String,
}

hidden! { ChangeStaffPassword }

impl Staff<'_> {
    /// The caller's own account.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless staff ask, [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn me(&self, actor: &Actor) -> Result<StaffMe, UserError> {
        let id = Self::own(actor)?;
        let record = self.engine.get(&keys::staff(id)).await?.ok_or(UserError::NotFound)?;
        let left = record.second_factor.as_ref().map_or(0, |factor| factor.recovery.len());
        Ok(StaffMe { staff: view(id, &record), recovery_codes_left: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// Changes the caller's own password. All their sessions end, this one too.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] if the current password is wrong, [`UserError::TooManyAttempts`] after
    /// several, [`UserError::Invalid`] for the new one, [`UserError::Denied`] unless staff ask,
    /// [`UserError::Password`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn change_password(
        &self,
        actor: &Actor,
        request: &ChangeStaffPassword,
    ) -> Result<(), UserError> {
        let id = Self::own(actor)?;
        let command = request.command.as_ref();
        let mut tx = self.engine.begin_command(actor, command, "staff_change_password", request)?;
        let key = keys::staff(id);
        // The hash that the current password was right for, and the one of the new password.
        let mut hashed: Option<(String, String)> = None;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                return Ok(());
            };
            let record = tx.get(&key)?.ok_or(UserError::NotFound)?;
            let password_hash = match &hashed {
                Some((before, after)) if *before == record.password_hash => after.clone(),
                _ => {
                    let mut fields = Validation::default();
                    check_password("password", &request.password, &record.email, &record.name, &mut fields);
                    fields.finish()?;
                    self.own_password(&record, &request.current_password).await?;
                    let hasher = &self.engine.hasher;
                    let after = hasher.hash(request.password.clone(), self.engine.random()).await?;
                    hashed.insert((record.password_hash.clone(), after)).1.clone()
                }
            };
            tx.put(&key, &StaffRecord { password_hash, epoch: record.epoch + 1, ..record })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Whether somebody who has a session knows the password too. Wrong ones count like those at the door.
    pub(super) async fn own_password(&self, record: &StaffRecord, password: &str) -> Result<(), UserError> {
        let attempt = self.engine.may_try(Scope::StaffLogIn, &record.email, None).await?;
        let checked = self.engine.is_password(password, Some(&record.password_hash)).await;
        match &checked {
            Ok(()) => self.engine.tried(attempt, true).await?,
            Err(UserError::InvalidCredentials) => self.engine.tried(attempt, false).await?,
            Err(_) => {}
        }
        checked
    }
}
