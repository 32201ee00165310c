//! The schedule, to callers: many shows at once, and what is where.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AuditoriumRef, MovieRef, ShowFormat, ShowStatus, VenueRef};
use crate::ids::{AuditoriumId, CommandId, MovieId, PriceCardId, ShowId, VenueId};
use crate::seats::rules::SelectionRules;
use crate::time::{ClockReading, Date, LocalTime, TimeOfDay, Timestamp, Weekday};

/// A show that stands in the way of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The show that is there.
    pub show_id: ShowId,
    /// What it shows.
    pub title: String,
    /// From when on it has the auditorium, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// Until when.
    pub ends_at_local: LocalTime,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { show_id, title, starts_at_local, ends_at_local } = self;
        write!(f, "show {show_id}, \"{title}\", from {starts_at_local} to {ends_at_local}")
    }
}

/// Shows of one movie, repeated: at every one of the times on every one of the days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RepeatShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// What is shown.
    pub movie_id: MovieId,
    /// Where.
    pub auditorium_id: AuditoriumId,
    /// For how much.
    pub price_card_id: PriceCardId,
    /// The first date, on the calendar.
    pub from: Date,
    /// The last date; at most 366 days in all.
    pub to: Date,
    /// On which days of the week; on all if empty.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub weekdays: Vec<Weekday>,
    /// At which times, on the venue's clocks. Dates and times together make at most 200 shows.
    pub times: Vec<TimeOfDay>,
    /// Which instant is meant where a change of the clocks skips or repeats a start.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub clock_change: Option<ClockReading>,
    /// Leaves out what cannot be there and says so; otherwise all are added or none.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub skip_clashes: bool,
    /// How long the auditorium is taken, in minutes; if absent, trailers, the movie's runtime and the turnaround.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub duration_minutes: Option<u32>,
    /// Minutes before the movie begins; as the house does it if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub trailers_minutes: Option<u32>,
    /// Minutes after the movie until the auditorium is free again; as the house does it if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub turnaround_minutes: Option<u32>,
    /// When sales open; at once if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_at: Option<Timestamp>,
    /// How many days of 24 hours before each start sales open, instead of `sales_open_at`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_days_before: Option<u32>,
    /// How many minutes before each start sales close; at the start if absent.
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
    /// How they are projected.
    #[serde(default)]
    pub format: ShowFormat,
    /// Most seats that one customer may have of each; no limit if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_seats_per_customer: Option<u32>,
    /// Which rules a choice of seats must follow; all if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub selection: SelectionRules,
}

impl RepeatShow {
    /// Every day at these times, with everything else as it mostly is.
    #[must_use]
    pub fn daily(
        movie_id: MovieId,
        auditorium_id: AuditoriumId,
        price_card_id: PriceCardId,
        from: Date,
        to: Date,
        times: Vec<TimeOfDay>,
    ) -> Self {
        Self {
            command: None,
            movie_id,
            auditorium_id,
            price_card_id,
            from,
            to,
            weekdays: Vec::new(),
            times,
            clock_change: None,
            skip_clashes: false,
            duration_minutes: None,
            trailers_minutes: None,
            turnaround_minutes: None,
            sales_open_at: None,
            sales_open_days_before: None,
            sales_close_minutes_before: None,
            language: None,
            subtitles: None,
            format: ShowFormat::default(),
            max_seats_per_customer: None,
            selection: SelectionRules::default(),
        }
    }
}

/// The shows of seven days once more, as many days later or earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CopyWeek {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// Of all auditoriums of a venue: either this or `auditorium_id`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue_id: Option<VenueId>,
    /// Of one auditorium.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub auditorium_id: Option<AuditoriumId>,
    /// The first of the seven days that are copied. Days go from 06:00 to 05:59.
    pub from: Date,
    /// The day that it is copied to.
    pub to: Date,
    /// Which instant is meant where a change of the clocks skips or repeats a start.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub clock_change: Option<ClockReading>,
    /// Leaves out what cannot be there and says so; otherwise all are added or none.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub skip_clashes: bool,
}

/// What became of many shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AddedShows {
    /// Those that were added, in the order of their starts.
    pub shows: Vec<ShowId>,
    /// Those that were left out.
    pub skipped: Vec<SkippedShow>,
}

/// A show that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SkippedShow {
    /// Where it would have been.
    pub auditorium_id: AuditoriumId,
    /// When it would have started, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// Why not.
    pub reason: SkipReason,
    /// Why not, for people: the show that is there, or the two readings.
    pub detail: String,
}

/// Why a show was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Another show is there.
    Overlap,
    /// A change of the clocks skips or repeats its start.
    Ambiguous,
}

/// Which part of the schedule is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ScheduleQuery {
    /// Only of this venue.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue_id: Option<VenueId>,
    /// Only of this auditorium.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub auditorium_id: Option<AuditoriumId>,
    /// The first day. Days go from 06:00 to 05:59, on the venue's clocks.
    pub from: Date,
    /// The last day; at most 62 in all.
    pub to: Date,
}

/// The schedule: the auditoriums that have shows, by venue and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ScheduleView {
    /// Each with its days.
    pub auditoriums: Vec<AuditoriumSchedule>,
}

/// The schedule of an auditorium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditoriumSchedule {
    /// Where in the venue.
    pub auditorium: AuditoriumRef,
    /// Where.
    pub venue: VenueRef,
    /// The days that have shows.
    pub days: Vec<ScheduleDay>,
}

/// A day of the programme in an auditorium: from 06:00 to 05:59.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ScheduleDay {
    /// The date on which it begins.
    pub date: Date,
    /// The shows, by start.
    pub shows: Vec<ScheduleEntry>,
}

/// A show in the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ScheduleEntry {
    /// The show.
    pub id: ShowId,
    /// Which version of it this is: what an edit names.
    pub revision: u64,
    /// What is shown.
    pub movie: MovieRef,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When the auditorium is free again.
    pub ends_at: Timestamp,
    /// When it starts, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// When the auditorium is free again, on the venue's clocks.
    pub ends_at_local: LocalTime,
    /// Where it stands.
    pub status: ShowStatus,
    /// The language spoken.
    pub language: Option<String>,
    /// The language of the subtitles.
    pub subtitles: Option<String>,
    /// How it is projected.
    pub format: ShowFormat,
    /// What it costs.
    pub price_card_id: PriceCardId,
}
