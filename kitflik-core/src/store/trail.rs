//! The log of what staff did: a chain of entries for each of them, written in the batch of what it tells.
//!
//! An entry holds the hash of the one before, and the head of a chain holds how many there are and the hash of the
//! last, under a seal that only the house can make. So whoever can write to the store, and has no key, can alter,
//! take out, reorder or cut off nothing unseen. A chain for each member of staff, because all commands that write to
//! one chain wait for each other.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::keys::{self, Typed};
use super::records::{AuditChains, AuditEntry, AuditHead, AuditTime, Form};
use super::tx::Tx;
use crate::actor::Role;
use crate::error::EngineError;
use crate::ids::StaffId;

/// Things that one entry names.
const MOST_SUBJECTS: usize = 16;

/// Who does what.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    staff: StaffId,
    role: Option<Role>,
    verb: String,
    note: Option<String>,
    nonce: String,
}

impl Trail {
    pub(super) fn head(&self) -> Typed<AuditHead> {
        keys::audit_head(self.staff)
    }
}

impl Tx<'_> {
    /// Has the command stand in the log of a member of staff.
    pub(crate) fn record_as(&mut self, staff: StaffId, role: Option<Role>, verb: &str) {
        let nonce = HEXLOWER.encode(&self.engine.random::<8>());
        self.trail = Some(Trail { staff, role, verb: verb.to_owned(), note: None, nonce });
    }

    /// Adds to the entry what the ids of what was changed do not tell. Never a secret, nor what belongs to a person.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        if let Some(trail) = &mut self.trail {
            trail.note = Some(note.into());
        }
    }

    /// Writes the entry of this attempt, beside what it writes already.
    pub(super) async fn leave_trail(&mut self) -> Result<(), EngineError> {
        let Some(trail) = self.trail.clone() else { return Ok(()) };
        let (head_key, engine) = (trail.head(), self.engine);
        self.more(vec![head_key.key.clone()]).await?;
        let head = self.get(&head_key)?;
        if head.is_none() {
            let key = keys::audit_chains();
            self.more(vec![key.key.clone()]).await?;
            let chains = self.get(&key)?.map_or(0, |chains| chains.chains) + 1;
            let seal = engine.keys.current().audit_seal(&sealed_chains(chains));
            let mark = self.mark();
            self.put(&key, &AuditChains { v: Form, chains, seal, mark })?;
        }
        let mut subjects: Vec<String> = Vec::new();
        let mut more = 0;
        for subject in self.writes.keys().filter_map(|key| keys::subject(key)) {
            // Keys are in order, so the same subject comes in a row.
            if subjects.last().is_none_or(|last| last != subject) {
                if subjects.len() == MOST_SUBJECTS {
                    more += 1;
                } else {
                    subjects.push(subject.to_owned());
                }
            }
        }
        let number = head.as_ref().map_or(0, |head| head.count) + 1;
        let mut entry = AuditEntry {
            v: Form,
            at: self.now,
            role: trail.role,
            verb: trail.verb,
            subjects,
            more,
            note: trail.note,
            nonce: trail.nonce,
            prev: head.map(|head| head.hash).unwrap_or_default(),
            hash: String::new(),
        };
        entry.hash = hash(trail.staff, number, &entry);
        let seal = engine.keys.current().audit_seal(&sealed_head(trail.staff, number, &entry.hash));
        let head = AuditHead { v: Form, count: number, hash: entry.hash.clone(), seal };
        self.put(&keys::audit_entry(trail.staff, number), &entry)?;
        self.put(&keys::audit_time(entry.at, trail.staff, number), &AuditTime { v: Form })?;
        self.put(&head_key, &head)
    }
}

/// What the seal of a head is over.
pub(crate) fn sealed_head(staff: StaffId, count: u64, hash: &str) -> Vec<u8> {
    [b"head".as_slice(), staff.as_bytes(), &count.to_be_bytes(), hash.as_bytes()].concat()
}

/// What the seal of the number of chains is over.
pub(crate) fn sealed_chains(chains: u64) -> Vec<u8> {
    [b"chains".as_slice(), &chains.to_be_bytes()].concat()
}

/// The hash of an entry: over all of it but the hash, each part with its length, so that no two entries are the same
/// bytes.
pub(crate) fn hash(staff: StaffId, number: u64, entry: &AuditEntry) -> String {
    let AuditEntry { v: Form, at, role, verb, subjects, more, note, nonce, prev, hash: _ } = entry;
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(b"kitflik audit 1");
    part(staff.as_bytes());
    part(&number.to_be_bytes());
    part(&at.millis().to_be_bytes());
    part(role.map_or("", Role::as_str).as_bytes());
    part(verb.as_bytes());
    part(&(subjects.len() as u64).to_be_bytes());
    subjects.iter().for_each(|subject| part(subject.as_bytes()));
    part(&more.to_be_bytes());
    part(&[u8::from(note.is_some())]);
    part(note.as_deref().unwrap_or_default().as_bytes());
    part(nonce.as_bytes());
    part(prev.as_bytes());
    HEXLOWER.encode(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn entry() -> AuditEntry {
        AuditEntry {
            v: Form,
            at: Timestamp::from_millis(7),
            role: Some(Role::Admin),
            verb: "add_movie".to_owned(),
            subjects: vec!["movie/1".to_owned(), "movie/2".to_owned()],
            more: 0,
            note: None,
            nonce: "00".to_owned(),
            prev: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn every_part_of_an_entry_is_in_its_hash() {
        let staff = StaffId::from_bytes([1; 16]);
        let same = hash(staff, 1, &entry());
        assert_eq!(same, hash(staff, 1, &AuditEntry { hash: "x".to_owned(), ..entry() }));
        let text = |text: &str| text.to_owned();
        let others = [
            AuditEntry { at: Timestamp::from_millis(8), ..entry() },
            AuditEntry { role: None, ..entry() },
            AuditEntry { role: Some(Role::Usher), ..entry() },
            AuditEntry { verb: text("add_venue"), ..entry() },
            AuditEntry { subjects: vec![text("movie/1"), text("movie/3")], ..entry() },
            AuditEntry { subjects: vec![text("movie/1movie/2")], ..entry() },
            AuditEntry { more: 1, ..entry() },
            AuditEntry { note: Some(String::new()), ..entry() },
            AuditEntry { nonce: text("01"), ..entry() },
            AuditEntry { prev: text("aa"), ..entry() },
        ];
        for other in others {
            assert_ne!(hash(staff, 1, &other), same, "{other:?}");
        }
        assert_ne!(hash(staff, 2, &entry()), same);
        assert_ne!(hash(StaffId::from_bytes([2; 16]), 1, &entry()), same);
    }

    #[test]
    fn the_hash_is_a_contract() {
        let hash = hash(StaffId::from_bytes([1; 16]), 1, &entry());
        insta::assert_snapshot!(hash);
    }
}
