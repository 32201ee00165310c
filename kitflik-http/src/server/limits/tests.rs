use std::future::pending;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use tower::ServiceExt;

use super::rates::{Pair, Rate};
use super::*;

fn app(limits: &Arc<Limits>) -> Router {
    Router::new()
        .route("/never", any(async || pending::<()>().await))
        .fallback(get(async |request: Request| {
            let told = request.extensions().get::<ClientAddress>();
            told.map_or_else(String::new, |client| client.0.to_string())
        }))
        .layer(from_fn_with_state(Arc::clone(limits), guard))
}

async fn ask(app: &Router, method: Method, path: &str, from: &str) -> Response {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from.parse().unwrap(), 4711)));
    app.clone().oneshot(request).await.unwrap()
}

async fn status(app: &Router, path: &str, from: &str) -> u16 {
    ask(app, Method::GET, path, from).await.status().as_u16()
}

fn assert_refusal(response: &Response, status: u16) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let wait: u32 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait >= 1);
}

/// The clock of the rates is the machine's: each test asks more than could be refilled while it asks.
fn rates(per_address: u32, in_all: u32) -> RateSettings {
    let rate = |burst: u32| format!("1/{burst}").parse().unwrap();
    let log_ins = Pair { per_address: rate(per_address), in_all: rate(in_all) };
    RateSettings { log_ins, ..RateSettings::default() }
}

#[tokio::test]
async fn one_address_does_not_use_up_what_others_have() {
    let limits = Limits::new(Proxies::default(), Some(&rates(100, 100_000)), 64);
    let app = app(&limits);
    let mut refused = None;
    for _ in 0..100_000 {
        let response = ask(&app, Method::GET, "/v1/auth/login", "192.0.2.1").await;
        if response.status() != 200 {
            refused = Some(response);
            break;
        }
    }
    assert_refusal(&refused.unwrap(), 429);
    assert_eq!(status(&app, "/v1/auth/login", "192.0.2.2").await, 200);
    // Log-ins of staff, and everything else, are counted apart.
    assert_eq!(status(&app, "/v1/admin/auth/login", "192.0.2.1").await, 200);
    assert_eq!(status(&app, "/v1/movies", "192.0.2.1").await, 200);
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address() {
    let limits = Limits::new(Proxies::default(), Some(&rates(100, 100_000)), 64);
    let app = app(&limits);
    let mut refused = false;
    for number in 0..100_000_u32 {
        let from = format!("2001:db8::{:x}:{:x}", number >> 16, number & 0xffff);
        refused = status(&app, "/v1/auth/login", &from).await == 429;
        if refused {
            break;
        }
    }
    assert!(refused);
    assert_eq!(status(&app, "/v1/auth/login", "2001:db8:0:1::1").await, 200);
}

#[tokio::test]
async fn all_addresses_together_are_bounded_too() {
    let limits = Limits::new(Proxies::default(), Some(&rates(100_000, 100)), 64);
    let app = app(&limits);
    let mut refused = None;
    for number in 0..50_000_u32 {
        let from = format!("198.51.{}.{}", number >> 8 & 0xff, number & 0xff);
        let response = ask(&app, Method::GET, "/v1/auth/login", &from).await;
        if response.status() != 200 {
            refused = Some(response);
            break;
        }
    }
    assert_refusal(&refused.unwrap(), 429);
    assert_eq!(status(&app, "/v1/movies", "192.0.2.1").await, 200);
}

#[tokio::test]
async fn without_rates_nobody_is_refused() {
    let limits = Limits::new(Proxies::default(), None, 64);
    let app = app(&limits);
    for _ in 0..5000 {
        assert_eq!(status(&app, "/v1/auth/login", "192.0.2.1").await, 200);
    }
}

#[tokio::test]
async fn what_is_too_much_at_once_is_shed_and_the_server_is_still_alive() {
    let limits = Limits::new(Proxies::default(), None, 2);
    let app = app(&limits);
    let busy: Vec<_> = (0..2)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { ask(&app, Method::GET, "/never", "192.0.2.1").await })
        })
        .collect();
    while limits.at_once.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_refusal(&ask(&app, Method::GET, "/v1/movies", "192.0.2.1").await, 503);
    assert_eq!(status(&app, "/readyz", "192.0.2.1").await, 200);
    for request in busy {
        request.abort();
        assert!(request.await.is_err());
    }
    assert_eq!(status(&app, "/v1/movies", "192.0.2.1").await, 200);
}

#[tokio::test]
async fn one_address_has_a_share_of_what_is_under_way() {
    let limits = Limits::new(Proxies::default(), Some(&RateSettings::default()), 400);
    let app = app(&limits);
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { ask(&app, Method::POST, "/never", "2001:db8::1").await })
        })
        .collect();
    while limits.at_once.available_permits() > 300 {
        tokio::task::yield_now().await;
    }
    // Whoever has one address of a network has all of them.
    assert_refusal(&ask(&app, Method::GET, "/v1/movies", "2001:db8::2").await, 429);
    assert_eq!(status(&app, "/v1/movies", "192.0.2.1").await, 200);
    for request in slow {
        request.abort();
        assert!(request.await.is_err());
    }
    assert_eq!(status(&app, "/v1/movies", "2001:db8::2").await, 200);
    assert!(limits.busy.lock().is_empty());
}

#[test]
fn asking_how_a_session_stands_is_no_log_in() {
    for path in ["/v1/auth/session", "/v1/admin/auth/session"] {
        assert_eq!(Kind::of(&Method::GET, path), Kind::Any);
        assert_ne!(Kind::of(&Method::POST, path), Kind::Any);
    }
    assert_eq!(Kind::of(&Method::POST, "/v1/auth/login"), Kind::LogIn);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_told_by_what_may_have_happened() {
    let limits = Limits::new(Proxies::default(), None, 1);
    let app = app(&limits);
    for (method, code) in [(Method::GET, "unavailable"), (Method::POST, "outcome_unknown")] {
        let response = ask(&app, method, "/never", "192.0.2.1").await;
        assert_refusal(&response, 503);
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(code));
    }
}

#[tokio::test]
async fn handlers_learn_where_a_request_comes_from() {
    let limits = Limits::new("10.0.0.0/8".parse().unwrap(), None, 1);
    let app = app(&limits);
    let told = async |peer: &str| {
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let response = app.clone().oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), 4096).await.unwrap()
    };
    assert_eq!(told("10.0.0.1").await, "192.0.2.7");
    assert_eq!(told("203.0.113.9").await, "203.0.113.9");
}

#[test]
fn a_rate_is_read_from_text() {
    assert!("10/100".parse::<Rate>().is_ok());
    for bad in ["", "10", "0/1", "1/0", "a/b", "10/100/1"] {
        assert!(bad.parse::<Rate>().is_err(), "{bad}");
    }
}
