//! The routes: a file per noun. Handlers only translate; every rule is the engine's.

pub(crate) mod admin;
pub(crate) mod auth;
mod bookings;
mod cache;
#[cfg(feature = "server")]
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod extract;
pub(crate) mod health;
pub(crate) mod house;
mod jwks;
mod mail;
pub(crate) mod me;
mod movies;
#[cfg(feature = "pages")]
pub(crate) mod pages;
mod payments;
pub(crate) mod pictures;
mod quote;
pub(crate) mod session;
pub(crate) mod shows;
pub(crate) mod tickets;
mod venues;

use crate::documented::{self, OpenApiRouter};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;
use crate::router::Api;

pub(crate) type Answer = Result<Response, Problem>;

/// Every route, each with its entry in the OpenAPI document.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    documented::start()
        .merge(auth::routes())
        .merge(session::routes())
        .merge(jwks::routes())
        .merge(me::routes())
        .merge(house::routes())
        .merge(movies::routes())
        .merge(venues::routes())
        .merge(shows::routes())
        .merge(quote::routes())
        .merge(events::routes())
        .merge(pictures::routes())
        .merge(bookings::routes())
        .merge(tickets::routes())
        .merge(mail::routes())
        .merge(payments::routes())
        .merge(admin::routes())
        .merge(health::routes())
}

const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok((status, [(header::CONTENT_TYPE, JSON)], body).into_response())
}

/// 201, and where the new thing is.
fn created(location: &str, value: &impl Serialize) -> Answer {
    let mut response = json(StatusCode::CREATED, value)?;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn file(
    content_type: &'static str,
    more: Option<(HeaderName, &'static str)>,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some((name, value)) = more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
