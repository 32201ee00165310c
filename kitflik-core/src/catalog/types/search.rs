//! Looking for movies, to callers.

use serde::{Deserialize, Serialize};

use super::{MovieView, PageRequest, ShowFormat};
use crate::ids::VenueId;
use crate::time::{Date, TimeOfDay};

/// In which order movies come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MovieSort {
    /// What fits the words best comes first, then what has coming shows. The order if nobody says otherwise.
    Relevance,
    /// By title.
    Title,
    /// The newest first; those without a date last.
    ReleaseDate,
    /// By the first coming show that matches; those without one last.
    NextShow,
}

/// Which movies are wanted. A movie has to match everything that is given; one and the same coming show of it has to
/// match all that is said of shows (language, format, city, venue, dates, times, price, seats). A show that is
/// cancelled matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct MovieQuery {
    /// Words of title, director or genre in any order, up to 200 characters. The last one may be only begun; one slip
    /// of the keys is forgiven from 4 letters on, two from 8 on. If no movie has all the words, those with half of them
    /// come.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub q: Option<String>,
    /// Only of this genre.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub genre: Option<String>,
    /// Only with this age rating.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub rating: Option<String>,
    /// Only shown in this language.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub language: Option<String>,
    /// Only projected like this.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub format: Option<ShowFormat>,
    /// Only shown in this city.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub city: Option<String>,
    /// Only shown in this venue.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue: Option<VenueId>,
    /// Only shown on this day or later: days of the house, from 06:00 to 05:59 on the venue's clocks.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub date_from: Option<Date>,
    /// Only shown on this day or earlier.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub date_to: Option<Date>,
    /// Only shows that start at this time of day or later, such as `18:00` on the venue's clocks.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub time_from: Option<TimeOfDay>,
    /// Only shows that start at this time of day or earlier; before `time_from` it is meant after midnight.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub time_to: Option<TimeOfDay>,
    /// Only shows with a price of at most so much, in minor units of the show's currency: a price as it is now, by the
    /// rules of the card, without fees and tax.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_price_minor: Option<i64>,
    /// Only shows that can be booked, with at least so many seats that are free online. They are counted in at most
    /// 200 shows: a query that leaves more is refused.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub min_seats_left: Option<u32>,
    /// In which order; by relevance if absent.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sort: Option<MovieSort>,
    /// Whether to count what the movies found are.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub facets: bool,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// How many of the movies found have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FacetCount {
    /// What to ask for to find those.
    pub value: String,
    /// What to show people.
    pub label: String,
    /// How many movies.
    pub count: u32,
}

/// What the movies found are, each by the number of movies, at most 100 values. Shows count that match the query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieFacets {
    /// Movies found, on all pages.
    pub total: u32,
    /// Their genres.
    pub genre: Vec<FacetCount>,
    /// Their age ratings.
    pub rating: Vec<FacetCount>,
    /// The languages of their coming shows.
    pub language: Vec<FacetCount>,
    /// The formats of their coming shows.
    pub format: Vec<FacetCount>,
    /// The cities of their coming shows.
    pub city: Vec<FacetCount>,
    /// The venues of their coming shows, by id.
    pub venue: Vec<FacetCount>,
}

/// A page of the movies found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieResults {
    /// The movies.
    pub items: Vec<MovieView>,
    /// Where the next page starts; absent on the last. A page that starts there goes on after the last movie of this
    /// one, also if movies came or went in between.
    pub next_cursor: Option<String>,
    /// What the movies found are, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<MovieFacets>,
}
