//! Who may see and change a booking.

use super::BookingError;
use crate::actor::{Actor, Permission};
use crate::error::Denied;
use crate::kitflik::Engine;
use crate::store::records::{Booking, Holder};

impl Engine {
    /// A booking belongs to the customer who made it, to the guest who has its token, and to the house.
    pub(super) fn may_use(&self, actor: &Actor, booking: &Booking) -> Result<(), BookingError> {
        let denied = || BookingError::from(actor.denied("use somebody else's booking"));
        match actor {
            Actor::Guest { booking_token: None } => Err(Denied::Unauthenticated.into()),
            Actor::Guest { booking_token: Some(token) } => {
                let valid = self.keys.any(|keys| keys.is_booking_token(booking.id, token));
                if valid && booking.holder == Holder::Guest { Ok(()) } else { Err(denied()) }
            }
            Actor::User { id } => {
                if booking.holder == Holder::User(*id) {
                    Ok(())
                } else {
                    Err(denied())
                }
            }
            Actor::Staff { .. } | Actor::System => Ok(actor.may(Permission::ManageBookings)?),
        }
    }
}

pub(super) fn holder(actor: &Actor) -> Holder {
    match actor {
        Actor::Guest { .. } => Holder::Guest,
        Actor::User { id } => Holder::User(*id),
        Actor::Staff { id, .. } => Holder::Staff(*id),
        Actor::System => Holder::System,
    }
}
