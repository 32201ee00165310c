//! Why a command about the catalogue is refused.

use thiserror::Error;

use crate::error::{Denied, EngineError, ErrorCode, Invalid};
use crate::ids::ShowId;
use crate::time::Timestamp;

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
    #[error("the auditorium is taken by show {show} until {until}")]
    ShowOverlap {
        /// The show that is there.
        show: ShowId,
        /// Until when.
        until: Timestamp,
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
            Self::ShowOverlap { .. } => ErrorCode::ShowOverlap,
            Self::Engine(error) => error.code(),
        }
    }
}
