//! What happens in the run, and in which order.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "part of a test: it tells, and panics where it fails"
)]

mod audit;
mod customers;
mod quiet;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::server_support::{Server, send};
use super::sink_support::Sink;
use customers::Customer;

const SEED: u64 = 20_261_126;
/// Shows that are sold.
const SHOWS: usize = 8;
const STAFF: (&str, &str) = ("boss@example.org", "correct horse battery");
/// Who the house's mail is from.
const FROM: &str = "tickets@lichtspiele.example";

/// How long it goes on.
pub(crate) struct Saga {
    /// Kills, at least.
    pub(crate) kills: usize,
    /// And this long, at least.
    pub(crate) seconds: u64,
    pub(crate) customers: u64,
}

/// The time from one start of the server to its end.
pub(super) struct Life {
    number: usize,
    base: String,
    client: Client,
    shows: Arc<Vec<String>>,
    /// What staff show at the door.
    staff: String,
    /// Answers until the kill.
    left: AtomicUsize,
    enough: Notify,
    killed: AtomicBool,
}

fn start(data: &Path, sink: &Sink) -> Server {
    Server::start_with(data, |command| {
        command
            .env("KITFLIK_SMTP_URL", sink.url())
            .env("KITFLIK_MAIL_FROM", FROM)
            .env("KITFLIK_STAFF_EMAIL", STAFF.0)
            .env("KITFLIK_STAFF_PASSWORD", STAFF.1)
    })
}

async fn staff_token(server: &Server, client: &Client) -> String {
    let request = server.request(client, Method::POST, "/v1/admin/auth/login");
    let body = json!({ "email": STAFF.0, "password": STAFF.1 });
    let (status, body) = send(request.json(&body)).await.unwrap();
    assert_eq!(status, 200, "{body}");
    format!("Bearer {}", body["access_token"].as_str().unwrap())
}

impl Saga {
    pub(crate) async fn run(self) {
        let (data, mut sink) = (tempfile::tempdir().unwrap(), Sink::start());
        sink.keep();
        let began = Instant::now();
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut customers: Vec<Customer> =
            (0..self.customers).map(|number| Customer::new(number, random.fork())).collect();
        let mut shows = Arc::new(Vec::new());
        let mut lives = 0;
        while lives < self.kills || began.elapsed() < Duration::from_secs(self.seconds) {
            let mut server = start(data.path(), &sink);
            // A client of its own for each life: the connections of the one before are dead.
            let client = Client::builder().no_proxy().build().unwrap();
            if shows.is_empty() {
                // Not those of the next days: all that is promised is done before they begin.
                let all = server.large_shows(&client).await;
                let late = all.iter().rev().take(SHOWS);
                shows = Arc::new(late.map(|show| text(show, "id").to_owned()).collect());
            }
            let life = Arc::new(Life {
                number: lives,
                base: server.base.clone(),
                staff: staff_token(&server, &client).await,
                client,
                shows: Arc::clone(&shows),
                left: AtomicUsize::new(random.usize(30..150)),
                enough: Notify::new(),
                killed: AtomicBool::new(false),
            });
            let living: Vec<_> =
                customers.drain(..).map(|customer| tokio::spawn(customer.live(Arc::clone(&life)))).collect();
            life.enough.notified().await;
            life.killed.store(true, std::sync::atomic::Ordering::SeqCst);
            server.kill();
            for customer in living {
                customers.push(customer.await.unwrap());
            }
            lives += 1;
        }
        let deals: Vec<_> = customers.into_iter().flat_map(Customer::deals).collect();
        println!("{lives} kills and {} deals in {} s", deals.len(), began.elapsed().as_secs());
        let house = quiet::quiet(data.path(), &sink).await;
        let told = audit::audit(&house, &deals, &sink.kept());
        println!("{told:?}, quiet after {} s", began.elapsed().as_secs());
        // A run in which nothing happens proves nothing.
        told.assert_lively();

        let server = start(data.path(), &sink);
        let client = Client::builder().no_proxy().build().unwrap();
        audit::over_http(&server, &client, &house, &deals).await;
        let staff = staff_token(&server, &client).await;
        audit::settled(&server, &client, &staff, &house.days).await;
    }
}

/// A text of a document.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}
