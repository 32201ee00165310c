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
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl CatalogError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::ShowOverlap(_) | Self::Clashes { .. } => ErrorCode::ShowOverlap,
            Self::Engine(error) => error.code(),
        }
    }
}
