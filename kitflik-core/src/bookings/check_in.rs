//! Check-in: a ticket lets in once.
//!
//! A ticket that was used has one row. Devices of a gate write no row together, whoever holds them: neither a counter
//! nor a log stands between them. A device that has no network scans by itself
//! ([`OfflineGate`](crate::OfflineGate)) and uploads later what it did.

mod list;
mod merge;
mod pack;
mod revoke;
pub(super) mod rules;

pub use list::{CheckInCount, CheckInFlag, CheckInQuery, CheckInView, ScanView};
pub use merge::{FlaggedScan, MergeCheckIns, MergedCheckIns};
pub(super) use revoke::current_ticket;
pub(crate) use revoke::return_tickets;
pub use revoke::{RevokeTicket, RevokedTicketView};

use serde::{Deserialize, Serialize};

use super::read::admits;
use super::view::seat_view;
use super::{BookedSeatView, BookingError, BookingStatus, Bookings, COUNTER};
use crate::actor::{Actor, Permission};
use crate::error::{EngineError, Validation};
use crate::ids::{BookingId, CommandId, SeatId, ShowId, StaffId, TicketId};
use crate::kitflik::Engine;
use crate::limits;
use crate::money::Money;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{BookedSeat, Booking, Scanned, UsedTicket};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::tickets::gate::check_scan;
use crate::tickets::token::{TicketError, TicketKeys, check_window};
use crate::time::Timestamp;

/// A request to let the holder of a ticket in. Device and nonce are the name of the command: a repeat has no second
/// effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// The shows that are let in here, 1 to 20.
    pub shows: Vec<ShowId>,
    /// What the ticket's QR code says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub token: Option<String>,
    /// Instead of the token, for somebody who has only their booking's number: the booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub booking_id: Option<BookingId>,
    /// And which of its tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_id: Option<TicketId>,
    /// The name of the device that scans, 1 to 100 characters.
    pub device: String,
    /// What tells this scan from all others of the device: 1 to 64 visible ASCII characters, best random ones. A repeat
    /// of the same scan has the same.
    pub nonce: String,
}

impl CheckIn {
    /// The holder of a token, at a device, with the scan's nonce.
    #[must_use]
    pub fn token(
        show: ShowId,
        token: impl Into<String>,
        device: impl Into<String>,
        nonce: impl Into<String>,
    ) -> Self {
        let (token, device, nonce) = (Some(token.into()), device.into(), nonce.into());
        Self { shows: vec![show], token, booking_id: None, ticket_id: None, device, nonce }
    }
}

/// Somebody may go in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckedIn {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The booking that it is part of.
    pub booking_id: BookingId,
    /// The show.
    pub show_id: ShowId,
    /// The seat, with its section and ticket type.
    pub seat: BookedSeatView,
    /// When this scan let them in; a repeat tells the first time.
    pub at: Timestamp,
    /// What is still to be paid for the whole booking at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub due: Option<Money>,
}

/// A request to take a check-in back: the ticket may be used again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct UndoCheckIn {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The booking.
    pub booking_id: BookingId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Why, for the log of staff: 1 to 200 characters.
    pub reason: String,
}

/// What a request says of a ticket.
struct Presented {
    show: ShowId,
    booking: BookingId,
    ticket: TicketId,
}

impl Bookings<'_> {
    /// Lets the holder of a ticket in, once. The same device with the same nonce gets the same answer again; everybody
    /// else is refused from then on. What was answered is durable.
    ///
    /// Whether a ticket lets in is decided by the show and the booking as they are now: a ticket from before a show was
    /// moved is as good as a new one. A booking that is to be paid at the counter lets in, and says what is due.
    ///
    /// # Errors
    /// [`BookingError::Ticket`] says why not, with a code for each reason; [`BookingError::Denied`] unless staff ask;
    /// [`BookingError::Invalid`]; [`BookingError::NotFound`] for an unknown booking.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn check_in(&self, actor: &Actor, request: &CheckIn) -> Result<CheckedIn, BookingError> {
        actor.may(Permission::CheckIn)?;
        request.check()?;
        let engine = self.engine;
        let seen = self.presented(request).await?;
        if !request.shows.contains(&seen.show) {
            return Err(self.wrong_show(seen.show).await?.into());
        }
        let used_key = keys::check_in(seen.show, seen.ticket);
        let (booking_key, show_key) = (keys::booking(seen.booking), keys::show(seen.show));
        let revoked_key = keys::revoked_ticket(seen.show, seen.booking, seen.ticket);
        let mut tx = engine.begin();
        loop {
            let wanted = vec![
                used_key.key.clone(),
                booking_key.key.clone(),
                show_key.key.clone(),
                revoked_key.key.clone(),
            ];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            let booking = tx.get(&booking_key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            let used = tx.get(&used_key)?;
            let used = used.unwrap_or_else(|| rules::unused(seen.booking));
            if let Some(first) = rules::find(&used, &request.device, &request.nonce) {
                // What is seen may not be durable yet, and the first answer may have been lost.
                let at = first.at;
                tx.barrier(Durability::Durable).await?;
                return self.checked_in(&booking, seen.ticket, at).await;
            }
            if rules::is_undone(&used, &request.device, &request.nonce) {
                return Err(TicketError::ScanUndone.into());
            }
            let show = tx.get(&show_key)?.ok_or(BookingError::NotFound { what: "show" })?;
            if show.cancelled {
                return Err(TicketError::Cancelled.into());
            }
            self.admissible(&mut tx, &booking, seen.ticket).await?;
            if let Some(revoked) = tx.get(&revoked_key)? {
                return Err(TicketError::Revoked { reason: revoked.reason }.into());
            }
            let (from, until) = admits(&show);
            check_window(from, until, tx.now())?;
            if let Some(first) = used.scans.first() {
                return Err(TicketError::AlreadyUsed { at: first.at, device: first.device.clone() }.into());
            }
            let scan = Scanned {
                at: tx.now(),
                device: request.device.clone(),
                nonce: request.nonce.clone(),
                offline: false,
                by: staff(actor),
            };
            let mut used = used;
            rules::add(&mut used, scan);
            tx.put(&used_key, &used)?;
            if tx.broken(Mutant::CheckInUnchecked) {
                tx.uncheck(&used_key);
            }
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return self.checked_in(&booking, seen.ticket, tx.now()).await;
            }
        }
    }

    /// Takes a check-in back: the ticket may be used again. The scans that let its holder in do not come back with a
    /// device that uploads them later.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] for an unknown booking, or a ticket that nobody used; [`BookingError::Denied`] unless
    /// staff who manage bookings ask; [`BookingError::Invalid`], also for a ticket that let in more often than is kept.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn undo_check_in(&self, actor: &Actor, request: &UndoCheckIn) -> Result<(), BookingError> {
        actor.may(Permission::ManageBookings)?;
        let mut fields = Validation::default();
        fields.text("reason", &request.reason, limits::MAX_REASON_CHARS);
        fields.finish()?;
        let engine = self.engine;
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "undo_check_in", request)?;
        // The show of a booking never changes.
        let booking = engine.get(&keys::booking(request.booking_id)).await?;
        let booking = booking.ok_or(BookingError::NotFound { what: "booking" })?;
        let key = keys::check_in(booking.show, request.ticket_id);
        loop {
            if let Loaded::Replay(()) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return Ok(());
            }
            let used = tx.get(&key)?.filter(|used| used.booking == booking.id);
            let mut used = used.ok_or(BookingError::NotFound { what: "check-in" })?;
            if used.scans.is_empty() {
                if request.command.is_none() {
                    tx.barrier(Durability::Durable).await?;
                } else if tx.commit(Durability::Durable, &()).await?.is_none() {
                    continue;
                }
                return Ok(());
            }
            rules::undo(&mut used)?;
            tx.put(&key, &used)?;
            tx.note(format!("ticket {}: {}", request.ticket_id, request.reason));
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Whether a check-in of a ticket of these seats stands; no seats means all of the booking. A command that asks
    /// must not commit if one is used meanwhile, or another ticket is given out for one of the seats.
    pub(crate) async fn went_in(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        seats: &[SeatId],
    ) -> Result<bool, EngineError> {
        let asked = |seat: &&BookedSeat| seats.is_empty() || seats.contains(&seat.id);
        let mut seats: Vec<&BookedSeat> = booking.seats.iter().filter(asked).collect();
        for generation in 0..=limits::MAX_REISSUES {
            let tickets = seats.iter().map(|seat| rules::ticket_of(booking, seat, generation));
            let rows = |ticket| {
                let revoked = keys::revoked_ticket(booking.show, booking.id, ticket);
                (keys::check_in(booking.show, ticket), revoked)
            };
            let rows: Vec<_> = tickets.map(rows).collect();
            let wanted = rows.iter().flat_map(|(used, revoked)| [used.key.clone(), revoked.key.clone()]);
            tx.more(wanted.collect()).await?;
            let mut reissued = Vec::new();
            for (seat, (used, revoked)) in seats.iter().zip(&rows) {
                if tx.get(used)?.is_some_and(|used| used.is_used()) {
                    return Ok(true);
                }
                if tx.get(revoked)?.is_some_and(|revoked| revoked.reissued) {
                    reissued.push(*seat);
                }
            }
            if reissued.is_empty() {
                break;
            }
            seats = reissued;
        }
        Ok(false)
    }

    async fn presented(&self, request: &CheckIn) -> Result<Presented, BookingError> {
        if let Some(token) = &request.token {
            let claims = self.engine.ticket_keys().verify(token.trim())?;
            return Ok(Presented { show: claims.show, booking: claims.booking, ticket: claims.ticket });
        }
        let (Some(id), Some(ticket)) = (request.booking_id, request.ticket_id) else {
            return Err(BookingError::NotFound { what: "ticket" });
        };
        let booking = self.engine.get(&keys::booking(id)).await?;
        let booking = booking.ok_or(BookingError::NotFound { what: "booking" })?;
        if booking.status == BookingStatus::Confirmed && rules::seat_of(&booking, ticket).is_none() {
            return Err(BookingError::NotFound { what: "ticket" });
        }
        Ok(Presented { show: booking.show, booking: id, ticket })
    }

    /// Refuses a ticket whose seat is not sold to its booking any more, or that was never given out.
    async fn admissible(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        ticket: TicketId,
    ) -> Result<(), BookingError> {
        match booking.status {
            BookingStatus::Confirmed => {}
            BookingStatus::Cancelled => return Err(TicketError::Cancelled.into()),
            status => {
                return Err(BookingError::State { status, needed: "only a confirmed booking has tickets" });
            }
        }
        let Some((seat, generation)) = rules::seat_of(booking, ticket) else {
            return Err(TicketError::Cancelled.into());
        };
        if let Some(before) = generation.checked_sub(1) {
            let before = rules::ticket_of(booking, seat, before);
            let key = keys::revoked_ticket(booking.show, booking.id, before);
            tx.more(vec![key.key.clone()]).await?;
            if !tx.get(&key)?.is_some_and(|revoked| revoked.reissued) {
                return Err(BookingError::NotFound { what: "ticket" });
            }
        }
        Ok(())
    }

    async fn checked_in(
        &self,
        booking: &Booking,
        ticket: TicketId,
        at: Timestamp,
    ) -> Result<CheckedIn, BookingError> {
        let layout = self.engine.layout(booking.layout).await?;
        let layout = layout.ok_or_else(|| EngineError::internal("the layout is gone"))?;
        // A repeat may come after the seat was given back.
        let seat = rules::seat_of(booking, ticket)
            .and_then(|(booked, _)| Some(seat_view(layout.layout.seat(booked.number)?, booked, booking)))
            .ok_or(TicketError::Cancelled)?;
        Ok(CheckedIn {
            ticket_id: ticket,
            booking_id: booking.id,
            show_id: booking.show,
            seat,
            at,
            due: due(booking),
        })
    }

    async fn wrong_show(&self, show: ShowId) -> Result<TicketError, BookingError> {
        let catalogue = self.engine.catalogue().await?;
        let right = catalogue.show(show, self.engine.now()).map(|found| {
            let starts = found.starts_at.in_zone(found.venue.zone).format("%-d %B %Y, %H:%M").to_string();
            format!("{}, {starts}, {}", found.movie.title, found.auditorium.name)
        });
        Ok(TicketError::WrongShow { show, right: right.unwrap_or_else(|| show.to_string()) })
    }
}

impl Engine {
    pub(crate) fn ticket_keys(&self) -> TicketKeys {
        TicketKeys(self.keys.generations().map(|keys| keys.tickets().public_key()).collect())
    }
}

/// What is to be paid at the counter, and was not.
pub(super) fn due(booking: &Booking) -> Option<Money> {
    let payment = booking.payment.as_ref()?;
    let unpaid = payment.provider == COUNTER && payment.charge.is_none() && booking.total.amount_minor > 0;
    unpaid.then_some(booking.total)
}

fn staff(actor: &Actor) -> Option<StaffId> {
    match actor {
        Actor::Staff { id, .. } => Some(*id),
        _ => None,
    }
}

impl CheckIn {
    fn check(&self) -> Result<(), BookingError> {
        let mut fields = Validation::default();
        let most = limits::MAX_GATE_SHOWS;
        if self.shows.is_empty() || self.shows.len() > most {
            let detail = format!("shows has {} items, allowed are 1 to {most}", self.shows.len());
            fields.refuse("shows", "out_of_range", detail);
        }
        let by_id = self.booking_id.is_some() && self.ticket_id.is_some();
        let mixed = self.token.is_some() && (self.booking_id.is_some() || self.ticket_id.is_some());
        if mixed || self.token.is_none() && !by_id {
            let detail = "either token, or booking_id and ticket_id, must be given";
            fields.refuse("token", "required", detail);
        }
        check_scan("", &self.device, Some(&self.nonce), &mut fields);
        Ok(fields.finish()?)
    }
}

impl UsedTicket {
    fn is_used(&self) -> bool {
        !self.scans.is_empty()
    }
}
