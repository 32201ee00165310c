//! Auditoriums, from a layout in the request or from a file.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use kitflik_core::{Actor, AuditoriumView, Invalid, Layout, NewAuditorium, VenueId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::extract::actor::CatalogueEditor;
use crate::api::extract::body::{self, Json};
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::query::Query;
use crate::api::{Answer, json};
use crate::problem::{Problem, ProblemCode};
use crate::router::{Api, IMPORT_LIMIT};

pub(super) fn routes() -> OpenApiRouter<Api> {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(IMPORT_LIMIT));
    OpenApiRouter::new().routes(routes!(add)).merge(import)
}

/// An auditorium to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct AddAuditorium {
    /// Where.
    pub venue_id: VenueId,
    /// The name.
    pub name: String,
    /// Its seats.
    pub layout: LayoutSource,
}

/// How the seats of an auditorium are told.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LayoutSource {
    /// In the text format, such as `"A: ###_###\nB: ###_###"`.
    Text(String),
    /// A pretix seating plan.
    #[schema(value_type = Object)]
    Pretix(#[cfg_attr(feature = "typescript", tsify(type = "object"))] serde_json::Value),
}

impl LayoutSource {
    /// The layout; the faults of a plan are told with their place in the field that has it.
    pub(super) fn read(&self, name: &str) -> Result<Layout, Invalid> {
        match self {
            Self::Text(text) => {
                Layout::from_text(name, text).map_err(|invalid| within(invalid, "layout.text"))
            }
            Self::Pretix(plan) => {
                Layout::from_pretix(&plan.to_string()).map_err(|invalid| within(invalid, "layout.pretix"))
            }
        }
    }
}

/// Add an auditorium
///
/// Plans that do not fit the body's 64 kB can be imported as a file.
#[utoipa::path(post, path = "/v1/admin/auditoriums", tag = "staff", operation_id = "add_auditorium",
    request_body = AddAuditorium,
    responses((status = 201, description = "The auditorium", body = AuditoriumView)))]
async fn add(
    State(api): State<Api>,
    CatalogueEditor(actor): CatalogueEditor,
    key: IdempotencyKey,
    Json(new): Json<AddAuditorium>,
) -> Answer {
    let mut new = NewAuditorium::try_from(new).map_err(|invalid| Problem::fields(invalid.errors))?;
    new.command = key.of(&actor);
    store(&api, &actor, new).await
}

impl TryFrom<AddAuditorium> for NewAuditorium {
    type Error = Invalid;

    fn try_from(new: AddAuditorium) -> Result<Self, Invalid> {
        let layout = new.layout.read(&new.name)?;
        Ok(Self { command: None, venue_id: new.venue_id, name: new.name, layout })
    }
}

/// What a file with a seating plan does not say.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Import {
    /// Where the auditorium is.
    venue_id: VenueId,
    /// What it is called.
    #[param(min_length = 1, max_length = 200)]
    name: String,
}

/// Add an auditorium from a file, up to 4 MB
///
/// The body is a pretix seating plan (`application/json`) or the text format (`text/plain`), as it is.
#[utoipa::path(post, path = "/v1/admin/auditoriums/import", tag = "staff", operation_id = "import_auditorium",
    params(Import),
    request_body(content((serde_json::Value = "application/json"), (String = "text/plain"))),
    responses((status = 201, description = "The auditorium", body = AuditoriumView)))]
async fn import(
    State(api): State<Api>,
    CatalogueEditor(actor): CatalogueEditor,
    key: IdempotencyKey,
    Query(Import { venue_id, name }): Query<Import>,
    Plan(plan): Plan,
) -> Answer {
    let layout = match plan {
        File::Text(text) => Layout::from_text(&name, &text),
        File::Pretix(text) => Layout::from_pretix(&text),
    };
    let layout = layout.map_err(|invalid| Problem::fields(invalid.errors))?;
    let command = key.of(&actor);
    store(&api, &actor, NewAuditorium { command, venue_id, name, layout }).await
}

enum File {
    Text(String),
    Pretix(String),
}

/// A file with a seating plan.
struct Plan(File);

impl<S: Send + Sync> FromRequest<S> for Plan {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = match body::media_type(request.headers()).as_deref() {
            Some("application/json") => File::Pretix,
            Some("text/plain") => File::Text,
            _ => {
                let detail = "expected Content-Type: application/json for a pretix seating plan, \
                              or text/plain for the text format";
                return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
            }
        };
        let bytes = body::read(request, state).await?;
        let text = String::from_utf8(bytes.into()).map_err(|_| body::malformed("the file is not UTF-8"))?;
        Ok(Self(form(text)))
    }
}

/// The faults of a plan, in the field that has the plan.
fn within(mut invalid: Invalid, path: &str) -> Invalid {
    for error in &mut invalid.errors {
        let inner = std::mem::take(&mut error.path);
        error.path = if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") };
    }
    invalid
}

async fn store(api: &Api, actor: &Actor, new: NewAuditorium) -> Answer {
    json(StatusCode::CREATED, &api.kitflik.catalog().add_auditorium(actor, &new).await?)
}
