//! What sled promises beyond the suite: it reopens, it says who holds it, and it stops at an I/O error.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kitflik_core::{
    Batch, Check, Commit, Durability, MemoryStorage, Read, Row, SledStorage, Storage, StorageError,
    SyncFault, Version, Write,
};
use pollster::block_on;
use proptest::prelude::*;

fn put(key: &str, value: impl Into<Vec<u8>>) -> Write {
    Write::Put { key: key.to_owned(), value: value.into() }
}

fn batch(writes: Vec<Write>, durability: Durability) -> Batch {
    Batch { checks: Vec::new(), writes, durability }
}

fn applied(storage: &SledStorage, writes: Vec<Write>, durability: Durability) -> Version {
    match block_on(storage.commit(batch(writes, durability))) {
        Ok(Commit::Applied { version }) => version,
        other => panic!("{other:?}"),
    }
}

fn all_rows(storage: &dyn Storage) -> Result<Vec<Row>, StorageError> {
    let all = Read::Scan { start: "!".to_owned(), end: "~".to_owned(), limit: 10_000, reverse: false };
    Ok(block_on(storage.read(vec![all]))?.remove(0))
}

fn refusal(path: &Path) -> StorageError {
    let error = SledStorage::open(path).expect_err("opening must fail");
    let named = path.display().to_string();
    assert!(error.to_string().contains(&named), "the error must name {named}: {error}");
    error
}

#[test]
fn a_store_reopens_with_its_rows_and_rising_versions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/new/store");
    let mut last = Version(0);
    for round in 0..5 {
        let storage = SledStorage::open(&path).unwrap();
        assert_eq!(all_rows(&storage).unwrap().len(), round * 2);
        let relaxed = applied(&storage, vec![put(&format!("relaxed{round}"), "1")], Durability::Relaxed);
        let durable = applied(&storage, vec![put(&format!("durable{round}"), "1")], Durability::Durable);
        assert!(last < relaxed && relaxed < durable, "{last} < {relaxed} < {durable}");
        last = durable;
    }
}

#[test]
fn a_relaxed_batch_survives_closing() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    applied(&storage, vec![put("a", "1")], Durability::Relaxed);
    drop(storage);
    let storage = SledStorage::open(directory.path()).unwrap();
    assert_eq!(all_rows(&storage).unwrap()[0].value, b"1");
}

#[test]
fn a_batch_sent_before_closing_is_applied_though_nobody_waits() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    for index in 0..100 {
        let mut sent = storage.commit(batch(vec![put(&format!("{index:03}"), "1")], Durability::Durable));
        let polled_once = futures_util::FutureExt::now_or_never(&mut sent);
        drop((polled_once, sent));
    }
    drop(storage);
    assert_eq!(all_rows(&SledStorage::open(directory.path()).unwrap()).unwrap().len(), 100);
}

#[test]
fn a_directory_in_use_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    let error = refusal(directory.path());
    assert!(
        matches!(error, StorageError::Unavailable { .. }) && error.to_string().contains("in use"),
        "{error}"
    );
    applied(&storage, vec![put("a", "1")], Durability::Durable);
}

#[test]
fn a_path_that_cannot_be_a_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    assert!(matches!(refusal(&file), StorageError::Unavailable { .. }));
    assert!(matches!(refusal(&file.join("below")), StorageError::Unavailable { .. }));
}

/// A store of some megabytes, closed.
fn filled(path: &Path) {
    let storage = SledStorage::open(path).unwrap();
    for round in 0..40 {
        let rows = (0..100).map(|row| put(&format!("{round:02}/{row:03}"), vec![b'x'; 1000])).collect();
        applied(&storage, rows, Durability::Relaxed);
    }
}

#[test]
fn nothing_spills_into_files_that_are_never_synced() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    // Longest keys, largest values. One after the other they fill leaves by half; the second time they fill
    // the rest, then they are written over and over.
    for round in 0..12 {
        for first in (0..200).step_by(25) {
            let between = if round == 0 { "a" } else { "b" };
            let key = |row: usize| format!("{:x>250}{row:04}{between}", "");
            let rows = (first..first + 25).map(|row| put(&key(row), vec![b'x'; 8192])).collect();
            applied(&storage, rows, Durability::Relaxed);
        }
    }
    assert_eq!(fs::read_dir(directory.path().join("blobs")).unwrap().count(), 0);
}

fn snapshots(path: &Path) -> Vec<std::path::PathBuf> {
    let paths = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect()
}

#[test]
fn an_unfinished_snapshot_is_no_obstacle() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    fs::write(directory.path().join("snap.00000000FFFFFFFF.generating"), "half").unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    assert_eq!(all_rows(&storage).unwrap().len(), 4000);
}

/// Whatever is done to the files, opening and reading answer, and never with rows that were not written.
fn assert_damage_is_reported(damage: impl Fn(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    damage(directory.path());
    let error = match SledStorage::open(directory.path()) {
        Ok(storage) => all_rows(&storage).expect_err("neither opening nor reading reports the damage"),
        Err(error) => error,
    };
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains(&directory.path().display().to_string()), "{error}");
}

#[test]
fn a_lost_log_is_reported() {
    assert_damage_is_reported(|path| fs::remove_file(path.join("db")).unwrap());
    assert_damage_is_reported(|path| fs::write(path.join("db"), "").unwrap());
}

#[test]
fn a_cut_log_is_reported() {
    assert_damage_is_reported(|path| {
        let log = fs::OpenOptions::new().write(true).open(path.join("db")).unwrap();
        log.set_len(log.metadata().unwrap().len() / 3).unwrap();
    });
}

#[test]
fn an_overwritten_log_is_reported() {
    assert_damage_is_reported(|path| {
        let mut log = fs::read(path.join("db")).unwrap();
        let from = log.len() / 4;
        log[from..from + 1_000_000].fill(0x5a);
        fs::write(path.join("db"), log).unwrap();
    });
}

#[test]
fn a_damaged_snapshot_is_reported() {
    assert_damage_is_reported(|path| {
        // The first snapshot is written when a store is opened again.
        drop(SledStorage::open(path).unwrap());
        for snapshot in snapshots(path) {
            let mut bytes = fs::read(&snapshot).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            fs::write(&snapshot, bytes).unwrap();
        }
    });
}

#[test]
fn nothing_is_acknowledged_after_a_failed_sync() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    applied(&storage, vec![put("before", "1")], Durability::Durable);
    storage.inject_sync_fault(SyncFault::Failing);
    let in_flight = block_on(storage.commit(batch(vec![put("in-flight", "1")], Durability::Durable)));
    assert!(matches!(in_flight, Err(StorageError::Indeterminate { .. })), "{in_flight:?}");

    // The fault is gone, and still: what the kernel dropped once is not there for a second sync.
    storage.inject_sync_fault(SyncFault::None);
    for durability in [Durability::Durable, Durability::Relaxed] {
        let later = block_on(storage.commit(batch(vec![put("later", "1")], durability)));
        assert!(matches!(later, Err(StorageError::Unavailable { .. })), "{later:?}");
    }
    // Nor may a reader conclude from memory that the batch in flight is safe.
    assert!(matches!(all_rows(&storage), Err(StorageError::Unavailable { .. })));
    drop(storage);

    let storage = SledStorage::open(directory.path()).unwrap();
    let keys: Vec<String> = all_rows(&storage).unwrap().into_iter().map(|row| row.key).collect();
    assert!(keys.contains(&"before".to_owned()) && !keys.contains(&"later".to_owned()), "{keys:?}");
}

#[test]
fn threads_that_contend_lose_no_update() {
    let directory = tempfile::tempdir().unwrap();
    let storage = Arc::new(SledStorage::open(directory.path()).unwrap());
    applied(&storage, vec![put("count", "0")], Durability::Relaxed);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut added = 0;
                while added < 50 {
                    let read = vec![Read::Get { key: "count".to_owned() }];
                    let row = block_on(storage.read(read)).unwrap().remove(0).remove(0);
                    let count: u64 = String::from_utf8(row.value).unwrap().parse().unwrap();
                    let checks = vec![Check::Version { key: row.key, version: row.version }];
                    let writes = vec![put("count", (count + 1).to_string())];
                    let durability = if added % 2 == 0 { Durability::Relaxed } else { Durability::Durable };
                    let outcome = block_on(storage.commit(Batch { checks, writes, durability })).unwrap();
                    added += usize::from(matches!(outcome, Commit::Applied { .. }));
                }
            });
        }
    });
    assert_eq!(all_rows(&*storage).unwrap()[0].value, b"400");
}

#[test]
fn threads_that_read_see_batches_whole() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path()).unwrap();
    let write = |round: u32| {
        let rows = (0..20).map(|row| put(&format!("{row:02}"), round.to_string())).collect();
        applied(&storage, rows, Durability::Relaxed)
    };
    write(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..400 {
                write(round);
            }
            done.store(true, Ordering::Release);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let rows = all_rows(&storage).unwrap();
                    let whole = rows.len() == 20 && rows.iter().all(|row| row.value == rows[0].value);
                    assert!(whole, "{rows:?}");
                }
            });
        }
    });
}

#[derive(Debug, Clone)]
enum Step {
    /// Which keys to check for absence, which at the version last seen there; what to write.
    Commit {
        absent: Vec<u8>,
        current: Vec<u8>,
        writes: Vec<(u8, Option<u16>)>,
        durable: bool,
    },
    Scan {
        start: u8,
        end: u8,
        limit: u32,
        reverse: bool,
    },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..12u8;
    let keys = || prop::collection::vec(0..12u8, 0..3);
    let write = (key.clone(), prop::option::weighted(0.7, 1..2000u16));
    let commit = (keys(), keys(), prop::collection::vec(write, 0..5), any::<bool>())
        .prop_map(|(absent, current, writes, durable)| Step::Commit { absent, current, writes, durable });
    let scan = (key.clone(), key, 1..8u32, any::<bool>())
        .prop_map(|(start, end, limit, reverse)| Step::Scan { start, end, limit, reverse });
    prop::collection::vec(prop_oneof![12 => commit, 6 => scan, 1 => Just(Step::Reopen)], 1..60)
}

fn key(index: u8) -> String {
    format!("k{index:02}")
}

/// The same batch for a storage, with the versions that this storage has.
fn to_batch(storage: &dyn Storage, step: &Step) -> Option<Batch> {
    let Step::Commit { absent, current, writes, durable } = step else { return None };
    let absent = absent.iter().map(|index| Check::Absent { key: key(*index) });
    let version = |index: &u8| {
        let row = block_on(storage.read(vec![Read::Get { key: key(*index) }])).unwrap().remove(0).pop();
        Check::Version { key: key(*index), version: row.map_or(Version(0), |row| row.version) }
    };
    let checks = absent.chain(current.iter().map(version)).collect();
    let to_write = |(index, bytes): &(u8, Option<u16>)| match bytes {
        Some(bytes) => put(&key(*index), vec![*index + 1; usize::from(*bytes)]),
        None => Write::Delete { key: key(*index) },
    };
    let durability = if *durable { Durability::Durable } else { Durability::Relaxed };
    Some(Batch { checks, writes: writes.iter().map(to_write).collect(), durability })
}

fn without_versions(rows: Vec<Row>) -> Vec<(String, Vec<u8>)> {
    rows.into_iter().map(|row| (row.key, row.value)).collect()
}

/// Versions differ between storages; everything else must not.
fn without_version(outcome: Result<Commit, StorageError>) -> String {
    match outcome {
        Ok(Commit::Applied { .. }) => "applied".to_owned(),
        other => format!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sled_behaves_like_memory(steps in steps()) {
        let directory = tempfile::tempdir().unwrap();
        let memory = MemoryStorage::new();
        let mut sled = Some(SledStorage::open(directory.path()).unwrap());
        for step in &steps {
            let storage = sled.as_ref().unwrap();
            match step {
                Step::Commit { .. } => {
                    let expected = block_on(memory.commit(to_batch(&memory, step).unwrap()));
                    let found = block_on(storage.commit(to_batch(storage, step).unwrap()));
                    prop_assert_eq!(without_version(found), without_version(expected), "{:?}", step);
                }
                Step::Scan { start, end, limit, reverse } => {
                    let (start, end) = (key(*start), key(*end));
                    let get = Read::Get { key: start.clone() };
                    let reads = vec![Read::Scan { start, end, limit: *limit, reverse: *reverse }, get];
                    let answers = |storage: &dyn Storage| -> Vec<_> {
                        let answers = block_on(storage.read(reads.clone())).unwrap();
                        answers.into_iter().map(without_versions).collect()
                    };
                    prop_assert_eq!(answers(storage), answers(&memory), "{:?}", step);
                }
                Step::Reopen => {
                    drop(sled.take());
                    sled = Some(SledStorage::open(directory.path()).unwrap());
                }
            }
        }
        let found = all_rows(sled.as_ref().unwrap()).unwrap();
        prop_assert_eq!(without_versions(found), without_versions(all_rows(&memory).unwrap()));
    }
}
