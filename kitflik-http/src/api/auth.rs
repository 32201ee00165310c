//! Customers' accounts: register, log in, refresh, log out.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{LogIn, RefreshSession, RegisterUser, TokenPair, UserView};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::body::Json;
use super::extract::idempotency::IdempotencyKey;
use super::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(refresh))
        .routes(routes!(log_out))
}

/// The answer to a registration.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Registered {
    /// The account. It looks the same whether the address had one already or not: its owner gets a mail that
    /// tells.
    pub user: UserView,
}

/// Make an account
#[utoipa::path(post, path = "/v1/auth/register", tag = "accounts", request_body = RegisterUser,
    responses((status = 201, description = "The account", body = Registered)))]
async fn register(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<RegisterUser>,
) -> Answer {
    request.command = key.of_guest();
    json(StatusCode::CREATED, &Registered { user: api.kitflik.users().register(&request).await? })
}

/// Log in
#[utoipa::path(post, path = "/v1/auth/login", tag = "accounts", request_body = LogIn,
    responses((status = 200, description = "A pair of tokens", body = TokenPair)))]
async fn log_in(State(api): State<Api>, key: IdempotencyKey, Json(mut request): Json<LogIn>) -> Answer {
    request.command = key.of_guest();
    json(StatusCode::OK, &api.kitflik.users().log_in(&request).await?)
}

/// Get the next pair of tokens
///
/// A refresh token can be used once. Using one again ends the session: somebody else may have a copy.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "accounts", request_body = RefreshSession,
    responses((status = 200, description = "The next pair of tokens", body = TokenPair)))]
async fn refresh(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<RefreshSession>,
) -> Answer {
    request.command = key.of_guest();
    json(StatusCode::OK, &api.kitflik.users().refresh(&request).await?)
}

/// Log out
///
/// Ends the session of the refresh token. Ending one that is over changes nothing.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "accounts", request_body = RefreshSession,
    responses((status = 204, description = "The session is over")))]
async fn log_out(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<RefreshSession>,
) -> Answer {
    request.command = key.of_guest();
    api.kitflik.users().log_out(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
