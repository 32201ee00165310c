//! How full the shows of a week were.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Value, context};

use super::Jobs;
use crate::bookings::BookingStatus;
use crate::error::EngineError;
use crate::ids::{BookingId, ShowId, VenueId};
use crate::money::{Currency, Money};
use crate::notify::language::Language;
use crate::store::keys;
use crate::store::records::Show;
use crate::time::{ClockReading, Date, LocalTime, Timestamp, Zone};

/// Shows that the table of a report names one by one; its sums are of all.
const MOST_LINES: usize = 300;

/// The seven days of the programme before the one on which a report is due.
pub(super) fn week_before(due: Timestamp, zone: Zone) -> (Timestamp, Timestamp) {
    let today = LocalTime::of(due, zone).business_day();
    let begins = |day: Date| {
        let six = chrono::NaiveTime::from_hms_opt(6, 0, 0).unwrap_or_default();
        let local = LocalTime::new(day.calendar().and_time(six));
        local.resolve_as(zone, Some(ClockReading::Earlier)).unwrap_or(due)
    };
    (begins(today.plus_days(-7).unwrap_or(today)), begins(today))
}

/// Seats, and what was paid for them.
#[derive(Debug, Default)]
struct Sums {
    sold: usize,
    seats: usize,
    money: BTreeMap<Currency, i64>,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.sold += other.sold;
        self.seats += other.seats;
        for (currency, minor) in &other.money {
            *self.money.entry(*currency).or_default() += minor;
        }
    }

    fn say(&self, language: Language<'_>) -> Value {
        let money = self.money.iter().map(|(currency, minor)| language.money(Money::new(*minor, *currency)));
        context! {
            sold => self.sold,
            seats => self.seats,
            percent => (self.sold * 100).checked_div(self.seats).unwrap_or_default(),
            revenue => money.collect::<Vec<_>>().join(" + "),
        }
    }
}

impl Jobs<'_> {
    /// The shows that start in `from..to`, by venue and time, with sums.
    pub(super) async fn occupancy(&self, from: Timestamp, to: Timestamp) -> Result<Value, EngineError> {
        let engine = self.engine;
        let (catalogue, now) = (engine.catalogue().await?, engine.now());
        // Staff have no language of their own: all of them are told in the house's.
        let wanted = [engine.policy.default_locale.as_str()];
        let language = engine.templates.language("occupancy_report", wanted);
        let within = |show: &Show| show.starts_at >= from && show.starts_at < to && !show.cancelled;
        let mut shows: Vec<(VenueId, Timestamp, ShowId)> = Vec::new();
        for (id, show) in catalogue.shows.iter().filter(|(_, show)| within(show)) {
            let Some(hall) = catalogue.auditoriums.get(&show.auditorium) else { continue };
            shows.push((hall.venue, show.starts_at, *id));
        }
        shows.sort_unstable();
        let (mut all, mut count) = (Sums::default(), 0);
        let mut venues: Vec<(String, Sums, Vec<Value>)> = Vec::new();
        let mut last = None;
        for (venue, _, id) in shows {
            let (Some(view), Some(show)) = (catalogue.show(id, now), catalogue.shows.get(&id)) else {
                continue;
            };
            if last.replace(venue) != Some(venue) {
                venues.push((view.venue.name.clone(), Sums::default(), Vec::new()));
            }
            let sums = self.sold(id, show).await?;
            all.add(&sums);
            count += 1;
            let Some((_, sum, lines)) = venues.last_mut() else { continue };
            sum.add(&sums);
            if count <= MOST_LINES {
                let at = language.moment(view.starts_at, view.venue.zone);
                let (movie, hall) = (view.movie.title, view.auditorium.name);
                lines.push(context! { at, movie, hall, ..sums.say(language) });
            }
        }
        let venues =
            venues.into_iter().map(|(name, sums, shows)| context! { name, shows, ..sums.say(language) });
        let venues: Vec<Value> = venues.collect();
        Ok(context! { venues, shows => count, more => count.saturating_sub(MOST_LINES), ..all.say(language) })
    }

    async fn sold(&self, id: ShowId, show: &Show) -> Result<Sums, EngineError> {
        let engine = self.engine;
        let layout = engine.layout(show.layout).await?;
        let mut sums =
            Sums { seats: layout.map_or(0, |layout| layout.layout.seats().len()), ..Sums::default() };
        let pointers = engine.scan_all(&keys::seats(id)).await?;
        let bookings: BTreeSet<BookingId> =
            pointers.iter().filter_map(|(_, pointer)| pointer.booking()).collect();
        let bookings = engine.get_many(bookings.into_iter().map(keys::booking)).await?;
        for (booking, _) in bookings.into_iter().flatten() {
            if booking.status == BookingStatus::Confirmed {
                sums.sold += booking.seats.len();
                *sums.money.entry(booking.total.currency).or_default() += booking.total.amount_minor;
            }
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_before_a_report_is_of_days_of_the_programme() {
        let week = |due: &str, zone: &str| {
            let (from, to) = week_before(due.parse().unwrap(), zone.parse().unwrap());
            (from.to_string(), to.to_string())
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(
            week("2026-11-30T07:00:00Z", "Europe/Berlin"),
            pair("2026-11-23T05:00:00Z", "2026-11-30T05:00:00Z")
        );
        // The clocks have gone back meanwhile.
        assert_eq!(
            week("2026-10-26T07:00:00Z", "Europe/Berlin"),
            pair("2026-10-19T04:00:00Z", "2026-10-26T05:00:00Z")
        );
        // Before six it is still the day before.
        assert_eq!(week("2026-11-30T02:00:00Z", "UTC"), pair("2026-11-22T06:00:00Z", "2026-11-29T06:00:00Z"));
    }
}
