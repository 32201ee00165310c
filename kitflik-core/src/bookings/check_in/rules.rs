//! What is kept of the scans of a ticket. Whatever the order in which devices upload, and in whatever parts, the same
//! is left: the earliest scans, and whether there were more.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::error::Invalid;
use crate::ids::{BookingId, TicketId};
use crate::limits::{MAX_REISSUES, MAX_SCANS_PER_TICKET, MAX_UNDONE_SCANS};
use crate::seats::layout::SeatNo;
use crate::store::records::{BookedSeat, Booking, Form, Scanned, UsedTicket};
use crate::tickets::token::reissued_ticket_id;

/// A ticket that nobody used.
pub(super) fn unused(booking: BookingId) -> UsedTicket {
    UsedTicket { v: Form, booking, scans: Vec::new(), more: false, undone: Vec::new() }
}

/// The name of a scan, of fixed width.
fn name(device: &str, nonce: &str) -> String {
    // A device's name has no control characters.
    let digest = Sha256::new().chain_update(device).chain_update([0]).chain_update(nonce).finalize();
    HEXLOWER.encode(&digest[..8])
}

/// The scan of this name, if it let somebody in.
pub(super) fn find<'a>(used: &'a UsedTicket, device: &str, nonce: &str) -> Option<&'a Scanned> {
    used.scans.iter().find(|scan| scan.device == device && scan.nonce == nonce)
}

pub(super) fn is_undone(used: &UsedTicket, device: &str, nonce: &str) -> bool {
    !used.undone.is_empty() && used.undone.contains(&name(device, nonce))
}

/// Adds a scan. Answers whether that changed anything.
pub(super) fn add(used: &mut UsedTicket, scan: Scanned) -> bool {
    if is_undone(used, &scan.device, &scan.nonce) {
        return false;
    }
    let same = |kept: &Scanned| kept.device == scan.device && kept.nonce == scan.nonce;
    if let Some(place) = used.scans.iter().position(same) {
        // The same scan, told with two times: the earlier one.
        if used.scans.get(place).is_some_and(|kept| *kept <= scan) {
            return false;
        }
        used.scans.remove(place);
    }
    let place = used.scans.partition_point(|kept| *kept < scan);
    used.scans.insert(place, scan);
    if used.scans.len() <= MAX_SCANS_PER_TICKET {
        return true;
    }
    used.scans.truncate(MAX_SCANS_PER_TICKET);
    !std::mem::replace(&mut used.more, true) || place < MAX_SCANS_PER_TICKET
}

/// Takes all scans back.
///
/// Where there were more than are kept, it is refused: those that nobody knows by name any more would come back with
/// the next upload.
pub(super) fn undo(used: &mut UsedTicket) -> Result<(), Invalid> {
    if used.more {
        let detail = format!(
            "this ticket has more scans than the {MAX_SCANS_PER_TICKET} that are kept, so they cannot be undone: \
             revoke it and issue another"
        );
        return Err(Invalid::one("ticket_id", "out_of_range", detail));
    }
    if used.undone.len() + used.scans.len() > MAX_UNDONE_SCANS {
        let detail = format!(
            "scans of this ticket were undone {} times, allowed are {MAX_UNDONE_SCANS}: revoke it and issue another",
            used.undone.len()
        );
        return Err(Invalid::one("ticket_id", "out_of_range", detail));
    }
    let names = used.scans.drain(..).map(|scan| name(&scan.device, &scan.nonce));
    used.undone.extend(names);
    Ok(())
}

/// The id of a seat's ticket; the first is generation 0.
pub(super) fn ticket_of(booking: &Booking, seat: &BookedSeat, generation: u8) -> TicketId {
    reissued_ticket_id(booking.id, seat.ticket.unwrap_or(seat.number), generation)
}

/// Which of these numbers of a booking a ticket was made from, and its generation.
pub(super) fn number_of(
    booking: BookingId,
    numbers: impl IntoIterator<Item = SeatNo>,
    ticket: TicketId,
) -> Option<(SeatNo, u8)> {
    let each = |number| (0..=MAX_REISSUES).map(move |generation| (number, generation));
    let mut made = numbers.into_iter().flat_map(each);
    made.find(|(number, generation)| reissued_ticket_id(booking, *number, *generation) == ticket)
}

/// The seat that a ticket is for, and the ticket's generation, if the booking still has it.
pub(super) fn seat_of(booking: &Booking, ticket: TicketId) -> Option<(&BookedSeat, u8)> {
    let generations = 0..=MAX_REISSUES;
    generations
        .flat_map(|generation| booking.seats.iter().map(move |seat| (seat, generation)))
        .find(|(seat, generation)| ticket_of(booking, seat, *generation) == ticket)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn scan(at: i64, device: &str, nonce: &str) -> Scanned {
        let (device, nonce) = (device.to_owned(), nonce.to_owned());
        Scanned { at: Timestamp::from_millis(at), device, nonce, offline: true, by: None }
    }

    fn ticket() -> UsedTicket {
        unused(BookingId::from_bytes([1; 16]))
    }

    fn all(scans: impl IntoIterator<Item = Scanned>) -> UsedTicket {
        let mut used = ticket();
        scans.into_iter().for_each(|scan| _ = add(&mut used, scan));
        used
    }

    #[test]
    fn the_earliest_scan_wins_and_the_others_are_kept() {
        let used = all([scan(5, "b", "1"), scan(3, "a", "1"), scan(9, "c", "1"), scan(3, "a", "1")]);
        let devices: Vec<&str> = used.scans.iter().map(|scan| scan.device.as_str()).collect();
        assert_eq!((devices, used.more), (vec!["a", "b", "c"], false));
    }

    #[test]
    fn what_was_undone_does_not_come_back() {
        let mut used = all([scan(5, "b", "1"), scan(3, "a", "1")]);
        undo(&mut used).unwrap();
        assert!(!used.is_used());
        assert!(!add(&mut used, scan(3, "a", "1")) && !add(&mut used, scan(1, "b", "1")));
        assert!(add(&mut used, scan(6, "a", "2")));
        assert_eq!(used.scans, [scan(6, "a", "2")]);
        for round in 0..(MAX_UNDONE_SCANS - 3) {
            undo(&mut used).unwrap();
            add(&mut used, scan(7, "a", &format!("n{round}")));
        }
        undo(&mut used).unwrap();
        add(&mut used, scan(7, "a", "last"));
        assert_eq!(undo(&mut used).unwrap_err().errors[0].path, "ticket_id");
    }

    #[test]
    fn more_scans_than_are_kept_cannot_be_undone() {
        let most = i64::try_from(MAX_SCANS_PER_TICKET).unwrap();
        let mut used = all((0..=most).map(|at| scan(at, "a", &at.to_string())));
        let before = used.scans.clone();
        let refused = undo(&mut used).unwrap_err();
        assert_eq!((refused.errors[0].path.as_str(), &used.scans), ("ticket_id", &before));
        let mut used = all((0..most).map(|at| scan(at, "a", &at.to_string())));
        undo(&mut used).unwrap();
        assert!(!used.is_used());
    }

    proptest! {
        #[test]
        fn order_and_parts_do_not_matter(
            scans in prop::collection::vec((0_i64..6, 0_u8..4, 0_u8..4), 0..40),
            keys in prop::collection::vec(any::<u32>(), 40),
            again in 0_usize..40,
        ) {
            let scans: Vec<Scanned> = scans
                .into_iter()
                .map(|(at, device, nonce)| scan(at, &format!("d{device}"), &nonce.to_string()))
                .collect();
            let mut shuffled: Vec<(u32, Scanned)> = keys.into_iter().zip(scans.iter().cloned()).collect();
            shuffled.sort_by_key(|(key, _)| *key);
            let shuffled = shuffled.into_iter().map(|(_, scan)| scan);
            let one = all(scans.clone());
            let other = all(shuffled.chain(scans.iter().take(again).cloned()));
            prop_assert_eq!(&one.scans, &other.scans);
            prop_assert_eq!(one.more, other.more);
            // Told once more, nothing changes.
            let mut repeated = one.clone();
            for scan in scans {
                prop_assert!(!add(&mut repeated, scan));
            }
            prop_assert!(one.scans.len() <= MAX_SCANS_PER_TICKET && one.scans.is_sorted());
        }
    }
}
