//! Staff: sessions, the catalogue, the box office.

use reqwest::Method;
use serde_json::json;

use crate::house::{House, PASSWORD, STAFF_EMAIL, text, unique};

#[tokio::test]
async fn staff_log_in_refresh_and_log_out() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let login = json!({ "email": STAFF_EMAIL, "password": PASSWORD });
    let tokens = house.post("/v1/admin/auth/login", &login).send().await.expect(200);
    let refresh = json!({ "refresh_token": text(&tokens, "refresh_token") });
    // Neither audience takes the other's refresh token.
    house.post("/v1/auth/refresh", &refresh).send().await.refused(401, "unauthenticated");
    let next = house.post("/v1/admin/auth/refresh", &refresh).send().await.expect(200);
    let access = text(&next, "access_token");
    house.get("/v1/admin/price-cards").bearer(&access).send().await.expect(200);
    let logout = json!({ "refresh_token": text(&next, "refresh_token") });
    house.post("/v1/admin/auth/logout", &logout).send().await.expect(204);
    house.get("/v1/admin/price-cards").bearer(&access).send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn staff_fill_the_catalogue() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let add = async |path: &str, body| house.post(path, &body).bearer(&staff).send().await;
    let hall = json!({
        "venue_id": show.venue, "name": "Screen 2", "layout": { "text": "A: ##_##\nB: ##_##" },
    });
    let hall = add("/v1/admin/auditoriums", hall).await.expect(201);
    assert_eq!(hall["seats"], 8);
    let cards = house.get("/v1/admin/price-cards?limit=100").bearer(&staff).send().await.expect(200);
    let ids: Vec<_> = cards["items"].as_array().unwrap().iter().map(|card| text(card, "id")).collect();
    assert!(house.local.is_none() || ids.contains(&show.price_card));

    let at = |start: &str| {
        json!({
            "movie_id": show.movie, "auditorium_id": show.auditorium, "price_card_id": show.price_card,
            "starts_at_local": start,
        })
    };
    let made = add("/v1/admin/shows", at("2036-11-28T19:30")).await;
    let location = made.header("location").to_owned();
    let made = made.expect(201);
    assert_eq!(location, format!("/v1/shows/{}", text(&made, "id")));
    assert_eq!(house.get(&location).send().await.expect(200), made);
    add("/v1/admin/shows", at("2036-11-28T20:30")).await.refused(409, "show_overlap");
    let gap = add("/v1/admin/shows", at("2036-03-30T02:30")).await.refused_field("starts_at_local");
    assert!(text(&gap, "detail").contains("does not exist"), "{gap}");
    let unknown = json!({ "movie_id": show.venue, "auditorium_id": show.auditorium,
        "price_card_id": show.price_card, "starts_at_local": "2036-12-01T20:00" });
    add("/v1/admin/shows", unknown).await.refused(404, "not_found");
    let faulty = json!({ "venue_id": show.venue, "name": "X", "layout": { "text": "A: ##?##" } });
    let faulty = add("/v1/admin/auditoriums", faulty).await.refused(422, "validation_failed");
    assert!(text(&faulty["errors"][0], "path").starts_with("layout.text"), "{faulty}");
    let seat = |guid: &str, x: i64| {
        json!({
            "seat_guid": guid, "seat_number": guid, "category": "standard", "position": { "x": x, "y": 0 },
        })
    };
    let plan = json!({
        "name": "Hall", "categories": [{ "name": "standard" }],
        "zones": [{ "name": "Z", "position": { "x": 0, "y": 0 }, "rows": [{
            "row_number": "1", "position": { "x": 0, "y": 0 },
            "seats": [seat("g1", 0), seat("g2", 30)],
        }] }],
    });
    let hall = json!({ "venue_id": show.venue, "name": "Screen 3", "layout": { "pretix": &plan } });
    assert_eq!(add("/v1/admin/auditoriums", hall).await.expect(201)["seats"], 2);
    let path = format!("/v1/admin/auditoriums/import?venue_id={}&name=Screen+4", show.venue);
    assert_eq!(add(&path, plan).await.expect(201)["seats"], 2);
    add(&path, json!({ "zones": 1 })).await.refused(422, "validation_failed");
    for layout in [json!({}), json!({ "text": 1 }), json!({ "words": "A: #" }), json!("A: #")] {
        let body = json!({ "venue_id": show.venue, "name": "X", "layout": layout });
        add("/v1/admin/auditoriums", body).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn the_box_office_sells_and_helps() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let body = json!({ "show_id": show.id, "seats": ["A2", "A3"] });
    house.post("/v1/bookings", &body).send().await.refused(422, "orphan_seat");
    let hold = house.post("/v1/bookings", &body).bearer(&staff).send().await.expect(201);
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&format!("{path}/confirm"), &counter).bearer(&staff).send().await.expect(200);
    let guests = house.hold(&show, &["A7", "A8"]).await;
    let path = format!("/v1/bookings/{}", text(&guests, "id"));
    house.get(&path).bearer(&staff).send().await.expect(200);
    house.call(Method::POST, &format!("{path}/release")).bearer(&staff).send().await.expect(200);
    house.get("/v1/me").bearer(&staff).send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_plan_is_imported_from_a_file() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let name = unique("Hall").replace(' ', "+");
    let path = format!("/v1/admin/auditoriums/import?venue_id={}&name={name}", show.venue);
    let import = |kind: &str, body: &[u8]| house.call(Method::POST, &path).bearer(&staff).body(kind, body);
    let hall = import("text/plain; charset=utf-8", b"A: ####\nB: ####").send().await.expect(201);
    assert_eq!(hall["seats"], 8);
    import("text/plain", b"A: \xff").send().await.refused(400, "malformed");
    import("application/xml", b"<x/>").send().await.refused(415, "unsupported_media_type");
    import("text/plain", b"").send().await.refused(422, "validation_failed");
    import("text/plain", &vec![b'#'; 4 * 1024 * 1024]).send().await.refused(422, "validation_failed");
    import("text/plain", &vec![b'#'; 4 * 1024 * 1024 + 1]).send().await.refused(413, "payload_too_large");
    let junk = "/v1/admin/auditoriums/import?venue_id=x";
    let junk = house.call(Method::POST, junk).bearer(&staff).body("text/plain", "A: #").send().await;
    junk.refused_field("venue_id");
}
