//! Editing, archiving and deleting what the catalogue has.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, text, unique};

const NOUNS: [&str; 4] = ["movies", "venues", "auditoriums", "price-cards"];

/// A show's things, by noun.
async fn things(house: &House) -> (String, [(String, Value); 4]) {
    let show = house.show("A: ########").await;
    let price = json!({ "category": "standard", "ticket_type": "adult", "amount_minor": 1000 });
    let bodies = [
        (&show.movie, json!({ "title": unique("Brazil"), "runtime_minutes": 132 })),
        (&show.venue, json!({ "name": unique("Zoo"), "city": "Berlin", "zone": "Europe/Berlin" })),
        (&show.auditorium, json!({ "name": "Screen 2" })),
        (&show.price_card, json!({ "name": unique("Late"), "currency": "EUR", "prices": [price] })),
    ];
    let mut at = 0;
    let things = bodies.map(|(id, body)| {
        at += 1;
        (format!("/v1/admin/{}/{id}", NOUNS[at - 1]), body)
    });
    (show.id, things)
}

#[tokio::test]
async fn each_noun_is_edited_under_its_tag() {
    let house = House::open().await;
    let staff = house.staff().await;
    let (show, things) = things(&house).await;
    for (path, body) in &things {
        let seen = house.get(path).bearer(&staff).send().await;
        let tag = seen.header("etag").to_owned();
        assert_eq!(tag, format!("\"{}\"", seen.expect(200)["revision"]), "{path}");
        let put = |tag: Option<&str>| {
            let call = house.call(Method::PUT, path).json(body).bearer(&staff);
            match tag {
                Some(tag) => call.header("if-match", tag),
                None => call,
            }
        };
        put(None).send().await.refused(428, "precondition_required");
        put(Some("x")).send().await.refused_field("If-Match");
        let edited = put(Some(&tag)).send().await;
        let newer = edited.header("etag").to_owned();
        assert_ne!(newer, tag, "{path}");
        let name = if body["title"].is_null() { "name" } else { "title" };
        assert_eq!(edited.expect(200)[name], body[name], "{path}");
        // The refusal says which revision there is.
        let stale = put(Some(&tag)).send().await;
        stale.refused(412, "stale_revision");
        assert_eq!(stale.header("etag"), newer, "{path}");
        put(Some("*")).send().await.expect(200);
    }
    let show = house.get(&format!("/v1/shows/{show}")).send().await.expect(200);
    assert_eq!(show["movie"]["title"], things[0].1["title"]);
    assert_eq!(show["venue"]["name"], things[1].1["name"]);
    assert_eq!(show["auditorium"]["name"], "Screen 2");
    assert_eq!(show["prices"][0]["amount_minor"], 1000);
}

#[tokio::test]
async fn what_is_in_use_is_archived_instead() {
    let house = House::open().await;
    let staff = house.staff().await;
    let (show, things) = things(&house).await;
    for (path, _) in &things {
        let delete = |tag: &str| house.call(Method::DELETE, path).header("if-match", tag).bearer(&staff);
        let refused = delete("*").send().await.refused(409, "in_use");
        let user = if path.contains("venues") { things[2].0.rsplit('/').next().unwrap() } else { &show };
        assert!(text(&refused, "detail").contains(user), "{refused}");
        delete("\"1\"").send().await.refused(412, "stale_revision");
        house.call(Method::DELETE, path).bearer(&staff).send().await.refused(428, "precondition_required");

        let seen = house.get(path).bearer(&staff).send().await.header("etag").to_owned();
        let post = |what: &str, tag: &str| {
            house.call(Method::POST, &format!("{path}/{what}")).header("if-match", tag).bearer(&staff)
        };
        let archived = post("archive", &seen).send().await;
        assert_eq!(archived.expect(200)["archived"], true, "{path}");
        post("archive", &seen).send().await.refused(412, "stale_revision");
        let (list, id) = path.rsplit_once('/').unwrap();
        for (query, listed) in [("archived=true", true), ("", false), ("archived=false", false)] {
            let all = house.get(&format!("{list}?limit=100&{query}")).bearer(&staff).send().await.expect(200);
            let found = all["items"].as_array().unwrap().iter().any(|item| item["id"] == id);
            // A house that others use too may have more than a page of them.
            let whole = all["next_cursor"].is_null();
            assert!(found == listed || !whole, "{path} {query}: {all}");
        }
        let restored = post("restore", archived.header("etag")).send().await.expect(200);
        assert_eq!(restored["archived"], false, "{path}");
    }
    let title = unique("Nobody wants");
    let new =
        house.post("/v1/admin/movies", &json!({ "title": title })).bearer(&staff).send().await.expect(201);
    let path = format!("/v1/admin/movies/{}", text(&new, "id"));
    let tag = format!("\"{}\"", new["revision"]);
    let delete = || house.call(Method::DELETE, &path).header("if-match", &tag).key("gone").bearer(&staff);
    for _ in 0..2 {
        let gone = delete().send().await;
        assert_eq!((gone.status, gone.text().as_str()), (204, ""));
    }
    house.get(&path).bearer(&staff).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn only_editors_edit() {
    let house = House::open().await;
    let staff = house.staff().await;
    let (_, things) = things(&house).await;
    let customer = text(&house.customer().await, "access_token");
    for (path, body) in &things {
        house.get(path).send().await.refused(401, "unauthenticated");
        let put = || house.call(Method::PUT, path).header("if-match", "*").json(body);
        put().send().await.refused(401, "unauthenticated");
        put().bearer(&customer).send().await.refused(401, "unauthenticated");
        for (method, path) in [
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/archive")),
            (Method::POST, format!("{path}/restore")),
        ] {
            let call = house.call(method, &path).header("if-match", "*");
            call.send().await.refused(401, "unauthenticated");
        }
        let bad = house.call(Method::PUT, path).header("if-match", "*").json(&json!({ "colour": "red" }));
        bad.bearer(&staff).send().await.refused_field("colour");
        let (list, _) = path.rsplit_once('/').unwrap();
        house.get(&format!("{list}?archived=1")).bearer(&staff).send().await.refused_field("archived");
    }
}

#[tokio::test]
async fn an_auditorium_gets_other_seats() {
    let house = House::open().await;
    let staff = house.staff().await;
    let show = house.show("A: ########").await;
    house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/admin/auditoriums/{}", show.auditorium);
    let seen = house.get(&path).bearer(&staff).send().await.header("etag").to_owned();
    let put = |tag: &str, body: Value| {
        house.call(Method::PUT, &format!("{path}/layout")).json(&body).header("if-match", tag).bearer(&staff)
    };
    let preview = async |body: Value| {
        let preview = house.post(&format!("{path}/layout/preview"), &body);
        preview.bearer(&staff).send().await.expect(200)["shows"][0].clone()
    };
    let (larger, smaller) = ("Z: ####\nA: ########", "A: #_######\nB: ####");
    let text = |plan: &str, shows: &str| json!({ "layout": { "text": plan }, "shows": shows });
    assert_eq!(preview(json!({ "layout": { "text": larger } })).await["outcome"], "kept");
    let found = preview(text("B: ####", "all")).await;
    assert_eq!((&found["outcome"], &found["missing"]), (&json!("missing_seats"), &json!(["A1", "A2"])));
    assert_eq!(house.states(&show).await, "hh......");

    put("\"1\"", text(larger, "all")).send().await.refused(412, "stale_revision");
    put(&seen, text("A: ?", "all")).send().await.refused(422, "validation_failed");
    put(&seen, text(larger, "some")).send().await.refused_field("shows");
    let done = put(&seen, text(larger, "all")).send().await;
    let newer = done.header("etag").to_owned();
    let report = done.expect(200);
    assert_eq!((&report["shows"][0]["outcome"], &report["shows"][0]["taken"]), (&json!("moved"), &json!(2)));
    assert_eq!(report["auditorium"]["layout_id"], report["layout_id"]);
    assert_eq!(report["auditorium"]["earlier_layouts"].as_array().unwrap().len(), 1);
    assert_eq!(house.states(&show).await, "....hh......");
    let kept = put(&newer, text(smaller, "none")).send().await.expect(200);
    assert_eq!(kept["shows"][0]["outcome"], "kept");
    put("*", text("B: ####", "all")).send().await.expect(200);
    assert_eq!(house.states(&show).await, "....hh......");
    let body = json!({ "layout": { "text": larger } });
    let nobody = house.call(Method::PUT, &format!("{path}/layout")).json(&body).header("if-match", "*");
    nobody.send().await.refused(401, "unauthenticated");
}
