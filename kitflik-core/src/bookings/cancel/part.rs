//! Some tickets of a booking go back, the others stay: which, and what they cost then. Pure rules.

use crate::bookings::BookingError;
use crate::bookings::vouchers::taken_off;
use crate::error::ErrorCode;
use crate::ids::SeatId;
use crate::money::{Money, included, share};
use crate::seats::layout::{Layout, SeatNo};
use crate::seats::rules::{SelectionRules, check_pairs};
use crate::store::records::{BookedDiscount, Booking, Show};
use crate::time::Timestamp;

/// Which tickets a request names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    All,
    Some(Vec<SeatNo>),
}

/// Finds the seats that a request names; none means all.
pub(super) fn named(booking: &Booking, seats: &[SeatId]) -> Result<Named, BookingError> {
    let number = |id: &SeatId| booking.seats.iter().find(|seat| seat.id == *id).map(|seat| seat.number);
    let unknown: Vec<SeatId> = seats.iter().filter(|id| number(id).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(BookingError::UnknownSeat { seats: unknown });
    }
    let gone: Vec<SeatNo> = seats.iter().filter_map(number).collect();
    let all = gone.is_empty() || booking.seats.iter().all(|seat| gone.contains(&seat.number));
    Ok(if all { Named::All } else { Named::Some(gone) })
}

/// Refuses to tear apart what was sold together: half a couple seat, or a companion without the wheelchair space.
pub(super) fn check_rest(
    layout: &Layout,
    show: &Show,
    booking: &Booking,
    gone: &[SeatNo],
    now: Timestamp,
) -> Result<(), BookingError> {
    let had: Vec<SeatNo> = booking.seats.iter().map(|seat| seat.number).collect();
    let rest: Vec<SeatNo> = had.iter().copied().filter(|seat| !gone.contains(seat)).collect();
    let rules = show.selection.at(show.starts_at, now);
    let each = [
        SelectionRules { couples: rules.couples, ..SelectionRules::OFF },
        SelectionRules { companions: rules.companions, ..SelectionRules::OFF },
    ];
    for rule in each {
        let Err(refusal) = check_pairs(layout, &rest, &rule) else { continue };
        // What was torn before is not torn by this.
        let before = check_pairs(layout, &had, &rule).err().map(|refusal| refusal.seats).unwrap_or_default();
        let torn: Vec<SeatId> = refusal.seats.into_iter().filter(|seat| !before.contains(seat)).collect();
        if torn.is_empty() {
            continue;
        }
        let listed = torn.iter().map(SeatId::as_str).collect::<Vec<_>>().join(", ");
        let why = match refusal.code {
            ErrorCode::CoupleSplit => "would be half of a couple seat",
            _ => "would be a companion seat without its wheelchair space",
        };
        let detail = format!("{listed} {why}: cancel it too, or keep both");
        return Err(BookingError::Rule { code: refusal.code, seats: torn, alternative: None, detail });
    }
    Ok(())
}

/// The booking without some of its seats, at the price that the rest costs: each seat what it cost, fees per ticket
/// for the tickets that stay, the discount as if only they had been bought. A discount that they are not enough for is
/// gone, unless they would then cost more than all did.
pub(super) fn without(booking: &Booking, gone: &[SeatNo]) -> Booking {
    let mut rest = booking.clone();
    rest.seats.retain(|seat| !gone.contains(&seat.number));
    rest.house_seats.retain(|seat| !gone.contains(seat));
    for change in &mut rest.changes {
        change.seats.retain(|seat| !gone.contains(seat));
    }
    rest.changes.retain(|change| !change.seats.is_empty());
    let count = |booking: &Booking| i64::try_from(booking.seats.len()).unwrap_or(1).max(1);
    // The fee is the same for each ticket.
    rest.ticket_fee_minor = booking.ticket_fee_minor / count(booking) * count(&rest);
    let seats: i64 = rest.seats.iter().map(|seat| seat.price_minor).sum();
    let off = booking
        .discount
        .as_ref()
        .map_or(0, |discount| taken_off(discount, Money::new(seats, booking.total.currency)).unwrap_or(0));
    let fees = rest.ticket_fee_minor + rest.fees.iter().map(|fee| fee.amount.amount_minor).sum::<i64>();
    let rate =
        |booking: &Booking| booking.tax.as_ref().map(|tax| (tax.inclusive, i64::from(tax.rate_basis_points)));
    // Tax in it, and the total.
    let sum = |off: i64| match rate(booking) {
        None => (0, seats - off + fees),
        Some((true, rate)) => (included(seats - off + fees, rate), seats - off + fees),
        Some((false, rate)) => {
            let tax = share(seats - off + fees, rate);
            (tax, seats - off + fees + tax)
        }
    };
    let off = least(off, seats, |off| sum(off).1 <= booking.total.amount_minor);
    let (tax, total) = sum(off);
    if let Some(of) = &mut rest.tax {
        of.amount.amount_minor = tax;
    }
    rest.total.amount_minor = total;
    rest.discount =
        booking.discount.clone().filter(|_| off > 0).map(|of| BookedDiscount { minor: off, ..of });
    rest
}

/// The least of `from..=to` that fits, if the ones above it fit as well; `to` if none does.
fn least(from: i64, to: i64, fits: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (from, to.max(from));
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests;
