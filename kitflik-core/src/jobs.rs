//! What the house does by itself, by the clock: mail about new films, reminders, reports.
//!
//! The row of a job says when it is due next and how far the run under way has come. A run begins and goes on by
//! commits that check this row, so that there is one run for each time, however many instances look; what a page of a
//! run promises is in the batch that moves it on, so that nothing is promised twice or never.

mod control;
mod mails;
mod new_releases;
mod occupancy;
mod reminders;
mod run;
mod schedule;
mod types;

pub(crate) use reminders::KEPT as REMINDERS_KEPT;
pub(crate) use run::PAGE;
pub use schedule::{InvalidSchedule, JobSchedule};
pub use types::{JobError, JobKind, JobRunView, JobView};

use std::time::Duration;

use crate::error::EngineError;
use crate::kitflik::{Engine, Policy};
use crate::time::Zone;

/// Jobs. From [`Kitflik::jobs`](crate::Kitflik::jobs).
#[derive(Clone, Copy)]
pub struct Jobs<'a> {
    pub(crate) engine: &'a Engine,
}

/// Longest time before a show that its reminder goes out.
const LONGEST_BEFORE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Policy {
    /// Sets when a job runs, from a text: `off`; or a [`JobSchedule`]; or, for show reminders, how long before the
    /// show, such as `3h` or `90m`, up to 14 days.
    ///
    /// # Errors
    /// [`InvalidSchedule`] says what is expected.
    pub fn set_job(&mut self, job: JobKind, text: &str) -> Result<(), InvalidSchedule> {
        let off = text.trim() == "off";
        let schedule = || if off { Ok(None) } else { text.parse().map(Some) };
        match job {
            JobKind::NewReleases => self.new_releases = schedule()?,
            JobKind::OccupancyReport => self.occupancy_report = schedule()?,
            JobKind::ShowReminders => self.reminder_before = if off { None } else { Some(before(text)?) },
        }
        Ok(())
    }

    /// When a job that goes by the calendar runs.
    fn job(&self, job: JobKind) -> Option<&JobSchedule> {
        match job {
            JobKind::NewReleases => self.new_releases.as_ref(),
            JobKind::OccupancyReport => self.occupancy_report.as_ref(),
            JobKind::ShowReminders => None,
        }
    }
}

/// A time such as `3h` or `90m`.
fn before(text: &str) -> Result<Duration, InvalidSchedule> {
    let tidy = text.trim();
    let unit = |unit: char, seconds: u64| {
        let count = tidy.strip_suffix(unit)?.trim_end().parse::<u64>().ok()?;
        count.checked_mul(seconds).map(Duration::from_secs)
    };
    let found = unit('h', 3600).or_else(|| unit('m', 60)).filter(|time| !time.is_zero());
    found.filter(|time| *time <= LONGEST_BEFORE).ok_or_else(|| {
        InvalidSchedule::new(
            text,
            "expected hours or minutes before the show such as 3h or 90m, up to 336h, or off",
        )
    })
}

impl Jobs<'_> {
    /// The clocks of the house: those of its policy, or of its first venue.
    async fn zone(&self) -> Result<Zone, EngineError> {
        if let Some(zone) = self.engine.policy.zone {
            return Ok(zone);
        }
        let catalogue = self.engine.catalogue().await?;
        let venue = catalogue.venues.values().find(|venue| !venue.archived);
        Ok(venue.map_or(Zone::UTC, |venue| venue.zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_sets_its_jobs_by_text() {
        let mut policy = Policy::default();
        assert_eq!(policy.new_releases.as_ref().unwrap().to_string(), "0 0 12 * * FRI");
        assert_eq!(policy.occupancy_report.as_ref().unwrap().to_string(), "0 0 8 * * MON");
        assert_eq!(policy.reminder_before, Some(Duration::from_secs(3 * 3600)));
        policy.set_job(JobKind::NewReleases, "@weekly Europe/Berlin").unwrap();
        policy.set_job(JobKind::ShowReminders, "90m").unwrap();
        policy.set_job(JobKind::OccupancyReport, "off").unwrap();
        assert_eq!(policy.new_releases.as_ref().unwrap().to_string(), "@weekly Europe/Berlin");
        assert_eq!(policy.reminder_before, Some(Duration::from_secs(90 * 60)));
        assert_eq!(policy.occupancy_report, None);
        for bad in ["", "0m", "3", "3d", "337h", "-1h", "0 0 12 * * FRI"] {
            let error = policy.set_job(JobKind::ShowReminders, bad).unwrap_err().to_string();
            assert!(error.contains("such as 3h or 90m"), "{error}");
        }
        policy.set_job(JobKind::NewReleases, "3h").unwrap_err();
        policy.set_job(JobKind::ShowReminders, "off").unwrap();
        assert_eq!(policy.reminder_before, None);
    }
}
