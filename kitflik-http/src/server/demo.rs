//! A cinema to try things with, for a store in which nobody has opened one.
//!
//! Nothing marks it as done. Each start looks at what is there by name and time, and adds what is missing: so
//! a start that was cut short is completed by the next one, and there is always a week of shows ahead. A
//! house with a venue of its own is left alone. Servers that start together over one database do the same
//! commands, by name, so that each takes effect once.

mod programme;

use std::collections::{BTreeMap, BTreeSet};

use kitflik_core::{
    Actor, AuditoriumId, CatalogError, CategoryPrice, CommandId, Kitflik, Layout, MovieId, MovieQuery,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, PageRequest, PriceCardId, ShowFormat,
    Timestamp, VenueView,
};
use tracing::info;

use super::failure::Failure;

const VENUE: &str = "Lichtspielhaus";
const CITY: &str = "Berlin";
const ZONE: &str = "Europe/Berlin";
/// From today on.
const DAYS: u64 = 8;
/// Shows that begin sooner are not worth adding.
const NOTICE: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// The halls, with the first show of the day and the price card of each.
const HALLS: [(&str, &str, &str, &str); 3] = [
    ("Saal 1", include_str!("demo/saal-1.txt"), "14:00", "Standard"),
    ("Saal 2", include_str!("demo/saal-2.txt"), "14:30", "Standard"),
    ("Salon", include_str!("demo/salon.txt"), "16:15", "Salon"),
];

/// A price card: its name, and the price of each category for each ticket type.
type Card = (&'static str, &'static [(&'static str, &'static str, i64)]);
const CARDS: [Card; 2] = [
    (
        "Standard",
        &[
            ("parkett", "adult", 1150),
            ("parkett", "child", 750),
            ("loge", "adult", 1400),
            ("loge", "child", 950),
        ],
    ),
    ("Salon", &[("sessel", "adult", 1650), ("sessel", "child", 1200)]),
];
const BOOKING_FEE_MINOR: i64 = 50;

/// Opens the cinema, or completes it and its programme.
pub(crate) async fn open(kitflik: &Kitflik) -> Result<(), Failure> {
    build(kitflik).await.map_err(Failure::doing("open the demo cinema (--no-demo leaves it out)"))
}

#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("{0}")]
    Text(String),
}

fn text(error: impl std::fmt::Display) -> DemoError {
    DemoError::Text(error.to_string())
}

/// The name of a step.
fn command(step: &str) -> Result<Option<CommandId>, DemoError> {
    format!("demo cinema: {step}").parse().map(Some).map_err(text)
}

async fn build(kitflik: &Kitflik) -> Result<(), DemoError> {
    let catalog = kitflik.catalog();
    let venues = catalog.venues(&PageRequest::default()).await?.items;
    let ours = |venue: &VenueView| venue.name == VENUE && venue.city == CITY;
    if !venues.iter().all(ours) {
        return Ok(());
    }
    let movies = movies(kitflik).await?;
    let cards = price_cards(kitflik).await?;
    let venue = match venues.into_iter().next() {
        Some(venue) => venue,
        None => {
            let new = NewVenue {
                command: command("venue")?,
                name: VENUE.into(),
                city: CITY.into(),
                address: Some("Lange Zeile 7".into()),
                zone: ZONE.parse().map_err(text)?,
            };
            catalog.add_venue(&Actor::System, &new).await?
        }
    };
    let mut taken: BTreeMap<AuditoriumId, BTreeSet<Timestamp>> = BTreeMap::new();
    for (movie, _) in &movies {
        for show in all_shows(kitflik, *movie).await? {
            taken.entry(show.auditorium.id).or_default().insert(show.starts_at);
        }
    }
    let mut added = 0;
    for (number, (name, plan, opening, card)) in HALLS.into_iter().enumerate() {
        let hall = hall(kitflik, &venue, name, plan).await?;
        let card = *cards.get(card).ok_or_else(|| text("there is no such price card"))?;
        let taken = taken.remove(&hall).unwrap_or_default();
        added += shows(kitflik, &venue, &movies, &Hall { number, id: hall, opening, card, taken }).await?;
    }
    if added > 0 {
        info!(shows = added, "the demo cinema has a week of shows ahead; --no-demo leaves it alone");
    }
    Ok(())
}

/// The movies with their runtimes, in the order of the programme.
async fn movies(kitflik: &Kitflik) -> Result<Vec<(MovieId, u32)>, DemoError> {
    let catalog = kitflik.catalog();
    let new = programme::movies();
    catalog.import_movies(&Actor::System, &new).await?;
    let mut found = Vec::with_capacity(new.len());
    for movie in new {
        found.push((find(kitflik, &movie).await?, movie.runtime_minutes.unwrap_or(120)));
    }
    Ok(found)
}

async fn find(kitflik: &Kitflik, wanted: &NewMovie) -> Result<MovieId, DemoError> {
    let page = PageRequest { cursor: None, limit: Some(100) };
    let query = MovieQuery { q: Some(wanted.title.clone()), page, ..MovieQuery::default() };
    let near = kitflik.catalog().movies(&query).await?.items;
    let same =
        near.into_iter().find(|movie| movie.title == wanted.title && movie.director == wanted.director);
    same.map(|movie| movie.id).ok_or_else(|| text(format!("{} is not in the catalogue", wanted.title)))
}

async fn price_cards(kitflik: &Kitflik) -> Result<BTreeMap<&'static str, PriceCardId>, DemoError> {
    let catalog = kitflik.catalog();
    let page = PageRequest { cursor: None, limit: Some(100) };
    let there = catalog.price_cards(&page).await?.items;
    let mut cards = BTreeMap::new();
    for (name, prices) in CARDS {
        let id = match there.iter().find(|card| card.name == name) {
            Some(card) => card.id,
            None => {
                let price = |(category, ticket_type, amount_minor): &(&str, &str, i64)| {
                    Ok(CategoryPrice {
                        category: category.parse().map_err(text)?,
                        ticket_type: ticket_type.parse().map_err(text)?,
                        amount_minor: *amount_minor,
                    })
                };
                let new = NewPriceCard {
                    command: command(&format!("price card {name}"))?,
                    name: name.into(),
                    currency: "EUR".parse().map_err(text)?,
                    prices: prices.iter().map(price).collect::<Result<_, DemoError>>()?,
                    booking_fee_minor: BOOKING_FEE_MINOR,
                    ticket_fee_minor: 0,
                    rules: Vec::new(),
                    tax: None,
                };
                catalog.add_price_card(&Actor::System, &new).await?.id
            }
        };
        cards.insert(name, id);
    }
    Ok(cards)
}

async fn hall(
    kitflik: &Kitflik,
    venue: &VenueView,
    name: &str,
    plan: &str,
) -> Result<AuditoriumId, DemoError> {
    if let Some(hall) = venue.auditoriums.iter().find(|hall| hall.name == name) {
        return Ok(hall.id);
    }
    let layout = Layout::from_text(name, plan).map_err(text)?;
    let new = NewAuditorium {
        command: command(&format!("hall {name}"))?,
        venue_id: venue.id,
        name: name.into(),
        layout,
    };
    Ok(kitflik.catalog().add_auditorium(&Actor::System, &new).await?.id)
}

async fn all_shows(kitflik: &Kitflik, movie: MovieId) -> Result<Vec<kitflik_core::ShowView>, DemoError> {
    let mut shows = Vec::new();
    let mut page = PageRequest { cursor: None, limit: Some(100) };
    loop {
        let more = kitflik.catalog().shows_of(movie, &page).await?;
        shows.extend(more.items);
        match more.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(shows),
        }
    }
}

struct Hall {
    number: usize,
    id: AuditoriumId,
    opening: &'static str,
    card: PriceCardId,
    taken: BTreeSet<Timestamp>,
}

/// Adds the shows that are missing in the days to come. Returns how many.
async fn shows(
    kitflik: &Kitflik,
    venue: &VenueView,
    movies: &[(MovieId, u32)],
    hall: &Hall,
) -> Result<u32, DemoError> {
    let now = kitflik.now();
    let today = now.in_zone(venue.zone).date_naive();
    let mut added = 0;
    for date in (0..DAYS).filter_map(|days| today.checked_add_days(chrono::Days::new(days))) {
        for (place, start) in programme::day(date, hall.number, hall.opening, movies) {
            let Some((movie, _)) = movies.get(place) else { continue };
            let Ok(starts_at) = start.resolve(venue.zone) else { continue };
            if starts_at <= now.plus(NOTICE) || hall.taken.contains(&starts_at) {
                continue;
            }
            let new = NewShow {
                language: Some(if place % 3 == 1 { "en" } else { "de" }.into()),
                subtitles: (place % 3 == 1).then(|| "de".into()),
                format: if place == 4 { ShowFormat::ThreeD } else { ShowFormat::TwoD },
                ..NewShow::new(*movie, hall.id, hall.card, start)
            };
            match kitflik.catalog().add_show(&Actor::System, &new).await {
                Ok(_) => added += 1,
                // Somebody put a show of theirs there.
                Err(CatalogError::ShowOverlap { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(added)
}

#[cfg(test)]
mod tests;
