//! Seat maps live: one show, many listeners, holds and releases beside them, the real server on this machine. How long
//! a change takes from its answer to each listener. It ends by itself, within a minute. How to read it:
//! `docs/benchmarks.md`.
//!
//! Listeners and changes a second may be given: `cargo bench -p kitflik-http --bench listeners -- 1000 20`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for engineers: it prints, and stops on errors"
)]

#[path = "../tests/server_support/mod.rs"]
mod server_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use server_support::{Server, send};
use tokio::sync::mpsc;

/// How long changes are made.
const SECONDS: u64 = 10;
/// What a listener waits for at most before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_LISTENERS: usize = 4096;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let listeners = numbers.first().copied().unwrap_or(1000).clamp(1, MOST_LISTENERS);
    let a_second = numbers.get(1).copied().unwrap_or(20).clamp(1, 200);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(listeners, a_second));
}

/// A change that arrived: in what seat, and when.
type Arrived = (u32, Instant);

async fn run(listeners: usize, a_second: usize) {
    let data = tempfile::tempdir().unwrap();
    let many = (4 * MOST_LISTENERS).to_string();
    let server = Server::start_with(data.path(), |command| command.env("KITFLIK_LISTENERS_AT_ONCE", &many));
    let client = Client::builder().no_proxy().build().unwrap();
    let show = server.large_show(&client).await;
    let path = format!("/v1/shows/{}/seats/events", show["id"].as_str().unwrap());

    let started = Instant::now();
    let (arrived, mut arrivals) = mpsc::unbounded_channel::<Arrived>();
    let (ready, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::with_capacity(listeners);
    for _ in 0..listeners {
        let request = server.request(&client, Method::GET, &path);
        let (arrived, ready, bytes) = (arrived.clone(), Arc::clone(&ready), Arc::clone(&bytes));
        tasks.push(tokio::spawn(async move {
            let mut response = request.send().await.unwrap();
            assert_eq!(response.status(), 200);
            let mut read = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                let now = Instant::now();
                bytes.fetch_add(chunk.len(), Ordering::Relaxed);
                read.push_str(std::str::from_utf8(&chunk).unwrap());
                while let Some((event, rest)) = read.split_once("\n\n") {
                    if event.contains("event: map") {
                        ready.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Some(changes) = changes(event) {
                        for (seat, state) in changes.as_object().unwrap() {
                            if state == "h" && arrived.send((seat.parse().unwrap(), now)).is_err() {
                                return;
                            }
                        }
                    }
                    read = rest.to_owned();
                }
            }
        }));
    }
    drop(arrived);
    while ready.load(Ordering::Relaxed) < listeners {
        assert!(started.elapsed() < Duration::from_secs(30), "not all listeners are served");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{listeners} listeners were there after {:.2} s", started.elapsed().as_secs_f64());
    bytes.store(0, Ordering::Relaxed);

    // Each change takes a seat that was not taken before, so that it can be told from the others.
    let layout = server.get(&client, &format!("/v1/layouts/{}", show["layout_id"].as_str().unwrap())).await;
    let seats = layout["seats"].as_array().unwrap();
    let singles: Vec<(u32, Vec<&Value>)> = pairs(seats);
    let started = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(a_second).unwrap());
    let mut made = Vec::new();
    for (first, ids) in singles.iter().take(a_second * usize::try_from(SECONDS).unwrap()) {
        pace.tick().await;
        let body = json!({ "show_id": show["id"], "seats": ids });
        let (status, answer) =
            send(server.request(&client, Method::POST, "/v1/bookings").json(&body)).await.unwrap();
        match status {
            201 => made.push((*first, Instant::now())),
            // A rule of the house: a single seat would be left.
            422 => {}
            _ => panic!("{status}: {answer}"),
        }
    }
    let spent = started.elapsed().as_secs_f64();

    let expected = made.len() * listeners;
    let mut delays = Vec::with_capacity(expected);
    while delays.len() < expected {
        let Ok(Some((seat, at))) = tokio::time::timeout(PATIENCE, arrivals.recv()).await else { break };
        if let Some((_, answered)) = made.iter().find(|(first, _)| *first == seat) {
            delays.push(at.saturating_duration_since(*answered));
        }
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    println!("holds: {} in {spent:.1} s", made.len());
    println!(
        "changes that arrived: {} of {expected}, {:.0} a second",
        delays.len(),
        delays.len() as f64 / spent
    );
    println!(
        "bytes for each change and listener: {:.0}",
        bytes.load(Ordering::Relaxed) as f64 / expected as f64
    );
    delays.sort_unstable();
    for percent in [50, 99, 100] {
        let Some(delay) = delays.get((delays.len().max(1) - 1) * percent / 100) else { continue };
        println!(
            "from the answer of the hold to a listener, p{percent}: {:.1} ms",
            delay.as_secs_f64() * 1000.0
        );
    }
}

/// What an event says has changed.
fn changes(event: &str) -> Option<Value> {
    let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
    if !event.contains("event: seats") {
        return None;
    }
    serde_json::from_str::<Value>(data).ok().map(|data| data["changes"].clone())
}

/// Pairs of neighbours that leave no single seat, by the place of the first.
fn pairs(seats: &[Value]) -> Vec<(u32, Vec<&Value>)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while at + 1 < seats.len() {
        let (one, other) = (&seats[at], &seats[at + 1]);
        let plain = |seat: &Value| seat["kind"]["type"] == "standard";
        if plain(one) && plain(other) && one["row"] == other["row"] {
            pairs.push((u32::try_from(at).unwrap(), vec![&one["id"], &other["id"]]));
            at += 2;
        } else {
            at += 1;
        }
    }
    pairs
}
