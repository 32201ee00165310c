//! Release: give a hold's seats back.

use super::house::give_up;
use super::maps::SeatState;
use super::{BookingError, BookingStatus, BookingView, Bookings};
use crate::actor::Actor;
use crate::ids::{BookingId, CommandId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Booking;
use crate::store::tx::Loaded;

impl Bookings<'_> {
    /// Gives the seats of a hold back. Releasing what is released or expired changes nothing.
    ///
    /// # Errors
    /// `booking_state` if it is confirmed or its payment is in flight, or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn release(
        &self,
        actor: &Actor,
        booking: BookingId,
        command: Option<&CommandId>,
    ) -> Result<BookingView, BookingError> {
        let engine = self.engine;
        let mut tx = engine.begin_command(actor, command, "release", &booking)?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(booking) = tx.load::<Booking>(Durability::Relaxed, wanted).await? {
                engine.may_use(actor, &booking)?;
                return engine.booking_view(&booking).await;
            }
            let held = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &held)?;
            match held.status {
                BookingStatus::Held => {}
                BookingStatus::Released | BookingStatus::Expired => {
                    // Nothing to do; a command that has a name still leaves its receipt.
                    if command.is_some() && tx.commit(Durability::Relaxed, &held).await?.is_none() {
                        continue;
                    }
                    return engine.booking_view(&held).await;
                }
                status => return Err(BookingError::State { status, needed: "only a hold can be released" }),
            }
            // A hold that nobody has taken over still has all its seats, as its version says.
            let released = Booking { status: BookingStatus::Released, ..held };
            give_up(&mut tx, &released, |_| true).await?;
            tx.put(&key, &released)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &released).await? {
                let changes: Vec<_> =
                    released.seats.iter().map(|seat| (seat.number, SeatState::Free)).collect();
                engine.maps.apply(released.show, version, &changes);
                return engine.booking_view(&released).await;
            }
        }
    }
}
