//! Mail that waits, confirmations once more, and the link that ends offers.

use kitflik_core::{Actor, UserId};
use reqwest::Method;
use serde_json::json;

use crate::house::{House, text};

#[tokio::test]
async fn staff_see_mail_that_waits() {
    let house = House::open().await;
    let customer = text(&house.customer().await, "access_token");
    let staff = house.staff().await;
    let path = "/v1/admin/mail?limit=100";
    house.get(path).send().await.refused(401, "unauthenticated");
    house.get(path).bearer(&customer).send().await.refused(401, "unauthenticated");
    house.get("/v1/admin/mail?state=lost").bearer(&staff).send().await.refused_field("state");
    let me = house.get("/v1/me").bearer(&customer).send().await.expect(200);
    let waiting = house.get(path).bearer(&staff).send().await.expect(200);
    if house.local.is_some() {
        let mail = &waiting["items"][0];
        assert_eq!((&mail["to"], &mail["kind"]), (&me["email"], &json!("welcome")), "{waiting}");
        assert_eq!((&mail["state"], &mail["attempts"]), (&json!("waiting"), &json!(0)), "{waiting}");
        // It was not given up, so it is not sent again.
        let again = format!("/v1/admin/mail/{}/resend", text(mail, "id"));
        house.call(Method::POST, &again).send().await.refused(401, "unauthenticated");
        house.call(Method::POST, &again).bearer(&staff).send().await.refused(404, "not_found");
    }
    house.get("/v1/admin/mail?state=dead").bearer(&staff).send().await.expect(200);
}

#[tokio::test]
async fn a_confirmation_is_mailed_again_once_in_a_while() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = |what: &str| format!("/v1/bookings/{}/{what}", text(&hold, "id"));
    let again = || house.call(Method::POST, &path("send-again"));
    again().booking(&hold).send().await.refused(409, "booking_state");
    let pay = json!({
        "payment": { "provider": "counter" }, "customer": { "name": "Ada", "email": "again@example.org" },
    });
    house.post(&path("confirm"), &pay).booking(&hold).send().await.expect(200);
    again().send().await.refused(401, "unauthenticated");
    again().booking(&hold).key("again").send().await.expect(202);
    again().booking(&hold).key("again").send().await.expect(202);
    let refused = again().booking(&hold).send().await;
    refused.refused(429, "too_many_requests");
    assert!((290..=301).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    if let Some(local) = &house.local {
        local.send_mail().await;
        let mails = local.mailbox.mails();
        assert_eq!(mails.iter().filter(|mail| mail.to == "again@example.org").count(), 2);
    }
}

#[tokio::test]
async fn a_link_ends_offers_for_whoever_presses_the_button() {
    let house = House::open_with(|policy| policy.public_url = Some("https://kino.example".to_owned())).await;
    for method in [Method::GET, Method::POST] {
        let forged = house.call(method.clone(), "/v1/mail/unsubscribe?token=AAAA").send().await;
        forged.refused(422, "invalid_code");
        house.call(method, "/v1/mail/unsubscribe").send().await.refused_field("token");
    }
    let Some(local) = &house.local else { return };
    let customer = text(&house.customer().await, "access_token");
    let wish = json!({ "marketing_consent": true });
    let me = house.call(Method::PATCH, "/v1/me").json(&wish).bearer(&customer).send().await.expect(200);
    let id: UserId = text(&me, "id").parse().unwrap();
    let link = local.kitflik.notify().unsubscribe_link(&Actor::System, id).unwrap().unwrap();
    let path = link.strip_prefix("https://kino.example").unwrap();
    let wants =
        async || house.get("/v1/me").bearer(&customer).send().await.expect(200)["marketing_consent"].clone();
    let page = house.get(path).header("accept-language", "de-AT,de;q=0.9").send().await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(
        page.text().contains("<form method=\"post\"><button>Keine Angebote mehr</button>"),
        "{}",
        page.text()
    );
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(wants().await, json!(true), "to look at the link ends nothing");
    let kind = "application/x-www-form-urlencoded";
    let done = house.call(Method::POST, path).body(kind, "List-Unsubscribe=One-Click").send().await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(wants().await, json!(false));
}
