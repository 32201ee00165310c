//! When a job is due: a cron expression, on the clocks of a zone.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::time::{AmbiguousTime, LocalTime, Timestamp, Zone};

/// Longest text of a schedule, in characters.
const MOST_CHARS: usize = 200;
/// How far back it is looked for the last time that something was due.
const BACK: [Duration; 4] =
    [HOUR, HOUR.saturating_mul(24), HOUR.saturating_mul(24 * 32), HOUR.saturating_mul(24 * 367)];
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Times that are looked at before an expression counts as one that names none: more than a fold has seconds.
const MOST_LOOKS: usize = 20_000;

/// When a job runs: a cron expression (second, minute, hour, day of month, month, day of week and perhaps a year), on
/// the clocks of a zone. As text the zone follows the expression; without one it is the house's.
///
/// A time that the clocks skip is due at the first instant after the gap; one that they show twice is due once, the
/// first time.
///
/// ```
/// use kitflik_core::JobSchedule;
/// let schedule: JobSchedule = "0 0 12 * * FRI Europe/Berlin".parse()?;
/// let next = schedule.next(kitflik_core::Zone::UTC, "2026-11-27T11:00:00Z".parse()?);
/// assert_eq!(next.map(|next| next.to_string()).as_deref(), Some("2026-12-04T11:00:00Z"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct JobSchedule {
    cron: Box<cron::Schedule>,
    zone: Option<Zone>,
}

/// A text that is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a schedule: {reason}")]
pub struct InvalidSchedule {
    pub(super) text: String,
    pub(super) reason: String,
}

const EXPECTED: &str = "expected second, minute, hour, day of month, month, day of week and perhaps a year, \
                        then a zone unless it is the house's, such as \"0 0 12 * * FRI Europe/Berlin\"";

impl InvalidSchedule {
    pub(super) fn new(text: &str, reason: impl Into<String>) -> Self {
        Self { text: text.chars().take(MOST_CHARS).collect(), reason: reason.into() }
    }
}

impl FromStr for JobSchedule {
    type Err = InvalidSchedule;

    fn from_str(text: &str) -> Result<Self, InvalidSchedule> {
        if text.chars().count() > MOST_CHARS {
            return Err(InvalidSchedule::new(text, format!("it has more than {MOST_CHARS} characters")));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.len() == 5 {
            let reason = format!("it has five fields, and lacks the one for seconds; {EXPECTED}");
            return Err(InvalidSchedule::new(text, reason));
        }
        let read = |words: &[&str]| words.join(" ").parse::<cron::Schedule>().ok();
        // A last word that is no field is a zone. No zone is a number.
        let (cron, zone) = match (read(&words), words.split_last()) {
            (Some(cron), _) => (cron, None),
            (None, Some((zone, fields))) => {
                let cron = read(fields).ok_or_else(|| InvalidSchedule::new(text, EXPECTED))?;
                let zone = zone.parse().map_err(|error| InvalidSchedule::new(text, format!("{error}")))?;
                (cron, Some(zone))
            }
            (None, None) => return Err(InvalidSchedule::new(text, EXPECTED)),
        };
        let schedule = Self { cron: Box::new(cron), zone };
        // 31 February: it would wait for ever.
        if schedule.civil_after(DateTime::UNIX_EPOCH).next().is_none() {
            return Err(InvalidSchedule::new(text, "no day is like that"));
        }
        Ok(schedule)
    }
}

impl fmt::Display for JobSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cron())?;
        self.zone.map_or(Ok(()), |zone| write!(f, " {zone}"))
    }
}

impl fmt::Debug for JobSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobSchedule({self})")
    }
}

impl JobSchedule {
    /// The cron expression.
    #[must_use]
    pub fn cron(&self) -> &str {
        self.cron.source()
    }

    /// On whose clocks; `None`: on those of the house.
    #[must_use]
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }

    /// The times on the wall. The crate counts them in UTC, which has no gaps and no folds: ours are put in afterwards.
    fn civil_after(&self, after: DateTime<Utc>) -> cron::ScheduleIterator<'_, Utc> {
        self.cron.after(&after)
    }

    /// The first time that it is due after an instant, where the house's zone is `house`; `None` if the expression
    /// names no later year, or one after 2100.
    #[must_use]
    pub fn next(&self, house: Zone, after: Timestamp) -> Option<Timestamp> {
        let zone = self.zone.unwrap_or(house);
        let wall = after.in_zone(zone).naive_local().and_utc();
        // In the second reading of a fold, what the wall shows next was due in the first.
        self.civil_after(wall).take(MOST_LOOKS).map(|civil| instant(civil, zone)).find(|at| *at > after)
    }

    /// The last time that it was due, up to an instant, where `due` is one such time.
    pub(super) fn last(&self, house: Zone, due: Timestamp, until: Timestamp) -> Timestamp {
        // From where there are few, so that what is due each second is not counted through a whole downtime.
        let near = BACK.into_iter().map(|back| until.minus(back)).filter(|from| *from > due);
        let mut near = near.filter_map(|from| self.next(house, from).filter(|at| *at <= until));
        let mut last = near.next().unwrap_or(due);
        for _ in 0..MOST_LOOKS {
            match self.next(house, last).filter(|at| *at <= until) {
                Some(next) => last = next,
                None => break,
            }
        }
        last
    }
}

/// The instant at which a wall clock is taken to show a time.
fn instant(civil: DateTime<Utc>, zone: Zone) -> Timestamp {
    match LocalTime::new(civil.naive_utc()).resolve(zone) {
        Ok(at) => at,
        Err(AmbiguousTime::Fold { first, second, .. }) => first.min(second),
        Err(AmbiguousTime::Gap { before, after, .. }) => {
            let offset = |at: Timestamp| {
                at.in_zone(zone).naive_local().signed_duration_since(at.utc().naive_utc()).num_milliseconds()
            };
            let (mut low, mut high) = (before.min(after).millis(), before.max(after).millis());
            let old = offset(Timestamp::from_millis(low));
            while high - low > 1 {
                let middle = low.midpoint(high);
                if offset(Timestamp::from_millis(middle)) == old { low = middle } else { high = middle }
            }
            Timestamp::from_millis(high)
        }
    }
}

#[cfg(test)]
mod tests;
