//! The house's books: whatever changes what is owed or paid for a booking writes a line, in the same batch.

use crate::error::EngineError;
use crate::money::Money;
use crate::store::keys;
use crate::store::records::{Booking, Form, Goods, MoneyEntry, MoneyEvent};
use crate::store::tx::Tx;

/// Writes a line. Nothing where nothing has moved: tickets that are free are sold and returned all the same.
pub(super) fn note(
    tx: &mut Tx<'_>,
    booking: &Booking,
    event: MoneyEvent,
    amount: Money,
    provider: Option<&str>,
    number: u32,
) -> Result<(), EngineError> {
    let goods = match event {
        MoneyEvent::Sold => Some(Goods::of(booking)),
        _ if amount.amount_minor == 0 => return Ok(()),
        _ => None,
    };
    write(tx, booking, (event, amount), provider, number, goods)
}

/// Writes that tickets went back, and that so much is owed no longer. `rest` is the booking with the tickets that stay,
/// if any do.
pub(super) fn note_returned(
    tx: &mut Tx<'_>,
    sold: &Booking,
    rest: Option<&Booking>,
    amount: Money,
    number: u32,
) -> Result<(), EngineError> {
    let all = Goods::of(sold);
    let goods = match rest {
        Some(rest) => all.less(&Goods::of(rest)),
        None => all,
    };
    write(tx, sold, (MoneyEvent::Returned, amount), None, number, Some(goods))
}

fn write(
    tx: &mut Tx<'_>,
    booking: &Booking,
    (event, amount): (MoneyEvent, Money),
    provider: Option<&str>,
    number: u32,
    goods: Option<Goods>,
) -> Result<(), EngineError> {
    let entry = MoneyEntry {
        v: Form,
        booking: booking.id,
        show: booking.show,
        at: tx.now(),
        event,
        amount,
        provider: provider.map(str::to_owned),
        channel: Some(booking.sold_by()),
        goods,
    };
    tx.put(&keys::money(tx.now(), booking.id, event, number), &entry)
}
