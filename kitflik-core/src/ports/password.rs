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

    /// Whether a hash has the algorithm and the cost that [`hash`](Self::hash) has today. One that has not is made anew
    /// when its owner logs in.
    fn is_current(&self, hash: &str) -> bool;

    /// The hash of a password that nobody has, of the cost that [`hash`](Self::hash) has today: to check a password
    /// against it takes as long as against a customer's. A cheaper one would tell which addresses have an account.
    fn nobody(&self) -> String;
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

impl Argon2id {
    /// See [`PasswordHasher::is_current`].
    #[must_use]
    pub fn is_current(&self, hash: &str) -> bool {
        PasswordHash::new(hash).is_ok_and(|hash| {
            let version = hash.version == Some(Version::V0x13.into());
            let same = |params: Params| {
                (params.m_cost(), params.t_cost(), params.p_cost())
                    == (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
            };
            hash.algorithm.as_str() == "argon2id" && version && Params::try_from(&hash).is_ok_and(same)
        })
    }

    /// See [`PasswordHasher::nobody`].
    #[must_use]
    pub fn nobody(&self) -> String {
        let (memory, passes, lanes) = (self.params.m_cost(), self.params.t_cost(), self.params.p_cost());
        // The salt says nobody; no password has 32 zero bytes for a hash.
        format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}$bm9ib2R5bm9ib2R5bm9ibw$\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        )
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
    fn is_current(&self, hash: &str) -> bool {
        self.is_current(hash)
    }

    fn nobody(&self) -> String {
        self.nobody()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_current_until_its_cost_changes() {
        let (cheap, dear) = (Argon2id::new(8, 1).unwrap(), Argon2id::new(16, 1).unwrap());
        let hash = cheap.hash_blocking("correct horse", &[7; 16]).unwrap();
        assert!(cheap.is_current(&hash) && !dear.is_current(&hash));
        assert!(!Argon2id::new(8, 2).unwrap().is_current(&hash));
        assert!(!cheap.is_current(&hash.replace("argon2id", "argon2i")));
        assert!(!cheap.is_current("") && !cheap.is_current("plain:correct horse"));
        for hasher in [cheap, dear, Argon2id::default()] {
            assert!(hasher.is_current(&hasher.nobody()), "{}", hasher.nobody());
        }
    }

    #[test]
    fn nobody_has_no_password() {
        let hasher = Argon2id::new(8, 1).unwrap();
        for password in ["", "nobody", "correct horse"] {
            assert_eq!(hasher.verify_blocking(password, &hasher.nobody()), Ok(false));
        }
    }
}
