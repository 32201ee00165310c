//! Every adapter of the core passes the one suite, and broken ones do not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use kitflik_core::testing::broken_storage::{ChecksOff, HalfBatch, TornSnapshot};
use kitflik_core::testing::storage_conformance::{CaseOutcome, cases, run, run_all};
use kitflik_core::{Batch, Commit, Durability, MemoryStorage, Read, Row, SledStorage, Storage, StorageError};
use pollster::block_on;

fn failures(storage: Arc<dyn Storage>) -> Vec<String> {
    let failed = |outcome: CaseOutcome| outcome.failure.map(|failure| format!("{}: {failure}", outcome.name));
    block_on(run_all(storage)).into_iter().filter_map(failed).collect()
}

fn on_each_adapter(test: impl Fn(&str, Arc<dyn Storage>)) {
    test("memory", Arc::new(MemoryStorage::new()));
    let directory = tempfile::tempdir().unwrap();
    test("sled", Arc::new(SledStorage::open(directory.path().join("store")).unwrap()));
}

#[test]
fn all_adapters_conform() {
    on_each_adapter(|name, storage| {
        assert_eq!(failures(Arc::clone(&storage)), [""; 0], "{name}");
        assert_eq!(failures(storage), [""; 0], "{name}, a second time on the same store");
    });
}

#[test]
fn cases_run_one_by_one_too() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    for case in cases() {
        assert_eq!(block_on(run(Arc::clone(&storage), case)), Ok(()), "{case}");
    }
    assert_eq!(block_on(run(storage, "no such case")), Err("there is no case no such case".to_owned()));
}

#[test]
fn case_names_are_unique() {
    let mut names = cases();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases().len());
}

#[track_caller]
fn assert_caught(name: &str, storage: Arc<dyn Storage>, by: &[&str]) {
    let failures = failures(storage);
    for case in by {
        assert!(
            failures.iter().any(|failure| failure.starts_with(case)),
            "{name}: {case} must fail: {failures:#?}"
        );
    }
}

#[test]
fn a_storage_that_ignores_checks_is_caught() {
    let by = ["no_increment_is_lost", "one_of_many_inserts_wins", "a_conflict_writes_nothing"];
    on_each_adapter(|name, storage| assert_caught(name, Arc::new(ChecksOff(storage)), &by));
}

#[test]
fn a_storage_that_applies_half_a_batch_is_caught() {
    let by = ["a_batch_is_applied_as_a_whole", "overlapping_batches_take_all_or_nothing"];
    on_each_adapter(|name, storage| assert_caught(name, Arc::new(HalfBatch(storage)), &by));
}

#[test]
fn a_storage_that_reads_from_several_snapshots_is_caught() {
    let by = ["all_reads_of_a_call_see_one_snapshot"];
    on_each_adapter(|name, storage| assert_caught(name, Arc::new(TornSnapshot::new(storage)), &by));
}

/// A storage whose commits never come to an end.
struct NeverCommits(MemoryStorage);

#[async_trait::async_trait]
impl Storage for NeverCommits {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.0.read(reads).await
    }

    async fn commit(&self, _batch: Batch) -> Result<Commit, StorageError> {
        std::future::pending().await
    }
}

#[test]
fn torn_reads_wait_for_no_commit_that_was_given_up() {
    let storage = TornSnapshot::new(Arc::new(NeverCommits(MemoryStorage::new())));
    let batch = Batch { checks: Vec::new(), writes: Vec::new(), durability: Durability::Relaxed };
    assert!(storage.commit(batch).now_or_never().is_none());
    let mut read = storage.read(vec![Read::Get { key: "a".to_owned() }]);
    // It yields once and has nothing to wait for after that.
    let polls =
        block_on(poll_fn(|context| Poll::Ready([(); 2].map(|()| read.poll_unpin(context).is_ready()))));
    assert_eq!(polls, [false, true]);
}
