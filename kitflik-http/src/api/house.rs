//! What a program that sells must know of the house.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::cache::Known;
use super::{Answer, cache};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(house))
}

/// The house.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HouseView {
    /// Its name.
    pub name: String,
    /// What a booking can be confirmed with: `counter` is to pay at the box office.
    pub payment_providers: Vec<String>,
}

/// The name of the house, and how it can be paid
#[utoipa::path(get, path = "/v1/house", tag = "catalogue",
    responses(
        (status = 200, description = "The house", body = HouseView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn house(State(api): State<Api>, known: Known) -> Answer {
    let payment_providers = api.kitflik.payment_providers();
    cache::json(&known, &HouseView { name: api.kitflik.house_name().to_owned(), payment_providers })
}
