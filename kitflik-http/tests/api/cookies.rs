//! Browsers' sessions: tokens in cookies, and who may use them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{Call, House, PASSWORD, Reply, text, unique};

const CUSTOMERS: &str = "/v1/auth/session";
const STAFF: &str = "/v1/admin/auth/session";

/// A browser: it keeps cookies, and a page of it the token for its commands.
struct Browser<'a> {
    house: &'a House,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl<'a> Browser<'a> {
    fn new(house: &'a House) -> Self {
        Self { house, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// With a customer of its own logged in.
    async fn of_customer(house: &'a House) -> Self {
        let email = format!("{}@example.org", unique("eve").replace(' ', "."));
        let account = json!({ "email": email, "password": PASSWORD, "name": "Eve" });
        house.post("/v1/auth/register", &account).send().await.expect(201);
        let mut browser = Self::new(house);
        browser.log_in(CUSTOMERS, &email, PASSWORD).await;
        browser
    }

    async fn log_in(&mut self, path: &str, email: &str, password: &str) -> Value {
        let reply = self.house.post(path, &json!({ "email": email, "password": password })).send().await;
        self.learn(&reply);
        let session = reply.expect(200);
        self.csrf = text(&session, "csrf_token");
        session
    }

    fn learn(&mut self, reply: &Reply) {
        for cookie in reply.cookies() {
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            for attribute in ["Path=/", "HttpOnly", "SameSite=Strict"] {
                assert!(attributes.split("; ").any(|other| other == attribute), "{cookie}");
            }
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// With the cookies alone, as another site could make a browser send it.
    fn bare(&self, method: Method, path: &str) -> Call {
        let call = self.house.call(method, path);
        if self.cookies.is_empty() {
            return call;
        }
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        call.header("cookie", pairs.join("; "))
    }

    /// As a page sends it.
    fn page(&self, method: Method, path: &str) -> Call {
        self.bare(method, path).header("x-csrf-token", &self.csrf).header("sec-fetch-site", "same-origin")
    }

    async fn state(&self, path: &str) -> String {
        text(&self.bare(Method::GET, path).send().await.expect(200), "state")
    }

    async fn renew(&mut self, path: &str) -> Reply {
        let reply = self.page(Method::PUT, path).send().await;
        self.learn(&reply);
        if reply.status == 200 {
            self.csrf = text(&reply.json(), "csrf_token");
        }
        reply
    }
}

#[tokio::test]
async fn a_customer_logs_in_buys_and_logs_out_by_cookies_alone() {
    let house = House::open().await;
    let mut browser = Browser::of_customer(&house).await;
    assert_eq!(browser.cookies.len(), 2);
    assert_eq!(browser.state(CUSTOMERS).await, "open");
    assert_eq!(browser.state(STAFF).await, "none");
    assert_eq!(browser.bare(Method::GET, "/v1/me").send().await.expect(200)["name"], "Eve");
    let show = house.show("A: ########").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let hold = browser.page(Method::POST, "/v1/bookings").json(&body).send().await.expect(201);
    assert_eq!(hold.get("booking_token"), None, "the session is enough");
    let path = format!("/v1/bookings/{}/confirm", text(&hold, "id"));
    let counter = json!({ "payment": { "provider": "counter" } });
    browser.page(Method::POST, &path).json(&counter).send().await.expect(200);
    let mine = browser.bare(Method::GET, "/v1/me/bookings").send().await.expect(200);
    assert_eq!(mine["items"][0]["id"], hold["id"]);

    let before = browser.cookies.clone();
    let reply = browser.page(Method::DELETE, CUSTOMERS).send().await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    browser.learn(&reply);
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.state(CUSTOMERS).await, "none");
    browser.page(Method::DELETE, CUSTOMERS).send().await.expect(204);
    // The session is over, not only forgotten.
    browser.cookies = before;
    browser.renew(CUSTOMERS).await.refused(401, "unauthenticated");
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn no_token_is_in_a_body_and_a_wrong_password_gives_none() {
    let house = House::open().await;
    let email = format!("{}@example.org", unique("kim").replace(' ', "."));
    let account = json!({ "email": email, "password": PASSWORD, "name": "Kim" });
    house.post("/v1/auth/register", &account).send().await.expect(201);
    let mut browser = Browser::new(&house);
    let session = browser.log_in(CUSTOMERS, &email, PASSWORD).await.to_string();
    for value in browser.cookies.values() {
        assert!(!session.contains(value.as_str()), "{session}");
    }
    let wrong =
        house.post(CUSTOMERS, &json!({ "email": email, "password": "not the password" })).send().await;
    wrong.refused(401, "invalid_credentials");
    assert!(wrong.cookies().is_empty());
}

#[tokio::test]
async fn a_command_that_no_page_of_the_house_has_sent_is_refused() {
    let house = House::open().await;
    let browser = Browser::of_customer(&house).await;
    let other = Browser::of_customer(&house).await;
    let show = house.show("A: ########").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let hold = |call: Call| call.json(&body).send();
    let post = || browser.bare(Method::POST, "/v1/bookings");
    hold(post()).await.refused(403, "csrf_failed");
    hold(post().header("x-csrf-token", "")).await.refused(403, "csrf_failed");
    hold(post().header("x-csrf-token", &other.csrf)).await.refused(403, "csrf_failed");
    for site in ["cross-site", "same-site", "none"] {
        let call = post().header("x-csrf-token", &browser.csrf).header("sec-fetch-site", site);
        hold(call).await.refused(403, "csrf_failed");
    }
    let call = post().header("x-csrf-token", &browser.csrf).header("origin", "https://evil.example");
    hold(call).await.refused(403, "csrf_failed");
    for method in [Method::PUT, Method::DELETE] {
        browser.bare(method, CUSTOMERS).send().await.refused(403, "csrf_failed");
    }
    // Nobody logs a browser in as somebody else.
    let log_in = json!({ "email": "ada@example.org", "password": PASSWORD });
    let foreign = house.post(CUSTOMERS, &log_in).header("sec-fetch-site", "cross-site").send().await;
    foreign.refused(403, "csrf_failed");
    assert_eq!(house.states(&show).await, "........");
    assert_eq!(browser.state(CUSTOMERS).await, "open");
    hold(browser.page(Method::POST, "/v1/bookings")).await.expect(201);
}

#[tokio::test]
async fn who_asks_is_said_once() {
    let house = House::open().await;
    let browser = Browser::of_customer(&house).await;
    let access = text(&house.customer().await, "access_token");
    browser.page(Method::GET, "/v1/me").bearer(&access).send().await.refused(400, "malformed");
    let show = house.show("A: ########").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let path = format!("/v1/bookings/{}", text(&hold, "id"));
    browser.bare(Method::GET, &path).booking(&hold).send().await.refused(400, "malformed");
    // Without a cookie of the session, tokens in the header work as ever, wherever the request comes from.
    let release = house.call(Method::POST, &format!("{path}/release")).booking(&hold);
    release.header("sec-fetch-site", "cross-site").header("cookie", "theme=dark").send().await.expect(200);
    let (name, value) = browser.cookies.iter().next().unwrap();
    let twice = house.get("/v1/me").header("cookie", format!("{name}={value}; {name}={value}"));
    twice.send().await.refused(400, "malformed");
}

#[tokio::test]
async fn cookies_of_customers_and_of_staff_are_not_the_same() {
    let house = House::open().await;
    let mut customer = Browser::of_customer(&house).await;
    customer.page(Method::GET, "/v1/admin/price-cards").send().await.refused(401, "unauthenticated");
    let names: Vec<_> = customer.cookies.keys().cloned().collect();
    let staff_name = |name: &str| name.replace("kitflik", "kitflik-staff");
    let renamed = customer.cookies.iter().map(|(name, value)| (staff_name(name), value.clone()));
    customer.cookies = renamed.collect();
    customer.page(Method::GET, "/v1/admin/price-cards").send().await.refused(401, "unauthenticated");
    assert_eq!(customer.state(STAFF).await, "expired");
    customer.renew(STAFF).await.refused(401, "unauthenticated");
    assert!(customer.cookies.is_empty());

    let (email, password) = house.staff_account();
    let mut staff = Browser::new(&house);
    staff.log_in(STAFF, &email, &password).await;
    assert_eq!(staff.state(STAFF).await, "open");
    staff.bare(Method::GET, "/v1/admin/price-cards").send().await.expect(200);
    let venue = json!({ "name": unique("Venue"), "city": "Berlin", "zone": "Europe/Berlin" });
    let add = |call: Call| call.json(&venue).send();
    add(staff.bare(Method::POST, "/v1/admin/venues")).await.refused(403, "csrf_failed");
    add(staff.page(Method::POST, "/v1/admin/venues")).await.expect(201);
    // Elsewhere staff's cookies say nothing.
    staff.bare(Method::GET, "/v1/me").send().await.refused(401, "unauthenticated");
    for (name, cookie) in names.iter().zip(staff.cookies.clone().into_values()) {
        staff.cookies.insert(name.clone(), cookie);
    }
    staff.bare(Method::GET, "/v1/me").send().await.refused(401, "unauthenticated");
    for name in &names {
        staff.cookies.remove(name);
    }
    // Staff's access ends at once.
    let before = staff.cookies.clone();
    let reply = staff.page(Method::DELETE, STAFF).send().await;
    reply.expect(204);
    staff.cookies = before;
    staff.bare(Method::GET, "/v1/admin/price-cards").send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_session_that_ran_out_is_opened_again_once_for_each_refresh() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let mut browser = Browser::of_customer(&house).await;
    local.clock.forward(16 * 60);
    assert_eq!(browser.state(CUSTOMERS).await, "expired");
    browser.bare(Method::GET, "/v1/me").send().await.refused(401, "unauthenticated");
    // It is not taken for nobody's.
    let body = json!({ "show_id": house.show("A: ####").await.id, "seats": ["A1"] });
    let hold = browser.page(Method::POST, "/v1/bookings").json(&body).send().await;
    hold.refused(401, "unauthenticated");
    let (before, csrf) = (browser.cookies.clone(), browser.csrf.clone());
    browser.renew(CUSTOMERS).await.expect(200);
    assert_eq!(browser.state(CUSTOMERS).await, "open");
    assert_ne!(browser.csrf, csrf);
    // A copy of the old cookies ends the session for both.
    let mut thief = Browser { house: &house, cookies: before, csrf };
    thief.renew(CUSTOMERS).await.refused(401, "unauthenticated");
    browser.renew(CUSTOMERS).await.refused(401, "unauthenticated");
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn cookies_are_taken_back_even_if_the_session_cannot_be_ended() {
    let house = House::open().await;
    let Some(local) = &house.local else { return };
    let mut browser = Browser::of_customer(&house).await;
    local.storage.set_off(true);
    let reply = browser.page(Method::DELETE, CUSTOMERS).may_fail().send().await;
    local.storage.set_off(false);
    reply.refused(503, "unavailable");
    browser.learn(&reply);
    assert!(browser.cookies.is_empty());
}
