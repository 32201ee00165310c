//! How long a server with many bookings takes to start, and how much memory it has then.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use kitflik_core::{MovieQuery, SledStorage};

use crate::cinema::Cinema;
use crate::jobs::{CLIENTS, Jobs, Scene};
use crate::measure::measure;
use crate::two_workers;

/// Starts are repeated: the first one reads from a cold cache of the operating system at worst.
const STARTS: usize = 5;

/// Fills a store through the engine, then opens it in fresh processes.
pub(crate) fn fill_and_open(bookings: usize) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = two_workers();
    let jobs = Arc::new(Jobs::new(Scene::Spread { each: bookings.div_ceil(CLIENTS) }));
    let started = Instant::now();
    let storage = SledStorage::open(directory.path()).unwrap();
    let opened = runtime.block_on(async { Cinema::open(Arc::new(storage)).await.shows(&jobs).await });
    let shows = started.elapsed();
    let figures = measure(&runtime, &Arc::new(opened), &jobs);
    println!(
        "filled in {:.1} s, of it {:.1} s for the shows",
        started.elapsed().as_secs_f64(),
        shows.as_secs_f64()
    );
    println!("while filling: {figures:?}");
    println!("this process: {}", memory());
    println!("on disk: {} MB", size(directory.path()) / 1_000_000);
    println!("{} bookings in {} shows", jobs.count(), jobs.shows);
    drop(runtime);
    for _ in 0..STARTS {
        let program = std::env::current_exe().unwrap();
        let status = Command::new(program).arg("--open").arg(directory.path()).status().unwrap();
        assert!(status.success());
    }
}

/// The fresh process.
pub(crate) fn open(directory: &Path) {
    let runtime = two_workers();
    let started = Instant::now();
    let storage = SledStorage::open(directory).unwrap();
    let opened = started.elapsed();
    let engine = Cinema::engine(Arc::new(storage));
    let movies = runtime.block_on(engine.catalog().movies(&MovieQuery::default())).unwrap();
    let read = started.elapsed();
    assert_eq!(movies.items.len(), 1);
    println!(
        "opened in {:.0} ms, the first page of the catalogue after {:.0} ms; {}",
        opened.as_secs_f64() * 1e3,
        read.as_secs_f64() * 1e3,
        memory()
    );
}

fn size(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let size = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        inner if inner.is_dir() => size(&entry.path()),
        file => file.len(),
    };
    entries.map(size).sum()
}

/// Resident memory now and at its highest, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = found.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kilobytes.map_or("?".to_owned(), |kilobytes| (kilobytes * 1024 / 1_000_000).to_string())
    };
    format!("resident {} MB, at most {} MB", line("VmRSS:"), line("VmHWM:"))
}
