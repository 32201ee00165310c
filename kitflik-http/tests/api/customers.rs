//! Customers' accounts and bookings, as staff find them.

use serde_json::{Value, json};

use crate::house::{House, text};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect()
}

#[tokio::test]
async fn only_staff_see_customers() {
    let house = House::open().await;
    let customer = text(&house.customer().await, "access_token");
    let me = house.get("/v1/me").bearer(&customer).send().await.expect(200);
    for path in ["/v1/admin/users".to_owned(), format!("/v1/admin/users/{}", text(&me, "id"))] {
        house.get(&path).send().await.refused(401, "unauthenticated");
        house.get(&path).bearer(&customer).send().await.refused(401, "unauthenticated");
        house.get(&path).bearer(&house.staff().await).send().await.expect(200);
    }
}

#[tokio::test]
async fn staff_find_a_customer_and_what_they_bought() {
    let house = House::open().await;
    let staff = house.staff().await;
    let customer = text(&house.customer().await, "access_token");
    house.wait(1);
    house.customer().await;
    let me = house.get("/v1/me").bearer(&customer).send().await.expect(200);
    let (id, email) = (text(&me, "id"), text(&me, "email"));
    let get = async |path: &str| house.get(path).bearer(&staff).send().await.expect(200);

    let found = get(&format!("/v1/admin/users?q={}", email.to_uppercase())).await;
    assert_eq!(found, json!({ "items": [me], "next_cursor": null }));
    let part = get(&format!("/v1/admin/users?q={}", email.split('@').next().unwrap())).await;
    assert!(ids(&part).contains(&id), "{part}");
    let first = get("/v1/admin/users?limit=1").await;
    let second = get(&format!("/v1/admin/users?limit=1&cursor={}", text(&first, "next_cursor"))).await;
    assert_ne!(ids(&first), ids(&second));

    let show = house.show("A: ########").await;
    let book = async |seats: [&str; 2], confirm: bool| {
        let hold = json!({ "show_id": show.id, "seats": seats });
        let hold = house.post("/v1/bookings", &hold).bearer(&customer).send().await.expect(201);
        if confirm {
            let path = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
            let counter = json!({ "payment": { "provider": "counter" } });
            house.post(&path, &counter).bearer(&customer).send().await.expect(200);
        }
        house.wait(1);
        hold
    };
    let (one, held) = (book(["A1", "A2"], true).await, book(["A3", "A4"], false).await);
    let two = book(["A5", "A6"], true).await;
    let cancel = format!("/v1/bookings/{}/cancel", text(&one, "id"));
    house.post(&cancel, &json!({})).bearer(&customer).send().await.expect(200);
    let [one, held, two] = [&one, &held, &two].map(|booking| text(booking, "id"));

    let seen = get(&format!("/v1/admin/users/{id}")).await;
    assert_eq!((&seen["user"], ids(&seen["bookings"])), (&me, vec![two.clone(), one.clone()]));
    let page = get(&format!("/v1/admin/users/{id}?limit=1")).await;
    assert_eq!(ids(&page["bookings"]), [two.as_str()]);
    let cursor = text(&page["bookings"], "next_cursor");
    let page = get(&format!("/v1/admin/users/{id}?limit=1&cursor={cursor}")).await;
    assert_eq!(ids(&page["bookings"]), [one.as_str()]);

    let list = async |query: &str| ids(&get(&format!("/v1/admin/bookings?user={id}{query}")).await);
    assert_eq!(list("").await, [two.as_str(), &one]);
    assert_eq!(list("&status=confirmed").await, [two.as_str()]);
    assert_eq!(list("&status=cancelled").await, [one.as_str()]);
    if house.local.is_some() {
        assert_eq!(list("&status=held").await, [held.as_str()]);
        let made = text(&get(&format!("/v1/bookings/{two}")).await, "created_at");
        assert_eq!(list(&format!("&from={made}")).await, [two.as_str()]);
        assert_eq!(list(&format!("&to={made}")).await, [one.as_str()]);
    }
}

#[tokio::test]
async fn bad_questions_about_customers_are_named() {
    let house = House::open().await;
    let staff = house.staff().await;
    let long = format!("/v1/admin/users?q={}", "x".repeat(201));
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (path, field) in [
        (long.as_str(), "q"),
        ("/v1/admin/users?cursor=x", "cursor"),
        ("/v1/admin/users?limit=0", "limit"),
        ("/v1/admin/users?name=ada", "name"),
        ("/v1/admin/bookings?user=1", "user"),
        ("/v1/admin/bookings?from=today", "from"),
        ("/v1/admin/bookings?from=2036-11-27T18:30:00Z&to=2036-11-27T18:30:00Z", "to"),
    ] {
        house.get(path).bearer(&staff).send().await.refused_field(field);
    }
    for path in [format!("/v1/admin/users/{nobody}"), format!("/v1/admin/bookings?user={nobody}")] {
        house.get(&path).bearer(&staff).send().await.refused(404, "not_found");
    }
    house.get("/v1/admin/users/1").bearer(&staff).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn staff_delete_a_customer() {
    let house = House::open().await;
    let staff = house.staff().await;
    let customer = text(&house.customer().await, "access_token");
    let id = text(&house.get("/v1/me").bearer(&customer).send().await.expect(200), "id");
    let show = house.show("A: ########").await;
    let hold = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let hold = house.post("/v1/bookings", &hold).bearer(&customer).send().await.expect(201);
    let counter = json!({ "payment": { "provider": "counter" } });
    let booking = format!("/v1/bookings/{}", text(&hold, "id"));
    house.post(&format!("{booking}/confirm"), &counter).bearer(&customer).send().await.expect(200);

    let path = format!("/v1/admin/users/{id}");
    let delete = |query: &str| house.call(reqwest::Method::DELETE, &format!("{path}{query}"));
    delete("").send().await.refused(401, "unauthenticated");
    delete("").bearer(&customer).send().await.refused(401, "unauthenticated");
    delete("?bookings=keep").bearer(&staff).send().await.refused_field("bookings");
    delete("").bearer(&staff).send().await.refused(409, "booking_state");
    house.get(&path).bearer(&staff).send().await.expect(200);
    delete("?bookings=cancel").bearer(&staff).send().await.expect(204);
    house.get(&path).bearer(&staff).send().await.refused(404, "not_found");
    delete("?bookings=cancel").bearer(&staff).send().await.refused(404, "not_found");
    let booking = house.get(&booking).bearer(&staff).send().await.expect(200);
    assert_eq!((&booking["status"], &booking["cancellation"]["by"]), (&json!("cancelled"), &json!("house")));
    assert_eq!(booking["customer"], Value::Null);
}
