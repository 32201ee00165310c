//! Many customers at once, and servers that are killed in the middle of it.
//!
//! Every customer goes on after a kill where it was, as people do: with the same idempotency key, so that
//! what was done before the kill is not done again.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "part of a test: it tells, and panics where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::server_support::{Server, send};

/// Refusals in a row after which a customer goes home.
const PATIENCE: u32 = 12;
const SEED: u64 = 20_261_123;

/// What was promised: the seats of each booking whose confirm was answered with 200, and the guest's token.
#[derive(Default)]
struct Promises(Mutex<BTreeMap<String, (BTreeSet<String>, String)>>);

/// Neighbouring seats.
type Pairs = Arc<Vec<[String; 2]>>;

/// The time from one kill to the next.
struct Round {
    life: usize,
    /// The servers, and which of them is killed at the end.
    bases: Vec<String>,
    victim: usize,
    holds_survive: bool,
    client: Client,
    show: String,
    pairs: Pairs,
    promises: Arc<Promises>,
    /// Confirms until the kill; none in the last round.
    confirms_left: Option<AtomicUsize>,
    enough: Notify,
    killed: AtomicBool,
}

/// What a customer has in hand.
#[derive(Clone)]
enum Hand {
    /// Seats that are wanted, and the idempotency key of asking for them.
    Wish([String; 2], String),
    /// A hold, the round that it was made in, and the idempotency key of buying it.
    Held { id: String, token: String, seats: BTreeSet<String>, key: String, life: usize },
}

struct Customer {
    random: fastrand::Rng,
    number: u64,
    commands: u64,
    hand: Option<Hand>,
}

impl Customer {
    fn key(&mut self) -> String {
        self.commands += 1;
        format!("customer-{}-{}", self.number, self.commands)
    }

    /// Buys until a server is killed, or until it is refused too often.
    async fn shop(mut self, round: Arc<Round>) -> Self {
        let mut refused = 0;
        while refused < PATIENCE && !round.killed.load(Ordering::SeqCst) {
            let hand = match self.hand.take() {
                Some(hand) => hand,
                None => Hand::Wish(self.random.choice(round.pairs.iter()).unwrap().clone(), self.key()),
            };
            let answer = round.ask(self.number, &hand).await;
            let Some((status, body)) = answer else {
                // Unanswered: after the restart it is asked again, in the same words.
                self.hand = Some(hand);
                break;
            };
            match (status, hand) {
                (201, Hand::Wish(pair, _)) => {
                    let seats = seats_of(&body);
                    assert_eq!(seats, BTreeSet::from(pair), "{body}");
                    self.hand = Some(Hand::Held {
                        id: body["id"].as_str().unwrap().to_owned(),
                        token: body["booking_token"].as_str().unwrap().to_owned(),
                        seats,
                        key: self.key(),
                        life: round.life,
                    });
                }
                (200, Hand::Held { id, token, seats, .. }) => {
                    assert_eq!(
                        (body["status"].as_str(), seats_of(&body)),
                        (Some("confirmed"), seats.clone())
                    );
                    round.promise(id, seats, token);
                    refused = 0;
                }
                // A kill may lose a hold, never a sale: the booking is unknown after it.
                (404, Hand::Held { life, .. }) if life < round.life && !round.holds_survive => {}
                (status, hand) => {
                    let code =
                        body["code"].as_str().unwrap_or_else(|| panic!("{status} without a code: {body}"));
                    let confirm = matches!(hand, Hand::Held { .. });
                    let allowed = match status {
                        409 | 422 => true,
                        410 => confirm && code == "hold_expired",
                        _ => false,
                    };
                    assert!(
                        allowed,
                        "{status} {code} for {}: {body}",
                        if confirm { "a confirm" } else { "a hold" }
                    );
                    refused += 1;
                }
            }
        }
        self
    }
}

fn seats_of(booking: &Value) -> BTreeSet<String> {
    let seats = booking["seats"].as_array().unwrap_or_else(|| panic!("no seats in {booking}"));
    seats.iter().map(|seat| seat["id"].as_str().unwrap().to_owned()).collect()
}

impl Round {
    /// The answer; none if the server was killed meanwhile. In each round a customer asks another server.
    async fn ask(&self, customer: u64, hand: &Hand) -> Option<(u16, Value)> {
        let server = (usize::try_from(customer).unwrap() + self.life) % self.bases.len();
        let base = &self.bases[server];
        let request = match hand {
            Hand::Wish(pair, key) => self
                .client
                .post(format!("{base}/v1/bookings"))
                .header("idempotency-key", key)
                .json(&json!({ "show_id": self.show, "seats": pair })),
            Hand::Held { id, token, key, .. } => self
                .client
                .post(format!("{base}/v1/bookings/{id}/confirm"))
                .header("authorization", format!("Booking {token}"))
                .header("idempotency-key", key)
                .json(&json!({ "payment": { "provider": "counter" } })),
        };
        match send(request).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                let killed = server == self.victim && self.killed.load(Ordering::SeqCst);
                assert!(killed, "no answer from a server that is up: {error:?}");
                None
            }
        }
    }

    fn promise(&self, id: String, seats: BTreeSet<String>, token: String) {
        self.promises.0.lock().unwrap().insert(id, (seats, token));
        if let Some(left) = &self.confirms_left
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            self.enough.notify_one();
        }
    }
}

/// Every pair of neighbours of a show.
async fn neighbours(server: &Server, client: &Client, layout: &str) -> Vec<[String; 2]> {
    let layout = server.get(client, &format!("/v1/layouts/{layout}")).await;
    let seats = layout["seats"].as_array().unwrap();
    assert_eq!(seats.len(), 300);
    let text = |seat: &Value, field: &str| seat[field].as_str().unwrap_or_default().to_owned();
    let place = |seat: &Value| (text(seat, "section"), text(seat, "row"), seat["block"].as_u64());
    let pair = |two: &[Value]| [text(&two[0], "id"), text(&two[1], "id")];
    seats.windows(2).filter(|two| place(&two[0]) == place(&two[1])).map(pair).collect()
}

/// Every promise is kept, and none twice.
async fn audit(server: &Server, client: &Client, show: &str, layout: &str, promises: &Promises) {
    let promises = promises.0.lock().unwrap().clone();
    let mut sold: BTreeMap<&String, &String> = BTreeMap::new();
    for (booking, (seats, _)) in &promises {
        for seat in seats {
            if let Some(other) = sold.insert(seat, booking) {
                panic!("seat {seat} was sold twice: to {other} and to {booking}");
            }
        }
    }
    for (booking, (seats, token)) in &promises {
        let request = server
            .request(client, Method::GET, &format!("/v1/bookings/{booking}"))
            .header("authorization", format!("Booking {token}"));
        let (status, body) = send(request).await.unwrap();
        assert_eq!((status, body["status"].as_str()), (200, Some("confirmed")), "{booking}: {body}");
        assert_eq!(&seats_of(&body), seats, "{booking}");
    }
    let layout = server.get(client, &format!("/v1/layouts/{layout}")).await;
    let map = server.get(client, &format!("/v1/shows/{show}/seats")).await;
    let states: Vec<char> = map["states"].as_str().unwrap().chars().collect();
    for (seat, state) in layout["seats"].as_array().unwrap().iter().zip(states) {
        let id = seat["id"].as_str().unwrap().to_owned();
        assert!(!sold.contains_key(&id) || state == 's', "seat {id} was sold, and the map says {state:?}");
    }
}

/// How many of each.
pub(crate) struct Rush {
    pub(crate) servers: usize,
    /// One server at a time, each in its turn.
    pub(crate) kills: usize,
    pub(crate) customers: u64,
    /// Whether a kill takes back holds that were answered.
    pub(crate) holds_survive: bool,
}

impl Rush {
    /// Starts the servers, by their numbers, and lets the customers in. A server that was killed is started again.
    pub(crate) async fn run(self, start: impl Fn(usize) -> Server + Sync) {
        let mut random = fastrand::Rng::with_seed(SEED);
        let promises = Arc::new(Promises::default());
        let mut customers: Vec<Customer> = (0..self.customers)
            .map(|number| Customer { random: random.fork(), number, commands: 0, hand: None })
            .collect();
        // At once: what only one of them may do must be done once.
        let mut servers: Vec<Server> = std::thread::scope(|scope| {
            let start = &start;
            let start = |number| scope.spawn(move || start(number));
            let starting: Vec<_> = (0..self.servers).map(start).collect();
            starting.into_iter().map(|started| started.join().unwrap()).collect()
        });
        let mut of_show: Option<(String, String, Pairs)> = None;
        for life in 0..=self.kills {
            // A client of its own for each round: some connections of the one before are dead.
            let client = Client::builder().no_proxy().build().unwrap();
            // The one that was started last: it has read nothing yet, so its seat maps are new.
            let victim = life % self.servers;
            let newest = (life + self.servers - 1) % self.servers;
            let (show, layout, pairs) = match &of_show {
                Some(known) => known.clone(),
                None => {
                    let show = servers[newest].large_show(&client).await;
                    let text = |field: &str| show[field].as_str().unwrap().to_owned();
                    let pairs = Arc::new(neighbours(&servers[newest], &client, &text("layout_id")).await);
                    of_show.insert((text("id"), text("layout_id"), pairs)).clone()
                }
            };
            audit(&servers[newest], &client, &show, &layout, &promises).await;
            let until_kill = (life < self.kills).then(|| random.usize(5..25));
            let round = Arc::new(Round {
                life,
                bases: servers.iter().map(|server| server.base.clone()).collect(),
                victim,
                holds_survive: self.holds_survive,
                client: client.clone(),
                show: show.clone(),
                pairs,
                promises: Arc::clone(&promises),
                confirms_left: until_kill.map(AtomicUsize::new),
                enough: Notify::new(),
                killed: AtomicBool::new(false),
            });
            let shopping: Vec<_> =
                customers.drain(..).map(|customer| tokio::spawn(customer.shop(Arc::clone(&round)))).collect();
            if until_kill.is_some() {
                round.enough.notified().await;
                round.killed.store(true, Ordering::SeqCst);
                servers[victim].kill();
            }
            for customer in shopping {
                customers.push(customer.await.unwrap());
            }
            let sold = promises.0.lock().unwrap().len();
            let busy = customers.iter().filter(|customer| customer.hand.is_some()).count();
            println!(
                "round {life}: {sold} bookings sold so far, {busy} customers were in the middle of something"
            );
            // After the last round too: what a server of this round says of its maps may be a second old.
            servers[victim].kill();
            servers[victim] = start(victim);
            if until_kill.is_none() {
                audit(&servers[victim], &client, &show, &layout, &promises).await;
            }
        }
        let sold = promises.0.lock().unwrap().len();
        assert!(sold >= 60, "only {sold} bookings were sold: this was no rush");
    }
}
