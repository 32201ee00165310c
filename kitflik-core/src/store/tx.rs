//! Read, decide, commit: the one cycle that every command follows.
//!
//! A command reads rows (each with its version), decides by a pure rule, and writes a batch whose checks are
//! the rows that it read. Whoever loses a race reads again. Every batch checks a row that it writes, so that it
//! cannot be applied twice, not even if its first sending arrives late. Where the storage does not say whether a
//! batch was applied, the rows tell: a batch that was applied left what it wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::decoded::Decoded;
use super::keys::{self, Range, Typed};
use super::records::{Form, Receipt, Record};
use super::trail::Trail;
use crate::actor::Actor;
use crate::error::EngineError;
use crate::ids::CommandId;
use crate::keyring::RequestDigest;
use crate::kitflik::Engine;
use crate::limits;
use crate::ports::storage::{Batch, Check, Commit, Durability, Key, Read, Row, StorageError, Version, Write};
use crate::time::Timestamp;

/// A way to break the engine, as the proof that the simulation would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "only a simulation breaks the engine"))]
pub enum Mutant {
    /// Nothing is checked.
    ChecksOff,
    /// A receipt does not answer a repeat.
    ReceiptIgnored,
    /// A stale hold is taken over without checking or expiring the old booking.
    TakeoverUnchecked,
    /// A house seat that is released is taken without checking its pointer.
    ReleaseUnchecked,
    /// A confirm does not check the version of its booking.
    ConfirmUnchecked,
    /// A confirm is acknowledged before it is durable.
    ConfirmRelaxed,
    /// A cancellation leaves no row by which its refund is found again.
    RefundForgotten,
    /// Money that arrives too late is not given back.
    LateMoneyKept,
    /// What a provider tells twice is taken in twice.
    EventsRepeated,
    /// A show is put into a schedule that another one may be put into at the same time.
    ScheduleUnchecked,
    /// A moved show leaves no row by which its holders are told.
    MoveUntold,
    /// A cancelled show leaves no row by which its bookings are undone.
    CancelForgotten,
    /// The uses of a discount code are counted without a check.
    UsesUnchecked,
    /// A ticket is used without a check.
    CheckInUnchecked,
    /// Scans are merged into a row that somebody else may have written meanwhile.
    MergeUnchecked,
    /// Guesses at a code are counted without a check.
    GuessesUnchecked,
    /// A new password by code leaves the sessions open.
    ResetKeepsSessions,
    /// A run of a job is begun without a check.
    RunUnchecked,
    /// A run of a job ends after its first page.
    RunForgotten,
    /// It is not written down who was reminded of a show.
    ReminderUnmarked,
}

/// How long a command's receipt answers its repeats.
pub(crate) const RECEIPT_LIFE: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// How often a batch is sent again while the storage does not say what became of it.
const UNSURE_ATTEMPTS: u32 = 4;

/// Bytes that a booking takes as a record, most of the time.
const ORDINARY_RECORD: usize = 1024;

/// The name of a command and the digest of its request.
#[derive(Debug)]
struct CommandReceipt {
    key: Typed<Receipt>,
    request_digest: RequestDigest,
}

/// One command on its way.
pub(crate) struct Tx<'a> {
    pub(super) engine: &'a Engine,
    pub(super) now: Timestamp,
    receipt: Option<CommandReceipt>,
    /// What the log of staff's actions says of it; of staff's commands only.
    pub(super) trail: Option<Trail>,
    attempts: u32,
    /// Rows read in this attempt.
    rows: BTreeMap<Key, Option<Row>>,
    /// Those of them that the decision does not depend on.
    unchecked: Vec<Key>,
    pub(super) writes: BTreeMap<Key, Option<Vec<u8>>>,
    /// Where records are written before their size is known.
    scratch: Vec<u8>,
}

impl Engine {
    /// Starts a command that nobody asked for: the clock is read here, once. What an actor asks for starts with
    /// [`Engine::begin_command`].
    pub(crate) fn begin(&self) -> Tx<'_> {
        Tx {
            engine: self,
            now: self.now(),
            receipt: None,
            trail: None,
            attempts: 0,
            rows: BTreeMap::new(),
            unchecked: Vec::new(),
            writes: BTreeMap::new(),
            scratch: Vec::new(),
        }
    }

    /// Starts a command that may carry a name. `request` is what a repeat must be equal in. A command of staff leaves
    /// an entry in their log under the name of the verb.
    pub(crate) fn begin_command(
        &self,
        actor: &Actor,
        command: Option<&CommandId>,
        verb: &str,
        request: &impl Serialize,
    ) -> Result<Tx<'_>, EngineError> {
        let mut tx = self.begin();
        if let Actor::Staff { id, role } = actor {
            tx.record_as(*id, Some(*role), verb);
        }
        if let Some(command) = command {
            tx.receipt = Some(CommandReceipt {
                key: keys::receipt(&actor.receipt_scope(), command),
                request_digest: self.keys.request_digest(verb, request).map_err(unreadable)?,
            });
        }
        Ok(tx)
    }

    /// Reads without a command: for views.
    pub(crate) async fn get<R: Record>(&self, key: &Typed<R>) -> Result<Option<R>, EngineError> {
        let rows = self.storage.read(vec![Read::Get { key: key.key.clone() }]).await?;
        rows.into_iter().flatten().next().map(|row| decode(&row)).transpose()
    }

    /// Reads many without a command, in the order asked, a snapshot for each 1024.
    pub(crate) async fn get_many<R: Record>(
        &self,
        keys: impl IntoIterator<Item = Typed<R>>,
    ) -> Result<Vec<Option<(R, Version)>>, EngineError> {
        let reads: Vec<Read> = keys.into_iter().map(|key| Read::Get { key: key.key }).collect();
        let mut found = Vec::with_capacity(reads.len());
        for reads in reads.chunks(limits::MAX_READS) {
            for rows in self.storage.read(reads.to_vec()).await? {
                found.push(
                    rows.first().map(|row| Ok::<_, EngineError>((decode(row)?, row.version))).transpose()?,
                );
            }
        }
        Ok(found)
    }

    /// Reads a range, page by page; each page is a snapshot of its own.
    pub(crate) async fn scan_all<R: Record>(&self, range: &Range<R>) -> Result<Vec<(Row, R)>, EngineError> {
        let rows = self.scan_all_rows(range).await?;
        rows.into_iter().map(|row| Ok((decode(&row)?, row)).map(|(record, row)| (row, record))).collect()
    }

    /// The same rows as they are, for whoever goes on where one cannot be read.
    pub(crate) async fn scan_all_rows<R>(&self, range: &Range<R>) -> Result<Vec<Row>, EngineError> {
        let (mut found, mut start) = (Vec::new(), range.start.clone());
        loop {
            let (end, limit) = (range.end.clone(), limits::MAX_SCAN_ROWS);
            let scan = Read::Scan { start, end, limit, reverse: false };
            let rows = self.storage.read(vec![scan]).await?.into_iter().next().unwrap_or_default();
            let full = rows.len() == limits::MAX_SCAN_ROWS as usize;
            let last = rows.last().map(|row| row.key.clone());
            found.extend(rows);
            match last {
                // The least key after a key is the key with the least byte appended.
                Some(last) if full => start = format!("{last}!"),
                _ => return Ok(found),
            }
        }
    }

    /// Reads the first rows of many ranges, in the order asked.
    pub(crate) async fn scan_each<R: Record>(
        &self,
        ranges: impl IntoIterator<Item = Range<R>>,
        limit: u32,
    ) -> Result<Vec<Vec<R>>, EngineError> {
        let scan = |range: Range<R>| Read::Scan { start: range.start, end: range.end, limit, reverse: false };
        let reads: Vec<Read> = ranges.into_iter().map(scan).collect();
        let mut found = Vec::with_capacity(reads.len());
        for reads in reads.chunks(limits::MAX_READS) {
            for rows in self.storage.read(reads.to_vec()).await? {
                found.push(rows.iter().map(decode).collect::<Result<Vec<R>, EngineError>>()?);
            }
        }
        Ok(found)
    }

    /// Reads the first rows of a range as they are.
    pub(crate) async fn scan_rows<R>(
        &self,
        range: &Range<R>,
        limit: u32,
        reverse: bool,
    ) -> Result<Vec<Row>, EngineError> {
        let scan = Read::Scan { start: range.start.clone(), end: range.end.clone(), limit, reverse };
        Ok(self.storage.read(vec![scan]).await?.into_iter().next().unwrap_or_default())
    }

    /// Reads the first rows of a range.
    pub(crate) async fn scan<R: Record>(
        &self,
        range: &Range<R>,
        limit: u32,
        reverse: bool,
    ) -> Result<Vec<(Row, R)>, EngineError> {
        let rows = self.scan_rows(range, limit, reverse).await?;
        rows.into_iter().map(|row| Ok((decode(&row)?, row)).map(|(record, row)| (row, record))).collect()
    }
}

pub(crate) fn decode<R: DeserializeOwned>(row: &Row) -> Result<R, EngineError> {
    serde_json::from_slice(&row.value)
        .map_err(|error| EngineError::internal(format!("the record {} cannot be read: {error}", row.key)))
}

fn unreadable(error: impl std::fmt::Display) -> EngineError {
    EngineError::internal(format!("a record cannot be written: {error}"))
}

/// What [`Tx::load`] found.
#[must_use]
pub(crate) enum Loaded<Reply> {
    /// The command took effect before; this was its answer.
    Replay(Reply),
    /// The command is new.
    Fresh,
}

impl<'a> Tx<'a> {
    /// The time of the command.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Starts an attempt: forgets the one before, and reads these rows in one snapshot. The decision depends on them.
    ///
    /// A repeat gets its answer only once what the first one did is as durable as that one's answer.
    pub(crate) async fn load<Reply: DeserializeOwned>(
        &mut self,
        durability: Durability,
        keys: Vec<Key>,
    ) -> Result<Loaded<Reply>, EngineError> {
        self.rows.clear();
        self.unchecked.clear();
        self.writes.clear();
        let mut wanted = keys;
        if let Some(receipt) = &self.receipt {
            wanted.push(receipt.key.key.clone());
        }
        if let Some(trail) = &self.trail {
            wanted.push(trail.head().key);
        }
        self.more(wanted).await?;
        let Some(receipt) = &self.receipt else { return Ok(Loaded::Fresh) };
        let Some(found) = self.get(&receipt.key)? else { return Ok(Loaded::Fresh) };
        if self.now.since(found.at) > RECEIPT_LIFE || self.engine.mutant == Some(Mutant::ReceiptIgnored) {
            return Ok(Loaded::Fresh);
        }
        if !receipt.request_digest.is(&found.request_digest) {
            return Err(EngineError::IdempotencyMismatch);
        }
        self.barrier(durability).await?;
        serde_json::from_slice(found.reply.get().as_bytes()).map(Loaded::Replay).map_err(|error| {
            EngineError::internal(format!("the receipt {} cannot be read: {error}", receipt.key.key))
        })
    }

    /// Reads more rows that the decision depends on.
    pub(crate) async fn more(&mut self, keys: Vec<Key>) -> Result<(), EngineError> {
        let mut keys = keys;
        if !self.rows.is_empty() {
            keys.retain(|key| !self.rows.contains_key(key));
        }
        if keys.is_empty() {
            return Ok(());
        }
        let reads = keys.iter().map(|key| Read::Get { key: key.clone() }).collect();
        let answers = self.engine.storage.read(reads).await?;
        for (key, rows) in keys.into_iter().zip(answers) {
            self.rows.insert(key, rows.into_iter().next());
        }
        Ok(())
    }

    /// A row that was read.
    pub(crate) fn get<R: Record>(&self, key: &Typed<R>) -> Result<Option<R>, EngineError> {
        match self.rows.get(&key.key) {
            Some(Some(row)) => decode(row).map(Some),
            Some(None) => Ok(None),
            None => Err(EngineError::internal(format!("{} was decided upon but not read", key.key))),
        }
    }

    /// The version of a row that was read.
    pub(crate) fn revision<R>(&self, key: &Typed<R>) -> Option<u64> {
        Some(self.rows.get(&key.key)?.as_ref()?.version.0)
    }

    /// As [`Tx::get`], for records that nearly every command reads and hardly any writes.
    pub(crate) fn get_shared<R: Record>(
        &self,
        decoded: &Decoded<R>,
        key: &Typed<R>,
    ) -> Result<Option<Arc<R>>, EngineError> {
        match self.rows.get(&key.key) {
            Some(Some(row)) => decoded.decode(row).map(Some),
            _ => self.get(key).map(|found| found.map(Arc::new)),
        }
    }

    /// Whether a row was read in this attempt.
    pub(crate) fn has_read<R>(&self, key: &Typed<R>) -> bool {
        self.rows.contains_key(&key.key)
    }

    /// Does not let the decision depend on a row that was read.
    pub(crate) fn uncheck<R>(&mut self, key: &Typed<R>) {
        self.unchecked.push(key.key.clone());
    }

    /// Writes a record.
    pub(crate) fn put<R: Record>(&mut self, key: &Typed<R>, record: &R) -> Result<(), EngineError> {
        if self.scratch.capacity() == 0 {
            self.scratch.reserve(ORDINARY_RECORD);
        }
        self.scratch.clear();
        serde_json::to_writer(&mut self.scratch, record).map_err(unreadable)?;
        self.writes.insert(key.key.clone(), Some(self.scratch.clone()));
        Ok(())
    }

    /// Removes a record.
    pub(crate) fn delete<R>(&mut self, key: &Typed<R>) {
        self.writes.insert(key.key.clone(), None);
    }

    /// The keys of what this attempt has written so far.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Key> {
        self.writes.keys()
    }

    /// Leaves no receipt: what this attempt writes is not the answer to the command.
    pub(crate) fn forget_receipt(&mut self) {
        self.receipt = None;
    }

    /// Whether what was read and is to be written fits one batch, with room for what a commit adds.
    pub(crate) fn fits(&self) -> bool {
        const ROOM: usize = 16;
        const ROOM_BYTES: usize = 16 * 1024;
        let read: usize = self.rows.keys().map(String::len).sum();
        let written = self.writes.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        self.rows.len() + ROOM <= limits::MAX_BATCH_CHECKS
            && self.writes.len() + ROOM <= limits::MAX_BATCH_WRITES
            && read + written.sum::<usize>() + ROOM_BYTES <= limits::MAX_BATCH_BYTES
    }

    pub(crate) fn broken(&self, mutant: Mutant) -> bool {
        self.engine.mutant == Some(mutant)
    }

    /// Commits the attempt. `Some` is the version of what was written; `None` means that somebody else was
    /// quicker: load and decide again.
    pub(crate) async fn commit(
        &mut self,
        durability: Durability,
        reply: &impl Serialize,
    ) -> Result<Option<Version>, EngineError> {
        if self.trail.is_some() && !self.writes.is_empty() {
            self.leave_trail().await?;
        }
        if let Some(receipt) = &self.receipt {
            let reply = serde_json::value::to_raw_value(reply).map_err(unreadable)?;
            let request_digest = receipt.request_digest.current.clone();
            let record = Receipt { v: Form, request_digest, at: self.now, reply };
            let key = receipt.key.clone();
            self.put(&key, &record)?;
        }
        let checks = self.rows.iter().filter(|(key, _)| !self.unchecked.contains(key));
        let checks = checks
            .map(|(key, row)| match row {
                Some(row) => Check::Version { key: key.clone(), version: row.version },
                None => Check::Absent { key: key.clone() },
            })
            .collect();
        let writes = std::mem::take(&mut self.writes)
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => Write::Put { key, value },
                None => Write::Delete { key },
            })
            .collect();
        let mut batch = Batch { checks, writes, durability };
        if self.engine.mutant == Some(Mutant::ChecksOff) {
            batch.checks.clear();
        }
        let outcome = self.apply(batch).await?;
        if outcome.is_none() {
            self.attempts += 1;
            if self.attempts >= limits::MAX_ATTEMPTS {
                return Err(EngineError::Contended);
            }
            self.step_back().await;
        }
        Ok(outcome)
    }

    /// Commits a step on the way: it leaves no receipt, because it is not yet the answer to the command.
    pub(crate) async fn commit_step(
        &mut self,
        durability: Durability,
    ) -> Result<Option<Version>, EngineError> {
        let receipt = self.receipt.take();
        let outcome = self.commit(durability, &()).await;
        self.receipt = receipt;
        outcome
    }

    /// Sends a batch until the storage says what became of it.
    async fn apply(&self, batch: Batch) -> Result<Option<Version>, EngineError> {
        let mut unsure = false;
        for _ in 0..UNSURE_ATTEMPTS {
            // The batch is kept for a second sending only by its rare case; the ordinary one pays a clone of
            // small rows.
            match self.engine.storage.commit(batch.clone()).await {
                Ok(Commit::Applied { version }) => return Ok(Some(version)),
                Ok(Commit::Conflict { .. }) if !unsure => return Ok(None),
                Ok(Commit::Conflict { .. }) => {
                    return match self.find(&batch).await? {
                        Trace::Applied(version) => {
                            self.barrier(batch.durability).await?;
                            Ok(Some(version))
                        }
                        // A check that failed fails for ever: the batch was never applied, and no longer can be.
                        Trace::Impossible => Ok(None),
                        // The storage gave way to somebody else for a moment, maybe to the first sending of this batch.
                        Trace::Possible => continue,
                        Trace::Overwritten => Err(EngineError::OutcomeUnknown),
                    };
                }
                Err(StorageError::Indeterminate { .. }) => unsure = true,
                Err(StorageError::Unavailable { .. }) if unsure => {}
                Err(error) if unsure => return Err(unknown(error)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::OutcomeUnknown)
    }

    /// Durability is a prefix: an empty batch that is durable makes durable what was seen before it.
    pub(crate) async fn barrier(&self, durability: Durability) -> Result<(), EngineError> {
        if durability == Durability::Relaxed || self.broken(Mutant::ConfirmRelaxed) {
            return Ok(());
        }
        let empty = Batch { checks: Vec::new(), writes: Vec::new(), durability };
        self.engine.storage.commit(empty).await.map(drop).map_err(unknown)
    }

    /// Random, for rows that two attempts could write alike: what is found after an unclear answer must be our own.
    pub(crate) fn mark(&self) -> u32 {
        u32::from_le_bytes(self.engine.random())
    }

    /// Looks for what a batch would have written. A batch gives all its rows one version: so what it wrote is there, or
    /// something newer in its place. Another batch may have written one of its rows alike, never all of them.
    async fn find(&self, batch: &Batch) -> Result<Trace, EngineError> {
        let written = batch.writes.iter().map(|(Write::Put { key, .. } | Write::Delete { key })| key);
        let checked = batch.checks.iter().map(|(Check::Absent { key } | Check::Version { key, .. })| key);
        let reads = written.chain(checked).map(|key| Read::Get { key: key.clone() }).collect();
        let found = self.engine.storage.read(reads).await.map_err(unknown)?;
        let (written, checked) = found.split_at(batch.writes.len().min(found.len()));
        let is_ours = |version: Version| {
            batch.writes.iter().zip(written).all(|(write, rows)| match (write, rows.first()) {
                (_, None) => true,
                (_, Some(row)) if row.version > version => true,
                (Write::Put { value, .. }, Some(row)) => row.version == version && row.value == *value,
                (Write::Delete { .. }, Some(_)) => false,
            })
        };
        let mut untouched = true;
        for (write, rows) in batch.writes.iter().zip(written) {
            let Write::Put { key, value } = write else { continue };
            let before = self.rows.get(key).and_then(Option::as_ref).map(|row| row.version);
            match rows.first() {
                Some(row) if row.value == *value && Some(row.version) != before && is_ours(row.version) => {
                    return Ok(Trace::Applied(row.version));
                }
                row => untouched &= row.map(|row| row.version) == before,
            }
        }
        let holds = |(check, rows): (&Check, &Vec<Row>)| match check {
            Check::Absent { .. } => rows.is_empty(),
            Check::Version { version, .. } => rows.first().is_some_and(|row| row.version == *version),
        };
        if batch.checks.iter().zip(checked).all(holds) {
            Ok(Trace::Possible)
        } else if untouched {
            Ok(Trace::Impossible)
        } else {
            Ok(Trace::Overwritten)
        }
    }

    /// Lets the others go first, for a random number of turns that grows with every lost race.
    async fn step_back(&self) {
        let [random] = self.engine.random::<1>();
        let turns = u32::from(random) % (1 << self.attempts.min(6));
        for _ in 0..turns {
            Turn(false).await;
        }
    }
}

/// What an unsure batch left.
enum Trace {
    /// What it wrote is there.
    Applied(Version),
    /// Nothing of it is there, and a check has failed.
    Impossible,
    /// Nothing of it is there, and its checks still hold.
    Possible,
    /// Somebody else wrote the rows that would tell.
    Overwritten,
}

fn unknown<E>(_: E) -> EngineError {
    EngineError::OutcomeUnknown
}

/// Pending once.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}
