//! What is stored of jobs.

use serde::{Deserialize, Serialize};

use super::Form;
use crate::ids::{BookingId, MovieId};
use crate::time::{Timestamp, millis};

records! {
    /// How a job stands. Whatever begins a run or moves it on checks and rewrites it.
    #[derive(PartialEq)]
    Job {
        /// By what the next time was counted: a change of the schedule counts anew.
        plan: String,
        /// In milliseconds; never if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_due: Option<i64>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        paused: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running: Option<JobRun>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<JobEnd>,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// The films that a run told of: none is new again.
    ReleaseNews {
        movies: Vec<MovieId>,
    }

    /// How far the holders of a show have been reminded of it.
    ShowReminder {
        /// Of which start: a show that moves is looked through anew.
        #[serde(with = "millis")]
        starts_at: Timestamp,
        #[serde(with = "millis")]
        started_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_through: Option<BookingId>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        done: bool,
        mails: u32,
        /// Random: no two attempts write the same row.
        mark: u32,
    }

    /// A booking whose holder has been reminded, and is not again.
    Reminded {
        #[serde(with = "millis")]
        starts_at: Timestamp,
    }
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobRun {
    #[serde(with = "millis")]
    pub(crate) due: Timestamp,
    #[serde(with = "millis")]
    pub(crate) started_at: Timestamp,
    /// Somebody asked for it: it goes on although the job is paused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) asked: bool,
    /// The last of those it goes through that it has come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
    pub(crate) mails: u32,
    /// Who works on it, and until when others leave it to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<JobLease>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobLease {
    pub(crate) by: u32,
    #[serde(with = "millis")]
    pub(crate) until: Timestamp,
}

/// A run that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobEnd {
    #[serde(with = "millis")]
    pub(crate) due: Timestamp,
    #[serde(with = "millis")]
    pub(crate) started_at: Timestamp,
    #[serde(with = "millis")]
    pub(crate) ended_at: Timestamp,
    pub(crate) mails: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}
