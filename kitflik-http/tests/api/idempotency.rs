//! A command takes effect once: the same key gets the same answer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, PASSWORD, text, unique};

fn key() -> String {
    unique("idempotency-key").replace(' ', "-")
}

struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Another request that must not get away with the same key.
    other: Option<(String, Option<Value>)>,
    authorization: Option<String>,
}

async fn send(
    house: &House,
    command: &Command,
    path: &str,
    body: Option<&Value>,
    key: &str,
) -> crate::house::Reply {
    let mut call = house.call(command.method.clone(), path).key(key);
    if let Some(body) = body {
        call = call.json(body);
    }
    if let Some(authorization) = &command.authorization {
        call = call.header("authorization", authorization);
    }
    call.send().await
}

#[tokio::test]
async fn every_command_takes_effect_once() {
    let house = House::open().await;
    let show = house.show("A: ########\nB: ########").await;
    let staff = Some(format!("Bearer {}", house.staff().await));
    let customer = house.customer().await;
    let user = Some(format!("Bearer {}", text(&customer, "access_token")));
    let me = house.get("/v1/me").bearer(&text(&customer, "access_token")).send().await.expect(200);
    let hold = |seats: [&str; 2]| json!({ "show_id": show.id, "seats": seats });
    let other_hold = house.post("/v1/bookings", &hold(["B7", "B8"])).bearer(&text(&customer, "access_token"));
    let other = format!("/v1/bookings/{}", text(&other_hold.send().await.expect(201), "id"));
    let mine = house.post("/v1/bookings", &hold(["B1", "B2"])).bearer(&text(&customer, "access_token"));
    let mine = format!("/v1/bookings/{}", text(&mine.send().await.expect(201), "id"));
    let given_up = house.post("/v1/bookings", &hold(["B3", "B4"])).bearer(&text(&customer, "access_token"));
    let given_up = format!("/v1/bookings/{}", text(&given_up.send().await.expect(201), "id"));

    let with = |path: &str, body: Value, other: Value, authorization: &Option<String>| Command {
        method: Method::POST,
        path: path.to_owned(),
        body: Some(body),
        other: Some((path.to_owned(), Some(other))),
        authorization: authorization.clone(),
    };
    let bare = |path: &str, verb: &str| Command {
        method: Method::POST,
        path: format!("{path}/{verb}"),
        body: None,
        other: Some((format!("{other}/{verb}"), None)),
        authorization: user.clone(),
    };
    let email = format!("{}@example.org", unique("once").replace(' ', "."));
    let account = |name: &str| json!({ "email": email, "password": PASSWORD, "name": name });
    let login = json!({ "email": text(&me, "email"), "password": PASSWORD });
    let other_login = json!({ "email": text(&me, "email").to_uppercase(), "password": PASSWORD });
    let refresh = json!({ "refresh_token": text(&customer, "refresh_token") });
    let other_refresh = json!({ "refresh_token": text(&house.customer().await, "refresh_token") });
    let logout = json!({ "refresh_token": text(&house.customer().await, "refresh_token") });
    let counter = |reference: &str| json!({ "payment": { "provider": "counter", "reference": reference } });
    let venue = |name: &str| json!({ "name": name, "city": "C", "zone": "UTC" });
    let hall = |name: &str| json!({ "venue_id": show.venue, "name": name, "layout": { "text": "A: ##" } });
    let price = json!({ "category": "standard", "ticket_type": "adult", "amount_minor": 1 });
    let card = |name: &str| json!({ "name": name, "currency": "EUR", "prices": [price] });
    let start = |time: &str| {
        json!({
            "movie_id": show.movie, "auditorium_id": show.auditorium, "price_card_id": show.price_card,
            "starts_at_local": time,
        })
    };
    let seats = |seats: [&str; 2]| json!({ "seats": seats });
    let change = Command {
        method: Method::PUT,
        ..with(&format!("{mine}/seats"), seats(["B1", "B2"]), seats(["B5", "B6"]), &user)
    };
    let commands = [
        with("/v1/auth/register", account("One"), account("Other"), &None),
        with("/v1/auth/login", login, other_login, &None),
        with("/v1/auth/refresh", refresh, other_refresh.clone(), &None),
        with("/v1/auth/logout", logout, other_refresh, &None),
        with("/v1/bookings", hold(["A1", "A2"]), hold(["A3", "A4"]), &None),
        with("/v1/bookings", hold(["A5", "A6"]), hold(["A3", "A4"]), &user),
        change,
        bare(&mine, "extend"),
        bare(&given_up, "release"),
        with(&format!("{mine}/confirm"), counter("1"), counter("2"), &user),
        with("/v1/admin/movies", json!({ "title": "Once" }), json!({ "title": "Other" }), &staff),
        with("/v1/admin/venues", venue("Once"), venue("Other"), &staff),
        with("/v1/admin/auditoriums", hall("Once"), hall("Other"), &staff),
        with("/v1/admin/price-cards", card("Once"), card("Other"), &staff),
        with("/v1/admin/shows", start("2037-02-01T20:00"), start("2037-03-01T20:00"), &staff),
    ];
    house.wait(1);
    for command in &commands {
        let key = key();
        let first = send(&house, command, &command.path, command.body.as_ref(), &key).await;
        let what = format!("{} {}: {}", command.method, command.path, first.text());
        assert!([200, 201, 204].contains(&first.status), "{what}");
        for _ in 0..2 {
            let again = send(&house, command, &command.path, command.body.as_ref(), &key).await;
            assert_eq!(again.status, first.status, "{what}: {}", again.text());
            assert_eq!(again.text(), first.text(), "{what}");
            assert_eq!(again.header("location"), first.header("location"), "{what}");
        }
        if let Some((path, body)) = &command.other {
            let other = send(&house, command, path, body.as_ref(), &key).await;
            let problem = other.refused(422, "idempotency_mismatch");
            assert!(text(&problem, "detail").contains("new"), "{what}");
        }
    }
    let title = house.get("/v1/movies?q=Once&limit=100").send().await.expect(200);
    assert!(house.local.is_none() || title["items"].as_array().map(Vec::len) == Some(1));
}

#[tokio::test]
async fn two_at_once_have_one_effect() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let key = key();
    let body = json!({ "show_id": show.id, "best_available": { "count": 2 } });
    let send = || house.post("/v1/bookings", &body).key(&key).send();
    let (one, other, third) = tokio::join!(send(), send(), send());
    let replies = [one, other, third];
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert!(!made.is_empty());
    assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status)), "{replies:?}");
    assert!(made.iter().all(|reply| reply.text() == made[0].text()), "{made:?}");
    assert_eq!(house.states(&show).await.matches('h').count(), 2);
}

#[tokio::test]
async fn keys_are_checked_and_belong_to_whoever_chose_them() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let long = "k".repeat(129);
    for bad in ["", "two words", "\u{e9}", long.as_str(), "\tx y"] {
        let refused =
            house.post("/v1/bookings", &body).key(bad).send().await.refused_field("Idempotency-Key");
        assert!(text(&refused, "detail").contains("128"), "{refused}");
    }
    let twice = house.post("/v1/bookings", &body).key("a").key("b").send().await;
    twice.refused_field("Idempotency-Key");
    assert_eq!(house.states(&show).await, "........");
    // Two customers who both choose "1" do not meet.
    for seats in [["A1", "A2"], ["A3", "A4"]] {
        let access = text(&house.customer().await, "access_token");
        let body = json!({ "show_id": show.id, "seats": seats });
        house.post("/v1/bookings", &body).key("1").bearer(&access).send().await.expect(201);
    }
    let longest = "k".repeat(100) + &"0".repeat(28);
    let body = json!({ "show_id": show.id, "seats": ["A5", "A6"] });
    house.post("/v1/bookings", &body).key(&longest).send().await.expect(201);
    house.post("/v1/bookings", &body).key(&longest).send().await.expect(201);
}
