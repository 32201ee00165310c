//! The seats of a show as they change: server-sent events.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use kitflik_core::ShowId;

use super::extract::path::Id;
use super::{Answer, file};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(seat_events))
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The seats of a show as they change
///
/// A stream for `EventSource`. The event `map` has the seats as `GET /v1/shows/{id}/seats` answers them; each `seats`
/// after it has what changed: `{"version": 7, "changes": {"12": "h", "13": "."}}`, by places in the layout, the first
/// is 0. Whoever comes back with the id of the last event gets exactly what was missed, or a `map`. The event `beat`,
/// which is empty, comes every 15 seconds. Who reads too slowly is cut off, and may come back; 429 and 503 are for
/// those who had better poll. Once a show is over, its stream is one `map`. (A host without a runtime, such as a
/// worker, answers one event and ends: clients ask again by themselves.)
#[utoipa::path(get, path = "/v1/shows/{id}/seats/events", tag = "bookings",
    params(("id" = ShowId, Path),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, description = "The events, without end", body = String,
        content_type = "text/event-stream")))]
async fn seat_events(State(api): State<Api>, Id(id): Id<ShowId>, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let last = last_seen(&parts.headers);
    #[cfg(feature = "server")]
    let body = if parts.method == axum::http::Method::HEAD {
        api.kitflik.bookings().seats(id).await?;
        axum::body::Body::empty()
    } else if api.kitflik.catalog().show(id).await?.ends_at <= api.kitflik.now() {
        // Its seats are history.
        axum::body::Body::from(once(&api.kitflik.bookings().seats(id).await?.json(), last, 60))
    } else {
        let client = super::extract::client::Client::of(&parts.extensions).0;
        api.feeds.listen(id, last, client).await?
    };
    #[cfg(not(feature = "server"))]
    let body = axum::body::Body::from(once(&api.kitflik.bookings().seats(id).await?.json(), last, 3));
    Ok(stream(body))
}

fn last_seen(headers: &HeaderMap) -> Option<&str> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()
}

fn stream(body: axum::body::Body) -> Response {
    // Proxies that would wait for more before they pass something on are asked not to.
    let mut response = file("text/event-stream", None, body);
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(unbuffered, HeaderValue::from_static("no"));
    response
}

/// The whole answer where nothing can wait, or there is nothing to wait for: the map, unless it was seen, and in how
/// many seconds to ask again. Its id is its tag.
fn once(json: &str, last: Option<&str>, again: u32) -> String {
    let tag = super::cache::tag(json.as_bytes());
    let id = tag.to_str().unwrap_or_default().trim_matches('"');
    let map = if last == Some(id) { String::new() } else { event("map", id, json) };
    format!("retry: {again}000\n\n{map}")
}

/// An event as it is sent. JSON has no line feeds.
pub(crate) fn event(name: &str, id: &str, json: &str) -> String {
    format!("event: {name}\nid: {id}\ndata: {json}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_cannot_wait_answers_what_was_not_seen() {
        let first = once("{\"states\":\"..\"}", None, 3);
        let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
        assert_eq!(first, format!("retry: 3000\n\nevent: map\nid: {id}\ndata: {{\"states\":\"..\"}}\n\n"));
        assert_eq!(once("{\"states\":\"..\"}", Some(id), 3), "retry: 3000\n\n");
        let changed = once("{\"states\":\".h\"}", Some(id), 3);
        assert!(changed.contains("data: {\"states\":\".h\"}") && !changed.contains(id), "{changed}");
    }
}
