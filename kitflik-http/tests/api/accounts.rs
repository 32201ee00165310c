//! Customers' accounts over HTTP: what the engine's own tests prove is here only asked for once.

use serde_json::{Value, json};

use crate::house::{House, PASSWORD, text, unique};

fn address(what: &str) -> String {
    format!("{}@example.org", unique(what).replace(' ', "."))
}

struct Customer<'a> {
    house: &'a House,
    email: String,
    access: String,
    refresh: String,
}

async fn customer(house: &House) -> Customer<'_> {
    let email = address("ada");
    let account = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    house.post("/v1/auth/register", &account).send().await.expect(201);
    // Mails go out in the order of their times.
    house.wait(1);
    let tokens = log_in(house, &email, PASSWORD).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    Customer { house, email, access, refresh }
}

async fn log_in(house: &House, email: &str, password: &str) -> Value {
    let body = json!({ "email": email, "password": password, "device": "A browser" });
    house.post("/v1/auth/login", &body).send().await.expect(200)
}

impl Customer<'_> {
    async fn get(&self, path: &str) -> Value {
        self.house.get(path).bearer(&self.access).send().await.expect(200)
    }

    async fn call(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.house.call(method, path).json(&body).bearer(&self.access).send().await.expect(status)
    }

    async fn refresh(&self) -> u16 {
        let body = json!({ "refresh_token": self.refresh });
        self.house.post("/v1/auth/refresh", &body).send().await.status
    }
}

#[tokio::test]
async fn an_address_is_verified_by_the_code_that_came_by_mail() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let ada = customer(&house).await;
    local.send_mail().await;
    let code = local.code(&ada.email);
    let verify = async |code: &str| {
        let body = json!({ "email": ada.email, "code": code });
        house.post("/v1/auth/verify-email", &body).send().await
    };
    assert_eq!(ada.get("/v1/me").await["email_verified"], false);
    verify("00000000").await.refused(422, "invalid_code");
    verify(&code).await.expect(204);
    verify(&code).await.refused(422, "invalid_code");
    assert_eq!(ada.get("/v1/me").await["email_verified"], true);
    house.post("/v1/auth/verify-email", &json!({})).send().await.refused_field("token");
    let again = json!({ "email": "nobody@example.org" });
    house.post("/v1/auth/verify-email/resend", &again).send().await.expect(204);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_code() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let ada = customer(&house).await;
    local.send_mail().await;
    for email in [ada.email.as_str(), "nobody@example.org"] {
        let reply = house.post("/v1/auth/password/forgot", &json!({ "email": email })).send().await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{email}");
    }
    local.send_mail().await;
    let code = local.code(&ada.email);
    let reset = async |code: &str, password: &str| {
        let body = json!({ "email": ada.email, "code": code, "password": password });
        house.post("/v1/auth/password/reset", &body).send().await
    };
    reset("00000000", "a new password").await.refused(422, "invalid_code");
    reset(&code, "password1").await.refused_field("password");
    reset(&code, "a new password").await.expect(204);
    assert_eq!(ada.refresh().await, 401);
    log_in(&house, &ada.email, "a new password").await;
}

#[tokio::test]
async fn guesses_are_told_when_to_come_again() {
    let house = House::open().await;
    let email = address("nobody");
    let guess = async || {
        let body = json!({ "email": email, "password": "not the password" });
        house.post("/v1/auth/login", &body).send().await
    };
    for _ in 0..5 {
        guess().await.refused(401, "invalid_credentials");
    }
    let told = guess().await;
    told.refused(429, "too_many_requests");
    let seconds: i64 = told.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    house.wait(seconds);
    if house.local.is_some() {
        guess().await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_profile_is_patched() {
    let house = House::open().await;
    let ada = customer(&house).await;
    let told = json!({ "phone": "+49 30 1234", "zone": "Europe/Berlin", "marketing_consent": true });
    let changed = ada.call("PATCH", "/v1/me", told, 200).await;
    assert_eq!((&changed["phone"], &changed["zone"]), (&json!("+49 30 1234"), &json!("Europe/Berlin")));
    let cleared = ada.call("PATCH", "/v1/me", json!({ "phone": null }), 200).await;
    assert!(cleared.get("phone").is_none() && cleared["marketing_consent"] == true, "{cleared}");
    assert_eq!(ada.get("/v1/me").await, cleared);
    let bad = house.call(reqwest::Method::PATCH, "/v1/me").json(&json!({ "zone": "Mars" }));
    bad.bearer(&ada.access).send().await.refused_field("zone");
    let nobody = house.call(reqwest::Method::PATCH, "/v1/me").json(&json!({}));
    nobody.send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let house = House::open().await;
    let ada = customer(&house).await;
    house.wait(1);
    let other = text(&log_in(&house, &ada.email, PASSWORD).await, "refresh_token");
    let sessions = ada.get("/v1/me/sessions").await;
    let items = sessions["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!(items[0]["device"], "A browser");
    if house.local.is_some() {
        assert_eq!(items[0]["network"], "127.0.0.0/24");
    }
    let path = format!("/v1/me/sessions/{}", text(&items[0], "id"));
    let end = async || house.call(reqwest::Method::DELETE, &path).bearer(&ada.access).send().await;
    end().await.expect(204);
    end().await.refused(404, "not_found");
    let refresh = json!({ "refresh_token": other });
    house.post("/v1/auth/refresh", &refresh).send().await.refused(401, "unauthenticated");
    let everywhere = house.call(reqwest::Method::DELETE, "/v1/me/sessions").bearer(&ada.access);
    everywhere.send().await.expect(204);
    assert_eq!(ada.refresh().await, 401);
}

#[tokio::test]
async fn a_changed_password_keeps_this_session_only() {
    let house = House::open().await;
    let ada = customer(&house).await;
    let other = text(&log_in(&house, &ada.email, PASSWORD).await, "refresh_token");
    let body = json!({ "old": PASSWORD, "new": "a new password" });
    ada.call("POST", "/v1/me/password", body, 204).await;
    let refresh = json!({ "refresh_token": other });
    house.post("/v1/auth/refresh", &refresh).send().await.refused(401, "unauthenticated");
    assert_eq!(ada.refresh().await, 200);
}

#[tokio::test]
async fn an_address_is_changed_and_an_account_deleted() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let ada = customer(&house).await;
    let new = address("new");
    ada.call("POST", "/v1/me/email", json!({ "email": new, "password": PASSWORD }), 204).await;
    local.send_mail().await;
    let code = local.code(&new);
    ada.call("POST", "/v1/me/email/confirm", json!({ "code": code }), 204).await;
    assert_eq!(ada.get("/v1/me").await["email"], json!(new));
    let export = ada.get("/v1/me/export").await;
    assert_eq!((&export["user"]["email"], &export["bookings"]), (&json!(new), &json!([])));

    let wrong = ada.call("DELETE", "/v1/me", json!({ "password": "not the password" }), 401).await;
    assert_eq!(wrong["code"], "invalid_credentials");
    let show = house.show("A: ########").await;
    let hold = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let hold = ada.call("POST", "/v1/bookings", hold, 201).await;
    let confirm = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    ada.call("POST", &confirm, json!({ "payment": { "provider": "counter" } }), 200).await;
    let refused = ada.call("DELETE", "/v1/me", json!({ "password": PASSWORD }), 409).await;
    assert_eq!(refused["code"], "booking_state");
    let delete = json!({ "password": PASSWORD, "bookings": "cancel" });
    ada.call("DELETE", "/v1/me", delete, 204).await;
    assert_eq!(house.states(&show).await, "........");
    assert_eq!(ada.refresh().await, 401);
    let me = house.get("/v1/me").bearer(&ada.access).send().await;
    me.refused(401, "unauthenticated");
}
