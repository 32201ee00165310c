//! Staff's accounts, as admins manage them.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{AcceptInvitation, InviteStaff, Page, StaffId, StaffView, UpdateStaff};

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::{PageQuery, Query};
use crate::api::{Answer, created, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, invite))
        .routes(routes!(get, update))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(invite_again))
        .routes(routes!(reset_second_factor))
        .routes(routes!(accept))
}

/// Accounts of staff, the oldest first
#[utoipa::path(get, path = "/v1/admin/staff", tag = "staff", operation_id = "staff_accounts", params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<StaffView>)))]
async fn list(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(page): Query<PageQuery>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().list(&actor, &page.into()).await?)
}

/// Invite a member of staff
///
/// They get a mail with a token that is valid for seven days.
#[utoipa::path(post, path = "/v1/admin/staff", tag = "staff", operation_id = "staff_invite",
    request_body = InviteStaff,
    responses((status = 201, description = "The account", body = StaffView, headers(("Location" = String)))))]
async fn invite(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<InviteStaff>,
) -> Answer {
    new.command = key.of(&actor);
    let member = api.kitflik.staff().invite(&actor, &new).await?;
    created(&format!("/v1/admin/staff/{}", member.id), &member)
}

/// An account of staff
#[utoipa::path(get, path = "/v1/admin/staff/{id}", tag = "staff", operation_id = "staff_account",
    params(("id" = StaffId, Path)),
    responses((status = 200, description = "The account", body = StaffView)))]
async fn get(State(api): State<Api>, StaffMember(actor): StaffMember, Id(id): Id<StaffId>) -> Answer {
    json(StatusCode::OK, &api.kitflik.staff().get(&actor, id).await?)
}

/// Change a name or a role
///
/// What is absent stays. A new role ends their sessions at once.
#[utoipa::path(patch, path = "/v1/admin/staff/{id}", tag = "staff", operation_id = "staff_update",
    params(("id" = StaffId, Path)), request_body = UpdateStaff,
    responses(
        (status = 200, description = "The account", body = StaffView),
        (status = 409, description = "`last_admin`, or `contended`", body = Problem, content_type = PROBLEM_JSON),
        (status = 422, description = "Refused fields", body = Problem, content_type = PROBLEM_JSON)))]
async fn update(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(id): Id<StaffId>,
    Json(mut change): Json<UpdateStaff>,
) -> Answer {
    change.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.staff().update(&actor, id, &change).await?)
}

/// End somebody's sessions and let them open no others
#[utoipa::path(post, path = "/v1/admin/staff/{id}/disable", tag = "staff", operation_id = "staff_disable",
    params(("id" = StaffId, Path)),
    responses((status = 200, description = "The account", body = StaffView)))]
async fn disable(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(id): Id<StaffId>,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.staff().disable(&actor, id, command.as_ref()).await?)
}

/// Let somebody log in again
#[utoipa::path(post, path = "/v1/admin/staff/{id}/enable", tag = "staff", operation_id = "staff_enable",
    params(("id" = StaffId, Path)),
    responses((status = 200, description = "The account", body = StaffView)))]
async fn enable(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(id): Id<StaffId>,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.staff().enable(&actor, id, command.as_ref()).await?)
}

/// Send another invitation
///
/// The one before is no longer valid.
#[utoipa::path(post, path = "/v1/admin/staff/{id}/invite", tag = "staff", operation_id = "staff_invite_again",
    params(("id" = StaffId, Path)),
    responses((status = 200, description = "The account", body = StaffView)))]
async fn invite_again(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(id): Id<StaffId>,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.staff().invite_again(&actor, id, command.as_ref()).await?)
}

/// Take somebody's one-time codes away
///
/// For whoever lost their device and their recovery codes. Their sessions end.
#[utoipa::path(post, path = "/v1/admin/staff/{id}/reset-second-factor", tag = "staff",
    operation_id = "staff_reset_second_factor", params(("id" = StaffId, Path)),
    responses((status = 200, description = "The account", body = StaffView)))]
async fn reset_second_factor(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(id): Id<StaffId>,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.staff().reset_second_factor(&actor, id, command.as_ref()).await?)
}

/// Accept an invitation
///
/// The token comes by mail, and works once. Log in afterwards.
#[utoipa::path(post, path = "/v1/admin/auth/accept", tag = "staff", operation_id = "staff_accept",
    request_body = AcceptInvitation,
    responses((status = 200, description = "The account", body = StaffView)))]
async fn accept(
    State(api): State<Api>,
    key: IdempotencyKey,
    Json(mut request): Json<AcceptInvitation>,
) -> Answer {
    request.command = key.of_guest();
    json(StatusCode::OK, &api.kitflik.staff().accept(&request).await?)
}
