//! The auditor: looks at what is stored, with eyes of its own, and compares it with what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::house::{Pointer, Pointers, Taker};
use super::storage::Change;
use super::{Tally, USES, money};
use crate::{
    BookingError, BookingId, BookingStatus, BookingView, CommandId, Email, ErrorCode, Key, Money, SeatId,
    ShowId,
};

/// A booking as the store has it.
#[derive(Debug, Clone)]
struct Stored {
    status: String,
    seats: BTreeSet<u64>,
    total: i64,
    /// How often some of its tickets went back.
    returned: usize,
    charged: bool,
    customer: Option<String>,
    email: Option<String>,
    /// Whether it has a discount, and what its parts add up to.
    discounted: bool,
    sum: i64,
    by_staff: bool,
    created_at: i64,
}

pub(super) struct Auditor {
    pub(super) show: ShowId,
    /// Most seats per customer.
    pub(super) cap: Option<u32>,
    pub(super) tally: Tally,
    /// Found while somebody else was at work.
    pub(super) fault: Option<String>,
    seats: usize,
    /// Reads the whole store anew: what is found there need not have begun.
    rereading: bool,
    bookings: BTreeMap<BookingId, Stored>,
    pointers: Pointers,
    /// Uses of the discount code that are counted.
    uses: u32,
    /// Events of the payment provider that were taken in.
    told: BTreeSet<Key>,
    /// Sales that were acknowledged, with their seats and total.
    sold: BTreeMap<BookingId, BookingView>,
    /// Bookings that somebody tried to confirm.
    tried: BTreeSet<BookingId>,
    /// Bookings that somebody tried to cancel, and cancellations that were acknowledged.
    cancelling: BTreeSet<BookingId>,
    /// Of those, the ones for which the house decided how much comes back; and whether its terms keep some of all.
    decided: BTreeSet<BookingId>,
    pub(super) terms: bool,
    cancelled: BTreeSet<BookingId>,
    /// The seat that somebody tried to give back, and those returns that were acknowledged.
    returning: BTreeMap<BookingId, SeatId>,
    returned: BTreeSet<BookingId>,
    /// Answers to named commands: hold, with the number of crashes before it, and confirm.
    held_by: BTreeMap<CommandId, (BookingId, u64)>,
    sold_by: BTreeMap<CommandId, BookingId>,
}

impl Auditor {
    pub(super) fn new(show: ShowId, seats: usize, cap: Option<u32>) -> Self {
        Self {
            show,
            cap,
            seats,
            rereading: false,
            tally: Tally::default(),
            fault: None,
            bookings: BTreeMap::new(),
            pointers: Pointers::default(),
            uses: 0,
            told: BTreeSet::new(),
            sold: BTreeMap::new(),
            tried: BTreeSet::new(),
            cancelling: BTreeSet::new(),
            decided: BTreeSet::new(),
            terms: false,
            cancelled: BTreeSet::new(),
            returning: BTreeMap::new(),
            returned: BTreeSet::new(),
            held_by: BTreeMap::new(),
            sold_by: BTreeMap::new(),
        }
    }

    fn blame(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    /// A hold was acknowledged. A repeat has the same answer, unless the power failed in between: holds are relaxed.
    pub(super) fn held(&mut self, held: &BookingView, command: Option<&CommandId>, crashes: u64) {
        self.tally.holds += 1;
        self.tally.discounts += u64::from(held.quote.discount_code.is_some());
        let sum: i64 = held.quote.lines.iter().map(|line| line.amount.amount_minor).sum();
        if sum != held.quote.total.amount_minor {
            self.blame(|| format!("I4: the lines of {} add up to {sum}", held.id));
        }
        if let Some(command) = command {
            let before = self.held_by.insert(command.clone(), (held.id, crashes));
            if let Some((id, then)) = before
                && id != held.id
                && then == crashes
            {
                self.blame(|| format!("the command {command} made two holds, {id} and {}", held.id));
            }
        }
    }

    /// A hold was refused for good: nothing of it may be there.
    pub(super) fn not_held(&mut self, customer: &str, error: &BookingError) {
        let left = self.bookings.iter().find(|(_, stored)| stored.customer.as_deref() == Some(customer));
        if let Some((id, stored)) = left.map(|(id, stored)| (*id, stored.clone())) {
            self.blame(|| format!("I2: a hold was refused ({error}) but left {id}: {stored:?}"));
        }
    }

    /// A confirm was refused for good, and nobody else tried: it may not be sold.
    pub(super) fn not_sold(&mut self, booking: BookingId, error: &BookingError) {
        if self.bookings.get(&booking).is_some_and(|stored| stored.status == "confirmed") {
            self.blame(|| format!("I2: the sale of {booking} was refused ({error}) but it is sold"));
        }
    }

    pub(super) fn refused(&mut self, error: &BookingError) {
        self.tally.refusals += 1;
        match error.code() {
            ErrorCode::OutcomeUnknown => self.tally.unknown += 1,
            ErrorCode::VoucherUsedUp => self.tally.used_up += 1,
            ErrorCode::Internal => self.blame(|| format!("an internal error: {error}")),
            _ => {}
        }
    }

    pub(super) fn trying(&mut self, booking: BookingId) {
        self.tried.insert(booking);
    }

    pub(super) fn cancelling(&mut self, booking: BookingId) {
        self.cancelling.insert(booking);
    }

    /// The house decides how much comes back.
    pub(super) fn deciding(&mut self, booking: BookingId) {
        self.decided.insert(booking);
    }

    /// A cancellation was acknowledged.
    pub(super) fn cancelled(&mut self, cancelled: &BookingView) {
        if self.cancelled.insert(cancelled.id) {
            self.tally.cancellations += 1;
        }
        if cancelled.status != BookingStatus::Cancelled || cancelled.cancellation.is_none() {
            self.blame(|| format!("{} was cancelled, but answered as {}", cancelled.id, cancelled.status));
        }
    }

    pub(super) fn returning(&mut self, booking: BookingId, seat: &SeatId) {
        self.returning.insert(booking, seat.clone());
    }

    /// That a ticket went back was acknowledged.
    pub(super) fn returned(&mut self, rest: &BookingView) {
        if self.returned.insert(rest.id) {
            self.tally.returns += 1;
        }
        let gone = self.returning.get(&rest.id).cloned();
        let kept = rest.seats.iter().any(|seat| Some(&seat.id) == gone.as_ref());
        if rest.status != BookingStatus::Confirmed || kept || rest.returned.len() != 1 {
            self.blame(|| format!("{} gave back {gone:?}, and was answered {rest:?}", rest.id));
        }
    }

    /// Whether a seat of a sale went back: it may be sold again.
    fn is_returned(&self, booking: BookingId, seat: &SeatId) -> bool {
        let stored = self.bookings.get(&booking);
        self.returning.get(&booking) == Some(seat) && stored.is_some_and(|stored| stored.returned > 0)
    }

    /// A cancellation was refused for good: nothing of it may be there.
    pub(super) fn not_cancelled(&mut self, booking: BookingId, error: &BookingError) {
        if self.bookings.get(&booking).is_some_and(|stored| stored.status == "cancelled") {
            self.blame(|| format!("I2: cancelling {booking} was refused ({error}) but it is cancelled"));
        }
    }

    /// Whether a sale was undone: its seats may be sold again.
    fn is_undone(&self, booking: BookingId) -> bool {
        let stored = self.bookings.get(&booking);
        self.cancelling.contains(&booking) && stored.is_some_and(|stored| stored.status == "cancelled")
    }

    /// A sale was acknowledged.
    pub(super) fn sold(&mut self, sold: &BookingView, command: Option<&CommandId>) {
        self.tally.sales += 1;
        if let Some(command) = command
            && let Some(before) = self.sold_by.insert(command.clone(), sold.id)
            && before != sold.id
        {
            self.blame(|| format!("the command {command} made two sales"));
        }
        for other in self.sold.values().filter(|other| other.id != sold.id && !self.is_undone(other.id)) {
            let mut kept = other.seats.iter().filter(|seat| !self.is_returned(other.id, &seat.id));
            let shared = kept.find(|seat| sold.seats.iter().any(|mine| mine.id == seat.id));
            if let Some(seat) = shared {
                let (seat, other) = (seat.id.clone(), other.id);
                self.blame(|| format!("I1: seat {seat} was sold to {other} and to {}", sold.id));
                break;
            }
        }
        self.sold.insert(sold.id, sold.clone());
    }

    /// The store changed.
    pub(super) fn look(&mut self, changed: &Change) -> Result<(), String> {
        let clerks = changed.keys().any(|key| key.starts_with("house-seats/"));
        // Bookings stand before seats.
        let known: BTreeSet<BookingId> = self.bookings.keys().copied().collect();
        for (key, value) in changed {
            if !self.note_seat(key, value.as_deref(), clerks, &known)? {
                self.note(key, value.as_deref())?;
            }
        }
        self.check()
    }

    /// The power failed and came back: this is what is left.
    pub(super) fn crashed(&mut self, rows: &BTreeMap<Key, Vec<u8>>) {
        self.tally.crashes += 1;
        self.bookings.clear();
        self.pointers.clear();
        self.uses = 0;
        self.told.clear();
        self.rereading = true;
        let mut outcome = Ok(());
        for (key, value) in rows {
            let seat = outcome.and_then(|()| self.note_seat(key, Some(value), true, &BTreeSet::new()));
            outcome = seat.and_then(|seat| if seat { Ok(()) } else { self.note(key, Some(value)) });
        }
        self.rereading = false;
        if let Err(fault) = outcome.and_then(|()| self.check()).and_then(|()| self.check_sold()) {
            self.blame(|| format!("after a crash: {fault}"));
        }
    }

    fn note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        let parts: Vec<&str> = key.split('/').collect();
        match (parts.as_slice(), value) {
            (["booking", id], Some(value)) => {
                let id: BookingId = id.parse().map_err(|_| format!("the key {key} has no booking id"))?;
                let stored = Stored::read(value).ok_or_else(|| format!("{key} cannot be read"))?;
                let before = self.bookings.insert(id, stored.clone());
                if self.rereading { Ok(()) } else { self.check_step(id, before.as_ref(), &stored) }
            }
            (["booking", _], None) => Err(format!("{key} was deleted")),
            (["payment-event", ..], Some(_)) if !self.told.insert(key.to_owned()) => {
                Err(format!("{key} was taken in twice"))
            }
            (["voucher-count", _], Some(value)) => {
                let used = serde_json::from_slice::<Value>(value).ok();
                let used = used.and_then(|value| u32::try_from(value.get("used")?.as_u64()?).ok());
                self.uses = used.ok_or_else(|| format!("{key} cannot be read"))?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes what a seat points to; whether the key is of a seat. `known` are the bookings that were there before.
    fn note_seat(
        &mut self,
        key: &str,
        value: Option<&[u8]>,
        clerks: bool,
        known: &BTreeSet<BookingId>,
    ) -> Result<bool, String> {
        let Some((_, number)) = key.strip_prefix("seat/").and_then(|rest| rest.split_once('/')) else {
            return Ok(false);
        };
        let number: u64 = number.parse().map_err(|_| format!("the key {key} has no number"))?;
        let pointer = value.map(|value| Pointer::read(value).ok_or(format!("{key} cannot be read")));
        let pointer = pointer.transpose()?;
        let id = pointer.as_ref().and_then(|pointer| pointer.booking);
        let taker = id.and_then(|id| Some((id, self.bookings.get(&id)?))).map(|(id, stored)| Taker {
            by_staff: stored.by_staff,
            made_at: (!known.contains(&id)).then_some(stored.created_at),
        });
        self.tally.released += u64::from(self.pointers.write(number, pointer, clerks, taker)?);
        Ok(true)
    }

    /// States follow each other only as they may.
    fn check_step(&mut self, id: BookingId, before: Option<&Stored>, now: &Stored) -> Result<(), String> {
        let Some(before) = before else {
            return if now.status == "held" { Ok(()) } else { Err(format!("{id} began as {}", now.status)) };
        };
        let allowed = match before.status.as_str() {
            "held" => true,
            "confirming" => matches!(now.status.as_str(), "confirming" | "confirmed" | "held"),
            "confirmed" if self.cancelling.contains(&id) => {
                matches!(now.status.as_str(), "confirmed" | "cancelled")
            }
            "confirmed" => now.status == "confirmed",
            // Late money takes its seats again; that it has them all, the next look sees.
            "expired" => matches!(now.status.as_str(), "expired" | "confirmed"),
            _ => now.status == before.status,
        };
        self.tally.retaken += u64::from(before.status == "expired" && now.status == "confirmed");
        if before.status == "held" && now.status == "expired" {
            self.tally.takeovers += 1;
        }
        if !allowed {
            return Err(format!("{id} went from {} to {}", before.status, now.status));
        }
        if before.seats == now.seats && before.discounted == now.discounted && before.total != now.total {
            return Err(format!("I4: {id} cost {} and now costs {}", before.total, now.total));
        }
        let gave_back = now.returned == before.returned + 1
            && self.returning.contains_key(&id)
            && now.seats.len() + 1 == before.seats.len()
            && now.seats.is_subset(&before.seats)
            && now.total <= before.total;
        if matches!(before.status.as_str(), "confirmed" | "cancelled")
            && before.seats != now.seats
            && !gave_back
        {
            return Err(format!("{id} changed its seats after it was sold"));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let (mut owners, mut discounts) = (BTreeMap::<u64, BookingId>::new(), 0);
        for (id, stored) in &self.bookings {
            let live = matches!(stored.status.as_str(), "held" | "confirming" | "confirmed");
            if !live {
                continue;
            }
            discounts += u32::from(stored.discounted);
            if stored.sum != stored.total {
                return Err(format!("I4: {id} costs {}, its parts are {}", stored.total, stored.sum));
            }
            for seat in &stored.seats {
                if *seat >= self.seats as u64 {
                    return Err(format!("{id} has seat {seat}, which does not exist"));
                }
                // A hold, too, keeps all its seats until it is expired in the batch that takes one of them (I3).
                let other = self.pointers.booking(*seat);
                if other != Some(*id) {
                    return Err(format!(
                        "I1/I3: {id} is {} but seat {seat} points to {other:?}",
                        stored.status
                    ));
                }
                if let Some(other) = owners.insert(*seat, *id) {
                    return Err(format!("I1: seat {seat} belongs to {other} and to {id}"));
                }
            }
        }
        if discounts > USES.min(self.uses) {
            return Err(format!("{discounts} have the code, {} are counted, {USES} may", self.uses));
        }
        self.check_cap()
    }

    fn check_cap(&self) -> Result<(), String> {
        let Some(cap) = self.cap else { return Ok(()) };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for stored in self.bookings.values() {
            if matches!(stored.status.as_str(), "confirming" | "confirmed") {
                *counts.entry(stored.email.as_deref().unwrap_or_default()).or_default() += stored.seats.len();
            }
        }
        match counts.iter().find(|(_, count)| **count > cap as usize) {
            Some((email, count)) => Err(format!("{email} has {count} seats, allowed are {cap}")),
            None => Ok(()),
        }
    }

    /// What was acknowledged as sold is there.
    fn check_sold(&self) -> Result<(), String> {
        for (id, sold) in &self.sold {
            match self.bookings.get(id) {
                Some(stored) if stored.status == "confirmed" || self.is_undone(*id) => {
                    let same = stored.total == sold.quote.total.amount_minor
                        && stored.seats.len() == sold.seats.len();
                    if !same && stored.returned == 0 {
                        return Err(format!("I2: {id} was sold on other terms than is stored"));
                    }
                }
                stored => return Err(format!("I2: the sale of {id} was acknowledged, stored is {stored:?}")),
            }
        }
        let undone = self.cancelled.iter().find(|id| !self.is_undone(**id));
        if let Some(id) = undone {
            let stored = self.bookings.get(id);
            return Err(format!("I2: cancelling {id} was acknowledged, stored is {stored:?}"));
        }
        let has_all = |id: &&BookingId| self.bookings.get(*id).is_none_or(|stored| stored.returned == 0);
        if let Some(id) = self.returned.iter().find(has_all) {
            return Err(format!("I2: {id} gave back a ticket, and has it again"));
        }
        Ok(())
    }

    /// The end of the run: the books must balance.
    pub(super) fn end(
        &mut self,
        rows: &BTreeMap<Key, Vec<u8>>,
        taken: &[(BookingId, Money)],
        sent: &[Email],
    ) -> Result<(), String> {
        self.check()?;
        self.check_sold()?;
        let mut accounts = money::accounts(rows, taken)?;
        let late: BTreeMap<BookingId, u64> =
            accounts.iter().map(|(id, account)| (*id, account.late)).collect();
        self.tally.mails = sent.len() as u64;
        for (id, stored) in &self.bookings {
            if stored.status == "confirming" {
                return Err(format!("{id} is still confirming"));
            }
            let stands = stored.status == "confirmed";
            let account = accounts.remove(id).unwrap_or_default();
            let owed = if stands { stored.total } else { 0 };
            // What was never paid is not kept.
            let may_stay = stored.charged && (self.terms || self.decided.contains(id));
            account.check(*id, owed, stands && !stored.charged, may_stay)?;
            self.tally.kept += u64::from(account.keeps(owed));
            self.tally.refunds += account.refunds - account.late;
            self.tally.late_money += account.late;
            if stored.status == "confirmed" && !self.tried.contains(id) {
                return Err(format!("{id} was sold though nobody confirmed it"));
            }
        }
        if let Some((id, account)) = accounts.into_iter().next() {
            return Err(format!("I4: there is money for {id}, which is not there: {account:?}"));
        }
        self.check_mail(sent, &late)?;
        match rows.keys().find(|key| key.starts_with("outbox")) {
            Some(key) => Err(format!("I5: {key} was never sent")),
            None => Ok(()),
        }
    }
}

/// Mails that somebody got, or may expect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Post {
    sold: usize,
    cancelled: usize,
    /// Payments that came too late, and went back.
    late: u64,
    /// Tickets given back: mails that must be, and those that need not be.
    returned: usize,
    spared_returns: usize,
    /// Confirmations that need not be sent any more: the booking was cancelled before.
    spared: usize,
}

impl Auditor {
    /// One mail for each sale, each cancellation and each payment that goes back because it was late, however often
    /// they were sent, and none for anything else.
    fn check_mail(&self, sent: &[Email], late: &BTreeMap<BookingId, u64>) -> Result<(), String> {
        let mut promised: BTreeMap<&str, Post> = BTreeMap::new();
        for (id, stored) in &self.bookings {
            let post = promised.entry(stored.email.as_deref().unwrap_or_default()).or_default();
            post.late += late.get(id).copied().unwrap_or(0);
            match stored.status.as_str() {
                "confirmed" => {
                    post.sold += 1;
                    post.returned += stored.returned;
                }
                "cancelled" => {
                    post.cancelled += 1;
                    post.spared += 1;
                    post.spared_returns += stored.returned;
                }
                _ => {}
            }
        }
        let (mut got, mut seen) = (BTreeMap::<&str, Post>::new(), BTreeSet::new());
        for mail in sent.iter().filter(|mail| seen.insert(mail.id)) {
            let post = got.entry(mail.to.as_str()).or_default();
            match &mail.subject {
                subject if subject.starts_with("Cancelled: ") => post.cancelled += 1,
                subject if subject.starts_with("Tickets cancelled: ") => post.returned += 1,
                subject if subject.starts_with("Your payment goes back: ") => post.late += 1,
                _ => post.sold += 1,
            }
        }
        let nobody = got.keys().find(|to| !promised.contains_key(*to));
        if let Some(to) = nobody {
            return Err(format!("I5: a mail was sent to {to} for what did not commit"));
        }
        for (to, promised) in promised {
            let got = got.get(to).cloned().unwrap_or_default();
            let sold = promised.sold..=promised.sold + promised.spared;
            let returned = promised.returned..=promised.returned + promised.spared_returns;
            let told = sold.contains(&got.sold) && returned.contains(&got.returned);
            if !told || got.cancelled != promised.cancelled || got.late != promised.late {
                return Err(format!("I5: mails to {to}: promised were {promised:?}, sent were {got:?}"));
            }
        }
        Ok(())
    }
}

/// What a booking's parts add up to.
fn sum(booking: &Value) -> i64 {
    let minor = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_i64).unwrap_or(0);
    let list = |name: &str| booking.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let seats: i64 = list("seats").iter().map(|seat| minor(seat, "/price_minor")).sum();
    let fees: i64 = list("fees").iter().map(|fee| minor(fee, "/amount/amount_minor")).sum();
    let added = booking.pointer("/tax/inclusive").and_then(Value::as_bool) == Some(false);
    let tax = if added { minor(booking, "/tax/amount/amount_minor") } else { 0 };
    seats - minor(booking, "/discount/minor") + minor(booking, "/ticket_fee_minor") + fees + tax
}

impl Stored {
    fn read(value: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(value).ok()?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let payment = value.get("payment");
        Some(Self {
            status: text(value.get("status"))?,
            seats: value
                .get("seats")?
                .as_array()?
                .iter()
                .filter_map(|seat| seat.get("number")?.as_u64())
                .collect(),
            total: value.get("total")?.get("amount_minor")?.as_i64()?,
            returned: value.get("returned").and_then(Value::as_u64).map_or(0, |count| count as usize),
            charged: payment.is_some_and(|payment| payment.get("charge").is_some()),
            customer: value.get("customer").and_then(|customer| text(customer.get("name"))),
            email: value.get("customer").and_then(|customer| text(customer.get("email"))),
            discounted: value.get("discount").is_some(),
            sum: sum(&value),
            by_staff: value.pointer("/holder/staff").is_some(),
            created_at: value.get("created_at")?.as_i64()?,
        })
    }
}
