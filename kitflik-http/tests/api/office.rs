//! What staff see of the house: bookings and reports.

use serde_json::{Value, json};

use crate::house::{House, text};

const PATHS: [&str; 2] = ["/v1/admin/bookings", "/v1/admin/reports/occupancy"];

fn ids(page: &Value, name: &str) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| text(item, name)).collect()
}

/// The newest first. Where the clock is not ours, two may be of one instant.
fn in_order(house: &House, found: Vec<String>, newest_first: &[&String]) {
    let (mut found, mut wanted) = (found, newest_first.iter().map(|id| (*id).clone()).collect::<Vec<_>>());
    if house.local.is_none() {
        found.sort();
        wanted.sort();
    }
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn only_staff_see_bookings_and_reports() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let customer = text(&house.customer().await, "access_token");
    for path in PATHS {
        house.get(path).send().await.refused(401, "unauthenticated");
        house.get(path).bearer(&customer).send().await.refused(401, "unauthenticated");
        house.get(path).bearer("nonsense").send().await.refused(401, "unauthenticated");
        house.get(path).booking(&hold).send().await.refused(401, "unauthenticated");
        house.get(path).bearer(&house.staff().await).send().await.expect(200);
    }
}

#[tokio::test]
async fn staff_list_the_bookings_of_a_show() {
    let house = House::open().await;
    let (show, other) = (house.show("A: ########").await, house.show("A: ########").await);
    let staff = house.staff().await;
    let sold = house.hold(&show, &["A1", "A2"]).await;
    let counter = json!({
        "payment": { "provider": "counter" }, "customer": { "name": "Ada", "email": "ada@example.org" },
    });
    let path = format!("/v1/bookings/{}/confirm", text(&sold, "id"));
    house.post(&path, &counter).booking(&sold).send().await.expect(200);
    house.wait(1);
    let held = house.hold(&show, &["A3", "A4"]).await;
    house.wait(1);
    let released = house.hold(&show, &["A5", "A6"]).await;
    let path = format!("/v1/bookings/{}/release", text(&released, "id"));
    house.call(reqwest::Method::POST, &path).booking(&released).send().await.expect(200);
    house.wait(1);
    house.hold(&other, &["A1", "A2"]).await;

    let list = async |query: &str| {
        let path = format!("/v1/admin/bookings?show={}{query}", show.id);
        house.get(&path).bearer(&staff).send().await.expect(200)
    };
    let [sold, held, released] = [&sold, &held, &released].map(|booking| text(booking, "id"));
    in_order(&house, ids(&list("").await, "id"), &[&released, &held, &sold]);
    assert_eq!(ids(&list("&status=confirmed").await, "id"), [sold.as_str()]);
    assert_eq!(ids(&list("&status=held").await, "id"), [held.as_str()]);
    assert_eq!(ids(&list("&status=released").await, "id"), [released.as_str()]);
    assert_eq!(ids(&list("&status=expired").await, "id"), [""; 0]);
    let confirmed = &list("&status=confirmed").await["items"][0];
    assert_eq!(confirmed["customer"]["name"], "Ada");
    assert_eq!(confirmed["booking_token"], Value::Null);

    let first = list("&limit=2").await;
    assert_eq!(ids(&first, "id").len(), 2);
    let next = list(&format!("&limit=2&cursor={}", text(&first, "next_cursor"))).await;
    assert_eq!(next["next_cursor"], Value::Null);
    let both = ids(&first, "id").into_iter().chain(ids(&next, "id")).collect();
    in_order(&house, both, &[&released, &held, &sold]);
}

#[tokio::test]
async fn staff_see_how_full_shows_are() {
    let house = House::open().await;
    let show = house.show("A: ########\nB: ########").await;
    let staff = house.staff().await;
    let sold = house.hold(&show, &["A1", "A2", "A3"]).await;
    let path = format!("/v1/bookings/{}/confirm", text(&sold, "id"));
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&path, &counter).booking(&sold).send().await.expect(200);
    house.hold(&show, &["B1", "B2"]).await;
    // A house that others use too may have more than a page of shows.
    let (mut cursor, mut found) = (String::new(), None);
    while found.is_none() {
        let path = format!("/v1/admin/reports/occupancy?from=2036-11-27T18:30:00Z&limit=100{cursor}");
        let page = house.get(&path).bearer(&staff).send().await.expect(200);
        found = page["items"].as_array().unwrap().iter().find(|one| one["show_id"] == show.id).cloned();
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or("none"));
    }
    let found = found.unwrap();
    let counts = ["seats", "sold", "held", "blocked", "free"].map(|name| found[name].as_u64().unwrap());
    assert_eq!(counts, [16, 3, 2, 0, 11]);
    assert_eq!(found["movie"]["title"], show.title);
    assert_eq!(
        (text(&found, "starts_at"), text(&found, "status")),
        ("2036-11-27T18:30:00Z".into(), "on_sale".into())
    );
    let before = "/v1/admin/reports/occupancy?to=2036-11-27T18:30:00Z&limit=100";
    let before = house.get(before).bearer(&staff).send().await.expect(200);
    assert!(!ids(&before, "show_id").contains(&show.id));
}

#[tokio::test]
async fn bad_filters_are_named() {
    let house = House::open().await;
    let staff = house.staff().await;
    let [bookings, occupancy] = PATHS;
    for (path, query, field) in [
        (bookings, "show=1", "show"),
        (bookings, "status=sold", "status"),
        (bookings, "cursor=x", "cursor"),
        (bookings, "limit=0", "limit"),
        (bookings, "limit=101", "limit"),
        (bookings, "seats=1", "seats"),
        (occupancy, "from=today", "from"),
        (occupancy, "to=2036-11-27", "to"),
        (occupancy, "from=2036-11-27T18:30:00Z&to=2036-11-27T18:30:00Z", "to"),
        (occupancy, "cursor=x", "cursor"),
        (occupancy, "limit=0", "limit"),
        (occupancy, "show=1", "show"),
    ] {
        house.get(&format!("{path}?{query}")).bearer(&staff).send().await.refused_field(field);
    }
    let unknown = format!("{bookings}?show=00000000-0000-7000-8000-000000000000");
    house.get(&unknown).bearer(&staff).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn the_house_says_how_it_can_be_paid() {
    let house = House::open().await;
    let reply = house.get("/v1/house").send().await;
    let tag = reply.header("etag").to_owned();
    let view = reply.expect(200);
    assert!(!text(&view, "name").is_empty());
    let providers: Vec<&str> =
        view["payment_providers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(providers.contains(&"counter"), "{view}");
    assert!(house.local.is_none() || providers == ["counter", "test"], "{view}");
    house.get("/v1/house").header("if-none-match", tag).send().await.expect(304);
}

#[tokio::test]
async fn a_confirm_names_the_customer() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    let with = |customer: Value| json!({ "payment": { "provider": "counter" }, "customer": customer });
    let bad = with(json!({ "name": "", "email": "ada" }));
    let bad = house.post(&path, &bad).booking(&hold).send().await.refused_field("customer.name");
    assert_eq!(bad["errors"][1]["path"], "customer.email");
    let more = with(json!({ "name": "Ada", "email": "ada@example.org", "phone": "1" }));
    house.post(&path, &more).booking(&hold).send().await.refused_field("customer.phone");
    let good = with(json!({ "name": "Ada", "email": "ada@example.org" }));
    let sold = house.post(&path, &good).booking(&hold).send().await.expect(200);
    assert_eq!(sold["customer"], good["customer"]);
}
