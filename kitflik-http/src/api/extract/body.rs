//! JSON bodies.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use kitflik_core::Invalid;
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

const TOO_LARGE: &str =
    "the body is larger than is allowed here: at most 64 kB, for scans of a gate 512 kB, for layouts 4 MB";

/// Reads a body of at most what the router allows.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(ProblemCode::PayloadTooLarge, TOO_LARGE)
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
    let value = read_json(text).map_err(|unreadable| match unreadable {
        Unreadable::NotJson(detail) => malformed(format!("the body is not {detail}")),
        Unreadable::Invalid(invalid) => Problem::fields(invalid.errors),
    })?;
    // serde takes a list for the fields of an object, one after the other.
    if text.trim_start().starts_with('[') {
        return Err(Problem::field("", "invalid", "the value: expected an object, found a list"));
    }
    Ok(value)
}

/// Why a text is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON, or more than one value: `JSON: …` or `one JSON value: …`.
    NotJson(String),
    /// It is JSON, but a field is missing, unknown or of the wrong kind.
    Invalid(Invalid),
}

/// Reads a request as bodies are read: a refusal names the field with its path. For hosts that take requests by another
/// way than HTTP.
///
/// # Errors
/// [`Unreadable`] says what is wrong.
pub fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(text.as_bytes());
    let value = super::tracked(&mut reader).map_err(|(path, message)| {
        // Some wrong shapes are told as wrong syntax: what reads as JSON is well-formed.
        match serde_json::from_slice::<IgnoredAny>(text.as_bytes()) {
            Ok(_) => Unreadable::Invalid(Invalid { errors: vec![field_error(&path, &message)] }),
            Err(error) => Unreadable::NotJson(format!("JSON: {error}")),
        }
    })?;
    reader.end().map_err(|error| Unreadable::NotJson(format!("one JSON value: {error}")))?;
    Ok(value)
}
