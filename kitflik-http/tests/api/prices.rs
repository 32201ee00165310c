//! Price cards with rules, quotes and discount codes.

use reqwest::Method;
use serde_json::json;

use crate::house::{House, text, unique};

#[tokio::test]
async fn a_code_is_made_quoted_used_and_closed() {
    let house = House::open().await;
    let show = house.show("A: ########\nB: ########").await;
    let staff = house.staff().await;
    let code = unique("Spring").replace(' ', "-").to_uppercase();
    let new = json!({ "code": code.to_lowercase(), "discount": { "basis_points": 1000 }, "max_uses": 1 });
    house.post("/v1/admin/vouchers", &new).send().await.expect(401);
    let voucher = house.post("/v1/admin/vouchers", &new).bearer(&staff).send().await;
    assert!(voucher.header("location").starts_with("/v1/admin/vouchers/"));
    let voucher = voucher.expect(201);
    assert_eq!((&voucher["code"], &voucher["uses"]), (&json!(code), &json!(0)));
    house.post("/v1/admin/vouchers", &new).bearer(&staff).send().await.refused(409, "already_exists");
    let page = house.get("/v1/admin/vouchers?limit=100").bearer(&staff).send().await.expect(200);
    assert!(page["items"].as_array().unwrap().iter().any(|item| item["id"] == voucher["id"]), "{page}");

    let ask = json!({ "seats": ["A1", "A2"], "discount_code": code });
    let path = format!("/v1/shows/{}/quote", show.id);
    let asked = house.post(&path, &ask).send().await.expect(200);
    // 10 % of two seats at 12.50; the booking costs 1 EUR.
    assert_eq!(asked["quote"]["total"], json!({ "amount_minor": 2350, "currency": "EUR" }), "{asked}");
    let lines = asked["quote"]["lines"].as_array().unwrap();
    assert_eq!(lines.iter().find(|line| line["rule"] == "discount").unwrap()["amount"]["amount_minor"], -250);
    let wrong = json!({ "seats": ["A1"], "discount_code": "NOBODY-KNOWS" });
    house.post(&path, &wrong).send().await.refused(422, "voucher_unknown");

    let hold = json!({ "show_id": show.id, "seats": ["A1", "A2"], "discount_code": code });
    let held = house.post("/v1/bookings", &hold).send().await.expect(201);
    assert_eq!(held["quote"], asked["quote"]);
    let again = json!({ "show_id": show.id, "seats": ["B1", "B2"], "discount_code": code });
    house.post("/v1/bookings", &again).send().await.refused(409, "voucher_used_up");

    let at = format!("/v1/admin/vouchers/{}", text(&voucher, "id"));
    let one = house.get(&at).bearer(&staff).send().await;
    let tag = one.header("etag").to_owned();
    assert_eq!(one.expect(200)["uses"], 1);
    let closed = json!({ "code": code, "discount": { "basis_points": 1000 }, "active": false });
    let put = || house.call(Method::PUT, &at).json(&closed).bearer(&staff);
    put().send().await.refused(428, "precondition_required");
    put().header("if-match", "\"1\"").send().await.refused(412, "stale_revision");
    assert_eq!(put().header("if-match", &tag).send().await.expect(200)["active"], false);
    house.post("/v1/bookings", &again).send().await.refused(422, "voucher_not_valid");

    // What is held keeps its price, and a change may leave the code.
    let seats = format!("/v1/bookings/{}/seats", text(&held, "id"));
    let change = json!({ "seats": ["A1"], "discount_code": "" });
    let changed = house.call(Method::PUT, &seats).json(&change).booking(&held).send().await.expect(200);
    assert_eq!(changed["quote"]["total"]["amount_minor"], 1350);
}

#[tokio::test]
async fn a_card_has_rules_fees_and_a_tax() {
    let house = House::open().await;
    let staff = house.staff().await;
    let card = json!({
        "name": unique("Prices"), "currency": "EUR", "booking_fee_minor": 100, "ticket_fee_minor": 20,
        "prices": [{ "category": "standard", "ticket_type": "adult", "amount_minor": 1250 }],
        "rules": [{
            "name": "Late show",
            "when": { "weekdays": ["friday", "saturday"], "from_time": "22:00", "to_time": "03:00" },
            "change": { "basis_points": -1500 },
        }],
        "tax": { "name": "VAT", "rate_basis_points": 700, "inclusive": true },
    });
    let added = house.post("/v1/admin/price-cards", &card).bearer(&staff).send().await.expect(201);
    assert_eq!((&added["rules"], &added["tax"]), (&card["rules"], &card["tax"]));
    let mut wrong = card.clone();
    wrong["rules"][0]["when"]["to_time"] = json!("22:00");
    let refused = house.post("/v1/admin/price-cards", &wrong).bearer(&staff).send().await;
    let refused = refused.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["path"], "rules[0].when.to_time");
}
