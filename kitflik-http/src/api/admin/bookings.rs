//! The bookings of the house.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{BookingQuery, BookingStatus, BookingView, Page, ShowId, Timestamp, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(bookings))
}

/// Which bookings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only of this show.
    show: Option<ShowId>,
    /// Only those that stand there. A hold that has run out stays `held` until somebody takes its seats.
    status: Option<BookingStatus>,
    /// Only of this customer. Without a status, only what they bought: a hold that was not confirmed is not among it.
    user: Option<UserId>,
    /// Only those that were made then or later.
    from: Option<Timestamp>,
    /// Only those that were made before then.
    to: Option<Timestamp>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The bookings of the house, the newest first
///
/// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at a
/// thousand bookings at most.
#[utoipa::path(get, path = "/v1/admin/bookings", tag = "staff", operation_id = "house_bookings",
    params(Wanted),
    responses(
        (status = 200, description = "A page of bookings", body = Page<BookingView>),
        (status = 404, description = "`not_found`: no such show or customer", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn bookings(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let page = page(wanted.cursor, wanted.limit);
    let query = BookingQuery {
        show_id: wanted.show,
        status: wanted.status,
        user_id: wanted.user,
        from: wanted.from,
        to: wanted.to,
        page,
    };
    json(StatusCode::OK, &api.kitflik.bookings().list(&actor, &query).await?)
}
