//! The engine's side: a cinema with as many shows as a round needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kitflik_core::{
    Actor, AuditoriumId, BookingId, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout,
    MasterKey, MovieId, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Policy, PriceCardId,
    SeatId, ShowId, Storage, VenueId, Zone,
};
use tokio::sync::Mutex;

use crate::jobs::{Hall, Job, Jobs};
use crate::measure::Peer;

/// An auditorium that is there, and its seats.
type BuiltHall = (AuditoriumId, Arc<Vec<SeatId>>);

pub(crate) struct Cinema {
    kitflik: Kitflik,
    movie: MovieId,
    venue: VenueId,
    card: PriceCardId,
    halls: Mutex<BTreeMap<Hall, BuiltHall>>,
    /// The day of the next show.
    day: AtomicI64,
}

impl Cinema {
    /// The engine alone, as a server with one process configures it.
    pub(crate) fn engine(storage: Arc<dyn Storage>) -> Kitflik {
        let mut policy = Policy::default();
        policy.view_max_age = None;
        Kitflik::builder(storage, MasterKey::new([7; 32])).policy(policy).build().unwrap()
    }

    pub(crate) async fn open(storage: Arc<dyn Storage>) -> Self {
        let kitflik = Self::engine(storage);
        let (catalog, system) = (kitflik.catalog(), Actor::System);
        let venue = NewVenue {
            command: None,
            name: "Odeon".to_owned(),
            city: "Berlin".to_owned(),
            address: None,
            zone: Zone::UTC,
        };
        let venue = catalog.add_venue(&system, &venue).await.unwrap();
        let price = |ticket_type: &str, amount_minor| CategoryPrice {
            category: "standard".parse().unwrap(),
            ticket_type: ticket_type.parse().unwrap(),
            amount_minor,
        };
        let card = NewPriceCard {
            command: None,
            name: "Evening".to_owned(),
            currency: Currency::EUR,
            prices: vec![price("adult", 1200), price("child", 800)],
            booking_fee_minor: 50,
            ticket_fee_minor: 0,
            rules: Vec::new(),
            tax: None,
        };
        let card = catalog.add_price_card(&system, &card).await.unwrap();
        let movie = NewMovie { title: "Alien".to_owned(), runtime_minutes: Some(117), ..NewMovie::default() };
        let movie = catalog.add_movie(&system, &movie).await.unwrap();
        let (halls, day) = (Mutex::default(), AtomicI64::new(1));
        Self { kitflik, movie: movie.id, venue: venue.id, card: card.id, halls, day }
    }

    /// New shows for these jobs.
    pub(crate) async fn shows(&self, jobs: &Jobs) -> Opened {
        let (auditorium_id, seats) = self.hall(jobs.hall).await;
        let mut shows = Vec::with_capacity(jobs.shows);
        for _ in 0..jobs.shows {
            let day = u64::try_from(self.day.fetch_add(1, Ordering::Relaxed)).unwrap();
            let start = self.kitflik.now().plus(Duration::from_secs(day * 24 * 60 * 60)).to_string();
            let show = NewShow {
                language: Some("en".to_owned()),
                ..NewShow::new(self.movie, auditorium_id, self.card, start[..16].parse().unwrap())
            };
            shows.push(self.kitflik.catalog().add_show(&Actor::System, &show).await.unwrap().id);
        }
        Opened { kitflik: self.kitflik.clone(), shows, seats, confirm: ConfirmBooking::counter() }
    }

    async fn hall(&self, hall: Hall) -> (AuditoriumId, Arc<Vec<SeatId>>) {
        let mut halls = self.halls.lock().await;
        if let Some(found) = halls.get(&hall) {
            return found.clone();
        }
        let layout = Layout::from_text("Hall", &hall.plan()).unwrap();
        let seats = Arc::new(layout.seats().iter().map(|seat| seat.id.clone()).collect());
        let auditorium =
            NewAuditorium { command: None, venue_id: self.venue, name: format!("{hall:?}"), layout };
        let auditorium = self.kitflik.catalog().add_auditorium(&Actor::System, &auditorium).await.unwrap();
        halls.insert(hall, (auditorium.id, Arc::clone(&seats)));
        (auditorium.id, seats)
    }
}

/// Shows on sale. Everybody is a guest with a token, and pays at the counter: no mail is written, as none is
/// by the peers.
pub(crate) struct Opened {
    kitflik: Kitflik,
    shows: Vec<ShowId>,
    seats: Arc<Vec<SeatId>>,
    confirm: ConfirmBooking,
}

impl Peer for Opened {
    type Held = (BookingId, Actor);

    async fn hold(&self, _client: usize, job: Job) -> Self::Held {
        let seats = self.seats[job.first_seat..job.first_seat + 2].iter().cloned();
        let request = HoldSeats::seats(self.shows[job.show], seats);
        let guest = Actor::Guest { booking_token: None };
        let held = self.kitflik.bookings().hold(&guest, &request).await.unwrap();
        (held.id, Actor::Guest { booking_token: held.booking_token })
    }

    async fn confirm(&self, _client: usize, (booking, guest): Self::Held) {
        self.kitflik.bookings().confirm(&guest, booking, &self.confirm).await.unwrap();
    }
}
