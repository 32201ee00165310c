//! What changed in the catalogue: told by its epoch, and taken in by those who are not far behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cache::{Snapshot, on_show};
use crate::error::EngineError;
use crate::ids::ShowId;
use crate::kitflik::Engine;
use crate::limits;
use crate::ports::storage::{Key, Read, Row};
use crate::store::keys::{self, CatalogKey};
use crate::store::records::{CatalogChange, CatalogEpoch, Form, Show};
use crate::store::tx::decode;
use crate::time::Timestamp;

/// Rows that the epoch names at most: some 6 kB. Whoever is further behind reads everything.
const NAMED: usize = 64;

impl CatalogEpoch {
    /// The epoch after a change of these rows. It follows the one before by a check, so that no change is left out.
    pub(crate) fn after(before: Option<Self>, changed_at: Timestamp, mark: u32, changed: Vec<Key>) -> Self {
        let (number, mut recent) = before.map_or((0, Vec::new()), |before| (before.number, before.recent));
        let number = number + 1;
        recent.push(CatalogChange { number, mark, keys: (changed.len() <= NAMED).then_some(changed) });
        let mut room = NAMED;
        let fits = |change: &&CatalogChange| {
            let needed = change.keys.as_ref().map_or(1, |keys| keys.len().max(1));
            room.checked_sub(needed).inspect(|left| room = *left).is_some()
        };
        let kept = recent.iter().rev().take_while(fits).count();
        recent.drain(..recent.len() - kept);
        Self { v: Form, changed_at, mark, number, recent }
    }

    /// Which rows changed since an epoch; `None` if that is not known any more, or was of another store.
    pub(crate) fn changed_since(&self, number: u64, mark: u32) -> Option<BTreeSet<&Key>> {
        let known = |change: &CatalogChange| change.number == number && change.mark == mark;
        let after = self.recent.iter().position(known)? + 1;
        let mut changed = BTreeSet::new();
        for change in self.recent.get(after..)? {
            changed.extend(change.keys.as_ref()?);
        }
        Some(changed)
    }
}

impl Engine {
    /// The rows of these keys, or that there is none, in one snapshot.
    pub(super) async fn read_changed(
        &self,
        changed: BTreeSet<&Key>,
    ) -> Result<Vec<(CatalogKey, Option<Row>)>, EngineError> {
        const { assert!(NAMED <= limits::MAX_READS) };
        let named: Vec<_> =
            changed.into_iter().filter_map(|key| Some((keys::catalog_key(key)?, key))).collect();
        let reads = named.iter().map(|(_, key)| Read::Get { key: (*key).clone() }).collect();
        let rows = self.storage.read(reads).await?;
        Ok(named.into_iter().zip(rows).map(|((name, _), rows)| (name, rows.into_iter().next())).collect())
    }
}

/// Puts a record in its place, or takes it away.
fn set<Id: Ord + Clone, R: Clone>(all: &mut Arc<BTreeMap<Id, R>>, id: Id, record: Option<R>) {
    let all = Arc::make_mut(all);
    match record {
        Some(record) => drop(all.insert(id, record)),
        None => drop(all.remove(&id)),
    }
}

fn read<R: serde::de::DeserializeOwned>(row: Option<&Row>) -> Result<Option<R>, EngineError> {
    row.map(decode).transpose()
}

impl Snapshot {
    /// Takes in rows that changed. Where others still look at the snapshot before, that stays as it was.
    pub(super) fn apply(&mut self, changed: Vec<(CatalogKey, Option<Row>)>) -> Result<(), EngineError> {
        let mut movies = Vec::new();
        for (name, row) in changed {
            let row = row.as_ref();
            let id = match name {
                CatalogKey::Movie(id) => {
                    movies.push(id);
                    set(&mut self.movies, id, read(row)?.map(Arc::new));
                    *id.as_bytes()
                }
                CatalogKey::Venue(id) => {
                    set(&mut self.venues, id, read(row)?);
                    *id.as_bytes()
                }
                CatalogKey::Auditorium(id) => {
                    set(&mut self.auditoriums, id, read(row)?);
                    *id.as_bytes()
                }
                CatalogKey::PriceCard(id) => {
                    set(&mut self.price_cards, id, read(row)?);
                    *id.as_bytes()
                }
                CatalogKey::Show(id) => {
                    self.set_show(id, read(row)?);
                    *id.as_bytes()
                }
            };
            set(&mut self.revisions, id, row.map(|row| row.version.0));
        }
        let all = &self.movies;
        self.index = self
            .index
            .apply(movies.into_iter().map(|id| (id, all.get(&id).and_then(|movie| on_show(movie)))));
        Ok(())
    }

    fn set_show(&mut self, id: ShowId, show: Option<Show>) {
        let shows_of = Arc::make_mut(&mut self.shows_of);
        if let Some(before) = self.shows.get(&id)
            && let Some(shows) = shows_of.get_mut(&before.movie)
        {
            shows.retain(|(_, known)| *known != id);
            if shows.is_empty() {
                shows_of.remove(&before.movie);
            }
        }
        if let Some(show) = &show {
            let shows = shows_of.entry(show.movie).or_default();
            let place = (show.starts_at, id);
            let at = shows.partition_point(|known| *known < place);
            shows.insert(at, place);
        }
        set(&mut self.shows, id, show);
    }
}

#[cfg(test)]
mod tests;
