//! The seats of a show as they change.

use serde_json::json;

use crate::house::{House, text};

#[tokio::test]
async fn a_listener_sees_what_others_do_and_is_told_what_it_missed() {
    let house = House::open().await;
    if house.local.is_none() {
        return; // a worker answers one event and ends
    }
    let show = house.show("A: ####\nB: ####\n").await;
    let mut events = house.listen(&show, None).await;
    let map = events.expect("map").await;
    assert_eq!(map.data, house.get(&format!("/v1/shows/{}/seats", show.id)).send().await.expect(200));

    let held = house.hold(&show, &["A1", "A2"]).await;
    let taken = events.expect("seats").await;
    assert_eq!(taken.data["changes"], json!({ "0": "h", "1": "h" }));
    assert!(taken.data["version"].as_u64() > map.data["version"].as_u64());
    drop(events);

    let path = format!("/v1/bookings/{}/release", text(&held, "id"));
    house.post(&path, &json!({})).booking(&held).send().await.expect(200);
    house.hold(&show, &["B1", "B2", "B3", "B4"]).await;
    let mut back = house.listen(&show, Some(&taken.id)).await;
    let mut changed = serde_json::Map::new();
    while changed.len() < 6 {
        // Near each other they may be told together.
        let event = back.expect("seats").await;
        changed.extend(event.data["changes"].as_object().unwrap().clone());
    }
    let expected = json!({ "0": ".", "1": ".", "4": "h", "5": "h", "6": "h", "7": "h" });
    assert_eq!(serde_json::Value::Object(changed), expected);

    // Whose id nobody knows, of another server or from before a restart, gets everything.
    let mut lost = house.listen(&show, Some("0123456789abcdef-1")).await;
    assert_eq!(lost.expect("map").await.data["states"], "....hhhh");

    // A hold runs out, and nobody does anything.
    house.wait(11 * 60);
    let free = json!({ "4": ".", "5": ".", "6": ".", "7": "." });
    assert_eq!(back.expect("seats").await.data["changes"], free);
    assert_eq!(lost.expect("seats").await.data["changes"], free);
}

#[tokio::test]
async fn streams_end_with_the_server_and_are_of_shows_that_there_are() {
    let house = House::open().await;
    let nowhere = "/v1/shows/018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77/seats/events";
    house.get(nowhere).send().await.refused(404, "not_found");
    house.get("/v1/shows/1/seats/events").send().await.refused(404, "not_found");
    let Some(local) = &house.local else { return };
    let show = house.show("A: ####\n").await;
    let mut events = house.listen(&show, None).await;
    events.expect("map").await;
    local.readiness.set(false);
    assert_eq!(events.next().await, None);
    let path = format!("/v1/shows/{}/seats/events", show.id);
    house.get(&path).may_fail().send().await.refused(503, "unavailable");
}

#[tokio::test]
async fn the_stream_of_a_show_that_is_over_is_one_event() {
    let house = House::open().await;
    if house.local.is_none() {
        return; // the show would have to end first
    }
    let show = house.show("A: ####\n").await;
    house.wait(20 * 366 * 24 * 60 * 60);
    let mut events = house.listen(&show, None).await;
    let map = events.expect("map").await;
    assert_eq!(events.next().await, None);
    let mut seen = house.listen(&show, Some(&map.id)).await;
    assert_eq!(seen.next().await, None);
}
