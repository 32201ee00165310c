//! The schedule: many shows at once, and changes of those that are there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, Reply, Show, text};

async fn scene() -> (House, String, Show) {
    let house = House::open().await;
    let staff = house.staff().await;
    let show = house.show("A: ########").await;
    (house, staff, show)
}

fn pattern(show: &Show, from: &str, to: &str, times: &[&str]) -> Value {
    json!({
        "movie_id": show.movie, "auditorium_id": show.auditorium, "price_card_id": show.price_card,
        "from": from, "to": to, "times": times,
    })
}

async fn post(house: &House, staff: &str, path: &str, body: &Value) -> Reply {
    house.post(path, body).bearer(staff).send().await
}

/// Changes a show as it is now.
async fn change(house: &House, staff: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
    let call = house.call(method, path).bearer(staff).header("if-match", "*");
    match body {
        Some(body) => call.json(&body).send().await,
        None => call.send().await,
    }
}

/// The schedule as `day start title` lines.
async fn lines(house: &House, staff: &str, query: &str) -> Vec<String> {
    let told = house.get(&format!("/v1/admin/shows?{query}")).bearer(staff).send().await.expect(200);
    let mut lines = Vec::new();
    for hall in told["auditoriums"].as_array().unwrap() {
        for day in hall["days"].as_array().unwrap() {
            for show in day["shows"].as_array().unwrap() {
                lines.push(format!("{} {}", text(day, "date"), text(show, "starts_at_local")));
            }
        }
    }
    lines
}

#[tokio::test]
async fn a_week_is_made_and_copied() {
    let (house, staff, show) = scene().await;
    let mut week = pattern(&show, "2036-12-01", "2036-12-07", &["20:00", "01:30"]);
    week["weekdays"] = json!(["friday", "saturday"]);
    week["sales_open_days_before"] = json!(14);
    let added = post(&house, &staff, "/v1/admin/shows/recurring", &week).await.expect(201);
    assert_eq!(added["shows"].as_array().unwrap().len(), 4);
    let hall = format!("auditorium_id={}", show.auditorium);
    // What starts at half past one belongs to the evening before.
    assert_eq!(
        lines(&house, &staff, &format!("{hall}&from=2036-12-04&to=2036-12-05")).await,
        [
            "2036-12-04 2036-12-05T01:30:00",
            "2036-12-05 2036-12-05T20:00:00",
            "2036-12-05 2036-12-06T01:30:00"
        ]
    );
    let copy = json!({ "venue_id": show.venue, "from": "2036-12-01", "to": "2036-12-08" });
    let copied = post(&house, &staff, "/v1/admin/shows/copy-week", &copy).await.expect(201);
    assert_eq!(copied["shows"].as_array().unwrap().len(), 4);
    let refused = post(&house, &staff, "/v1/admin/shows/copy-week", &copy).await.refused(409, "show_overlap");
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 4);
    assert_eq!(errors[0]["path"], "shows[2036-12-12T01:30:00]");
    assert!(text(&errors[0], "detail").contains(&show.title), "{refused}");
    let mut skipping = copy;
    skipping["skip_clashes"] = json!(true);
    let none = post(&house, &staff, "/v1/admin/shows/copy-week", &skipping).await.expect(201);
    assert_eq!(none["skipped"][3]["reason"], "overlap");
    let venue = format!("venue_id={}&from=2036-12-12", show.venue);
    assert_eq!(lines(&house, &staff, &venue).await.len(), 2);
    let late = house.get("/v1/admin/shows?from=2036-12-12&to=2036-12-11").bearer(&staff).send().await;
    late.refused_field("to");
}

#[tokio::test]
async fn clocks_that_change_are_named_with_both_readings() {
    let (house, staff, show) = scene().await;
    let night = pattern(&show, "2036-10-25", "2036-10-27", &["02:30"]);
    let refused = post(&house, &staff, "/v1/admin/shows/recurring", &night).await;
    let refused = refused.refused_field("shows[2036-10-26T02:30:00]");
    let detail = text(&refused, "detail");
    let readings = "the earlier, 2036-10-26T02:30:00+02:00, or the later, 2036-10-26T02:30:00+01:00";
    assert!(detail.contains(readings), "{detail}");
    let mut one = json!({
        "movie_id": show.movie, "auditorium_id": show.auditorium, "price_card_id": show.price_card,
        "starts_at_local": "2036-10-26T02:30",
    });
    post(&house, &staff, "/v1/admin/shows", &one).await.refused_field("starts_at_local");
    one["clock_change"] = json!("later");
    let added = post(&house, &staff, "/v1/admin/shows", &one).await.expect(201);
    assert_eq!(added["starts_at"], "2036-10-26T01:30:00Z");
}

#[tokio::test]
async fn a_show_is_edited_closed_moved_and_deleted() {
    let (house, staff, show) = scene().await;
    let path = format!("/v1/admin/shows/{}", show.id);
    let seen = house.get(&path).bearer(&staff).send().await;
    let tag = seen.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", seen.expect(200)["revision"]));
    let edit = json!({ "price_card_id": show.price_card, "language": "de", "format": "3D" });
    let put = |tag: &str| house.call(Method::PUT, &path).json(&edit).bearer(&staff).header("if-match", tag);
    let edited = put(&tag).send().await;
    let newer = edited.header("etag").to_owned();
    assert_eq!(edited.expect(200)["format"], "3D");
    let stale = put(&tag).send().await;
    stale.refused(412, "stale_revision");
    assert_eq!(stale.header("etag"), newer);
    house.call(Method::DELETE, &path).bearer(&staff).send().await.refused(428, "precondition_required");

    let close = format!("{path}/close");
    let closed = change(&house, &staff, Method::POST, &close, None).await.expect(200);
    assert_eq!(closed["status"], "closed");
    let open = change(&house, &staff, Method::POST, &format!("{path}/open"), None).await.expect(200);
    assert_eq!(open["status"], "on_sale");

    let hold = house.hold(&show, &["A1", "A2"]).await;
    let confirm = json!({
        "payment": { "provider": "counter" },
        "customer": { "name": "Ada", "email": "ada.moves@example.org" },
    });
    let sold = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    house.post(&sold, &confirm).booking(&hold).send().await.expect(200);
    let to = json!({ "starts_at_local": "2036-11-28T21:00" });
    let moved = change(&house, &staff, Method::POST, &format!("{path}/move"), Some(to)).await.expect(200);
    assert_eq!(moved["starts_at_local"], "2036-11-28T21:00:00");
    if let Some(local) = &house.local {
        local.send_mail().await;
        let mails = local.mailbox.mails();
        let told = mails.iter().any(|mail| mail.subject == format!("Moved: {}", show.title));
        assert!(told, "{:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
    }
    change(&house, &staff, Method::DELETE, &path, None).await.refused(409, "in_use");

    let one = pattern(&show, "2036-12-01", "2036-12-01", &["20:00"]);
    let added = post(&house, &staff, "/v1/admin/shows/recurring", &one).await.expect(201);
    let path = format!("/v1/admin/shows/{}", added["shows"][0].as_str().unwrap());
    let there = json!({ "starts_at_local": "2036-11-28T22:00" });
    let refused = change(&house, &staff, Method::POST, &format!("{path}/move"), Some(there)).await;
    let refused = refused.refused(409, "show_overlap");
    assert!(text(&refused, "detail").contains(&show.id), "{refused}");
    change(&house, &staff, Method::DELETE, &path, None).await.expect(204);
    house.get(&path).bearer(&staff).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn a_repeated_command_is_answered_alike() {
    let (house, staff, show) = scene().await;
    let week = pattern(&show, "2036-12-01", "2036-12-07", &["20:00"]);
    let send = || house.post("/v1/admin/shows/recurring", &week).bearer(&staff).key("week-49").send();
    let (first, again) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first, again);
    let hall = format!("auditorium_id={}&from=2036-12-01&to=2036-12-07", show.auditorium);
    assert_eq!(lines(&house, &staff, &hall).await.len(), 7);
}
