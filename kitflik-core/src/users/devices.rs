//! The sessions of a customer: list them, end one, end all.

use serde::{Deserialize, Serialize};

use super::sessions::session_of;
use super::{UserError, Users};
use crate::actor::Actor;
use crate::ids::{CommandId, SessionId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{SessionOwner, User};
use crate::store::tx::Loaded;
use crate::time::Timestamp;

/// A log-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OpenSession {
    /// The session.
    pub id: SessionId,
    /// Whether it is the caller's own.
    pub current: bool,
    /// What the device was called at log-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The network that the log-in came from: an address without its last part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its refresh token was last used.
    pub last_used_at: Timestamp,
    /// When it ends, unless its refresh token is used before.
    pub expires_at: Timestamp,
}

impl Users<'_> {
    /// The caller's open sessions, the newest first. `current` is their own, which the host knows from the access
    /// token.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account is gone, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list_sessions(
        &self,
        actor: &Actor,
        current: Option<SessionId>,
    ) -> Result<Vec<OpenSession>, UserError> {
        let id = self.customer(actor)?;
        let user = Self::present(self.engine.get(&keys::user(id)).await?)?;
        let listed = self.engine.scan_all(&keys::user_sessions(id)).await?;
        let now = self.engine.now();
        let live = listed.iter().filter(|(_, row)| row.epoch == user.epoch && row.expires_at > now);
        let ids: Vec<SessionId> = live.filter_map(|(row, _)| session_of(&row.key)).collect();
        let sessions = self.engine.get_many(ids.iter().copied().map(keys::session)).await?;
        let views = ids.into_iter().zip(sessions).rev().filter_map(|(id, session)| {
            let (session, _) = session?;
            Some(OpenSession {
                id,
                current: Some(id) == current,
                device: session.device,
                network: session.network,
                created_at: session.created_at,
                last_used_at: session.last_used_at.map_or(session.created_at, Timestamp::from_millis),
                expires_at: session.expires_at,
            })
        });
        Ok(views.collect())
    }

    /// Ends one of the caller's sessions. Its access token ends within its own life.
    ///
    /// # Errors
    /// [`UserError::NotFound`] unless it is an open session of theirs, [`UserError::Denied`] unless a customer asks, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn revoke_session(
        &self,
        actor: &Actor,
        session: SessionId,
        command: Option<&CommandId>,
    ) -> Result<(), UserError> {
        let id = self.customer(actor)?;
        let mut tx = self.engine.begin_command(actor, command, "revoke_session", &session)?;
        let key = keys::session(session);
        let mut tried = false;
        loop {
            let wanted = vec![key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let found = tx.get(&key)?;
            if !found.is_some_and(|found| found.owner == SessionOwner::User(id)) {
                // It may be our own attempt that ended it.
                return if tried { Ok(()) } else { Err(UserError::NotFound) };
            }
            tried = true;
            tx.delete(&key);
            tx.delete(&keys::user_session(id, session));
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Ends all sessions of the caller, by one write.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account is gone, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_out_everywhere(
        &self,
        actor: &Actor,
        command: Option<&CommandId>,
    ) -> Result<(), UserError> {
        let id = self.customer(actor)?;
        let mut tx = self.engine.begin_command(actor, command, "log_out_everywhere", &())?;
        let key = keys::user(id);
        loop {
            let wanted = vec![key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let user = Self::present(tx.get(&key)?)?;
            tx.put(&key, &User { epoch: user.epoch + 1, ..user })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
