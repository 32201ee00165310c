//! Customers' accounts: register, verify, log in, refresh, log out, a forgotten password.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{
    ForgotPassword, LogIn, RefreshSession, RegisterUser, ResendVerification, ResetPassword, TokenPair,
    UserView, VerifyEmail,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::body::Json;
use super::extract::client::Client;
use super::extract::idempotency::IdempotencyKey;
use super::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(verify_email))
        .routes(routes!(resend_verification))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
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

/// Verify an address
///
/// With the token of the link that came by mail, or with its code and the address. Either works once, for a day.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "accounts", request_body = VerifyEmail,
    responses((status = 204, description = "The address is verified")))]
async fn verify_email(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<VerifyEmail>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
    api.kitflik.users().verify_email(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Get another verification mail
///
/// The answer does not tell whether the address has an account.
#[utoipa::path(post, path = "/v1/auth/verify-email/resend", tag = "accounts",
    request_body = ResendVerification,
    responses((status = 204, description = "If there is something to verify, a mail is on its way")))]
async fn resend_verification(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ResendVerification>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
    api.kitflik.users().resend_verification(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Get a code for a new password
///
/// The answer does not tell whether the address has an account. The code works once, for five minutes, and can be
/// guessed at five times.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "accounts", request_body = ForgotPassword,
    responses((status = 204, description = "If there is such an account, a mail is on its way")))]
async fn forgot_password(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ForgotPassword>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
    api.kitflik.users().forgot_password(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Set a new password by code
///
/// Every session of the account ends.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "accounts", request_body = ResetPassword,
    responses((status = 204, description = "The password is set")))]
async fn reset_password(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ResetPassword>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
    api.kitflik.users().reset_password(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Log in
#[utoipa::path(post, path = "/v1/auth/login", tag = "accounts", request_body = LogIn,
    responses((status = 200, description = "A pair of tokens", body = TokenPair)))]
async fn log_in(
    State(api): State<Api>,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<LogIn>,
) -> Answer {
    request.command = key.of_guest();
    request.address = client.text();
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
