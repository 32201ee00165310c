//! What the real server does when one client, or all of them, ask too much.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod server_support;

use reqwest::{Client, Method, Response};
use serde_json::json;
use server_support::Server;

fn start(data: &std::path::Path, settings: &[(&str, &str)]) -> Server {
    Server::start_with(data, |command| {
        command.args(["--storage", "memory", "--no-demo"]).env("KITFLIK_RATE_LIMITS", "on");
        command.env("KITFLIK_ARGON2_MEMORY_KIB", "8").env("KITFLIK_ARGON2_PASSES", "1");
        command.envs(settings.iter().copied())
    })
}

async fn log_in(server: &Server, client: &Client, from: Option<&str>) -> Response {
    let request = server.request(client, Method::POST, "/v1/auth/login");
    // It is counted before it is read: so no failure of an account counts here.
    let request = request.json(&json!({}));
    let request =
        from.map(|from| request.try_clone().unwrap().header("x-forwarded-for", from)).unwrap_or(request);
    request.send().await.unwrap()
}

/// Asks until it is refused for asking too much, which must come.
async fn exhaust(server: &Server, client: &Client, from: Option<&str>) -> Response {
    for _ in 0..2000 {
        let response = log_in(server, client, from).await;
        if response.status() != 422 {
            return response;
        }
    }
    panic!("2000 log-ins, and none was too many");
}

#[tokio::test]
async fn log_ins_have_a_rate_and_the_programme_is_not_part_of_it() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), &[("KITFLIK_LOG_IN_RATE_PER_ADDRESS", "1/5")]);
    let client = Client::builder().no_proxy().build().unwrap();
    let refused = exhaust(&server, &client, None).await;
    assert_eq!(refused.status(), 429);
    let header = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/problem+json");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("retry-after").parse::<u32>().unwrap() >= 1 && !header("x-request-id").is_empty());
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_requests");
    server.get(&client, "/v1/movies").await;
    // What a client says of itself changes nothing.
    let elsewhere = exhaust(&server, &client, Some("192.0.2.7")).await;
    assert_eq!(elsewhere.status(), 429);
}

/// A browser that comes by https is told to stay with it, and its session's cookies are bound to it.
#[tokio::test]
async fn by_https_cookies_and_browsers_stay_with_it() {
    let data = tempfile::tempdir().unwrap();
    let staff = ("boss@example.org", "correct horse battery");
    let server = start(
        data.path(),
        &[("KITFLIK_HTTPS", "on"), ("KITFLIK_STAFF_EMAIL", staff.0), ("KITFLIK_STAFF_PASSWORD", staff.1)],
    );
    let client = Client::builder().no_proxy().build().unwrap();
    let path = "/v1/admin/auth/session";
    let log_in =
        server.request(&client, Method::POST, path).json(&json!({ "email": staff.0, "password": staff.1 }));
    let session = log_in.send().await.unwrap();
    assert_eq!(session.status(), 200);
    assert_eq!(session.headers()["strict-transport-security"], "max-age=31536000");
    let cookies: Vec<_> = session
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(cookies.len(), 2);
    for cookie in &cookies {
        assert!(cookie.starts_with("__Host-kitflik-staff") && cookie.contains("; Secure"), "{cookie}");
    }
    let pair = cookies[0].split(';').next().unwrap();
    let state = async |cookie: &str| {
        let request = server.request(&client, Method::GET, path).header("cookie", cookie);
        request.send().await.unwrap().json::<serde_json::Value>().await.unwrap()["state"].clone()
    };
    assert_eq!(state(pair).await, "open");
    // Without the prefix it may come from anywhere.
    assert_eq!(state(pair.trim_start_matches("__Host-")).await, "none");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_rate_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("KITFLIK_LOG_IN_RATE_PER_ADDRESS", "1/5"), ("KITFLIK_TRUSTED_PROXIES", "127.0.0.1")];
    let server = start(data.path(), &settings);
    let client = Client::builder().no_proxy().build().unwrap();
    assert_eq!(exhaust(&server, &client, Some("192.0.2.7")).await.status(), 429);
    assert_eq!(log_in(&server, &client, Some("192.0.2.8")).await.status(), 422);
    // The left part is the client's own invention.
    for number in 0..200 {
        let from = format!("198.51.100.{number}, 192.0.2.7");
        if log_in(&server, &client, Some(&from)).await.status() == 429 {
            return;
        }
    }
    panic!("a made-up address was taken for the client's");
}

#[tokio::test]
async fn all_log_ins_together_have_a_rate_too_and_so_has_everything() {
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("KITFLIK_STAFF_LOG_IN_RATE_IN_ALL", "1/5"),
        ("KITFLIK_RATE_PER_ADDRESS", "1/300"),
        ("KITFLIK_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let server = start(data.path(), &settings);
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str, from: usize| {
        let request = server.request(&client, Method::POST, path).json(&json!({}));
        let from = format!("203.0.{}.{}", from / 250, from % 250);
        request.header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
    };
    let mut staff = 0;
    while ask("/v1/admin/auth/login", staff).await != 429 {
        staff += 1;
        assert!(staff < 2000, "2000 log-ins of staff, and none was too many");
    }
    assert!(staff >= 5);
    assert_eq!(ask("/v1/auth/login", 0).await, 422);
    let mut any = 0;
    while server.request(&client, Method::GET, "/v1/movies").send().await.unwrap().status() != 429 {
        any += 1;
        assert!(any < 20_000, "20000 requests, and none was too many");
    }
    // Whoever looks after the server still sees it.
    assert_eq!(server.request(&client, Method::GET, "/readyz").send().await.unwrap().status(), 200);
}
