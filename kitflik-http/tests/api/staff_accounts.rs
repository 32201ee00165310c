//! Staff's accounts: invitations, roles, one-time codes, and the log of what they did.

use data_encoding::BASE32_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Algorithm, TOTP};

use crate::house::{House, PASSWORD, STAFF_EMAIL, text};

/// Invites somebody, and gives their account and the token of the mail.
async fn invite(house: &House, boss: &str, email: &str, role: &str) -> (Value, String) {
    // Accounts are listed in the order of their times.
    house.wait(1);
    let local = house.local.as_ref().unwrap();
    let new = json!({ "email": email, "name": "Ada", "role": role });
    let reply = house.post("/v1/admin/staff", &new).bearer(boss).send().await;
    let location = reply.header("location").to_owned();
    let account = reply.expect(201);
    assert_eq!(location, format!("/v1/admin/staff/{}", text(&account, "id")));
    local.kitflik.tick().await.unwrap();
    let mail = local.mailbox.mails().pop().unwrap();
    assert_eq!(mail.to, email);
    let prefix = format!("{}.", text(&account, "id"));
    let token = mail.text.lines().find(|line| line.starts_with(&prefix)).unwrap().to_owned();
    (account, token)
}

async fn member(house: &House, boss: &str, email: &str, role: &str) -> (Value, String) {
    let (_, token) = invite(house, boss, email, role).await;
    let accept = json!({ "token": token, "password": PASSWORD });
    let account = house.post("/v1/admin/auth/accept", &accept).send().await.expect(200);
    (account, access(house, &json!({ "email": email, "password": PASSWORD })).await)
}

async fn access(house: &House, login: &Value) -> String {
    text(&house.post("/v1/admin/auth/login", login).send().await.expect(200), "access_token")
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let (account, token) = invite(&house, &boss, "ada@example.org", "box_office").await;
    assert_eq!((&account["status"], &account["second_factor"]), (&json!("invited"), &json!(false)));
    let accept = |token: &str, password: &str| {
        house.post("/v1/admin/auth/accept", &json!({ "token": token, "password": password })).send()
    };
    accept("nonsense", PASSWORD).await.refused(401, "unauthenticated");
    accept(&token, "short").await.refused_field("password");
    let accepted = accept(&token, PASSWORD).await.expect(200);
    assert_eq!(accepted["status"], "active");
    accept(&token, PASSWORD).await.refused(401, "unauthenticated");
    let ada = access(&house, &json!({ "email": "ada@example.org", "password": PASSWORD })).await;
    let me = house.get("/v1/admin/me").bearer(&ada).send().await.expect(200);
    assert_eq!((&me["staff"], &me["recovery_codes_left"]), (&accepted, &json!(0)));
    let path = format!("/v1/admin/staff/{}", text(&account, "id"));
    let again = house.post(&format!("{path}/invite"), &json!({})).bearer(&boss).send().await;
    again.refused(422, "validation_failed");
    let twice = json!({ "email": "ada@example.org", "name": "Ada", "role": "usher" });
    house.post("/v1/admin/staff", &twice).bearer(&boss).send().await.refused(409, "already_exists");
}

#[tokio::test]
async fn admins_manage_staff_and_nobody_else_does() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let (account, ada) = member(&house, &boss, "ada@example.org", "manager").await;
    let path = format!("/v1/admin/staff/{}", text(&account, "id"));
    assert_eq!(house.get(&path).bearer(&boss).send().await.expect(200), account);
    let listed = house.get("/v1/admin/staff?limit=1").bearer(&boss).send().await.expect(200);
    let next = format!("/v1/admin/staff?cursor={}", text(&listed, "next_cursor"));
    assert_eq!(house.get(&next).bearer(&boss).send().await.expect(200)["items"], json!([account]));
    for path in ["/v1/admin/staff", "/v1/admin/audit", &path] {
        house.get(path).bearer(&ada).send().await.refused(403, "forbidden");
        house.get(path).send().await.refused(401, "unauthenticated");
    }
    let patch = |body: Value| house.call(Method::PATCH, &path).json(&body);
    patch(json!({ "role": "admin" })).bearer(&ada).send().await.refused(403, "forbidden");
    patch(json!({ "role": "king" })).bearer(&boss).send().await.refused_field("role");
    let changed = patch(json!({ "role": "usher", "name": "Ada L." })).bearer(&boss).send().await.expect(200);
    assert_eq!((&changed["role"], &changed["name"]), (&json!("usher"), &json!("Ada L.")));
    // At once.
    house.get("/v1/admin/me").bearer(&ada).send().await.refused(401, "unauthenticated");
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let ada = access(&house, &login).await;
    let post = |verb: &str| house.post(&format!("{path}/{verb}"), &json!({})).bearer(&boss).send();
    assert_eq!(post("disable").await.expect(200)["status"], "disabled");
    house.get("/v1/admin/me").bearer(&ada).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/auth/login", &login).send().await.refused(401, "invalid_credentials");
    assert_eq!(post("enable").await.expect(200)["status"], "active");
    access(&house, &login).await;
    post("reset-second-factor").await.expect(200);
    let me = house.get("/v1/admin/me").bearer(&boss).send().await.expect(200);
    let last = format!("/v1/admin/staff/{}", text(&me["staff"], "id"));
    let disabled = house.post(&format!("{last}/disable"), &json!({})).bearer(&boss).send().await;
    disabled.refused(409, "last_admin");
    let demoted = house.call(Method::PATCH, &last).json(&json!({ "role": "usher" })).bearer(&boss);
    demoted.send().await.refused(409, "last_admin");
}

#[tokio::test]
async fn a_log_in_with_one_time_codes() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let wrong = json!({ "password": "wrong horse" });
    house.post("/v1/admin/me/totp", &wrong).bearer(&boss).send().await.refused(401, "invalid_credentials");
    let password = json!({ "password": PASSWORD });
    let offer = house.post("/v1/admin/me/totp", &password).bearer(&boss).send().await.expect(200);
    assert!(text(&offer, "uri").contains(&text(&offer, "secret")), "{offer}");
    let secret = BASE32_NOPAD.decode(text(&offer, "secret").as_bytes()).unwrap();
    let app = TOTP::new(Algorithm::SHA1, 6, 0, 30, secret).unwrap();
    let code = || {
        house.wait(60);
        let now = house.local.as_ref().unwrap().kitflik.now().seconds();
        app.generate(u64::try_from(now).unwrap())
    };
    let show = |path: &str, code: &str| house.post(path, &json!({ "code": code })).bearer(&boss).send();
    show("/v1/admin/me/totp/confirm", "000000").await.refused(422, "invalid_code");
    let codes = show("/v1/admin/me/totp/confirm", &code()).await.expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let login = |code: Option<&str>| {
        let mut login = json!({ "email": STAFF_EMAIL, "password": PASSWORD });
        if let Some(code) = code {
            login["code"] = json!(code);
        }
        house.post("/v1/admin/auth/login", &login).send()
    };
    login(None).await.refused(401, "second_factor_required");
    login(Some("000000")).await.refused(422, "invalid_code");
    let now = code();
    login(Some(&now)).await.expect(200);
    login(Some(&now)).await.refused(422, "invalid_code");
    let recovery = codes[0].as_str().unwrap();
    login(Some(recovery)).await.expect(200);
    login(Some(recovery)).await.refused(422, "invalid_code");
    let renewed = show("/v1/admin/me/recovery-codes", &code()).await.expect(200);
    assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 10);
    for _ in 0..5 {
        login(Some("000000")).await.refused(422, "invalid_code");
    }
    // The header Retry-After says how long; the house's client sees to it that it is there.
    login(Some("000000")).await.refused(429, "too_many_requests");
    let off = show("/v1/admin/me/totp/disable", &code()).await.expect(200);
    assert_eq!(off["second_factor"], false);
    login(None).await.expect(200);
}

#[tokio::test]
async fn a_new_password_ends_the_session() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "password": "another horse" });
        house.post("/v1/admin/me/password", &body).bearer(&boss).send()
    };
    change("wrong horse").await.refused(401, "invalid_credentials");
    change(PASSWORD).await.expect(204);
    house.get("/v1/admin/me").bearer(&boss).send().await.refused(401, "unauthenticated");
    access(&house, &json!({ "email": STAFF_EMAIL, "password": "another horse" })).await;
}

#[tokio::test]
async fn what_staff_do_can_be_read() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let movie = json!({ "title": "Alien" });
    let movie = house.post("/v1/admin/movies", &movie).bearer(&boss).send().await.expect(201);
    let log = house.get("/v1/admin/audit").bearer(&boss).send().await.expect(200);
    let entry = log["items"].as_array().unwrap().iter().find(|entry| entry["verb"] == "add_movie").unwrap();
    assert_eq!(entry["subjects"], json!([format!("movie/{}", text(&movie, "id"))]));
    assert_eq!((&entry["role"], entry["hash"].as_str().unwrap().len()), (&json!("admin"), 64));
    let by = text(entry, "staff_id");
    let own =
        house.get(&format!("/v1/admin/audit?staff={by}&limit=1")).bearer(&boss).send().await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let other = "/v1/admin/audit?staff=018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77";
    assert_eq!(house.get(other).bearer(&boss).send().await.expect(200)["items"], json!([]));
    house.get("/v1/admin/audit?cursor=x").bearer(&boss).send().await.refused_field("cursor");
}

#[tokio::test]
async fn plans_of_those_who_may_not_change_the_catalogue_are_not_read() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let boss = house.staff().await;
    let show = house.show("A: ####").await;
    let (_, usher) = member(&house, &boss, "plans@example.org", "usher").await;
    let layout = format!("/v1/admin/auditoriums/{}/layout", show.auditorium);
    for (method, path) in [
        (Method::PUT, layout.clone()),
        (Method::POST, format!("{layout}/preview")),
        (Method::POST, "/v1/admin/auditoriums".to_owned()),
        (Method::POST, format!("/v1/admin/auditoriums/import?venue_id={}&name=X", show.venue)),
    ] {
        let send = |token: &str| {
            let call = house.call(method.clone(), &path).bearer(token).header("if-match", "*");
            call.body("application/json", "{").send()
        };
        send(&usher).await.refused(403, "forbidden");
        let read = send(&boss).await;
        assert!(matches!(read.status, 400 | 422), "{method} {path}: {}", read.status);
    }
}
