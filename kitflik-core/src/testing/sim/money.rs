//! The auditor of money: once everybody is quiet, what is owed, what charges say, what the house's books say and what
//! the provider's own books say must be the same for every booking.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{BookingId, Key, Money};

/// The money of a booking, by those who wrote it down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// By the books: what it was sold for, what of that is owed still, and what was paid.
    price: i64,
    owed: i64,
    paid: i64,
    /// By its charges.
    captured: i64,
    refunded: i64,
    rebates: i64,
    /// Promised back for what was undone.
    undone: i64,
    /// Of that, over the counter: no provider knows of it.
    by_hand: i64,
    /// By the provider.
    taken: i64,
    /// Charges that were captured and did not pay for the sale.
    pub(super) late: u64,
    pub(super) refunds: u64,
    waiting: Option<String>,
    /// Waits at the box office for whoever comes for it.
    waiting_cash: i64,
}

fn booking_of(key: &str, part: usize) -> Result<BookingId, String> {
    let id = key.split('/').nth(part).and_then(|id| id.parse().ok());
    id.ok_or_else(|| format!("the key {key} has no booking"))
}

fn minor(value: &Value, path: &str) -> i64 {
    value.pointer(path).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Reads all that was written down.
pub(super) fn accounts(
    rows: &BTreeMap<Key, Vec<u8>>,
    taken: &[(BookingId, Money)],
) -> Result<BTreeMap<BookingId, Account>, String> {
    let mut accounts = BTreeMap::<BookingId, Account>::new();
    for (id, money) in taken {
        accounts.entry(*id).or_default().taken += money.amount_minor;
    }
    for (key, value) in rows {
        let read = || serde_json::from_slice::<Value>(value).map_err(|_| format!("{key} cannot be read"));
        if key.starts_with("money/") {
            let (entry, account) = (read()?, accounts.entry(booking_of(key, 2)?).or_default());
            let amount = minor(&entry, "/amount/amount_minor");
            match text(&entry, "/event") {
                "sold" => {
                    account.price += amount;
                    account.owed += amount;
                }
                "returned" => account.owed -= amount,
                "captured" => account.paid += amount,
                "refunded" => account.paid -= amount,
                other => return Err(format!("{key} tells of {other:?}")),
            }
        }
        if key.starts_with("charge/") {
            let (charge, account) = (read()?, accounts.entry(booking_of(key, 1)?).or_default());
            note_charge(&charge, account);
        }
    }
    Ok(accounts)
}

fn note_charge(charge: &Value, account: &mut Account) {
    let mut promised = 0;
    for refund in charge.get("refunds").and_then(Value::as_array).into_iter().flatten() {
        let amount = minor(refund, "/amount/amount_minor");
        promised += amount;
        account.rebates += minor(refund, "/rebate_minor");
        account.refunds += 1;
        let cash = text(charge, "/provider") == crate::COUNTER;
        match text(refund, "/status") {
            "refunded" => {
                account.refunded += amount;
                account.by_hand -= if cash { amount } else { 0 };
            }
            "pending" if cash => account.waiting_cash += amount,
            other => account.waiting = Some(format!("a refund of {amount} is {other}")),
        }
        match text(refund, "/why") {
            "late_money" => account.late += 1,
            "goodwill" => {}
            _ => account.undone += amount,
        }
    }
    let amount = minor(charge, "/amount/amount_minor");
    if text(charge, "/state") == "captured" {
        account.captured += amount;
        if text(charge, "/provider") == crate::COUNTER {
            account.by_hand += amount;
        }
    } else if promised > 0 {
        account.waiting = Some(format!("{promised} goes back of a charge that was not captured"));
    }
}

impl Account {
    /// `owed` is what the booking costs if it stands, and nothing otherwise; `due` if it is to be paid at the counter,
    /// and was not. Some of what was given up `may_stay` with the house.
    pub(super) fn check(&self, id: BookingId, owed: i64, due: bool, may_stay: bool) -> Result<(), String> {
        let fault = |what: &str| Err(format!("I4: {id} {what}: owed is {owed}, {self:?}"));
        if self.waiting.is_some() {
            return fault("is not at rest");
        }
        if self.captured - self.refunded != self.paid {
            return fault("has other charges than the books have");
        }
        if self.taken != self.paid - self.by_hand {
            return fault("has other books than the provider");
        }
        let least = (owed - self.rebates).max(0);
        let all = if may_stay { self.price - self.undone - self.rebates } else { least };
        if self.owed != all || self.owed < least {
            return fault("owes other money by the books");
        }
        let paid = if due { 0 } else { self.owed + self.waiting_cash };
        if self.paid != paid { fault("is not even") } else { Ok(()) }
    }

    /// Whether the house keeps some of what was paid for tickets that are gone.
    pub(super) fn keeps(&self, owed: i64) -> bool {
        self.owed > (owed - self.rebates).max(0)
    }
}
