//! The own account of a member of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{
    ChangeStaffPassword, OfferedFactor, Passworded, RecoveryCodes, SecondFactorCode, StaffMe, StaffView,
};

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(change_password))
        .routes(routes!(begin_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(disable_totp))
        .routes(routes!(renew_recovery_codes))
}

/// The caller's account
#[utoipa::path(get, path = "/v1/admin/me", tag = "staff", operation_id = "staff_me",
    responses((status = 200, description = "The account", body = StaffMe)))]
async fn me(State(api): State<Api>, StaffMember(actor): StaffMember) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().me(&actor).await?)
}

/// Change the caller's password
///
/// All their sessions end, this one too.
#[utoipa::path(post, path = "/v1/admin/me/password", tag = "staff", operation_id = "staff_change_password",
    request_body = ChangeStaffPassword,
    responses((status = 204, description = "It is changed")))]
async fn change_password(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut request): Json<ChangeStaffPassword>,
) -> Answer {
    request.command = key.of(&actor);
    api.kitflik.staff().change_password(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Begin to set up one-time codes
///
/// The secret is shown this once. It counts when a code has confirmed it; a repeat shows another one.
#[utoipa::path(post, path = "/v1/admin/me/totp", tag = "staff", operation_id = "staff_begin_totp",
    request_body = Passworded,
    responses((status = 200, description = "The secret", body = OfferedFactor)))]
async fn begin_totp(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<Passworded>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().begin_totp(&actor, &request).await?)
}

/// Confirm one-time codes
///
/// From now on a log-in needs one. The recovery codes are shown this once.
#[utoipa::path(post, path = "/v1/admin/me/totp/confirm", tag = "staff", operation_id = "staff_confirm_totp",
    request_body = SecondFactorCode,
    responses((status = 200, description = "Recovery codes", body = RecoveryCodes)))]
async fn confirm_totp(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<SecondFactorCode>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().confirm_totp(&actor, &request).await?)
}

/// Take the caller's one-time codes away
#[utoipa::path(post, path = "/v1/admin/me/totp/disable", tag = "staff", operation_id = "staff_disable_totp",
    request_body = SecondFactorCode,
    responses((status = 200, description = "The account", body = StaffView)))]
async fn disable_totp(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<SecondFactorCode>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().disable_totp(&actor, &request).await?)
}

/// Get new recovery codes
///
/// Those before open nothing any more.
#[utoipa::path(post, path = "/v1/admin/me/recovery-codes", tag = "staff",
    operation_id = "staff_renew_recovery_codes", request_body = SecondFactorCode,
    responses((status = 200, description = "Recovery codes", body = RecoveryCodes)))]
async fn renew_recovery_codes(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<SecondFactorCode>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().renew_recovery_codes(&actor, &request).await?)
}
