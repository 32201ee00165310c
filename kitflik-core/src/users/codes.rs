//! Codes and links that come by mail. Neither is stored: both are derived from the master key and a random text
//! that is.

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::backoff::Scope;
use super::email::normal_email;
use super::{UserError, Users};
use crate::error::EngineError;
use crate::ids::UserId;
use crate::keyring::Generation;
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{Code, Form, MailedCode, Tries};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;

/// Guesses at one code.
const MOST_GUESSES: u32 = 5;
const DIGITS: usize = 8;

/// What a code is good for. One is no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
    ChangeEmail,
}

impl Purpose {
    pub(super) const ALL: [Self; 3] = [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail];

    fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::ChangeEmail => "change-email",
        }
    }

    fn life(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => Duration::from_secs(24 * 60 * 60),
            Self::ResetPassword => Duration::from_secs(5 * 60),
        }
    }

    pub(crate) fn key(self, user: UserId) -> Typed<Code> {
        keys::code(user, self.name())
    }
}

/// The account that stands in for one that does not exist.
pub(super) const NOBODY: UserId = UserId::from_bytes([0; 16]);

/// Whose code is guessed at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// Of the account with this address, if there is one.
    Email(&'a str),
    /// Of the caller.
    User(UserId),
}

/// A code that was guessed, or a link: the account, and what of its row must still be so when it is used.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) user: UserId,
    purpose: Purpose,
    proof: Proof,
    /// The row of the guesses, which is forgotten with the code.
    tries: Option<Typed<Tries>>,
}

#[derive(Debug)]
enum Proof {
    Nonce(String),
    Secret(String),
}

fn secret(keys: &Generation, what: &str, purpose: Purpose, code: &MailedCode) -> [u8; 32] {
    let parts = [purpose.name().as_bytes(), code.user.as_bytes(), code.nonce.as_bytes()];
    keys.account_secret(what, &parts)
}

fn digits(keys: &Generation, purpose: Purpose, code: &MailedCode) -> String {
    let secret = secret(keys, "digits", purpose, code);
    let number = secret.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{:0width$}", number % 10_u64.pow(DIGITS as u32), width = DIGITS)
}

impl Engine {
    /// The digits of a code.
    pub(crate) fn mailed_digits(&self, purpose: Purpose, code: &MailedCode) -> String {
        digits(self.keys.current(), purpose, code)
    }

    /// What a link carries instead.
    pub(crate) fn mailed_token(&self, purpose: Purpose, code: &MailedCode) -> String {
        let secret = secret(self.keys.current(), "link", purpose, code);
        format!("{}.{}", code.user, BASE64URL_NOPAD.encode(&secret))
    }

    /// Writes a new code over the one before, which is then worth nothing. The attempt has read its row.
    pub(super) fn new_code(
        &self,
        tx: &mut Tx<'_>,
        purpose: Purpose,
        user: UserId,
        email: Option<String>,
    ) -> Result<MailedCode, EngineError> {
        let nonce = HEXLOWER.encode(&self.random::<16>());
        let expires_at = tx.now().plus(purpose.life());
        let code = Code { v: Form, nonce: nonce.clone(), tries: 0, expires_at, email, mark: 0 };
        tx.put(&purpose.key(user), &code)?;
        Ok(MailedCode { user, nonce })
    }

    /// The code that a mail is to tell, unless it is used, replaced or over.
    pub(crate) async fn live_code(
        &self,
        purpose: Purpose,
        mailed: &MailedCode,
    ) -> Result<Option<Code>, EngineError> {
        let code = self.get(&purpose.key(mailed.user)).await?;
        Ok(code.filter(|code| code.nonce == mailed.nonce && code.expires_at > self.now()))
    }
}

impl Users<'_> {
    /// Counts a guess at a code, and only then looks at it. `None`: the command took effect before.
    ///
    /// The count is written under a check, so a race of guesses gets no more of them than one after the other. What
    /// is written for an account without a code, or for none, takes as long.
    pub(super) async fn guess(
        &self,
        tx: &mut Tx<'_>,
        purpose: Purpose,
        whose: Whose<'_>,
        claimed: &str,
    ) -> Result<Option<Proven>, UserError> {
        let engine = self.engine;
        let (tries_key, claim) = match whose {
            Whose::Email(email) => {
                (engine.tries_of(Scope::Code, email), Some(keys::email(&normal_email(email))))
            }
            Whose::User(id) => (engine.tries_of(Scope::Code, &id.to_string()), None),
        };
        loop {
            let wanted = [Some(tries_key.key.clone()), claim.as_ref().map(|claim| claim.key.clone())];
            let wanted = wanted.into_iter().flatten().collect();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(None) };
            let now = tx.now();
            let user = match (&claim, whose) {
                (Some(claim), _) => tx.get(claim)?.map_or(NOBODY, |claim| claim.user),
                (None, Whose::User(id)) => id,
                (None, Whose::Email(_)) => NOBODY,
            };
            let key = purpose.key(user);
            tx.more(vec![key.key.clone()]).await?;
            let before = tx.get(&tries_key)?;
            if let Some(retry_after) = before.as_ref().and_then(|tries| tries.account_wait(now)) {
                return Err(UserError::TooManyAttempts { retry_after });
            }
            tx.put(&tries_key, &Tries::more(before, now, engine.random()))?;
            let code = tx.get(&key)?.filter(|code| code.expires_at > now && code.tries < MOST_GUESSES);
            if let Some(code) = &code {
                let mark = u32::from_le_bytes(engine.random());
                tx.put(&key, &Code { tries: code.tries + 1, mark, ..code.clone() })?;
            }
            if tx.broken(Mutant::GuessesUnchecked) {
                tx.uncheck(&tries_key);
                tx.uncheck(&key);
            }
            if tx.commit_step(Durability::Durable).await?.is_none() {
                continue;
            }
            let Some(code) = code else { return Err(UserError::InvalidCode) };
            let mailed = MailedCode { user, nonce: code.nonce.clone() };
            let claimed: String = claimed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            // It may have been mailed before a rotation of the keys.
            let right = |keys: &Generation| {
                keys.is_same(claimed.as_bytes(), digits(keys, purpose, &mailed).as_bytes())
            };
            if !engine.keys.any(right) {
                return Err(UserError::InvalidCode);
            }
            let (proof, tries) = (Proof::Nonce(code.nonce), Some(tries_key));
            return Ok(Some(Proven { user, purpose, proof, tries }));
        }
    }

    /// What a link's token claims. It is looked at when it is used: nobody guesses 256 bits.
    pub(super) fn claimed(purpose: Purpose, token: &str) -> Result<Proven, UserError> {
        let (user, secret) = token.trim().split_once('.').ok_or(UserError::InvalidCode)?;
        let user = user.parse().map_err(|_| UserError::InvalidCode)?;
        Ok(Proven { user, purpose, proof: Proof::Secret(secret.to_owned()), tries: None })
    }

    /// Uses up a code, in the batch of what it is good for. The attempt may have read anything else before.
    pub(super) async fn use_up(&self, tx: &mut Tx<'_>, proven: &Proven) -> Result<Code, UserError> {
        let key = proven.purpose.key(proven.user);
        tx.more(vec![key.key.clone()]).await?;
        let now: Timestamp = tx.now();
        let code = tx.get(&key)?.filter(|code| code.expires_at > now).ok_or(UserError::InvalidCode)?;
        let valid = match &proven.proof {
            Proof::Nonce(nonce) => *nonce == code.nonce,
            Proof::Secret(claimed) => {
                let mailed = MailedCode { user: proven.user, nonce: code.nonce.clone() };
                let claimed = BASE64URL_NOPAD.decode(claimed.as_bytes()).unwrap_or_default();
                let right = |keys: &Generation| {
                    keys.is_same(&claimed, &secret(keys, "link", proven.purpose, &mailed))
                };
                self.engine.keys.any(right)
            }
        };
        if !valid {
            return Err(UserError::InvalidCode);
        }
        tx.delete(&key);
        if let Some(tries) = &proven.tries {
            tx.delete(tries);
        }
        Ok(code)
    }

    /// Mails a new code to an account, if it has the address and wants one: `wanted` says. The answer and the work are
    /// the same if not. Each call counts as a failure does, so that nobody is flooded.
    pub(super) async fn mail_code(
        &self,
        mut tx: Tx<'_>,
        purpose: Purpose,
        email: &str,
        address: Option<&str>,
    ) -> Result<(), UserError> {
        let engine = self.engine;
        engine.may_try_from(Scope::Mail, address).await?;
        let (tries_key, claim) = (engine.tries_of(Scope::Mail, email), keys::email(&normal_email(email)));
        loop {
            let wanted = vec![tries_key.key.clone(), claim.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let before = tx.get(&tries_key)?;
            if let Some(retry_after) = before.as_ref().and_then(|tries| tries.account_wait(tx.now())) {
                return Err(UserError::TooManyAttempts { retry_after });
            }
            tx.put(&tries_key, &Tries::more(before, tx.now(), engine.random()))?;
            let id = tx.get(&claim)?.map_or(NOBODY, |claim| claim.user);
            let user_key = keys::user(id);
            tx.more(vec![user_key.key.clone(), purpose.key(id).key]).await?;
            let user = tx
                .get(&user_key)?
                .filter(|user| !user.deleting && (purpose != Purpose::VerifyEmail || !user.email_verified));
            if let Some(user) = user {
                let code = engine.new_code(&mut tx, purpose, id, None)?;
                let content = match purpose {
                    Purpose::ResetPassword => crate::store::records::MailContent::PasswordCode { code },
                    _ => crate::store::records::MailContent::VerifyEmail { code },
                };
                engine.promise_mail(&mut tx, id, &user, content)?;
            }
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return engine.failed_from(Scope::Mail, address).await;
            }
        }
    }
}
