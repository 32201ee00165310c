//! By which way seats are sold.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::error::Denied;

/// Where seats are sold. House seats may be kept for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SalesChannel {
    /// By customers and guests themselves.
    Online,
    /// By staff, for whoever stands before them.
    BoxOffice,
}

impl SalesChannel {
    /// The channel of whoever asks. Staff and the host program may choose another than theirs.
    pub(super) fn of(actor: &Actor, asked: Option<Self>) -> Result<Self, Denied> {
        let may_choose = match actor {
            Actor::Staff { .. } => return Ok(asked.unwrap_or(Self::BoxOffice)),
            Actor::System => true,
            Actor::Guest { .. } | Actor::User { .. } => false,
        };
        match (asked, actor) {
            (None | Some(Self::Online), _) => Ok(Self::Online),
            (Some(channel), _) if may_choose => Ok(channel),
            (Some(_), Actor::Guest { .. }) => Err(Denied::Unauthenticated),
            (Some(_), _) => Err(actor.denied("sell by that channel")),
        }
    }

    /// For sets of channels.
    pub(super) fn bit(self) -> u8 {
        1 << self as u8
    }
}
