//! What every [`Storage`] must do: one list of cases for all adapters, in whatever language they are written.
//!
//! The suite needs no runtime and starts no thread: it awaits the storage, many calls at a time where the
//! case is about races. Each case keeps to keys below `conformance/<case>/` and clears them first, so one
//! store may serve all of them, again and again; nobody else may write below that prefix meanwhile. It
//! cannot see whether a `Durable` batch survives a power failure: that takes a test with the adapter's own
//! means.
//!
//! ```
//! # fn main() {
//! use std::sync::Arc;
//! use kitflik_core::{MemoryStorage, testing::storage_conformance};
//!
//! let storage = Arc::new(MemoryStorage::new());
//! for outcome in pollster::block_on(storage_conformance::run_all(storage)) {
//!     assert_eq!(outcome.failure, None, "{}", outcome.name);
//! }
//! # }
//! ```

mod checks;
mod limits;
mod races;
mod rows;
mod scans;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use crate::ports::storage::{
    Batch, Check, Commit, Durability, Key, Read, Row, Storage, StorageError, Version, Write,
};

type Outcome = Result<(), String>;
type CaseFuture<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

struct Case {
    name: &'static str,
    body: for<'a> fn(&'a Bench) -> CaseFuture<'a>,
}

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        &[$($(Case { name: stringify!($case), body: |bench| Box::pin($module::$case(bench)) }),+),+]
    };
}

const CASES: &[Case] = cases! {
    rows:
        a_missing_key_has_no_row
        a_row_comes_back_as_it_was_put
        a_put_replaces_the_whole_value
        a_deleted_row_is_gone
        deleting_nothing_is_no_error
        a_value_may_hold_any_bytes
        reads_are_answered_in_the_order_asked
        the_version_applied_is_the_version_read
        one_batch_gives_all_its_rows_one_version
        versions_never_repeat_for_a_key
        versions_stay_exact_in_javascript
        an_acknowledged_write_is_read
        relaxed_and_durable_batches_keep_their_order
        a_batch_without_writes_is_applied;
    scans:
        rows_come_in_the_order_of_key_bytes
        a_scan_includes_its_start_and_excludes_its_end
        a_scan_stops_at_its_limit
        a_reverse_scan_begins_at_the_end
        an_empty_range_has_no_rows
        an_inverted_range_has_no_rows
        a_prefix_scan_stays_within_the_prefix
        a_scan_sees_puts_and_deletes
        a_long_scan_is_complete;
    checks:
        absent_holds_without_a_row
        absent_conflicts_with_a_row
        version_holds_for_the_version_read
        version_conflicts_when_stale
        version_conflicts_without_a_row
        a_version_is_stale_after_delete_and_put
        a_conflict_writes_nothing
        a_conflict_names_the_key_that_did_not_hold
        all_checks_must_hold
        a_check_may_be_on_a_key_that_the_batch_writes
        a_check_sees_the_store_before_the_batch
        a_batch_is_applied_as_a_whole;
    limits:
        the_longest_key_works
        the_largest_value_works
        the_largest_batch_works
        the_most_writes_and_checks_work
        the_most_reads_work
        a_longer_key_is_refused
        a_malformed_key_is_refused
        a_larger_value_is_refused
        an_empty_value_is_refused
        a_larger_batch_is_refused
        more_writes_or_checks_are_refused
        more_reads_are_refused
        a_scan_limit_out_of_bounds_is_refused
        writing_a_key_twice_in_a_batch_is_refused;
    races:
        one_of_many_inserts_wins
        no_increment_is_lost
        a_batch_is_seen_whole_or_not_at_all
        all_reads_of_a_call_see_one_snapshot
        overlapping_batches_take_all_or_nothing
        versions_never_repeat_in_a_race;
};

/// How one case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The name of the case, a sentence in snake case.
    pub name: &'static str,
    /// What the storage did wrong, if it did.
    pub failure: Option<String>,
}

/// The names of all cases.
#[must_use]
pub fn cases() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

/// Runs one case.
///
/// # Errors
/// What the storage did wrong, or that there is no case of this name.
pub async fn run(storage: Arc<dyn Storage>, case_name: &str) -> Result<(), String> {
    match CASES.iter().find(|case| case.name == case_name) {
        Some(case) => run_case(storage, case).await,
        None => Err(format!("there is no case {case_name}")),
    }
}

/// Runs all cases, one after the other.
pub async fn run_all(storage: Arc<dyn Storage>) -> Vec<CaseOutcome> {
    let mut outcomes = Vec::with_capacity(CASES.len());
    for case in CASES {
        let failure = run_case(Arc::clone(&storage), case).await.err();
        outcomes.push(CaseOutcome { name: case.name, failure });
    }
    outcomes
}

async fn run_case(storage: Arc<dyn Storage>, case: &Case) -> Outcome {
    let bench = Bench { storage, prefix: format!("conformance/{}/", case.name) };
    bench.clear().await?;
    (case.body)(&bench).await?;
    bench.clear().await
}

/// A storage and the keys that one case may use.
struct Bench {
    storage: Arc<dyn Storage>,
    prefix: String,
}

impl Bench {
    fn key(&self, name: &str) -> Key {
        format!("{}{name}", self.prefix)
    }

    fn put(&self, name: &str, value: &str) -> Write {
        Write::Put { key: self.key(name), value: value.as_bytes().to_vec() }
    }

    fn delete(&self, name: &str) -> Write {
        Write::Delete { key: self.key(name) }
    }

    fn absent(&self, name: &str) -> Check {
        Check::Absent { key: self.key(name) }
    }

    fn version(&self, name: &str, version: Version) -> Check {
        Check::Version { key: self.key(name), version }
    }

    fn get(&self, name: &str) -> Read {
        Read::Get { key: self.key(name) }
    }

    /// All keys of the case: `/` is followed by `0`.
    fn scan_all(&self) -> Read {
        let start = self.prefix.clone();
        let end = format!("{}0", self.prefix.trim_end_matches('/'));
        Read::Scan { start, end, limit: crate::limits::MAX_SCAN_ROWS, reverse: false }
    }

    fn scan(&self, start: &str, end: &str, limit: u32, reverse: bool) -> Read {
        Read::Scan { start: self.key(start), end: self.key(end), limit, reverse }
    }

    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, String> {
        let asked = reads.len();
        let answers = self.storage.read(reads).await.map_err(|error| format!("a read failed: {error}"))?;
        equal("the number of answers", answers.len(), asked)?;
        Ok(answers)
    }

    /// The rows that one read answers.
    async fn rows(&self, read: Read) -> Result<Vec<Row>, String> {
        Ok(self.read(vec![read]).await?.pop().unwrap_or_default())
    }

    async fn row(&self, name: &str) -> Result<Option<Row>, String> {
        let mut rows = self.rows(self.get(name)).await?;
        ensure(rows.len() <= 1, || format!("a get answered {} rows", rows.len()))?;
        Ok(rows.pop())
    }

    async fn value(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.row(name).await?.map(|row| text(&row)))
    }

    /// The names (keys without the prefix) of the rows that one read answers.
    async fn names(&self, read: Read) -> Result<Vec<String>, String> {
        let rows = self.rows(read).await?;
        let name = |row: &Row| row.key.strip_prefix(&self.prefix).unwrap_or(&row.key).to_owned();
        Ok(rows.iter().map(name).collect())
    }

    async fn try_commit(&self, checks: Vec<Check>, writes: Vec<Write>) -> Result<Commit, StorageError> {
        self.storage.commit(Batch { checks, writes, durability: Durability::Relaxed }).await
    }

    async fn commit(&self, checks: Vec<Check>, writes: Vec<Write>) -> Result<Commit, String> {
        self.try_commit(checks, writes).await.map_err(|error| format!("a commit failed: {error}"))
    }

    /// A commit that must be applied.
    async fn apply(&self, checks: Vec<Check>, writes: Vec<Write>) -> Result<Version, String> {
        match self.commit(checks, writes).await? {
            Commit::Applied { version } => Ok(version),
            Commit::Conflict { key } => Err(format!("a batch whose checks hold conflicts at {key}")),
        }
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Version, String> {
        self.apply(Vec::new(), writes).await
    }

    /// A commit that must conflict at this key.
    async fn conflict(&self, checks: Vec<Check>, writes: Vec<Write>, name: &str) -> Outcome {
        let expected = Commit::Conflict { key: self.key(name) };
        equal("the outcome", self.commit(checks, writes).await?, expected)
    }

    /// A commit that must be refused as too large, and write nothing.
    async fn refused(&self, what: &str, checks: Vec<Check>, writes: Vec<Write>) -> Outcome {
        let before = self.rows(self.scan_all()).await?;
        match self.try_commit(checks, writes).await {
            Err(StorageError::TooLarge { .. }) => {}
            other => return Err(format!("{what} must be refused with TooLarge, the answer was {other:?}")),
        }
        equal(what, self.rows(self.scan_all()).await?, before)
    }

    async fn clear(&self) -> Outcome {
        let rows = self.rows(self.scan_all()).await?;
        for some in rows.chunks(256) {
            self.write(some.iter().map(|row| Write::Delete { key: row.key.clone() }).collect()).await?;
        }
        equal("the rows after all were deleted", self.rows(self.scan_all()).await?, Vec::new())
    }
}

fn text(row: &Row) -> String {
    String::from_utf8_lossy(&row.value).into_owned()
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn equal<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Outcome {
    ensure(actual == expected, || format!("{what}: expected {expected:?}, found {actual:?}"))
}
