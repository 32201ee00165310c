//! The house's books: whatever changes what is owed or paid for a booking writes a line, in the same batch.

use crate::error::EngineError;
use crate::money::Money;
use crate::store::keys;
use crate::store::records::{Booking, Form, MoneyEntry, MoneyEvent};
use crate::store::tx::Tx;

/// Writes a line. Nothing, where no money is in it.
pub(super) fn note(
    tx: &mut Tx<'_>,
    booking: &Booking,
    event: MoneyEvent,
    amount: Money,
    provider: Option<&str>,
    number: u32,
) -> Result<(), EngineError> {
    if amount.amount_minor == 0 {
        return Ok(());
    }
    let entry = MoneyEntry {
        v: Form,
        booking: booking.id,
        show: booking.show,
        at: tx.now(),
        event,
        amount,
        provider: provider.map(str::to_owned),
        channel: None,
    };
    tx.put(&keys::money(tx.now(), booking.id, event, number), &entry)
}
