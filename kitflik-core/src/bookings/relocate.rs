//! The seats of a show, told in the numbers of another layout. A pure rule.
//!
//! A seat is the same seat if it has the same id; its number, which its key and its booking have, may be another.

use std::collections::{BTreeMap, BTreeSet};

use super::BookingStatus;
use super::rules::takeable_at;
use crate::ids::{BookingId, LayoutId, SeatId};
use crate::kitflik::Policy;
use crate::seats::layout::{Layout, SeatNo};
use crate::store::records::{BookedSeat, Booking, PriceChanged, SeatPointer};
use crate::time::Timestamp;

/// What a show's seats become in another layout.
#[derive(Debug, Default)]
pub(crate) struct Relocation {
    /// Seats of live bookings.
    pub(crate) taken: u32,
    /// Those of them that the other layout does not have, in the order of the old one.
    pub(crate) missing: Vec<SeatId>,
    /// Seats whose pointers change, and to what; `None`: no pointer.
    pub(crate) pointers: BTreeMap<SeatNo, Option<SeatPointer>>,
    /// Live bookings, with the numbers of the other layout.
    pub(crate) moved: Vec<Booking>,
    /// Holds that are over: their seats are free.
    pub(crate) over: Vec<Booking>,
}

/// Moves what stands in `old` to `new`. What the house keeps and the new layout does not have, it keeps no more.
pub(crate) fn relocate(
    (old, new, new_id): (&Layout, &Layout, LayoutId),
    pointers: &BTreeMap<SeatNo, SeatPointer>,
    bookings: &BTreeMap<BookingId, Booking>,
    now: Timestamp,
    policy: &Policy,
) -> Relocation {
    let counterpart = |seat: SeatNo| new.number(&old.seat(seat)?.id);
    let mut found = Relocation::default();
    let mut after: BTreeMap<SeatNo, SeatPointer> = BTreeMap::new();
    for (seat, pointer) in pointers {
        let booking = pointer.booking().and_then(|id| bookings.get(&id));
        let live = match booking {
            Some(booking) => match booking.status {
                BookingStatus::Held => takeable_at(booking, policy) > now,
                BookingStatus::Confirming | BookingStatus::Confirmed => true,
                BookingStatus::Expired | BookingStatus::Released | BookingStatus::Cancelled => false,
            },
            // A pointer without its booking is a damaged record: nobody loses a seat on the strength of it.
            None => pointer.booking().is_some(),
        };
        if live {
            found.taken += 1;
        }
        let stays = match (live, pointer.house()) {
            (true, _) => Some(pointer.clone()),
            (false, Some(house)) => Some(SeatPointer::House(house)),
            (false, None) => None,
        };
        match (counterpart(*seat), stays) {
            (Some(number), Some(stays)) => drop(after.insert(number, stays)),
            (None, Some(_)) if live => found.missing.extend(old.seat(*seat).map(|seat| seat.id.clone())),
            _ => {}
        }
    }
    let pointed: BTreeSet<BookingId> = pointers.values().filter_map(SeatPointer::booking).collect();
    for (id, booking) in bookings {
        if !pointed.contains(id) {
            continue;
        }
        match booking.status {
            BookingStatus::Held if takeable_at(booking, policy) <= now => found.over.push(booking.clone()),
            BookingStatus::Held | BookingStatus::Confirming | BookingStatus::Confirmed => {
                found.moved.push(moved(booking, new_id, counterpart));
            }
            BookingStatus::Expired | BookingStatus::Released | BookingStatus::Cancelled => {}
        }
    }
    for seat in pointers.keys().filter(|seat| !after.contains_key(seat)) {
        found.pointers.insert(*seat, None);
    }
    for (seat, pointer) in after {
        if pointers.get(&seat) != Some(&pointer) {
            found.pointers.insert(seat, Some(pointer));
        }
    }
    found
}

fn moved(booking: &Booking, layout: LayoutId, counterpart: impl Fn(SeatNo) -> Option<SeatNo>) -> Booking {
    let sold = booking.status == BookingStatus::Confirmed;
    let seat = |seat: &BookedSeat| {
        let number = counterpart(seat.number).unwrap_or(seat.number);
        // Its ticket goes on being the same ticket.
        let ticket = seat.ticket.or((sold && number != seat.number).then_some(seat.number));
        BookedSeat { number, ticket, ..seat.clone() }
    };
    let change = |change: &PriceChanged| {
        let seats = change.seats.iter().map(|seat| counterpart(*seat).unwrap_or(*seat)).collect();
        PriceChanged { seats, ..change.clone() }
    };
    Booking {
        layout,
        seats: booking.seats.iter().map(seat).collect(),
        changes: booking.changes.iter().map(change).collect(),
        house_seats: booking.house_seats.iter().filter_map(|seat| counterpart(*seat)).collect(),
        ..booking.clone()
    }
}
