//! Extend: a hold lasts longer.

use super::maps::SeatState;
use super::{BookingError, BookingView, Bookings, rules};
use crate::actor::Actor;
use crate::ids::{BookingId, CommandId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Booking;
use crate::store::tx::Loaded;

impl Bookings<'_> {
    /// Makes a hold last for another 10 minutes from now, up to 30 minutes from its making (both by policy).
    ///
    /// # Errors
    /// `extension_limit`, `hold_expired`, `booking_state`, or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn extend(
        &self,
        actor: &Actor,
        booking: BookingId,
        command: Option<&CommandId>,
    ) -> Result<BookingView, BookingError> {
        let engine = self.engine;
        let mut tx = engine.begin_command(actor, command, "extend", &booking)?;
        let key = keys::booking(booking);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(booking) = tx.load::<Booking>(Durability::Relaxed, wanted).await? {
                engine.may_use(actor, &booking)?;
                return engine.booking_view(&booking).await;
            }
            let held = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &held)?;
            let until = rules::extended(&held, tx.now(), &engine.policy)?;
            let extended = Booking { until, ..held };
            tx.put(&key, &extended)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &extended).await? {
                let state = SeatState::of(&extended, rules::takeable_at(&extended, &engine.policy));
                let changes: Vec<_> = extended.seats.iter().map(|seat| (seat.number, state)).collect();
                engine.maps.apply(extended.show, version, &changes);
                return engine.booking_view(&extended).await;
            }
        }
    }
}
