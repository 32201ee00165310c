//! What the shared vectors ask. The answers are the core's.

use kitflik_core::{BookingId, Layout, SeatId, ShowId, TicketClaims, TicketId, TicketSigner, Timestamp};
use serde_json::{Value, json};

pub(crate) type Vector = (&'static str, &'static str, Value);

pub(crate) fn all() -> Vec<Vector> {
    let mut all = offers();
    all.extend(pictures());
    all.extend(files());
    all.extend(holds());
    all.extend(choices());
    all.extend(holds_by_price());
    all.extend(tickets());
    all.extend(digests());
    all.push(("error_codes", "every code", Value::Null));
    all
}

const HALL: &str = "category s Standard #7a5cff\ncategory p Premium\nsection Stalls\nA: ssssssssss\nB: ssss_ssssss\n\
                    section Balcony\nC: pp__PPPP__pp\nD: @+ss<>ss+@\n";

/// A hall with these seats taken, by their place in the layout.
fn states(plan: &str, taken: impl Fn(usize) -> bool) -> String {
    let seats = Layout::from_text("Hall", plan).unwrap().seats().len();
    (0..seats).map(|index| if taken(index) { 's' } else { '.' }).collect()
}

fn offers() -> Vec<Vector> {
    let offer = |name, plan: &str, states: String, count: u32, filter: Value| {
        let input = json!({ "plan": plan, "states": states, "count": count, "filter": filter });
        ("best_available", name, input)
    };
    let none = |_: usize| false;
    let of = |category: &str| json!({ "category": category });
    let section = json!({ "section": "Balcony" });
    let accessible = json!({ "accessible": true });
    let large: String = (0..40)
        .map(|row| format!("{}: {}\n", row + 1, "#".repeat(17 + row % 6) + "_" + &"#".repeat(9)))
        .collect();
    vec![
        offer("two in an empty hall", HALL, states(HALL, none), 2, json!({})),
        offer("ten in an empty hall", HALL, states(HALL, none), 10, json!({})),
        offer("one in an empty hall", HALL, states(HALL, none), 1, json!({})),
        offer("none asked", HALL, states(HALL, none), 0, json!({})),
        offer("four of a category", HALL, states(HALL, none), 4, of("premium")),
        offer("two in a section", HALL, states(HALL, none), 2, section),
        offer("a wheelchair space and company", HALL, states(HALL, none), 2, accessible.clone()),
        offer("three with a wheelchair", HALL, states(HALL, none), 3, accessible),
        offer("no such category", HALL, states(HALL, none), 1, of("x")),
        offer("every third is taken", HALL, states(HALL, |index| index % 3 == 0), 2, json!({})),
        offer("every second is taken", HALL, states(HALL, |index| index % 2 == 0), 2, json!({})),
        offer("no group is whole", HALL, states(HALL, |index| index % 4 == 1), 4, json!({})),
        offer("all are taken", HALL, states(HALL, |_| true), 1, json!({})),
        offer("a large hall, half full", &large, states(&large, |index| index * 7 % 13 < 6), 5, json!({})),
        offer("a large hall, nearly full", &large, states(&large, |index| index * 31 % 97 > 4), 3, json!({})),
        offer("of two categories", HALL, states(HALL, none), 4, json!({ "categories": ["premium", "x"] })),
        offer("of no category", HALL, states(HALL, none), 1, json!({ "categories": [] })),
        offer("groups in neighbouring rows", PARTED, states(PARTED, none), 6, json!({})),
        offer("groups of one price", PARTED, states(PARTED, none), 4, of("premium")),
        offer(
            "groups that leave no single seat",
            PARTED,
            states(PARTED, |index| index % 5 == 2),
            4,
            json!({}),
        ),
        offer("nobody beside anybody", PARTED, states(PARTED, |index| index % 2 == 1), 3, json!({})),
        offer(
            "a large hall that is full of small groups",
            &large,
            states(&large, |index| index % 4 == 3),
            6,
            json!({}),
        ),
        offer(
            "a large hall, ten in two groups",
            &large,
            states(&large, |index| index % 7 == 6),
            10,
            json!({}),
        ),
        offer("a large hall, empty", &large, states(&large, none), 7, json!({})),
    ]
}

/// Rows in which no six sit together.
const PARTED: &str = "category s Standard\ncategory p Premium\nA: ss_sss_pp\nB: sss_ss_pp\nC: s_<>_ssss\n\
                      section Balcony\nA: pp_s_pppp\nB: ppp_ss\n";

fn pictures() -> Vec<Vector> {
    let bare = json!({ "title": "Alien", "legend": false });
    let evil = "category s <b>\"&'é\nsection </title>\nA&: ss\n";
    vec![
        ("svg", "a hall", json!({ "plan": HALL })),
        ("svg", "its seats", json!({ "plan": HALL, "states": states(HALL, |index| index % 3 == 0) })),
        (
            "svg",
            "every state, without a legend",
            json!({ "plan": "A: #####_##\n", "states": ".hs#m?", "options": bare }),
        ),
        ("svg", "names that would be markup", json!({ "plan": evil, "states": ".." })),
    ]
}

fn files() -> Vec<Vector> {
    let plan: Value = serde_json::from_str(include_str!("../fixtures/pretix-schema.json")).unwrap();
    let editor: Value = serde_json::from_str(include_str!("../fixtures/pretix-editor.json")).unwrap();
    vec![
        ("export", "a hall as text", json!({ "plan": HALL, "format": "text" })),
        ("export", "a hall as a pretix plan", json!({ "plan": HALL, "format": "pretix" })),
        ("export", "a pretix plan as one", json!({ "pretix": plan, "format": "pretix" })),
        ("export", "a plan of pretix's editor", json!({ "pretix": editor, "format": "pretix" })),
        ("export", "what text cannot say", json!({ "pretix": editor, "format": "text" })),
    ]
}

fn holds_by_price() -> Vec<Vector> {
    let price =
        |of: &str, amount: i64| json!({ "category": of, "ticket_type": "adult", "amount_minor": amount });
    let prices = [price("standard", 1000), price("premium", 1500)];
    let hold = |name, most: i64, section: &str| {
        let wish = json!({ "count": 2, "max_price_minor": most, "section": section });
        let request = json!({ "best_available": wish });
        ("hold", name, json!({ "plan": HALL, "currency": "EUR", "prices": prices, "request": request }))
    };
    vec![
        hold("the best for 15", 1500, "Balcony"),
        hold("the best for 14.99", 1499, "Balcony"),
        hold("nothing is that cheap", 999, "Balcony"),
        hold("a price below nothing", -1, "Balcony"),
    ]
}

fn holds() -> Vec<Vector> {
    const ROWS: &str = "A: ##########\nB: ####_<>####\nC: ##@+######\n";
    let prices = json!([
        { "category": "standard", "ticket_type": "adult", "amount_minor": 1250 },
        { "category": "standard", "ticket_type": "child", "amount_minor": 799 },
    ]);
    let hold = |name, taken: &[&str], request: Value| {
        let input = json!({
            "plan": ROWS, "currency": "EUR", "prices": prices, "booking_fee_minor": 50, "taken": taken,
            "request": request,
        });
        ("hold", name, input)
    };
    let seats = |seats: &[&str]| json!({ "seats": seats });
    let mut all = vec![
        hold("two adults", &[], seats(&["A1", "A2"])),
        hold("the order asked is the order answered", &[], seats(&["A2", "A1"])),
        hold(
            "an adult and a child",
            &[],
            json!({ "seats": ["A5", "A6"], "ticket_types": [{ "seat": "A6", "ticket_type": "child" }] }),
        ),
        hold("the best three", &[], json!({ "best_available": { "count": 3 } })),
        hold("a couple", &[], seats(&["B5", "B6"])),
        hold("a wheelchair space with its company", &[], seats(&["C3", "C4"])),
        hold("taken", &["A1", "A2"], seats(&["A2", "A3"])),
        hold("unknown", &[], seats(&["A1", "Z9", "Z8"])),
        hold("half a couple", &[], seats(&["B5"])),
        hold("company alone", &[], seats(&["C4"])),
        hold("a single seat is left", &["A1", "A2"], seats(&["A4", "A5"])),
        hold(
            "more than are free",
            &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10"],
            json!({ "best_available": { "count": 10, "section": "Nowhere" } }),
        ),
        hold("eleven", &[], seats(&["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "B1"])),
        hold("none", &[], seats(&[])),
        hold("one twice", &[], seats(&["A1", "A1"])),
        hold(
            "no such ticket type",
            &[],
            json!({ "seats": ["A1"], "ticket_types": [{ "seat": "A1", "ticket_type": "pensioner" }] }),
        ),
        hold(
            "several faults at once",
            &[],
            json!({ "seats": ["A1"], "customer": { "name": " ", "email": "nobody" } }),
        ),
    ];
    let yen = json!([{ "category": "standard", "ticket_type": "adult", "amount_minor": 1_000_000_000 }]);
    all.push((
        "hold",
        "large amounts without minor units",
        json!({ "plan": ROWS, "currency": "JPY", "prices": yen, "request": { "best_available": { "count": 10 } } }),
    ));
    all
}

/// Rules of choice, by time and by who asks.
fn choices() -> Vec<Vector> {
    const ROWS: &str = "category s Standard\ncategory p Premium\nsection Stalls\nA: ######\nB: ##<>##\n\
                        C: @+####\nsection Balcony\nD: pp<>pp\n";
    let prices = json!([
        { "category": "standard", "ticket_type": "adult", "amount_minor": 1250 },
        { "category": "premium", "ticket_type": "adult", "amount_minor": 1850 },
    ]);
    let choice = |name, more: Value, seats: &[&str]| {
        let mut input = json!({
            "plan": ROWS, "currency": "EUR", "prices": prices, "request": { "seats": seats },
        });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        ("hold", name, input)
    };
    let critics = json!([{
        "seats": ["A1", "A2", "A3", "A4"], "reason": "For the critics", "channels": ["box_office"],
        "release_minutes_before": 60,
    }]);
    let broken = json!([{ "seats": ["A3"], "reason": "Broken" }]);
    let kept = |minutes: u32, by_staff: bool| {
        let mut input = json!({ "blocks": critics, "minutes_before": minutes });
        input["by_staff"] = json!(by_staff);
        input
    };
    let best = |more: Value, count: u32| {
        let mut more = more;
        more["blocks"][0]["seats"] = json!(["B1", "B2", "B3", "B4", "B5", "B6"]);
        more["request"] = json!({ "best_available": { "count": count, "section": "Stalls" } });
        more
    };
    let rules = |rules: Value, minutes: u32| json!({ "rules": rules, "minutes_before": minutes });
    let orphans = json!({ "orphans_until_minutes": 30 });
    let companions = json!({ "companions_until_minutes": 120 });
    let couples = json!({ "couples_until_minutes": 15 });
    vec![
        choice("a house seat online", kept(90, false), &["A4", "A5"]),
        choice("a house seat at the box office", kept(90, true), &["A3", "A4"]),
        choice("a house seat at the moment of its release", kept(60, false), &["A3", "A4"]),
        choice("the last minute of a house seat", kept(61, false), &["A3", "A4"]),
        choice("the best without house seats", best(kept(90, false), 6), &[]),
        choice("the best of the box office", best(kept(90, true), 6), &[]),
        choice("a seat for nobody at the box office", json!({ "blocks": broken, "by_staff": true }), &["A3"]),
        choice("a single seat beside a blocked one", json!({ "blocks": broken }), &["A1"]),
        choice(
            "a channel that is not the guest's",
            json!({ "request": { "seats": ["A1", "A2"], "channel": "box_office" } }),
            &[],
        ),
        choice(
            "half a couple, the other is gone",
            json!({ "blocks": [{ "seats": ["B4"], "reason": "Broken" }] }),
            &["B3"],
        ),
        choice("half a couple and a single seat", json!({}), &["B2", "B3"]),
        choice(
            "half a couple, the like is in another section",
            json!({ "taken": ["D1", "D2"], "blocks": [{ "seats": ["D4"], "reason": "Broken" }] }),
            &["D3"],
        ),
        choice(
            "half a couple, with a limit",
            json!({
                "max_seats_per_customer": 1,
                "request": { "seats": ["B3"], "customer": { "name": "Ada", "email": "ada@example.org" } },
            }),
            &[],
        ),
        choice("half a couple, shortly before", rules(couples.clone(), 15), &["B3", "B2"]),
        choice("half a couple, a minute too early", rules(couples, 16), &["B3", "B2"]),
        choice("company alone, shortly before", rules(companions.clone(), 120), &["C2"]),
        choice("company alone, a minute too early", rules(companions, 121), &["C2"]),
        choice("company alone, its wheelchair space is gone", json!({ "taken": ["C1"] }), &["C2"]),
        choice("a single seat is left, shortly before", rules(orphans.clone(), 30), &["A2", "A3"]),
        choice("a single seat is left, a minute too early", rules(orphans, 31), &["A2", "A3"]),
        choice("a single seat is left by staff", json!({ "by_staff": true }), &["A2", "A3"]),
        choice("half a couple by staff", json!({ "by_staff": true }), &["B3"]),
        choice(
            "it was single before",
            json!({ "blocks": [{ "seats": ["A2"], "reason": "Broken" }] }),
            &["A3", "A4"],
        ),
        choice(
            "no rules",
            json!({ "rules": { "couples": false, "companions": false, "orphans": false } }),
            &["B3", "C2"],
        ),
        choice(
            "more than a customer may have",
            json!({
                "max_seats_per_customer": 2,
                "request": {
                    "seats": ["A1", "A2", "A3"], "customer": { "name": "Ada", "email": "ada@example.org" },
                },
            }),
            &[],
        ),
        choice("a limit that needs a name", json!({ "max_seats_per_customer": 2 }), &["A1", "A2"]),
        choice(
            "a limit, at the box office",
            json!({ "max_seats_per_customer": 2, "by_staff": true }),
            &["A1", "A2", "A3"],
        ),
    ]
}

fn tickets() -> Vec<Vector> {
    let signer = TicketSigner::from_seed([7; 32]);
    let other = TicketSigner::from_seed([8; 32]).public_key().to_string();
    let key = signer.public_key().to_string();
    let layout = Layout::from_text("Hall", "A: ####").unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let token = signer.sign(&TicketClaims {
        ticket: TicketId::from_bytes([1; 16]),
        booking: BookingId::from_bytes([2; 16]),
        show: ShowId::from_bytes([255; 16]),
        seat: layout.number(&SeatId::new("A3").unwrap()).unwrap(),
        valid_from: time("2026-11-27T18:00:00Z"),
        valid_until: time("2026-11-27T22:00:00Z"),
    });
    // The last character holds bits of the signature; another one in the middle of the claims.
    let altered =
        format!("{}{}{}", &token[..60], if &token[60..61] == "A" { "B" } else { "A" }, &token[61..]);
    let newer = format!("KF1.Ag{}", &token[6..]);
    let scan = |name, keys: &[&str], token: &str, at: &str| {
        ("ticket", name, json!({ "keys": keys, "token": token, "at": at }))
    };
    let (both, evening) = ([other.as_str(), key.as_str()], "2026-11-27T19:30:00Z");
    vec![
        scan("genuine", &[&key], &token, evening),
        scan("genuine, one of two keys", &both, &token, evening),
        scan("the first moment", &[&key], &token, "2026-11-27T18:00:00Z"),
        scan("the last second", &[&key], &token, "2026-11-27T22:00:00.999Z"),
        scan("too early", &[&key], &token, "2026-11-27T17:59:59.999Z"),
        scan("too late", &[&key], &token, "2026-11-27T22:00:01Z"),
        scan("another house", &[&other], &token, evening),
        scan("no keys", &[], &token, evening),
        scan("altered", &[&key], &altered, evening),
        scan("cut off", &[&key], &token[..100], evening),
        scan("of a later version", &[&key], &newer, evening),
        scan("empty", &[&key], "", evening),
        scan("not a key", &["nonsense"], &token, evening),
    ]
}

fn digests() -> Vec<Vector> {
    let show = "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77";
    let key = "07".repeat(32);
    let digest = |name, hold: Value| ("request_digest", name, json!({ "master_key": key, "hold": hold }));
    vec![
        digest("named seats", json!({ "show_id": show, "seats": ["A1", "A2"] })),
        digest("the order of fields does not matter", json!({ "seats": ["A1", "A2"], "show_id": show })),
        digest("the order of seats does", json!({ "show_id": show, "seats": ["A2", "A1"] })),
        digest("a wish", json!({ "show_id": show, "best_available": { "count": 2, "category": "premium" } })),
        digest(
            "a name beyond ASCII",
            json!({ "show_id": show, "seats": ["A1"], "customer": { "name": "Žofie 张", "email": "z@example.org" } }),
        ),
        (
            "request_digest",
            "another master key",
            json!({ "master_key": "08".repeat(32),
            "hold": { "show_id": show, "seats": ["A1", "A2"] } }),
        ),
    ]
}
