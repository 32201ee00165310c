//! Tickets at the gate.

use serde_json::{Value, json};

use crate::house::{House, Show, text};

/// A show that starts in half an hour, and the tickets of two seats; nothing where the clock is not ours.
async fn doors_open(house: &House) -> Option<(Show, Value, Vec<Value>)> {
    let local = house.local.as_ref()?;
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let payment = json!({ "payment": { "provider": "test" } });
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let sold = house.post(&format!("{path}/confirm"), &payment).booking(&hold).send().await.expect(200);
    let tickets = house.get(&format!("{path}/tickets")).booking(&hold).send().await.expect(200);
    let start: kitflik_core::Timestamp = "2036-11-27T18:00:00Z".parse().unwrap();
    house.wait((start.millis() - local.kitflik.now().millis()) / 1000);
    Some((show, sold, tickets["items"].as_array().unwrap().clone()))
}

#[tokio::test]
async fn a_ticket_lets_in_once() {
    let house = House::open().await;
    let Some((show, sold, tickets)) = doors_open(&house).await else { return };
    let staff = house.staff().await;
    let scan = |token: &Value, nonce: &str| {
        let request = json!({ "shows": [show.id], "token": token, "device": "front", "nonce": nonce });
        house.post("/v1/admin/check-in", &request)
    };
    let token = &tickets[0]["token"];
    scan(token, "1").send().await.refused(401, "unauthenticated");
    let admitted = scan(token, "1").bearer(&staff).send().await.expect(200);
    assert_eq!((&admitted["seat"]["label"], &admitted["booking_id"]), (&json!("A1"), &sold["id"]));
    assert_eq!(scan(token, "1").bearer(&staff).send().await.expect(200), admitted);
    scan(token, "2").bearer(&staff).send().await.refused(409, "ticket_already_used");
    scan(&json!("KF1.x"), "2").bearer(&staff).send().await.refused(422, "ticket_malformed");
    let elsewhere = json!({ "shows": [sold["id"]], "token": token, "device": "front", "nonce": "1" });
    let refused = house.post("/v1/admin/check-in", &elsewhere).bearer(&staff).send().await;
    refused.refused(409, "ticket_wrong_show");
    let nameless = json!({ "shows": [show.id], "token": token, "device": "", "nonce": "1" });
    house.post("/v1/admin/check-in", &nameless).bearer(&staff).send().await.refused_field("device");

    let list = format!("/v1/admin/shows/{}/check-ins", show.id);
    let told = house.get(&list).bearer(&staff).send().await.expect(200);
    assert_eq!((&told["admitted"], &told["sold"]), (&json!(1), &json!(2)));
    assert_eq!(told["items"][0]["scans"][0]["device"], "front");
    house.get(&list).send().await.refused(401, "unauthenticated");

    let undo = json!({ "booking_id": sold["id"], "ticket_id": tickets[0]["id"], "reason": "Wrong person" });
    house.post("/v1/admin/check-in/undo", &undo).bearer(&staff).send().await.expect(204);
    scan(token, "3").bearer(&staff).send().await.expect(200);
}

#[tokio::test]
async fn a_device_without_a_network_uploads_later() {
    let house = House::open().await;
    let Some((show, sold, tickets)) = doors_open(&house).await else { return };
    let staff = house.staff().await;
    let path = format!("/v1/admin/shows/{}/gate", show.id);
    let answer = house.get(&path).bearer(&staff).send().await;
    let tag = answer.header("etag").to_owned();
    let pack = answer.expect(200);
    assert_eq!(tag, format!("\"{}\"", text(&pack, "version")));
    house.get(&path).bearer(&staff).header("if-none-match", &tag).send().await.expect(304);
    assert_eq!(pack["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(pack["used"], json!([]));
    assert!(!pack.to_string().contains("example.org"), "nothing personal is in it");

    let scans: Vec<Value> = ["left", "right"]
        .into_iter()
        .map(|device| {
            json!({
                "show_id": show.id, "booking_id": sold["id"], "ticket_id": tickets[1]["id"],
                "device": device, "nonce": "1", "at": pack["starts_at"],
            })
        })
        .collect();
    let merge = |scans: &[Value]| house.post("/v1/admin/check-in/merge", &json!({ "scans": scans }));
    let told = merge(&scans[..1]).bearer(&staff).send().await.expect(200);
    assert_eq!((&told["merged"], &told["flagged"]), (&json!(1), &json!([])));
    let told = merge(&scans).bearer(&staff).send().await.expect(200);
    assert_eq!((&told["merged"], &told["known"]), (&json!(1), &json!(1)));
    assert_eq!(told["flagged"][0]["flags"], json!(["conflict"]));
    let flagged = format!("/v1/admin/shows/{}/check-ins?flagged=true", show.id);
    let told = house.get(&flagged).bearer(&staff).send().await.expect(200);
    assert_eq!(told["items"][0]["scans"].as_array().unwrap().len(), 2);

    let ticket = text(&tickets[0], "id");
    let revoke = format!("/v1/admin/bookings/{}/tickets/{ticket}/revoke", text(&sold, "id"));
    let revoked = house.post(&revoke, &json!({ "reason": "Lost", "reissue": true })).bearer(&staff);
    let revoked = revoked.send().await.expect(200);
    assert_ne!(revoked["reissued_as"], tickets[0]["id"]);
    let changed = house.get(&path).bearer(&staff).header("if-none-match", &tag).send().await.expect(200);
    assert_eq!(changed["refused"], json!([{ "ticket_id": ticket, "revoked": true }]));
}

#[tokio::test]
async fn a_booking_is_a_page_to_print() {
    let house = House::open().await;
    let Some((_, sold, _)) = doors_open(&house).await else { return };
    let path = format!("/v1/bookings/{}/print", text(&sold, "id"));
    house.get(&path).send().await.refused(401, "unauthenticated");
    let answer = house.get(&path).bearer(&house.staff().await).send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("script"), "{policy}");
}
