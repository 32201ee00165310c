//! What is changed about a show that is there.

use serde::{Deserialize, Serialize};

use super::ShowFormat;
use crate::ids::{AuditoriumId, CommandId, PriceCardId};
use crate::seats::rules::SelectionRules;
use crate::time::{ClockReading, LocalTime, Timestamp};

/// Everything about a show but what, where and when: what is absent here is taken away, except that the window of its
/// sales stays as it is if nothing is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct EditShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// For how much. What is held already costs what it cost.
    pub price_card_id: PriceCardId,
    /// When sales open; at once if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_at: Option<Timestamp>,
    /// How many days of 24 hours before the start sales open, instead of `sales_open_at`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_days_before: Option<u32>,
    /// When sales close; at the start if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_close_at: Option<Timestamp>,
    /// How many minutes before the start sales close, instead of `sales_close_at`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_close_minutes_before: Option<u32>,
    /// The language spoken.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub language: Option<String>,
    /// The language of the subtitles.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub subtitles: Option<String>,
    /// How it is projected.
    #[serde(default)]
    pub format: ShowFormat,
    /// Most seats that one customer may have; no limit if absent. Counted from now on.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_seats_per_customer: Option<u32>,
    /// Which rules a choice of seats must follow; all if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub selection: SelectionRules,
}

impl EditShow {
    /// With this price card, and everything else as it mostly is.
    #[must_use]
    pub fn new(price_card_id: PriceCardId) -> Self {
        Self {
            command: None,
            price_card_id,
            sales_open_at: None,
            sales_open_days_before: None,
            sales_close_at: None,
            sales_close_minutes_before: None,
            language: None,
            subtitles: None,
            format: ShowFormat::default(),
            max_seats_per_customer: None,
            selection: SelectionRules::default(),
        }
    }
}

/// Another time or place for a show. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct MoveShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// Where.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub auditorium_id: Option<AuditoriumId>,
    /// When, on the clocks of the venue that it is moved to.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub starts_at_local: Option<LocalTime>,
    /// Which instant is meant if a change of the clocks skips or repeats the start.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub clock_change: Option<ClockReading>,
    /// How long the auditorium is taken, in minutes.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub duration_minutes: Option<u32>,
}

impl MoveShow {
    /// To another time, in the same auditorium.
    #[must_use]
    pub fn to_time(starts_at_local: LocalTime) -> Self {
        Self { starts_at_local: Some(starts_at_local), ..Self::default() }
    }

    /// To another auditorium, at the same time.
    #[must_use]
    pub fn to_auditorium(auditorium_id: AuditoriumId) -> Self {
        Self { auditorium_id: Some(auditorium_id), ..Self::default() }
    }
}
