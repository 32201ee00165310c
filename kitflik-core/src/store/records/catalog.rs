//! What is stored of the catalogue.

use serde::{Deserialize, Serialize};

use super::Form;
use crate::catalog::{CategoryPrice, ShowFormat};
use crate::ids::{AuditoriumId, LayoutId, MovieId, PriceCardId, VenueId};
use crate::money::Currency;
use crate::ports::storage::Key;
use crate::seats::layout::{Category, Seat};
use crate::seats::rules::SelectionRules;
use crate::time::{Date, Timestamp, Zone, millis};

/// A change of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogChange {
    #[serde(rename = "n")]
    pub(crate) number: u64,
    #[serde(rename = "m")]
    pub(crate) mark: u32,
    /// The rows that changed; `None` if they are too many to name.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<Vec<Key>>,
}

records! {
    /// Rewritten by every change of the catalogue.
    CatalogEpoch {
        #[serde(with = "millis")]
        changed_at: Timestamp,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
        /// Counts the changes.
        #[serde(default)]
        number: u64,
        /// The last of them, this one too. The newest is the last.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recent: Vec<CatalogChange>,
    }

    #[derive(PartialEq)]
    Movie {
        title: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        genres: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        director: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rating: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_minutes: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_date: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distributor: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synopsis: Option<String>,
        /// Not in customers' lists, and of no new show.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    }

    Venue {
        name: String,
        city: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        zone: Zone,
        /// Not in customers' lists, and of no new show.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    }

    Auditorium {
        venue: VenueId,
        name: String,
        layout: LayoutId,
        seats: u32,
        /// Not in customers' lists, and of no new show.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    }

    /// The head of a layout; its seats stand in `rows` chunks.
    LayoutHead {
        name: String,
        categories: Vec<Category>,
        seats: u32,
        chunks: u32,
    }

    LayoutChunk {
        seats: Vec<Seat>,
    }

    PriceCard {
        name: String,
        currency: Currency,
        prices: Vec<CategoryPrice>,
        booking_fee_minor: i64,
        /// Not in customers' lists, and of no new show.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    }

    /// Rewritten by every command that adds or moves a show of the auditorium.
    Schedule {
        shows: u64,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

    ScheduledShow {
        #[serde(with = "millis")]
        until: Timestamp,
    }

    Show {
        movie: MovieId,
        movie_title: String,
        auditorium: AuditoriumId,
        layout: LayoutId,
        price_card: PriceCardId,
        #[serde(with = "millis")]
        starts_at: Timestamp,
        #[serde(with = "millis")]
        ends_at: Timestamp,
        #[serde(with = "millis")]
        sales_open_at: Timestamp,
        #[serde(with = "millis")]
        sales_close_at: Timestamp,
        /// If the opening goes with the start: it moves with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sales_open_days_before: Option<u32>,
        /// If the close goes with the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sales_close_minutes_before: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subtitles: Option<String>,
        format: ShowFormat,
        closed: bool,
        cancelled: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_seats_per_customer: Option<u32>,
        selection: SelectionRules,
        /// When it was moved to where it is now, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_at: Option<i64>,
        /// Random. While it is there nobody can take a seat: somebody looks whether nobody has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frozen: Option<u32>,
    }
}
