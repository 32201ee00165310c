//! Money that is pending, told of, given back and taken over the counter.

use kitflik_core::SignedEvent;
use serde_json::{Value, json};

use crate::house::{House, Reply, text};

async fn tell(house: &House, provider: &str, event: &SignedEvent) -> Reply {
    let call = house.call(reqwest::Method::POST, &format!("/v1/payments/events/{provider}"));
    let call = event.headers.iter().fold(call, |call, line| call.header(&line.name, &line.value));
    call.body("application/json", event.body.clone()).send().await
}

fn path(booking: &Value, verb: &str) -> String {
    format!("/v1/bookings/{}/{verb}", text(booking, "id"))
}

fn desk(booking: &Value, verb: &str) -> String {
    format!("/v1/admin/bookings/{}/{verb}", text(booking, "id"))
}

#[tokio::test]
async fn a_provider_tells_that_a_pending_payment_is_made() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let payment = json!({ "payment": { "provider": "test", "reference": "pending" } });
    let pending = house.post(&path(&hold, "confirm"), &payment).booking(&hold).send().await;
    pending.refused(409, "payment_pending");
    let charge = format!("{}-1", text(&hold, "id")).parse().unwrap();
    local.payments.settle(charge);
    let events = local.payments.events(local.kitflik.now());
    let captured = events.last().unwrap();

    let forged = SignedEvent { body: captured.body.replace("evt-", "evt-9"), ..captured.clone() };
    tell(&house, "test", &forged).await.refused(400, "event_bad_signature");
    tell(&house, "test", &SignedEvent { headers: Vec::new(), ..captured.clone() })
        .await
        .refused(400, "event_bad_signature");
    tell(&house, "visa", captured).await.refused(404, "not_found");
    assert_eq!(house.states(&show).await, "hh......");
    for _ in 0..2 {
        assert_eq!(tell(&house, "test", captured).await.status, 204);
    }
    tell(&house, "test", &events[0]).await;
    let sold =
        house.get(&path(&hold, "")[..path(&hold, "").len() - 1]).booking(&hold).send().await.expect(200);
    assert_eq!(
        (text(&sold, "status"), text(&sold["payment"], "status")),
        ("confirmed".into(), "captured".into())
    );
    assert_eq!(house.states(&show).await, "ss......");
}

#[tokio::test]
async fn staff_take_cash_and_give_money_back() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&path(&hold, "confirm"), &counter).booking(&hold).send().await.expect(200);
    let take = json!({ "reference": "till 1" });
    house.post(&desk(&hold, "payment"), &take).send().await.refused(401, "unauthenticated");
    let paid = house.post(&desk(&hold, "payment"), &take).bearer(&staff).send().await.expect(200);
    assert_eq!(text(&paid["payment"], "status"), "captured");
    house.post(&desk(&hold, "payment"), &take).bearer(&staff).send().await.refused(409, "booking_state");

    let total = &paid["quote"]["total"];
    let much =
        json!({ "amount": { "amount_minor": 1_000_000, "currency": total["currency"] }, "reason": "Rain" });
    house.post(&desk(&hold, "refunds"), &much).bearer(&staff).send().await.refused_field("amount");
    let some = json!({ "amount": { "amount_minor": 100, "currency": total["currency"] }, "reason": "Rain" });
    let rebate = house.post(&desk(&hold, "refunds"), &some).bearer(&staff).send().await.expect(200);
    let refund = &rebate["refunds"][0];
    assert_eq!((text(refund, "why"), text(refund, "status")), ("goodwill".into(), "refunded".into()));
    assert_eq!(text(&rebate["payment"], "status"), "partly_refunded");

    let cancelled = house.post(&path(&hold, "cancel"), &json!({})).booking(&hold).send().await.expect(200);
    assert_eq!(text(&cancelled["cancellation"]["refund"], "status"), "pending");
    let out = || house.post(&desk(&hold, "refunds/handed-out"), &json!({})).bearer(&staff);
    let done = out().send().await.expect(200);
    assert_eq!(text(&done["payment"], "status"), "refunded");
    out().send().await.refused(409, "booking_state");
}
