//! What seats would cost.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{QuoteSeats, QuoteView, ShowId};

use super::extract::actor::Anyone;
use super::extract::body::Json;
use super::extract::path::Id;
use super::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(quote))
}

/// What seats would cost if they were held now
///
/// Nothing is held and no use of a discount code is taken.
#[utoipa::path(post, path = "/v1/shows/{id}/quote", tag = "bookings", operation_id = "quote",
    params(("id" = ShowId, Path)), request_body = QuoteSeats,
    responses((status = 200, description = "What they would cost", body = QuoteView)))]
async fn quote(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<ShowId>,
    Json(request): Json<QuoteSeats>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().quote(&actor, id, &request).await?)
}
