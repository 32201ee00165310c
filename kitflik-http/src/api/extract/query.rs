//! Query strings.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kitflik_core::PageRequest;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use utoipa::IntoParams;

use super::field_error;
use crate::problem::Problem;

/// A query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        super::tracked(reader)
            .map(Self)
            .map_err(|(path, message)| Problem::fields(vec![field_error(&path, &message)]))
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl From<PageQuery> for PageRequest {
    fn from(query: PageQuery) -> Self {
        page(query.cursor, query.limit)
    }
}

pub(crate) fn page(cursor: Option<String>, limit: Option<u32>) -> PageRequest {
    PageRequest { cursor: filled(cursor), limit }
}

/// A form that leaves a field empty means none.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A value of a form; none if its field was left empty.
pub(crate) fn unless_empty<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { T::deserialize(text.into_deserializer()).map(Some) }
}
