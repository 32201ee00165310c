//! Two hundred customers at once, and a server that is killed in the middle of it, again and again.
//!
//! Every customer goes on after a kill where it was, as people do: with the same idempotency key, so that
//! what was done before the kill is not done again. Nothing here waits for time to pass: a kill comes after a
//! number of confirms that the seed decides.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod rush_support;
mod server_support;

use reqwest::{Client, Method};
use rush_support::Rush;
use serde_json::{Value, json};
use server_support::{Server, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_loses_a_sale_or_sells_a_seat_twice() {
    let data = tempfile::tempdir().unwrap();
    // Whatever was not on disk yet is gone with the one server, holds too.
    Rush { servers: 1, kills: 3, customers: 200, holds_survive: false }
        .run(|_| Server::start(data.path()))
        .await;
}

/// A client that did not hear the answer asks again, and must not buy twice.
#[tokio::test]
async fn the_same_command_has_the_same_answer_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut server = Server::start(data.path());
    let show = server.large_show(&client).await["id"].clone();
    let hold = async |server: &Server| {
        let request =
            server.request(&client, Method::POST, "/v1/bookings").header("idempotency-key", "hold-1");
        let body = json!({ "show_id": show, "best_available": { "count": 3 } });
        send(request.json(&body)).await.unwrap()
    };
    let confirm = async |server: &Server, held: &Value| {
        let path = format!("/v1/bookings/{}/confirm", held["id"].as_str().unwrap());
        let token = format!("Booking {}", held["booking_token"].as_str().unwrap());
        let request = server.request(&client, Method::POST, &path);
        let request = request.header("idempotency-key", "confirm-1").header("authorization", token);
        send(request.json(&json!({ "payment": { "provider": "counter" } }))).await.unwrap()
    };
    let (status, held) = hold(&server).await;
    assert_eq!(status, 201, "{held}");
    let (status, confirmed) = confirm(&server, &held).await;
    assert_eq!((status, confirmed["status"].as_str()), (200, Some("confirmed")), "{confirmed}");
    assert_eq!(
        (hold(&server).await, confirm(&server, &held).await),
        ((201, held.clone()), (200, confirmed.clone()))
    );
    server.kill();

    let server = Server::start(data.path());
    assert_eq!(confirm(&server, &held).await, (200, confirmed));
    assert_eq!(hold(&server).await, (201, held));
}
