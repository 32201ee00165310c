//! The conformance suite of the storage port, for adapters that are written in the host's language.

use std::sync::Arc;

use kitflik_core::Storage;
use kitflik_core::testing::storage_conformance;

use crate::door::Door;

/// What a storage did wrong.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum ConformanceFailure {
    /// A case failed.
    Failed {
        /// The name of the case.
        case_name: String,
        /// What was expected, and what happened instead.
        detail: String,
    },
}

impl std::fmt::Display for ConformanceFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Failed { case_name, detail } = self;
        write!(f, "{case_name}: {detail}")
    }
}

impl std::error::Error for ConformanceFailure {}

/// The names of all cases, in the order in which they are best run.
#[uniffi::export]
#[must_use]
pub fn conformance_cases() -> Vec<String> {
    storage_conformance::cases().into_iter().map(str::to_owned).collect()
}

/// Runs one case. It keeps to keys below `conformance/<case>/` and clears them first, so one store may serve all of
/// them.
///
/// # Errors
/// What the storage did wrong, or that there is no case of this name.
#[uniffi::export]
pub async fn run_conformance_case(
    storage: Arc<dyn Storage>,
    case_name: String,
) -> Result<(), ConformanceFailure> {
    let door = Arc::new(Door::new(storage));
    let outcome = storage_conformance::run(door, &case_name).await;
    outcome.map_err(|detail| ConformanceFailure::Failed { case_name, detail })
}

#[cfg(test)]
mod tests {
    use kitflik_core::testing::broken_storage::ChecksOff;
    use pollster::block_on;

    use super::*;
    use crate::door::memory_storage;

    #[test]
    fn every_case_passes_in_memory_and_some_fail_without_checks() {
        let cases = conformance_cases();
        assert!(cases.len() > 50);
        let broken: Arc<dyn Storage> = Arc::new(ChecksOff(memory_storage()));
        let mut failed = Vec::new();
        for case in cases {
            block_on(run_conformance_case(memory_storage(), case.clone())).unwrap();
            if block_on(run_conformance_case(Arc::clone(&broken), case.clone())).is_err() {
                failed.push(case);
            }
        }
        assert!(failed.contains(&"one_of_many_inserts_wins".to_owned()), "{failed:?}");
        assert!(block_on(run_conformance_case(memory_storage(), "no such case".to_owned())).is_err());
    }
}
