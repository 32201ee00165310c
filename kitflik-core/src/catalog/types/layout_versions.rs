//! Other seats for an auditorium, to callers.

use serde::{Deserialize, Serialize};

use super::AuditoriumView;
use crate::ids::{CommandId, LayoutId, SeatId, ShowId};
use crate::seats::layout::Layout;
use crate::time::Timestamp;

/// Other seats for an auditorium.
#[derive(Debug, Clone, PartialEq)]
pub struct SetLayout {
    /// The name of this command, so that a repeat has no second effect.
    pub command: Option<CommandId>,
    /// Its seats from now on.
    pub layout: Layout,
    /// Which of the coming shows have them, too.
    pub shows: MoveShows,
}

/// Which of the coming shows of an auditorium are moved to its new seats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MoveShows {
    /// None: only shows that are added from now on have them.
    None,
    /// Those of which nobody has a seat.
    #[default]
    Unsold,
    /// Those too of which seats are held or sold, if the new layout has all these seats.
    All,
}

/// What a new layout means for the coming shows of an auditorium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LayoutReport {
    /// The auditorium as it is now.
    pub auditorium: AuditoriumView,
    /// The new layout.
    pub layout_id: LayoutId,
    /// Its coming shows, by start.
    pub shows: Vec<ShowSeats>,
}

/// What a new layout means for a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ShowSeats {
    /// The show.
    pub show_id: ShowId,
    /// When it starts.
    pub starts_at: Timestamp,
    /// Whether it has the new seats, or why not.
    pub outcome: SeatsOutcome,
    /// How many of its seats are held or sold.
    pub taken: u32,
    /// Seats that are held or sold, and that the new layout does not have.
    pub missing: Vec<SeatId>,
}

/// Whether a show has the new seats of its auditorium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SeatsOutcome {
    /// It has them; in a preview: it would.
    Moved,
    /// It keeps its seats, as was asked.
    Kept,
    /// It keeps its seats: some that are held or sold have no counterpart.
    MissingSeats,
    /// It keeps its seats: its price card has no price for a category of the new ones.
    Unpriced,
    /// It keeps its seats: more are held or sold than can be moved at once.
    TooLarge,
    /// It keeps its seats: others changed it at the same time. The same command moves it later.
    Busy,
}
