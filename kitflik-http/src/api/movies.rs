//! Movies and their shows.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use kitflik_core::{MovieId, MovieQuery, MovieView, Page, ShowView};
use serde::Deserialize;
use utoipa::IntoParams;

use super::cache::Known;
use super::extract::path::Id;
use super::extract::query::{PageQuery, Query, filled, page};
use super::{Answer, cache};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(movies)).routes(routes!(movie)).routes(routes!(shows))
}

/// Which movies are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words of the title, each at least as a prefix.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only of this genre.
    #[param(max_length = 32)]
    genre: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Search movies
#[utoipa::path(get, path = "/v1/movies", tag = "catalogue", params(Search),
    responses(
        (status = 200, description = "A page of movies", body = Page<MovieView>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn movies(State(api): State<Api>, known: Known, Query(search): Query<Search>) -> Answer {
    let page = page(search.cursor, search.limit);
    let query = MovieQuery { q: search.q, genre: filled(search.genre), page };
    cache::json(&known, &api.kitflik.catalog().movies(&query).await?)
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
