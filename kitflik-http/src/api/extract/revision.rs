//! The header `If-Match`: which revision of a thing is changed or deleted, and the `ETag` that says so.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::api::{Answer, json};
use crate::problem::{Problem, ProblemCode};

/// The revision that the client has seen; `None` for `*`, whichever there is.
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl IfMatch {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else {
            let detail =
                "send If-Match with the ETag that came with what you change, or * for whatever is there";
            return Err(Problem::new(ProblemCode::PreconditionRequired, detail));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" && values.next().is_none() {
            return Ok(Self(None));
        }
        let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let digits = digits.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(revision) if values.next().is_none() => Ok(Self(Some(revision))),
            _ => {
                let detail = "If-Match must be one ETag as it was answered, such as \"42\", or *";
                Err(Problem::field("If-Match", "invalid", detail))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

/// The tag of a revision.
pub(crate) fn tag(revision: u64) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{revision}\"")).ok()
}

/// What there is, with the tag of its revision.
pub(crate) fn tagged(status: StatusCode, revision: u64, value: &impl Serialize) -> Answer {
    let mut response = json(status, value)?;
    if let Some(tag) = tag(revision) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Done, and nothing to say.
pub(crate) fn gone() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<u64>, StatusCode> {
        let headers: HeaderMap =
            values.iter().map(|value| (header::IF_MATCH, value.parse().unwrap())).collect();
        IfMatch::of(&headers).map(|IfMatch(revision)| revision).map_err(|problem| problem.status())
    }

    #[test]
    fn one_tag_or_any() {
        assert_eq!(read(&["\"42\""]), Ok(Some(42)));
        assert_eq!(read(&[" * "]), Ok(None));
        assert_eq!(read(&[]), Err(StatusCode::PRECONDITION_REQUIRED));
        for bad in ["42", "\"\"", "W/\"42\"", "\"42", "\"+4\"", "\"1\", \"2\"", "\"99999999999999999999999\""]
        {
            assert_eq!(read(&[bad]), Err(StatusCode::UNPROCESSABLE_ENTITY), "{bad}");
        }
        assert_eq!(read(&["\"1\"", "\"1\""]), Err(StatusCode::UNPROCESSABLE_ENTITY));
        assert_eq!(read(&["*", "*"]), Err(StatusCode::UNPROCESSABLE_ENTITY));
    }
}
