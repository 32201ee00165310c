//! `kitflik report`: for whoever has the store and its key.

use kitflik_core::{Actor, PageRequest, SettlementQuery, SettlementView};

use super::cli::{Report, SettlementFlags};
use super::console;
use super::failure::Failure;
use super::import::on_store;

/// Makes a report.
pub(crate) fn run(what: &Report) -> Result<(), Failure> {
    let Report::Settlement(flags) = what;
    settle(flags)
}

fn settle(flags: &SettlementFlags) -> Result<(), Failure> {
    on_store(&flags.store, async |kitflik| {
        let page = PageRequest { cursor: None, limit: Some(100) };
        let mut query = SettlementQuery { day: flags.day, zone: flags.zone, venue_id: flags.venue, page };
        let settle = async |query: &SettlementQuery| {
            let settled = kitflik.reports().settlement(&Actor::System, query).await;
            settled.map_err(Failure::doing("settle the day"))
        };
        let mut settled: SettlementView = settle(&query).await?;
        while let Some(cursor) = settled.next_cursor.take() {
            query.page.cursor = Some(cursor);
            let next = settle(&query).await?;
            settled.open_items.extend(next.open_items);
            settled.next_cursor = next.next_cursor;
        }
        console::say(settled.to_csv().trim_end());
        if settled.reconciled {
            return Ok(());
        }
        let named = settled.mismatches.len();
        Err(Failure::run(format!("{} is not settled: {named} bookings differ, see above", settled.day)))
    })
}
