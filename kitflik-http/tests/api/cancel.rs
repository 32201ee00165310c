//! Sales that are undone.

use serde_json::{Value, json};

use crate::house::{House, Show, text, unique};

/// Two seats, bought by a guest: the hold, with its token.
async fn buy(house: &House, show: &Show, seats: &[&str]) -> Value {
    let hold = house.hold(show, seats).await;
    let payment = json!({ "payment": { "provider": "test" } });
    let path = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    house.post(&path, &payment).booking(&hold).send().await.expect(200);
    hold
}

fn path(booking: &Value) -> String {
    format!("/v1/bookings/{}/cancel", text(booking, "id"))
}

#[tokio::test]
async fn a_guest_cancels_what_they_bought() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let sold = buy(&house, &show, &["A1", "A2"]).await;
    let other = buy(&house, &show, &["A3", "A4"]).await;
    assert_eq!(house.states(&show).await, "ssss....");
    let tickets = format!("/v1/bookings/{}/tickets", text(&sold, "id"));
    house.get(&tickets).booking(&sold).send().await.expect(200);

    house.post(&path(&sold), &json!({})).send().await.refused(401, "unauthenticated");
    house.post(&path(&sold), &json!({})).booking(&other).send().await.refused(403, "forbidden");
    let long = json!({ "reason": "x".repeat(201) });
    house.post(&path(&sold), &long).booking(&sold).send().await.refused_field("reason");
    house.post(&path(&sold), &json!({ "why": "" })).booking(&sold).send().await.refused_field("why");

    let cancel = || house.post(&path(&sold), &json!({})).booking(&sold);
    let cancelled = cancel().send().await.expect(200);
    assert_eq!(
        (text(&cancelled, "status"), &cancelled["expires_at"]),
        ("cancelled".to_owned(), &Value::Null)
    );
    assert_eq!(cancelled["payment"]["status"], "refunded");
    let how = &cancelled["cancellation"];
    assert_eq!(how["by"], "customer");
    let refund = &how["refund"];
    assert_eq!(
        (&refund["amount"], text(refund, "status")),
        (&cancelled["quote"]["total"], "refunded".to_owned())
    );
    assert_eq!(
        (text(refund, "why"), cancelled["refunds"][0]["amount"].clone()),
        ("cancelled".to_owned(), refund["amount"].clone())
    );
    assert_eq!(cancel().send().await.expect(200), cancelled);
    assert_eq!(house.states(&show).await, "..ss....");
    house.get(&tickets).booking(&sold).send().await.refused(409, "booking_state");
    buy(&house, &show, &["A1", "A2"]).await;

    let hold = house.hold(&show, &["A5", "A6"]).await;
    house.post(&path(&hold), &json!({})).booking(&hold).send().await.refused(409, "booking_state");
}

#[tokio::test]
async fn a_cancellation_takes_effect_once() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let sold = buy(&house, &show, &["A1", "A2"]).await;
    let key = unique("cancel").replace(' ', "-");
    let cancel = |body: Value| house.post(&path(&sold), &body).booking(&sold).key(&key);
    let first = cancel(json!({})).send().await.expect(200);
    // Whoever has the seats now keeps them.
    buy(&house, &show, &["A1", "A2"]).await;
    assert_eq!(cancel(json!({})).send().await.expect(200), first);
    cancel(json!({ "reason": "rain" })).send().await.refused(422, "idempotency_mismatch");
    assert_eq!(house.states(&show).await, "ss......");
}

#[tokio::test]
async fn staff_cancel_with_a_reason_and_customers_until_the_show_starts() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let sold = buy(&house, &show, &["A1", "A2"]).await;
    let late = buy(&house, &show, &["A3", "A4"]).await;
    let cancel = async |booking: &Value, body: Value| {
        // A token of staff does not live until the show.
        let staff = house.staff().await;
        house.post(&path(booking), &body).bearer(&staff).send().await
    };
    cancel(&sold, json!({})).await.refused_field("reason");
    let cancelled = cancel(&sold, json!({ "reason": "The projector broke." })).await.expect(200);
    let how = &cancelled["cancellation"];
    assert_eq!((&how["by"], &how["reason"]), (&json!("house"), &json!("The projector broke.")));
    if house.local.is_some() {
        house.wait(3_661 * 24 * 3600);
        let refused = house.post(&path(&late), &json!({})).booking(&late).send().await;
        refused.refused(409, "cancellation_closed");
        cancel(&late, json!({ "reason": "The projector broke." })).await.expect(200);
    }
}
