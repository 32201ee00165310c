//! Customers' accounts, as staff see them.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{CustomerView, Page, UserId, UserQuery, UserView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::path::Id;
use crate::api::extract::query::{PageQuery, Query, filled, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(users)).routes(routes!(user))
}

/// Which customers are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// A whole e-mail address, or a part of addresses or names, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Customers' accounts, the newest first
///
/// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at a
/// thousand accounts at most.
#[utoipa::path(get, path = "/v1/admin/users", tag = "staff", operation_id = "customers", params(Wanted),
    responses((status = 200, description = "A page of accounts", body = Page<UserView>)))]
async fn users(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let query = UserQuery { q: filled(wanted.q), page: page(wanted.cursor, wanted.limit) };
    json(StatusCode::OK, &api.kitflik.users().list(&actor, &query).await?)
}

/// A customer's account, with a page of what they bought
#[utoipa::path(get, path = "/v1/admin/users/{id}", tag = "staff", operation_id = "customer",
    params(("id" = UserId, Path), PageQuery),
    responses((status = 200, description = "The account and a page of bookings", body = CustomerView)))]
async fn user(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<UserId>,
    Query(bookings): Query<PageQuery>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.users().view(&actor, id, &bookings.into()).await?)
}
