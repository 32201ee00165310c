//! Venues, to callers.

use serde::{Deserialize, Serialize};

use super::AuditoriumView;
use crate::ids::{CommandId, VenueId};
use crate::time::Zone;

/// A venue to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewVenue {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// The street address.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
    /// The zone that its clocks follow.
    pub zone: Zone,
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VenueView {
    /// The venue.
    pub id: VenueId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// The street address.
    pub address: Option<String>,
    /// The zone that its clocks follow.
    pub zone: Zone,
    /// Its auditoriums.
    pub auditoriums: Vec<AuditoriumView>,
    /// It is in no list for customers, and no new show can have it.
    #[serde(default)]
    pub archived: bool,
}

/// A venue by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VenueRef {
    /// The venue.
    pub id: VenueId,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: String,
    /// The zone that its clocks follow.
    pub zone: Zone,
}
