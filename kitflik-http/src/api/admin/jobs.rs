//! What the house does by itself, by the clock.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{JobKind, JobView, Page};

use crate::api::extract::actor::StaffMember;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(jobs))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(run))
}

/// Every job, as it stands
#[utoipa::path(get, path = "/v1/admin/jobs", tag = "staff",
    responses((status = 200, description = "All jobs, on one page", body = Page<JobView>)))]
async fn jobs(State(api): State<Api>, StaffMember(actor): StaffMember) -> Answer {
    let items = api.kitflik.jobs().list(&actor).await?;
    json(StatusCode::OK, &Page { items, next_cursor: None })
}

/// Have a job wait until it is resumed
#[utoipa::path(post, path = "/v1/admin/jobs/{id}/pause", tag = "staff", operation_id = "job_pause",
    params(("id" = JobKind, Path, description = "The job's name")),
    responses((status = 200, description = "The job", body = JobView)))]
async fn pause(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(job): Id<JobKind>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.jobs().pause(&actor, job, key.of(&actor).as_ref()).await?)
}

/// End a pause; what fell into it is not made up for
#[utoipa::path(post, path = "/v1/admin/jobs/{id}/resume", tag = "staff", operation_id = "job_resume",
    params(("id" = JobKind, Path, description = "The job's name")),
    responses((status = 200, description = "The job", body = JobView)))]
async fn resume(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(job): Id<JobKind>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.jobs().resume(&actor, job, key.of(&actor).as_ref()).await?)
}

/// Run a job now, beside its schedule
#[utoipa::path(post, path = "/v1/admin/jobs/{id}/run", tag = "staff", operation_id = "job_run",
    params(("id" = JobKind, Path, description = "The job's name")),
    responses((status = 200, description = "The job, with the run that has begun", body = JobView)))]
async fn run(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Id(job): Id<JobKind>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.jobs().run_now(&actor, job, key.of(&actor).as_ref()).await?)
}
