//! Seats that the house keeps.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{BlockSeats, HouseSeatView, ShowId, UnblockSeats};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(blocks)).routes(routes!(block)).routes(routes!(unblock))
}

/// Seats that the house keeps, or kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct HouseSeats {
    /// In the order of the layout.
    pub items: Vec<HouseSeatView>,
}

/// The seats of a show that the house keeps
///
/// Those that are released are not among them.
#[utoipa::path(get, path = "/v1/admin/shows/{id}/blocks", tag = "staff", operation_id = "house_seats",
    params(("id" = ShowId, Path)),
    responses((status = 200, description = "The seats", body = HouseSeats)))]
async fn blocks(State(api): State<Api>, StaffMember(actor): StaffMember, Id(id): Id<ShowId>) -> Answer {
    let items = api.kitflik.bookings().house_seats(&actor, id).await?;
    json(StatusCode::OK, &HouseSeats { items })
}

/// Keep seats of a show for the house
///
/// All or none. Everybody else is told that they are taken; the channels that are named may sell them. From the
/// release on they are free for all. Seats that the house keeps already get the new reason, channels and release.
#[utoipa::path(post, path = "/v1/admin/shows/{id}/block", tag = "staff", operation_id = "block_seats",
    params(("id" = ShowId, Path)), request_body = BlockSeats,
    responses(
        (status = 200, description = "The seats", body = HouseSeats),
        (status = 409, description = "`seat_taken`: some are held or sold, and none is blocked", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn block(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    key: IdempotencyKey,
    Json(mut request): Json<BlockSeats>,
) -> Answer {
    request.command = key.of(&actor);
    let items = api.kitflik.bookings().block_seats(&actor, id, &request).await?;
    json(StatusCode::OK, &HouseSeats { items })
}

/// Give seats that the house keeps to all
///
/// Answers which ones it gave; seats that the house does not keep are passed over.
#[utoipa::path(post, path = "/v1/admin/shows/{id}/unblock", tag = "staff", operation_id = "unblock_seats",
    params(("id" = ShowId, Path)), request_body = UnblockSeats,
    responses((status = 200, description = "The seats", body = HouseSeats)))]
async fn unblock(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    key: IdempotencyKey,
    Json(mut request): Json<UnblockSeats>,
) -> Answer {
    request.command = key.of(&actor);
    let items = api.kitflik.bookings().unblock_seats(&actor, id, &request).await?;
    json(StatusCode::OK, &HouseSeats { items })
}
