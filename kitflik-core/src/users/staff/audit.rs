//! The log of what staff did: read, and verified.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Staff;
use crate::actor::{Actor, Permission, Role};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::{EngineError, Invalid};
use crate::ids::StaffId;
use crate::limits;
use crate::store::keys;
use crate::store::records::{AuditChains, AuditEntry, AuditHead};
use crate::store::trail::{hash, sealed_chains, sealed_head};
use crate::store::tx::decode;
use crate::time::Timestamp;
use crate::users::UserError;

/// Entries that are read at once.
const STRIDE: u32 = 500;

/// Which entries of the log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct AuditQuery {
    /// Only what this member of staff did.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub staff_id: Option<StaffId>,
    /// Which page.
    pub page: PageRequest,
}

/// One thing that a member of staff did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditEntryView {
    /// Who did it.
    pub staff_id: StaffId,
    /// The how manyth entry of theirs it is, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The role they had; absent where nobody asked for it, as at log-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The command, such as `add_movie` or `staff_log_in`.
    pub verb: String,
    /// What was written, as `movie/<id>`, `booking/<id>`…: at most 16.
    pub subjects: Vec<String>,
    /// How many more were written.
    pub more: u32,
    /// What the subjects do not tell, such as the new role of an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The hash of the entry: over all of it, and over the hash of the entry before.
    pub hash: String,
}

/// What a verification of the log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditReport {
    /// Members of staff who have a chain of entries.
    pub chains: u64,
    /// Entries that were found good.
    pub entries: u64,
    /// The first thing that is wrong; absent if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<AuditFault>,
}

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditFault {
    /// What kind of fault.
    pub kind: AuditFaultKind,
    /// In whose chain; absent if it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<StaffId>,
    /// At which entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// A kind of fault of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFaultKind {
    /// An entry is not there, and later ones are.
    Missing,
    /// An entry is not what it was, or stands in another's place.
    Altered,
    /// The last entries are not there.
    CutOff,
    /// There are more entries than were ever written.
    Surplus,
    /// An entry is left out of the order of time, so that lists do not show it.
    Unlisted,
    /// What says how long a chain is was not written by this house.
    ForgedHead,
    /// What says how long a chain is is not there.
    HeadMissing,
    /// A whole chain is not there, or was added.
    ChainMissing,
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "entry {number}")?,
            None => f.write_str("the log")?,
        }
        if let Some(staff) = self.staff_id {
            write!(f, " of the member of staff {staff}")?;
        }
        f.write_str(match self.kind {
            AuditFaultKind::Missing => " is missing",
            AuditFaultKind::Altered => " was altered or moved",
            AuditFaultKind::CutOff => " and all after it were cut off",
            AuditFaultKind::Surplus => " was never written by the house",
            AuditFaultKind::Unlisted => " was taken out of the list",
            AuditFaultKind::ForgedHead => ": its end was not sealed by this house",
            AuditFaultKind::HeadMissing => ": its end is missing",
            AuditFaultKind::ChainMissing => ": a chain as a whole is missing, or was added",
        })
    }
}

impl AuditFault {
    fn of(kind: AuditFaultKind, staff: StaffId, number: impl Into<Option<u64>>) -> Self {
        Self { kind, staff_id: Some(staff), number: number.into() }
    }
}

/// The last item of a page.
struct Cursor {
    at: Timestamp,
    staff: StaffId,
    number: u64,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let mut parts = text.split('.');
        let mut read = || {
            let at = Timestamp::from_millis(parts.next()?.parse().ok()?);
            let (staff, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            parts.next().is_none().then_some(Self { at, staff, number })
        };
        read().ok_or_else(|| {
            Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
        })
    }
}

impl Staff<'_> {
    /// A page of what staff did, the newest first.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin asks, [`UserError::Invalid`] for a page out of bounds, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Page<AuditEntryView>, UserError> {
        actor.may(Permission::ReadAudit)?;
        let limit = page_limit(&query.page)?;
        let before = query.page.cursor.as_deref().map(Cursor::parse).transpose()?;
        let most = u32::try_from(limit + 1).unwrap_or(limits::MAX_PAGE);
        let rows = match query.staff_id {
            Some(staff) => {
                let mut range = keys::audit_chain(staff);
                if let Some(before) = before {
                    range.end = keys::audit_entry(staff, before.number).key;
                }
                self.engine.scan_rows(&range, most, true).await?
            }
            None => {
                let mut range = keys::audit_times();
                if let Some(before) = before {
                    range.end = keys::audit_time(before.at, before.staff, before.number).key;
                }
                self.engine.scan_rows(&range, most, true).await?
            }
        };
        let more = rows.len() > limit;
        let found: Vec<_> = rows.iter().take(limit).filter_map(|row| keys::audited(&row.key)).collect();
        let wanted = found.iter().map(|(staff, number)| keys::audit_entry(*staff, *number));
        let entries = self.engine.get_many(wanted).await?;
        let items: Vec<AuditEntryView> = found
            .into_iter()
            .zip(entries)
            .filter_map(|((staff_id, number), entry)| Some(view(staff_id, number, entry?.0)))
            .collect();
        let next = items.last().filter(|_| more);
        let next_cursor = next.map(|last| format!("{}.{}.{}", last.at.millis(), last.staff_id, last.number));
        Ok(Page { items, next_cursor })
    }

    /// Reads the whole log, and says whether anything was altered, moved, taken out or cut off since it was written.
    /// It may run while staff are at work. What it cannot see is a store that was put back as a whole to what it was.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin or the host program asks, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn verify_audit(&self, actor: &Actor) -> Result<AuditReport, UserError> {
        actor.may(Permission::ReadAudit)?;
        let mut report = AuditReport { chains: 0, entries: 0, fault: None };
        let heads = match self.heads().await? {
            Ok(heads) => heads,
            Err(fault) => return Ok(AuditReport { fault: Some(fault), ..report }),
        };
        for (staff, head) in &heads {
            report.fault = self.verify_chain(*staff, head, &mut report.entries).await?;
            if report.fault.is_some() {
                return Ok(report);
            }
            report.chains += 1;
        }
        let known = heads.into_iter().map(|(staff, _)| staff).collect();
        report.fault = self.headless(&known).await?;
        Ok(report)
    }

    /// The heads of all chains, if they are as many as there should be.
    async fn heads(&self) -> Result<Result<Vec<(StaffId, AuditHead)>, AuditFault>, EngineError> {
        let engine = self.engine;
        let of_all = AuditFault { kind: AuditFaultKind::ChainMissing, staff_id: None, number: None };
        for _ in 0..limits::MAX_ATTEMPTS {
            let before = engine.get(&keys::audit_chains()).await?;
            let (mut heads, mut range) = (Vec::new(), keys::audit_heads());
            loop {
                let rows = engine.scan_rows(&range, STRIDE, false).await?;
                let full = rows.len() == STRIDE as usize;
                for row in rows {
                    range.start = format!("{}!", row.key);
                    let Some((staff, _)) = keys::audited(&row.key) else { return Ok(Err(of_all)) };
                    match decode(&row) {
                        Ok(head) => heads.push((staff, head)),
                        Err(_) => return Ok(Err(AuditFault::of(AuditFaultKind::ForgedHead, staff, None))),
                    }
                }
                if !full {
                    break;
                }
            }
            let after = engine.get(&keys::audit_chains()).await?;
            let count = |chains: &Option<AuditChains>| chains.as_ref().map_or(0, |chains| chains.chains);
            if count(&before) != count(&after) {
                // Somebody's first entry was written meanwhile.
                continue;
            }
            let sealed = after.is_none_or(|after| {
                engine.keys.any(|keys| keys.is_audit_seal(&sealed_chains(after.chains), &after.seal))
            });
            let all = sealed && count(&before) == heads.len() as u64;
            return Ok(if all { Ok(heads) } else { Err(of_all) });
        }
        Err(EngineError::Contended)
    }

    async fn verify_chain(
        &self,
        staff: StaffId,
        head: &AuditHead,
        good: &mut u64,
    ) -> Result<Option<AuditFault>, EngineError> {
        let engine = self.engine;
        let fault = |kind, number: u64| Ok(Some(AuditFault::of(kind, staff, number)));
        let sealed = sealed_head(staff, head.count, &head.hash);
        if !engine.keys.any(|keys| keys.is_audit_seal(&sealed, &head.seal)) {
            return Ok(Some(AuditFault::of(AuditFaultKind::ForgedHead, staff, None)));
        }
        let (mut prev, mut number) = (String::new(), 0);
        let mut range = keys::audit_chain(staff);
        range.end = keys::audit_entry(staff, head.count + 1).key;
        loop {
            let rows = engine.scan_rows(&range, STRIDE, false).await?;
            let full = rows.len() == STRIDE as usize;
            let mut places = Vec::with_capacity(rows.len());
            for row in rows {
                number += 1;
                range.start = format!("{}!", row.key);
                if keys::audited(&row.key) != Some((staff, number)) {
                    return fault(AuditFaultKind::Missing, number);
                }
                let Ok(entry) = decode::<AuditEntry>(&row) else {
                    return fault(AuditFaultKind::Altered, number);
                };
                if entry.prev != prev || hash(staff, number, &entry) != entry.hash {
                    return fault(AuditFaultKind::Altered, number);
                }
                places.push(keys::audit_time(entry.at, staff, number));
                prev = entry.hash;
            }
            let first = number - places.len() as u64;
            for (at, place) in engine.get_many(places).await?.into_iter().enumerate() {
                if place.is_none() {
                    return fault(AuditFaultKind::Unlisted, first + 1 + at as u64);
                }
                *good += 1;
            }
            if !full {
                break;
            }
        }
        if number < head.count {
            return fault(AuditFaultKind::CutOff, number + 1);
        }
        if prev != head.hash {
            return fault(AuditFaultKind::Altered, number);
        }
        let mut beyond = keys::audit_chain(staff);
        beyond.start.clone_from(&range.end);
        let grown = !engine.scan_rows(&beyond, 1, false).await?.is_empty();
        // Either it was written meanwhile, and the head has moved on too, or nobody of the house wrote it.
        if grown && engine.get(&keys::audit_head(staff)).await?.is_none_or(|now| now.count <= head.count) {
            return fault(AuditFaultKind::Surplus, head.count + 1);
        }
        Ok(None)
    }

    /// A chain that has entries and no head.
    async fn headless(&self, known: &BTreeSet<StaffId>) -> Result<Option<AuditFault>, EngineError> {
        let mut range = keys::audit_entries();
        loop {
            let rows = self.engine.scan_rows(&range, 1, false).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let Some((staff, _)) = keys::audited(&row.key) else {
                return Ok(Some(AuditFault { kind: AuditFaultKind::Surplus, staff_id: None, number: None }));
            };
            // It may be new.
            if !known.contains(&staff) && self.engine.get(&keys::audit_head(staff)).await?.is_none() {
                return Ok(Some(AuditFault::of(AuditFaultKind::HeadMissing, staff, None)));
            }
            range.start = keys::audit_chain(staff).end;
        }
    }
}

fn view(staff_id: StaffId, number: u64, entry: AuditEntry) -> AuditEntryView {
    let AuditEntry { at, role, verb, subjects, more, note, hash, .. } = entry;
    AuditEntryView { staff_id, number, at, role, verb, subjects, more, note, hash }
}
