//! What the house wants to know.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{OccupancyQuery, OccupancyView, Page, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(occupancy))
}

/// Which shows are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only shows that start then or later; if absent, those that are not over.
    from: Option<Timestamp>,
    /// Only shows that start before then.
    to: Option<Timestamp>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// How full shows are, by start
#[utoipa::path(get, path = "/v1/admin/reports/occupancy", tag = "staff", params(Wanted),
    responses((status = 200, description = "A page of shows", body = Page<OccupancyView>)))]
async fn occupancy(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let page = page(wanted.cursor, wanted.limit);
    let query = OccupancyQuery { from: wanted.from, to: wanted.to, page };
    json(StatusCode::OK, &api.kitflik.reports().occupancy(&actor, &query).await?)
}
