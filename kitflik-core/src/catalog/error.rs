//! Why a command about the catalogue is refused.

use thiserror::Error;

use super::Clash;
use crate::error::{Denied, EngineError, ErrorCode, FieldError, Invalid};

/// Why a command about the catalogue was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Refused fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such thing.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// Two shows would overlap in an auditorium.
    #[error("the auditorium is taken by {0}")]
    ShowOverlap(Box<Clash>),
    /// Some of many shows cannot be where they were wanted: each has an entry.
    #[error("{}", .errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; "))]
    Clashes {
        /// Each of them, with its start.
        errors: Vec<FieldError>,
    },
    /// It was changed since its editor looked: the edit names another revision than there is.
    #[error("the {what} was changed meanwhile: its revision is {revision} now; look at it and edit that")]
    Stale {
        /// What was to be changed.
        what: &'static str,
        /// The revision that it has now.
        revision: u64,
    },
    /// Others refer to it.
    #[error("the {what} is in use by {} {users}: {}{}; {instead}",
        .count, .ids.join(", "), if *.count > .ids.len() { ", …" } else { "" })]
    InUse {
        /// What was to be deleted or changed.
        what: &'static str,
        /// What refers to it: `shows`, `auditoriums`.
        users: &'static str,
        /// How many do.
        count: usize,
        /// The first of them.
        ids: Vec<String>,
        /// What can be done.
        instead: &'static str,
    },
    /// There is one already.
    #[error("there is such a {what} already")]
    Exists {
        /// What was to be added.
        what: &'static str,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl CatalogError {
    /// Refuses an edit that names another revision than there is. `None` edits whatever is there.
    pub(crate) fn unless_current(
        what: &'static str,
        wanted: Option<u64>,
        found: Option<u64>,
    ) -> Result<(), Self> {
        let revision = found.ok_or(Self::NotFound { what })?;
        if wanted.is_none_or(|wanted| wanted == revision) {
            Ok(())
        } else {
            Err(Self::Stale { what, revision })
        }
    }

    /// The revision that there is, if the edit named another.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        match self {
            Self::Stale { revision, .. } => Some(*revision),
            _ => None,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::ShowOverlap(_) | Self::Clashes { .. } => ErrorCode::ShowOverlap,
            Self::Stale { .. } => ErrorCode::StaleRevision,
            Self::InUse { .. } => ErrorCode::InUse,
            Self::Exists { .. } => ErrorCode::AlreadyExists,
            Self::Engine(error) => error.code(),
        }
    }
}
