//! Ids in paths.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use kitflik_core::{BookingId, ErrorCode, TicketId};

use crate::problem::Problem;

/// The id in a path. What is not an id names nothing: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        take(parts, state, "id").await.map(Self)
    }
}

/// The name of a payment provider in a path.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        take(parts, state, "provider").await.map(Self)
    }
}

/// The booking and the ticket in a path.
pub(crate) struct TicketPath {
    pub(crate) booking: BookingId,
    pub(crate) ticket: TicketId,
}

impl<S: Send + Sync> FromRequestParts<S> for TicketPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let booking = take(parts, state, "id").await?;
        Ok(Self { booking, ticket: take(parts, state, "ticket").await? })
    }
}

async fn take<T, S>(parts: &mut Parts, state: &S, name: &str) -> Result<T, Problem>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    let not_found = |detail: String| Problem::new(ErrorCode::NotFound, detail);
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| not_found("the path is not UTF-8".to_owned()))?;
    let text = params.iter().find(|(key, _)| *key == name).map(|(_, text)| text).unwrap_or_default();
    text.parse().map_err(|error: T::Err| not_found(error.to_string()))
}
