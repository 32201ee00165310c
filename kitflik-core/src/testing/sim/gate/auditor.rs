//! Looks at what is stored of the gate, with eyes of its own, and compares it with what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Tally;
use crate::testing::sim::storage::Change;
use crate::{BookingError, ErrorCode, Key, Scan, ShowId, TicketId};

/// The device and the nonce of a scan.
type Name = (String, String);

#[derive(Debug, Clone, Default)]
struct Used {
    booking: String,
    /// The earliest first: when, and whether with a network.
    scans: Vec<(Name, i64, bool)>,
    undone: BTreeSet<String>,
    more: bool,
}

impl Used {
    fn read(key: &str, value: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(value).map_err(|_| format!("{key} cannot be read"))?;
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let list = |name: &str| value[name].as_array().cloned().unwrap_or_default();
        let scan = |scan: &Value| {
            let online = scan["offline"] != true;
            ((text(scan, "device"), text(scan, "nonce")), scan["at"].as_i64().unwrap_or_default(), online)
        };
        Ok(Self {
            booking: text(&value, "booking"),
            scans: list("scans").iter().map(scan).collect(),
            undone: list("undone").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            more: value["more"] == true,
        })
    }

    fn has(&self, name: &Name) -> bool {
        self.scans.iter().any(|(of, ..)| of == name)
    }

    fn undid(&self, (device, nonce): &Name) -> bool {
        let digest = Sha256::new().chain_update(device).chain_update([0]).chain_update(nonce).finalize();
        self.undone.contains(&HEXLOWER.encode(&digest[..8]))
    }
}

#[derive(Debug)]
pub(super) struct Auditor {
    pub(super) tally: Tally,
    pub(super) fault: Option<String>,
    show: ShowId,
    used: BTreeMap<String, Used>,
    bookings: BTreeMap<String, String>,
    revoked: BTreeSet<String>,
    /// Scans that somebody was told of: they are there, or undone.
    promised: BTreeSet<(String, Name)>,
}

impl Auditor {
    pub(super) fn new(show: ShowId) -> Self {
        Self {
            tally: Tally::default(),
            fault: None,
            show,
            used: BTreeMap::new(),
            bookings: BTreeMap::new(),
            revoked: BTreeSet::new(),
            promised: BTreeSet::new(),
        }
    }

    pub(super) fn begin(&mut self, rows: &BTreeMap<Key, Vec<u8>>) -> Result<(), String> {
        (self.used, self.bookings, self.revoked) = Default::default();
        for (key, value) in rows {
            self.note(key, Some(value))?;
        }
        Ok(())
    }

    pub(super) fn crashed(&mut self, rows: &BTreeMap<Key, Vec<u8>>) -> Result<(), String> {
        self.tally.crashes += 1;
        self.begin(rows)?;
        self.keep_promises()
    }

    pub(super) fn admitted(&mut self, ticket: TicketId, device: &str, nonce: &str) {
        self.tally.admitted += 1;
        self.promised.insert((ticket.to_string(), (device.to_owned(), nonce.to_owned())));
    }

    pub(super) fn uploaded(&mut self, scans: &[Scan]) {
        self.tally.uploads += 1;
        let name = |scan: &Scan| (scan.ticket_id.to_string(), (scan.device.clone(), scan.nonce.clone()));
        self.promised.extend(scans.iter().map(name));
    }

    pub(super) fn refused(&mut self, error: &BookingError) {
        match error.code() {
            ErrorCode::OutcomeUnknown => self.tally.unknown += 1,
            ErrorCode::TicketAlreadyUsed => self.tally.used += 1,
            ErrorCode::TicketCancelled | ErrorCode::TicketRevoked => self.tally.void += 1,
            ErrorCode::Internal => self.fault = Some(format!("an internal error: {error}")),
            _ => {}
        }
    }

    pub(super) fn look(&mut self, changed: &Change) -> Result<(), String> {
        let prefix = format!("check-in/{}/", self.show);
        for (key, value) in changed {
            let (Some(ticket), Some(value)) = (key.strip_prefix(&prefix), value) else { continue };
            let now = Used::read(key, value)?;
            let before = self.used.get(ticket).cloned().unwrap_or_default();
            for (name, ..) in &before.scans {
                if !now.has(name) && !now.undid(name) && !now.more {
                    return Err(format!("the scan {name:?} of {ticket} is lost"));
                }
            }
            for (name, _, online) in &now.scans {
                if !online || before.has(name) {
                    continue;
                }
                if !before.scans.is_empty() {
                    return Err(format!("{ticket} let {name:?} in after {:?}", before.scans));
                }
                if self.bookings.get(&now.booking).is_none_or(|status| status != "confirmed") {
                    return Err(format!("{ticket} let in, but its booking {} is not sold", now.booking));
                }
                if self.revoked.contains(ticket) {
                    return Err(format!("{ticket} let in, but it is revoked"));
                }
            }
            if !now.scans.is_sorted_by_key(|(_, at, _)| *at) {
                return Err(format!("the earliest scan of {ticket} is not the first: {:?}", now.scans));
            }
        }
        for (key, value) in changed {
            self.note(key, value.as_deref())?;
        }
        Ok(())
    }

    fn note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        let (Some((noun, rest)), Some(value)) = (key.split_once('/'), value) else { return Ok(()) };
        match noun {
            "check-in" => {
                let ticket = rest.rsplit('/').next().unwrap_or_default().to_owned();
                self.used.insert(ticket, Used::read(key, value)?);
            }
            "booking" => {
                let value: Value = serde_json::from_slice(value).map_err(|_| format!("{key} is broken"))?;
                self.bookings
                    .insert(rest.to_owned(), value["status"].as_str().unwrap_or_default().to_owned());
            }
            "revoked-ticket" => {
                self.revoked.insert(rest.rsplit('/').next().unwrap_or_default().to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// What was acknowledged is there.
    pub(super) fn keep_promises(&self) -> Result<(), String> {
        for (ticket, name) in &self.promised {
            let used = self.used.get(ticket);
            if !used.is_some_and(|used| used.more || used.has(name) || used.undid(name)) {
                return Err(format!("the scan {name:?} of {ticket} was acknowledged, but is not there"));
            }
        }
        Ok(())
    }

    /// All devices are back. `told` are the conflicts that staff are told of, each with its scans.
    pub(super) fn end(&mut self, told: &BTreeMap<TicketId, usize>, admitted: u32) -> Result<(), String> {
        self.keep_promises()?;
        let used = self.used.values().filter(|used| !used.scans.is_empty()).count();
        if used != admitted as usize {
            return Err(format!("{used} tickets are used, but {admitted} were counted"));
        }
        let conflicts = self.used.iter().filter(|(_, used)| used.scans.len() > 1);
        let conflicts: BTreeMap<String, usize> =
            conflicts.map(|(ticket, used)| (ticket.clone(), used.scans.len())).collect();
        let told: BTreeMap<String, usize> =
            told.iter().map(|(ticket, scans)| (ticket.to_string(), *scans)).collect();
        if told != conflicts {
            return Err(format!("the conflicts are {conflicts:?}, told were {told:?}"));
        }
        self.tally.conflicts += conflicts.len() as u64;
        Ok(())
    }
}
