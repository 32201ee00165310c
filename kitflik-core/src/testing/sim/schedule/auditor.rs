//! Looks at what is stored, with eyes of its own, and compares it with what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Tally;
use crate::testing::sim::storage::Change;
use crate::{CatalogError, Email, ErrorCode, Key, ShowId};

type Rows = BTreeMap<Key, Vec<u8>>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Show {
    auditorium: String,
    starts_at: i64,
    ends_at: i64,
    layout: String,
    cancelled: bool,
}

#[derive(Debug, Clone)]
struct Booking {
    show: String,
    layout: String,
    status: String,
    /// Why it was cancelled, if it was.
    reason: String,
}

/// A move that was seen in the store.
#[derive(Debug)]
struct Move {
    /// After so many changes of the catalogue.
    epoch: usize,
    show: String,
    from: i64,
    /// Who had tickets then.
    holders: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Auditor {
    pub(super) tally: Tally,
    pub(super) fault: Option<String>,
    shows: BTreeMap<String, Show>,
    /// The index: when each show ends, by where and when it starts.
    slots: BTreeMap<(String, i64, String), i64>,
    bookings: BTreeMap<String, Booking>,
    /// What the catalogue's epoch was, change by change.
    epochs: Vec<Vec<u8>>,
    moves: Vec<Move>,
    /// Mails of moves: what each is about.
    mails: BTreeMap<String, (String, i64)>,
    /// Mails about cancelled shows: whose booking each is about.
    sorry: BTreeMap<String, String>,
    /// Shows whose cancellation was acknowledged.
    cancelled: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    /// Those that somebody wanted to delete.
    doomed: BTreeSet<String>,
    deleted: BTreeSet<String>,
    /// What was changed, and from which revision.
    changes: BTreeSet<(&'static str, String, u64)>,
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn read(key: &str, value: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(value).map_err(|_| format!("{key} cannot be read"))
}

impl Auditor {
    pub(super) fn begin(&mut self, rows: &Rows) -> Result<(), String> {
        self.epochs.extend(rows.get("catalog").cloned());
        for (key, value) in rows {
            self.note(key, Some(value))?;
        }
        self.check()
    }

    pub(super) fn blame(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    pub(super) fn refused(&mut self, error: &CatalogError) {
        match error.code() {
            ErrorCode::OutcomeUnknown => self.tally.unknown += 1,
            ErrorCode::ShowOverlap => self.tally.clashes += 1,
            ErrorCode::StaleRevision => self.tally.stale += 1,
            ErrorCode::InUse => self.tally.in_use += 1,
            ErrorCode::Internal => self.blame(|| format!("an internal error: {error}")),
            _ => {}
        }
    }

    /// Somebody was told that these are there.
    pub(super) fn added(&mut self, shows: &[ShowId]) {
        self.tally.added += shows.len() as u64;
        self.acknowledged.extend(shows.iter().map(ToString::to_string));
    }

    pub(super) fn doomed(&mut self, show: ShowId) {
        self.doomed.insert(show.to_string());
    }

    pub(super) fn deleted(&mut self, show: ShowId) {
        self.tally.deletions += 1;
        self.deleted.insert(show.to_string());
    }

    /// Somebody was told that their change of what they had seen is made.
    pub(super) fn changed(&mut self, what: &'static str, id: &str, revision: Option<u64>) {
        let Some(revision) = revision else { return };
        if !self.changes.insert((what, id.to_owned(), revision)) {
            self.blame(|| format!("two changed the {what} {id} of revision {revision}"));
        }
    }

    /// Somebody was told that a show is cancelled.
    pub(super) fn cancelled(&mut self, show: ShowId) {
        self.tally.cancelled += u64::from(self.cancelled.insert(show.to_string()));
    }

    /// What was acknowledged is seen in the store.
    pub(super) fn keep_promises(&mut self) {
        let gone = |show: &&String| !self.shows.contains_key(*show) && !self.doomed.contains(*show);
        if let Some(show) = self.acknowledged.iter().find(gone).cloned() {
            self.blame(|| format!("{show} was acknowledged, but is not there"));
        }
        if let Some(show) = self.deleted.iter().find(|show| self.shows.contains_key(*show)).cloned() {
            self.blame(|| format!("{show} was deleted, but is there"));
        }
        let stands = |show: &&String| self.shows.get(*show).is_some_and(|show| !show.cancelled);
        if let Some(show) = self.cancelled.iter().find(stands).cloned() {
            self.blame(|| format!("{show} was cancelled, but takes place"));
        }
    }

    /// The store changed.
    pub(super) fn look(&mut self, changed: &Change) -> Result<(), String> {
        self.epochs.extend(changed.get("catalog").cloned().flatten());
        for (key, value) in changed {
            if let (Some(id), Some(value)) = (key.strip_prefix("show/"), value) {
                self.follow(id, &read(key, value)?, changed)?;
            }
        }
        let mut of_schedule = false;
        for (key, value) in changed {
            of_schedule |= key.starts_with("show/") || key.starts_with("schedule-show/");
            of_schedule |= key.starts_with("booking/");
            self.note(key, value.as_deref())?;
        }
        if of_schedule { self.check() } else { Ok(()) }
    }

    /// Whether a show has moved, and who has to be told.
    fn follow(&mut self, id: &str, value: &Value, changed: &Change) -> Result<(), String> {
        let Some(before) = self.shows.get(id) else { return Ok(()) };
        if before.starts_at == number(value, "starts_at") && before.auditorium == text(value, "auditorium") {
            return Ok(());
        }
        let holders = self.bookings.iter();
        let holders = holders.filter(|(_, booking)| booking.show == id && booking.status == "confirmed");
        let holders: Vec<String> = holders.map(|(id, _)| id.clone()).collect();
        let promise = format!("show-moved/{id}/");
        if !holders.is_empty() && !changed.keys().any(|key| key.starts_with(&promise)) {
            return Err(format!("{id} has moved, and nobody will be told"));
        }
        self.tally.told += holders.len() as u64;
        let (epoch, from) = (self.epochs.len(), before.starts_at);
        self.moves.push(Move { epoch, show: id.to_owned(), from, holders });
        Ok(())
    }

    fn note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        let value = value.map(|value| read(key, value)).transpose()?;
        match (key.split('/').collect::<Vec<_>>().as_slice(), value) {
            (["show", id], Some(value)) => {
                let show = Show {
                    auditorium: text(&value, "auditorium"),
                    starts_at: number(&value, "starts_at"),
                    ends_at: number(&value, "ends_at"),
                    layout: text(&value, "layout"),
                    cancelled: value.get("cancelled").and_then(Value::as_bool).unwrap_or(false),
                };
                self.shows.insert((*id).to_owned(), show);
            }
            (["show", id], None) => _ = self.shows.remove(*id),
            (["schedule-show", auditorium, start, id], value) => {
                let start = start.parse().map_err(|_| format!("{key} has no start"))?;
                let slot = ((*auditorium).to_owned(), start, (*id).to_owned());
                match value {
                    Some(value) => _ = self.slots.insert(slot, number(&value, "until")),
                    None => _ = self.slots.remove(&slot),
                }
            }
            (["booking", id], Some(value)) => {
                let booking = Booking {
                    show: text(&value, "show"),
                    layout: text(&value, "layout"),
                    status: text(&value, "status"),
                    reason: value.get("cancellation").map(|how| text(how, "reason")).unwrap_or_default(),
                };
                self.bookings.insert((*id).to_owned(), booking);
            }
            (["outbox", _, mail], Some(value)) => {
                let content = value.get("content").cloned().unwrap_or_default();
                if text(&content, "kind") == "show_moved" {
                    let about = (text(&content, "booking"), number(&content, "from"));
                    self.mails.insert((*mail).to_owned(), about);
                }
                if text(&content, "kind") == "show_cancelled" {
                    self.sorry.insert((*mail).to_owned(), text(&content, "booking"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        // A show that will not take place has no place.
        let shows = self.shows.iter().filter(|(_, show)| !show.cancelled);
        let index: BTreeMap<_, _> = shows
            .map(|(id, show)| ((show.auditorium.clone(), show.starts_at, id.clone()), show.ends_at))
            .collect();
        if index != self.slots {
            return Err(format!("the shows are {index:?}, the schedule says {:?}", self.slots));
        }
        let mut before: Option<(&(String, i64, String), &i64)> = None;
        for (slot, until) in &self.slots {
            if let Some((earlier, end)) = before
                && earlier.0 == slot.0
                && *end > slot.1
            {
                return Err(format!("{} and {} have {} at once", earlier.2, slot.2, slot.0));
            }
            before = Some((slot, until));
        }
        for (id, booking) in &self.bookings {
            let live = matches!(booking.status.as_str(), "held" | "confirming" | "confirmed");
            let sold = live || booking.status == "cancelled";
            match self.shows.get(&booking.show) {
                None if sold => return Err(format!("{} is gone, but has the booking {id}", booking.show)),
                Some(show) if live && show.layout != booking.layout => {
                    return Err(format!("{id} has seats that {} has not", booking.show));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The power failed and came back: this is what is left. What was done last may be undone, if nobody was told.
    pub(super) fn crashed(&mut self, rows: &Rows, sent: &[Email]) -> Result<(), String> {
        self.tally.crashes += 1;
        let epoch = rows.get("catalog");
        while self.epochs.last() != epoch {
            if self.epochs.pop().is_none() {
                return Err("the catalogue is of no time that was ever seen".to_owned());
            }
        }
        self.moves.retain(|moved| moved.epoch <= self.epochs.len());
        let sent: BTreeSet<String> = sent.iter().map(|mail| mail.id.to_string()).collect();
        self.mails.retain(|mail, _| sent.contains(mail));
        self.sorry.retain(|mail, _| sent.contains(mail));
        self.shows.clear();
        self.slots.clear();
        self.bookings.clear();
        for (key, value) in rows {
            self.note(key, Some(value))?;
        }
        self.keep_promises();
        self.check()
    }

    /// All is quiet.
    pub(super) fn end(&mut self, rows: &Rows, sent: &[Email]) -> Result<(), String> {
        self.check()?;
        self.keep_promises();
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        for (key, value) in rows {
            let kind = key.split('/').next().unwrap_or_default();
            if kind.starts_with("outbox") || matches!(kind, "show-moved" | "show-cancelling" | "show-frozen")
            {
                return Err(format!("{key} was never finished"));
            }
            if kind == "show" && read(key, value)?.get("frozen").is_some() {
                return Err(format!("{key} is frozen for ever"));
            }
        }
        let sent: BTreeSet<String> = sent.iter().map(|mail| mail.id.to_string()).collect();
        self.check_cancelled(rows, &sent)?;
        let mut told: BTreeMap<(String, i64), usize> = BTreeMap::new();
        for (mail, about) in &self.mails {
            let (booking, from) = about.clone();
            let status = self.bookings.get(&booking).map(|booking| booking.status.clone());
            // Of a booking that was cancelled there is nothing to say any more.
            if status.as_deref() == Some("confirmed") && !sent.contains(mail) {
                return Err(format!("a mail about the move of {booking} was never sent"));
            }
            *told.entry((booking, from)).or_default() += 1;
        }
        let mut due: BTreeMap<(String, i64), usize> = BTreeMap::new();
        let mut most: BTreeMap<(String, i64), usize> = BTreeMap::new();
        for moved in &self.moves {
            *most.entry((moved.show.clone(), moved.from)).or_default() += 1;
            for holder in &moved.holders {
                *due.entry((holder.clone(), moved.from)).or_default() += 1;
            }
        }
        for ((booking, from), count) in due {
            let kept = self.bookings.get(&booking).is_some_and(|booking| booking.status == "confirmed");
            let told = told.get(&(booking.clone(), from)).copied().unwrap_or_default();
            if kept && told < count {
                return Err(format!("{booking} was told of {told} moves out of {count}"));
            }
        }
        for ((booking, from), count) in told {
            let show = self.bookings.get(&booking).map(|booking| booking.show.clone()).unwrap_or_default();
            if count > most.get(&(show, from)).copied().unwrap_or_default() {
                return Err(format!("{booking} was told of a move that was not made"));
            }
        }
        Ok(())
    }

    /// Every booking of a cancelled show is undone, its money has gone back once, and its holder was told once.
    fn check_cancelled(&mut self, rows: &Rows, sent: &BTreeSet<String>) -> Result<(), String> {
        let mut books: BTreeMap<(String, String), i64> = BTreeMap::new();
        for (key, value) in rows.iter().filter(|(key, _)| key.starts_with("money/")) {
            let line = read(key, value)?;
            let minor = line.pointer("/amount/amount_minor").and_then(Value::as_i64).unwrap_or_default();
            *books.entry((text(&line, "booking"), text(&line, "event"))).or_default() += minor;
        }
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for (mail, booking) in &self.sorry {
            if !sent.contains(mail) {
                return Err(format!("a mail about the cancelled show of {booking} was never sent"));
            }
            *told.entry(booking).or_default() += 1;
        }
        for (id, booking) in &self.bookings {
            let show = self.shows.get(&booking.show);
            let due = show.is_some_and(|show| show.cancelled) && booking.reason.starts_with("by ");
            let count = told.get(id.as_str()).copied().unwrap_or_default();
            if count != usize::from(due) {
                return Err(format!(
                    "{id} is {}, and was told {count} times that its show is cancelled",
                    booking.status
                ));
            }
            if !show.is_some_and(|show| show.cancelled) {
                continue;
            }
            if matches!(booking.status.as_str(), "held" | "confirming" | "confirmed") {
                return Err(format!("{} is cancelled, but {id} is {}", booking.show, booking.status));
            }
            self.tally.undone += u64::from(due);
            let sum = |event: &str| books.get(&(id.clone(), event.to_owned())).copied().unwrap_or_default();
            let (captured, refunded) = (sum("captured"), sum("refunded"));
            if captured != refunded || sum("sold") != sum("returned") {
                return Err(format!("{captured} were taken for {id}, and {refunded} went back: {books:?}"));
            }
        }
        Ok(())
    }
}
