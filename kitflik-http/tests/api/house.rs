//! A house to test, and a client that checks of every answer what must be true of all of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use kitflik_core::testing::ports::Mailbox;
use kitflik_core::{
    Argon2id, Batch, Clock, Commit, Kitflik, MasterKey, MemoryStorage, NewStaff, Policy, Read, Role, Row,
    Storage, StorageError, TestPayments, Timestamp,
};
use kitflik_http::{Cors, ProblemCode, Readiness, RouterOptions, router};
use reqwest::{Method, header};
use serde_json::{Value, json};

pub(crate) const STAFF_EMAIL: &str = "boss@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A clock that tests move.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(1000 * seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A storage that can be switched off.
pub(crate) struct Switch {
    storage: MemoryStorage,
    off: AtomicBool,
}

impl Switch {
    pub(crate) fn set_off(&self, off: bool) {
        self.off.store(off, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), StorageError> {
        let reason = || StorageError::Unavailable { reason: "secret-host is off".to_owned() };
        if self.off.load(Ordering::Relaxed) { Err(reason()) } else { Ok(()) }
    }
}

#[async_trait]
impl Storage for Switch {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.check()?;
        self.storage.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        self.check()?;
        self.storage.commit(batch).await
    }
}

/// What only a house in this process has.
pub(crate) struct Local {
    pub(crate) kitflik: Kitflik,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) payments: Arc<TestPayments>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) storage: Arc<Switch>,
    pub(crate) readiness: Readiness,
}

impl Local {
    /// The code in the last mail to an address.
    pub(crate) fn code(&self, email: &str) -> String {
        let mails = self.mailbox.mails();
        let mail = mails.iter().rev().find(|mail| mail.to == email).unwrap();
        let digits = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        mail.text.lines().find(digits).unwrap().to_owned()
    }

    /// Mail goes out in the background; here when a test says so.
    pub(crate) async fn send_mail(&self) {
        self.kitflik.tick().await.unwrap();
    }
}

pub(crate) struct House {
    base: String,
    client: reqwest::Client,
    pub(crate) local: Option<Local>,
}

/// What a show is sold by.
pub(crate) struct Show {
    pub(crate) id: String,
    pub(crate) movie: String,
    pub(crate) title: String,
    pub(crate) venue: String,
    pub(crate) auditorium: String,
    pub(crate) price_card: String,
}

/// A name that no other test uses.
pub(crate) fn unique(what: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static RUN: OnceLock<u128> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()
    });
    format!("{what} {run} {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// With a policy of its own, where the house is in this process.
    pub(crate) async fn open_with(edit: impl FnOnce(&mut Policy)) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        if let Ok(base) = std::env::var("KITFLIK_API_URL") {
            return Self { base: base.trim_end_matches('/').to_owned(), client, local: None };
        }
        let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(start.millis())));
        let storage = Arc::new(Switch { storage: MemoryStorage::new(), off: AtomicBool::new(false) });
        let mut policy = Policy::default();
        edit(&mut policy);
        let mailbox = Arc::new(Mailbox::default());
        let payments = Arc::new(TestPayments::new().with_events(b"a secret of two"));
        let kitflik = Kitflik::builder(storage.clone(), MasterKey::new([7; 32]))
            .policy(policy)
            .clock(clock.clone())
            .password_hasher(Arc::new(Argon2id::new(8, 1).unwrap()))
            .mailer(mailbox.clone())
            .payments("test", payments.clone())
            .build()
            .unwrap();
        let boss = NewStaff {
            email: STAFF_EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
            name: "The Boss".to_owned(),
            role: Role::Admin,
        };
        kitflik.staff().make_first(&boss).await.unwrap();
        let readiness = Readiness::default();
        let options = RouterOptions::default().readiness(readiness.clone()).cors(Cors::Any);
        let service = router(kitflik.clone(), options).into_make_service_with_connect_info::<SocketAddr>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { base, client, local: Some(Local { clock, storage, readiness, mailbox, payments, kitflik }) }
    }

    /// A while passes; where the clock is not ours, it passes by itself.
    pub(crate) fn wait(&self, seconds: i64) {
        if let Some(local) = &self.local {
            local.clock.forward(seconds);
        }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let url = reqwest::Url::parse(&format!("{}{path}", self.base)).unwrap();
        Call {
            request: self.client.request(method.clone(), url),
            method,
            path: path.to_owned(),
            may_fail: false,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// E-mail and password of the first staff account.
    pub(crate) fn staff_account(&self) -> (String, String) {
        let var = |name: &str, local: &str| std::env::var(name).unwrap_or_else(|_| local.to_owned());
        match self.local {
            Some(_) => (STAFF_EMAIL.to_owned(), PASSWORD.to_owned()),
            None => (var("KITFLIK_STAFF_EMAIL", STAFF_EMAIL), var("KITFLIK_STAFF_PASSWORD", PASSWORD)),
        }
    }

    pub(crate) async fn staff(&self) -> String {
        let (email, password) = self.staff_account();
        let reply = self.post("/v1/admin/auth/login", &json!({ "email": email, "password": password }));
        text(&reply.send().await.expect(200), "access_token")
    }

    /// A customer's tokens.
    pub(crate) async fn customer(&self) -> Value {
        let email = format!("{}@example.org", unique("ada").replace(' ', "."));
        let account = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        self.post("/v1/auth/register", &account).send().await.expect(201);
        let reply = self.post("/v1/auth/login", &json!({ "email": email, "password": PASSWORD }));
        reply.send().await.expect(200)
    }

    /// A show on sale with these seats; each seat costs 12.50 EUR, and a booking 1 EUR.
    pub(crate) async fn show(&self, layout: &str) -> Show {
        let staff = self.staff().await;
        let add =
            async |path: &str, body: Value| self.post(path, &body).bearer(&staff).send().await.expect(201);
        let place = json!({ "name": unique("Venue"), "city": "Berlin", "zone": "Europe/Berlin" });
        let venue = text(&add("/v1/admin/venues", place).await, "id");
        let plan = reqwest::Url::parse_with_params(
            "http://x/v1/admin/auditoriums/import",
            [("venue_id", venue.as_str()), ("name", "Screen 1")],
        );
        let plan = plan.unwrap();
        let path = format!("{}?{}", plan.path(), plan.query().unwrap());
        let import = self.call(Method::POST, &path).body("text/plain", layout.as_bytes().to_vec());
        let auditorium = text(&import.bearer(&staff).send().await.expect(201), "id");
        let price = |kind: &str, minor: i64| {
            let category = "standard";
            json!({ "category": category, "ticket_type": kind, "amount_minor": minor })
        };
        let card = json!({
            "name": unique("Prices"), "currency": "EUR", "booking_fee_minor": 100,
            "prices": [price("adult", 1250), price("child", 900)],
        });
        let price_card = text(&add("/v1/admin/price-cards", card).await, "id");
        let title = unique("Alien");
        let movie =
            text(&add("/v1/admin/movies", json!({ "title": title, "genres": ["Horror"] })).await, "id");
        let show = json!({
            "movie_id": movie, "auditorium_id": auditorium, "price_card_id": price_card,
            "starts_at_local": "2036-11-27T19:30",
        });
        let id = text(&add("/v1/admin/shows", show).await, "id");
        Show { id, movie, title, venue, auditorium, price_card }
    }

    pub(crate) async fn hold(&self, show: &Show, seats: &[&str]) -> Value {
        self.post("/v1/bookings", &json!({ "show_id": show.id, "seats": seats })).send().await.expect(201)
    }

    /// Listens to the seats of a show, having seen the event with this id.
    pub(crate) async fn listen(&self, show: &Show, last: Option<&str>) -> Events {
        let mut call = self.get(&format!("/v1/shows/{}/seats/events", show.id));
        if let Some(last) = last {
            call = call.header("last-event-id", last);
        }
        let response = call.request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("content-encoding"));
        Events { response, read: String::new() }
    }

    pub(crate) async fn states(&self, show: &Show) -> String {
        text(&self.get(&format!("/v1/shows/{}/seats", show.id)).send().await.expect(200), "states")
    }
}

/// A stream of events.
pub(crate) struct Events {
    response: reqwest::Response,
    read: String,
}

/// One of them.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Events {
    /// The next event; `None` at the end. Comments and what only says when to come back are passed over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                let field = |name: &str| {
                    let of = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
                    block.lines().find_map(of)
                };
                if let Some(data) = field("data") {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { name: field("event").unwrap(), id: field("id").unwrap(), data });
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    pub(crate) async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap();
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}

/// A text of an answer.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name} in {value}")).to_owned()
}

pub(crate) struct Call {
    request: reqwest::RequestBuilder,
    method: Method,
    path: String,
    may_fail: bool,
}

impl Call {
    pub(crate) fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = header::HeaderValue::from_bytes(value.as_ref()).unwrap();
        Self { request: self.request.header(name, value), ..self }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With the token that came with a guest's hold.
    pub(crate) fn booking(self, hold: &Value) -> Self {
        self.header("authorization", format!("Booking {}", text(hold, "booking_token")))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", serde_json::to_vec(body).unwrap())
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let call = self.header("content-type", content_type);
        Self { request: call.request.body(body.into()), ..call }
    }

    /// The house has been broken: it may answer 5xx.
    pub(crate) fn may_fail(self) -> Self {
        Self { may_fail: true, ..self }
    }

    pub(crate) async fn send(self) -> Reply {
        let reply = self.request.send().await.unwrap();
        let what = format!("{} {}", self.method, self.path);
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let body = reply.bytes().await.unwrap().to_vec();
        let reply = Reply { what, status, headers, body };
        reply.keep_house_rules(&self.method, &self.path, self.may_fail);
        reply
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    what: String,
    pub(crate) status: u16,
    headers: header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a browser would be given.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem, which must have this status and code.
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{}: {problem}", self.what);
        problem
    }

    /// The problem, which must be about this field.
    pub(crate) fn refused_field(&self, path: &str) -> Value {
        let problem = self.refused(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{}: {problem}", self.what));
        let about = errors.iter().any(|error| error["path"] == path);
        assert!(about, "{}: nothing about {path:?} in {problem}", self.what);
        problem
    }

    fn keep_house_rules(&self, method: &Method, path: &str, may_fail: bool) {
        let what = format!("{}: {} {}", self.what, self.status, self.text());
        assert!(may_fail || self.status < 500, "{what}");
        assert!(!self.header("x-request-id").is_empty(), "{what}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{what}");
        assert!(self.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
        assert!(!self.header("cache-control").is_empty(), "{what}");
        let path = path.split('?').next().unwrap();
        if let Some(documented) = documented(method, path) {
            assert!(documented.contains(&self.status.to_string()), "not in the OpenAPI document: {what}");
        }
        if self.status < 400 || method == Method::HEAD {
            return;
        }
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}");
        let problem = self.json();
        let code = text(&problem, "code");
        let known = ProblemCode::all().find(|known| known.as_str() == code);
        assert_eq!(known.map(|known| known.status().as_u16()), Some(self.status), "{what}");
        assert_eq!(problem["status"], self.status, "{what}");
        assert_eq!(problem["type"], format!("urn:kitflik:problem:{code}"), "{what}");
        assert!(!text(&problem, "title").is_empty() && !text(&problem, "detail").is_empty(), "{what}");
        assert_eq!(self.status == 401, !self.header("www-authenticate").is_empty(), "{what}");
        let wait =
            ["contended", "payment_pending"].contains(&code.as_str()) || [429, 503].contains(&self.status);
        assert_eq!(wait, !self.header("retry-after").is_empty(), "{what}");
    }
}

/// The statuses that the OpenAPI document has for a path, if it has the path.
fn documented(method: &Method, path: &str) -> Option<Vec<String>> {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| serde_json::to_value(kitflik_http::openapi()).unwrap());
    let alike = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(path).all(|(of, part)| *of == part || of.starts_with('{'))
    };
    let paths = document["paths"].as_object().unwrap();
    let exact = paths.get(path);
    let item = exact.or_else(|| paths.iter().find(|(template, _)| alike(template)).map(|(_, item)| item))?;
    let operation = item.get(method.as_str().to_lowercase())?;
    Some(operation["responses"].as_object().unwrap().keys().cloned().collect())
}
