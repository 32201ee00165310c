//! Answers that are the same for everybody are compressed, and others never.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::house::{House, PASSWORD, text};

fn unzipped(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    plain
}

#[tokio::test]
async fn public_answers_are_compressed_and_keep_their_tags() {
    let house = House::open().await;
    if house.local.is_none() {
        return; // a worker's platform compresses
    }
    // More than 1,000 characters of seats.
    let rows = (b'A'..=b'Z').map(|row| format!("{}: {}\n", char::from(row), "#".repeat(50)));
    let show = house.show(&rows.collect::<String>()).await;
    let seats = format!("/v1/shows/{}/seats", show.id);
    let layout = house.get(&seats).send().await.expect(200);
    let layout = format!("/v1/layouts/{}", text(&layout, "layout_id"));
    for path in [seats.as_str(), layout.as_str(), "/openapi.json", "/pages/style.css", "/pages/app.js"] {
        let plain = house.get(path).send().await;
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            ("", "accept-encoding"),
            "{path}"
        );
        // The second time it is taken from what was kept.
        for _ in 0..2 {
            let packed = house.get(path).header("accept-encoding", "gzip, br").send().await;
            assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"), "{path}");
            assert_eq!(packed.header("content-type"), plain.header("content-type"), "{path}");
            assert_eq!(packed.header("content-length"), packed.body.len().to_string(), "{path}");
            assert_eq!(packed.header("etag"), format!("W/{}", plain.header("etag")), "{path}");
            assert_eq!(packed.header("vary"), "accept-encoding", "{path}");
            assert!(packed.body.len() * 2 < plain.body.len(), "{path}: {}", packed.body.len());
            assert_eq!(unzipped(&packed.body), plain.body, "{path}");
            let known = packed.header("etag").to_owned();
            let again = house.get(path).header("accept-encoding", "gzip").header("if-none-match", &known);
            let again = again.send().await;
            assert_eq!(
                (again.status, again.header("etag"), again.body.len()),
                (304, known.as_str(), 0),
                "{path}"
            );
        }
        let strong =
            house.get(path).header("accept-encoding", "gzip").header("if-none-match", plain.header("etag"));
        let strong = strong.send().await;
        assert_eq!((strong.status, strong.header("etag")), (304, plain.header("etag")), "{path}");
    }
    // Another map is another answer.
    let before = house.get(&seats).header("accept-encoding", "gzip").send().await;
    house.hold(&show, &["A1", "A2"]).await;
    let after =
        house.get(&seats).header("accept-encoding", "gzip").header("if-none-match", before.header("etag"));
    let after = after.send().await;
    assert_eq!(after.status, 200);
    assert!(String::from_utf8(unzipped(&after.body)).unwrap().contains("\"hh.."));
}

#[tokio::test]
async fn what_has_a_secret_in_it_is_short_or_wrong_is_not_compressed() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let (email, show) = (format!("{}@example.org", "a".repeat(40)), house.show("A: ####\n").await);
    let account = json!({ "email": email, "password": PASSWORD, "name": "n".repeat(100) });
    let gzip = |call: crate::house::Call| call.header("accept-encoding", "gzip");
    gzip(house.post("/v1/auth/register", &account)).send().await.expect(201);
    let log_in = json!({ "email": email, "password": PASSWORD });
    let tokens = gzip(house.post("/v1/auth/login", &log_in)).send().await.expect(200);
    let hold = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let held = gzip(house.post("/v1/bookings", &hold)).send().await.expect(201);
    let me = house.get("/v1/me").bearer(&text(&tokens, "access_token"));
    let export = house.get("/v1/me/export").bearer(&text(&tokens, "access_token"));
    let booking = house.get(&format!("/v1/bookings/{}", text(&held, "id"))).booking(&held);
    let mine = format!("/v1/shows/{}/seats?booking={}", show.id, text(&held, "id"));
    for call in [me, export, booking, house.get(&mine).booking(&held)] {
        let answer = gzip(call).send().await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, ""));
    }
    let short = gzip(house.get(&format!("/v1/shows/{}/seats", show.id))).send().await;
    assert_eq!((short.header("content-encoding"), short.header("vary")), ("", "accept-encoding"));
    assert!(!short.header("etag").starts_with("W/"));
    let wrong = gzip(house.get(&format!("/{}", "x".repeat(2000)))).send().await;
    assert_eq!((wrong.status, wrong.header("content-encoding")), (404, ""));
}
