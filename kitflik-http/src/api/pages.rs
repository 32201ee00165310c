//! The pages: what is on, seats, booking, and staff's. Static files that come with the program and call the API like
//! any other client.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use kitflik_core::ErrorCode;

use super::cache::{self, Known};
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! file {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_str!(concat!("../../pages/", $name)))
    };
}

/// Under `/pages/`: a name, its media type, its content.
const FILES: [(&str, &str, &str); 25] = [
    file!("style.css", CSS),
    file!("icon.svg", SVG),
    file!("account.js", SCRIPT),
    file!("admin.js", SCRIPT),
    file!("api.js", SCRIPT),
    file!("app.js", SCRIPT),
    file!("booking.js", SCRIPT),
    file!("call-off.js", SCRIPT),
    file!("cancel.js", SCRIPT),
    file!("choose.js", SCRIPT),
    file!("customer.js", SCRIPT),
    file!("dom.js", SCRIPT),
    file!("door.js", SCRIPT),
    file!("format.js", SCRIPT),
    file!("house-seats.js", SCRIPT),
    file!("jobs.js", SCRIPT),
    file!("kept.js", SCRIPT),
    file!("link.js", SCRIPT),
    file!("live.js", SCRIPT),
    file!("mail.js", SCRIPT),
    file!("programme.js", SCRIPT),
    file!("seat-map.js", SCRIPT),
    file!("session.js", SCRIPT),
    file!("settlement.js", SCRIPT),
    file!("words.js", SCRIPT),
];

/// Pages may load what comes from here, and nothing else; no script and no style stands in a page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Nobody else gets hold of a page's window, or has its files in a page of their own.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// What a page never asks for, nobody can ask for in its name.
const NONE: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async |known: Known| answer(&known, HTML, include_str!("../../pages/index.html"))))
        .route(
            "/admin",
            get(async |known: Known| answer(&known, HTML, include_str!("../../pages/admin.html"))),
        )
        // Where links in mails lead.
        .route("/verify-email", get(link))
        .route("/confirm-email", get(link))
        .route("/reset-password", get(link))
        .route("/pages/{name}", get(file))
        .layer(from_fn(page))
}

async fn link(known: Known) -> Response {
    answer(&known, HTML, include_str!("../../pages/link.html"))
}

async fn file(known: Known, name: Result<Path<String>, PathRejection>) -> Response {
    let found = name.ok().and_then(|Path(name)| FILES.iter().find(|(file, ..)| *file == name));
    match found {
        Some((_, kind, content)) => answer(&known, kind, content),
        None => Problem::new(ErrorCode::NotFound, "there is no such file of the pages").into_response(),
    }
}

fn answer(known: &Known, kind: &'static str, content: &'static str) -> Response {
    let body = Bytes::from_static(content.as_bytes());
    cache::typed(known, cache::tag(&body), cache::REVALIDATE, HeaderValue::from_static(kind), body)
}

async fn page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(OPENER, SAME_ORIGIN);
    headers.insert(RESOURCE, SAME_ORIGIN);
    headers.insert(PERMISSIONS, NONE);
    response
}
