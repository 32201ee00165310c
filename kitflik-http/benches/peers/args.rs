//! The command line.

use std::path::PathBuf;

use crate::jobs::Scene;

pub(crate) const HELP: &str = "\
cargo bench -p kitflik-http --bench peers [--features mimalloc] -- [options]

  --rounds N        measured rounds of every scene, after one to warm up (default 7)
  --bookings N      bookings of each client in a spread round (default 150), or in the store with --start (100000)
  --hot N           halls of 10,000 seats in a hot round (default 2)
  --only A,B        of: postgres, sled, on-postgres, memory, spread, hot
  --relaxed-peer    a second PostgreSQL that does not sync holds, as the engine does not
  --start           instead: fill a sled directory, and open it in a fresh process";

#[derive(Debug)]
pub(crate) enum Mode {
    Compare,
    Start,
    /// The fresh process of `Start`.
    Open(PathBuf),
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) mode: Mode,
    pub(crate) rounds: usize,
    pub(crate) bookings: usize,
    pub(crate) relaxed_peer: bool,
    hot: usize,
    only: Vec<String>,
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut mode, mut rounds, mut bookings, mut hot) = (Mode::Compare, 7, None, 2);
        let (mut only, mut relaxed_peer) = (Vec::new(), false);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            let number =
                |text: String| text.parse().map_err(|_| format!("{word} takes a number, not {text}"));
            match word.as_str() {
                // What `cargo bench` adds on its own.
                "--bench" => {}
                "--rounds" => rounds = number(value()?)?,
                "--bookings" => bookings = Some(number(value()?)?),
                "--hot" => hot = number(value()?)?,
                "--only" => only = value()?.split(',').map(str::to_owned).collect(),
                "--relaxed-peer" => relaxed_peer = true,
                "--start" => mode = Mode::Start,
                "--open" => mode = Mode::Open(value()?.into()),
                other => return Err(format!("{other} is unknown")),
            }
        }
        let usual = if matches!(mode, Mode::Start) { 100_000 } else { 150 };
        Ok(Self { mode, rounds, bookings: bookings.unwrap_or(usual), relaxed_peer, hot, only })
    }

    fn names(&self, names: &[&str]) -> bool {
        self.only.iter().any(|only| names.contains(&only.as_str()))
    }

    /// Whether this peer is measured.
    pub(crate) fn peers(&self, name: &str) -> bool {
        !self.names(&["postgres", "sled", "on-postgres", "memory"]) || self.names(&[name])
    }

    pub(crate) fn scenes(&self) -> Vec<Scene> {
        let both = !self.names(&["spread", "hot"]);
        let spread = (both || self.names(&["spread"])).then_some(Scene::Spread { each: self.bookings });
        let hot = (both || self.names(&["hot"])).then_some(Scene::Hot { halls: self.hot });
        spread.into_iter().chain(hot).collect()
    }
}
