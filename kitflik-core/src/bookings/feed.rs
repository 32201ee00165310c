//! The seats of a show as they change: small differences, numbered so that whoever was away can go on where they were.
//!
//! Nothing here needs a runtime. A host has one driver for each show that somebody looks at: it asks for the map
//! ([`Bookings::seats`]), gives it to the [`SeatFeed`], passes on what that makes of it, and waits until the map was
//! touched ([`Bookings::seats_touched`]) or is too old ([`Bookings::seats_good_for`]). Differences of whole maps are
//! right whatever changed them: this process, another one, or time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::maps::MAX_AGE;
use super::{Bookings, SeatMap};
use crate::ids::ShowId;

/// Differences that are kept for those who were away.
const KEPT: usize = 256;

/// What changed between two maps of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeatChanges {
    /// As of the map.
    pub version: u64,
    /// Seats by their place in the layout, the first is 0, with their characters of
    /// [`SeatMapView::states`](crate::SeatMapView::states).
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub changes: BTreeMap<u32, char>,
}

impl SeatMap {
    /// What changed since an older map; `None` if the show has other seats now.
    #[must_use]
    pub fn changes_since(&self, older: &Self) -> Option<SeatChanges> {
        let (now, then) = (self.view(), older.view());
        if now.layout_id != then.layout_id || now.states.len() != then.states.len() {
            return None;
        }
        let pairs = (0_u32..).zip(now.states.chars().zip(then.states.chars()));
        let changes = pairs.filter(|(_, (now, then))| now != then).map(|(seat, (now, _))| (seat, now));
        Some(SeatChanges { version: now.version, changes: changes.collect() })
    }
}

/// What is said to those who look at a show.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SeatEvent {
    /// All seats: at the beginning, and when a difference would not do.
    Map {
        /// Where to go on from.
        id: String,
        /// The seats.
        map: Arc<SeatMap>,
    },
    /// What changed since the event before.
    Changes {
        /// Where to go on from.
        id: String,
        /// The differences.
        changes: Arc<SeatChanges>,
    },
}

impl SeatEvent {
    /// Where to go on from: [`SeatFeed::resume`].
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Map { id, .. } | Self::Changes { id, .. } => id,
        }
    }
}

/// The changes of one show, in order. Event ids are the feed's name and a number.
#[derive(Debug)]
pub struct SeatFeed {
    name: String,
    map: Arc<SeatMap>,
    number: u64,
    /// The last differences. The newest leads to `number`, and there is no gap.
    recent: VecDeque<Arc<SeatChanges>>,
}

impl SeatFeed {
    /// Starts from a map. No other feed may ever have the same name, on no server and after no restart: by it the ids
    /// of another one are known for what they are.
    #[must_use]
    pub fn new(name: impl Into<String>, map: Arc<SeatMap>) -> Self {
        Self { name: name.into(), map, number: 0, recent: VecDeque::new() }
    }

    /// Takes in a newer map. The event tells all who had the one before; `None` if no seat looks different.
    pub fn advance(&mut self, map: Arc<SeatMap>) -> Option<SeatEvent> {
        let changes = map.changes_since(&self.map);
        self.map = map;
        match changes {
            Some(changes) if changes.changes.is_empty() => return None,
            Some(changes) => {
                if self.recent.len() == KEPT {
                    self.recent.pop_front();
                }
                self.recent.push_back(Arc::new(changes));
            }
            None => self.recent.clear(),
        }
        self.number += 1;
        Some(match self.recent.back() {
            // Of many seats the map is shorter: `"123":"h",` against one character.
            Some(last) if last.changes.len() * 8 < self.map.view().states.len().max(64) => {
                self.changes(self.number, last)
            }
            _ => self.map(),
        })
    }

    /// What somebody has to be told who comes, or comes back having seen the event with this id: exactly what was
    /// missed, which may be nothing, or all seats if that is not known any more.
    #[must_use]
    pub fn resume(&self, last_seen: Option<&str>) -> Vec<SeatEvent> {
        let missed = last_seen.and_then(|id| {
            let number: u64 = id.strip_prefix(self.name.as_str())?.strip_prefix('-')?.parse().ok()?;
            let missed = usize::try_from(self.number.checked_sub(number)?).ok()?;
            Some((number, self.recent.len().checked_sub(missed)?))
        });
        let Some((number, known)) = missed else { return vec![self.map()] };
        let missed: Vec<_> = (number + 1..).zip(self.recent.iter().skip(known)).collect();
        let seats: usize = missed.iter().map(|(_, changes)| 4 + changes.changes.len()).sum();
        if seats * 8 > self.map.view().states.len().max(1024) {
            return vec![self.map()];
        }
        missed.into_iter().map(|(number, changes)| self.changes(number, changes)).collect()
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.name)
    }

    fn map(&self) -> SeatEvent {
        SeatEvent::Map { id: self.id(self.number), map: Arc::clone(&self.map) }
    }

    fn changes(&self, number: u64, changes: &Arc<SeatChanges>) -> SeatEvent {
        SeatEvent::Changes { id: self.id(number), changes: Arc::clone(changes) }
    }
}

impl Bookings<'_> {
    /// Waits until this process knows something of a show's seats that `map` does not have. What other processes do
    /// becomes known when the map is asked for: see [`Bookings::seats_good_for`]. May be dropped at any time.
    pub async fn seats_touched(&self, show: ShowId, map: &SeatMap) {
        std::future::poll_fn(|context| self.engine.maps.poll_touched(show, map, context)).await;
    }

    /// How long a map may be trusted if nothing touches it: until the next hold in it ends, or until another process
    /// may have changed it.
    #[must_use]
    pub fn seats_good_for(&self, map: &SeatMap) -> Duration {
        let max_age = self.engine.policy.view_max_age.unwrap_or(MAX_AGE);
        max_age.min(map.stale_at().since(self.engine.now()))
    }
}
