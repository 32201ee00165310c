//! Looks at what is stored, with eyes of its own, and compares it with what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Tally;
use crate::testing::sim::storage::Change;
use crate::{ErrorCode, Key, UserError, UserId};

/// A session that somebody was given.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) token: String,
    pub(super) user: UserId,
    /// When the log-in was acknowledged, as a number that grows with all that happens.
    pub(super) since: u64,
}

/// A password that was set by code.
#[derive(Debug)]
struct Reset {
    password: String,
    begun: u64,
    acknowledged: u64,
}

#[derive(Debug, Default)]
pub(super) struct Auditor {
    pub(super) tally: Tally,
    pub(super) fault: Option<String>,
    /// Sessions that nobody is using right now.
    pub(super) sessions: Vec<Session>,
    /// Passwords that were chosen for an address, the last one last.
    pub(super) passwords: BTreeMap<String, Vec<String>>,
    count: u64,
    /// The address of each account.
    users: BTreeMap<UserId, String>,
    /// Whose each claim is.
    claims: BTreeMap<Key, UserId>,
    /// The accounts that ever had a password.
    set: BTreeMap<String, UserId>,
    resets: Vec<Reset>,
    deleted: BTreeSet<UserId>,
}

fn user_of(value: &Value) -> Option<UserId> {
    value.get("user")?.as_str()?.parse().ok()
}

impl Auditor {
    pub(super) fn blame(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    /// The next moment.
    pub(super) fn now(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn refused(&mut self, error: &UserError) {
        match error.code() {
            ErrorCode::OutcomeUnknown => self.tally.unknown += 1,
            ErrorCode::Internal => self.blame(|| format!("an internal error: {error}")),
            _ => {}
        }
    }

    pub(super) fn reset(&mut self, password: &str, begun: u64) {
        self.tally.resets += 1;
        let acknowledged = self.now();
        self.resets.push(Reset { password: password.to_owned(), begun, acknowledged });
    }

    /// Whether a session must be over for somebody who comes with its token now.
    pub(super) fn must_be_over(&self, session: &Session, now: u64) -> bool {
        let ended = |reset: &Reset| {
            self.set.get(&reset.password) == Some(&session.user)
                && session.since < reset.begun
                && reset.acknowledged < now
        };
        self.resets.iter().any(ended)
    }

    pub(super) fn deleted(&mut self, user: UserId) {
        self.tally.deletions += 1;
        self.deleted.insert(user);
    }

    /// The store changed.
    pub(super) fn look(&mut self, changed: &Change) -> Result<(), String> {
        for (key, value) in changed {
            self.note(key, value.as_deref())?;
        }
        self.check()
    }

    /// The power failed and came back: this is what is left.
    pub(super) fn crashed(&mut self, rows: &BTreeMap<Key, Vec<u8>>) -> Result<(), String> {
        self.tally.crashes += 1;
        self.users.clear();
        self.claims.clear();
        for (key, value) in rows {
            self.note(key, Some(value))?;
        }
        self.check()
    }

    fn note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        let value = match value {
            Some(value) => {
                Some(serde_json::from_slice::<Value>(value).map_err(|_| format!("{key} cannot be read"))?)
            }
            None => None,
        };
        match (key.split('/').collect::<Vec<_>>().as_slice(), value) {
            (["user", id], value) => {
                let id: UserId = id.parse().map_err(|_| format!("the key {key} has no user"))?;
                let text = |name: &str| Some(value.as_ref()?.get(name)?.as_str()?.to_owned());
                match (text("email"), text("password_hash")) {
                    (Some(email), Some(hash)) => {
                        self.set.insert(hash.trim_start_matches("plain:").to_owned(), id);
                        self.users.insert(id, email);
                    }
                    _ => _ = self.users.remove(&id),
                }
            }
            (["email", _], value) => match value.as_ref().and_then(user_of) {
                Some(user) => _ = self.claims.insert(key.to_owned(), user),
                None => _ = self.claims.remove(key),
            },
            _ => {}
        }
        Ok(())
    }

    /// What was acknowledged has been seen in the store.
    pub(super) fn check_resets(&self) -> Result<(), String> {
        match self.resets.iter().find(|reset| !self.set.contains_key(&reset.password)) {
            Some(reset) => Err(format!("{} was acknowledged, but no account has it", reset.password)),
            None => Ok(()),
        }
    }

    /// An address has one account and one claim, at any time.
    fn check(&self) -> Result<(), String> {
        let mut addresses = BTreeMap::new();
        for (id, email) in &self.users {
            if let Some(other) = addresses.insert(email, id) {
                return Err(format!("{email} is the address of {other} and of {id}"));
            }
        }
        let owners: BTreeSet<UserId> = self.claims.values().copied().collect();
        if owners.len() != self.claims.len() {
            return Err(format!("somebody has two claims: {:?}", self.claims));
        }
        if !owners.iter().eq(self.users.keys()) {
            return Err(format!("claims are {:?}, accounts {:?}", self.claims, self.users));
        }
        Ok(())
    }

    /// All is quiet.
    pub(super) fn end(&self, rows: &BTreeMap<Key, Vec<u8>>) -> Result<(), String> {
        self.check()?;
        if let Some(user) = self.deleted.iter().find(|user| self.users.contains_key(user)) {
            return Err(format!("{user} was deleted, but is there"));
        }
        for (key, value) in rows {
            let value: Value = serde_json::from_slice(value).map_err(|_| format!("{key} cannot be read"))?;
            let parts: Vec<&str> = key.split('/').collect();
            let of = match parts.as_slice() {
                ["user", _] if value.get("deleting") == Some(&Value::Bool(true)) => {
                    return Err(format!("{key} is half-deleted"));
                }
                ["deleting", _] => return Err(format!("{key} was never finished")),
                [kind, ..] if kind.starts_with("outbox") => return Err(format!("{key} was never sent")),
                ["session", _] => value.get("owner").and_then(|owner| owner.get("user")?.as_str()),
                ["code" | "user-session", of, _] => Some(*of),
                _ => None,
            };
            if let Some(of) = of
                && !of.parse().is_ok_and(|id: UserId| self.users.contains_key(&id))
            {
                return Err(format!("{key} is left of an account that is gone"));
            }
        }
        Ok(())
    }
}
