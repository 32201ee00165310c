//! Log-in of staff: a password and, for who has set it up, a one-time code.

use serde::{Deserialize, Serialize};

use super::Staff;
use super::codes::{self, Shown};
use super::factor::WRONG_CODE;
use crate::actor::Actor;
use crate::error::Validation;
use crate::ids::{CommandId, SessionId, StaffId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Session, SessionOwner, Staff as StaffRecord};
use crate::store::tx::Loaded;
use crate::users::backoff::{Scope, coarse_address};
use crate::users::email::normal_email;
use crate::users::sessions::Grant;
use crate::users::{StaffStatus, TokenPair, UserError};

/// E-mail, password and, where it is needed, a one-time code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct StaffLogIn {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Six digits from the app, or a recovery code, for those who have set that up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub code: Option<String>,
    /// What the device is called, up to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub device: Option<String>,
    /// The network address that the log-in comes from, which the host knows; of it only the first part is kept. Without
    /// one, failures are counted for the account alone.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

hidden! { StaffLogIn }

impl StaffLogIn {
    /// With a password alone.
    #[must_use]
    pub fn new(email: impl Into<String>, password: impl Into<String>) -> Self {
        let (email, password) = (email.into(), password.into());
        Self { command: None, email, password, code: None, device: None, address: None }
    }

    /// With a one-time code.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }
}

impl Staff<'_> {
    /// Opens a staff session.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] or [`UserError::TooManyAttempts`]; [`UserError::SecondFactorRequired`] or
    /// [`UserError::WrongCode`] once the password was right; [`UserError::Invalid`], [`UserError::Password`] if too
    /// many log in at once, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_in(&self, request: &StaffLogIn) -> Result<TokenPair, UserError> {
        let mut fields = Validation::default();
        fields.optional_text("device", request.device.as_deref(), limits::MAX_DEVICE_CHARS);
        fields.finish()?;
        let engine = self.engine;
        let address = request.address.as_deref();
        let attempt = engine.may_try(Scope::StaffLogIn, &request.email, address).await?;
        let claim = engine.get(&keys::staff_email(&normal_email(&request.email))).await?;
        // An unknown address is read for as often as a known one.
        let id = claim.map_or(StaffId::from_bytes([0; 16]), |claim| claim.staff);
        let found = engine.get(&keys::staff(id)).await?;
        let hash = found.as_ref().map(|staff| staff.password_hash.as_str()).filter(|hash| !hash.is_empty());
        let checked = engine.is_password(&request.password, hash).await;
        match &checked {
            Ok(()) => engine.tried(attempt, true).await?,
            Err(UserError::InvalidCredentials) => engine.tried(attempt, false).await?,
            Err(_) => {}
        }
        checked?;
        let Some(found) = found else { return Err(UserError::InvalidCredentials) };
        let rehashed = if engine.hasher.is_current(&found.password_hash) {
            None
        } else {
            // A hash that cannot be made now is made at the next log-in.
            engine.hasher.hash(request.password.clone(), engine.random()).await.ok()
        };
        let mut tx =
            engine.begin_command(&Actor::guest(), request.command.as_ref(), "staff_log_in", request)?;
        let session = SessionId::new(tx.now(), engine.random());
        let grant = Grant { session, generation: 0, at: tx.now() };
        let (key, session_key) = (keys::staff(id), keys::session(session));
        loop {
            tx.record_as(id, Some(found.role), "staff_log_in");
            let wanted = vec![key.key.clone(), session_key.key.clone()];
            let replay = tx.load(Durability::Durable, wanted).await?;
            let record = tx.get(&key)?.ok_or(UserError::InvalidCredentials)?;
            // What the password was right for may have changed since.
            if record.password_hash != found.password_hash || record.status() != StaffStatus::Active {
                return Err(UserError::InvalidCredentials);
            }
            if let Loaded::Replay(grant) = replay {
                return engine.pair(&record.subject(id), grant);
            }
            let shown = match (&record.second_factor, &request.code) {
                (None, _) => None,
                (Some(_), None) => return Err(UserError::SecondFactorRequired),
                (Some(factor), Some(code)) => Some(codes::show(&engine.keys, id, factor, code, tx.now())),
            };
            let second_factor = match shown {
                Some(Shown::Wait { left }) => return Err(UserError::TooManyAttempts { retry_after: left }),
                Some(Shown::Wrong(factor)) => {
                    tx.forget_receipt();
                    tx.record_as(id, Some(record.role), WRONG_CODE);
                    tx.put(&key, &StaffRecord { second_factor: Some(factor), ..record })?;
                    if tx.commit(Durability::Durable, &()).await?.is_some() {
                        return Err(UserError::WrongCode);
                    }
                    continue;
                }
                Some(Shown::Right(factor)) => Some(factor),
                None => None,
            };
            let password_hash = rehashed.clone().unwrap_or_else(|| record.password_hash.clone());
            let after = StaffRecord { second_factor, password_hash, ..record.clone() };
            if after != record {
                tx.put(&key, &after)?;
            }
            let opened = Session {
                device: request.device.as_ref().map(|device| device.trim().to_owned()),
                network: coarse_address(address),
                ..engine.new_session(SessionOwner::Staff(id), 0, record.epoch, tx.now())
            };
            tx.put(&session_key, &opened)?;
            if tx.commit(Durability::Durable, &grant).await?.is_some() {
                return engine.pair(&record.subject(id), grant);
            }
        }
    }
}
