//! One-time codes of an app as a second factor, and recovery codes for when the app is lost.

use serde::{Deserialize, Serialize};

use super::codes::{self, Shown};
use super::{Staff, view};
use crate::actor::Actor;
use crate::error::Invalid;
use crate::ids::StaffId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{SecondFactor, Staff as StaffRecord};
use crate::store::tx::{Loaded, Tx};
use crate::users::{StaffView, UserError};

/// The caller's password, once more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct Passworded {
    /// The password.
    pub password: String,
}

/// A second factor to be set up. It is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OfferedFactor {
    /// The secret, for typing it into an app.
    pub secret: String,
    /// The same as `otpauth://…`, for a QR code.
    pub uri: String,
}

/// A one-time code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorCode {
    /// Six digits from the app, or a recovery code.
    pub code: String,
}

/// Recovery codes. They are shown this once, and each opens once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RecoveryCodes {
    /// The codes, such as `k3m5q-7xw2a`.
    pub recovery_codes: Vec<String>,
}

hidden! { Passworded OfferedFactor SecondFactorCode RecoveryCodes }

impl Staff<'_> {
    /// Offers the caller a second factor: a secret for an app. It counts once a code of the app has confirmed it.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] if the password is wrong, [`UserError::TooManyAttempts`] after several,
    /// [`UserError::AlreadyExists`] if they have one,
    /// [`UserError::Denied`] unless staff ask, [`UserError::Password`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn begin_totp(&self, actor: &Actor, request: &Passworded) -> Result<OfferedFactor, UserError> {
        let id = Self::own(actor)?;
        let record = self.engine.get(&keys::staff(id)).await?.ok_or(UserError::NotFound)?;
        self.own_password(&record, &request.password).await?;
        let secret: [u8; 20] = self.engine.random();
        let masked = self.engine.keys.current().mask(id, self.engine.random(), secret);
        let mut tx = self.engine.begin_command(actor, None, "staff_begin_totp", &())?;
        loop {
            let record = own_record(&mut tx, id).await?;
            if record.second_factor.is_some() {
                return Err(UserError::AlreadyExists { what: "a second factor" });
            }
            let (secret, uri) = codes::offer(secret, &self.engine.policy.house_name, &record.email);
            tx.put(&keys::staff(id), &StaffRecord { offered_factor: Some(masked.clone()), ..record })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(OfferedFactor { secret, uri });
            }
        }
    }

    /// Confirms the offered second factor with a code of the app. From now on a log-in needs one.
    ///
    /// # Errors
    /// [`UserError::WrongCode`], [`UserError::Invalid`] if nothing was offered, [`UserError::Denied`] unless staff
    /// ask, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn confirm_totp(
        &self,
        actor: &Actor,
        request: &SecondFactorCode,
    ) -> Result<RecoveryCodes, UserError> {
        let id = Self::own(actor)?;
        let (shown, stored) = self.recovery_codes(id);
        let mut tx = self.engine.begin_command(actor, None, "staff_confirm_totp", &())?;
        loop {
            let record = own_record(&mut tx, id).await?;
            let masked = record.offered_factor.clone().ok_or_else(|| nothing_offered("begin first"))?;
            let factor =
                SecondFactor { masked, last_step: 0, recovery: stored.clone(), wrong: 0, wait_until: None };
            let Shown::Right(factor) = codes::show(&self.engine.keys, id, &factor, &request.code, tx.now())
            else {
                return Err(UserError::WrongCode);
            };
            let record = StaffRecord { second_factor: Some(factor), offered_factor: None, ..record };
            tx.put(&keys::staff(id), &record)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(RecoveryCodes { recovery_codes: shown });
            }
        }
    }

    /// Takes the caller's second factor away: a log-in needs the password alone.
    ///
    /// # Errors
    /// [`UserError::WrongCode`], [`UserError::TooManyAttempts`], [`UserError::Invalid`] if they have none,
    /// [`UserError::Denied`] unless staff ask, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn disable_totp(
        &self,
        actor: &Actor,
        request: &SecondFactorCode,
    ) -> Result<StaffView, UserError> {
        let id = Self::own(actor)?;
        let change = |record: &mut StaffRecord| record.second_factor = None;
        let record = self.with_code(actor, id, "staff_disable_totp", &request.code, change).await?;
        Ok(view(id, &record))
    }

    /// Gives the caller new recovery codes; those before open nothing any more.
    ///
    /// # Errors
    /// [`UserError::WrongCode`], [`UserError::TooManyAttempts`], [`UserError::Invalid`] if they have no second factor,
    /// [`UserError::Denied`] unless staff ask, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn renew_recovery_codes(
        &self,
        actor: &Actor,
        request: &SecondFactorCode,
    ) -> Result<RecoveryCodes, UserError> {
        let id = Self::own(actor)?;
        let (shown, stored) = self.recovery_codes(id);
        let change = |record: &mut StaffRecord| {
            if let Some(factor) = &mut record.second_factor {
                factor.recovery.clone_from(&stored);
            }
        };
        self.with_code(actor, id, "staff_renew_recovery_codes", &request.code, change).await?;
        Ok(RecoveryCodes { recovery_codes: shown })
    }

    /// Changes the caller's account if the code is right; counts it if it is not.
    async fn with_code(
        &self,
        actor: &Actor,
        id: StaffId,
        verb: &str,
        code: &str,
        change: impl Fn(&mut StaffRecord) + Send,
    ) -> Result<StaffRecord, UserError> {
        let mut tx = self.engine.begin_command(actor, None, verb, &())?;
        loop {
            let mut record = own_record(&mut tx, id).await?;
            let factor = record.second_factor.as_ref().ok_or_else(|| nothing_offered("there is none"))?;
            let right = match codes::show(&self.engine.keys, id, factor, code, tx.now()) {
                Shown::Wait { left } => return Err(UserError::TooManyAttempts { retry_after: left }),
                Shown::Right(factor) => {
                    record.second_factor = Some(factor);
                    change(&mut record);
                    true
                }
                Shown::Wrong(factor) => {
                    record.second_factor = Some(factor);
                    tx.record_as(id, Some(record.role), WRONG_CODE);
                    false
                }
            };
            tx.put(&keys::staff(id), &record)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return if right { Ok(record) } else { Err(UserError::WrongCode) };
            }
        }
    }

    fn recovery_codes(&self, id: StaffId) -> (Vec<String>, Vec<String>) {
        codes::recovery_codes(&self.engine.keys, id, || self.engine.random())
    }
}

/// What the log calls a code that was not right.
pub(super) const WRONG_CODE: &str = "staff_second_factor_failed";

async fn own_record(tx: &mut Tx<'_>, id: StaffId) -> Result<StaffRecord, UserError> {
    let key = keys::staff(id);
    let loaded = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await?;
    debug_assert!(matches!(loaded, Loaded::Fresh), "these commands have no name");
    tx.get(&key)?.ok_or(UserError::NotFound)
}

fn nothing_offered(what: &str) -> Invalid {
    Invalid::one("code", "no_second_factor", format!("no second factor to show a code of: {what}"))
}
