//! Venues, and the layouts of their auditoriums.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::HeaderValue;
use bytes::Bytes;
use kitflik_core::{LayoutId, LayoutView, Page, VenueId, VenueView};

use super::cache::Known;
use super::extract::path::Id;
use super::extract::query::{PageQuery, Query};
use super::{Answer, cache};
use crate::problem::Problem;
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(venues)).routes(routes!(venue)).routes(routes!(layout))
}

/// Venues, by name
#[utoipa::path(get, path = "/v1/venues", tag = "catalogue", params(PageQuery),
    responses(
        (status = 200, description = "A page of venues", body = Page<VenueView>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn venues(State(api): State<Api>, known: Known, Query(page): Query<PageQuery>) -> Answer {
    cache::json(&known, &api.kitflik.catalog().venues(&page.into()).await?)
}

/// A venue with its auditoriums
#[utoipa::path(get, path = "/v1/venues/{id}", tag = "catalogue", params(("id" = VenueId, Path)),
    responses(
        (status = 200, description = "The venue", body = VenueView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn venue(State(api): State<Api>, known: Known, Id(id): Id<VenueId>) -> Answer {
    cache::json(&known, &api.kitflik.catalog().venue(id).await?)
}

/// The seats of an auditorium
///
/// A layout never changes, so an answer may be kept for ever.
#[utoipa::path(get, path = "/v1/layouts/{id}", tag = "catalogue", params(("id" = LayoutId, Path)),
    responses(
        (status = 200, description = "The layout", body = LayoutView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed, as ever")))]
async fn layout(State(api): State<Api>, known: Known, Id(id): Id<LayoutId>) -> Answer {
    let layout = api.kitflik.catalog().layout(id).await?;
    // The id is the digest of the content: it is the tag, and a known layout need not be written out.
    let tag = HeaderValue::try_from(format!("\"{id}\"")).map_err(|error| Problem::internal(&error))?;
    let body = if known.has(&tag) {
        Bytes::new()
    } else {
        serde_json::to_vec(&*layout).map_err(|error| Problem::internal(&error))?.into()
    };
    Ok(cache::answer(&known, tag, cache::FOREVER, body))
}
