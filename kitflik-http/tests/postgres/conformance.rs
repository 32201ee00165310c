//! The one suite that every storage passes, and that broken ones do not.

use std::sync::Arc;

use kitflik_core::Storage;
use kitflik_core::testing::broken_storage::{ChecksOff, HalfBatch, TornSnapshot};
use kitflik_core::testing::storage_conformance::{CaseOutcome, run_all};

use super::Database;

async fn failures(storage: Arc<dyn Storage>) -> Vec<String> {
    let failed = |outcome: CaseOutcome| outcome.failure.map(|failure| format!("{}: {failure}", outcome.name));
    run_all(storage).await.into_iter().filter_map(failed).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_conforms() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    assert_eq!(failures(Arc::clone(&storage)).await, [""; 0]);
    assert_eq!(failures(storage).await, [""; 0], "a second time on the same store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_storages_are_caught() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let of = || Arc::clone(&storage);
    let broken: [(Arc<dyn Storage>, &[&str]); 3] = [
        (
            Arc::new(ChecksOff(of())),
            &["no_increment_is_lost", "one_of_many_inserts_wins", "a_conflict_writes_nothing"],
        ),
        (
            Arc::new(HalfBatch(of())),
            &["a_batch_is_applied_as_a_whole", "overlapping_batches_take_all_or_nothing"],
        ),
        (Arc::new(TornSnapshot::new(of())), &["all_reads_of_a_call_see_one_snapshot"]),
    ];
    for (storage, cases) in broken {
        let failures = failures(storage).await;
        for case in cases {
            assert!(
                failures.iter().any(|failure| failure.starts_with(case)),
                "{case} must fail: {failures:#?}"
            );
        }
    }
}
