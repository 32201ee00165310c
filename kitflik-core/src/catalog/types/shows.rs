//! Shows, to callers.

use serde::{Deserialize, Serialize};

use super::{AuditoriumRef, CategoryPrice, MovieRef, VenueRef};
use crate::ids::{AuditoriumId, CommandId, LayoutId, MovieId, PriceCardId, ShowId};
use crate::money::Currency;
use crate::seats::rules::SelectionRules;
use crate::time::{ClockReading, LocalTime, Timestamp};

/// How a show is projected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ShowFormat {
    /// Flat.
    #[default]
    #[serde(rename = "2D")]
    TwoD,
    /// With glasses.
    #[serde(rename = "3D")]
    ThreeD,
    /// IMAX.
    #[serde(rename = "IMAX")]
    Imax,
}

/// A show to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// What is shown.
    pub movie_id: MovieId,
    /// Where.
    pub auditorium_id: AuditoriumId,
    /// When, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// For how much.
    pub price_card_id: PriceCardId,
    /// Which instant is meant if a change of the clocks skips or repeats the start; refused with both if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub clock_change: Option<ClockReading>,
    /// How long the auditorium is taken, in minutes; if absent, trailers, the movie's runtime and the turnaround.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub duration_minutes: Option<u32>,
    /// Minutes before the movie begins; as the house does it if absent ([`Policy::trailers`](crate::Policy::trailers)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub trailers_minutes: Option<u32>,
    /// Minutes after the movie until the auditorium is free again; as the house does it if absent
    /// ([`Policy::turnaround`](crate::Policy::turnaround)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub turnaround_minutes: Option<u32>,
    /// When sales open; at once if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_at: Option<Timestamp>,
    /// How many days of 24 hours before the start sales open, instead of `sales_open_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_days_before: Option<u32>,
    /// When sales close; at the start if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_close_at: Option<Timestamp>,
    /// How many minutes before the start sales close, instead of `sales_close_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// Most seats that one customer may have; no limit if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_seats_per_customer: Option<u32>,
    /// Which rules a choice of seats must follow; all if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub selection: SelectionRules,
}

impl NewShow {
    /// A show with everything else as it mostly is: sold from now until its start, with all rules of choice.
    #[must_use]
    pub fn new(
        movie_id: MovieId,
        auditorium_id: AuditoriumId,
        price_card_id: PriceCardId,
        starts_at_local: LocalTime,
    ) -> Self {
        Self {
            command: None,
            movie_id,
            auditorium_id,
            starts_at_local,
            price_card_id,
            clock_change: None,
            duration_minutes: None,
            trailers_minutes: None,
            turnaround_minutes: None,
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

/// Where a show stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShowStatus {
    /// Sales have not opened.
    Scheduled,
    /// Seats can be bought.
    OnSale,
    /// Sales are over.
    Closed,
    /// The show is over.
    Ended,
    /// It will not take place.
    Cancelled,
}

/// A show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ShowView {
    /// The show.
    pub id: ShowId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// What is shown.
    pub movie: MovieRef,
    /// Where in the venue.
    pub auditorium: AuditoriumRef,
    /// Where.
    pub venue: VenueRef,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it starts, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// When the auditorium is free again.
    pub ends_at: Timestamp,
    /// Where it stands.
    pub status: ShowStatus,
    /// The layout of its seats.
    pub layout_id: LayoutId,
    /// The language spoken.
    pub language: Option<String>,
    /// The language of the subtitles.
    pub subtitles: Option<String>,
    /// How it is projected.
    pub format: ShowFormat,
    /// When sales open.
    pub sales_open_at: Timestamp,
    /// When sales close.
    pub sales_close_at: Timestamp,
    /// The currency of its prices.
    pub currency: Currency,
    /// Its prices as they are now, by the rules of its price card; fees and tax apart.
    pub prices: Vec<CategoryPrice>,
    /// Most seats that one customer may have.
    pub max_seats_per_customer: Option<u32>,
}
