//! Other seats for an auditorium.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use kitflik_core::{AuditoriumId, Invalid, LayoutReport, MoveShows, SetLayout};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auditoriums::LayoutSource;
use crate::api::extract::actor::CatalogueEditor;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::revision::{IfMatch, tagged};
use crate::api::{Answer, json};
use crate::problem::Problem;
use crate::router::{Api, IMPORT_LIMIT};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(set_layout))
        .routes(routes!(preview_layout))
        .layer(DefaultBodyLimit::max(IMPORT_LIMIT))
}

/// Other seats for an auditorium.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewLayout {
    /// Its seats from now on.
    pub(super) layout: LayoutSource,
    /// Which of the coming shows have them, too.
    #[serde(default)]
    pub(super) shows: MoveShows,
}

impl NewLayout {
    /// The request, with the name of the auditorium for its layout.
    ///
    /// # Errors
    /// [`Invalid`] names each fault of the layout.
    pub fn named(&self, name: &str) -> Result<SetLayout, Invalid> {
        Ok(SetLayout { command: None, layout: self.layout.read(name)?, shows: self.shows })
    }
}

async fn read(api: &Api, id: AuditoriumId, new: NewLayout) -> Result<SetLayout, Problem> {
    let auditorium = api.kitflik.catalog().auditorium(id).await?;
    new.named(&auditorium.name).map_err(|invalid| Problem::fields(invalid.errors))
}

/// Give an auditorium other seats
///
/// Shows that are added from now on have them. Of those that there are, those get them too that nobody has a seat of,
/// unless `shows` says otherwise. With `all`, whoever holds or has bought a seat keeps it, by its id; a show of which
/// such a seat has no counterpart keeps its layout. The report tells of each show. Up to 4 MB.
#[utoipa::path(put, path = "/v1/admin/auditoriums/{id}/layout", tag = "staff", request_body = NewLayout,
    params(("id" = AuditoriumId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of what you have seen, or `*`")),
    responses((status = 200, description = "What became of its shows", body = LayoutReport,
        headers(("ETag" = String)))))]
async fn set_layout(
    State(api): State<Api>,
    CatalogueEditor(actor): CatalogueEditor,
    Id(id): Id<AuditoriumId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(new): Json<NewLayout>,
) -> Answer {
    let new = SetLayout { command: key.of(&actor), ..read(&api, id, new).await? };
    let report = api.kitflik.catalog().set_layout(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, report.auditorium.revision, &report)
}

/// What other seats would mean for the shows of an auditorium
///
/// Nothing is changed. Up to 4 MB.
#[utoipa::path(post, path = "/v1/admin/auditoriums/{id}/layout/preview", tag = "staff", request_body = NewLayout,
    params(("id" = AuditoriumId, Path)),
    responses((status = 200, description = "What would become of its shows", body = LayoutReport)))]
async fn preview_layout(
    State(api): State<Api>,
    CatalogueEditor(actor): CatalogueEditor,
    Id(id): Id<AuditoriumId>,
    Json(new): Json<NewLayout>,
) -> Answer {
    let new = read(&api, id, new).await?;
    json(StatusCode::OK, &api.kitflik.catalog().preview_layout(&actor, id, &new).await?)
}
