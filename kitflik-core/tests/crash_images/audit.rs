//! What must be in a store after a crash.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kitflik_core::{Batch, Commit, Durability, Read, Row, SledStorage, Storage, Write, limits};
use pollster::block_on;

use super::load::{BASE_RECORDS, FILLER, Plan, base_key};

/// Most bytes of acknowledged relaxed batches that a crash may take: the adapter's unsynced window.
const MOST_LOST_BYTES: usize = 256 * 1024;

/// One acknowledgement that the parent learned of.
pub(crate) struct Ack {
    batch: (usize, usize),
    is_durable: bool,
    version: u64,
    bytes: usize,
}

impl Ack {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        // The test harness prints its own words before the first one.
        let ["ack", thread, number, is_durable, version, bytes] = fields[fields.len().checked_sub(6)?..]
        else {
            return None;
        };
        Some(Self {
            batch: (thread.parse().ok()?, number.parse().ok()?),
            is_durable: is_durable == "true",
            version: version.parse().ok()?,
            bytes: bytes.parse().ok()?,
        })
    }
}

/// What an image held.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) took: Duration,
    pub(crate) durable: usize,
    pub(crate) relaxed: usize,
    pub(crate) relaxed_lost: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { took, durable, relaxed, relaxed_lost } = self;
        let took = took.as_millis();
        write!(
            f,
            "{durable} durable acks, {relaxed} relaxed of which {relaxed_lost} lost, opened in {took} ms"
        )
    }
}

struct Present {
    plan: Plan,
    version: u64,
    rows: usize,
}

type Batches = BTreeMap<(usize, usize), Present>;

pub(crate) fn audit(storage: &SledStorage, acks: &[Ack]) -> Result<Found, String> {
    let batches = batches(&scan(storage, "log/")?)?;
    let found = acknowledged(&batches, acks)?;
    markers(&batches, &scan(storage, "marker/")?)?;
    let mut shared = scan(storage, "hot/")?;
    let base = scan(storage, "base/")?;
    for (record, row) in base.iter().enumerate() {
        if row.key != base_key(record) {
            return Err(format!("{} is lost", base_key(record)));
        }
    }
    if base.len() != BASE_RECORDS {
        return Err(format!("of {BASE_RECORDS} records there are {}", base.len()));
    }
    shared.extend(base);
    shared.extend(scan(storage, "dense/")?);
    overwritten(&batches, &shared)?;
    goes_on(storage, acks)?;
    Ok(found)
}

/// The store takes a batch, and gives it a version that nothing had before, not even what is lost.
fn goes_on(storage: &SledStorage, acks: &[Ack]) -> Result<(), String> {
    let writes = vec![Write::Put { key: "after".to_owned(), value: vec![FILLER] }];
    let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    let newest = acks.iter().map(|ack| ack.version).max().unwrap_or(0);
    match block_on(storage.commit(batch)) {
        Ok(Commit::Applied { version }) if version.0 > newest => Ok(()),
        other => Err(format!("after {newest} a batch ended in {other:?}")),
    }
}

fn scan(storage: &SledStorage, prefix: &str) -> Result<Vec<Row>, String> {
    let end = prefix.replace('/', "0");
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let start = rows.last().map_or_else(|| prefix.to_owned(), |row| format!("{}!", row.key));
        let read = Read::Scan { start, end: end.clone(), limit: limits::MAX_SCAN_ROWS, reverse: false };
        let page = block_on(storage.read(vec![read])).map_err(|error| format!("a read failed: {error}"))?;
        let before = rows.len();
        rows.extend(page.into_iter().flatten());
        if rows.len() == before {
            return Ok(rows);
        }
    }
}

/// The batches of which there is a trace; each must be there as a whole, and so must those that it depends
/// on.
fn batches(log: &[Row]) -> Result<Batches, String> {
    let mut batches = Batches::new();
    for row in log {
        let plan = Plan::parse(&row.value).ok_or_else(|| format!("{} has a broken value", row.key))?;
        let named = format!("log/{:02}/{:08}/", plan.thread, plan.number);
        if !row.key.starts_with(&named) {
            return Err(format!("{} has the value of {named}", row.key));
        }
        let version = row.version.0;
        let id = (plan.thread, plan.number);
        let batch = batches.entry(id).or_insert(Present { plan, version, rows: 0 });
        batch.rows += 1;
        if batch.version != version {
            return Err(format!("batch {id:?} is torn: it has versions {} and {version}", batch.version));
        }
    }
    for (&(thread, number), batch) in &batches {
        if batch.rows != batch.plan.rows {
            let (found, all) = (batch.rows, batch.plan.rows);
            return Err(format!("batch {number} of thread {thread} is torn: {found} of {all} rows"));
        }
        if number > 0 && !batches.contains_key(&(thread, number - 1)) {
            return Err(format!("batch {number} of thread {thread} is there, the one before it is not"));
        }
    }
    Ok(batches)
}

fn acknowledged(batches: &Batches, acks: &[Ack]) -> Result<Found, String> {
    let newest = batches.values().map(|batch| batch.version).max().unwrap_or(0);
    let mut found = Found::default();
    let mut lost_bytes = 0;
    let mut lost_durable = 0;
    for ack in acks {
        let present = batches.get(&ack.batch).map(|batch| batch.version);
        match present {
            Some(version) if version != ack.version => {
                return Err(format!(
                    "batch {:?} was acknowledged as {}, it is {version}",
                    ack.batch, ack.version
                ));
            }
            None if ack.is_durable => lost_durable += 1,
            None if ack.version < newest => {
                let (batch, version) = (ack.batch, ack.version);
                return Err(format!(
                    "not a prefix: {batch:?} ({version}) is lost, version {newest} is there"
                ));
            }
            None => {
                lost_bytes += ack.bytes;
                found.relaxed_lost += 1;
            }
            Some(_) => {}
        }
        *(if ack.is_durable { &mut found.durable } else { &mut found.relaxed }) += 1;
    }
    if lost_durable > 0 {
        return Err(format!("{lost_durable} of {} batches acknowledged as durable are lost", found.durable));
    }
    if lost_bytes > MOST_LOST_BYTES {
        return Err(format!(
            "{lost_bytes} bytes of relaxed batches are lost, at most {MOST_LOST_BYTES} may be"
        ));
    }
    Ok(found)
}

/// Each thread has one marker, of its last batch: the delete and the put of a batch happened together.
fn markers(batches: &Batches, markers: &[Row]) -> Result<(), String> {
    let mut last = BTreeMap::new();
    for ((thread, number), batch) in batches {
        last.insert(*thread, (format!("marker/{thread:02}/{number:08}"), batch.version));
    }
    let expected: Vec<(String, u64)> = last.into_values().collect();
    let found: Vec<(String, u64)> = markers.iter().map(|row| (row.key.clone(), row.version.0)).collect();
    if found == expected { Ok(()) } else { Err(format!("markers: expected {expected:?}, found {found:?}")) }
}

/// A row that many batches overwrite holds what the last of those that are there wrote.
fn overwritten(batches: &Batches, rows: &[Row]) -> Result<(), String> {
    let mut writers: BTreeMap<String, &Present> = BTreeMap::new();
    for batch in batches.values() {
        for key in batch.plan.shared() {
            let writer = writers.entry(key).or_insert(batch);
            if writer.version < batch.version {
                *writer = batch;
            }
        }
    }
    for row in rows {
        let Some(writer) = writers.remove(row.key.as_str()) else {
            if row.value.iter().all(|byte| *byte == FILLER) {
                continue;
            }
            return Err(format!("{} was written by a batch that is not there", row.key));
        };
        let plan = Plan::parse(&row.value).ok_or_else(|| format!("{} has a broken value", row.key))?;
        let (found, expected) = ((plan.thread, plan.number), (writer.plan.thread, writer.plan.number));
        if found != expected || row.version.0 != writer.version {
            return Err(format!("{} was last written by {expected:?}, it holds {found:?}", row.key));
        }
    }
    match writers.keys().next() {
        Some(key) => Err(format!("{key} is lost")),
        None => Ok(()),
    }
}
