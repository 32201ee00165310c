//! The directory of a store: who holds it, how it is opened, and what in it must be on stable media first.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::sled::Error;

use crate::ports::storage::StorageError;

const LOCK_FILE: &str = "kitflik.lock";
/// What the lock file says once the store exists: the version at which it was closed last. sled opens a log
/// that is gone or cut as a store that has less in it.
const MARKER: &str = "kitflik sled store 1, closed at version ";
const UNRELEASED_ATTEMPTS: u32 = 200;
const UNRELEASED_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Directory {
    path: PathBuf,
    /// Locked as long as it is open. The lock on sled's own file is taken too late: files are tidied before.
    lock: File,
    closed_at: Option<u64>,
}

impl Directory {
    pub(super) fn lock(path: &Path) -> Result<Self, StorageError> {
        create(path).map_err(|error| unavailable(path, "create the directory", &error))?;
        let lock =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path.join(LOCK_FILE));
        let mut lock = lock.map_err(|error| unavailable(path, "write to the directory", &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path)),
            Err(TryLockError::Error(error)) => return Err(unavailable(path, "lock the directory", &error)),
        }
        let mut marker = String::new();
        lock.read_to_string(&mut marker).map_err(|error| unavailable(path, "read the lock file", &error))?;
        // A power failure while it was written leaves a part: it says nothing then.
        let closed_at = marker.strip_prefix(MARKER).and_then(|rest| rest.strip_suffix('\n')?.parse().ok());
        Ok(Self { path: path.to_owned(), lock, closed_at })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The log, to sync it: any descriptor of the file will do.
    pub(super) fn log_file(&self) -> Result<File, StorageError> {
        open_to_sync(&self.path.join("db")).map_err(|error| self.unavailable("open the log", &error))
    }

    pub(super) fn open(&self, config: &::sled::Config) -> Result<::sled::Db, StorageError> {
        self.remove_unfinished_snapshots().map_err(|error| self.unavailable("tidy the directory", &error))?;
        let mut attempts = 0;
        loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(db)) => return Ok(db),
                // Nobody else has it, for we hold our own lock: threads of a store that was just dropped in
                // this process are still letting go of sled's file.
                Ok(Err(Error::Io(error))) if holds_lock(&error) && attempts < UNRELEASED_ATTEMPTS => {
                    attempts += 1;
                    pause();
                }
                Ok(Err(Error::Io(error))) if holds_lock(&error) => return Err(in_use(&self.path)),
                Ok(Err(error)) => return Err(self.broken(&error)),
                Err(_) => return Err(self.damaged("opening it failed")),
            }
        }
    }

    /// A kill while sled writes a snapshot leaves a file that makes the next open fail. The finished ones
    /// (`snap.<hex>`) must stay: without one the store opens empty.
    fn remove_unfinished_snapshots(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// The version at which the store was closed last, 0 if it never was; `None` if it is new.
    pub(super) fn closed_at(&self) -> Option<u64> {
        self.closed_at
    }

    /// Puts on stable media what sled never syncs (its settings, the directory entries), and remembers that
    /// the store exists.
    pub(super) fn created(&self) -> Result<(), StorageError> {
        let sync = || -> io::Result<()> {
            open_to_sync(&self.path.join("conf"))?.sync_all()?;
            if self.closed_at.is_none() {
                self.closed(0)?;
            }
            sync_directory(&self.path)
        };
        sync().map_err(|error| self.unavailable("sync the directory", &error))
    }

    /// Remembers that everything up to this version is on stable media.
    pub(super) fn closed(&self, version: u64) -> io::Result<()> {
        let mut lock = &self.lock;
        lock.set_len(0)?;
        lock.seek(SeekFrom::Start(0))?;
        lock.write_all(format!("{MARKER}{version}\n").as_bytes())?;
        lock.sync_all()
    }

    pub(super) fn unavailable(&self, what: &str, error: &dyn Display) -> StorageError {
        unavailable(&self.path, what, error)
    }

    pub(super) fn damaged(&self, how: &str) -> StorageError {
        StorageError::Corrupt { reason: format!("the store in {}: {how}", self.path.display()) }
    }

    pub(super) fn broken(&self, error: &Error) -> StorageError {
        match error {
            Error::Io(io)
                if !matches!(io.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) =>
            {
                self.unavailable("use the store", io)
            }
            error => self.damaged(&error.to_string()),
        }
    }
}

/// Creates the directory so that a power failure does not take it back.
fn create(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let missing: Vec<&Path> = path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    fs::create_dir_all(&path)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}

/// Windows syncs no file that is open for reading only.
fn open_to_sync(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file, and its entries are written through.
#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// sled tells a held lock from other errors in words only.
fn holds_lock(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the store of a dropped engine is released by sled's own threads"
)]
fn pause() {
    std::thread::sleep(UNRELEASED_PAUSE);
}

fn in_use(path: &Path) -> StorageError {
    let path = path.display();
    StorageError::Unavailable {
        reason: format!("the directory {path} is in use by another process or another store of this one"),
    }
}

fn unavailable(path: &Path, what: &str, error: &dyn Display) -> StorageError {
    StorageError::Unavailable { reason: format!("cannot {what} ({}): {error}", path.display()) }
}
