//! The end of a run, by the house's own report: every day is settled to nothing.

use std::task::Poll;
use std::time::Duration;

use super::poll;
use crate::reports::{SettlementQuery, SettlementView};
use crate::{Actor, Kitflik, LocalTime, Timestamp, Zone};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Settles each day from one to another, and compares its opening with the closing of the day before.
pub(super) fn all_days_settle(engine: &Kitflik, from: Timestamp, to: Timestamp) -> Result<(), String> {
    let (mut at, mut before) = (from.minus(DAY), 0);
    while at <= to.plus(DAY) {
        let query = SettlementQuery {
            zone: Some(Zone::UTC),
            ..SettlementQuery::of(LocalTime::of(at, Zone::UTC).business_day())
        };
        let settled = settle(engine, &query)?;
        let day = settled.day;
        if let Some(wrong) = settled.mismatches.first() {
            return Err(format!("I4: the books of {day} are not those of the bookings: {wrong:?}"));
        }
        let sum = |of: fn(&crate::SettlementBalance) -> i64| settled.balances.iter().map(of).sum::<i64>();
        let (opening, closing) =
            (sum(|balance| balance.opening.amount_minor), sum(|balance| balance.closing.amount_minor));
        if !settled.reconciled || opening != before {
            return Err(format!("I4: {day} opens with {opening} after {before}: {settled:?}"));
        }
        (before, at) = (closing, at.plus(DAY));
    }
    Ok(())
}

fn settle(engine: &Kitflik, query: &SettlementQuery) -> Result<SettlementView, String> {
    let mut settling = Box::pin(async move { engine.reports().settlement(&Actor::System, query).await });
    for _ in 0..100_000 {
        if let Poll::Ready(settled) = poll(settling.as_mut()) {
            return settled.map_err(|error| format!("a day is not settled: {error}"));
        }
    }
    Err("a settlement never ends".to_owned())
}
