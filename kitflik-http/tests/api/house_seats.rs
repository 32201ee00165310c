//! Seats that the house keeps.

use serde_json::{Value, json};

use crate::house::{House, Show, text};

fn path(show: &Show, verb: &str) -> String {
    format!("/v1/admin/shows/{}/{verb}", show.id)
}

fn labels(answer: &Value) -> Vec<String> {
    answer["items"].as_array().unwrap().iter().map(|item| text(item, "label")).collect()
}

#[tokio::test]
async fn staff_keep_seats_and_give_them_to_all() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let request = json!({
        "seats": ["A1", "A2", "A3"], "reason": "For the critics", "channels": ["box_office"],
        "release_minutes_before": 60,
    });
    let blocked = house.post(&path(&show, "block"), &request).bearer(&staff).send().await.expect(200);
    assert_eq!(labels(&blocked), ["A1", "A2", "A3"]);
    assert_eq!(house.states(&show).await, "###.....");

    let wish = |seats: &[&str]| json!({ "show_id": show.id, "seats": seats });
    let refused = house.post("/v1/bookings", &wish(&["A3", "A4"])).send().await.refused(409, "seat_taken");
    assert_eq!(refused["seats"], json!(["A3"]));
    assert!(!refused.to_string().contains("critics"), "{refused}");
    let mut choosy = wish(&["A1", "A2"]);
    choosy["channel"] = json!("box_office");
    house.post("/v1/bookings", &choosy).send().await.refused(401, "unauthenticated");
    let held = house.post("/v1/bookings", &wish(&["A1", "A2"])).bearer(&staff).send().await.expect(201);
    assert_eq!(house.states(&show).await, "hh#.....");

    let blocks = house.get(&path(&show, "blocks")).bearer(&staff).send().await.expect(200);
    assert_eq!(labels(&blocks), ["A1", "A2", "A3"]);
    let first = &blocks["items"][0];
    assert_eq!((&first["reason"], &first["channels"]), (&json!("For the critics"), &json!(["box_office"])));
    assert_eq!(first["booking_id"], held["id"]);
    assert!(first["by"].is_string() && first["blocked_at"].is_string() && first["release_at"].is_string());

    let given = house.post(&path(&show, "unblock"), &json!({ "seats": ["A2", "A3", "A4"] }));
    assert_eq!(labels(&given.bearer(&staff).send().await.expect(200)), ["A2", "A3"]);
    assert_eq!(house.states(&show).await, "hh......");
    let release = format!("/v1/bookings/{}/release", text(&held, "id"));
    house.call(reqwest::Method::POST, &release).bearer(&staff).send().await.expect(200);
    assert_eq!(house.states(&show).await, "#.......");
}

#[tokio::test]
async fn only_staff_block_and_only_what_can_be_blocked() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let request = json!({ "seats": ["A2", "A3"], "reason": "Broken" });
    for verb in ["block", "unblock"] {
        house.post(&path(&show, verb), &request).send().await.refused(401, "unauthenticated");
    }
    house.get(&path(&show, "blocks")).send().await.refused(401, "unauthenticated");
    house.hold(&show, &["A1", "A2"]).await;
    let block = |request: &Value| house.post(&path(&show, "block"), request).bearer(&staff);
    let refused = block(&request).send().await.refused(409, "seat_taken");
    assert_eq!(refused["seats"], json!(["A2"]));
    block(&json!({ "seats": ["A1"] })).send().await.refused_field("reason");
    block(&json!({ "seats": ["A1"], "reason": " " })).send().await.refused_field("reason");
    block(&json!({ "seats": [], "reason": "Broken" })).send().await.refused_field("seats");
    block(&json!({ "seats": ["Z1"], "reason": "Broken" })).send().await.refused(422, "unknown_seat");
    let past = json!({ "seats": ["A1"], "reason": "Broken", "release_at": "2020-01-01T00:00:00Z" });
    block(&past).send().await.refused_field("release_at");
    assert_eq!(house.states(&show).await, "hh......");
}
