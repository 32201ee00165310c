//! The OpenAPI document, the pages that show it, and the shapes on the wire.

use serde_json::{Map, Value, json};

use crate::house::{House, text};

#[tokio::test]
async fn the_document_names_every_route() {
    let house = House::open().await;
    let document = house.get("/openapi.json").send().await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let mut list = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses: Vec<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let who = operation["security"].as_array().map(|all| {
                let name = |one: &Value| one.as_object().unwrap().keys().next().cloned();
                all.iter().map(|one| name(one).unwrap_or("anybody".to_owned())).collect::<Vec<_>>().join("|")
            });
            let method = method.to_uppercase();
            list += &format!("{method} {path} {} {}\n", statuses.join(","), who.unwrap_or_default());
        }
    }
    insta::assert_snapshot!(list);
}

#[tokio::test]
async fn references_of_the_document_lead_somewhere() {
    let document = serde_json::to_value(kitflik_http::openapi()).unwrap();
    let (mut references, mut ids) = (Vec::new(), Vec::new());
    fn walk(value: &Value, references: &mut Vec<String>, ids: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if name == "$ref" => references.push(text.to_owned()),
                        Some(text) if name == "operationId" => ids.push(text.to_owned()),
                        _ => walk(value, references, ids),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, references, ids)),
            _ => {}
        }
    }
    walk(&document, &mut references, &mut ids);
    assert!(references.len() > 100, "{}", references.len());
    for reference in references {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    let seats = &document["paths"]["/v1/shows/{id}/seats"]["get"]["responses"]["200"];
    assert!(seats.to_string().contains("SeatsAnswer"), "{seats}");
    let forms = document["components"]["schemas"]["SeatsAnswer"].to_string();
    assert!(forms.contains("SeatMapView") && forms.contains("ExpandedSeatMap"), "{forms}");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

#[tokio::test]
async fn the_pages_ask_no_other_host() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let moved = house.get("/docs").send().await;
    assert_eq!((moved.status, moved.header("location")), (303, "/docs/"));
    let page = house.get("/docs/").send().await;
    assert_eq!(page.status, 200);
    for file in ["index.css", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let asset = house.get(&format!("/docs/{file}")).send().await;
        assert_eq!(asset.status, 200, "{file}");
    }
    for host in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!page.text().contains(host), "{host}");
    }
    let start = house.get("/docs/swagger-initializer.js").send().await.text();
    assert!(start.contains("/openapi.json") && !start.contains("http"), "{start}");
}

/// Replaces what differs from run to run by the name of what it is.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let tidy_field = |(name, value): (String, Value)| {
                let secret = ["token", "access_token", "refresh_token", "booking_token", "public_key"];
                let value =
                    if secret.contains(&name.as_str()) { json!(format!("[{name}]")) } else { tidy(value) };
                (name, value)
            };
            Value::Object(fields.into_iter().map(tidy_field).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => json!("[id]"),
        Value::String(text) => {
            let parts = text.split(' ').map(|part| {
                let number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                if number { "[n]" } else { part }
            });
            json!(parts.collect::<Vec<_>>().join(" "))
        }
        other => other,
    }
}

#[tokio::test]
async fn wire_shapes() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let mut shapes = Map::new();
    let mut keep = |name: &str, value: Value| shapes.insert(name.to_owned(), tidy(value));
    let show = house.show("A: ##_<>\nB: @+_##").await;
    let account = json!({ "email": "ada@example.org", "password": "q7wm2xpz", "name": "Ada" });
    keep("01 register", house.post("/v1/auth/register", &account).send().await.expect(201));
    let login = json!({ "email": "ada@example.org", "password": "q7wm2xpz" });
    let tokens = house.post("/v1/auth/login", &login).send().await.expect(200);
    keep("02 login", tokens.clone());
    let me = house.get("/v1/me").bearer(&text(&tokens, "access_token")).send().await;
    keep("03 me", me.expect(200));
    keep("04 movies", house.get("/v1/movies").send().await.expect(200));
    keep("05 shows", house.get(&format!("/v1/movies/{}/shows", show.movie)).send().await.expect(200));
    keep("06 venues", house.get("/v1/venues").send().await.expect(200));
    let map = house.get(&format!("/v1/shows/{}/seats", show.id)).send().await.expect(200);
    let layout = house.get(&format!("/v1/layouts/{}", text(&map, "layout_id"))).send().await.expect(200);
    keep("07 layout", layout);
    let version = map["version"].is_u64();
    keep("08 seats", json!({ "layout_id": map["layout_id"], "states": map["states"], "version": version }));
    let best = house.get(&format!("/v1/shows/{}/best-available?count=2", show.id)).send().await;
    keep("09 best available", best.expect(200));
    let body = json!({
        "show_id": show.id, "seats": ["A1", "A2"], "customer": { "name": "Ada", "email": "ada@example.org" },
        "ticket_types": [{ "seat": "A2", "ticket_type": "child" }],
    });
    let hold = house.post("/v1/bookings", &body).send().await.expect(201);
    keep("10 hold", hold.clone());
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let payment = json!({ "payment": { "provider": "test", "reference": "card-1" } });
    let sold = house.post(&format!("{path}/confirm"), &payment).booking(&hold).send().await;
    keep("11 confirm", sold.expect(200));
    keep("12 tickets", house.get(&format!("{path}/tickets")).booking(&hold).send().await.expect(200));
    let staff = house.staff().await;
    keep("13 price cards", house.get("/v1/admin/price-cards").bearer(&staff).send().await.expect(200));
    let bookings = house.get("/v1/admin/bookings").bearer(&staff).send().await;
    keep("18 bookings of the house", bookings.expect(200));
    let occupancy = house.get("/v1/admin/reports/occupancy").bearer(&staff).send().await;
    keep("19 occupancy", occupancy.expect(200));
    keep("20 house", house.get("/v1/house").send().await.expect(200));
    let taken = house.post("/v1/bookings", &body).send().await;
    keep("14 seat_taken", taken.refused(409, "seat_taken"));
    let split = json!({ "show_id": show.id, "seats": ["A3"] });
    keep("15 couple_split", house.post("/v1/bookings", &split).send().await.refused(422, "couple_split"));
    let bad = json!({ "show_id": show.id, "seats": ["A1", 7] });
    keep("16 validation_failed", house.post("/v1/bookings", &bad).send().await.refused_field("seats[1]"));
    let junk = house.call(reqwest::Method::POST, "/v1/bookings").body("application/json", "{");
    keep("17 malformed", junk.send().await.refused(400, "malformed"));
    insta::assert_json_snapshot!(Value::Object(shapes));
}
