//! Auditoriums, from a layout in the request or from a file.

use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use kitflik_core::{Actor, AuditoriumView, Invalid, Layout, NewAuditorium, VenueId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::extract::actor::StaffMember;
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
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LayoutSource {
    /// In the text format, such as `"A: ###_###\nB: ###_###"`.
    Text(String),
    /// A pretix seating plan.
    #[schema(value_type = Object)]
    Pretix(serde_json::Value),
}

/// Add an auditorium
///
/// Plans that do not fit the body's 64 kB can be imported as a file.
#[utoipa::path(post, path = "/v1/admin/auditoriums", tag = "staff", operation_id = "add_auditorium",
    request_body = AddAuditorium,
    responses((status = 201, description = "The auditorium", body = AuditoriumView)))]
async fn add(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(new): Json<AddAuditorium>,
) -> Answer {
    let layout = match new.layout {
        LayoutSource::Text(text) => from_text(&new.name, &text, "layout.text")?,
        LayoutSource::Pretix(plan) => from_pretix(&plan.to_string(), "layout.pretix")?,
    };
    let command = key.of(&actor);
    store(&api, &actor, NewAuditorium { command, venue_id: new.venue_id, name: new.name, layout }).await
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
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Query(Import { venue_id, name }): Query<Import>,
    Plan(plan): Plan,
) -> Answer {
    let layout = match plan {
        File::Text(text) => from_text(&name, &text, "")?,
        File::Pretix(text) => from_pretix(&text, "")?,
    };
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

fn from_text(name: &str, text: &str, path: &str) -> Result<Layout, Problem> {
    Layout::from_text(name, text).map_err(|invalid| refused(invalid, path))
}

fn from_pretix(json: &str, path: &str) -> Result<Layout, Problem> {
    Layout::from_pretix(json).map_err(|invalid| refused(invalid, path))
}

/// The faults of a plan, in the field that has the plan.
fn refused(invalid: Invalid, path: &str) -> Problem {
    let mut errors = invalid.errors;
    if !path.is_empty() {
        for error in &mut errors {
            let inner = std::mem::take(&mut error.path);
            error.path = if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") };
        }
    }
    Problem::fields(errors)
}

async fn store(api: &Api, actor: &Actor, new: NewAuditorium) -> Answer {
    json(StatusCode::CREATED, &api.kitflik.catalog().add_auditorium(actor, &new).await?)
}
