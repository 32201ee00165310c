//! What the house knows about a customer, for them to take away.

use serde::{Deserialize, Serialize};

use super::profile::user_view;
use super::{OpenSession, UserError, UserView, Users};
use crate::actor::Actor;
use crate::bookings::BookingView;
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::store::keys;
use crate::time::Timestamp;

/// Everything that is kept about a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UserExport {
    /// When this was put together.
    pub exported_at: Timestamp,
    /// The account.
    pub user: UserView,
    /// The open sessions.
    pub sessions: Vec<OpenSession>,
    /// The confirmed bookings, the newest first.
    pub bookings: Vec<BookingView>,
}

impl Users<'_> {
    /// Everything that is kept about the caller.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account is gone, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn export(&self, actor: &Actor) -> Result<UserExport, UserError> {
        let engine = self.engine;
        let id = self.customer(actor)?;
        let user = user_view(id, Self::present(engine.get(&keys::user(id)).await?)?);
        let sessions = self.list_sessions(actor, None).await?;
        let listed = engine.scan_all(&keys::user_bookings(id)).await?;
        let ids = listed.iter().rev().filter_map(|(row, _)| row.key.rsplit('/').next()?.parse().ok());
        let records = engine.get_many(ids.map(|id: BookingId| keys::booking(id))).await?;
        let mut bookings = Vec::with_capacity(records.len());
        for (booking, _) in records.into_iter().flatten() {
            let view = engine.booking_view(&booking).await;
            bookings.push(view.map_err(|error| EngineError::internal(error.to_string()))?);
        }
        Ok(UserExport { exported_at: engine.now(), user, sessions, bookings })
    }
}
