//! Seat maps for many listeners: one driver for each show that somebody looks at, and a short queue for each listener.
//!
//! An event is written once and shared. Whoever does not read is dropped when the queue is full: the client comes back
//! with the id of the last event that it saw, and gets what it missed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use kitflik_core::{BookingError, ErrorCode, Kitflik, SeatEvent, SeatFeed, SeatMap, ShowId};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use crate::api::events::event;
use crate::problem::Problem;
use crate::router::Readiness;
use crate::server::neighbourhood;

/// Listeners in all, if the host does not say otherwise.
pub(crate) const LISTENERS: usize = 4096;
/// Events that wait for a listener at most.
const QUEUE: usize = 64;
/// A connection on which nothing is sent is taken for dead by many a proxy.
const BEAT: Duration = Duration::from_secs(15);
/// Changes within this time are told together: a rush would be more to write than to read.
const BREATH: Duration = Duration::from_millis(50);
/// How long a store that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// Shows that are followed at most: each costs the store a look every now and then, whoever listens.
const SHOWS: usize = 256;
/// How long a show that nobody listens to is remembered, so that whoever lost the connection finds what was missed.
/// Until somebody comes it is not looked at.
const IDLE: Duration = BEAT;

/// All shows that somebody listens to.
#[derive(Debug)]
pub(crate) struct Feeds {
    kitflik: Kitflik,
    readiness: Readiness,
    most: usize,
    shows: Mutex<HashMap<ShowId, Arc<Feed>>>,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    /// Counts those who came.
    came: u64,
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A listener's place. It is kept until the answer is done with: what is stalled takes a place, too.
struct Place {
    feeds: Arc<Feeds>,
    client: Option<IpAddr>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listeners = self.feeds.listeners.lock();
        listeners.all = listeners.all.saturating_sub(1);
        let Some(client) = self.client else { return };
        match listeners.by_address.get_mut(&client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(listeners.by_address.remove(&client)),
        }
    }
}

impl Feeds {
    pub(crate) fn new(kitflik: Kitflik, readiness: Readiness, most: usize) -> Arc<Self> {
        let (shows, listeners) = (Mutex::default(), Mutex::default());
        Arc::new(Self { kitflik, readiness, most, shows, listeners })
    }

    /// What somebody is told from now on who has seen the events up to `last`.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        show: ShowId,
        last: Option<&str>,
        client: Option<IpAddr>,
    ) -> Result<Body, Problem> {
        if !self.readiness.is_ready() {
            return Err(Problem::new(ErrorCode::Unavailable, "this server is ending; try again"));
        }
        let place = self.place(client)?;
        let map = self.kitflik.bookings().seats(show).await?;
        let (missed, queue) = self.join(show, map, last)?;
        Ok(Body::from_stream(stream(opening(place.number, &missed), queue, place)))
    }

    fn place(self: &Arc<Self>, client: Option<IpAddr>) -> Result<Place, Problem> {
        let client = client.map(neighbourhood);
        let mut listeners = self.listeners.lock();
        if listeners.all >= self.most {
            let detail = "as many listen as this server can serve: ask for the seats now and then instead";
            return Err(Problem::new(ErrorCode::Unavailable, detail).retry_after(30));
        }
        if let Some(client) = client {
            // Hundreds may stand behind one address of a mobile network, but not all.
            let share = (self.most / 4).max(self.most.min(64));
            let count = listeners.by_address.entry(client).or_default();
            if *count >= share {
                let detail = "too many from your address listen: ask for the seats now and then instead";
                return Err(Problem::new(ErrorCode::TooManyRequests, detail).retry_after(30));
            }
            *count += 1;
        }
        listeners.all += 1;
        listeners.came += 1;
        Ok(Place { feeds: Arc::clone(self), client, number: listeners.came })
    }

    /// Joins those who listen to a show; what was missed until then, and the queue of what comes.
    fn join(
        self: &Arc<Self>,
        show: ShowId,
        map: Arc<SeatMap>,
        last: Option<&str>,
    ) -> Result<(Vec<SeatEvent>, mpsc::Receiver<Bytes>), Problem> {
        let mut shows = self.shows.lock();
        if let Some(joined) = shows.get(&show).and_then(|feed| feed.join(&map, last)) {
            return Ok(joined);
        }
        if shows.len() >= (self.most / 4).clamp(1, SHOWS) {
            let idle = shows.iter().find(|(_, feed)| feed.end(true)).map(|(show, _)| *show);
            let Some(idle) = idle else {
                let detail =
                    "as many shows are followed as this server can: ask for the seats now and then instead";
                return Err(Problem::new(ErrorCode::Unavailable, detail).retry_after(30));
            };
            shows.remove(&idle);
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| Problem::internal(&error))?;
        let name = getrandom::u64().map_err(|error| Problem::internal(&error))?;
        let feed = Arc::new(Feed::new(SeatFeed::new(format!("{name:016x}"), Arc::clone(&map))));
        let joined =
            feed.join(&map, last).ok_or_else(|| Problem::internal(&"a feed ended before it began"))?;
        shows.insert(show, Arc::clone(&feed));
        runtime.spawn(drive(Arc::clone(self), show, feed, map));
        Ok(joined)
    }

    /// Ends a feed; if `idle`, only one without listeners.
    fn end(&self, show: ShowId, feed: &Arc<Feed>, idle: bool) -> bool {
        let mut shows = self.shows.lock();
        if !feed.end(idle) {
            return false;
        }
        if shows.get(&show).is_some_and(|known| Arc::ptr_eq(known, feed)) {
            shows.remove(&show);
        }
        true
    }
}

/// The listeners of one show.
#[derive(Debug)]
struct Feed {
    state: Mutex<State>,
    /// Calls the driver: somebody listens again, or the feed has ended.
    called: Notify,
}

#[derive(Debug)]
struct State {
    feed: SeatFeed,
    listeners: Vec<mpsc::Sender<Bytes>>,
    ended: bool,
}

impl Feed {
    fn new(feed: SeatFeed) -> Self {
        let state = Mutex::new(State { feed, listeners: Vec::new(), ended: false });
        Self { state, called: Notify::new() }
    }

    /// `map` is the show as it is now.
    fn join(
        &self,
        map: &Arc<SeatMap>,
        last: Option<&str>,
    ) -> Option<(Vec<SeatEvent>, mpsc::Receiver<Bytes>)> {
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        let (sender, receiver) = mpsc::channel(QUEUE);
        if !state.is_listened_to() {
            // Nobody has looked meanwhile: nobody who comes is told what is no longer so.
            state.feed.advance(Arc::clone(map));
            self.called.notify_one();
        }
        state.listeners.push(sender);
        Some((state.feed.resume(last), receiver))
    }

    fn advance(&self, map: Arc<SeatMap>) {
        let mut state = self.state.lock();
        if let Some(event) = state.feed.advance(map) {
            let bytes = Bytes::from(written(&event));
            state.send(&bytes);
        }
    }

    /// Whether anybody listens; `None` once it has ended.
    fn is_listened_to(&self) -> Option<bool> {
        let state = self.state.lock();
        (!state.ended).then(|| state.is_listened_to())
    }

    /// Says that the connection lives; how many hear it.
    fn beat(&self) -> usize {
        let mut state = self.state.lock();
        state.send(&Bytes::from_static(b"event: beat\ndata:\n\n"));
        state.listeners.len()
    }

    fn end(&self, idle: bool) -> bool {
        let mut state = self.state.lock();
        if idle && state.is_listened_to() {
            return false;
        }
        state.ended = true;
        state.listeners.clear();
        self.called.notify_one();
        true
    }
}

impl State {
    fn is_listened_to(&self) -> bool {
        self.listeners.iter().any(|listener| !listener.is_closed())
    }

    /// To everybody whose queue has room; the others are gone, or too slow.
    fn send(&mut self, bytes: &Bytes) {
        self.listeners.retain(|listener| listener.try_send(bytes.clone()).is_ok());
    }
}

fn written(said: &SeatEvent) -> String {
    match said {
        SeatEvent::Map { id, map } => event("map", id, &map.json()),
        SeatEvent::Changes { id, changes } => {
            event("seats", id, &serde_json::to_string(&**changes).unwrap_or_default())
        }
        _ => String::new(),
    }
}

/// When to come back after the connection broke, and what was missed. Not all come back at the same moment.
fn opening(number: u64, missed: &[SeatEvent]) -> Bytes {
    let retry = 1000 + number % 64 * 32;
    let mut text = format!("retry: {retry}\n\n");
    missed.iter().for_each(|event| text.push_str(&written(event)));
    text.into()
}

fn stream(
    opening: Bytes,
    mut queue: mpsc::Receiver<Bytes>,
    place: Place,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut opening = Some(opening);
    futures_util::stream::poll_fn(move |context| {
        let _taken = &place;
        match opening.take() {
            Some(bytes) => std::task::Poll::Ready(Some(Ok(bytes))),
            None => queue.poll_recv(context).map(|bytes| bytes.map(Ok)),
        }
    })
}

/// Looks at a show for as long as somebody listens.
async fn drive(feeds: Arc<Feeds>, show: ShowId, feed: Arc<Feed>, mut last: Arc<SeatMap>) {
    let bookings = feeds.kitflik.bookings();
    let mut beat = interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(listened_to) = feed.is_listened_to() {
        tokio::select! {
            () = feeds.readiness.draining() => break,
            () = feed.called.notified() => {}
            _ = beat.tick(), if listened_to => {
                feed.beat();
                continue;
            }
            () = bookings.seats_touched(show, &last), if listened_to => {}
            () = sleep(bookings.seats_good_for(&last)), if listened_to => {}
            () = sleep(IDLE), if !listened_to => {
                if feeds.end(show, &feed, true) {
                    return;
                }
                continue;
            }
        }
        if feed.is_listened_to() != Some(true) {
            continue;
        }
        let pause = match bookings.seats(show).await {
            Ok(map) => {
                feed.advance(Arc::clone(&map));
                last = map;
                BREATH
            }
            Err(BookingError::NotFound { .. }) => break,
            Err(_) => PAUSE,
        };
        tokio::select! {
            () = feeds.readiness.draining() => break,
            () = sleep(pause) => {}
        }
    }
    feeds.end(show, &feed, false);
}

#[cfg(test)]
mod tests;
