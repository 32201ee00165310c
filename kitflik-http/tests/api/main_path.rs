//! From a search to a ticket.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, Show, text};

const SMALL: &str = "A: ########\nB: ########";

fn seats_path(show: &Show) -> String {
    format!("/v1/shows/{}/seats", show.id)
}

fn decode_qr(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let bits = info.bit_depth as usize;
    let line = info.line_size;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let per_byte = 8 / bits;
        let byte = pixels[y * line + x / per_byte];
        let value = byte >> (8 - bits - (x % per_byte) * bits);
        if value & 1 == 1 { 255 } else { 0 }
    });
    let grids = image.detect_grids();
    grids.first().unwrap().decode().unwrap().1
}

#[tokio::test]
async fn a_guest_goes_from_search_to_ticket() {
    let house = House::open().await;
    let show = house.show(SMALL).await;

    let words = show.title.replace(' ', "+");
    let found = house.get(&format!("/v1/movies?q={words}&genre=horror")).send().await.expect(200);
    assert_eq!(found["items"][0]["id"], show.movie, "{found}");
    let movie = house.get(&format!("/v1/movies/{}", show.movie)).send().await.expect(200);
    assert_eq!(movie["title"], show.title);
    let shows = house.get(&format!("/v1/movies/{}/shows", show.movie)).send().await.expect(200);
    assert_eq!(shows["items"][0]["id"], show.id);
    assert_eq!(shows["items"][0]["status"], "on_sale");
    let one = house.get(&format!("/v1/shows/{}", show.id)).send().await.expect(200);
    assert_eq!(one, shows["items"][0]);
    let venue = house.get(&format!("/v1/venues/{}", show.venue)).send().await.expect(200);
    assert_eq!(venue["auditoriums"][0]["id"], show.auditorium);
    house.get("/v1/venues?limit=1").send().await.expect(200);

    let map = house.get(&seats_path(&show)).send().await.expect(200);
    assert_eq!(map["states"], "................");
    let layout = house.get(&format!("/v1/layouts/{}", text(&map, "layout_id"))).send().await;
    assert!(layout.header("cache-control").contains("immutable"));
    let layout = layout.expect(200);
    assert_eq!(layout["seats"].as_array().map(Vec::len), Some(16));
    let best = house.get(&format!("/v1/shows/{}/best-available?count=2", show.id)).send().await.expect(200);
    assert_eq!((&best["together"], best["seats"].as_array().map(Vec::len)), (&json!(true), Some(2)));

    let body = json!({
        "show_id": show.id, "seats": ["A1", "A2"], "customer": { "name": "Ada", "email": "ada@example.org" },
        "ticket_types": [{ "seat": "A2", "ticket_type": "child" }],
    });
    let hold = house.post("/v1/bookings", &body).send().await;
    let location = hold.header("location").to_owned();
    assert_eq!(hold.header("cache-control"), "no-store");
    let hold = hold.expect(201);
    assert_eq!(location, format!("/v1/bookings/{}", text(&hold, "id")));
    assert_eq!((&hold["status"], &hold["quote"]["total"]["amount_minor"]), (&json!("held"), &json!(2250)));
    assert_eq!(house.states(&show).await, "hh..............");
    let mine = format!("{}?booking={}", seats_path(&show), text(&hold, "id"));
    let mine = house.get(&mine).booking(&hold).send().await;
    assert_eq!(mine.header("cache-control"), "no-store");
    assert_eq!(mine.expect(200)["states"], "mm..............");

    let view = house.get(&location).booking(&hold).send().await.expect(200);
    assert_eq!((&view["status"], view.get("booking_token")), (&json!("held"), None));
    house.wait(1);
    let extended = house.call(Method::POST, &format!("{location}/extend")).booking(&hold).send().await;
    assert_eq!(extended.expect(200)["status"], "held");
    let payment = json!({ "payment": { "provider": "test", "reference": "card" } });
    let sold = house.post(&format!("{location}/confirm"), &payment).booking(&hold).send().await.expect(200);
    assert_eq!((&sold["status"], &sold["payment"]["status"]), (&json!("confirmed"), &json!("captured")));
    assert_eq!(house.states(&show).await, "ss..............");

    let tickets = house.get(&format!("{location}/tickets")).booking(&hold).send().await.expect(200);
    let tickets = tickets["items"].as_array().unwrap();
    assert_eq!(tickets.len(), 2);
    let key = text(&house.get("/v1/ticket-key").send().await.expect(200), "public_key");
    let key: kitflik_core::TicketKey = key.parse().unwrap();
    for ticket in tickets {
        let token = text(ticket, "token");
        assert_eq!(key.verify(&token).unwrap().ticket.to_string(), text(ticket, "id"));
        let picture = format!("{location}/tickets/{}", text(ticket, "id"));
        let png = house.get(&format!("{picture}/qr.png")).booking(&hold).send().await;
        assert_eq!((png.status, png.header("content-type")), (200, "image/png"));
        assert_eq!(decode_qr(&png.body), token);
        let svg = house.get(&format!("{picture}/qr.svg")).booking(&hold).send().await;
        assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml"));
        assert!(svg.text().contains("<svg"));
    }
    let calendar = house.get(&format!("{location}/calendar.ics")).booking(&hold).send().await;
    assert_eq!((calendar.status, calendar.header("content-type")), (200, "text/calendar; charset=utf-8"));
    assert!(calendar.text().starts_with("BEGIN:VCALENDAR") && calendar.text().contains(&show.title));
}

#[tokio::test]
async fn a_hold_changes_its_seats_and_gives_them_back() {
    let house = House::open().await;
    let show = house.show(SMALL).await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    let wish = json!({ "seats": ["A2", "A3", "A4"] });
    let put = |body: &Value| house.call(Method::PUT, &format!("{path}/seats")).json(body).booking(&hold);
    // The change leaves A1 alone beside the aisle.
    let refused = put(&wish).send().await.refused(422, "orphan_seat");
    assert_eq!(
        (&refused["seats"], refused["alternative"].as_array().map(Vec::len)),
        (&json!(["A1"]), Some(3))
    );
    let changed = put(&json!({ "seats": ["A1", "A2", "A3"] })).send().await.expect(200);
    assert_eq!(changed["seats"].as_array().map(Vec::len), Some(3));
    assert_eq!(house.states(&show).await, "hhh.............");
    let release = async || house.call(Method::POST, &format!("{path}/release")).booking(&hold).send().await;
    assert_eq!(release().await.expect(200)["status"], "released");
    assert_eq!(release().await.expect(200)["status"], "released");
    assert_eq!(house.states(&show).await, "................");
    let body = json!({ "show_id": show.id, "best_available": { "count": 3 } });
    let best = house.post("/v1/bookings", &body).send().await.expect(201);
    assert_eq!((&best["together"], best["seats"].as_array().map(Vec::len)), (&json!(true), Some(3)));
}

#[tokio::test]
async fn reads_are_revalidated() {
    let house = House::open().await;
    let show = house.show(SMALL).await;
    let layout = text(&house.get(&seats_path(&show)).send().await.expect(200), "layout_id");
    let paths = [
        format!("/v1/movies?q={}", show.title.replace(' ', "+")),
        format!("/v1/movies/{}", show.movie),
        format!("/v1/movies/{}/shows", show.movie),
        format!("/v1/venues/{}", show.venue),
        format!("/v1/shows/{}", show.id),
        format!("/v1/layouts/{layout}"),
        seats_path(&show),
        format!("{}?expand=seats", seats_path(&show)),
        "/v1/ticket-key".to_owned(),
        "/openapi.json".to_owned(),
    ];
    for path in &paths {
        let first = house.get(path).send().await;
        first.expect(200);
        let tag = first.header("etag");
        assert!(tag.starts_with('"'), "{path}: {tag}");
        let again = house.get(path).header("if-none-match", tag).send().await;
        assert_eq!((again.status, again.header("etag"), again.body.len()), (304, tag, 0), "{path}");
        house.get(path).header("if-none-match", "\"other\"").send().await.expect(200);
        let head = house.call(Method::HEAD, path).send().await;
        assert_eq!((head.status, head.header("etag"), head.body.len()), (200, tag, 0), "{path}");
    }
    let tag = house.get(&seats_path(&show)).send().await.header("etag").to_owned();
    house.hold(&show, &["A1"]).await;
    let changed = house.get(&seats_path(&show)).header("if-none-match", &tag).send().await;
    assert_eq!(changed.expect(200)["states"], "h...............");
    let expanded = house.get(&format!("{}?expand=seats", seats_path(&show))).send().await.expect(200);
    assert_eq!((&expanded["seats"][0]["id"], &expanded["seats"][0]["state"]), (&json!("A1"), &json!("held")));
    assert_eq!(expanded["seats"][1]["state"], "free");
}

#[tokio::test]
async fn a_hall_of_twenty_thousand_seats_is_served() {
    let house = House::open().await;
    let rows: String = (0..200).map(|row| format!("R{row}: {}\n", "#".repeat(100))).collect();
    let show = house.show(&rows).await;
    let seats: Vec<String> = (1..=10).map(|seat| format!("R0-{seat}")).collect();
    let map = house.get(&seats_path(&show)).send().await.expect(200);
    assert_eq!(text(&map, "states"), ".".repeat(20_000));
    let layout = house.get(&format!("/v1/layouts/{}", text(&map, "layout_id"))).send().await.expect(200);
    let ids: Vec<&str> =
        layout["seats"].as_array().unwrap()[..10].iter().map(|seat| seat["id"].as_str().unwrap()).collect();
    assert_eq!(ids, seats);
    let hold = house.hold(&show, &ids).await;
    let confirm = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    let counter = json!({ "payment": { "provider": "counter" } });
    house.post(&confirm, &counter).booking(&hold).send().await.expect(200);
    let states = house.states(&show).await;
    assert_eq!((states.len(), states.matches('s').count()), (20_000, 10));
    let one_more = format!("{rows}Z: #");
    let staff = house.staff().await;
    let path = format!("/v1/admin/auditoriums/import?venue_id={}&name=Arena", show.venue);
    let import = house.call(Method::POST, &path).bearer(&staff).body("text/plain", one_more);
    import.send().await.refused(422, "validation_failed");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let house = House::open().await;
    let (staff, name) = (house.staff().await, crate::house::unique("Paged"));
    for part in 0..5 {
        let movie = json!({ "title": format!("{name} {part}") });
        house.post("/v1/admin/movies", &movie).bearer(&staff).send().await.expect(201);
    }
    let (mut path, mut titles) = (format!("/v1/movies?limit=2&q={}", name.replace(' ', "+")), Vec::new());
    let first = path.clone();
    loop {
        let page = house.get(&path).send().await.expect(200);
        titles.extend(page["items"].as_array().unwrap().iter().map(|movie| text(movie, "title")));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{first}&cursor={cursor}");
    }
    assert_eq!(titles, (0..5).map(|part| format!("{name} {part}")).collect::<Vec<_>>());
}
