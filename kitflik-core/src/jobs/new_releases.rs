//! Which films are new.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Jobs;
use crate::catalog::cache::Snapshot;
use crate::error::EngineError;
use crate::ids::MovieId;
use crate::store::keys;
use crate::store::records::{Form, ReleaseNews, Show};
use crate::store::tx::Tx;
use crate::time::Timestamp;

/// How far ahead a first show is news, and how long it has been.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Films that one mail tells of. The others are as new the next time.
pub(super) const MOST_FILMS: usize = 30;

impl Jobs<'_> {
    /// Writes down of which films a run tells. Whether there are any.
    pub(super) async fn announce(&self, tx: &mut Tx<'_>, run: Timestamp) -> Result<bool, EngineError> {
        let engine = self.engine;
        engine.catalog.look_again();
        let catalogue = engine.catalogue().await?;
        // Whoever tells of films changes the job's row, which was read before: nobody tells of more meanwhile.
        let told = engine.scan_all(&keys::all_release_news()).await?;
        let told: BTreeSet<MovieId> = told.into_iter().flat_map(|(_, news)| news.movies).collect();
        let mut movies = new_films(&catalogue, tx.now());
        movies.retain(|movie| !told.contains(movie));
        movies.truncate(MOST_FILMS);
        if movies.is_empty() {
            return Ok(false);
        }
        tx.put(&keys::release_news(run), &ReleaseNews { v: Form, movies })?;
        Ok(true)
    }
}

/// Films that have a show within the coming week, and whose first one, or release, is of this or the past week; by
/// first show.
fn new_films(catalogue: &Snapshot, now: Timestamp) -> Vec<MovieId> {
    let (past, coming) = (now.minus(WEEK), now.plus(WEEK));
    let mut found: Vec<(Timestamp, MovieId)> = Vec::new();
    for (id, movie) in catalogue.movies.iter().filter(|(_, movie)| !movie.archived) {
        let shows = catalogue.shows_of.get(id).into_iter().flatten();
        let mut shows =
            shows.filter_map(|(_, show)| catalogue.shows.get(show)).filter(|show| !show.cancelled);
        let Some(first) = shows.next().map(|show: &Show| show.starts_at) else { continue };
        let next =
            if first > now { Some(first) } else { shows.map(|show| show.starts_at).find(|at| *at > now) };
        let released = movie.release_date.is_some_and(|date| {
            let midnight = Timestamp::from(date.calendar().and_time(chrono::NaiveTime::MIN).and_utc());
            midnight > past && midnight <= coming
        });
        if next.is_some_and(|next| next <= coming) && (first > past || released) {
            found.push((first, *id));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, id)| id).collect()
}
