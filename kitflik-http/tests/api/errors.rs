//! Every refusal in its shape.

use reqwest::Method;
use serde_json::json;

use crate::house::{House, text};

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let house = House::open().await;
    for path in ["/v1", "/v1/nothing", "/v1//movies", "/v1/movies/", "/v1/movies/%ff/shows/x", "/../x"] {
        house.get(path).send().await.refused(404, "not_found");
    }
    let gone = "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77";
    let long = "x".repeat(2000);
    for id in [gone, "1", "%00", "%ff", "null", "%F0%9F%8E%9F", long.as_str()] {
        for noun in ["movies", "venues", "shows", "layouts"] {
            house.get(&format!("/v1/{noun}/{id}")).send().await.refused(404, "not_found");
        }
        house.get(&format!("/v1/movies/{id}/shows")).send().await.refused(404, "not_found");
        house.get(&format!("/v1/shows/{id}/seats")).send().await.refused(404, "not_found");
        house.get(&format!("/v1/shows/{id}/best-available?count=1")).send().await.refused(404, "not_found");
        house.get(&format!("/v1/bookings/{id}")).send().await.refused(404, "not_found");
        house.get(&format!("/v1/bookings/{gone}/tickets/{id}/qr.svg")).send().await.refused(404, "not_found");
        for verb in ["extend", "release"] {
            let path = format!("/v1/bookings/{id}/{verb}");
            house.call(Method::POST, &path).send().await.refused(404, "not_found");
        }
        let counter = json!({ "payment": { "provider": "counter" } });
        house.post(&format!("/v1/bookings/{id}/confirm"), &counter).send().await.refused(404, "not_found");
    }
    for (method, path) in [
        (Method::DELETE, "/v1/movies"),
        (Method::POST, "/livez"),
        (Method::GET, "/v1/auth/login"),
        (Method::PATCH, "/v1/bookings"),
        (Method::from_bytes(b"BREW").unwrap(), "/v1/movies"),
    ] {
        // What serves the API elsewhere may know the methods of the standards only: workerd answers 501 itself.
        if house.local.is_none() && method.as_str() == "BREW" {
            continue;
        }
        let reply = house.call(method, path).send().await;
        reply.refused(405, "method_not_allowed");
        assert!(!reply.header("allow").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn conflicts_over_seats() {
    let house = House::open().await;
    let show = house.show("A: <>######\nB: ########\n").await;
    house.hold(&show, &["B1", "B2"]).await;
    let hold = async |seats: serde_json::Value| {
        house.post("/v1/bookings", &json!({ "show_id": show.id, "seats": seats })).send().await
    };
    let taken = hold(json!(["B2", "B3"])).await.refused(409, "seat_taken");
    assert_eq!(taken["seats"], json!(["B2"]));
    let unknown = hold(json!(["B3", "Z9"])).await.refused(422, "unknown_seat");
    assert_eq!(unknown["seats"], json!(["Z9"]));
    let split = hold(json!(["A1"])).await.refused(422, "couple_split");
    assert_eq!((&split["seats"], &split["alternative"]), (&json!(["A1"]), &json!(["A1", "A2"])));
    let orphan = hold(json!(["B4"])).await.refused(422, "orphan_seat");
    assert_eq!(orphan["seats"], json!(["B3"]));
    let path = format!("/v1/shows/{}/best-available", show.id);
    house.get(&format!("{path}?count=3&section=Moon")).send().await.refused(409, "not_enough_seats");
    let many = json!({ "show_id": show.id, "best_available": { "count": 10, "category": "moon" } });
    house.post("/v1/bookings", &many).send().await.refused(409, "not_enough_seats");
}

#[tokio::test]
async fn refusals_of_a_booking() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let act =
        async |verb: &str| house.call(Method::POST, &format!("{path}/{verb}")).booking(&hold).send().await;
    let confirm = async |payment: serde_json::Value| {
        let body = json!({ "payment": payment });
        house.post(&format!("{path}/confirm"), &body).booking(&hold).send().await
    };
    house.get(&format!("{path}/tickets")).booking(&hold).send().await.refused(409, "booking_state");
    confirm(json!({ "provider": "test", "reference": "decline" })).await.refused(422, "payment_declined");
    confirm(json!({ "provider": "bank" })).await.refused(422, "validation_failed");
    confirm(json!(null)).await.refused_field("payment");
    confirm(json!({ "provider": "test" })).await.expect(200);
    act("release").await.refused(409, "booking_state");
    // While nobody knows what became of the money, the seats stay, and no other payment is asked for.
    let open = house.hold(&show, &["A3", "A4"]).await;
    let its = format!("/v1/bookings/{}", text(&open, "id"));
    for payment in
        [json!({ "provider": "test", "reference": "timeout_before" }), json!({ "provider": "counter" })]
    {
        let body = json!({ "payment": payment });
        let refused = house.post(&format!("{its}/confirm"), &body).booking(&open).send().await;
        refused.refused(409, "payment_pending");
    }
    let release = house.call(Method::POST, &format!("{its}/release")).booking(&open);
    release.send().await.refused(409, "booking_state");
    act("extend").await.refused(409, "booking_state");
    house.get(&path).send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn time_runs_out() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let extend = async || {
        local.clock.forward(9 * 60);
        house.call(Method::POST, &format!("{path}/extend")).booking(&hold).send().await
    };
    extend().await.expect(200);
    extend().await.expect(200);
    extend().await.expect(200);
    local.clock.forward(60);
    house
        .call(Method::POST, &format!("{path}/extend"))
        .booking(&hold)
        .send()
        .await
        .refused(409, "extension_limit");
    local.clock.forward(180);
    let confirm = format!("{path}/confirm");
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&confirm, &counter).booking(&hold).send().await.refused(410, "hold_expired");
    let seats = json!({ "seats": ["A3", "A4"] });
    let change = house.call(Method::PUT, &format!("{path}/seats")).json(&seats).booking(&hold);
    change.send().await.refused(410, "hold_expired");
    assert_eq!(house.states(&show).await, "........");
    local.clock.forward(20 * 365 * 24 * 60 * 60);
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    house.post("/v1/bookings", &body).send().await.refused(409, "show_not_on_sale");
}

#[tokio::test]
async fn a_storage_that_does_not_answer() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    house.get("/readyz").send().await.expect(200);
    local.storage.set_off(true);
    house.get("/livez").send().await.expect(200);
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    for call in [
        house.get("/readyz"),
        house.post("/v1/bookings", &body),
        house.get("/v1/admin/price-cards").bearer(&staff),
        house.post("/v1/auth/login", &json!({ "email": "a@example.org", "password": "x" })),
    ] {
        let problem = call.may_fail().send().await.refused(503, "unavailable");
        assert!(!problem.to_string().contains("secret-host"), "{problem}");
    }
    local.storage.set_off(false);
    // Who has seen the programme goes on seeing it, and is told how old it is.
    let programme =
        ["/v1/movies".to_owned(), format!("/v1/movies/{}/shows", show.movie), "/v1/venues".to_owned()];
    for path in &programme {
        assert_eq!(house.get(path).send().await.header("age"), "", "{path}");
    }
    local.storage.set_off(true);
    local.clock.forward(60);
    for path in &programme {
        let old = house.get(path).send().await;
        assert_eq!((old.status, old.header("age")), (200, "60"), "{path}");
    }
    let seats = house.get(&format!("/v1/shows/{}/seats", show.id));
    seats.may_fail().send().await.refused(503, "unavailable");
    local.storage.set_off(false);
    assert_eq!(house.get("/v1/movies").send().await.header("age"), "");
    house.post("/v1/bookings", &body).send().await.expect(201);
    local.readiness.set(false);
    house.get("/readyz").may_fail().send().await.refused(503, "unavailable");
    house.get("/livez").send().await.expect(200);
}

#[tokio::test]
async fn request_ids_come_back_and_pages_elsewhere_may_call() {
    let house = House::open().await;
    let told = house.get("/livez").header("x-request-id", "my-id-1").send().await;
    assert_eq!(told.header("x-request-id"), "my-id-1");
    for bad in ["two words", "", &"x".repeat(129)] {
        let reply = house.get("/livez").header("x-request-id", bad).send().await;
        assert_ne!(reply.header("x-request-id"), bad);
    }
    let (one, other) = (house.get("/livez").send().await, house.get("/livez").send().await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    if house.local.is_some() {
        let origin = house.get("/v1/movies").header("origin", "https://cinema.example").send().await;
        assert_eq!(origin.header("access-control-allow-origin"), "*");
        let preflight = house.call(Method::OPTIONS, "/v1/bookings");
        let preflight = preflight
            .header("origin", "https://cinema.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,idempotency-key");
        let preflight = preflight.send().await;
        let allowed = preflight.header("access-control-allow-headers").to_lowercase();
        assert!(allowed.contains("authorization") && allowed.contains("idempotency-key"), "{allowed}");
        preflight.expect(200);
    }
}
