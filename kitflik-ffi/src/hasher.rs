//! Passwords are hashed on a thread of their own: 20 ms would stall the event loop of the app.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use async_trait::async_trait;
use futures_channel::oneshot;
use kitflik_core::{Argon2id, PasswordError, PasswordHasher};
use parking_lot::Mutex;

/// Log-ins that may wait: about a second's worth.
const WAITING: usize = 50;

type Job = Box<dyn FnOnce(&Argon2id) + Send>;

/// argon2id on one thread, which starts with the first password and ends with the hasher.
#[derive(Default)]
pub(crate) struct ThreadHasher {
    jobs: Mutex<Option<SyncSender<Job>>>,
}

impl ThreadHasher {
    fn send(&self, job: Job) -> Result<(), PasswordError> {
        let mut jobs = self.jobs.lock();
        let sender = match &*jobs {
            Some(sender) => sender,
            None => {
                let (sender, receiver) = sync_channel(WAITING);
                let thread = std::thread::Builder::new().name("kitflik-password".to_owned());
                let started = thread.spawn(move || work(&receiver));
                started.map_err(|error| PasswordError::Failed { reason: error.to_string() })?;
                jobs.insert(sender)
            }
        };
        sender.try_send(job).map_err(|_| PasswordError::Overloaded)
    }

    async fn run<T: Send + 'static>(
        &self,
        hash: impl FnOnce(&Argon2id) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (done, answer) = oneshot::channel();
        self.send(Box::new(move |argon2id| {
            if !done.is_canceled() {
                // Whoever asked may be gone by now.
                drop(done.send(hash(argon2id)));
            }
        }))?;
        let lost = || PasswordError::Failed { reason: "hashing stopped".to_owned() };
        answer.await.unwrap_or_else(|_| Err(lost()))
    }
}

fn work(jobs: &Receiver<Job>) {
    let argon2id = Argon2id::default();
    for job in jobs {
        // A job that panics drops its answer, and that is an error to whoever waits for it.
        drop(catch_unwind(AssertUnwindSafe(|| job(&argon2id))));
    }
}

#[async_trait]
impl PasswordHasher for ThreadHasher {
    async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(move |argon2id| argon2id.hash_blocking(&password, &salt)).await
    }

    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError> {
        self.run(move |argon2id| argon2id.verify_blocking(&password, &hash)).await
    }

    fn is_current(&self, hash: &str) -> bool {
        Argon2id::default().is_current(hash)
    }

    fn nobody(&self) -> String {
        Argon2id::default().nobody()
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    #[test]
    fn the_thread_outlives_a_job_that_panics() {
        let hasher = ThreadHasher::default();
        let lost = block_on(hasher.run(|_| -> Result<(), PasswordError> { panic!("in a job") }));
        assert!(matches!(lost, Err(PasswordError::Failed { .. })), "{lost:?}");
        let hash = block_on(hasher.hash("correct horse".to_owned(), [1; 16])).unwrap();
        assert!(block_on(hasher.verify("correct horse".to_owned(), hash.clone())).unwrap());
        assert!(!block_on(hasher.verify("wrong horse".to_owned(), hash)).unwrap());
    }

    #[test]
    fn more_than_may_wait_are_turned_away() {
        let hasher = ThreadHasher::default();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = std::sync::mpsc::channel();
        let block: Job = Box::new(move |_| {
            started.send(()).unwrap();
            gate.recv().unwrap();
        });
        hasher.send(block).unwrap();
        has_started.recv().unwrap();
        for _ in 0..WAITING {
            hasher.send(Box::new(|_| {})).unwrap();
        }
        assert_eq!(hasher.send(Box::new(|_| {})), Err(PasswordError::Overloaded));
        release.send(()).unwrap();
    }
}
