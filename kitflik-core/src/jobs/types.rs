//! What jobs look like to callers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::{Denied, EngineError, ErrorCode};
use crate::time::{Timestamp, Zone};

/// What the house does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobKind {
    /// Tells customers who want to hear of offers which films are new: Fridays at noon.
    NewReleases,
    /// Reminds whoever has tickets of their show, some hours before it.
    ShowReminders,
    /// Tells admins and managers how full last week's shows were: Mondays at eight.
    OccupancyReport,
}

impl JobKind {
    /// Every job.
    pub const ALL: [Self; 3] = [Self::NewReleases, Self::ShowReminders, Self::OccupancyReport];

    /// The name, as it is written on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewReleases => "new_releases",
            Self::ShowReminders => "show_reminders",
            Self::OccupancyReport => "occupancy_report",
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobKind {
    type Err = JobError;

    fn from_str(text: &str) -> Result<Self, JobError> {
        Self::ALL.into_iter().find(|job| job.as_str() == text).ok_or(JobError::Unknown)
    }
}

/// A job, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct JobView {
    /// Which one.
    pub job: JobKind,
    /// When it runs, as a cron expression with seconds. Absent for reminders, which go by the shows, and for a job
    /// that is off.
    pub cron: Option<String>,
    /// On whose clocks.
    pub zone: Option<Zone>,
    /// For reminders: how many minutes before a show. Absent if they are off.
    pub minutes_before: Option<u32>,
    /// When it is due next: never if it is off; once it goes on if it is paused.
    pub next_due: Option<Timestamp>,
    /// Nothing is begun or goes on until it is resumed.
    pub paused: bool,
    /// The run under way.
    pub running: Option<JobRunView>,
    /// The last run that came to its end.
    pub last_run: Option<JobRunView>,
}

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct JobRunView {
    /// When it was due; of several times that nobody was there for, the last.
    pub due: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// Mails that it promised; none if there was nothing to say.
    pub mails: u32,
    /// What was wrong, if it could not go on.
    pub error: Option<String>,
}

/// Why something about a job is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JobError {
    /// There is no such job.
    #[error("there is no such job; there are new_releases, show_reminders and occupancy_report")]
    Unknown,
    /// The house has not got it.
    #[error("{job} is off in the settings of this house")]
    Off {
        /// Which one.
        job: JobKind,
    },
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl JobError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown | Self::Off { .. } => ErrorCode::NotFound,
            Self::Denied(denied) => denied.code(),
            Self::Engine(error) => error.code(),
        }
    }
}
