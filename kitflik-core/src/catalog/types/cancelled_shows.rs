//! Shows that will not take place, to callers.

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, ShowId};
use crate::time::Timestamp;

/// A request to cancel a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CancelShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// Why, for the mails of all who have tickets, 1 to 200 characters.
    pub reason: String,
}

impl CancelShow {
    /// For a reason.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { command: None, reason: reason.into() }
    }

    /// With the name of the command.
    #[must_use]
    pub fn command(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// How far the cancellation of a show is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ShowCancellationView {
    /// The show.
    pub show_id: ShowId,
    /// When it was cancelled.
    pub cancelled_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Whether all its bookings are undone and their holders told. Money may still be on its way.
    pub done: bool,
    /// Bookings, and holds of customers, that are still to be undone.
    pub left: u32,
}
