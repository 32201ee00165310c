//! Pictures and files of layouts.

use reqwest::Method;
use serde_json::json;

use crate::house::{House, Show, text};

const HALL: &str = "category s Standard\nsection Stalls\nA: ss_<>\nB: @+_ss\n";

async fn layout(house: &House, show: &Show) -> String {
    text(&house.get(&format!("/v1/shows/{}/seats", show.id)).send().await.expect(200), "layout_id")
}

#[tokio::test]
async fn halls_and_seats_are_shown_as_pictures() {
    let house = House::open().await;
    let show = house.show(HALL).await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let plan = format!("/v1/layouts/{}/plan.svg", layout(&house, &show).await);
    let seats = format!("/v1/shows/{}/seats.svg", show.id);
    for (path, told) in
        [(&plan, "Stalls, Row A, seat 1, Standard<"), (&seats, "Stalls, Row A, seat 1, Standard, held<")]
    {
        let picture = house.get(path).send().await;
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"), "{path}");
        assert!(picture.header("content-security-policy").contains("default-src 'none'"), "{path}");
        let svg = picture.text();
        assert!(svg.starts_with("<svg ") && svg.contains(told), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("<script"), "what the policy forbids: {svg}");
        let tag = picture.header("etag");
        let again = house.get(path).header("if-none-match", tag).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let bare = house.get(&format!("{path}?legend=false")).header("if-none-match", tag).send().await;
        assert!(bare.status == 200 && bare.body.len() < picture.body.len(), "{path}");
        house.get(&format!("{path}?colour=red")).send().await.refused(422, "validation_failed");
    }
    let tag = house.get(&seats).send().await.header("etag").to_owned();
    let mine = format!("{seats}?booking={}", text(&hold, "id"));
    let picture = house.get(&mine).booking(&hold).send().await;
    assert!(picture.text().contains("Stalls, Row A, seat 2, Standard, yours<"), "{}", picture.text());
    assert_eq!((picture.header("etag"), picture.header("cache-control")), ("", "no-store"), "somebody's own");
    house.get(&mine).send().await.refused(401, "unauthenticated");
    house
        .post(&format!("/v1/bookings/{}/release", text(&hold, "id")), &json!({}))
        .booking(&hold)
        .send()
        .await;
    let changed = house.get(&seats).header("if-none-match", tag).send().await;
    assert!(changed.text().contains("Stalls, Row A, seat 1, Standard, free<"));
    let nowhere = plan.replace(&layout(&house, &show).await, &show.id);
    house.get(&nowhere).send().await.refused(404, "not_found");
    let tag = format!("\"{}-{}-1\"", show.id, env!("CARGO_PKG_VERSION"));
    house.get(&nowhere).header("if-none-match", tag).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn layouts_come_out_as_they_can_go_in() {
    let house = House::open().await;
    let staff = house.staff().await;
    let show = house.show(HALL).await;
    let id = layout(&house, &show).await;
    let export =
        |id: &str, format: &str| house.get(&format!("/v1/admin/layouts/{id}/export?format={format}"));
    export(&id, "text").send().await.refused(401, "unauthenticated");
    for (format, content_type) in [("text", "text/plain"), ("pretix", "application/json")] {
        let file = export(&id, format).bearer(&staff).send().await;
        assert_eq!(file.status, 200, "{}", file.text());
        assert!(file.header("content-type").starts_with(content_type));
        assert!(file.header("content-disposition").starts_with("attachment; filename=\"layout."));
        let path = format!("/v1/admin/auditoriums/import?venue_id={}&name=Screen%201", show.venue);
        let import = house.call(Method::POST, &path).bearer(&staff).body(content_type, file.body);
        assert_eq!(import.send().await.expect(201)["layout_id"], id, "the same seats are the same layout");
    }
    export(&id, "pdf").bearer(&staff).send().await.refused(422, "validation_failed");
    export(&show.id, "text").bearer(&staff).send().await.refused(404, "not_found");
    let seat = |guid: &str, x: f64| {
        let position = json!({ "x": x, "y": 0 });
        json!({ "seat_guid": guid, "seat_number": guid, "category": "C", "position": position })
    };
    let rows = json!([{ "row_number": "A", "seats": [seat("1", 0.0), seat("2", 24.5)] }]);
    let zones = json!([{ "position": { "x": 0, "y": 0 }, "rows": rows }]);
    let plan = json!({ "name": "Odd", "categories": [{ "name": "C" }], "zones": zones });
    let odd = json!({ "venue_id": show.venue, "name": "Odd", "layout": { "pretix": plan } });
    let odd = house.post("/v1/admin/auditoriums", &odd).bearer(&staff).send().await.expect(201);
    let refused = export(&text(&odd, "layout_id"), "text").bearer(&staff).send().await;
    assert_eq!(refused.refused(422, "validation_failed")["errors"][0]["code"], "not_expressible");
}
