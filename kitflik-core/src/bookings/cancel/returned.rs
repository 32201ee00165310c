//! Tickets that went back while others of their booking stayed: a row for each time, and what their owner sees of it.

use serde::{Deserialize, Serialize};

use super::{CancelledBy, Undoing, part};
use crate::bookings::check_in::current_ticket;
use crate::bookings::house::give_up;
use crate::bookings::{BookingError, Bookings, return_tickets};
use crate::error::EngineError;
use crate::ids::{SeatId, TicketId, TicketType};
use crate::kitflik::Engine;
use crate::money::Money;
use crate::seats::layout::{Layout, SeatNo};
use crate::store::keys;
use crate::store::records::{BookedSeat, Booking, Form, MailContent, Returned, TicketBack, VoucherUse};
use crate::store::tx::Tx;
use crate::tickets::token::ticket_id;
use crate::time::Timestamp;

/// A ticket that went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReturnedTicketView {
    /// The ticket. It is not valid any more.
    pub id: TicketId,
    /// The seat that it was for.
    pub seat: SeatId,
    /// What people call the seat.
    pub label: String,
    /// The ticket type.
    pub ticket_type: TicketType,
    /// What the seat had cost; discount, fees and tax apart.
    pub price: Money,
}

/// Tickets that went back at once, while others of the booking stayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReturnView {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: CancelledBy,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reason: Option<String>,
    /// Which.
    pub tickets: Vec<ReturnedTicketView>,
    /// How much money goes back for them.
    pub refund: Money,
}

impl Engine {
    /// What went back of a booking that has tickets yet, or had until it was cancelled.
    pub(crate) async fn returned(&self, booking: &Booking) -> Result<Vec<Returned>, EngineError> {
        if booking.returned == 0 {
            return Ok(Vec::new());
        }
        let found = self.scan_all(&keys::returned_all(booking.id)).await?;
        Ok(found.into_iter().map(|(_, returned)| returned).collect())
    }

    pub(crate) async fn returns(
        &self,
        layout: &Layout,
        booking: &Booking,
    ) -> Result<Vec<ReturnView>, EngineError> {
        let label = |seat: &SeatId| {
            let found = layout.number(seat).and_then(|number| layout.seat(number));
            found.map_or_else(|| seat.to_string(), |seat| seat.label.clone())
        };
        let ticket = |ticket: TicketBack| ReturnedTicketView {
            id: ticket.ticket,
            label: label(&ticket.seat),
            seat: ticket.seat,
            ticket_type: ticket.ticket_type,
            price: Money::new(ticket.price_minor, booking.total.currency),
        };
        let view = |returned: Returned| ReturnView {
            at: returned.at,
            by: returned.by,
            reason: returned.reason,
            tickets: returned.tickets.into_iter().map(ticket).collect(),
            refund: returned.refund,
        };
        Ok(self.returned(booking).await?.into_iter().map(view).collect())
    }
}

impl Bookings<'_> {
    /// Whether all of these seats went back before: then there is nothing to do.
    pub(super) async fn are_returned(
        &self,
        booking: &Booking,
        seats: &[SeatId],
    ) -> Result<bool, EngineError> {
        if seats.is_empty() || booking.returned == 0 {
            return Ok(false);
        }
        let before = self.engine.returned(booking).await?;
        let gone: Vec<&SeatId> =
            before.iter().flat_map(|returned| &returned.tickets).map(|ticket| &ticket.seat).collect();
        Ok(seats.iter().all(|seat| gone.contains(&seat)))
    }

    /// Writes that some tickets go back. `rest` is the booking with those that stay.
    pub(super) async fn return_some(
        &self,
        tx: &mut Tx<'_>,
        sold: &Booking,
        rest: Booking,
        gone: &[SeatNo],
        undoing: Undoing,
    ) -> Result<Booking, BookingError> {
        let number = sold.returned;
        let rest = Booking { returned: number + 1, ..rest };
        let went = sold.seats.iter().filter(|seat| gone.contains(&seat.number)).cloned();
        let went: Vec<BookedSeat> = went.collect();
        return_tickets(tx, sold, &went)?;
        let revoked = self.revoked_of(sold).await?;
        let first = |seat: &BookedSeat| ticket_id(sold.id, seat.ticket.unwrap_or(seat.number));
        let tickets = went.iter().map(|seat| TicketBack {
            ticket: current_ticket(sold, seat, &revoked).unwrap_or_else(|| first(seat)),
            seat: seat.id.clone(),
            ticket_type: seat.ticket_type.clone(),
            price_minor: seat.price_minor,
        });
        let refund = self.settle_return(tx, sold, Some(&rest), undoing.back, undoing.why).await?;
        let (at, by, reason) = (tx.now(), undoing.by, undoing.reason);
        let returned = Returned { v: Form, at, by, reason, tickets: tickets.collect(), refund };
        tx.put(&keys::returned(sold.id, number), &returned)?;
        give_up(tx, sold, |seat| gone.contains(&seat)).await?;
        if let Some(discount) = sold.discount.as_ref().filter(|of| of.counted && rest.discount.is_none()) {
            // Whoever needs the use finds it again.
            tx.put(&keys::voucher_use(discount.voucher(), sold.id), &VoucherUse { v: Form })?;
        }
        self.promise_mail(tx, &rest, MailContent::TicketsReturned { booking: sold.id, number }).await?;
        tx.put(&keys::booking(sold.id), &rest)?;
        Ok(rest)
    }
}

/// The named seats, where some stay.
pub(super) fn gone(named: part::Named) -> Vec<SeatNo> {
    match named {
        part::Named::All => Vec::new(),
        part::Named::Some(gone) => gone,
    }
}
