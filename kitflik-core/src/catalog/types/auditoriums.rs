//! Auditoriums and layouts, to callers.

use serde::{Deserialize, Serialize};

use crate::ids::{AuditoriumId, CommandId, LayoutId, VenueId};
use crate::seats::layout::{Category, Layout, Seat};

/// An auditorium to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditorium {
    /// The name of this command, so that a repeat has no second effect.
    pub command: Option<CommandId>,
    /// Where.
    pub venue_id: VenueId,
    /// The name.
    pub name: String,
    /// Its seats.
    pub layout: Layout,
}

/// What of an auditorium can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct EditAuditorium {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name.
    pub name: String,
}

/// An auditorium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditoriumView {
    /// The auditorium.
    pub id: AuditoriumId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// The name.
    pub name: String,
    /// Where it is.
    pub venue_id: VenueId,
    /// Its seats.
    pub layout_id: LayoutId,
    /// How many seats it has.
    pub seats: u32,
    /// The layouts that it had before, the oldest first.
    #[serde(default)]
    pub earlier_layouts: Vec<LayoutId>,
    /// It is in no list for customers, and no new show can have it.
    #[serde(default)]
    pub archived: bool,
}

/// A layout: the seats of an auditorium. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LayoutView {
    /// The layout.
    pub id: LayoutId,
    /// The name.
    pub name: String,
    /// The price categories.
    pub categories: Vec<Category>,
    /// The seats, in the order of the characters of a seat map.
    pub seats: Vec<Seat>,
}

/// An auditorium or movie by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditoriumRef {
    /// The auditorium.
    pub id: AuditoriumId,
    /// Its name.
    pub name: String,
}
