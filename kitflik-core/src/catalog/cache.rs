//! The catalogue in memory, for views. Brought up to date when its epoch has changed; decisions read the store instead.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use uuid::Uuid;

use super::pricing::{ShowFacts, current};
use super::search::Index;
use super::types::{AuditoriumRef, LayoutView, MovieRef, MovieView, ShowView, VenueRef};
use crate::error::EngineError;
use crate::ids::{AuditoriumId, LayoutId, MovieId, PriceCardId, ShowId, VenueId};
use crate::kitflik::Engine;
use crate::ports::storage::{Read, StorageError, Version};
use crate::seats::layout::Layout;
use crate::store::keys;
use crate::store::records::{Auditorium, CatalogEpoch, Movie, PriceCard, Record, Show, Venue};
use crate::store::tx::decode;
use crate::time::{LocalTime, Timestamp};

/// Everything but seats and bookings, as of one epoch. To change a part of it copies that part at most.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) movies: Arc<BTreeMap<MovieId, Arc<Movie>>>,
    /// The movies by their words.
    pub(crate) index: Index,
    pub(crate) venues: Arc<BTreeMap<VenueId, Venue>>,
    pub(crate) auditoriums: Arc<BTreeMap<AuditoriumId, Auditorium>>,
    pub(crate) price_cards: Arc<BTreeMap<PriceCardId, PriceCard>>,
    pub(crate) shows: Arc<BTreeMap<ShowId, Show>>,
    /// The shows of each movie, by start.
    pub(crate) shows_of: Arc<BTreeMap<MovieId, Vec<(Timestamp, ShowId)>>>,
    /// The version of the row of each of them, by the bytes of its id.
    pub(super) revisions: Arc<BTreeMap<[u8; 16], u64>>,
}

/// A layout and its view.
#[derive(Debug)]
pub(crate) struct CachedLayout {
    pub(crate) layout: Layout,
    pub(crate) view: Arc<LayoutView>,
}

#[derive(Debug, Default)]
pub(crate) struct CatalogCache {
    current: RwLock<Option<Current>>,
    /// Layouts never change, so what was read once is true for ever.
    layouts: RwLock<BTreeMap<LayoutId, Arc<CachedLayout>>>,
    /// How often somebody asked to look again: whoever was reading then has not seen the change.
    asked: AtomicU64,
}

/// What was looked at then is looked at again.
fn never() -> Timestamp {
    Timestamp::from_millis(i64::MAX)
}

#[derive(Debug)]
struct Current {
    epoch: Option<Version>,
    /// Number and mark of the epoch.
    place: (u64, u32),
    looked_at: Timestamp,
    /// The storage did not answer the last time.
    in_vain: bool,
    snapshot: Arc<Snapshot>,
}

impl CatalogCache {
    /// Whoever changes the catalogue sees the change at once.
    pub(crate) fn look_again(&self) {
        self.asked.fetch_add(1, Ordering::AcqRel);
        if let Some(current) = &mut *self.current.write() {
            current.looked_at = never();
        }
    }

    /// When it was looked, if nobody has changed the catalogue since `asked` was counted.
    fn looked(&self, asked: u64, now: Timestamp) -> Timestamp {
        if self.asked.load(Ordering::Acquire) == asked { now } else { never() }
    }

    /// What was seen last, while the storage does not answer. Not for whoever has just changed something.
    fn last(&self, now: Timestamp) -> Option<Arc<Snapshot>> {
        let mut current = self.current.write();
        let current = current.as_mut().filter(|current| current.looked_at <= now)?;
        current.in_vain = true;
        Some(Arc::clone(&current.snapshot))
    }

    /// How old what is shown is, while the storage does not answer.
    pub(super) fn behind(&self, now: Timestamp) -> Option<Duration> {
        let current = self.current.read();
        let current = current.as_ref().filter(|current| current.in_vain)?;
        Some(now.since(current.looked_at))
    }
}

impl Engine {
    /// The catalogue as of now.
    pub(crate) async fn catalogue(&self) -> Result<Arc<Snapshot>, EngineError> {
        let now = self.now();
        if let (Some(current), Some(max_age)) = (&*self.catalog.current.read(), self.policy.view_max_age)
            && current.looked_at <= now
            && now.since(current.looked_at) < max_age
        {
            return Ok(Arc::clone(&current.snapshot));
        }
        let asked = self.catalog.asked.load(Ordering::Acquire);
        let rows = match self.storage.read(vec![Read::Get { key: keys::catalog().key }]).await {
            Ok(rows) => rows,
            Err(StorageError::Unavailable { reason }) => {
                return self.catalog.last(now).ok_or(EngineError::Unavailable { reason });
            }
            Err(error) => return Err(error.into()),
        };
        let row = rows.into_iter().flatten().next();
        let epoch = row.as_ref().map(|row| row.version);
        let known = match &mut *self.catalog.current.write() {
            Some(current) if current.epoch == epoch => {
                current.looked_at = self.catalog.looked(asked, now);
                current.in_vain = false;
                return Ok(Arc::clone(&current.snapshot));
            }
            current => current.as_ref().map(|current| (current.place, Arc::clone(&current.snapshot))),
        };
        let newest: Option<CatalogEpoch> = row.as_ref().map(decode).transpose()?;
        let place = newest.as_ref().map_or((0, 0), |epoch| (epoch.number, epoch.mark));
        let changed = newest.as_ref().zip(known).and_then(|(newest, ((number, mark), snapshot))| {
            Some((newest.changed_since(number, mark)?, snapshot))
        });
        // Read after the epoch, so it is at least as new; a change in between shows as another epoch next time.
        let snapshot = match changed {
            Some((changed, mut snapshot)) => {
                let changed = self.read_changed(changed).await?;
                Arc::make_mut(&mut snapshot).apply(changed)?;
                snapshot
            }
            None => Arc::new(self.read_catalogue().await?),
        };
        let seen = Arc::clone(&snapshot);
        let mut kept = self.catalog.current.write();
        let looked_at = self.catalog.looked(asked, now);
        *kept = Some(Current { epoch, place, looked_at, in_vain: false, snapshot: seen });
        drop(kept);
        Ok(snapshot)
    }

    async fn read_catalogue(&self) -> Result<Snapshot, EngineError> {
        let before = self.catalog.current.read().as_ref().map(|current| Arc::clone(&current.snapshot));
        let mut revisions = BTreeMap::new();
        let movies: BTreeMap<MovieId, Movie> = self.by_id(&keys::movies(), &mut revisions).await?;
        let movies: BTreeMap<_, _> = movies.into_iter().map(|(id, movie)| (id, Arc::new(movie))).collect();
        let shows: BTreeMap<ShowId, Show> = self.by_id(&keys::shows(), &mut revisions).await?;
        let mut shows_of: BTreeMap<MovieId, Vec<(Timestamp, ShowId)>> = BTreeMap::new();
        for (id, show) in &shows {
            shows_of.entry(show.movie).or_default().push((show.starts_at, *id));
        }
        shows_of.values_mut().for_each(|shows| shows.sort_unstable());
        Ok(Snapshot {
            index: before.unwrap_or_default().index_of(&movies, &revisions),
            movies: Arc::new(movies),
            venues: Arc::new(self.by_id(&keys::venues(), &mut revisions).await?),
            auditoriums: Arc::new(self.by_id(&keys::auditoriums(), &mut revisions).await?),
            price_cards: Arc::new(self.by_id(&keys::price_cards(), &mut revisions).await?),
            shows: Arc::new(shows),
            shows_of: Arc::new(shows_of),
            revisions: Arc::new(revisions),
        })
    }

    async fn by_id<Id: std::str::FromStr + Ord, R: Record>(
        &self,
        range: &keys::Range<R>,
        revisions: &mut BTreeMap<[u8; 16], u64>,
    ) -> Result<BTreeMap<Id, R>, EngineError> {
        let rows = self.scan_all(range).await?;
        rows.into_iter()
            .map(|(row, record)| {
                match row.key.rsplit('/').next().map(|id| (id.parse(), Uuid::parse_str(id))) {
                    Some((Ok(id), Ok(bytes))) => {
                        revisions.insert(bytes.into_bytes(), row.version.0);
                        Ok((id, record))
                    }
                    _ => Err(EngineError::internal(format!("the key {} ends in no id", row.key))),
                }
            })
            .collect()
    }

    /// A layout; `None` if there is none.
    pub(crate) async fn layout(&self, id: LayoutId) -> Result<Option<Arc<CachedLayout>>, EngineError> {
        if let Some(found) = self.catalog.layouts.read().get(&id) {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(layout) = self.read_layout(id).await? else { return Ok(None) };
        let view = LayoutView {
            id,
            name: layout.name().to_owned(),
            categories: layout.categories().to_vec(),
            seats: layout.seats().to_vec(),
        };
        let cached = Arc::new(CachedLayout { layout, view: Arc::new(view) });
        self.catalog.layouts.write().insert(id, Arc::clone(&cached));
        Ok(Some(cached))
    }
}

/// A movie that customers find.
pub(super) fn on_show(movie: &Movie) -> Option<&Movie> {
    (!movie.archived).then_some(movie)
}

impl Snapshot {
    /// The version of the row of what has this id, as [`Tx::revision`](crate::store::tx::Tx::revision) reads it.
    pub(crate) fn revision(&self, id: &[u8; 16]) -> u64 {
        self.revisions.get(id).copied().unwrap_or_default()
    }

    /// The index for these movies. Those that are the same as in this snapshot are not read again.
    fn index_of(&self, movies: &BTreeMap<MovieId, Arc<Movie>>, revisions: &BTreeMap<[u8; 16], u64>) -> Index {
        let same = |id: &MovieId| {
            self.movies.contains_key(id) && revisions.get(id.as_bytes()) == self.revisions.get(id.as_bytes())
        };
        let changed = movies.iter().filter(|(id, _)| !same(id));
        let gone = self.movies.keys().filter(|id| !movies.contains_key(id)).map(|id| (*id, None));
        let changed = changed.map(|(id, movie)| (*id, on_show(movie)));
        self.index.apply(changed.chain(gone))
    }

    pub(crate) fn movie(&self, id: MovieId) -> Option<MovieView> {
        let movie = Movie::clone(self.movies.get(&id)?);
        Some(MovieView {
            id,
            revision: self.revision(id.as_bytes()),
            title: movie.title,
            genres: movie.genres,
            director: movie.director,
            rating: movie.rating,
            runtime_minutes: movie.runtime_minutes,
            release_date: movie.release_date,
            distributor: movie.distributor,
            synopsis: movie.synopsis,
            archived: movie.archived,
        })
    }

    pub(crate) fn show(&self, id: ShowId, now: Timestamp) -> Option<ShowView> {
        let show = self.shows.get(&id)?;
        let auditorium = self.auditoriums.get(&show.auditorium)?;
        let venue = self.venues.get(&auditorium.venue)?;
        let card = self.price_cards.get(&show.price_card)?;
        // The movie may have another title by now than when the show was made.
        let title = self.movies.get(&show.movie).map_or(&show.movie_title, |movie| &movie.title);
        Some(ShowView {
            id,
            revision: self.revision(id.as_bytes()),
            movie: MovieRef { id: show.movie, title: title.clone() },
            auditorium: AuditoriumRef { id: show.auditorium, name: auditorium.name.clone() },
            venue: VenueRef {
                id: auditorium.venue,
                name: venue.name.clone(),
                city: venue.city.clone(),
                zone: venue.zone,
            },
            starts_at: show.starts_at,
            starts_at_local: LocalTime::of(show.starts_at, venue.zone),
            ends_at: show.ends_at,
            status: show.status(now),
            layout_id: show.layout,
            language: show.language.clone(),
            subtitles: show.subtitles.clone(),
            format: show.format,
            sales_open_at: show.sales_open_at,
            sales_close_at: show.sales_close_at,
            currency: card.currency,
            prices: current(card, &ShowFacts::of(show, venue.zone, now)),
            max_seats_per_customer: show.max_seats_per_customer,
        })
    }

    /// The shows of a movie that are not over, by start.
    pub(crate) fn coming(&self, movie: MovieId, now: Timestamp) -> impl Iterator<Item = ShowId> {
        let shows = self.shows_of.get(&movie).map(Vec::as_slice).unwrap_or_default();
        let coming = move |id: &ShowId| self.shows.get(id).is_some_and(|show| show.ends_at > now);
        shows.iter().map(|(_, id)| *id).filter(coming)
    }
}
