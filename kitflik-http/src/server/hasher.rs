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
    use axum::body::Body;
    use axum::http::{Method, Request, header};
    use kitflik_core::{Kitflik, MasterKey, MemoryStorage};
    use tower::ServiceExt;

    use super::*;
    use crate::{RouterOptions, router};

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

    /// Hashing that never ends stands for hashing that is much too slow.
    #[tokio::test]
    async fn log_ins_that_are_too_many_are_refused_and_the_sale_goes_on() {
        let hasher = Arc::new(PooledHasher::new(Argon2id::new(8, 1).unwrap(), 1, 2));
        let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]))
            .password_hasher(Arc::clone(&hasher) as Arc<dyn PasswordHasher>)
            .build()
            .unwrap();
        let app = router(kitflik, RouterOptions::default());
        let log_in = || {
            let request = Request::builder().method(Method::POST).uri("/v1/auth/login");
            let request = request.header(header::CONTENT_TYPE, "application/json");
            let body = r#"{"email": "ada@example.org", "password": "correct horse"}"#;
            app.clone().oneshot(request.body(Body::from(body)).unwrap())
        };
        let busy = Arc::clone(&hasher.at_work).acquire_owned().await.unwrap();
        let waiting: Vec<_> = (0..3).map(|_| tokio::spawn(log_in())).collect();
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = log_in().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
        let movies = Request::get("/v1/movies").body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(movies).await.unwrap().status(), 200);
        drop(busy);
        for answer in waiting {
            assert_eq!(answer.await.unwrap().unwrap().status(), 401);
        }
    }
}
