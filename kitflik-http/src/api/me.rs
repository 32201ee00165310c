//! What a customer has.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{BookingView, Page, UserView};

use super::extract::actor::Customer;
use super::extract::query::{PageQuery, Query};
use super::{Answer, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(bookings))
}

/// The caller's account
#[utoipa::path(get, path = "/v1/me", tag = "accounts",
    responses((status = 200, description = "The account", body = UserView)))]
async fn me(State(api): State<Api>, Customer(actor): Customer) -> Answer {
    json(StatusCode::OK, &api.kitflik.users().me(&actor).await?)
}

/// What the caller bought, cancelled sales too, the newest first
#[utoipa::path(get, path = "/v1/me/bookings", tag = "bookings", params(PageQuery),
    responses((status = 200, description = "A page of bookings", body = Page<BookingView>)))]
async fn bookings(
    State(api): State<Api>,
    Customer(actor): Customer,
    Query(page): Query<PageQuery>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().mine(&actor, &page.into()).await?)
}
