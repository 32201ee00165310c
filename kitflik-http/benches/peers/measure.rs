//! Runs the clients of one peer and says what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::jobs::{Job, Jobs};

/// Somebody who takes bookings.
pub(crate) trait Peer: Send + Sync + 'static {
    /// What a hold answers.
    type Held: Send;
    fn hold(&self, client: usize, job: Job) -> impl Future<Output = Self::Held> + Send;
    fn confirm(&self, client: usize, held: Self::Held) -> impl Future<Output = ()> + Send;
}

/// What one round of one peer came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    rate: f64,
    hold: [Duration; 2],
    confirm: [Duration; 2],
    /// Processor time of this process for one booking: of an engine all that it takes, of a database its
    /// client's share.
    own_time: Duration,
}

pub(crate) fn measure<P: Peer>(runtime: &Runtime, peer: &Arc<P>, jobs: &Arc<Jobs>) -> Figures {
    let (started, own_time) = (Instant::now(), processor_time());
    let (mut holds, mut confirms) = runtime.block_on(async {
        let client = |client: usize| {
            let (peer, jobs) = (Arc::clone(peer), Arc::clone(jobs));
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(jobs.of_client[client].len());
                for job in &jobs.of_client[client] {
                    let begin = Instant::now();
                    let held = peer.hold(client, *job).await;
                    let between = Instant::now();
                    peer.confirm(client, held).await;
                    times.push((between - begin, between.elapsed()));
                }
                times
            })
        };
        let clients: Vec<_> = (0..jobs.of_client.len()).map(client).collect();
        let mut all = Vec::with_capacity(jobs.count());
        for client in clients {
            all.extend(client.await.unwrap());
        }
        all.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()
    });
    let rate = jobs.count() as f64 / started.elapsed().as_secs_f64();
    let own_time = (processor_time() - own_time) / u32::try_from(jobs.count()).unwrap();
    Figures { rate, hold: percentiles(&mut holds), confirm: percentiles(&mut confirms), own_time }
}

/// What the threads of this process have spent, where the system tells. Unlike the clock, it is no longer
/// when others keep the processors busy.
fn processor_time() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| {
        let status = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        status.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// The 50th and the 99th.
fn percentiles(times: &mut [Duration]) -> [Duration; 2] {
    times.sort_unstable();
    [50, 99].map(|percent| times[(times.len() - 1) * percent / 100])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

/// All rounds of a scene.
pub(crate) struct Report {
    scene: &'static str,
    names: Vec<&'static str>,
    rounds: Vec<BTreeMap<&'static str, Figures>>,
}

type Measure = (&'static str, fn(&Figures) -> f64);

const MEASURES: [Measure; 6] = [
    ("bookings/s", |figures| figures.rate),
    ("hold p50 ms", |figures| millis(figures.hold[0])),
    ("hold p99 ms", |figures| millis(figures.hold[1])),
    ("confirm p50 ms", |figures| millis(figures.confirm[0])),
    ("confirm p99 ms", |figures| millis(figures.confirm[1])),
    ("own cpu µs", |figures| figures.own_time.as_secs_f64() * 1e6),
];

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Report {
    pub(crate) fn new(scene: &'static str) -> Self {
        println!("\n{scene:<28}{}", MEASURES.map(|(name, _)| format!("{name:>16}")).concat());
        Self { scene, names: Vec::new(), rounds: Vec::new() }
    }

    pub(crate) fn round(&mut self, number: usize, figures: Vec<(&'static str, Figures)>) {
        for (name, figures) in &figures {
            if !self.names.contains(name) {
                self.names.push(name);
            }
            print_row(&format!("{number} {name}"), MEASURES.map(|(_, of)| of(figures)));
        }
        self.rounds.push(figures.into_iter().collect());
    }

    /// The medians, and for the peers the medians of each round's ratio to PostgreSQL.
    pub(crate) fn medians(&mut self) {
        self.names.sort_unstable();
        println!("{} medians", self.scene);
        let all = |name: &str, of: fn(&Figures) -> f64| -> Vec<f64> {
            self.rounds.iter().filter_map(|round| round.get(name)).map(of).collect()
        };
        for name in &self.names {
            print_row(name, MEASURES.map(|(_, of)| median(all(name, of))));
        }
        for base in self.names.iter().filter(|name| name.starts_with("postgres")) {
            for name in self.names.iter().filter(|name| !name.starts_with("postgres")) {
                let ratios = |of: fn(&Figures) -> f64| {
                    let both = |round: &BTreeMap<_, _>| Some(of(round.get(name)?) / of(round.get(base)?));
                    self.rounds.iter().filter_map(both).collect()
                };
                print_row(&format!("{name} ÷ {base}"), MEASURES.map(|(_, of)| median(ratios(of))));
            }
        }
    }
}

fn print_row(name: &str, values: [f64; 6]) {
    let value = |value: f64| if value >= 100.0 { format!("{value:>16.0}") } else { format!("{value:>16.2}") };
    println!("{name:<28}{}", values.map(value).concat());
}
