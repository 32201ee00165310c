//! What becomes of a booking whose show is cancelled.

use super::{CancelledBy, Undoing, unpaid};
use crate::bookings::hold::expired;
use crate::bookings::house::give_up;
use crate::bookings::maps::SeatState;
use crate::bookings::{BookingStatus, Bookings, RefundReason};
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Booking, MailContent};
use crate::store::tx::Loaded;

impl Bookings<'_> {
    /// Undoes a booking of a show that is cancelled before its turn comes.
    pub(super) async fn cancel_with_its_show(&self, booking: &Booking) -> Result<(), EngineError> {
        let why = self.engine.get(&keys::cancelled_show(booking.show)).await?;
        let reason = why.map(|why| why.reason).unwrap_or_default();
        self.cancel_for_show(booking.id, &reason).await?;
        Ok(())
    }

    /// Undoes a booking of a show that is cancelled: a sale goes back as a whole, with its fees, and its holder is
    /// told; a hold ends, and money that is in flight for it is given back once it arrives. Whether it was a sale.
    /// Done twice it changes nothing.
    pub(crate) async fn cancel_for_show(&self, id: BookingId, reason: &str) -> Result<bool, EngineError> {
        let engine = self.engine;
        let key = keys::booking(id);
        let mut tx = engine.begin();
        loop {
            let wanted = vec![key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            let Some(booking) = tx.get(&key)? else { return Ok(false) };
            let sold = booking.status == BookingStatus::Confirmed;
            let undone = match booking.status {
                BookingStatus::Confirmed => {
                    let back = if unpaid(&booking) { 0 } else { booking.total.amount_minor };
                    let reason = Some(reason.to_owned());
                    let (by, why) = (CancelledBy::House, RefundReason::ShowCancelled);
                    let undoing = Undoing { by, reason, back, why };
                    self.undo(&mut tx, booking, undoing, MailContent::ShowCancelled { booking: id }).await?
                }
                BookingStatus::Held | BookingStatus::Confirming => {
                    give_up(&mut tx, &booking, |_| true).await?;
                    let over: Booking = expired(booking, tx.mark());
                    tx.put(&key, &over)?;
                    over
                }
                BookingStatus::Expired | BookingStatus::Released | BookingStatus::Cancelled => {
                    if booking.status == BookingStatus::Cancelled {
                        self.pay_back(id).await;
                    }
                    return Ok(false);
                }
            };
            if let Some(version) = tx.commit(Durability::Durable, &()).await? {
                let changes: Vec<_> =
                    undone.seats.iter().map(|seat| (seat.number, SeatState::Free)).collect();
                engine.maps.apply(undone.show, version, &changes);
                if sold {
                    self.pay_back(id).await;
                }
                return Ok(sold);
            }
        }
    }
}
