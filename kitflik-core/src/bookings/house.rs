//! House seats: what becomes of them when a booking is over.

use crate::error::EngineError;
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::{Booking, SeatPointer};
use crate::store::tx::Tx;

/// Takes the pointers of seats that a booking gives up. The booking's version says that it has them, so they need no
/// check; only those that the house lent are looked at, because they are the house's again.
pub(super) async fn give_up(
    tx: &mut Tx<'_>,
    booking: &Booking,
    gives_up: impl Fn(SeatNo) -> bool,
) -> Result<(), EngineError> {
    let lent = booking.house_seats.iter().copied().filter(|seat| gives_up(*seat));
    let lent: Vec<SeatNo> = lent.collect();
    if !lent.is_empty() {
        tx.more(lent.iter().map(|seat| keys::seat(booking.show, *seat).key).collect()).await?;
    }
    for seat in booking.seats.iter().map(|seat| seat.number).filter(|seat| gives_up(*seat)) {
        let key = keys::seat(booking.show, seat);
        let pointer = if lent.contains(&seat) { tx.get(&key)? } else { None };
        match pointer.as_ref().and_then(SeatPointer::house) {
            Some(house) if !house.is_released(tx.now()) => tx.put(&key, &SeatPointer::House(house))?,
            _ => tx.delete(&key),
        }
    }
    Ok(())
}
