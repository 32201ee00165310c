//! The public keys of access tokens.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::HeaderValue;
use kitflik_core::JsonWebKeySet;

use super::Answer;
use super::cache::{self, Known};
use crate::problem::Problem;
use crate::router::Api;

const JWK_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");
/// A key is published long before it signs, so nobody misses one.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// The public keys that verify customers' access tokens
///
/// Empty where tokens are signed with HS256: then only the house itself can verify them. Tokens of staff are the
/// house's own affair.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "accounts",
    responses(
        (status = 200, description = "The keys, the one that signs first", body = JsonWebKeySet,
            content_type = "application/jwk-set+json", headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn jwks(State(api): State<Api>, known: Known) -> Answer {
    let body = serde_json::to_vec(&api.kitflik.token_keys()).map_err(|error| Problem::internal(&error))?;
    Ok(cache::typed(&known, cache::tag(&body), FIVE_MINUTES, JWK_SET, body.into()))
}
