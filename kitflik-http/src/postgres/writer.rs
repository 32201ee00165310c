//! Commits: many batches, one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use kitflik_core::{Batch, Check, Commit, Durability, StorageError, Version, Write};
use tokio::sync::oneshot;
use tracing::warn;

use super::PostgresOptions;
use super::inbox::Inbox;
use super::link::{Fault, Kind, Link, fault};

/// How often a call is sent when the server chose it to give way to another transaction.
const ATTEMPTS: u32 = 4;
/// Keys of one call, of checks and writes. Each takes a lock, of which a server has some 7,000 for all (more by
/// `max_locks_per_transaction`). The largest batch fits.
const GROUP_KEYS: usize = 1024;
/// Bytes of one call.
const GROUP_BYTES: usize = 1024 * 1024;

/// A batch on its way.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) done: oneshot::Sender<Outcome>,
}

type Outcome = Result<Commit, StorageError>;

/// Sends groups until nothing comes any more.
pub(super) async fn run(options: PostgresOptions, inbox: Arc<Inbox<Job>>, mut link: Option<Link>) {
    loop {
        let (mut keys, mut bytes) = (0, 0);
        let group = inbox.next_group(|job| {
            keys += job.batch.checks.len() + job.batch.writes.len();
            bytes += size(&job.batch);
            keys <= GROUP_KEYS && bytes <= GROUP_BYTES
        });
        let Some(mut group) = group.await else { return };
        // Nobody waits for these any more, and nothing was sent.
        group.retain(|job| !job.done.is_closed());
        if group.is_empty() {
            continue;
        }
        let (batches, waiting): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.batch, job.done)).unzip();
        for (done, outcome) in waiting.into_iter().zip(commit(&options, &mut link, &batches).await) {
            let _caller_may_be_gone = done.send(outcome);
        }
    }
}

fn size(batch: &Batch) -> usize {
    let size = |write: &Write| match write {
        Write::Put { key, value } => key.len() + value.len(),
        Write::Delete { key } => key.len(),
    };
    batch.writes.iter().map(size).sum()
}

async fn commit(options: &PostgresOptions, place: &mut Option<Link>, batches: &[Batch]) -> Vec<Outcome> {
    let all = |error: StorageError| vec![Err(error); batches.len()];
    let link = match place.take().filter(|link| !link.client.is_closed()) {
        Some(link) => link,
        None => match Link::writer(options).await {
            Ok(link) => link,
            Err(error) => return all(error),
        },
    };
    let call = Call::of(batches);
    let mut attempt = 1;
    loop {
        let outcome = tokio::time::timeout(options.call_limit, call.send(&link)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Fault::Lost(format!("no answer in {} ms", options.call_limit.as_millis())))
        });
        let fault = match outcome {
            Ok(numbers) => {
                *place = Some(link);
                return call.outcomes(&numbers);
            }
            Err(fault) => fault,
        };
        return match fault {
            Fault::Again(reason) => {
                attempt += 1;
                if attempt <= ATTEMPTS {
                    continue;
                }
                warn!(%reason, "a commit gave way {ATTEMPTS} times");
                *place = Some(link);
                batches.iter().map(|batch| gave_way(batch, &reason)).collect()
            }
            Fault::Refused { reason, reconnect } => {
                if !reconnect {
                    *place = Some(link);
                }
                all(StorageError::Unavailable { reason })
            }
            Fault::Corrupt(reason) => {
                *place = Some(link);
                all(StorageError::Corrupt { reason })
            }
            Fault::Lost(reason) => {
                // With the link goes the connection, so that a server that is still at it can notice.
                all(StorageError::Indeterminate { reason })
            }
        };
    }
}

/// Another transaction came first, so a batch that depends on a row may be told that it changed: whoever asked
/// reads again in any case.
fn gave_way(batch: &Batch, reason: &str) -> Outcome {
    let checked = batch.checks.first().map(|(Check::Absent { key } | Check::Version { key, .. })| key);
    let written = batch.writes.first().map(|(Write::Put { key, .. } | Write::Delete { key })| key);
    match checked.or(written) {
        Some(key) => Ok(Commit::Conflict { key: key.clone() }),
        None => Err(StorageError::Unavailable { reason: reason.to_owned() }),
    }
}

/// Batches as the arguments of the function: see `schema.sql`.
#[derive(Default)]
struct Call<'a> {
    keys: Vec<&'a str>,
    written: Vec<bool>,
    durable: Vec<bool>,
    check_batch: Vec<i32>,
    check_slot: Vec<i32>,
    check_version: Vec<Option<i64>>,
    write_batch: Vec<i32>,
    write_slot: Vec<i32>,
    write_key: Vec<&'a str>,
    write_value: Vec<Option<&'a [u8]>>,
}

impl<'a> Call<'a> {
    fn of(batches: &'a [Batch]) -> Self {
        let mut call = Self::default();
        let mut slots = BTreeMap::new();
        for (number, batch) in (1..).zip(batches) {
            call.durable.push(batch.durability == Durability::Durable);
            for check in &batch.checks {
                let (key, version) = match check {
                    Check::Absent { key } => (key, None),
                    // No row has a version that does not fit.
                    Check::Version { key, version } => {
                        (key, Some(i64::try_from(version.0).unwrap_or(i64::MAX)))
                    }
                };
                let slot = call.slot(&mut slots, key, false);
                call.check_batch.push(number);
                call.check_slot.push(slot);
                call.check_version.push(version);
            }
            for write in &batch.writes {
                let (key, value) = match write {
                    Write::Put { key, value } => (key, Some(value.as_slice())),
                    Write::Delete { key } => (key, None),
                };
                let slot = call.slot(&mut slots, key, true);
                call.write_batch.push(number);
                call.write_slot.push(slot);
                call.write_key.push(key);
                call.write_value.push(value);
            }
        }
        call
    }

    /// The place of a key among the keys of the call, from 1.
    fn slot(&mut self, slots: &mut BTreeMap<&'a str, usize>, key: &'a str, written: bool) -> i32 {
        let place = *slots.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.written.push(false);
            self.keys.len() - 1
        });
        self.written[place] |= written;
        i32::try_from(place + 1).unwrap_or(i32::MAX)
    }

    async fn send(&self, link: &Link) -> Result<Vec<i64>, Fault> {
        let Kind::Writer { commit } = &link.kind else {
            return Err(Fault::Refused { reason: "a connection for reading".to_owned(), reconnect: true });
        };
        let rows = link
            .client
            .query(
                commit,
                &[
                    &self.keys,
                    &self.written,
                    &self.durable,
                    &self.check_batch,
                    &self.check_slot,
                    &self.check_version,
                    &self.write_batch,
                    &self.write_slot,
                    &self.write_key,
                    &self.write_value,
                ],
            )
            .await
            .map_err(|error| fault(&error))?;
        // It was committed: an answer that cannot be read leaves open what.
        let unread = || Fault::Lost("the answer of kitflik_commit_1 cannot be read".to_owned());
        rows.first().ok_or_else(unread)?.try_get(0).map_err(|_| unread())
    }

    fn outcomes(&self, numbers: &[i64]) -> Vec<Outcome> {
        let unknown = || StorageError::Indeterminate { reason: "the server left a batch out".to_owned() };
        let outcome = |number: &i64| match u64::try_from(*number) {
            Ok(0) => Err(unknown()),
            Ok(version) => Ok(Commit::Applied { version: Version(version) }),
            Err(_) => {
                let place = usize::try_from(number.unsigned_abs() - 1).ok();
                let key = place.and_then(|place| self.keys.get(place)).ok_or_else(unknown)?;
                Ok(Commit::Conflict { key: (*key).to_owned() })
            }
        };
        let mut outcomes: Vec<_> = numbers.iter().take(self.durable.len()).map(outcome).collect();
        outcomes.resize_with(self.durable.len(), || Err(unknown()));
        outcomes
    }
}
