//! Why a report is refused.

use thiserror::Error;

use crate::error::{Denied, EngineError, ErrorCode, Invalid};

/// Why a report was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There is no such thing.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// Refused fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ReportError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::Engine(error) => error.code(),
        }
    }
}
