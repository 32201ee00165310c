//! What the infrastructure asks, and the document of the API.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::cache::Known;
use super::{Answer, cache, json};
use crate::problem::Problem;
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(document))
}

/// That all is well.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    pub status: &'static str,
}

/// Whether the program runs
#[utoipa::path(get, path = "/livez", tag = "operation",
    responses((status = 200, description = "It runs", body = Health)))]
async fn live() -> Answer {
    json(StatusCode::OK, &Health { status: "live" })
}

/// Whether requests are welcome: not while starting or draining, nor while the storage does not answer
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "They are", body = Health)))]
async fn ready(State(api): State<Api>) -> Answer {
    if !api.readiness.is_ready() {
        return Err(Problem::new(ErrorCode::Unavailable, "this instance is starting or draining"));
    }
    // Any read will do: this one is of a single small row.
    api.kitflik.staff().has_any().await?;
    json(StatusCode::OK, &Health { status: "ready" })
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "operation",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = serde_json::Value, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn document(State(api): State<Api>, known: Known) -> Answer {
    Ok(cache::answer(&known, cache::tag(&api.document), cache::REVALIDATE, api.document.clone()))
}
