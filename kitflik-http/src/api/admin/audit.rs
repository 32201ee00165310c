//! The log of what staff did.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{AuditEntryView, AuditQuery, Page, StaffId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only what this member of staff did.
    staff: Option<StaffId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What staff did, the newest first
///
/// Whether nobody has altered it, `kitflik audit verify` says.
#[utoipa::path(get, path = "/v1/admin/audit", tag = "staff", operation_id = "audit", params(Wanted),
    responses((status = 200, description = "A page of entries", body = Page<AuditEntryView>)))]
async fn audit(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let query = AuditQuery { staff_id: wanted.staff, page: page(wanted.cursor, wanted.limit) };
    json(StatusCode::OK, &api.kitflik.staff().audit(&actor, &query).await?)
}
