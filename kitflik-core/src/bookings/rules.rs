//! The rules of holds and sales: pure functions over records.

use super::{BookingError, BookingStatus, SalesChannel};
use crate::catalog::ShowStatus;
use crate::ids::{SeatId, TicketType};
use crate::kitflik::Policy;
use crate::seats::layout::{Layout, SeatNo};
use crate::store::records::{Booking, HouseSeat, SeatPointer, Show};
use crate::time::Timestamp;

/// From when on somebody else may take the seats of a hold.
pub(crate) fn takeable_at(booking: &Booking, policy: &Policy) -> Timestamp {
    booking.until.plus(policy.takeover_grace)
}

/// What a taken seat means for whoever wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// No live booking has it.
    Free,
    /// The hold that has it is over: its booking must be expired in the same batch.
    Stale,
    /// It belongs to the booking that asks.
    Mine,
    /// Somebody has it, or the house keeps it from whoever asks.
    Taken,
}

/// `asks` is the channel by which it is wanted; the house itself if absent.
pub(super) fn claim(
    pointer: Option<&SeatPointer>,
    pointed: Option<&Booking>,
    mine: Option<&Booking>,
    asks: Option<SalesChannel>,
    now: Timestamp,
    policy: &Policy,
) -> Claim {
    let Some(pointer) = pointer else { return Claim::Free };
    let claim = match (pointer.booking(), pointed) {
        (None, _) => Claim::Free,
        (Some(id), _) if mine.is_some_and(|mine| mine.id == id) => return Claim::Mine,
        (Some(_), Some(booking)) => match booking.status {
            BookingStatus::Held if takeable_at(booking, policy) <= now => Claim::Stale,
            BookingStatus::Held | BookingStatus::Confirming | BookingStatus::Confirmed => Claim::Taken,
            BookingStatus::Expired | BookingStatus::Released | BookingStatus::Cancelled => Claim::Free,
        },
        // A pointer without its booking: nothing may be sold on the strength of a damaged record.
        (Some(_), None) => Claim::Taken,
    };
    let kept = |house: HouseSeat| asks.is_some_and(|channel| Kept::of(&house).from(channel, now));
    if pointer.house().is_some_and(kept) { Claim::Taken } else { claim }
}

/// What of a house seat decides who may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    /// A bit for each channel that may sell it.
    channels: u8,
    /// When it is free for all.
    pub(crate) until: Timestamp,
}

impl Kept {
    pub(crate) fn of(house: &HouseSeat) -> Self {
        let channels = house.channels.iter().fold(0, |bits, channel| bits | channel.bit());
        Self { channels, until: house.until() }
    }

    /// Whether those who ask by this channel cannot have it.
    pub(crate) fn from(self, channel: SalesChannel, now: Timestamp) -> bool {
        now < self.until && self.channels & channel.bit() == 0
    }
}

pub(super) fn on_sale(show: &Show, now: Timestamp) -> Result<(), BookingError> {
    if show.frozen.is_some() {
        // For a moment: somebody makes sure that nobody has a seat.
        return Err(crate::error::EngineError::Contended.into());
    }
    let reason = match show.status(now) {
        ShowStatus::OnSale => return Ok(()),
        ShowStatus::Scheduled => format!("sales open at {}", show.sales_open_at),
        ShowStatus::Closed => "sales are closed".to_owned(),
        ShowStatus::Ended => "it is over".to_owned(),
        ShowStatus::Cancelled => "it is cancelled".to_owned(),
    };
    Err(BookingError::NotOnSale { reason })
}

/// A seat and the ticket type that was asked for it, if one was.
pub(super) type Wanted = (SeatNo, Option<TicketType>);

/// The last moment at which a hold may be confirmed. Whether somebody took the seats in between, its version tells.
pub(super) fn confirmable(booking: &Booking, now: Timestamp, policy: &Policy) -> Result<(), BookingError> {
    match booking.status {
        BookingStatus::Confirming => Ok(()),
        BookingStatus::Held if now <= booking.until.plus(policy.late_confirm_grace) => Ok(()),
        BookingStatus::Held | BookingStatus::Expired => Err(BookingError::HoldExpired { at: booking.until }),
        status @ (BookingStatus::Confirmed | BookingStatus::Released | BookingStatus::Cancelled) => {
            Err(BookingError::State { status, needed: "only a hold can be confirmed" })
        }
    }
}

/// A hold whose clock still runs.
pub(super) fn running(booking: &Booking, now: Timestamp, needed: &'static str) -> Result<(), BookingError> {
    match booking.status {
        BookingStatus::Held if now < booking.until => Ok(()),
        BookingStatus::Held | BookingStatus::Expired => Err(BookingError::HoldExpired { at: booking.until }),
        status => Err(BookingError::State { status, needed }),
    }
}

/// Until when an extension makes a hold last.
pub(super) fn extended(
    booking: &Booking,
    now: Timestamp,
    policy: &Policy,
) -> Result<Timestamp, BookingError> {
    running(booking, now, "only a hold can be extended")?;
    let until = now.plus(policy.hold).min(booking.created_at.plus(policy.hold_at_most));
    if until > booking.until { Ok(until) } else { Err(BookingError::ExtensionLimit { at: booking.until }) }
}

/// Finds the seats that a request names.
pub(super) fn numbers(layout: &Layout, seats: &[SeatId]) -> Result<Vec<SeatNo>, BookingError> {
    let found: Vec<(&SeatId, Option<SeatNo>)> = seats.iter().map(|id| (id, layout.number(id))).collect();
    let unknown: Vec<SeatId> =
        found.iter().filter(|(_, number)| number.is_none()).map(|(id, _)| (*id).clone()).collect();
    if unknown.is_empty() {
        Ok(found.into_iter().filter_map(|(_, number)| number).collect())
    } else {
        Err(BookingError::UnknownSeat { seats: unknown })
    }
}
