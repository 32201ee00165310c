//! Keys of the log of what staff did.

use super::{Range, Typed, typed, under};
use crate::ids::StaffId;
use crate::store::records::{AuditChains, AuditEntry, AuditHead, AuditTime};
use crate::time::Timestamp;

pub(crate) fn audit_head(staff: StaffId) -> Typed<AuditHead> {
    typed(format!("audit-head/{staff}"))
}

pub(crate) fn audit_heads() -> Range<AuditHead> {
    under("audit-head/")
}

pub(crate) fn audit_entry(staff: StaffId, number: u64) -> Typed<AuditEntry> {
    typed(format!("audit/{staff}/{number:012}"))
}

pub(crate) fn audit_entries() -> Range<AuditEntry> {
    under("audit/")
}

pub(crate) fn audit_chain(staff: StaffId) -> Range<AuditEntry> {
    under(&format!("audit/{staff}/"))
}

pub(crate) fn audit_time(at: Timestamp, staff: StaffId, number: u64) -> Typed<AuditTime> {
    typed(format!("audit-time/{:015}/{staff}/{number:012}", at.millis().max(0)))
}

pub(crate) fn audit_times() -> Range<AuditTime> {
    under("audit-time/")
}

/// Whose entry a key of [`audit_entries`], [`audit_heads`] or [`audit_times`] is about, and its number (0 for a head).
pub(crate) fn audited(key: &str) -> Option<(StaffId, u64)> {
    let mut parts = key.split('/').skip(if key.starts_with("audit-time/") { 2 } else { 1 });
    let staff = parts.next()?.parse().ok()?;
    Some((staff, parts.next().map_or(Some(0), |number| number.parse().ok())?))
}

pub(crate) fn audit_chains() -> Typed<AuditChains> {
    typed("audit-chains".to_owned())
}
