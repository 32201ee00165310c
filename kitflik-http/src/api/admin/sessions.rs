//! Staff's sessions.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{RefreshSession, StaffLogIn, TokenPair};

use crate::api::extract::body::Json;
use crate::api::extract::client::Client;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(refresh)).routes(routes!(log_out))
}

/// Log in as staff
#[utoipa::path(post, path = "/v1/admin/auth/login", tag = "staff", operation_id = "staff_log_in",
    request_body = StaffLogIn,
    responses((status = 200, description = "A pair of tokens", body = TokenPair)))]
async fn log_in(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<StaffLogIn>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
    json(StatusCode::OK, &api.kitflik.staff().log_in(&request).await?)
}

/// Get the next pair of tokens
#[utoipa::path(post, path = "/v1/admin/auth/refresh", tag = "staff", operation_id = "staff_refresh",
    request_body = RefreshSession,
    responses((status = 200, description = "The next pair of tokens", body = TokenPair)))]
async fn refresh(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<RefreshSession>,
) -> Answer {
    request.command = key.of_guest();
    json(StatusCode::OK, &api.kitflik.staff().refresh(&request).await?)
}

/// Log out; the access token ends too
#[utoipa::path(post, path = "/v1/admin/auth/logout", tag = "staff", operation_id = "staff_log_out",
    request_body = RefreshSession,
    responses((status = 204, description = "The session is over")))]
async fn log_out(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<RefreshSession>,
) -> Answer {
    request.command = key.of_guest();
    api.kitflik.staff().log_out(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
