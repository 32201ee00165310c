//! Answers that clients may keep: entity tags and 304.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher};

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::{Answer, JSON};
use crate::problem::Problem;

/// Keep it, but ask each time whether it is still so.
pub(super) const REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");
/// It never changes.
pub(super) const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A strong tag of the very bytes. Quick rather than cryptographic: it guards no secret, and seat maps are
/// tagged anew on each request.
pub(super) fn tag(content: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    let mut text = [b'"'; 18];
    let digits = b"0123456789abcdef";
    let hash = hasher.finish();
    for (place, at) in text[1..17].iter_mut().zip(0_u32..) {
        *place = digits[(hash >> (60 - 4 * at) & 15) as usize];
    }
    HeaderValue::from_bytes(&text).unwrap_or(const { HeaderValue::from_static("\"\"") })
}

/// The header `If-None-Match`: what the client has already (RFC 9110, 13.1.2).
pub(super) struct Known(Vec<HeaderValue>);

impl Known {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect())
    }

    pub(super) fn has(&self, tag: &HeaderValue) -> bool {
        let known = |header: &HeaderValue| {
            let Ok(text) = header.to_str() else { return false };
            text.split(',').map(str::trim).any(|known| {
                known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
            })
        };
        self.0.iter().any(known)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

pub(super) fn answer(known: &Known, tag: HeaderValue, control: HeaderValue, body: Bytes) -> Response {
    typed(known, tag, control, JSON, body)
}

pub(super) fn typed(
    known: &Known,
    tag: HeaderValue,
    control: HeaderValue,
    content_type: HeaderValue,
    body: Bytes,
) -> Response {
    let known = known.has(&tag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(body) });
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, control);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

/// A view of the catalogue.
pub(super) fn json(known: &Known, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok(answer(known, tag(&body), REVALIDATE, body.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_quoted_and_compared_one_by_one() {
        let (one, other) = (tag(b"one"), tag(b"other"));
        assert_ne!(one, other);
        assert_eq!(one, tag(b"one"));
        let text = one.to_str().unwrap();
        assert!(text.len() == 18 && text.starts_with('"') && text.ends_with('"'), "{text}");
        let asked = |text: String| HeaderMap::from_iter([(header::IF_NONE_MATCH, text.parse().unwrap())]);
        for known in [text.to_owned(), format!("\"x\", {text}"), format!("W/{text}"), "*".to_owned()] {
            assert!(Known::of(&asked(known.clone())).has(&one), "{known}");
        }
        for unknown in ["", "\"x\"", text.trim_matches('"'), other.to_str().unwrap()] {
            assert!(!Known::of(&asked(unknown.to_owned())).has(&one), "{unknown}");
        }
        assert!(!Known::of(&HeaderMap::new()).has(&one));
    }
}
