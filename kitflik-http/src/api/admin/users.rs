//! Customers' accounts, as staff see them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{CustomerView, DeleteCustomer, FutureBookings, Page, UserId, UserQuery, UserView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::extract::actor::StaffMember;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::{PageQuery, Query, filled, page};
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(users)).routes(routes!(user, delete))
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

/// What becomes of bookings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Deletion {
    /// What becomes of confirmed bookings of shows that are not over: as long as there is one, the account stays
    /// (`refuse`, if absent), or they are cancelled and what was paid goes back (`cancel`).
    #[serde(default)]
    #[param(inline)]
    bookings: FutureBookings,
}

/// Delete a customer's account: whatever tells who it was goes, and sales stay without a name
#[utoipa::path(delete, path = "/v1/admin/users/{id}", tag = "staff", operation_id = "delete_customer",
    params(("id" = UserId, Path), Deletion),
    responses(
        (status = 204, description = "It is deleted, or will be in a moment"),
        (status = 409, description = "`booking_state`: there are bookings ahead", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn delete(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<UserId>,
    key: IdempotencyKey,
    Query(deletion): Query<Deletion>,
) -> Answer {
    let request = DeleteCustomer { command: key.of(&actor), bookings: deletion.bookings };
    api.kitflik.users().delete_customer(&actor, id, &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
