//! Whether the house's books agree with its bookings and its payments, day by day.
//!
//! The books are read from their beginning, in bounded steps, and each booking's debt is followed for as long as there
//! is one: what is open at the end of a day is what was open before, plus what was sold less what was returned, minus
//! what came in less what went back. Every booking that something happened to on that day is then looked up, and what
//! its own record and its charges say is compared with what the books say of it, all days taken together.

mod recorded;
mod types;

pub use types::{
    Mismatch, OpenItem, OpenKind, OpenTotal, ProviderFlow, SettlementBalance, SettlementQuery, SettlementView,
};

use std::collections::{BTreeMap, BTreeSet};

use self::recorded::{Recorded, State};
use super::books::Books;
use super::groups::{Place, ends};
use super::{ReportError, Reports};
use crate::actor::{Actor, Permission};
use crate::bookings::COUNTER;
use crate::catalog::cache::Snapshot;
use crate::catalog::page_limit;
use crate::error::{EngineError, Invalid};
use crate::ids::{BookingId, VenueId};
use crate::limits;
use crate::money::{Currency, Money};
use crate::store::keys;
use crate::store::records::{MoneyEntry, MoneyEvent};
use crate::time::{Timestamp, Zone};

/// How long before a day the bookings may have been made that are looked through for sales of that day which the books
/// do not have: holds last minutes, and payments that are pending days.
const MADE_BEFORE: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);
/// Bookings that are read at once.
const STRIDE: usize = 200;

/// What the books say of a booking in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Figures {
    owed: i64,
    paid: i64,
}

impl Figures {
    fn note(&mut self, entry: &MoneyEntry) {
        let amount = entry.amount.amount_minor;
        match entry.event {
            MoneyEvent::Sold => self.owed = self.owed.saturating_add(amount),
            MoneyEvent::Returned => self.owed = self.owed.saturating_sub(amount),
            MoneyEvent::Captured => self.paid = self.paid.saturating_add(amount),
            MoneyEvent::Refunded => self.paid = self.paid.saturating_sub(amount),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Open {
    amount: i64,
    since: Timestamp,
}

/// A booking, in one of the currencies that its lines have.
type Account = (BookingId, Currency);

/// What is owed at the counter, or by and to a provider: what waits on one side is not settled by the other.
type Side = (BookingId, Currency, bool);

/// Whether a line is of the counter.
fn is_counter(entry: &MoneyEntry) -> bool {
    let goods = entry.goods.as_ref().and_then(|goods| goods.provider.as_deref());
    entry.provider.as_deref().or(goods) == Some(COUNTER)
}

/// A day of the books.
struct Day<'q> {
    from: Timestamp,
    to: Timestamp,
    venue: Option<VenueId>,
    catalogue: &'q Snapshot,
    balances: BTreeMap<Currency, SettlementBalance>,
    /// What was open at the end of the day; before that, what is open so far.
    open: BTreeMap<Side, Open>,
    /// What the books say of the bookings that are looked up, until now.
    figures: BTreeMap<BookingId, BTreeMap<Currency, Figures>>,
}

impl Day<'_> {
    fn is_wanted(&self, entry: &MoneyEntry) -> bool {
        self.venue.is_none() || Place::of(self.catalogue, entry.show).is_wanted(self.venue, None)
    }

    fn balance(&mut self, currency: Currency) -> &mut SettlementBalance {
        self.balances.entry(currency).or_insert_with(|| SettlementBalance::new(currency))
    }

    fn note(&mut self, entry: &MoneyEntry, looked_up: &BTreeSet<BookingId>) {
        let currency = entry.amount.currency;
        let place = (entry.booking, currency, is_counter(entry));
        if looked_up.contains(&entry.booking) {
            self.figures.entry(entry.booking).or_default().entry(currency).or_default().note(entry);
        }
        if entry.at >= self.to {
            return;
        }
        let mut change = Figures::default();
        change.note(entry);
        let change = change.owed.saturating_sub(change.paid);
        let (from, balance) = (self.from, self.balance(currency));
        if entry.at < from {
            add(&mut balance.opening, change);
        } else {
            balance.note(entry);
        }
        add(&mut balance.closing, change);
        let open = self.open.entry(place).or_insert(Open { amount: 0, since: entry.at });
        open.amount = open.amount.saturating_add(change);
        if open.amount == 0 {
            self.open.remove(&place);
        }
    }
}

impl Reports<'_> {
    /// Settles a day: what was open when it began, what was sold and returned, what came in and went back, and what was
    /// open when it ended, by why. Where books, bookings and payments agree, the difference is nothing; a booking where
    /// they do not is listed with what each of them says.
    ///
    /// Bookings that change while the report is made are not compared. Sales of a version that kept no books are left
    /// out.
    ///
    /// # Errors
    /// [`ReportError::Denied`] unless an admin or a manager asks, [`ReportError::Invalid`] for a page out of bounds, or
    /// without a zone where the venues have several, [`ReportError::NotFound`] for an unknown venue, or
    /// [`ReportError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn settlement(
        &self,
        actor: &Actor,
        query: &SettlementQuery,
    ) -> Result<SettlementView, ReportError> {
        actor.may(Permission::SettleDays)?;
        let limit = page_limit(&query.page)?;
        let after = match &query.page.cursor {
            None => None,
            Some(cursor) => Some(cursor.parse::<BookingId>().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?),
        };
        let catalogue = self.engine.catalogue().await?;
        super::known(&catalogue, query.venue_id, None)?;
        let zone = zone(&catalogue, query)?;
        let (from, to) = ends(query.day, query.day, zone);
        let mut day = Day {
            from,
            to,
            venue: query.venue_id,
            catalogue: &catalogue,
            balances: BTreeMap::new(),
            open: BTreeMap::new(),
            figures: BTreeMap::new(),
        };
        let looked_up = self.of_the_day(&day).await?;
        let before = self.recorded(&looked_up).await?;
        let mut books = Books::all(self.engine);
        loop {
            let entries = books.next().await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                if day.is_wanted(&entry) {
                    day.note(&entry, &looked_up);
                }
            }
        }
        let mismatches = self.compare(&mut day, &looked_up, &before).await?;
        if self.engine.now() < to {
            self.add_in_flight(&mut day).await?;
        }
        let (open_items, more) = self.name(&mut day, after, limit).await?;
        let next_cursor = open_items.last().filter(|_| more).map(|item| item.booking_id.to_string());
        let balances: Vec<SettlementBalance> = day.balances.into_values().collect();
        let reconciled = balances.iter().all(|balance| balance.difference.amount_minor == 0);
        Ok(SettlementView {
            day: query.day,
            zone,
            from,
            to,
            reconciled,
            balances,
            open_items,
            next_cursor,
            mismatches,
        })
    }

    /// The bookings that something happened to on a day, by the books or by their own records.
    async fn of_the_day(&self, day: &Day<'_>) -> Result<BTreeSet<BookingId>, EngineError> {
        let mut found = BTreeSet::new();
        let mut books = Books::between(self.engine, day.from, day.to);
        loop {
            let entries = books.next().await?;
            if entries.is_empty() {
                break;
            }
            found.extend(entries.iter().filter(|entry| day.is_wanted(entry)).map(|entry| entry.booking));
        }
        let mut range = keys::bookings();
        // The least id of a moment is the one without any random bits.
        range.start = keys::booking(BookingId::new(day.from.minus(MADE_BEFORE), [0; 10])).key;
        range.end = keys::booking(BookingId::new(day.to, [0; 10])).key;
        loop {
            let rows = self.engine.scan(&range, STRIDE as u32, false).await?;
            for (_, booking) in &rows {
                let here = Place::of(day.catalogue, booking.show).is_wanted(day.venue, None);
                let decided = booking.decided_at.map(Timestamp::from_millis);
                let cancelled = booking.cancellation.as_ref().map(|cancellation| cancellation.at);
                let then = [decided, cancelled].into_iter().flatten().any(|at| day.from <= at && at < day.to);
                if here && then {
                    found.insert(booking.id);
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == STRIDE => range.start = format!("{}!", last.key),
                _ => return Ok(found),
            }
        }
    }

    /// Compares what the books say with what is recorded.
    async fn compare(
        &self,
        day: &mut Day<'_>,
        looked_up: &BTreeSet<BookingId>,
        before: &BTreeMap<BookingId, Recorded>,
    ) -> Result<Vec<Mismatch>, EngineError> {
        let mut wrong: BTreeMap<Account, (Figures, Figures)> = BTreeMap::new();
        for id in looked_up {
            let recorded = before.get(id);
            if recorded.is_some_and(|recorded| recorded.state == State::OlderThanTheBooks) {
                continue;
            }
            let mut books = day.figures.remove(id).unwrap_or_default();
            if let Some(recorded) = recorded {
                books.entry(recorded.currency).or_default();
            }
            for (currency, books) in books {
                let own = recorded.filter(|recorded| recorded.currency == currency);
                let expected = own.map_or(Figures::default(), |recorded| recorded.figures);
                if books != expected {
                    wrong.insert((*id, currency), (books, expected));
                }
            }
        }
        let ids: BTreeSet<BookingId> = wrong.keys().map(|(id, _)| *id).collect();
        let after = self.recorded(&ids).await?;
        let mut mismatches = Vec::new();
        for ((id, currency), (books, booking)) in wrong {
            if after.get(&id) != before.get(&id) {
                continue;
            }
            let balance = day.balance(currency);
            for (one, other) in [(books.owed, booking.owed), (books.paid, booking.paid)] {
                add(&mut balance.difference, one.saturating_sub(other).saturating_abs());
            }
            if mismatches.len() < limits::MAX_MISMATCHES {
                let money = |minor| Money::new(minor, currency);
                mismatches.push(Mismatch {
                    booking_id: id,
                    owed_by_books: money(books.owed),
                    owed_by_booking: money(booking.owed),
                    paid_by_books: money(books.paid),
                    paid_by_booking: money(booking.paid),
                });
            }
        }
        Ok(mismatches)
    }

    /// Says of each open item why it is open, adds them up, and answers a page of them.
    async fn name(
        &self,
        day: &mut Day<'_>,
        after: Option<BookingId>,
        limit: usize,
    ) -> Result<(Vec<OpenItem>, bool), EngineError> {
        let (mut items, mut more) = (Vec::<OpenItem>::new(), false);
        let mut last = None;
        let open: Vec<(Side, Open)> = std::mem::take(&mut day.open).into_iter().collect();
        for open in open.chunks(STRIDE) {
            let ids: BTreeSet<BookingId> = open.iter().map(|((id, ..), _)| *id).collect();
            let recorded = self.recorded(&ids).await?;
            for ((id, currency, counter), Open { amount, since }) in open.iter().copied() {
                let kind =
                    recorded.get(&id).map_or(OpenKind::Unexplained, |of| of.state.why(counter, amount));
                let again = last.replace((id, currency, kind)) == Some((id, currency, kind));
                let amount = Money::new(amount, currency);
                let balance = day.balance(currency);
                let total = match balance.open.binary_search_by_key(&kind, |total| total.kind) {
                    Ok(place) => balance.open.get_mut(place),
                    Err(place) => {
                        let none = Money::new(0, currency);
                        balance.open.insert(place, OpenTotal { kind, bookings: 0, amount: none });
                        balance.open.get_mut(place)
                    }
                };
                if let Some(total) = total {
                    total.bookings += u64::from(!again);
                    add(&mut total.amount, amount.amount_minor);
                }
                if after.is_some_and(|after| id <= after) {
                    continue;
                }
                // A page ends with a booking, whatever its currencies.
                let same = items.last().is_some_and(|last: &OpenItem| last.booking_id == id);
                if items.len() < limit || (same && !more) {
                    items.push(OpenItem { booking_id: id, kind, amount, since });
                } else {
                    more = true;
                }
            }
        }
        Ok((items, more))
    }
}

/// Sums stay sums whatever was written into the books by others.
fn add(sum: &mut Money, amount_minor: i64) {
    sum.amount_minor = sum.amount_minor.saturating_add(amount_minor);
}

/// On whose clocks a day is settled.
fn zone(catalogue: &Snapshot, query: &SettlementQuery) -> Result<Zone, Invalid> {
    if let Some(zone) = query.zone {
        return Ok(zone);
    }
    let wanted = |id: &VenueId| query.venue_id.is_none_or(|venue| venue == *id);
    let zones: BTreeMap<String, Zone> = catalogue
        .venues
        .iter()
        .filter(|(id, _)| wanted(id))
        .map(|(_, venue)| (venue.zone.to_string(), venue.zone))
        .collect();
    let mut each = zones.values();
    match (each.next(), each.next()) {
        (None, _) => Ok(Zone::UTC),
        (Some(zone), None) => Ok(*zone),
        (Some(_), Some(_)) => {
            let names: Vec<&str> = zones.keys().map(String::as_str).collect();
            let detail = format!("give a zone or a venue: the venues are in {}", names.join(", "));
            Err(Invalid::one("zone", "required", detail))
        }
    }
}
