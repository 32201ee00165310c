//! Tickets that staff make invalid, and tickets that stand in for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{rules, staff};
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingError, BookingStatus, Bookings};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, CommandId, TicketId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{BookedSeat, Booking, Form, ReturnedTicket, RevokedTicket};
use crate::store::tx::{Loaded, Tx};
use crate::tickets::token::TicketError;
use crate::time::Timestamp;

/// A request to make a ticket invalid: it was stolen, or lost. Its seat stays sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RevokeTicket {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// Why, as the gate says it: 1 to 200 characters.
    pub reason: String,
    /// Give the booking another ticket for the seat.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reissue: bool,
}

impl RevokeTicket {
    /// For a reason, without another ticket.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { command: None, reason: reason.into(), reissue: false }
    }

    /// And with another ticket.
    #[must_use]
    pub fn reissue(self) -> Self {
        Self { reissue: true, ..self }
    }
}

/// A ticket that was made invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RevokedTicketView {
    /// The ticket.
    pub ticket_id: TicketId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The ticket that stands in for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reissued_as: Option<TicketId>,
}

/// Tickets that were made invalid.
pub(crate) type Revoked = BTreeMap<TicketId, RevokedTicket>;

/// The ticket of a seat that lets in, if one does.
pub(crate) fn current_ticket(booking: &Booking, seat: &BookedSeat, revoked: &Revoked) -> Option<TicketId> {
    for generation in 0..=limits::MAX_REISSUES {
        let ticket = rules::ticket_of(booking, seat, generation);
        match revoked.get(&ticket) {
            None => return Some(ticket),
            Some(found) if found.reissued => {}
            Some(_) => return None,
        }
    }
    None
}

/// Notes that seats of a booking were given back: gates without a network are told so. Whoever takes seats out of a
/// sale calls it, in the same batch.
pub(crate) fn return_tickets(
    tx: &mut Tx<'_>,
    booking: &Booking,
    seats: &[BookedSeat],
) -> Result<(), EngineError> {
    let at = tx.now();
    for seat in seats {
        let number = seat.ticket.unwrap_or(seat.number);
        tx.put(&keys::returned_ticket(booking.show, booking.id, number), &ReturnedTicket { v: Form, at })?;
    }
    Ok(())
}

impl Bookings<'_> {
    /// Makes a ticket invalid, and gives the booking another one for its seat if that is asked for. To revoke what is
    /// revoked changes nothing, but for another ticket that was not asked for before.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] for an unknown booking or ticket, [`BookingError::State`] unless it is confirmed,
    /// [`BookingError::Ticket`] for a ticket that was given back, [`BookingError::Denied`] unless staff who manage
    /// bookings ask, [`BookingError::Invalid`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn revoke_ticket(
        &self,
        actor: &Actor,
        booking: BookingId,
        ticket: TicketId,
        request: &RevokeTicket,
    ) -> Result<RevokedTicketView, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let mut fields = Validation::default();
        fields.text("reason", &request.reason, limits::MAX_REASON_CHARS);
        fields.finish()?;
        let engine = self.engine;
        let command = (booking, ticket, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "revoke_ticket", &command)?;
        let booking_key = keys::booking(booking);
        loop {
            let wanted = vec![booking_key.key.clone()];
            if let Loaded::Replay(view) = tx.load::<RevokedTicketView>(Durability::Durable, wanted).await? {
                return Ok(view);
            }
            let found = tx.get(&booking_key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            match found.status {
                BookingStatus::Confirmed => {}
                BookingStatus::Cancelled => return Err(TicketError::Cancelled.into()),
                status => {
                    let needed = "only a confirmed booking has tickets";
                    return Err(BookingError::State { status, needed });
                }
            }
            let place = rules::seat_of(&found, ticket);
            let (seat, generation) = place.ok_or(BookingError::NotFound { what: "ticket" })?;
            let key = keys::revoked_ticket(found.show, booking, ticket);
            let mut more = vec![key.key.clone()];
            let before = generation.checked_sub(1).map(|before| {
                keys::revoked_ticket(found.show, booking, rules::ticket_of(&found, seat, before))
            });
            more.extend(before.iter().map(|before| before.key.clone()));
            tx.more(more).await?;
            if let Some(before) = &before
                && !tx.get(before)?.is_some_and(|before| before.reissued)
            {
                return Err(BookingError::NotFound { what: "ticket" });
            }
            if request.reissue && generation == limits::MAX_REISSUES {
                let detail =
                    format!("the seat had {} other tickets already, and gets no more", limits::MAX_REISSUES);
                return Err(Invalid::one("reissue", "out_of_range", detail).into());
            }
            let earlier = tx.get(&key)?;
            let reissued = request.reissue || earlier.as_ref().is_some_and(|earlier| earlier.reissued);
            let unchanged = earlier.as_ref().is_some_and(|earlier| earlier.reissued == reissued);
            let record = earlier.unwrap_or_else(|| RevokedTicket {
                v: Form,
                at: tx.now(),
                by: staff(actor),
                reason: request.reason.clone(),
                reissued,
            });
            let record = RevokedTicket { reissued, ..record };
            let view = RevokedTicketView {
                ticket_id: ticket,
                at: record.at,
                reason: record.reason.clone(),
                reissued_as: reissued.then(|| rules::ticket_of(&found, seat, generation + 1)),
            };
            if unchanged && request.command.is_none() {
                tx.barrier(Durability::Durable).await?;
                return Ok(view);
            }
            tx.put(&key, &record)?;
            tx.note(format!("ticket {ticket}: {}", record.reason));
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    /// The tickets of a booking that were made invalid.
    pub(crate) async fn revoked_of(&self, booking: &Booking) -> Result<Revoked, EngineError> {
        let rows = self.engine.scan_all(&keys::revoked_tickets_of(booking.show, booking.id)).await?;
        let named = |(row, record): (crate::Row, RevokedTicket)| Some((keys::voided(&row.key)?.1, record));
        Ok(rows.into_iter().filter_map(named).collect())
    }
}
