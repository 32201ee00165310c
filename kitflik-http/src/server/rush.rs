//! `kitflik rush`: many customers at once, against a server on this machine.
//!
//! It is bounded in count and in time, and light: it shares the machine with the server that it measures.

mod client;
mod tally;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use client::{Client, Trouble};
use tally::Tally;

use super::cli::RushFlags;
use super::console;
use super::failure::Failure;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the load.
pub(crate) fn run(flags: &RushFlags) -> Result<(), Failure> {
    let url = loopback(&flags.url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::doing("start the reactor"))?;
    runtime.block_on(rush(flags, &url))
}

/// The address of a server on this machine. Others are not asked for what this does.
fn loopback(url: &str) -> Result<reqwest::Url, Failure> {
    let refuse =
        |why: &str| Failure::usage(format!("--url: {url:?} {why}; allowed is http://127.0.0.1:PORT"));
    let parsed: reqwest::Url = url.parse().map_err(|_| refuse("is no address"))?;
    if parsed.scheme() != "http" {
        return Err(refuse("is not http"));
    }
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if here { Ok(parsed) } else { Err(refuse("is not this machine")) }
}

/// Two neighbouring seats of a show.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    show: Arc<str>,
    seats: [Arc<str>; 2],
}

/// What each customer takes the next wish from.
enum Wishes {
    /// Each pair is wanted once.
    Spread(Mutex<VecDeque<Pair>>),
    /// Any pair, again and again.
    Hot(Vec<Pair>),
}

impl Wishes {
    fn next(&self, random: &mut fastrand::Rng) -> Option<Pair> {
        match self {
            Self::Spread(pairs) => pairs.lock().unwrap_or_else(PoisonError::into_inner).pop_front(),
            Self::Hot(pairs) => random.choice(pairs).cloned(),
        }
    }
}

async fn rush(flags: &RushFlags, url: &reqwest::Url) -> Result<(), Failure> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .pool_max_idle_per_host(flags.clients as usize)
        .tcp_nodelay(true)
        .build()
        .map_err(Failure::doing("start a client"))?;
    let client = Arc::new(Client::new(http, url));
    let unreachable = |trouble: Trouble| Failure::run(format!("cannot rush {url}: {trouble}"));
    let shows =
        if flags.shows.is_empty() { client.shows().await.map_err(unreachable)? } else { flags.shows.clone() };
    let mut random = fastrand::Rng::with_seed(flags.seed);
    let mut pairs = Vec::new();
    for show in &shows {
        pairs.extend(client.free_pairs(show, flags.hot).await.map_err(unreachable)?);
        if !flags.hot && pairs.len() as u64 >= flags.bookings {
            break;
        }
    }
    if pairs.is_empty() {
        return Err(Failure::run(format!("no two neighbouring seats are free in {} shows", shows.len())));
    }
    random.shuffle(&mut pairs);
    if !flags.hot && (pairs.len() as u64) < flags.bookings {
        let (free, wanted) = (pairs.len(), flags.bookings);
        console::complain(&format!("note: only {free} pairs of seats are free, for {wanted} bookings"));
    }
    let wishes = if flags.hot { Wishes::Hot(pairs) } else { Wishes::Spread(Mutex::new(pairs.into())) };
    let work = Arc::new(Work {
        client,
        wishes,
        left: Mutex::new(flags.bookings),
        until: Instant::now() + Duration::from_secs(flags.seconds),
        bar: console::progress(flags.bookings, "bookings"),
    });
    let start = Instant::now();
    let customers: Vec<_> = (0..flags.clients)
        .map(|number| tokio::spawn(Arc::clone(&work).customer(flags.seed ^ (u64::from(number) << 32))))
        .collect();
    let mut tally = Tally::default();
    for customer in customers {
        tally.add(customer.await.map_err(Failure::doing("follow a customer"))?);
    }
    work.bar.finish_and_clear();
    for line in tally.report(start.elapsed()) {
        console::say(&line);
    }
    if tally.limited() {
        console::complain(
            "note: the server limits its rates; KITFLIK_RATE_LIMITS=off at its start ends that",
        );
    }
    if tally.server_errors() > 0 {
        return Err(Failure::run("the server failed; see its log"));
    }
    Ok(())
}

struct Work {
    client: Arc<Client>,
    wishes: Wishes,
    left: Mutex<u64>,
    until: Instant,
    bar: indicatif::ProgressBar,
}

impl Work {
    /// One customer, who books until nothing is left to do.
    async fn customer(self: Arc<Self>, seed: u64) -> Tally {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut tally = Tally::default();
        while Instant::now() < self.until && self.take() {
            let Some(pair) = self.wishes.next(&mut random) else { break };
            self.book(&pair, &mut tally).await;
            self.bar.inc(1);
        }
        tally
    }

    fn take(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let any = *left > 0;
        *left -= u64::from(any);
        any
    }

    async fn book(&self, pair: &Pair, tally: &mut Tally) {
        let start = Instant::now();
        let held = match self.client.hold(pair).await {
            Ok(held) => held,
            Err(trouble) => return tally.trouble(trouble),
        };
        tally.held(start.elapsed());
        let start = Instant::now();
        match self.client.confirm(&held).await {
            Ok(()) => tally.confirmed(start.elapsed()),
            Err(trouble) => tally.trouble(trouble),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_rushed() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:80/"] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.org",
            "http://10.0.0.1:8080",
            "https://127.0.0.1",
            "http://127.0.0.1.example.org",
            "http://localhost@example.org",
            "nonsense",
        ] {
            assert!(loopback(bad).is_err(), "{bad}");
        }
    }
}
