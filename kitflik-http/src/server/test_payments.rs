//! The payment provider `test` of a server that may be killed: its books are in a file.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kitflik_core::{
    Capture, ChargeId, EventError, PaymentError, PaymentStatus, Payments, ProviderEvent, Refund, SignedEvent,
    TestBooks, TestCharge, TestPayments,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Charges that are kept in memory. Older ones are looked for in the file.
const IN_MEMORY: usize = 10_000;

/// [`TestPayments`] whose books are a file: what it answers is on disk first. Lines are appended to it, and the last one
/// about a charge is how it stands. Processes that have the same file have the same books. The references of captures
/// say what happens, as they do there.
#[derive(Debug, Clone)]
pub struct FilePayments(Arc<Mutex<Books>>);

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    charge: ChargeId,
    entry: TestCharge,
}

#[derive(Debug)]
struct Books {
    path: PathBuf,
    file: File,
    /// How far the file has been read.
    read: u64,
    /// The charges of the newest bookings: identifiers begin with the time.
    entries: BTreeMap<ChargeId, TestCharge>,
    /// Whether there are others.
    forgotten: bool,
}

impl FilePayments {
    /// Over a file, which is made if there is none.
    ///
    /// # Errors
    /// The file cannot be opened, or something else is in it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let (entries, forgotten) = (BTreeMap::new(), false);
        let mut books = Books { path: path.to_owned(), file, read: 0, entries, forgotten };
        books.alone(|_| Ok(()))?;
        Ok(Self(Arc::new(Mutex::new(books))))
    }

    /// All charges, as they stand.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn charges(&self) -> io::Result<BTreeMap<ChargeId, TestCharge>> {
        let mut all = BTreeMap::new();
        let mut take = |line: Line| drop(all.insert(line.charge, line.entry));
        self.0.lock().alone(|books| books.each_line(0, &mut take))?;
        Ok(all)
    }

    /// Has a provider that knows one charge do something, on a thread that may wait for the disk.
    async fn of(
        &self,
        charge: ChargeId,
        ask: impl for<'a> FnOnce(&'a TestPayments) -> BoxFuture<'a, Answer> + Send + 'static,
    ) -> Answer {
        let no_answer = |reason: String| Err(PaymentError::NoAnswer { reason });
        let books = Arc::clone(&self.0);
        let done =
            tokio::task::spawn_blocking(move || books.lock().alone(|books| books.of(charge, ask))).await;
        match done {
            Ok(Ok(Some(answer))) => answer,
            Ok(Ok(None)) => no_answer("the test provider waits for something".to_owned()),
            Ok(Err(error)) => no_answer(format!("the books of the test provider: {error}")),
            Err(error) => no_answer(format!("the test provider stopped: {error}")),
        }
    }
}

type Answer = Result<PaymentStatus, PaymentError>;

impl Books {
    /// Works while no other process does, with what others have written.
    fn alone<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        self.file.lock()?;
        let done = self.catch_up().and_then(|()| work(self));
        self.file.unlock()?;
        done
    }

    fn catch_up(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length == self.read {
            return Ok(());
        }
        let mut lines = Vec::new();
        let whole = self.each_line(self.read, |line| lines.push(line))?;
        lines.into_iter().for_each(|line| self.note(line));
        self.read = whole;
        if whole < length {
            // Half a line: its writer was stopped, and nobody was answered.
            self.file.set_len(whole)?;
        }
        Ok(())
    }

    /// Reads lines from a place on, and says where the last whole one ends.
    fn each_line(&self, from: u64, mut take: impl FnMut(Line)) -> io::Result<u64> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        let (mut reader, mut at, mut text) = (BufReader::new(file), from, String::new());
        loop {
            text.clear();
            let length = reader.read_line(&mut text)?;
            if !text.ends_with('\n') {
                return Ok(at);
            }
            let line = serde_json::from_str(&text).map_err(|error| {
                let what = format!("{} holds no test payments at byte {at}: {error}", self.path.display());
                io::Error::new(io::ErrorKind::InvalidData, what)
            })?;
            take(line);
            at += length as u64;
        }
    }

    fn note(&mut self, line: Line) {
        let older = |(oldest, _): (&ChargeId, _)| line.charge < *oldest;
        if self.forgotten && self.entries.first_key_value().is_some_and(older) {
            return;
        }
        self.entries.insert(line.charge, line.entry);
        if self.entries.len() > IN_MEMORY {
            self.entries.pop_first();
            self.forgotten = true;
        }
    }

    fn find(&self, charge: ChargeId) -> io::Result<Option<TestCharge>> {
        let mut found = self.entries.get(&charge).cloned();
        if found.is_none() && self.forgotten {
            self.each_line(0, |line| {
                if line.charge == charge {
                    found = Some(line.entry);
                }
            })?;
        }
        Ok(found)
    }

    fn of(
        &mut self,
        charge: ChargeId,
        ask: impl for<'a> FnOnce(&'a TestPayments) -> BoxFuture<'a, Answer>,
    ) -> io::Result<Option<Answer>> {
        let (before, name) = (self.find(charge)?, charge.to_string());
        let charges = before.iter().map(|entry| (name.clone(), entry.clone())).collect();
        let provider = TestPayments::with_books(TestBooks { charges, ..TestBooks::default() });
        let answer = ask(&provider).now_or_never();
        match provider.books().charges.remove(&name) {
            Some(entry) if before.as_ref() != Some(&entry) => self.write(Line { charge, entry })?,
            _ => {}
        }
        Ok(answer)
    }

    fn write(&mut self, line: Line) -> io::Result<()> {
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.read += text.len() as u64;
        self.note(line);
        Ok(())
    }
}

#[async_trait]
impl Payments for FilePayments {
    async fn capture(&self, capture: Capture) -> Answer {
        self.of(capture.charge, move |provider| provider.capture(capture)).await
    }

    async fn status(&self, charge: ChargeId) -> Answer {
        self.of(charge, move |provider| provider.status(charge)).await
    }

    async fn refund(&self, refund: Refund) -> Answer {
        self.of(refund.charge, move |provider| provider.refund(refund)).await
    }

    async fn verify_event(&self, _: SignedEvent) -> Result<Option<ProviderEvent>, EventError> {
        Err(EventError::NotSupported)
    }
}

#[cfg(test)]
mod tests;
