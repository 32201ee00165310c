//! Seat maps in memory: the pointers of a show joined with their bookings. For views and early refusals, never for a
//! decision.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::rules::{self, Kept};
use super::{BookingStatus, SalesChannel, SeatMapView};
use crate::error::EngineError;
use crate::ids::{BookingId, LayoutId, PriceCardId, ShowId};
use crate::kitflik::Engine;
use crate::ports::storage::Version;
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::Booking;
use crate::time::Timestamp;

/// How long a map is trusted even if no other process writes: a net under the joining of races.
pub(super) const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(30);
/// Shows whose maps are kept. A map of 1,000 seats takes some 60 kB.
const MOST_MAPS: usize = 1024;

/// What a booking makes of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatState {
    Free,
    /// Held by a booking, for others until then.
    Held(BookingId, Timestamp),
    Sold(BookingId),
}

impl SeatState {
    pub(crate) fn of(booking: &Booking, takeable_at: Timestamp) -> Self {
        match booking.status {
            BookingStatus::Held => Self::Held(booking.id, takeable_at),
            BookingStatus::Confirming => Self::Held(booking.id, Timestamp::from_millis(i64::MAX)),
            BookingStatus::Confirmed => Self::Sold(booking.id),
            BookingStatus::Expired | BookingStatus::Released | BookingStatus::Cancelled => Self::Free,
        }
    }

    pub(crate) fn is_free(self, now: Timestamp) -> bool {
        match self {
            Self::Free => true,
            Self::Held(_, until) => until <= now,
            Self::Sold(_) => false,
        }
    }

    fn booking(self) -> Option<BookingId> {
        match self {
            Self::Held(booking, _) | Self::Sold(booking) => Some(booking),
            Self::Free => None,
        }
    }
}

/// What is known of one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    state: SeatState,
    /// Whether the house keeps it once no booking has it.
    kept: Option<Kept>,
    /// Of the commit that made it so.
    version: Version,
}

impl Place {
    const EMPTY: Self = Self { state: SeatState::Free, kept: None, version: Version(0) };

    fn is_free(&self, channel: SalesChannel, now: Timestamp) -> bool {
        self.state.is_free(now) && !self.kept.is_some_and(|kept| kept.from(channel, now))
    }

    fn character(&self, now: Timestamp) -> char {
        match self.state {
            SeatState::Sold(_) => 's',
            SeatState::Held(..) if !self.state.is_free(now) => 'h',
            _ if self.is_free(SalesChannel::Online, now) => '.',
            _ => '#',
        }
    }

    /// When it becomes another by itself, if it does.
    fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let held = match self.state {
            SeatState::Held(_, until) => Some(until),
            SeatState::Free | SeatState::Sold(_) => None,
        };
        let ends = [held, self.kept.map(|kept| kept.until)];
        ends.into_iter().flatten().filter(|until| *until > now).min()
    }
}

/// What a show's seats are found by, and its prices. Only a hint: whoever decides reads the show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShowHint {
    pub(crate) layout: LayoutId,
    pub(crate) price_card: PriceCardId,
}

/// The seats of a show as they were a moment ago, with the answer to send made once for all who ask.
#[derive(Debug, Clone)]
pub struct SeatMap {
    view: SeatMapView,
    json: OnceLock<Arc<str>>,
    /// When the first hold in it ends, or the first house seat is released.
    stale_at: Timestamp,
    places: Vec<Place>,
    made_at: Timestamp,
    /// [`Live::touched`] when it was made.
    touched: u64,
}

impl SeatMap {
    /// The seats of the show.
    #[must_use]
    pub fn view(&self) -> &SeatMapView {
        &self.view
    }

    /// [`SeatMap::view`] as JSON.
    #[must_use]
    pub fn json(&self) -> Arc<str> {
        Arc::clone(self.json.get_or_init(|| serde_json::to_string(&self.view).unwrap_or_default().into()))
    }

    /// The same map for whoever owns a booking: its seats are marked `m`.
    #[must_use]
    pub fn with_mine(&self, booking: BookingId) -> SeatMapView {
        let mine = |(character, place): (char, &Place)| {
            let theirs = matches!(character, 'h' | 's') && place.state.booking() == Some(booking);
            if theirs { 'm' } else { character }
        };
        let states = self.view.states.chars().zip(&self.places).map(mine).collect();
        SeatMapView { states, ..self.view.clone() }
    }

    /// When it is no longer true even if nobody does anything: the first hold in it ends then, or a house seat is
    /// released.
    #[must_use]
    pub fn stale_at(&self) -> Timestamp {
        self.stale_at
    }

    /// Which seats can be had by a channel.
    pub(crate) fn free(&self, channel: SalesChannel) -> Vec<bool> {
        self.places.iter().map(|place| place.is_free(channel, self.made_at)).collect()
    }
}

#[derive(Debug, Default)]
pub(crate) struct SeatMaps {
    shows: RwLock<BTreeMap<ShowId, Arc<ShowMap>>>,
    /// Counts the changes of all maps, so that no two maps of a show are touched alike.
    touches: AtomicU64,
    /// How far that was when a map was last forgotten because its show has changed.
    forgotten: AtomicU64,
}

#[derive(Debug)]
struct ShowMap {
    hint: ShowHint,
    live: Mutex<Live>,
}

impl Drop for ShowMap {
    fn drop(&mut self) {
        // Another map takes its place: whoever waits here must look there.
        self.live.get_mut().waiting.drain(..).for_each(Waker::wake);
    }
}

/// A seat, and what is new of it as of a version.
type Change = (SeatNo, Option<SeatState>, Option<Option<Kept>>, Version);

#[derive(Debug, Default)]
struct Live {
    seats: Vec<Place>,
    read_at: Option<Timestamp>,
    version: u64,
    /// The answer made from `seats`; gone when they change.
    made: Option<Arc<SeatMap>>,
    /// The number of the last change.
    touched: u64,
    /// Who wants to know of the next one.
    waiting: Vec<Waker>,
}

impl SeatMaps {
    fn show(&self, show: ShowId) -> Option<Arc<ShowMap>> {
        self.shows.read().get(&show).cloned()
    }

    /// What the own process just committed.
    pub(crate) fn apply(&self, show: ShowId, version: Version, changes: &[(SeatNo, SeatState)]) {
        let Some(map) = self.show(show) else { return };
        let mut live = map.live.lock();
        if live.merge(version, changes.iter().map(|(seat, state)| (*seat, Some(*state), None, version))) {
            self.touch(live);
        }
    }

    /// What the own process just committed about house seats.
    pub(crate) fn keep(&self, show: ShowId, version: Version, seats: &[SeatNo], kept: Option<Kept>) {
        let Some(map) = self.show(show) else { return };
        let mut live = map.live.lock();
        if live.merge(version, seats.iter().map(|seat| (*seat, None, Some(kept), version))) {
            self.touch(live);
        }
    }

    fn next(&self) -> u64 {
        self.touches.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn touch(&self, mut live: MutexGuard<'_, Live>) {
        live.made = None;
        live.touched = self.next();
        let waiting = std::mem::take(&mut live.waiting);
        drop(live);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Ready once the map of a show is another than this one was made from. Where there is no map any more since others
    /// needed the room, nothing is known to be new: whoever waits looks again by the clock, or would take the room
    /// from the next one at once.
    pub(crate) fn poll_touched(&self, show: ShowId, after: &SeatMap, context: &mut Context<'_>) -> Poll<()> {
        let Some(map) = self.show(show) else {
            let changed = after.touched < self.forgotten.load(Ordering::Acquire);
            return if changed { Poll::Ready(()) } else { Poll::Pending };
        };
        let mut live = map.live.lock();
        if live.touched != after.touched {
            return Poll::Ready(());
        }
        if !live.waiting.iter().any(|waiting| waiting.will_wake(context.waker())) {
            live.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Forgets a show that has changed.
    pub(crate) fn forget(&self, show: ShowId) {
        let gone = self.shows.write().remove(&show);
        self.forgotten(gone);
    }

    /// Tells who waits for a map that its show has changed.
    fn forgotten(&self, gone: Option<Arc<ShowMap>>) {
        if gone.is_some() {
            self.forgotten.fetch_max(self.next(), Ordering::AcqRel);
        }
        // Only now are they woken: see `ShowMap::drop`.
        drop(gone);
    }

    /// Corrects the hint of a show that has another layout or price card now.
    pub(crate) fn correct(&self, show: ShowId, hint: ShowHint) {
        if self.show(show).is_none_or(|map| map.hint == hint) {
            return;
        }
        let mut shows = self.shows.write();
        let gone =
            if shows.get(&show).is_some_and(|map| map.hint != hint) { shows.remove(&show) } else { None };
        drop(shows);
        self.forgotten(gone);
    }
}

/// Makes room for a map. Ids grow with time: the first is of the oldest show. Maps that nobody waits for go first.
fn make_room(shows: &mut BTreeMap<ShowId, Arc<ShowMap>>) {
    if shows.len() < MOST_MAPS {
        return;
    }
    let unwatched = |map: &ShowMap| map.live.try_lock().is_some_and(|live| live.waiting.is_empty());
    let found = shows.iter().find(|(_, map)| unwatched(map)).map(|(show, _)| *show);
    if found.is_none_or(|show| shows.remove(&show).is_none()) {
        shows.pop_first();
    }
}

impl Live {
    /// Takes in what is newer than what is known; whether anything is.
    fn merge(&mut self, at: Version, changes: impl Iterator<Item = Change>) -> bool {
        if self.read_at.is_none() {
            return false;
        }
        let mut changed = self.version < at.0;
        for (seat, state, kept, version) in changes {
            if let Some(place) = self.seats.get_mut(seat.index())
                && place.version <= version
            {
                let (state, kept) = (state.unwrap_or(place.state), kept.unwrap_or(place.kept));
                let new = Place { state, kept, version };
                changed |= *place != new;
                *place = new;
            }
        }
        self.version = self.version.max(at.0);
        changed
    }

    fn make(&mut self, layout_id: LayoutId, now: Timestamp) -> Arc<SeatMap> {
        if let Some(made) = &self.made
            && made.stale_at > now
            && made.made_at <= now
        {
            return Arc::clone(made);
        }
        let places = self.seats.clone();
        let ends = places.iter().filter_map(|place| place.changes_at(now));
        let stale_at = ends.min().unwrap_or(Timestamp::from_millis(i64::MAX));
        let view = SeatMapView {
            layout_id,
            version: self.version,
            states: places.iter().map(|place| place.character(now)).collect(),
        };
        let json = OnceLock::new();
        let touched = self.touched;
        let made = Arc::new(SeatMap { view, json, stale_at, places, made_at: now, touched });
        self.made = Some(Arc::clone(&made));
        made
    }
}

impl Engine {
    /// What to look for in a show; `None` if there is no such show.
    pub(crate) async fn hint(&self, show: ShowId) -> Result<Option<ShowHint>, EngineError> {
        if let Some(map) = self.maps.show(show) {
            return Ok(Some(map.hint));
        }
        let Some(record) = self.get(&keys::show(show)).await? else { return Ok(None) };
        let hint = ShowHint { layout: record.layout, price_card: record.price_card };
        let mut shows = self.maps.shows.write();
        make_room(&mut shows);
        shows.insert(show, Arc::new(ShowMap { hint, live: Mutex::default() }));
        Ok(Some(hint))
    }

    /// The seats of a show; `None` if there is no such show.
    pub(crate) async fn map(&self, show: ShowId) -> Result<Option<Arc<SeatMap>>, EngineError> {
        let Some((map, now)) = self.live(show, false).await? else { return Ok(None) };
        let made = map.live.lock().make(map.hint.layout, now);
        Ok(Some(made))
    }

    /// Looks at which seats of a show can be had by a channel; `None` if there is no such show. `fresh` asks the store
    /// in any case. For questions about a few seats: no map of all of them is made.
    pub(crate) async fn look<T>(
        &self,
        show: ShowId,
        channel: SalesChannel,
        fresh: bool,
        look: impl FnOnce(&dyn Fn(SeatNo) -> bool) -> T,
    ) -> Result<Option<T>, EngineError> {
        let Some((map, now)) = self.live(show, fresh).await? else { return Ok(None) };
        let live = map.live.lock();
        let is_free =
            |seat: SeatNo| live.seats.get(seat.index()).is_some_and(|place| place.is_free(channel, now));
        Ok(Some(look(&is_free)))
    }

    /// What is known of a show's seats, and as of when, read from the store if it is too old.
    async fn live(
        &self,
        show: ShowId,
        fresh: bool,
    ) -> Result<Option<(Arc<ShowMap>, Timestamp)>, EngineError> {
        if self.hint(show).await?.is_none() {
            return Ok(None);
        }
        let Some(map) = self.maps.show(show) else { return Ok(None) };
        let now = self.now();
        let known = {
            let live = map.live.lock();
            let max_age = self.policy.view_max_age.unwrap_or(MAX_AGE);
            let young = live.read_at.is_some_and(|read_at| read_at <= now && now.since(read_at) < max_age);
            let version = live.version;
            drop(live);
            if young && !fresh {
                return Ok(Some((map, now)));
            }
            version
        };
        // Another process may have given the show another layout.
        let (mut map, mut known) = (map, known);
        let Some(record) = self.get(&keys::show(show)).await? else { return Ok(None) };
        let found = ShowHint { layout: record.layout, price_card: record.price_card };
        if found != map.hint {
            self.maps.correct(show, found);
            self.hint(show).await?;
            let Some(other) = self.maps.show(show) else { return Ok(None) };
            (map, known) = (other, 0);
        }
        let Some(layout) = self.layout(map.hint.layout).await? else {
            return Err(EngineError::internal(format!(
                "the layout {} of show {show} is gone",
                map.hint.layout
            )));
        };
        let read = self.read_seats(show).await?;
        let mut live = map.live.lock();
        let first = live.read_at.is_none();
        if first {
            live.seats = vec![Place::EMPTY; layout.layout.seats().len()];
        }
        live.read_at = Some(now);
        let newest = read.iter().map(|(.., version)| *version).max().unwrap_or(Version(0));
        let mut pointed = vec![false; live.seats.len()];
        for (seat, ..) in &read {
            if let Some(place) = pointed.get_mut(seat.index()) {
                *place = true;
            }
        }
        // A seat without a pointer is free, unless this process changed it while the store was read.
        let mut changed = first;
        for (place, pointed) in live.seats.iter_mut().zip(pointed) {
            if !pointed && place.version.0 <= known {
                let empty = Place { version: place.version, ..Place::EMPTY };
                changed |= *place != empty;
                *place = empty;
            }
        }
        // Without a change the map that was made stays, and its JSON with it.
        changed |= live.merge(newest, read.into_iter());
        if changed {
            self.maps.touch(live);
        } else {
            drop(live);
        }
        Ok(Some((map, now)))
    }

    async fn read_seats(&self, show: ShowId) -> Result<Vec<Change>, EngineError> {
        let pointers = self.scan_all(&keys::seats(show)).await?;
        let mut bookings: BTreeMap<BookingId, Option<(Booking, Version)>> = BTreeMap::new();
        for (_, pointer) in &pointers {
            if let Some(id) = pointer.booking() {
                bookings.insert(id, None);
            }
        }
        let ids: Vec<BookingId> = bookings.keys().copied().collect();
        let found = self.get_many(ids.iter().map(|id| keys::booking(*id))).await?;
        bookings.extend(ids.into_iter().zip(found));
        let states = pointers.into_iter().filter_map(|(row, pointer)| {
            let seat = keys::seat_number(&row.key)?;
            let kept = pointer.house().map(|house| Kept::of(&house));
            match pointer.booking() {
                None => Some((seat, Some(SeatState::Free), Some(kept), row.version)),
                Some(id) => {
                    let (booking, version) = bookings.get(&id)?.as_ref()?;
                    let state = SeatState::of(booking, rules::takeable_at(booking, &self.policy));
                    Some((seat, Some(state), Some(kept), row.version.max(*version)))
                }
            }
        });
        Ok(states.collect())
    }
}

#[cfg(test)]
mod tests;
