//! Customers: accounts, sessions, their bookings.

use serde_json::json;

use crate::house::{House, PASSWORD, text, unique};

#[tokio::test]
async fn a_customer_registers_buys_and_sees_it() {
    let house = House::open().await;
    let email = format!("{}@example.org", unique("eva").replace(' ', "."));
    let account = json!({ "email": email, "password": PASSWORD, "name": "Eva" });
    let made = house.post("/v1/auth/register", &account).send().await.expect(201);
    assert_eq!(made["user"]["email"], email);
    // The answer does not tell that the address is taken.
    let again = house.post("/v1/auth/register", &account).send().await.expect(201);
    assert_eq!(again["user"]["email_verified"], false);
    let login = json!({ "email": email, "password": PASSWORD });
    let tokens = house.post("/v1/auth/login", &login).send().await;
    assert_eq!(tokens.header("cache-control"), "no-store");
    let tokens = tokens.expect(200);
    assert_eq!(tokens["token_type"], "Bearer");
    let access = text(&tokens, "access_token");
    let me = house.get("/v1/me").bearer(&access).send().await.expect(200);
    assert_eq!(me["id"], made["user"]["id"]);

    let show = house.show("A: ########").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let hold = house.post("/v1/bookings", &body).bearer(&access).send().await.expect(201);
    assert_eq!(hold.get("booking_token"), None, "a customer's own token is enough");
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    house.get(&path).send().await.refused(401, "unauthenticated");
    let other = text(&house.customer().await, "access_token");
    house.get(&path).bearer(&other).send().await.refused(403, "forbidden");
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&format!("{path}/confirm"), &counter).bearer(&access).send().await.expect(200);
    let mine = house.get("/v1/me/bookings").bearer(&access).send().await.expect(200);
    assert_eq!(mine["items"][0]["id"], hold["id"]);
    let theirs = house.get("/v1/me/bookings?limit=1").bearer(&other).send().await.expect(200);
    assert_eq!(theirs, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_used_one_ends_the_session() {
    let house = House::open().await;
    let refresh =
        async |token: &str| house.post("/v1/auth/refresh", &json!({ "refresh_token": token })).send().await;
    let first = text(&house.customer().await, "refresh_token");
    let second = text(&refresh(&first).await.expect(200), "refresh_token");
    assert_ne!(first, second);
    refresh(&first).await.refused(401, "unauthenticated");
    refresh(&second).await.refused(401, "unauthenticated");

    let third = text(&house.customer().await, "refresh_token");
    let logout = json!({ "refresh_token": third });
    house.post("/v1/auth/logout", &logout).send().await.expect(204);
    house.post("/v1/auth/logout", &logout).send().await.expect(204);
    refresh(&third).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_credentials_tell_nothing() {
    let house = House::open().await;
    house.customer().await;
    let email = format!("{}@example.org", unique("known").replace(' ', "."));
    let account = json!({ "email": email, "password": PASSWORD, "name": "Known" });
    house.post("/v1/auth/register", &account).send().await.expect(201);
    let refused = async |path: &str, email: &str| {
        let body = json!({ "email": email, "password": "not the password" });
        house.post(path, &body).send().await.refused(401, "invalid_credentials")
    };
    let known = refused("/v1/auth/login", &email).await;
    assert_eq!(known, refused("/v1/auth/login", "nobody@example.org").await);
    assert_eq!(known, refused("/v1/admin/auth/login", &email).await);
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_token() {
    let house = House::open().await;
    let customer = house.customer().await;
    let (access, refresh) = (text(&customer, "access_token"), text(&customer, "refresh_token"));
    let staff = house.staff().await;
    let movie = json!({ "title": "Nothing" });
    house.post("/v1/admin/movies", &movie).bearer(&access).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/movies", &movie).send().await.refused(401, "unauthenticated");
    house.get("/v1/me").bearer(&staff).send().await.refused(401, "unauthenticated");
    house.get("/v1/me").bearer(&refresh).send().await.refused(401, "unauthenticated");
    house.get("/v1/me").send().await.refused(401, "unauthenticated");
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.";
    let mut tampered = access.clone();
    tampered.replace_range(60..61, if &access[60..61] == "A" { "B" } else { "A" });
    let show = house.show("A: ########").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let long = format!("Bearer {}", "x".repeat(5000));
    let junk: [&[u8]; 9] = [
        b"Bearer",
        b"Bearer ",
        b"Bearer x y",
        b"Basic eDp5",
        b"Booking",
        b"\xff",
        b"nonsense",
        none.as_bytes(),
        long.as_bytes(),
    ];
    let junk = junk.into_iter().map(<[u8]>::to_vec);
    for junk in junk.chain([format!("Bearer {tampered}").into_bytes(), format!("Bearer {none}").into_bytes()])
    {
        // A bad token is never taken for none: no guest's hold comes of it.
        let what = String::from_utf8_lossy(&junk).into_owned();
        let held = house.post("/v1/bookings", &body).header("authorization", &junk).send().await;
        assert_eq!(held.status, 401, "{what}");
        let me = house.get("/v1/me").header("authorization", &junk).send().await;
        assert_eq!(me.status, 401, "{what}");
        let add = house.post("/v1/admin/movies", &movie).header("authorization", &junk).send().await;
        assert_eq!(add.status, 401, "{what}");
    }
    assert_eq!(house.states(&show).await, "........");
    let hold = house.hold(&show, &["A1", "A2"]).await;
    house.get("/v1/me").booking(&hold).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/movies", &movie).booking(&hold).send().await.refused(401, "unauthenticated");
    let other = house.hold(&show, &["A3", "A4"]).await;
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    house.get(&path).booking(&other).send().await.refused(403, "forbidden");
    let mine = format!("/v1/shows/{}/seats?booking={}", show.id, text(&hold, "id"));
    house.get(&mine).send().await.refused(401, "unauthenticated");
    house.get(&mine).booking(&other).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn access_ends_with_time() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let tokens = house.customer().await;
    let access = text(&tokens, "access_token");
    local.clock.forward(14 * 60);
    house.get("/v1/me").bearer(&access).send().await.expect(200);
    local.clock.forward(2 * 60);
    let detail = house.get("/v1/me").bearer(&access).send().await.refused(401, "unauthenticated");
    assert!(text(&detail, "detail").contains("expired"), "{detail}");
    house.post("/v1/bookings", &json!({})).bearer(&access).send().await.refused(401, "unauthenticated");
    let refresh = json!({ "refresh_token": text(&tokens, "refresh_token") });
    house.post("/v1/auth/refresh", &refresh).send().await.expect(200);
    local.clock.forward(31 * 24 * 60 * 60);
    house.post("/v1/auth/refresh", &refresh).send().await.refused(401, "unauthenticated");
}
