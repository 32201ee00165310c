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
/// In the lock file once the store exists. sled opens a directory whose snapshot is gone as an empty store.
const CREATED: &[u8] = b"kitflik sled store 1\n";
const UNRELEASED_ATTEMPTS: u32 = 200;
const UNRELEASED_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Directory {
    path: PathBuf,
    /// Locked as long as it is open. The lock on sled's own file is taken too late: files are tidied before.
    lock: File,
    was_created: bool,
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
        let mut marker = Vec::new();
        lock.read_to_end(&mut marker).map_err(|error| unavailable(path, "read the lock file", &error))?;
        Ok(Self { path: path.to_owned(), lock, was_created: marker == CREATED })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The log, to sync it: any descriptor of the file will do.
    pub(super) fn log_file(&self) -> Result<File, StorageError> {
        File::open(self.path.join("db")).map_err(|error| self.unavailable("open the log", &error))
    }

    pub(super) fn open(&self, config: &::sled::Config) -> Result<::sled::Db, StorageError> {
        self.remove_unfinished_snapshots().map_err(|error| self.unavailable("tidy the directory", &error))?;
        let mut attempts = 0;
        loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(db)) => return Ok(db),
                // Nobody else has it, for we hold our own lock: threads of a store that was just dropped in this
                // process are still letting go of sled's file.
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

    /// A store that was created before and now has nothing in it has lost it.
    pub(super) fn expects_content(&self) -> bool {
        self.was_created
    }

    /// Puts on stable media what sled never syncs (its settings, the directory entries), and remembers that the
    /// store exists.
    pub(super) fn created(&self) -> Result<(), StorageError> {
        let sync = || -> io::Result<()> {
            File::open(self.path.join("conf"))?.sync_all()?;
            if !self.was_created {
                let mut lock = &self.lock;
                lock.set_len(0)?;
                lock.seek(SeekFrom::Start(0))?;
                lock.write_all(CREATED)?;
                lock.sync_all()?;
            }
            sync_directory(&self.path)
        };
        sync().map_err(|error| self.unavailable("sync the directory", &error))
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
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    let absolute = path.canonicalize()?;
    absolute.ancestors().skip(1).try_for_each(|parent| match sync_directory(parent) {
        // Not ours to sync, so it was there before.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    })
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
