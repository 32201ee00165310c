//! Editing, archiving and deleting movies, venues, auditoriums and price cards.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{
    AuditoriumId, AuditoriumView, CatalogItem, EditAuditorium, MovieId, MovieQuery, MovieResults, MovieSort,
    MovieView, NewMovie, NewPriceCard, NewVenue, Page, PageRequest, PriceCardId, PriceCardView, VenueId,
    VenueView,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::{self, Query};
use crate::api::extract::revision::{IfMatch, gone, tagged};
use crate::api::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(movies))
        .routes(routes!(movie, edit_movie, delete_movie))
        .routes(routes!(archive_movie))
        .routes(routes!(restore_movie))
        .routes(routes!(venues))
        .routes(routes!(venue, edit_venue, delete_venue))
        .routes(routes!(archive_venue))
        .routes(routes!(restore_venue))
        .routes(routes!(auditoriums))
        .routes(routes!(auditorium, edit_auditorium, delete_auditorium))
        .routes(routes!(archive_auditorium))
        .routes(routes!(restore_auditorium))
        .routes(routes!(price_card, edit_price_card, delete_price_card))
        .routes(routes!(archive_price_card))
        .routes(routes!(restore_price_card))
}

/// Which page of a list is wanted, of what is on or of what is archived.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemsQuery {
    /// Only what is archived; if absent or `false`, only what is not.
    archived: Option<bool>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl ItemsQuery {
    /// Whether archived ones are asked for, and which page.
    pub(super) fn parts(self) -> (bool, PageRequest) {
        (self.archived.unwrap_or_default(), query::page(self.cursor, self.limit))
    }
}

/// Movies, by title
///
/// With `archived=true` those that are archived, for admins and managers.
#[utoipa::path(get, path = "/v1/admin/movies", tag = "staff", operation_id = "staff_movies", params(ItemsQuery),
    responses((status = 200, description = "A page of movies", body = Page<MovieView>)))]
async fn movies(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(query): Query<ItemsQuery>,
) -> Answer {
    let (archived, page) = query.parts();
    let page = if archived {
        api.kitflik.catalog().archived_movies(&actor, &page).await?
    } else {
        let query = MovieQuery { sort: Some(MovieSort::Title), page, ..MovieQuery::default() };
        let MovieResults { items, next_cursor, .. } = api.kitflik.catalog().movies(&query).await?;
        Page { items, next_cursor }
    };
    json(StatusCode::OK, &page)
}

/// A movie, with its revision
#[utoipa::path(get, path = "/v1/admin/movies/{id}", tag = "staff", operation_id = "staff_movie",
    params(("id" = MovieId, Path)),
    responses((status = 200, description = "The movie", body = MovieView,
        headers(("ETag" = String)))))]
async fn movie(State(api): State<Api>, StaffMember(_): StaffMember, Id(id): Id<MovieId>) -> Answer {
    let found = api.kitflik.catalog().movie(id).await?;
    tagged(StatusCode::OK, found.revision, &found)
}

/// Edit a movie
///
/// Replaces all that is said of it; what the body leaves out, it has no longer. Its shows have the new title at once.
#[utoipa::path(put, path = "/v1/admin/movies/{id}", tag = "staff", request_body = NewMovie,
    params(("id" = MovieId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The movie now", body = MovieView,
        headers(("ETag" = String)))))]
async fn edit_movie(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<MovieId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut new): Json<NewMovie>,
) -> Answer {
    new.command = key.of(&actor);
    let edited = api.kitflik.catalog().edit_movie(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, edited.revision, &edited)
}

/// Delete a movie that nothing refers to
///
/// What is in use is refused, and the refusal says by what: `in_use`.
#[utoipa::path(delete, path = "/v1/admin/movies/{id}", tag = "staff",
    params(("id" = MovieId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 204, description = "It is gone")))]
async fn delete_movie(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<MovieId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().delete(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    gone()
}

/// Archive a movie
///
/// It leaves customers' lists, and no new show can have it. Shows that have it keep it.
#[utoipa::path(post, path = "/v1/admin/movies/{id}/archive", tag = "staff",
    params(("id" = MovieId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The movie now", body = MovieView,
        headers(("ETag" = String)))))]
async fn archive_movie(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<MovieId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().archive(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let archived = api.kitflik.catalog().movie(id).await?;
    tagged(StatusCode::OK, archived.revision, &archived)
}

/// Restore a movie that was archived
#[utoipa::path(post, path = "/v1/admin/movies/{id}/restore", tag = "staff",
    params(("id" = MovieId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The movie now", body = MovieView,
        headers(("ETag" = String)))))]
async fn restore_movie(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<MovieId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().restore(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let restored = api.kitflik.catalog().movie(id).await?;
    tagged(StatusCode::OK, restored.revision, &restored)
}

/// Venues, by name
///
/// With `archived=true` those that are archived, for admins and managers.
#[utoipa::path(get, path = "/v1/admin/venues", tag = "staff", operation_id = "staff_venues", params(ItemsQuery),
    responses((status = 200, description = "A page of venues", body = Page<VenueView>)))]
async fn venues(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(query): Query<ItemsQuery>,
) -> Answer {
    let (archived, page) = query.parts();
    let page = if archived {
        api.kitflik.catalog().archived_venues(&actor, &page).await?
    } else {
        api.kitflik.catalog().venues(&page).await?
    };
    json(StatusCode::OK, &page)
}

/// A venue, with its revision
#[utoipa::path(get, path = "/v1/admin/venues/{id}", tag = "staff", operation_id = "staff_venue",
    params(("id" = VenueId, Path)),
    responses((status = 200, description = "The venue", body = VenueView,
        headers(("ETag" = String)))))]
async fn venue(State(api): State<Api>, StaffMember(_): StaffMember, Id(id): Id<VenueId>) -> Answer {
    let found = api.kitflik.catalog().venue(id).await?;
    tagged(StatusCode::OK, found.revision, &found)
}

/// Edit a venue
///
/// Replaces all that is said of it. Its zone stays while shows are coming: `in_use`.
#[utoipa::path(put, path = "/v1/admin/venues/{id}", tag = "staff", request_body = NewVenue,
    params(("id" = VenueId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The venue now", body = VenueView,
        headers(("ETag" = String)))))]
async fn edit_venue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<VenueId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut new): Json<NewVenue>,
) -> Answer {
    new.command = key.of(&actor);
    let edited = api.kitflik.catalog().edit_venue(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, edited.revision, &edited)
}

/// Delete a venue that nothing refers to
///
/// What is in use is refused, and the refusal says by what: `in_use`.
#[utoipa::path(delete, path = "/v1/admin/venues/{id}", tag = "staff",
    params(("id" = VenueId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 204, description = "It is gone")))]
async fn delete_venue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<VenueId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().delete(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    gone()
}

/// Archive a venue
///
/// It leaves customers' lists, and no new show can have it. Shows that have it keep it.
#[utoipa::path(post, path = "/v1/admin/venues/{id}/archive", tag = "staff",
    params(("id" = VenueId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The venue now", body = VenueView,
        headers(("ETag" = String)))))]
async fn archive_venue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<VenueId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().archive(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let archived = api.kitflik.catalog().venue(id).await?;
    tagged(StatusCode::OK, archived.revision, &archived)
}

/// Restore a venue that was archived
#[utoipa::path(post, path = "/v1/admin/venues/{id}/restore", tag = "staff",
    params(("id" = VenueId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The venue now", body = VenueView,
        headers(("ETag" = String)))))]
async fn restore_venue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<VenueId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().restore(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let restored = api.kitflik.catalog().venue(id).await?;
    tagged(StatusCode::OK, restored.revision, &restored)
}

/// Auditoriums, by name
///
/// With `archived=true` those that are archived, for admins and managers.
#[utoipa::path(get, path = "/v1/admin/auditoriums", tag = "staff", operation_id = "staff_auditoriums",
    params(ItemsQuery),
    responses((status = 200, description = "A page of auditoriums", body = Page<AuditoriumView>)))]
async fn auditoriums(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(query): Query<ItemsQuery>,
) -> Answer {
    let (archived, page) = query.parts();
    let page = if archived {
        api.kitflik.catalog().archived_auditoriums(&actor, &page).await?
    } else {
        api.kitflik.catalog().auditoriums(&page).await?
    };
    json(StatusCode::OK, &page)
}

/// An auditorium, with its revision
#[utoipa::path(get, path = "/v1/admin/auditoriums/{id}", tag = "staff", operation_id = "staff_auditorium",
    params(("id" = AuditoriumId, Path)),
    responses((status = 200, description = "The auditorium", body = AuditoriumView,
        headers(("ETag" = String)))))]
async fn auditorium(State(api): State<Api>, StaffMember(_): StaffMember, Id(id): Id<AuditoriumId>) -> Answer {
    let found = api.kitflik.catalog().auditorium(id).await?;
    tagged(StatusCode::OK, found.revision, &found)
}

/// Edit an auditorium
///
/// Renames it.
#[utoipa::path(put, path = "/v1/admin/auditoriums/{id}", tag = "staff", request_body = EditAuditorium,
    params(("id" = AuditoriumId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The auditorium now", body = AuditoriumView,
        headers(("ETag" = String)))))]
async fn edit_auditorium(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<AuditoriumId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut new): Json<EditAuditorium>,
) -> Answer {
    new.command = key.of(&actor);
    let edited = api.kitflik.catalog().edit_auditorium(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, edited.revision, &edited)
}

/// Delete an auditorium that nothing refers to
///
/// What is in use is refused, and the refusal says by what: `in_use`.
#[utoipa::path(delete, path = "/v1/admin/auditoriums/{id}", tag = "staff",
    params(("id" = AuditoriumId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 204, description = "It is gone")))]
async fn delete_auditorium(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<AuditoriumId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().delete(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    gone()
}

/// Archive an auditorium
///
/// It leaves customers' lists, and no new show can have it. Shows that have it keep it.
#[utoipa::path(post, path = "/v1/admin/auditoriums/{id}/archive", tag = "staff",
    params(("id" = AuditoriumId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The auditorium now", body = AuditoriumView,
        headers(("ETag" = String)))))]
async fn archive_auditorium(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<AuditoriumId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().archive(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let archived = api.kitflik.catalog().auditorium(id).await?;
    tagged(StatusCode::OK, archived.revision, &archived)
}

/// Restore an auditorium that was archived
#[utoipa::path(post, path = "/v1/admin/auditoriums/{id}/restore", tag = "staff",
    params(("id" = AuditoriumId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The auditorium now", body = AuditoriumView,
        headers(("ETag" = String)))))]
async fn restore_auditorium(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<AuditoriumId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().restore(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let restored = api.kitflik.catalog().auditorium(id).await?;
    tagged(StatusCode::OK, restored.revision, &restored)
}

/// A price card, with its revision
#[utoipa::path(get, path = "/v1/admin/price-cards/{id}", tag = "staff", operation_id = "staff_price_card",
    params(("id" = PriceCardId, Path)),
    responses((status = 200, description = "The price card", body = PriceCardView,
        headers(("ETag" = String)))))]
async fn price_card(State(api): State<Api>, StaffMember(_): StaffMember, Id(id): Id<PriceCardId>) -> Answer {
    let found = api.kitflik.catalog().price_card(id).await?;
    tagged(StatusCode::OK, found.revision, &found)
}

/// Edit a price card
///
/// Replaces all that it says. What is held or sold keeps its price. While shows that have it are coming, it has to
/// price all their seats, in the same currency.
#[utoipa::path(put, path = "/v1/admin/price-cards/{id}", tag = "staff", request_body = NewPriceCard,
    params(("id" = PriceCardId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The price card now", body = PriceCardView,
        headers(("ETag" = String)))))]
async fn edit_price_card(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<PriceCardId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut new): Json<NewPriceCard>,
) -> Answer {
    new.command = key.of(&actor);
    let edited = api.kitflik.catalog().edit_price_card(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, edited.revision, &edited)
}

/// Delete a price card that nothing refers to
///
/// What is in use is refused, and the refusal says by what: `in_use`.
#[utoipa::path(delete, path = "/v1/admin/price-cards/{id}", tag = "staff",
    params(("id" = PriceCardId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 204, description = "It is gone")))]
async fn delete_price_card(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<PriceCardId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().delete(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    gone()
}

/// Archive a price card
///
/// It leaves customers' lists, and no new show can have it. Shows that have it keep it.
#[utoipa::path(post, path = "/v1/admin/price-cards/{id}/archive", tag = "staff",
    params(("id" = PriceCardId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The price card now", body = PriceCardView,
        headers(("ETag" = String)))))]
async fn archive_price_card(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<PriceCardId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().archive(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let archived = api.kitflik.catalog().price_card(id).await?;
    tagged(StatusCode::OK, archived.revision, &archived)
}

/// Restore a price card that was archived
#[utoipa::path(post, path = "/v1/admin/price-cards/{id}/restore", tag = "staff",
    params(("id" = PriceCardId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The price card now", body = PriceCardView,
        headers(("ETag" = String)))))]
async fn restore_price_card(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<PriceCardId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.catalog().restore(&actor, CatalogItem::from(id), revision, command.as_ref()).await?;
    let restored = api.kitflik.catalog().price_card(id).await?;
    tagged(StatusCode::OK, restored.revision, &restored)
}
