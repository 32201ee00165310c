//! Why the program ends early: one line for people, and an exit code.

use std::fmt::{self, Display};

/// Why the program ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What it was told cannot be done: exit code 2.
    Usage(String),
    /// It tried, and could not: exit code 1.
    Run(String),
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn run(text: impl Into<String>) -> Self {
        Self::Run(text.into())
    }

    /// The same failure, said with what was being done.
    pub(crate) fn doing<E: Display>(what: impl Display) -> impl FnOnce(E) -> Self {
        move |error| Self::Run(format!("cannot {what}: {error}"))
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Run(_) => 1,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Run(text) => f.write_str(text),
        }
    }
}
