//! The schedule, and changes of shows.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{
    AddedShows, AuditoriumId, CancelShow, CopyWeek, Date, EditShow, MoveShow, RepeatShow, ScheduleQuery,
    ScheduleView, ShowCancellationView, ShowId, ShowView, VenueId,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::Query;
use crate::api::extract::revision::{IfMatch, gone, tagged};
use crate::api::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(schedule))
        .routes(routes!(add_shows))
        .routes(routes!(copy_week))
        .routes(routes!(show, edit_show, delete_show))
        .routes(routes!(move_show))
        .routes(routes!(cancel_show))
        .routes(routes!(show_cancellation))
        .routes(routes!(close_sales))
        .routes(routes!(open_sales))
}

/// Which part of the schedule is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Days {
    /// Only of this venue.
    venue_id: Option<VenueId>,
    /// Only of this auditorium.
    auditorium_id: Option<AuditoriumId>,
    /// The first day. Days go from 06:00 to 05:59, on the venue's clocks.
    from: Date,
    /// The last day, at most 62 in all; only the first if absent.
    to: Option<Date>,
}

/// The schedule, by auditorium and day
#[utoipa::path(get, path = "/v1/admin/shows", tag = "staff", params(Days),
    responses((status = 200, description = "The auditoriums that have shows then", body = ScheduleView)))]
async fn schedule(State(api): State<Api>, StaffMember(_): StaffMember, Query(days): Query<Days>) -> Answer {
    let Days { venue_id, auditorium_id, from, to } = days;
    let query = ScheduleQuery { venue_id, auditorium_id, from, to: to.unwrap_or(from) };
    json(StatusCode::OK, &api.kitflik.catalog().schedule(&query).await?)
}

/// Add a show at every one of the times on every one of the days
///
/// All of them, or none: the refusal has an entry for each start that is taken, or that the clocks show never or
/// twice. With `skip_clashes` those are left out, and told.
#[utoipa::path(post, path = "/v1/admin/shows/recurring", tag = "staff", request_body = RepeatShow,
    responses((status = 201, description = "What was added, and what was left out", body = AddedShows)))]
async fn add_shows(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<RepeatShow>,
) -> Answer {
    new.command = key.of(&actor);
    json(StatusCode::CREATED, &api.kitflik.catalog().add_shows(&actor, &new).await?)
}

/// Copy the shows of seven days
///
/// Of a venue or of one auditorium, at the same times on the venue's clocks. All of them, or none; with
/// `skip_clashes`, all that can be there.
#[utoipa::path(post, path = "/v1/admin/shows/copy-week", tag = "staff", request_body = CopyWeek,
    responses((status = 201, description = "What was added, and what was left out", body = AddedShows)))]
async fn copy_week(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut copy): Json<CopyWeek>,
) -> Answer {
    copy.command = key.of(&actor);
    json(StatusCode::CREATED, &api.kitflik.catalog().copy_week(&actor, &copy).await?)
}

/// A show, with its revision
#[utoipa::path(get, path = "/v1/admin/shows/{id}", tag = "staff", operation_id = "staff_show",
    params(("id" = ShowId, Path)),
    responses((status = 200, description = "The show", body = ShowView, headers(("ETag" = String)))))]
async fn show(State(api): State<Api>, StaffMember(_): StaffMember, Id(id): Id<ShowId>) -> Answer {
    let found = api.kitflik.catalog().show(id).await?;
    tagged(StatusCode::OK, found.revision, &found)
}

/// Edit a show
///
/// Replaces all but what, where and when; what the body leaves out, it has no longer, except for the window of its
/// sales. What is held or sold keeps its price.
#[utoipa::path(put, path = "/v1/admin/shows/{id}", tag = "staff", request_body = EditShow,
    params(("id" = ShowId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The show now", body = ShowView, headers(("ETag" = String)))))]
async fn edit_show(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut edit): Json<EditShow>,
) -> Answer {
    edit.command = key.of(&actor);
    let edited = api.kitflik.catalog().edit_show(&actor, id, revision, &edit).await?;
    tagged(StatusCode::OK, edited.revision, &edited)
}

/// Delete a show that has no booking
///
/// Whoever holds or ever bought a seat keeps it, and the refusal says by how many: `in_use`.
#[utoipa::path(delete, path = "/v1/admin/shows/{id}", tag = "staff",
    params(("id" = ShowId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 204, description = "It is gone")))]
async fn delete_show(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    api.kitflik.catalog().delete_show(&actor, id, revision, key.of(&actor).as_ref()).await?;
    gone()
}

/// Move a show to another time or auditorium
///
/// Whoever has tickets gets a mail with the new time and new tickets: those that they had are signed for the old
/// time. An auditorium with another layout only for a show without bookings.
#[utoipa::path(post, path = "/v1/admin/shows/{id}/move", tag = "staff", request_body = MoveShow,
    params(("id" = ShowId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The show now", body = ShowView, headers(("ETag" = String)))))]
async fn move_show(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut to): Json<MoveShow>,
) -> Answer {
    to.command = key.of(&actor);
    let moved = api.kitflik.catalog().move_show(&actor, id, revision, &to).await?;
    tagged(StatusCode::OK, moved.revision, &moved)
}

/// Cancel a show
///
/// From now on nobody can have a seat of it. Every booking is undone, all money goes back with its fees, and each
/// holder gets a mail; with many bookings that goes on after this answer. The show stays to be seen, as cancelled.
#[utoipa::path(post, path = "/v1/admin/shows/{id}/cancel", tag = "staff", request_body = CancelShow,
    params(("id" = ShowId, Path)),
    responses((status = 200, description = "How far it is", body = ShowCancellationView)))]
async fn cancel_show(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    key: IdempotencyKey,
    Json(mut request): Json<CancelShow>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.catalog().cancel_show(&actor, id, &request).await?)
}

/// How far the cancellation of a show is
#[utoipa::path(get, path = "/v1/admin/shows/{id}/cancellation", tag = "staff", params(("id" = ShowId, Path)),
    responses((status = 200, description = "How many bookings are left", body = ShowCancellationView)))]
async fn show_cancellation(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.catalog().show_cancellation(&actor, id).await?)
}

/// Close the sales of a show
///
/// What is held can still be bought.
#[utoipa::path(post, path = "/v1/admin/shows/{id}/close", tag = "staff",
    params(("id" = ShowId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The show now", body = ShowView, headers(("ETag" = String)))))]
async fn close_sales(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let closed = api.kitflik.catalog().close_sales(&actor, id, revision, key.of(&actor).as_ref()).await?;
    tagged(StatusCode::OK, closed.revision, &closed)
}

/// Open the sales of a show again
#[utoipa::path(post, path = "/v1/admin/shows/{id}/open", tag = "staff",
    params(("id" = ShowId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "The show now", body = ShowView, headers(("ETag" = String)))))]
async fn open_sales(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<ShowId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
) -> Answer {
    let open = api.kitflik.catalog().open_sales(&actor, id, revision, key.of(&actor).as_ref()).await?;
    tagged(StatusCode::OK, open.revision, &open)
}
