//! The engine against classic PostgreSQL, in process, in one run: bookings a second, latencies, and their ratios.
//!
//! One booking is: hold two seats, then confirm. 64 clients, each a task; rounds interleave the peers, so
//! that a machine that is busy for a while is busy for all of them. Seats are given out beforehand, so nobody
//! loses a race. How to run it and what it said: `docs/benchmarks.md`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for engineers: it prints, and stops on errors"
)]

mod args;
mod cinema;
mod jobs;
mod measure;
mod postgres;
#[path = "../../tests/postgres_support/mod.rs"]
mod postgres_support;
mod start;

use std::sync::Arc;

use kitflik_core::{MemoryStorage, SledStorage};
use kitflik_http::postgres::PostgresStorage;
use tokio::runtime::{Builder, Runtime};

use args::{Args, Mode};
use cinema::Cinema;
use jobs::Jobs;
use measure::{Figures, Report, measure};
use postgres::{Database, Holds};
use postgres_support::Server;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(problem) => {
            println!("{problem}\n\n{}", args::HELP);
            std::process::exit(2);
        }
    };
    let allocator = if cfg!(feature = "mimalloc") { "mimalloc" } else { "the system's allocator" };
    match &args.mode {
        Mode::Compare => {
            println!("{} clients, {} rounds, {allocator}", jobs::CLIENTS, args.rounds);
            compare(&args);
        }
        Mode::Start => {
            println!("{allocator}");
            start::fill_and_open(args.bookings);
        }
        Mode::Open(directory) => start::open(directory),
    }
}

/// As the server does: two workers for two cores.
fn two_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn compare(args: &Args) {
    let directory = tempfile::tempdir().unwrap();
    let (shared, one_core) = (two_workers(), Builder::new_current_thread().build().unwrap());
    let server = (args.peers("postgres") || args.peers("on-postgres"))
        .then(|| Server::start(directory.path(), &["shared_buffers=256MB"]));
    let sled = args.peers("sled").then(|| {
        let storage = SledStorage::open(directory.path().join("sled")).unwrap();
        shared.block_on(Cinema::open(Arc::new(storage)))
    });
    let on_postgres = server.as_ref().filter(|_| args.peers("on-postgres")).map(|server| {
        shared.block_on(async {
            drop(server.connect().await);
            let storage = PostgresStorage::open(server.url().parse().unwrap()).await.unwrap();
            Cinema::open(Arc::new(storage)).await
        })
    });

    for scene in args.scenes() {
        let mut report = Report::new(scene.name());
        for round in 0..=args.rounds {
            let jobs = Arc::new(Jobs::new(scene));
            let mut figures: Vec<(&'static str, Figures)> = Vec::new();
            let postgres = |name, holds| {
                let server = server.as_ref().filter(|_| args.peers("postgres"))?;
                let database = shared.block_on(Database::fill(server, &jobs, holds));
                Some((name, measure(&shared, &Arc::new(database), &jobs)))
            };
            let on_sled = || {
                let cinema = sled.as_ref()?;
                let opened = shared.block_on(cinema.shows(&jobs));
                Some(("sled", measure(&shared, &Arc::new(opened), &jobs)))
            };
            let engine_on_postgres = || {
                let cinema = on_postgres.as_ref()?;
                let opened = shared.block_on(cinema.shows(&jobs));
                Some(("engine on postgres", measure(&shared, &Arc::new(opened), &jobs)))
            };
            let on_memory = || {
                args.peers("memory").then(|| {
                    let opened = one_core.block_on(async {
                        Cinema::open(Arc::new(MemoryStorage::new())).await.shows(&jobs).await
                    });
                    ("memory, one core", measure(&one_core, &Arc::new(opened), &jobs))
                })
            };
            // Every other round the other way round: who runs after whom matters on a busy disk.
            if round % 2 == 0 {
                figures.extend(postgres("postgres", Holds::Durable));
                figures.extend(on_sled());
                figures.extend(engine_on_postgres());
                figures.extend(on_memory());
            } else {
                figures.extend(on_memory());
                figures.extend(engine_on_postgres());
                figures.extend(on_sled());
                figures.extend(postgres("postgres", Holds::Durable));
            }
            if args.relaxed_peer {
                figures.extend(postgres("postgres, holds not synced", Holds::Relaxed));
            }
            // The first round warms everything up.
            if round > 0 {
                report.round(round, figures);
            }
        }
        report.medians();
    }
    drop(sled);
    drop(on_postgres);
    drop(server);
}
