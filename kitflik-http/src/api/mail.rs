//! The link at the foot of mails that nobody has to get.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kitflik_core::NotifyError;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::extract::query::Query;
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(ask_unsubscribe, unsubscribe))
}

/// The link's token.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Link {
    /// As it stands in the mail.
    token: String,
}

/// A page with one button: what follows links in mails by itself must not end anything
#[utoipa::path(get, path = "/v1/mail/unsubscribe", tag = "accounts", params(Link),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn ask_unsubscribe(State(api): State<Api>, headers: HeaderMap, Query(link): Query<Link>) -> Answer {
    if !api.kitflik.notify().is_unsubscribe_token(&link.token) {
        return Err(NotifyError::InvalidLink.into());
    }
    let words = Words::of(&headers);
    let body = format!("<p>{}</p><form method=\"post\"><button>{}</button></form>", words.ask, words.button);
    Ok(page(api.kitflik.house_name(), words.language, &body))
}

/// End the mails that one need not get: the account's `marketing_consent` is off from then on
///
/// Mail programs call it for their users (RFC 8058). What is in the body is not looked at.
#[utoipa::path(post, path = "/v1/mail/unsubscribe", tag = "accounts", params(Link),
    responses((status = 200, description = "It is done", body = String, content_type = "text/html")))]
async fn unsubscribe(State(api): State<Api>, headers: HeaderMap, Query(link): Query<Link>) -> Answer {
    api.kitflik.notify().unsubscribe(&link.token).await?;
    let words = Words::of(&headers);
    Ok(page(api.kitflik.house_name(), words.language, &format!("<p>{}</p>", words.done)))
}

struct Words {
    language: &'static str,
    ask: &'static str,
    button: &'static str,
    done: &'static str,
}

impl Words {
    fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|wanted| wanted.to_str().ok());
        if wanted.is_some_and(|wanted| wanted.starts_with("de")) {
            return Self {
                language: "de",
                ask: "Möchten Sie keine Angebote mehr per E-Mail erhalten?",
                button: "Keine Angebote mehr",
                done: "Sie erhalten keine Angebote mehr. Was Ihre Buchungen betrifft, schreiben wir Ihnen weiterhin.",
            };
        }
        Self {
            language: "en",
            ask: "Do you want no more offers by e-mail?",
            button: "No more offers",
            done: "You get no more offers. What is about your bookings we still send you.",
        }
    }
}

fn page(house: &str, language: &str, body: &str) -> Response {
    const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    const POLICY: HeaderValue =
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    let house = house.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{house}</title></head><body><h1>{house}</h1>{body}\
         </body></html>"
    );
    ([(header::CONTENT_TYPE, HTML), (header::CONTENT_SECURITY_POLICY, POLICY)], page).into_response()
}
