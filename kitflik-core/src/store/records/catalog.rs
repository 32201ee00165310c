//! What is stored of the catalogue.

use serde::{Deserialize, Serialize};

use super::{Form, is_nothing};
use crate::catalog::{CategoryPrice, DiscountKind, PriceRule, PriceTax, ShowFormat};
use crate::ids::{AuditoriumId, BookingId, LayoutId, MovieId, PriceCardId, ShowId, VenueId};
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
        /// The layouts that it had before, the oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        earlier: Vec<LayoutId>,
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
        #[serde(default, skip_serializing_if = "is_nothing")]
        ticket_fee_minor: i64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rules: Vec<PriceRule>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tax: Option<PriceTax>,
        /// Not in customers' lists, and of no new show.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    }

    Voucher {
        code: String,
        discount: DiscountKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<Currency>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_from: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_uses: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_uses_per_customer: Option<u32>,
        #[serde(default, skip_serializing_if = "is_nothing")]
        min_total_minor: i64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        show_ids: Vec<ShowId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        movie_ids: Vec<MovieId>,
        active: bool,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// Rewritten by whoever takes a use of a discount code.
    VoucherCount {
        used: u32,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// A use that no sale has made final. Its booking tells whether it is still needed.
    VoucherUse {}

    /// The bookings of a customer that have a discount code.
    VoucherCustomer {
        bookings: Vec<BookingId>,
    }

    /// Rewritten by every command that adds or moves a show of the auditorium.
    Schedule {
        shows: u64,
        /// Random: no two attempts write the same row.
        #[serde(default)]
        mark: u32,
    }

    /// Somebody makes sure that a show has no bookings: nobody can take a seat meanwhile.
    FrozenShow {
        #[serde(with = "millis")]
        at: Timestamp,
        mark: u32,
    }

    /// A show was moved, and not all of its holders have been told.
    MovedShow {
        show: ShowId,
        #[serde(with = "millis")]
        at: Timestamp,
        /// When it was before.
        #[serde(with = "millis")]
        from: Timestamp,
        /// Where it was before, and on whose clocks.
        auditorium: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Zone>,
        /// Random: no two attempts write the same row.
        mark: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_through: Option<BookingId>,
    }

    /// That a show was cancelled. Written once.
    CancelledShow {
        #[serde(with = "millis")]
        at: Timestamp,
        reason: String,
    }

    /// A show was cancelled, and not all of its bookings are undone.
    CancellingShow {
        reason: String,
        /// Random: no two attempts write the same row.
        mark: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_through: Option<BookingId>,
        /// One of them could not be undone: they are looked through once more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
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
        /// Random, once it was changed: no two attempts write the same row.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<u32>,
    }
}

/// The discount of a booking, on the terms of its hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BookedDiscount {
    pub(crate) code: String,
    pub(crate) kind: DiscountKind,
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) min_total_minor: i64,
    /// Its uses are counted, and those of each customer.
    pub(crate) counted: bool,
    pub(crate) per_customer: bool,
    /// What it takes off.
    pub(crate) minor: i64,
}
