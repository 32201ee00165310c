//! By what a report is broken down.

use crate::catalog::cache::Snapshot;
use crate::error::Invalid;
use crate::ids::{MovieId, ShowId, VenueId};
use crate::limits;
use crate::store::records::Show;
use crate::time::{Date, LocalTime, Timestamp, Zone};

/// A group of a report: what it is sorted by, its key, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    sort: String,
    pub(super) key: String,
    pub(super) label: String,
}

impl Group {
    pub(super) fn named(name: &str) -> Self {
        Self::labelled(name, name)
    }

    pub(super) fn labelled(key: &str, label: &str) -> Self {
        Self { sort: label.to_owned(), key: key.to_owned(), label: label.to_owned() }
    }

    pub(super) fn day(day: Date) -> Self {
        Self::named(&day.to_string())
    }
}

/// What the catalogue says of a show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'c> {
    pub(super) id: ShowId,
    /// Absent if the show is gone, which nobody ever had a ticket for.
    pub(super) show: Option<&'c Show>,
    pub(super) venue: Option<VenueId>,
    pub(super) zone: Zone,
    catalogue: &'c Snapshot,
}

impl<'c> Place<'c> {
    pub(super) fn of(catalogue: &'c Snapshot, id: ShowId) -> Self {
        let show = catalogue.shows.get(&id);
        let venue = show.and_then(|show| Some(catalogue.auditoriums.get(&show.auditorium)?.venue));
        let zone = venue.and_then(|venue| Some(catalogue.venues.get(&venue)?.zone)).unwrap_or(Zone::UTC);
        Self { id, show, venue, zone, catalogue }
    }

    /// Whether it is in a venue and shows a movie, if these are asked for.
    pub(super) fn is_wanted(&self, venue: Option<VenueId>, movie: Option<MovieId>) -> bool {
        venue.is_none_or(|venue| self.venue == Some(venue))
            && movie.is_none_or(|movie| self.show.is_some_and(|show| show.movie == movie))
    }

    /// The day of the programme, on the clocks of the venue.
    pub(super) fn day(&self, at: Timestamp) -> Date {
        LocalTime::of(at, self.zone).business_day()
    }

    fn title(&self) -> Option<&'c str> {
        let show = self.show?;
        Some(self.catalogue.movies.get(&show.movie).map_or(&show.movie_title, |movie| &movie.title))
    }

    pub(super) fn by_movie(&self) -> Group {
        match (self.show, self.title()) {
            (Some(show), Some(title)) => Group::labelled(&show.movie.to_string(), title),
            _ => Group::labelled("", "(gone)"),
        }
    }

    pub(super) fn by_venue(&self) -> Group {
        let named = self.venue.and_then(|id| Some((id, self.catalogue.venues.get(&id)?)));
        match named {
            Some((id, venue)) => Group::labelled(&id.to_string(), &venue.name),
            None => Group::labelled("", "(gone)"),
        }
    }

    pub(super) fn by_show(&self) -> Group {
        let key = self.id.to_string();
        let Some((show, title)) = self.show.zip(self.title()) else { return Group::labelled(&key, "(gone)") };
        let hall = self.catalogue.auditoriums.get(&show.auditorium).map_or("", |hall| &hall.name);
        let label = format!("{title}, {}, {hall}", LocalTime::of(show.starts_at, self.zone));
        Group { sort: format!("{:015}", show.starts_at.millis().max(0)), key, label }
    }
}

/// The days of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) from: Date,
    pub(super) to: Date,
}

impl Days {
    pub(super) fn checked(from: Date, to: Date) -> Result<Self, Invalid> {
        let (most, days) = (limits::MAX_REPORT_DAYS, to.days_since(from) + 1);
        if (1..=most).contains(&days) {
            return Ok(Self { from, to });
        }
        let detail = format!("from {from} to {to} are {days} days, allowed are 1 to {most}");
        Err(Invalid::one("to", "out_of_range", detail))
    }

    pub(super) fn hold(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// From when until when it is one of these days in any of these zones.
    pub(super) fn span(&self, zones: impl Iterator<Item = Zone>) -> (Timestamp, Timestamp) {
        // A show that is gone is nowhere: its days are those of UTC.
        let mut span = ends(self.from, self.to, Zone::UTC);
        for zone in zones {
            let (from, to) = ends(self.from, self.to, zone);
            span = (span.0.min(from), span.1.max(to));
        }
        span
    }
}

/// When the first of some days begins in a zone, and when the day after the last does.
pub(super) fn ends(first: Date, last: Date, zone: Zone) -> (Timestamp, Timestamp) {
    let end = last.plus_days(1).map_or(Timestamp::from_millis(i64::MAX), |after| after.begins(zone));
    (first.begins(zone), end)
}

/// Splits an amount by weights, so that the parts add up to it. Equal parts, if all weights are nothing.
pub(super) fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let heavy = weights.iter().any(|weight| *weight > 0);
    let weight = |weight: &i64| if heavy { i128::from((*weight).max(0)) } else { 1 };
    let whole: i128 = weights.iter().map(weight).sum();
    let (mut sum, mut given) = (0_i128, 0_i64);
    weights
        .iter()
        .map(|part| {
            sum += weight(part);
            let until = i64::try_from(i128::from(amount) * sum / whole.max(1)).unwrap_or(amount);
            let part = until - given;
            given = until;
            part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        for (amount, weights, parts) in [
            (100, vec![1, 1, 1], vec![33, 33, 34]),
            (-100, vec![1, 1, 1], vec![-33, -33, -34]),
            (50, vec![1200, 800, 0], vec![30, 20, 0]),
            (7, vec![0, 0], vec![3, 4]),
            (i64::MAX, vec![i64::MAX, i64::MAX], vec![i64::MAX / 2, i64::MAX / 2 + 1]),
            (5, vec![], vec![]),
        ] {
            assert_eq!(split(amount, &weights), parts, "{amount} by {weights:?}");
        }
    }

    #[test]
    fn a_day_has_its_hours_in_each_zone() {
        let (day, zone) = ("2026-10-25".parse().unwrap(), "Europe/Berlin".parse().unwrap());
        let (from, to) = ends(day, day, zone);
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-10-25T05:00:00Z".into(), "2026-10-26T05:00:00Z".into())
        );
        let (from, _) = ends("2026-10-24".parse().unwrap(), day, zone);
        assert_eq!(from.to_string(), "2026-10-24T04:00:00Z");
        let days = Days::checked(day, day).unwrap();
        let (from, to) = days.span([zone, "America/New_York".parse().unwrap()].into_iter());
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-10-25T05:00:00Z".into(), "2026-10-26T10:00:00Z".into())
        );
        assert!(Days::checked(day, "2026-10-24".parse().unwrap()).is_err());
    }
}
