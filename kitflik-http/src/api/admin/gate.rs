//! Tickets at the gate.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use kitflik_core::{
    BookingId, CheckIn, CheckInQuery, CheckInView, CheckedIn, GatePack, MergeCheckIns, MergedCheckIns,
    RevokeTicket, RevokedTicketView, ShowId, TicketId, UndoCheckIn,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::cache::{self, Known};
use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::{Id, TicketPath};
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

/// An upload of as many scans as are allowed, each at its longest, fits.
const UPLOAD_LIMIT: usize = 512 * 1024;
/// Staff's own: kept by nobody but the device, and asked for each time.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

pub(super) fn routes() -> OpenApiRouter<Api> {
    let upload = OpenApiRouter::new().routes(routes!(merge)).layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    OpenApiRouter::new()
        .routes(routes!(check_in))
        .routes(routes!(undo))
        .routes(routes!(check_ins))
        .routes(routes!(gate))
        .routes(routes!(revoke))
        .merge(upload)
}

/// Let the holder of a ticket in
///
/// Once: the same `device` with the same `nonce` gets the same answer again, everybody else is refused. Each
/// refusal has its own code.
#[utoipa::path(post, path = "/v1/admin/check-in", tag = "staff", operation_id = "check_in",
    request_body = CheckIn,
    responses(
        (status = 200, description = "They may go in", body = CheckedIn),
        (status = 404, description = "`not_found`: no such booking or ticket", body = Problem,
            content_type = PROBLEM_JSON),
        (status = 409, description = "`ticket_wrong_show`, `ticket_too_early`, `ticket_already_used`, \
            `ticket_scan_undone`", body = Problem, content_type = PROBLEM_JSON),
        (status = 410, description = "`ticket_expired`, `ticket_cancelled`, `ticket_revoked`", body = Problem,
            content_type = PROBLEM_JSON),
        (status = 422, description = "`ticket_malformed`, `ticket_unknown_version`, `ticket_unknown_key`, \
            `ticket_bad_signature`, or refused fields", body = Problem, content_type = PROBLEM_JSON)))]
async fn check_in(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<CheckIn>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().check_in(&actor, &request).await?)
}

/// Upload what a device scanned without a network
///
/// The earliest scan of a ticket counts; others, and scans of tickets that were cancelled or revoked, are kept and
/// flagged. In which order devices upload, in which parts, and how often, makes no difference.
#[utoipa::path(post, path = "/v1/admin/check-in/merge", tag = "staff", operation_id = "merge_check_ins",
    request_body = MergeCheckIns,
    responses((status = 200, description = "What became of it", body = MergedCheckIns)))]
async fn merge(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Json(request): Json<MergeCheckIns>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().merge_check_ins(&actor, &request).await?)
}

/// Take a check-in back
///
/// The ticket may be used again.
#[utoipa::path(post, path = "/v1/admin/check-in/undo", tag = "staff", operation_id = "undo_check_in",
    request_body = UndoCheckIn,
    responses(
        (status = 204, description = "It is undone"),
        (status = 404, description = "`not_found`: nobody used such a ticket", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn undo(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut request): Json<UndoCheckIn>,
) -> Answer {
    request.command = key.of(&actor);
    api.kitflik.bookings().undo_check_in(&actor, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Which check-ins are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those that somebody has to look at.
    #[serde(default)]
    flagged: Option<bool>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Who is in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CheckIns {
    /// Tickets of the show that were used.
    pub admitted: u32,
    /// Seats that are sold, as they were a moment ago.
    pub sold: u32,
    /// A page of the tickets that were used.
    pub items: Vec<CheckInView>,
    /// Where the next page starts; absent on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// How many are in, and who
///
/// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at two
/// thousand check-ins at most.
#[utoipa::path(get, path = "/v1/admin/shows/{id}/check-ins", tag = "staff", operation_id = "check_ins",
    params(("id" = ShowId, Path), Wanted),
    responses((status = 200, description = "The count and a page", body = CheckIns)))]
async fn check_ins(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let flagged = wanted.flagged.unwrap_or(false);
    let query = CheckInQuery { flagged, page: page(wanted.cursor, wanted.limit) };
    let bookings = api.kitflik.bookings();
    let page = bookings.check_ins(&actor, id, &query).await?;
    let count = bookings.check_in_count(&actor, id).await?;
    let (admitted, sold) = (count.admitted, count.sold);
    json(StatusCode::OK, &CheckIns { admitted, sold, items: page.items, next_cursor: page.next_cursor })
}

/// What a gate without a network needs
///
/// The entity tag is the pack's `version`.
#[utoipa::path(get, path = "/v1/admin/shows/{id}/gate", tag = "staff", operation_id = "gate_pack",
    params(("id" = ShowId, Path)),
    responses(
        (status = 200, description = "The pack", body = GatePack, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn gate(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    known: Known,
) -> Answer {
    let pack = api.kitflik.bookings().gate_pack(&actor, id).await?;
    let tag =
        HeaderValue::try_from(format!("\"{}\"", pack.version)).map_err(|error| Problem::internal(&error))?;
    let body = serde_json::to_vec(&pack).map_err(|error| Problem::internal(&error))?;
    Ok(cache::answer(&known, tag, PRIVATE, body.into()))
}

/// Make a ticket invalid
///
/// Its seat stays sold. With `reissue` the booking gets another ticket for it.
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/tickets/{ticket}/revoke", tag = "staff",
    operation_id = "revoke_ticket",
    params(("id" = BookingId, Path), ("ticket" = TicketId, Path)), request_body = RevokeTicket,
    responses(
        (status = 200, description = "It is revoked", body = RevokedTicketView),
        (status = 404, description = "`not_found`: no such booking or ticket", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn revoke(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    path: TicketPath,
    key: IdempotencyKey,
    Json(mut request): Json<RevokeTicket>,
) -> Answer {
    request.command = key.of(&actor);
    let bookings = api.kitflik.bookings();
    json(StatusCode::OK, &bookings.revoke_ticket(&actor, path.booking, path.ticket, &request).await?)
}
