//! Movies and their shows.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use kitflik_core::{
    Date, MovieId, MovieQuery, MovieResults, MovieSort, MovieView, Page, ShowFormat, ShowView, TimeOfDay,
    VenueId,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::cache::Known;
use super::extract::path::Id;
use super::extract::query::{PageQuery, Query, filled, page, unless_empty};
use super::{Answer, cache};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(movies)).routes(routes!(movie)).routes(routes!(shows))
}

/// Which movies are wanted. One and the same coming show has to match all that is said of shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words of title, director or genre in any order; the last may be only begun, and slips of the keys are forgiven.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only of this genre.
    #[param(max_length = 32)]
    genre: Option<String>,
    /// Only with this age rating.
    #[param(max_length = 32)]
    rating: Option<String>,
    /// Only shown in this language.
    #[param(max_length = 32)]
    language: Option<String>,
    /// Only projected like this.
    #[serde(default, deserialize_with = "unless_empty")]
    format: Option<ShowFormat>,
    /// Only shown in this city.
    #[param(max_length = 200)]
    city: Option<String>,
    /// Only shown in this venue.
    #[serde(default, deserialize_with = "unless_empty")]
    venue: Option<VenueId>,
    /// Only shown on this day or later: days of the house, from 06:00 to 05:59 on the venue's clocks.
    #[serde(default, deserialize_with = "unless_empty")]
    date_from: Option<Date>,
    /// Only shown on this day or earlier.
    #[serde(default, deserialize_with = "unless_empty")]
    date_to: Option<Date>,
    /// Only shows that start at this time of day or later, such as `18:00` on the venue's clocks.
    #[serde(default, deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>)]
    time_from: Option<TimeOfDay>,
    /// Only shows that start at this time of day or earlier; before `time_from` it is meant after midnight.
    #[serde(default, deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>)]
    time_to: Option<TimeOfDay>,
    /// Only shows with a price of at most so much, in minor units of the show's currency: a price as it is now, by the
    /// rules of the card, without fees and tax.
    #[param(minimum = 0)]
    max_price_minor: Option<i64>,
    /// Only shows that can be booked, with at least so many free seats. The rest of the query must leave at most 200
    /// shows.
    #[param(minimum = 0, maximum = 20000)]
    min_seats_left: Option<u32>,
    /// In which order; by relevance if absent.
    #[serde(default, deserialize_with = "unless_empty")]
    #[param(inline)]
    sort: Option<MovieSort>,
    /// Whether to count genres, ratings, languages, formats, cities and venues of all movies found.
    facets: Option<bool>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl From<Search> for MovieQuery {
    fn from(search: Search) -> Self {
        Self {
            q: search.q,
            genre: filled(search.genre),
            rating: filled(search.rating),
            language: filled(search.language),
            format: search.format,
            city: filled(search.city),
            venue: search.venue,
            date_from: search.date_from,
            date_to: search.date_to,
            time_from: search.time_from,
            time_to: search.time_to,
            max_price_minor: search.max_price_minor,
            min_seats_left: search.min_seats_left,
            sort: search.sort,
            facets: search.facets.unwrap_or_default(),
            page: page(search.cursor, search.limit),
        }
    }
}

/// Search movies
#[utoipa::path(get, path = "/v1/movies", tag = "catalogue", params(Search),
    responses(
        (status = 200, description = "A page of movies", body = MovieResults, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn movies(State(api): State<Api>, known: Known, Query(search): Query<Search>) -> Answer {
    cache::json(&known, &api.kitflik.catalog().movies(&search.into()).await?)
}

/// A movie
#[utoipa::path(get, path = "/v1/movies/{id}", tag = "catalogue", params(("id" = MovieId, Path)),
    responses(
        (status = 200, description = "The movie", body = MovieView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn movie(State(api): State<Api>, known: Known, Id(id): Id<MovieId>) -> Answer {
    cache::json(&known, &api.kitflik.catalog().movie(id).await?)
}

/// The coming shows of a movie, by start
#[utoipa::path(get, path = "/v1/movies/{id}/shows", tag = "catalogue",
    params(("id" = MovieId, Path), PageQuery),
    responses(
        (status = 200, description = "A page of shows", body = Page<ShowView>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn shows(
    State(api): State<Api>,
    known: Known,
    Id(id): Id<MovieId>,
    Query(page): Query<PageQuery>,
) -> Answer {
    cache::json(&known, &api.kitflik.catalog().shows_of(id, &page.into()).await?)
}
