//! What a customer has.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{
    BookingView, ChangeEmail, ChangePassword, ConfirmEmail, DeleteAccount, OpenSession, Page, SessionId,
    UpdateProfile, UserExport, UserView,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::actor::{Customer, CustomerSession};
use super::extract::body::Json;
use super::extract::client::Client;
use super::extract::idempotency::IdempotencyKey;
use super::extract::path::Id;
use super::extract::query::{PageQuery, Query};
use super::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(me, update_profile, delete_account))
        .routes(routes!(change_password))
        .routes(routes!(change_email))
        .routes(routes!(confirm_email))
        .routes(routes!(export))
        .routes(routes!(sessions, log_out_everywhere))
        .routes(routes!(end_session))
        .routes(routes!(bookings))
}

/// The caller's account
#[utoipa::path(get, path = "/v1/me", tag = "accounts",
    responses((status = 200, description = "The account", body = UserView)))]
async fn me(State(api): State<Api>, Customer(actor): Customer) -> Answer {
    json(StatusCode::OK, &api.kitflik.users().me(&actor).await?)
}

/// Change the caller's profile
///
/// What is absent stays as it is; what is null is cleared.
#[utoipa::path(patch, path = "/v1/me", tag = "accounts", request_body = UpdateProfile,
    responses((status = 200, description = "The account", body = UserView)))]
async fn update_profile(
    State(api): State<Api>,
    Customer(actor): Customer,
    key: IdempotencyKey,
    Json(mut request): Json<UpdateProfile>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.users().update_profile(&actor, &request).await?)
}

/// Delete the caller's account
///
/// What it says about the customer is erased, live holds are released, sales stay without a name. Confirmed bookings
/// of shows that are not over are cancelled, or stand in the way: `bookings` says which.
#[utoipa::path(delete, path = "/v1/me", tag = "accounts", request_body = DeleteAccount,
    responses((status = 204, description = "It is decided: nobody can log in any more")))]
async fn delete_account(
    State(api): State<Api>,
    Customer(actor): Customer,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<DeleteAccount>,
) -> Answer {
    request.command = key.of(&actor);
    request.address = client.text();
    api.kitflik.users().delete(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Set a new password by the old one
///
/// All other sessions end.
#[utoipa::path(post, path = "/v1/me/password", tag = "accounts", request_body = ChangePassword,
    responses((status = 204, description = "The password is set")))]
async fn change_password(
    State(api): State<Api>,
    CustomerSession(actor, session): CustomerSession,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ChangePassword>,
) -> Answer {
    request.command = key.of(&actor);
    request.address = client.text();
    request.session = session;
    api.kitflik.users().change_password(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ask for another e-mail address
///
/// A mail to the new one has a link and a code to confirm it with, within a day. Until then nothing changes. The answer
/// does not tell whether another account has the address.
#[utoipa::path(post, path = "/v1/me/email", tag = "accounts", request_body = ChangeEmail,
    responses((status = 204, description = "A mail is on its way")))]
async fn change_email(
    State(api): State<Api>,
    Customer(actor): Customer,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ChangeEmail>,
) -> Answer {
    request.command = key.of(&actor);
    request.address = client.text();
    api.kitflik.users().change_email(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Confirm another e-mail address
///
/// With the code that came to it, or with the token of the link, for which nobody need be logged in.
#[utoipa::path(post, path = "/v1/me/email/confirm", tag = "accounts", request_body = ConfirmEmail,
    responses((status = 204, description = "The account has the new address")))]
async fn confirm_email(
    State(api): State<Api>,
    Customer(actor): Customer,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<ConfirmEmail>,
) -> Answer {
    request.command = key.of(&actor);
    request.address = client.text();
    api.kitflik.users().confirm_email(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Everything that is kept about the caller
#[utoipa::path(get, path = "/v1/me/export", tag = "accounts",
    responses((status = 200, description = "Account, sessions and bookings", body = UserExport)))]
async fn export(State(api): State<Api>, Customer(actor): Customer) -> Answer {
    json(StatusCode::OK, &api.kitflik.users().export(&actor).await?)
}

/// Log-ins on all devices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Sessions {
    /// The newest first.
    pub items: Vec<OpenSession>,
}

/// The caller's open sessions
#[utoipa::path(get, path = "/v1/me/sessions", tag = "accounts",
    responses((status = 200, description = "The sessions", body = Sessions)))]
async fn sessions(State(api): State<Api>, CustomerSession(actor, session): CustomerSession) -> Answer {
    let items = api.kitflik.users().list_sessions(&actor, session).await?;
    json(StatusCode::OK, &Sessions { items })
}

/// Log out everywhere
#[utoipa::path(delete, path = "/v1/me/sessions", tag = "accounts",
    responses((status = 204, description = "Every session is over")))]
async fn log_out_everywhere(State(api): State<Api>, Customer(actor): Customer) -> Answer {
    api.kitflik.users().log_out_everywhere(&actor, None).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// End one session
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "accounts", params(("id" = SessionId, Path)),
    responses((status = 204, description = "It is over")))]
async fn end_session(State(api): State<Api>, Customer(actor): Customer, Id(id): Id<SessionId>) -> Answer {
    api.kitflik.users().revoke_session(&actor, id, None).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What the caller bought, cancelled sales too, the newest first
#[utoipa::path(get, path = "/v1/me/bookings", tag = "bookings", params(PageQuery),
    responses((status = 200, description = "A page of bookings", body = Page<BookingView>)))]
async fn bookings(
    State(api): State<Api>,
    Customer(actor): Customer,
    Query(page): Query<PageQuery>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().mine(&actor, &page.into()).await?)
}
