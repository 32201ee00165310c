//! Reports: as JSON and as files, by everything that they are broken down by.

use serde_json::{Value, json};

use crate::house::{House, text};

/// A house of its own is needed where a test runs against one that others sell in.
async fn sold(house: &House) -> (Value, String) {
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let pay = json!({ "payment": { "provider": "test", "reference": "card-1" },
        "customer": { "name": "Ada", "email": "ada@example.org" } });
    let path = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    let sold = house.post(&path, &pay).booking(&hold).send().await.expect(200);
    (sold, staff)
}

fn today(house: &House) -> Option<String> {
    // A house that is not ours does not tell its time.
    let now = house.local.as_ref()?.kitflik.now();
    Some(now.to_string()[..10].to_owned())
}

#[tokio::test]
async fn revenue_is_answered_by_every_dimension_and_as_a_file() {
    let house = House::open().await;
    let (sold, staff) = sold(&house).await;
    let Some(today) = today(&house) else { return };
    let total = sold["quote"]["total"]["amount_minor"].as_i64().unwrap();
    for by in ["day", "movie", "venue", "show", "category", "channel", "ticket_type", "provider"] {
        let path = format!("/v1/admin/reports/revenue?from={today}&to={today}&by={by}");
        let report = house.get(&path).bearer(&staff).send().await.expect(200);
        assert_eq!(report["by"], by);
        assert_eq!(report["totals"][0]["captured"]["amount_minor"], total, "{report}");
        assert_eq!(report["rows"][0]["tickets_sold"], 2, "{report}");
    }
    let path = format!("/v1/admin/reports/revenue?from={today}&to={today}&by=channel");
    let json = house.get(&path).bearer(&staff).header("accept", "*/*").send().await;
    assert_eq!(json.header("content-type"), "application/json");
    for call in [
        house.get(&path).header("accept", "text/csv"),
        house.get(&path).header("accept", "text/html, text/csv;q=0.9, application/json;q=0.8"),
        house.get(&format!("{path}&format=csv")),
    ] {
        let file = call.bearer(&staff).send().await;
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        let name = format!("attachment; filename=\"revenue-{today}-{today}.csv\"");
        assert_eq!(file.header("content-disposition"), name);
        assert_eq!(file.header("vary"), "accept");
        let file = file.text();
        assert!(file.starts_with("key,label,currency,tickets_sold,"), "{file}");
        assert!(file.contains("\r\nonline,Online,EUR,2,0,"), "{file}");
    }
    let json = house.get(&format!("{path}&format=json")).header("accept", "text/csv").bearer(&staff);
    json.send().await.expect(200);
}

#[tokio::test]
async fn occupancy_and_a_settled_day_are_answered_and_as_files() {
    let house = House::open().await;
    let (sold, staff) = sold(&house).await;
    let path = "/v1/admin/reports/occupancy-by?from=2036-11-01&to=2036-12-31&by=channel";
    let report = house.get(path).bearer(&staff).send().await.expect(200);
    assert!(report["total"]["sold"].as_u64().unwrap() >= 2, "{report}");
    let file = house.get(&format!("{path}&format=csv")).bearer(&staff).send().await.text();
    assert!(file.starts_with("key,label,shows,seats,sold,sold_percent\r\nbox_office,"), "{file}");
    let shows = house.get("/v1/admin/reports/occupancy?format=csv").bearer(&staff).send().await.text();
    assert!(shows.starts_with("show_id,movie,venue,auditorium,"), "{shows}");

    let now = house.get("/v1/admin/reports/dashboard").bearer(&staff).send().await.expect(200);
    assert!(now["next_shows"].is_array() && now["mails_dead"].is_u64(), "{now}");

    let Some(today) = today(&house) else { return };
    let path = format!("/v1/admin/reports/settlement?day={today}");
    let day = house.get(&path).bearer(&staff).send().await.expect(200);
    assert_eq!((day["reconciled"].as_bool(), day["mismatches"].as_array().unwrap().len()), (Some(true), 0));
    assert_eq!(day["balances"][0]["captured"], sold["quote"]["total"]);
    let file =
        house.get(&format!("{path}&zone=UTC")).header("accept", "text/csv").bearer(&staff).send().await;
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"settlement-{today}.csv\"")
    );
    assert!(file.text().contains("\r\ndifference,,,0.00,EUR,,\r\n"));
}

#[tokio::test]
async fn reports_are_for_staff_and_bad_questions_are_named() {
    let house = House::open().await;
    let staff = house.staff().await;
    let days = "from=2026-11-27&to=2026-11-28";
    for (path, query) in [("revenue", days), ("occupancy-by", days), ("settlement", "day=2026-11-27")] {
        let path = format!("/v1/admin/reports/{path}?{query}");
        house.get(&path).send().await.refused(401, "unauthenticated");
    }
    for (query, field) in [
        ("revenue?from=2026-11-27", "to"),
        ("revenue?from=yesterday&to=2026-11-27", "from"),
        ("revenue?from=2026-11-28&to=2026-11-27", "to"),
        ("revenue?from=2020-11-28&to=2026-11-27", "to"),
        ("revenue?from=2026-11-27&to=2026-11-27&by=seat", "by"),
        ("revenue?from=2026-11-27&to=2026-11-27&format=xml", "format"),
        ("occupancy-by?from=2026-11-27&to=2026-11-27&by=provider", "by"),
        ("settlement?day=today", "day"),
        ("settlement?day=2026-11-27&zone=Mars", "zone"),
        ("settlement?day=2026-11-27&limit=0", "limit"),
    ] {
        house.get(&format!("/v1/admin/reports/{query}")).bearer(&staff).send().await.refused_field(field);
    }
    let nobody = "00000000-0000-7000-8000-000000000000";
    let unknown = format!("/v1/admin/reports/revenue?{days}&venue={nobody}");
    house.get(&unknown).bearer(&staff).send().await.refused(404, "not_found");
}
