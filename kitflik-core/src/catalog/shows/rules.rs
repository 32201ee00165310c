//! The rules of a schedule: pure functions.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Validation;
use crate::ids::ShowId;
use crate::limits;
use crate::store::records::Show;
use crate::time::{Date, LocalTime, TimeOfDay, Timestamp, Weekday};

/// The longest that a show may take its auditorium.
pub(super) const LONGEST_SHOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The runtime of a movie that does not say.
const DEFAULT_RUNTIME_MINUTES: u32 = 120;

/// How long a show takes its auditorium, as it was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Length {
    pub(super) all: Option<u32>,
    pub(super) trailers: Option<u32>,
    pub(super) turnaround: Option<u32>,
}

impl Length {
    pub(super) fn check(self, fields: &mut Validation) {
        let longest = 24 * 60;
        if self.all.is_some_and(|minutes| minutes == 0 || minutes > longest) {
            fields.refuse("duration_minutes", "out_of_range", "duration_minutes must be 1 to 1440");
        }
        for (path, part) in [("trailers_minutes", self.trailers), ("turnaround_minutes", self.turnaround)] {
            let most = limits::MAX_EXTRA_MINUTES;
            if part.is_some_and(|minutes| minutes > most) {
                fields.refuse(path, "out_of_range", format!("{path} must be 0 to {most}"));
            }
            if part.is_some() && self.all.is_some() {
                let detail = format!("duration_minutes says it all: give either that or {path}");
                fields.refuse(path, "contradictory", detail);
            }
        }
    }

    /// Trailers, the movie and the turnaround, in minutes: at most a day. `house` is how long the first and the last
    /// take where the show does not say.
    pub(super) fn minutes(self, runtime: Option<u32>, house: [Duration; 2]) -> u32 {
        let of_house = |time: Duration| u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX);
        let trailers = self.trailers.unwrap_or_else(|| of_house(house[0]));
        let turnaround = self.turnaround.unwrap_or_else(|| of_house(house[1]));
        let parts =
            runtime.unwrap_or(DEFAULT_RUNTIME_MINUTES).saturating_add(trailers).saturating_add(turnaround);
        self.all.unwrap_or(parts).clamp(1, 24 * 60)
    }
}

pub(super) fn minutes(count: u32) -> Duration {
    Duration::from_secs(60 * u64::from(count))
}

/// When a show can be bought, as it was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) open_at: Option<Timestamp>,
    pub(super) open_days_before: Option<u32>,
    pub(super) close_at: Option<Timestamp>,
    pub(super) close_minutes_before: Option<u32>,
}

impl Window {
    /// Sets the window of a show, whose times are set.
    pub(super) fn set(self, show: &mut Show, now: Timestamp, fields: &mut Validation) {
        let day = 24 * 60;
        if self.open_at.is_some() && self.open_days_before.is_some() {
            let detail = "give either sales_open_at or sales_open_days_before";
            fields.refuse("sales_open_days_before", "contradictory", detail);
        }
        if self.close_at.is_some() && self.close_minutes_before.is_some() {
            let detail = "give either sales_close_at or sales_close_minutes_before";
            fields.refuse("sales_close_minutes_before", "contradictory", detail);
        }
        if self.open_days_before.is_some_and(|days| days > limits::MAX_SALES_DAYS) {
            let detail = format!("sales_open_days_before must be 0 to {}", limits::MAX_SALES_DAYS);
            fields.refuse("sales_open_days_before", "out_of_range", detail);
        }
        if self.close_minutes_before.is_some_and(|minutes| minutes > limits::MAX_SALES_DAYS * day) {
            let detail = format!("sales_close_minutes_before must be 0 to {}", limits::MAX_SALES_DAYS * day);
            fields.refuse("sales_close_minutes_before", "out_of_range", detail);
        }
        show.sales_open_days_before = self.open_days_before;
        show.sales_close_minutes_before = self.close_minutes_before;
        show.sales_open_at = self.open_at.unwrap_or(now);
        show.sales_close_at = self.close_at.unwrap_or(show.starts_at);
        follow_start(show);
        let opens = self.open_at.is_some() || self.open_days_before.is_some();
        if opens && show.sales_open_at >= show.sales_close_at {
            let detail = format!(
                "sales would open at {} and close at {}: they must open first",
                show.sales_open_at, show.sales_close_at
            );
            fields.refuse("sales_close_at", "out_of_range", detail);
        }
        if show.sales_close_at > show.ends_at {
            let detail =
                format!("sales would close at {}, after the end at {}", show.sales_close_at, show.ends_at);
            fields.refuse("sales_close_at", "out_of_range", detail);
        }
    }
}

/// Sets what of the window goes with the start.
fn follow_start(show: &mut Show) {
    if let Some(days) = show.sales_open_days_before {
        show.sales_open_at = show.starts_at.minus(minutes(24 * 60).saturating_mul(days));
    }
    if let Some(before) = show.sales_close_minutes_before {
        show.sales_close_at = show.starts_at.minus(minutes(before));
    }
}

/// The show at another time: it takes as long as before, and what of its window goes with the start goes with it.
/// `carry` takes the rest of the window along, too; otherwise it stays, and no later than the new end.
pub(super) fn at(show: &Show, starts_at: Timestamp, carry: bool) -> Show {
    let shift = starts_at.millis().saturating_sub(show.starts_at.millis());
    let moved = |time: Timestamp| Timestamp::from_millis(time.millis().saturating_add(shift));
    let mut new = Show { starts_at, ends_at: moved(show.ends_at), ..show.clone() };
    let with_start = show.sales_close_at == show.starts_at;
    if carry {
        new.sales_open_at = moved(show.sales_open_at);
    }
    if carry || with_start {
        new.sales_close_at = moved(show.sales_close_at);
    }
    new.sales_close_at = new.sales_close_at.min(new.ends_at);
    follow_start(&mut new);
    new
}

/// The dates and times of a repeated show, in order.
pub(super) fn occurrences(
    from: Date,
    to: Date,
    weekdays: &[Weekday],
    times: &[TimeOfDay],
    fields: &mut Validation,
) -> Vec<LocalTime> {
    let days = to.days_since(from) + 1;
    if !(1..=limits::MAX_RECURRENCE_DAYS).contains(&days) {
        let most = limits::MAX_RECURRENCE_DAYS;
        let detail = format!("from {from} to {to} are {days} days, allowed are 1 to {most}");
        fields.refuse("to", "out_of_range", detail);
        return Vec::new();
    }
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < times.len() {
        fields.refuse("times", "duplicate", "a time is named twice");
    }
    let dates = (0..days).filter_map(|day| from.plus_days(day));
    let dates = dates.filter(|date| weekdays.is_empty() || weekdays.contains(&date.weekday()));
    let all: Vec<LocalTime> = dates.flat_map(|date| sorted.iter().map(move |time| date.at(*time))).collect();
    check_count("times", all.len(), fields);
    all
}

/// How many shows one command may add.
pub(super) fn check_count(path: &str, count: usize, fields: &mut Validation) {
    let most = limits::MAX_SHOWS_AT_ONCE;
    if count == 0 || count > most {
        let detail = format!("these are {count} shows, allowed are 1 to {most} at once");
        fields.refuse(path, "count", detail);
    }
}

/// When an auditorium is taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(BTreeMap<(Timestamp, ShowId), Timestamp>);

impl Taken {
    pub(super) fn add(&mut self, show: ShowId, starts_at: Timestamp, ends_at: Timestamp) {
        self.0.insert((starts_at, show), ends_at);
    }

    pub(super) fn remove(&mut self, show: ShowId) {
        self.0.retain(|(_, other), _| *other != show);
    }

    /// The show that is there at some time from `starts_at` until before `ends_at`.
    pub(super) fn clash(&self, starts_at: Timestamp, ends_at: Timestamp) -> Option<ShowId> {
        let first = (starts_at.minus(LONGEST_SHOW), ShowId::from_bytes([0; 16]));
        let before = (ends_at, ShowId::from_bytes([0; 16]));
        let mut there = self.0.range(first..before.max(first));
        there.find(|(_, until)| **until > starts_at).map(|((_, show), _)| *show)
    }
}

#[cfg(test)]
mod tests;
