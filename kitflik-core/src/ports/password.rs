//! Password hashing, a port so that a server can hash off its reactor with bounded concurrency.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier, Version};
use async_trait::async_trait;
use thiserror::Error;

/// Why a password could not be hashed or checked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many are being hashed; try again.
    #[error("too many log-ins at once; try again")]
    Overloaded,
    /// The stored hash or the parameters are not usable.
    #[error("password hashing failed: {reason}")]
    Failed {
        /// What happened, for the operator.
        reason: String,
    },
}

/// Hashes and checks passwords.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The hash of a password in PHC string format. `salt` is fresh randomness.
    ///
    /// # Errors
    /// [`PasswordError`].
    async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError>;

    /// Whether the password has this hash.
    ///
    /// # Errors
    /// [`PasswordError`].
    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError>;
}

/// argon2id on the calling thread. Its synchronous methods serve hosts that bring their own threads.
#[derive(Debug, Clone)]
pub struct Argon2id {
    params: Params,
}

impl Default for Argon2id {
    /// 19 MiB, two passes, one lane: the OWASP minimum.
    fn default() -> Self {
        Self { params: Params::DEFAULT }
    }
}

impl Argon2id {
    /// With memory in KiB and a number of passes.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] if argon2 does not allow the parameters.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, PasswordError> {
        Params::new(memory_kib, passes, 1, None).map(|params| Self { params }).map_err(failed)
    }

    fn argon2(&self) -> Argon2<'_> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// Hashes on this thread: about 20 ms with the default parameters.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    pub fn hash_blocking(&self, password: &str, salt: &[u8; 16]) -> Result<String, PasswordError> {
        let hash = self.argon2().hash_password_with_salt(password.as_bytes(), salt).map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Checks on this thread: about 20 ms with the default parameters.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] if the stored hash cannot be read.
    pub fn verify_blocking(&self, password: &str, hash: &str) -> Result<bool, PasswordError> {
        let hash = PasswordHash::new(hash).map_err(failed)?;
        Ok(self.argon2().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Failed { reason: error.to_string() }
}

#[async_trait]
impl PasswordHasher for Argon2id {
    async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.hash_blocking(&password, &salt)
    }

    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError> {
        self.verify_blocking(&password, &hash)
    }
}
