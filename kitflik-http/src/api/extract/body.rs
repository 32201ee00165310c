//! JSON bodies.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::field_error;
use crate::problem::{Problem, ProblemCode};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = media_type(request.headers()).is_some_and(|essence| {
            essence == "application/json"
                || (essence.starts_with("application/") && essence.ends_with("+json"))
        });
        let body = read(request, state).await?;
        if body.is_empty() {
            return Err(malformed("the body is empty: expected JSON"));
        }
        if !is_json {
            let detail = "expected a body with Content-Type: application/json";
            return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
        }
        parse(&body).map(Self)
    }
}

/// Reads a body of at most what the router allows.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(ProblemCode::PayloadTooLarge, "the body is larger than is allowed here")
        } else {
            malformed("the body could not be read to its end")
        }
    })
}

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}

pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::Malformed, detail)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("the body is not UTF-8 at byte {}", error.valid_up_to())))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        // Some wrong shapes are told as wrong syntax: what reads as JSON is well-formed.
        let well_formed = || serde_json::from_str::<IgnoredAny>(text).is_ok();
        if error.inner().is_data() || well_formed() {
            let message = error.inner().to_string();
            Problem::fields(vec![field_error(error.path(), &message)])
        } else {
            malformed(format!("the body is not JSON: {}", error.inner()))
        }
    })?;
    reader.end().map_err(|error| malformed(format!("the body is not one JSON value: {error}")))?;
    Ok(value)
}
