//! What payment providers tell of their own accord.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use kitflik_core::EventHeader;

use super::Answer;
use super::extract::body::{malformed, read};
use super::extract::path::Named;
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(payment_event))
}

/// An event, exactly as it came: its signature is over that.
struct Event {
    provider: String,
    headers: Vec<EventHeader>,
    body: String,
}

impl<S: Send + Sync> FromRequest<S> for Event {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Named(provider) = Named::from_request_parts(&mut parts, state).await?;
        let secret = [header::AUTHORIZATION, header::COOKIE];
        let headers = parts.headers.iter().filter(|(name, _)| !secret.contains(name));
        let headers = headers.filter_map(|(name, value)| {
            Some(EventHeader { name: name.as_str().to_owned(), value: value.to_str().ok()?.to_owned() })
        });
        let headers = headers.collect();
        let body = read(Request::from_parts(parts, body), state).await?;
        let body = String::from_utf8(body.into()).map_err(|_| malformed("the body is not UTF-8"))?;
        Ok(Self { provider, headers, body })
    }
}

/// An event of a payment provider
///
/// For payment providers, which sign what they send in a way of their own: the raw body is checked against the
/// signature in the head. Telling an event again changes nothing and is answered alike; so are events that are about
/// nothing of this house. Any other answer than 204 means that it should be told again.
#[utoipa::path(post, path = "/v1/payments/events/{provider}", tag = "payments",
    params(("provider" = String, Path, description = "The name that customers choose the provider by")),
    request_body(content = String, description = "Whatever the provider sends", content_type = "application/json"),
    responses(
        (status = 204, description = "It was taken in, now or before"),
        (status = 400, description = "`event_bad_signature`, `event_malformed` or `malformed`", body = Problem,
            content_type = PROBLEM_JSON),
        (status = 404, description = "`not_found`: no such provider, or it sends no events", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn payment_event(State(api): State<Api>, event: Event) -> Answer {
    api.kitflik.bookings().payment_event(&event.provider, event.headers, event.body).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
