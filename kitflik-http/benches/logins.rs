//! Log-ins against bare argon2, and what they do to those who only look at the programme: one run, rounds in turn,
//! the real server on this machine. It ends by itself, within two minutes. How to read it: `docs/benchmarks.md`.
//!
//! Rounds may be given: `cargo bench -p kitflik-http --bench logins -- 5`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for engineers: it prints, and stops on errors"
)]

#[path = "../tests/server_support/mod.rs"]
mod server_support;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kitflik_core::{Argon2id, Kitflik, MasterKey, MemoryStorage, RegisterUser};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use server_support::Server;

/// Who log in at the same time.
const CLIENTS: usize = 64;
/// Log-ins in a round.
const LOG_INS: usize = 192;
/// Looks at the programme, without and with log-ins beside them.
const LOOKS: usize = 1500;
/// Log-ins and forgotten passwords whose times are compared, of each kind.
const PAIRS: usize = 40;
const MOST_ROUNDS: usize = 9;
const PASSWORD: &str = "correct horse battery";

fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let rounds = rounds.unwrap_or(3).clamp(1, MOST_ROUNDS);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(rounds));
}

async fn run(rounds: usize) {
    let data = tempfile::tempdir().unwrap();
    // Each request may say where it comes from: failures of one address would be made to wait.
    let server =
        Server::start_with(data.path(), |command| command.env("KITFLIK_TRUSTED_PROXIES", "127.0.0.1"));
    let client = Client::builder().no_proxy().pool_max_idle_per_host(CLIENTS + 8).build().unwrap();
    let house = Arc::new(House { server, client, next: AtomicUsize::new(0) });
    for number in 0..CLIENTS.max(PAIRS) {
        let account = json!({ "email": known(number), "password": PASSWORD, "name": "Ada" });
        let (status, _) = house.ask(Method::POST, "/v1/auth/register", Some(account)).await;
        assert_eq!(status, 201);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = (cores / 2).max(1);
    println!("{CLIENTS} clients, {rounds} rounds, {cores} cores, {threads} of them for hashes");

    let (mut ratios, mut rates, mut calm, mut busy, mut factors) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let bare = bare_argon2(threads);
        let rate = log_ins(&house).await;
        rates.push(rate);
        ratios.push(rate / bare);
        let alone = looks(&house).await;
        let beside = looks_beside_log_ins(&house).await;
        factors.push(beside / alone);
        calm.push(alone);
        busy.push(beside);
    }
    println!("log-ins a second                                {:>9.1}", median(rates));
    println!("log-ins / bare argon2 on as many threads        {:>9.2}", median(ratios));
    println!("GET /v1/movies, p99, ms                         {:>9.2}", median(calm));
    println!("GET /v1/movies beside {CLIENTS} log-ins, p99, ms       {:>9.2}", median(busy));
    println!("its p99 with / without log-ins                  {:>9.2}", median(factors));
    let wrong = |email: String| json!({ "email": email, "password": "not the password" });
    compare(&house, "a wrong log-in", "/v1/auth/login", wrong).await;
    compare(&house, "a forgotten password", "/v1/auth/password/forgot", |email| json!({ "email": email }))
        .await;
    println!("an access token is checked in, µs               {:>9.2}", token_check().await);
}

struct House {
    server: Server,
    client: Client,
    next: AtomicUsize,
}

impl House {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, bytes::Bytes) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let from = format!("10.{}.{}.{}", number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
        let request = self.server.request(&self.client, method, path).header("x-forwarded-for", from);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    }

    async fn log_in(&self, number: usize) {
        let body = json!({ "email": known(number % CLIENTS), "password": PASSWORD });
        let (status, _) = self.ask(Method::POST, "/v1/auth/login", Some(body)).await;
        assert_eq!(status, 200);
    }
}

fn known(number: usize) -> String {
    format!("ada{number}@example.org")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn percentile_ms(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}

/// Verifications a second, on as many threads as the server has for them.
fn bare_argon2(threads: usize) -> f64 {
    let argon2 = Argon2id::default();
    let hash = argon2.hash_blocking(PASSWORD, &[7; 16]).unwrap();
    let each = LOG_INS / threads;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    assert!(black_box(argon2.verify_blocking(PASSWORD, &hash).unwrap()));
                }
            });
        }
    });
    (each * threads) as f64 / start.elapsed().as_secs_f64()
}

/// Log-ins a second.
async fn log_ins(house: &Arc<House>) -> f64 {
    let left = Arc::new(AtomicUsize::new(LOG_INS));
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (house, left) = (Arc::clone(house), Arc::clone(&left));
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    house.log_in(number).await;
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    LOG_INS as f64 / start.elapsed().as_secs_f64()
}

/// The 99th percentile of looks at the programme, one after the other.
async fn looks(house: &House) -> f64 {
    let mut times = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let start = Instant::now();
        let (status, _) = house.ask(Method::GET, "/v1/movies", None).await;
        times.push(start.elapsed());
        assert_eq!(status, 200);
    }
    percentile_ms(&mut times, 99)
}

/// The same while all clients log in again and again.
async fn looks_beside_log_ins(house: &Arc<House>) -> f64 {
    let enough = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (house, enough) = (Arc::clone(house), Arc::clone(&enough));
            tokio::spawn(async move {
                while !enough.load(Ordering::Relaxed) {
                    house.log_in(number).await;
                }
            })
        })
        .collect();
    let p99 = looks(house).await;
    enough.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    p99
}

/// How long something takes for an address that has an account, and for one that has none. In turn, each address once.
async fn compare(house: &House, what: &str, path: &str, body: impl Fn(String) -> Value) {
    let (mut with, mut without) = (vec![], vec![]);
    for number in 0..PAIRS {
        for (email, times) in
            [(known(number), &mut with), (format!("nobody{number}@example.org"), &mut without)]
        {
            let start = Instant::now();
            let (status, answer) = house.ask(Method::POST, path, Some(body(email))).await;
            times.push(start.elapsed());
            match status {
                404 => return println!("{what}: this server has no such route"),
                200..=299 | 401 => {}
                _ => panic!("{what}: {status} {answer:?}"),
            }
        }
    }
    let (with, without) = (percentile_ms(&mut with, 50), percentile_ms(&mut without, 50));
    println!("{:48}{:>9.2}", format!("{what}, account / no account, p50"), with / without);
}

/// Microseconds for the check of a customer's access token, in process.
async fn token_check() -> f64 {
    const CHECKS: u32 = 20_000;
    let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32])).build().unwrap();
    let new: RegisterUser =
        serde_json::from_value(json!({ "email": known(0), "password": PASSWORD, "name": "Ada" })).unwrap();
    kitflik.users().register(&new).await.unwrap();
    let log_in = serde_json::from_value(json!({ "email": known(0), "password": PASSWORD })).unwrap();
    let token = kitflik.users().log_in(&log_in).await.unwrap().access_token;
    let start = Instant::now();
    for _ in 0..CHECKS {
        black_box(kitflik.users().authenticate(black_box(&token)).unwrap());
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS)
}
