//! Bad inputs: each gets a refusal that says what is allowed, never a fault of the server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, text};

/// Every path that takes a JSON body, and a body that it would take.
fn bodies(show: &crate::house::Show, booking: &str) -> Vec<(Method, String, Value)> {
    let account = json!({ "email": "a@example.org", "password": "q7wm2xpz", "name": "A" });
    let login = json!({ "email": "a@example.org", "password": "q7wm2xpz" });
    let refresh = json!({ "refresh_token": "x.y" });
    let price = json!({ "category": "standard", "ticket_type": "adult", "amount_minor": 1 });
    let post = |path: &str, body| (Method::POST, path.to_owned(), body);
    vec![
        post("/v1/auth/register", account),
        post("/v1/auth/login", login.clone()),
        post("/v1/auth/refresh", refresh.clone()),
        post("/v1/auth/logout", refresh.clone()),
        post("/v1/auth/verify-email", json!({ "token": "x.y" })),
        post("/v1/auth/verify-email/resend", json!({ "email": "a@example.org" })),
        post("/v1/auth/password/forgot", json!({ "email": "a@example.org" })),
        post(
            "/v1/auth/password/reset",
            json!({ "email": "a@example.org", "code": "12345678", "password": "correct horse battery" }),
        ),
        post("/v1/bookings", json!({ "show_id": show.id, "seats": ["A1"] })),
        (Method::PUT, format!("/v1/bookings/{booking}/seats"), json!({ "seats": ["A1"] })),
        post(&format!("/v1/bookings/{booking}/confirm"), json!({ "payment": { "provider": "counter" } })),
        post("/v1/admin/auth/login", login),
        post("/v1/admin/auth/refresh", refresh.clone()),
        post("/v1/admin/auth/logout", refresh),
        post("/v1/admin/movies", json!({ "title": "T" })),
        post("/v1/admin/venues", json!({ "name": "V", "city": "C", "zone": "UTC" })),
        post(
            "/v1/admin/auditoriums",
            json!({ "venue_id": show.venue, "name": "H", "layout": { "text": "A: #" } }),
        ),
        post("/v1/admin/price-cards", json!({ "name": "P", "currency": "EUR", "prices": [price] })),
        post(
            "/v1/admin/shows",
            json!({
                "movie_id": show.movie, "auditorium_id": show.auditorium, "price_card_id": show.price_card,
                "starts_at_local": "2037-01-01T20:00",
            }),
        ),
    ]
}

#[tokio::test]
async fn junk_bodies_are_refused_everywhere() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let booking = text(&hold, "id");
    for (method, path, good) in bodies(&show, &booking) {
        let send = async |kind: &str, body: Vec<u8>| {
            let call = house.call(method.clone(), &path).body(kind, body);
            let call = if path.contains("/admin/") { call.bearer(&staff) } else { call.booking(&hold) };
            call.send().await
        };
        let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
        let deeper = format!("{{\"x\":{}", "{\"x\":".repeat(10_000));
        let cut = serde_json::to_vec(&good).unwrap();
        let syntax: Vec<Vec<u8>> = vec![
            b"".to_vec(),
            b" ".to_vec(),
            b"{".to_vec(),
            b"{]".to_vec(),
            b"nonsense".to_vec(),
            b"\xef\xbb\xbf{}".to_vec(),
            b"{\"x\": \"\xff\xfe\"}".to_vec(),
            b"{\"\xc3\x28\": 1}".to_vec(),
            b"\0".to_vec(),
            cut[..cut.len() - 1].to_vec(),
            [&cut[..], b" x"].concat(),
            [&cut[..], &cut[..]].concat(),
        ];
        for body in syntax {
            let what = String::from_utf8_lossy(&body).into_owned();
            let reply = send("application/json", body).await;
            assert_eq!(
                (reply.status, text(&reply.json(), "code").as_str()),
                (400, "malformed"),
                "{path}: {what}"
            );
        }
        let unknown = |value: &str| format!("{{\"surprise\": {value}}}");
        for body in [
            "null".to_owned(),
            "true".to_owned(),
            "12".to_owned(),
            "\"text\"".to_owned(),
            "[]".to_owned(),
            "[[]]".to_owned(),
            unknown("1"),
            unknown("1e400"),
            unknown("-123456789012345678901234567890"),
            unknown(&deep),
            deep,
            deeper,
        ] {
            let reply = send("application/json", body.clone().into_bytes()).await;
            let body: String = body.chars().take(60).collect();
            assert!([400, 422].contains(&reply.status), "{path}: {body}: {}", reply.text());
        }
        for name in good.as_object().unwrap().keys().filter(|name| *name != "payment" && *name != "seats") {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            send("application/json", without.to_string().into_bytes()).await.refused_field(name);
            for value in [json!(null), json!({ "x": [1] }), json!(1.5), json!([[]]), json!(true)] {
                let mut with = good.clone();
                with[name] = value;
                send("application/json", with.to_string().into_bytes())
                    .await
                    .refused(422, "validation_failed");
            }
        }
        let mut more = good.clone();
        more["command"] = json!("x");
        send("application/json", more.to_string().into_bytes()).await.refused(422, "validation_failed");
        let good = good.to_string().into_bytes();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx", "json"] {
            send(kind, good.clone()).await.refused(415, "unsupported_media_type");
        }
        let mut padded = good.clone();
        padded.resize(64 * 1024 + 1, b' ');
        send("application/json", padded).await.refused(413, "payload_too_large");
    }
    assert_eq!(house.states(&show).await, "hh......");
}

#[tokio::test]
async fn refused_fields_are_named() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let hold = |more: Value| {
        let mut body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
        body.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        house.post("/v1/bookings", &body)
    };
    let long = "x".repeat(201);
    for (more, path) in [
        (json!({ "show_id": "x" }), "show_id"),
        (json!({ "seats": [] }), "seats"),
        (json!({ "seats": ["A1", 2] }), "seats[1]"),
        (json!({ "seats": ["A1", ""] }), "seats[1]"),
        (json!({ "seats": ["A1", "A\u{0}"] }), "seats[1]"),
        (json!({ "seats": ["A1", "A1"] }), "seats[1]"),
        (json!({ "seats": ["x".repeat(65)] }), "seats[0]"),
        (json!({ "seats": vec!["A1"; 11] }), "seats"),
        (json!({ "seats": vec!["A1"; 5000] }), "seats"),
        (json!({ "customer": { "name": "", "email": "a@example.org" } }), "customer.name"),
        (json!({ "customer": { "name": long, "email": "a@example.org" } }), "customer.name"),
        (json!({ "customer": { "name": "A\u{0}", "email": "a@example.org" } }), "customer.name"),
        (
            json!({ "customer": { "name": "A", "email": "a@example.org\r\nBcc: b@example.org" } }),
            "customer.email",
        ),
        (json!({ "customer": { "name": "A" } }), "customer.email"),
        (json!({ "customer": { "name": "A", "email": "a@example.org", "age": 7 } }), "customer.age"),
        (json!({ "ticket_types": [{ "seat": "A3", "ticket_type": "child" }] }), "ticket_types[0]"),
        (json!({ "ticket_types": [{ "seat": "A1" }] }), "ticket_types[0].ticket_type"),
        (json!({ "ticket_types": [{ "seat": "A1", "ticket_type": "dog" }] }), "ticket_types"),
        (json!({ "best_available": { "count": 0 } }), "best_available.count"),
    ] {
        hold(more).send().await.refused_field(path);
    }
    for count in ["0", "11", "4294967296", "-1", "1.5", "x", "", "%00"] {
        let path = format!("/v1/shows/{}/best-available?count={count}", show.id);
        house.get(&path).send().await.refused_field("count");
    }
    let longest = json!({ "customer": { "name": "\u{10FFFD}".repeat(200), "email": "a@example.org" } });
    let held = hold(longest).send().await.expect(201);
    assert_eq!(held["customer"]["name"].as_str().unwrap().chars().count(), 200);
}

#[tokio::test]
async fn queries_are_checked() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let seats = format!("/v1/shows/{}/seats", show.id);
    for (path, field) in [
        ("/v1/movies?limit=0", "limit"),
        ("/v1/movies?limit=101", "limit"),
        ("/v1/movies?limit=x", "limit"),
        ("/v1/movies?limit=", "limit"),
        ("/v1/movies?limit=99999999999", "limit"),
        ("/v1/movies?limit=1&limit=2", "limit"),
        ("/v1/movies?cursor=x", "cursor"),
        ("/v1/movies?cursor=%ff", "cursor"),
        ("/v1/movies?q=%00", "q"),
        ("/v1/venues?cursor=018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77", "cursor"),
        ("/v1/movies?genra=horror", "genra"),
        (&format!("/v1/movies?q={}", "x".repeat(201)), "q"),
        (&format!("/v1/movies?genre={}", "x".repeat(33)), "genre"),
        ("/v1/movies?format=4D", "format"),
        ("/v1/movies?venue=x", "venue"),
        ("/v1/movies?sort=best", "sort"),
        ("/v1/movies?date_from=2026-02-30", "date_from"),
        ("/v1/movies?date_from=2026-11-28&date_to=2026-11-27", "date_to"),
        ("/v1/movies?time_from=25:00", "time_from"),
        ("/v1/movies?time_to=8", "time_to"),
        ("/v1/movies?max_price_minor=-1", "max_price_minor"),
        ("/v1/movies?min_seats_left=20001", "min_seats_left"),
        ("/v1/movies?facets=maybe", "facets"),
        (&format!("/v1/movies?city={}", "x".repeat(201)), "city"),
        (&format!("{seats}?expand=all"), "expand"),
        (&format!("{seats}?booking=x"), "booking"),
    ] {
        house.get(path).send().await.refused_field(field);
    }
    for path in [
        "/v1/movies?",
        "/v1/movies?q=&genre=&cursor=",
        "/v1/movies?q=%ff%fe",
        "/v1/movies?limit=100",
        "/v1/movies?rating=&language=&format=&city=&venue=&date_from=&date_to=&time_from=&time_to=&sort=&facets=false",
    ] {
        house.get(path).send().await.expect(200);
    }
    house.get(&format!("/v1/movies?q={}", "x".repeat(200))).send().await.expect(200);
}

#[tokio::test]
async fn one_more_than_each_limit() {
    let house = House::open().await;
    let show = house.show("A: ########").await;
    let staff = house.staff().await;
    let add = async |path: &str, body: Value| house.post(path, &body).bearer(&staff).send().await;
    let longest = "w".repeat(300);
    add("/v1/admin/movies", json!({ "title": longest, "genres": vec!["g".repeat(32); 16] }))
        .await
        .expect(201);
    let venue = json!({ "name": "v".repeat(200), "city": "c".repeat(200), "zone": "UTC" });
    add("/v1/admin/venues", venue).await.expect(201);
    for (body, path) in [
        (json!({ "title": "w".repeat(301) }), "title"),
        (json!({ "title": "T", "genres": vec!["g"; 17] }), "genres"),
        (json!({ "title": "T", "genres": ["g".repeat(33)] }), "genres[0]"),
        (json!({ "title": "T", "synopsis": "s".repeat(601) }), "synopsis"),
        (json!({ "title": "T", "runtime_minutes": 1441 }), "runtime_minutes"),
        (json!({ "title": "T", "runtime_minutes": -1 }), "runtime_minutes"),
        (json!({ "title": "T", "release_date": "2026-02-30" }), "release_date"),
    ] {
        add("/v1/admin/movies", body).await.refused_field(path);
    }
    for (body, path) in [
        (json!({ "name": "v".repeat(201), "city": "C", "zone": "UTC" }), "name"),
        (json!({ "name": "V", "city": "C", "zone": "Mars/Base" }), "zone"),
    ] {
        add("/v1/admin/venues", body).await.refused_field(path);
    }
    let card = |amount: Value, currency: &str| {
        let price = json!({ "category": "standard", "ticket_type": "adult", "amount_minor": amount });
        json!({ "name": "P", "currency": currency, "prices": [price] })
    };
    add("/v1/admin/price-cards", card(json!(1_000_000_000), "EUR")).await.expect(201);
    for (body, path) in [
        (card(json!(1_000_000_001), "EUR"), "prices[0].amount_minor"),
        (card(json!(-1), "EUR"), "prices[0].amount_minor"),
        (card(json!(0.5), "EUR"), "prices[0].amount_minor"),
        (card(json!(1), "XYZ"), "currency"),
    ] {
        add("/v1/admin/price-cards", body).await.refused_field(path);
    }
    let register = async |email: String, password: String, name: String| {
        let body = json!({ "email": email, "password": password, "name": name });
        house.post("/v1/auth/register", &body).send().await
    };
    let email = format!("{}@{}.org", "a".repeat(64), ["b", "c", "d"].map(|label| label.repeat(61)).join("."));
    let account = |email: &str| (email.to_owned(), "p".repeat(1024), "n".repeat(200));
    let (email, password, name) = account(&email);
    register(email.clone(), password.clone(), name.clone()).await.expect(201);
    register(format!("a{email}"), password.clone(), name.clone()).await.refused_field("email");
    register(email.clone(), format!("{password}p"), name.clone()).await.refused_field("password");
    register(email.clone(), "p".repeat(7), name.clone()).await.refused_field("password");
    register(email, password, format!("{name}n")).await.refused_field("name");
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let confirm = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    let payment =
        |length: usize| json!({ "payment": { "provider": "test", "reference": "r".repeat(length) } });
    house.post(&confirm, &payment(129)).booking(&hold).send().await.refused_field("payment.reference");
    house.post(&confirm, &payment(128)).booking(&hold).send().await.expect(200);
}
