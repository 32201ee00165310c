//! Password hashing off the reactor.

use std::sync::Arc;

use async_trait::async_trait;
use kitflik_core::{Argon2id, PasswordError, PasswordHasher};
use tokio::sync::Semaphore;

/// Waiting for their turn at most: with 20 ms each on one core, more would wait longer than people do.
const WAITING: usize = 100;

/// argon2id on threads of its own, as many at a time as half the cores. Who comes when too many wait already
/// is told so at once: log-ins never stall the sale.
#[derive(Debug)]
pub struct PooledHasher {
    argon2: Arc<Argon2id>,
    at_work: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Default for PooledHasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(Argon2id::default(), (cores / 2).max(1), WAITING)
    }
}

impl PooledHasher {
    /// With this many at work and this many waiting, at most.
    #[must_use]
    pub fn new(argon2: Argon2id, at_work: usize, waiting: usize) -> Self {
        Self {
            argon2: Arc::new(argon2),
            at_work: Arc::new(Semaphore::new(at_work)),
            admitted: Arc::new(Semaphore::new(at_work + waiting)),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2id) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let admitted =
            Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| PasswordError::Overloaded)?;
        let at_work = Arc::clone(&self.at_work).acquire_owned().await.map_err(failed)?;
        let argon2 = Arc::clone(&self.argon2);
        let done = tokio::task::spawn_blocking(move || {
            // The places are given back by the thread: a caller who hangs up does not make room that is not
            // there.
            let _places = (admitted, at_work);
            work(&argon2)
        });
        done.await.map_err(failed)?
    }
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Failed { reason: error.to_string() }
}

#[async_trait]
impl PasswordHasher for PooledHasher {
    async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(move |argon2| argon2.hash_blocking(&password, &salt)).await
    }

    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError> {
        self.run(move |argon2| argon2.verify_blocking(&password, &hash)).await
    }

    fn is_current(&self, hash: &str) -> bool {
        self.argon2.is_current(hash)
    }

    fn nobody(&self) -> String {
        self.argon2.nobody()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_hashes_and_verifies() {
        let hasher = PooledHasher::new(Argon2id::new(8, 1).unwrap(), 1, 1);
        let hash = hasher.hash("correct horse".into(), [7; 16]).await.unwrap();
        assert!(hasher.verify("correct horse".into(), hash.clone()).await.unwrap());
        assert!(!hasher.verify("battery staple".into(), hash).await.unwrap());
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_so_at_once() {
        let hasher = Arc::new(PooledHasher::new(Argon2id::new(8, 1).unwrap(), 1, 2));
        let busy = Arc::clone(&hasher.at_work).acquire_owned().await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let hasher = Arc::clone(&hasher);
            waiting.push(tokio::spawn(async move { hasher.hash("correct horse".into(), [7; 16]).await }));
        }
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hasher.hash("correct horse".into(), [7; 16]).await;
        assert_eq!(refused, Err(PasswordError::Overloaded));
        drop(busy);
        for hash in waiting {
            assert!(hash.await.unwrap().is_ok());
        }
    }
}
