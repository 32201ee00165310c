//! A customer who goes leaves sales without a name, and no holds.

use super::house::give_up;
use super::maps::SeatState;
use super::{BookingStatus, Bookings};
use crate::error::EngineError;
use crate::ids::{BookingId, UserId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Booking;
use crate::store::tx::Loaded;

impl Bookings<'_> {
    /// Takes the customer out of a booking, and releases it if it is a hold. Done twice it changes nothing.
    pub(crate) async fn forget_customer(&self, user: UserId, id: BookingId) -> Result<(), EngineError> {
        let engine = self.engine;
        let (key, listed) = (keys::booking(id), keys::user_booking(user, id));
        let mut tx = engine.begin();
        loop {
            let wanted = vec![key.key.clone(), listed.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, wanted).await? else { continue };
            let Some(booking) = tx.get(&key)? else { return Ok(()) };
            let held = booking.status == BookingStatus::Held;
            let is_listed = tx.get(&listed)?.is_some();
            if booking.customer.is_none() && !held && !is_listed {
                return Ok(());
            }
            if is_listed {
                tx.delete(&listed);
            }
            let status = if held { BookingStatus::Released } else { booking.status };
            let forgotten = Booking { customer: None, status, ..booking };
            if held {
                // As in a release: the version of the booking says that it has its seats.
                give_up(&mut tx, &forgotten, |_| true).await?;
            }
            tx.put(&key, &forgotten)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &()).await? {
                if held {
                    let free = |seat: &crate::store::records::BookedSeat| (seat.number, SeatState::Free);
                    let changes: Vec<_> = forgotten.seats.iter().map(free).collect();
                    engine.maps.apply(forgotten.show, version, &changes);
                }
                return Ok(());
            }
        }
    }
}
