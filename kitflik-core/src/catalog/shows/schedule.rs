//! The schedule, for people who make it.

use std::collections::BTreeMap;

use crate::catalog::{
    AuditoriumRef, AuditoriumSchedule, Catalog, CatalogError, MovieRef, ScheduleDay, ScheduleEntry,
    ScheduleQuery, ScheduleView, VenueRef,
};
use crate::error::Invalid;
use crate::limits;
use crate::time::LocalTime;

impl Catalog<'_> {
    /// The shows of some days of the programme, by auditorium and day, with when they end. Days go from 06:00 to 05:59.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], or [`CatalogError::Invalid`] for days out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn schedule(&self, query: &ScheduleQuery) -> Result<ScheduleView, CatalogError> {
        let (most, days) = (limits::MAX_SCHEDULE_DAYS, query.to.days_since(query.from) + 1);
        if !(1..=most).contains(&days) {
            let detail =
                format!("from {} to {} are {days} days, allowed are 1 to {most}", query.from, query.to);
            return Err(Invalid::one("to", "out_of_range", detail).into());
        }
        let catalogue = self.engine.catalogue().await?;
        if query.venue_id.is_some_and(|venue| !catalogue.venues.contains_key(&venue)) {
            return Err(CatalogError::NotFound { what: "venue" });
        }
        if query.auditorium_id.is_some_and(|auditorium| !catalogue.auditoriums.contains_key(&auditorium)) {
            return Err(CatalogError::NotFound { what: "auditorium" });
        }
        let now = self.engine.now();
        let mut halls: BTreeMap<_, AuditoriumSchedule> = BTreeMap::new();
        let mut sorted: Vec<_> = catalogue.shows.iter().collect();
        sorted.sort_unstable_by_key(|(id, show)| (show.starts_at, **id));
        for (id, show) in sorted {
            if query.auditorium_id.is_some_and(|wanted| wanted != show.auditorium) {
                continue;
            }
            let Some(auditorium) = catalogue.auditoriums.get(&show.auditorium) else { continue };
            if query.venue_id.is_some_and(|wanted| wanted != auditorium.venue) {
                continue;
            }
            let Some(venue) = catalogue.venues.get(&auditorium.venue) else { continue };
            let starts_at_local = LocalTime::of(show.starts_at, venue.zone);
            let date = starts_at_local.business_day();
            if date < query.from || date > query.to {
                continue;
            }
            let title = catalogue.movies.get(&show.movie).map_or(&show.movie_title, |movie| &movie.title);
            let entry = ScheduleEntry {
                id: *id,
                revision: catalogue.revision(id.as_bytes()),
                movie: MovieRef { id: show.movie, title: title.clone() },
                starts_at: show.starts_at,
                ends_at: show.ends_at,
                starts_at_local,
                ends_at_local: LocalTime::of(show.ends_at, venue.zone),
                status: show.status(now),
                language: show.language.clone(),
                subtitles: show.subtitles.clone(),
                format: show.format,
                price_card_id: show.price_card,
            };
            let place = (&venue.name, auditorium.venue, &auditorium.name, show.auditorium);
            let hall = halls.entry(place).or_insert_with(|| AuditoriumSchedule {
                auditorium: AuditoriumRef { id: show.auditorium, name: auditorium.name.clone() },
                venue: VenueRef {
                    id: auditorium.venue,
                    name: venue.name.clone(),
                    city: venue.city.clone(),
                    zone: venue.zone,
                },
                days: Vec::new(),
            });
            match hall.days.last_mut().filter(|day| day.date == date) {
                Some(day) => day.shows.push(entry),
                None => hall.days.push(ScheduleDay { date, shows: vec![entry] }),
            }
        }
        Ok(ScheduleView { auditoriums: halls.into_values().collect() })
    }
}
