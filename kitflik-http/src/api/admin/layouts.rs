//! Layouts as files.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::header;
use kitflik_core::{LayoutFormat, LayoutId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::path::Id;
use crate::api::extract::query::Query;
use crate::api::{Answer, file};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(export))
}

/// The form of a file with a layout.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Export {
    /// `pretix` or `text`.
    #[param(inline)]
    format: LayoutFormat,
}

/// A layout as a file that can be imported again
///
/// What the format cannot carry is refused with `not_expressible`. In a pretix plan, what pretix has no place for is
/// in objects named `kitflik`.
#[utoipa::path(get, path = "/v1/admin/layouts/{id}/export", tag = "staff", operation_id = "export_layout",
    params(("id" = LayoutId, Path), Export),
    responses((status = 200, description = "The file",
        content((serde_json::Value = "application/json"), (String = "text/plain")))))]
async fn export(
    State(api): State<Api>,
    StaffMember(_): StaffMember,
    Id(id): Id<LayoutId>,
    Query(Export { format }): Query<Export>,
) -> Answer {
    let text = api.kitflik.catalog().export_layout(id, format).await?;
    let (content_type, name) = match format {
        LayoutFormat::Pretix => ("application/json", "attachment; filename=\"layout.json\""),
        LayoutFormat::Text => ("text/plain; charset=utf-8", "attachment; filename=\"layout.txt\""),
    };
    Ok(file(content_type, Some((header::CONTENT_DISPOSITION, name)), text))
}
