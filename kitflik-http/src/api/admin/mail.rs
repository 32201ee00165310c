//! Mail that has not been sent, as staff look after it.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{MailId, MailQuery, MailState, MailView, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(mails)).routes(routes!(resend))
}

/// Which mail is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Mail that waits (`waiting`, if absent), or mail that was given up (`dead`).
    #[serde(default)]
    #[param(inline)]
    state: MailState,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Mail that waits, the one that is due first at the top, or mail that was given up, the newest first
#[utoipa::path(get, path = "/v1/admin/mail", tag = "staff", operation_id = "mails", params(Wanted),
    responses((status = 200, description = "A page of mails", body = Page<MailView>)))]
async fn mails(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let query = MailQuery { state: wanted.state, page: page(wanted.cursor, wanted.limit) };
    json(StatusCode::OK, &api.kitflik.notify().list(&actor, &query).await?)
}

/// Send a mail once more that was given up, with the same `Message-ID`
#[utoipa::path(post, path = "/v1/admin/mail/{id}/resend", tag = "staff", operation_id = "resend_mail",
    params(("id" = MailId, Path)),
    responses((status = 200, description = "The mail, which waits now", body = MailView)))]
async fn resend(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<MailId>,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.notify().resend(&actor, id, command.as_ref()).await?)
}
