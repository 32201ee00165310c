//! Movies, venues, price cards and shows.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{
    MovieView, NewMovie, NewPriceCard, NewShow, NewVenue, Page, PriceCardView, ShowView, VenueView,
};

use super::items::ItemsQuery;
use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::query::Query;
use crate::api::{Answer, created, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(add_movie))
        .routes(routes!(add_venue))
        .routes(routes!(price_cards, add_price_card))
        .routes(routes!(add_show))
}

/// Add a movie
#[utoipa::path(post, path = "/v1/admin/movies", tag = "staff", request_body = NewMovie,
    responses((status = 201, description = "The movie", body = MovieView, headers(("Location" = String)))))]
async fn add_movie(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<NewMovie>,
) -> Answer {
    new.command = key.of(&actor);
    let movie = api.kitflik.catalog().add_movie(&actor, &new).await?;
    created(&format!("/v1/movies/{}", movie.id), &movie)
}

/// Add a venue
#[utoipa::path(post, path = "/v1/admin/venues", tag = "staff", request_body = NewVenue,
    responses((status = 201, description = "The venue", body = VenueView, headers(("Location" = String)))))]
async fn add_venue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<NewVenue>,
) -> Answer {
    new.command = key.of(&actor);
    let venue = api.kitflik.catalog().add_venue(&actor, &new).await?;
    created(&format!("/v1/venues/{}", venue.id), &venue)
}

/// Price cards, by name
///
/// With `archived=true` those that are archived, for admins and managers.
#[utoipa::path(get, path = "/v1/admin/price-cards", tag = "staff", params(ItemsQuery),
    responses((status = 200, description = "A page of price cards", body = Page<PriceCardView>)))]
async fn price_cards(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(query): Query<ItemsQuery>,
) -> Answer {
    let (archived, page) = query.parts();
    let page = if archived {
        api.kitflik.catalog().archived_price_cards(&actor, &page).await?
    } else {
        api.kitflik.catalog().price_cards(&page).await?
    };
    json(StatusCode::OK, &page)
}

/// Add a price card
#[utoipa::path(post, path = "/v1/admin/price-cards", tag = "staff", request_body = NewPriceCard,
    responses((status = 201, description = "The price card", body = PriceCardView)))]
async fn add_price_card(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<NewPriceCard>,
) -> Answer {
    new.command = key.of(&actor);
    json(StatusCode::CREATED, &api.kitflik.catalog().add_price_card(&actor, &new).await?)
}

/// Add a show
///
/// Two shows never overlap in an auditorium. A start that the venue's clocks show never or twice is refused
/// with both readings.
#[utoipa::path(post, path = "/v1/admin/shows", tag = "staff", request_body = NewShow,
    responses((status = 201, description = "The show", body = ShowView, headers(("Location" = String)))))]
async fn add_show(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<NewShow>,
) -> Answer {
    new.command = key.of(&actor);
    let show = api.kitflik.catalog().add_show(&actor, &new).await?;
    created(&format!("/v1/shows/{}", show.id), &show)
}
