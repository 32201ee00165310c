//! Tickets that were given out, those that never were, and those that may not go back.

use super::*;

#[test]
fn a_scan_of_a_ticket_that_its_booking_never_had_is_unknown() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2"], &ConfirmBooking::paid_by("test", None));
    let (other, _) = evening.buy_one("A4");
    evening.doors_open();
    let mut gate = evening.offline("tablet");
    let now = evening.house.kitflik.now();
    let [first, second] =
        [&tickets[0], &tickets[1]].map(|ticket| gate.scan(&ticket.token, "t", now).unwrap().scan);

    // Uploaded first, it does not take the place of the genuine one.
    let foreign = Scan { booking_id: other, ..first.clone() };
    let merged = evening.merge(std::slice::from_ref(&foreign));
    assert_eq!((merged.merged, merged.known), (0, 0));
    assert_eq!(merged.flagged[0].flags, [CheckInFlag::Unknown]);
    let merged = evening.merge(std::slice::from_ref(&first));
    assert_eq!((merged.merged, merged.flagged.len()), (1, 0));
    // And not together with it either.
    let foreign = Scan { booking_id: other, ..second.clone() };
    let merged = evening.merge(&[second.clone(), foreign.clone()]);
    assert_eq!((merged.merged, merged.flagged.len()), (1, 1));
    assert_eq!(merged.flagged[0].scan, foreign);
    let list = evening.list(false);
    assert!(list.iter().all(|item| item.booking_id == sold.id && item.flags.is_empty()), "{list:?}");
    assert_eq!(evening.count(), (2, 3));
}

#[test]
fn a_ticket_that_was_given_out_counts_whatever_became_of_it() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2", "A3"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let (bookings, now) = (evening.house.kitflik.bookings(), evening.house.kitflik.now());
    let reissue = RevokeTicket::because("Lost").reissue();
    let again = block_on(bookings.revoke_ticket(&Actor::System, sold.id, tickets[1].id, &reissue)).unwrap();
    let scan = |ticket_id| Scan {
        show_id: evening.show.id,
        booking_id: sold.id,
        ticket_id,
        device: "tablet".to_owned(),
        nonce: "t".to_owned(),
        at: now,
    };
    let again = again.reissued_as.unwrap();
    let one = CancelBooking::because("Ill").seats(seats(&["A1"]));
    block_on(bookings.cancel(&Actor::System, sold.id, &one)).unwrap();
    let merged = evening.merge(&[scan(tickets[0].id), scan(again), scan(tickets[1].id)]);
    assert_eq!(merged.merged, 3);
    let mut flags: Vec<_> = merged.flagged.iter().map(|scan| (scan.scan.ticket_id, scan.flags[0])).collect();
    flags.sort_by_key(|(_, flag)| *flag);
    assert_eq!(flags, [(tickets[0].id, CheckInFlag::Cancelled), (tickets[1].id, CheckInFlag::Revoked)]);

    // What another house, alike in everything, gives out as the next ticket was not given out by this one.
    let unborn = {
        let twin = super::evening();
        let (twin_sold, twin_tickets) = twin.buy(&["A1", "A2", "A3"], &ConfirmBooking::paid_by("test", None));
        assert_eq!((twin_sold.id, twin_tickets[2].id), (sold.id, tickets[2].id));
        let verb = twin.house.kitflik.bookings();
        block_on(verb.revoke_ticket(&Actor::System, sold.id, tickets[2].id, &reissue)).unwrap()
    };
    let merged = evening.merge(&[scan(unborn.reissued_as.unwrap())]);
    assert_eq!((merged.merged, merged.flagged[0].flags.as_slice()), (0, [CheckInFlag::Unknown].as_slice()));
    assert_eq!(evening.list(false).len(), 3);
}

#[test]
fn whoever_went_in_cannot_give_the_ticket_back() {
    let evening = evening();
    let bookings = evening.house.kitflik.bookings();
    let request = HoldSeats::seats(evening.show.id, seats(&["A1", "A2", "A3"]));
    let held = block_on(bookings.hold(&Actor::guest(), &request)).unwrap();
    let guest = Actor::guest_with(held.booking_token.clone().unwrap());
    block_on(bookings.confirm(&Actor::System, held.id, &ConfirmBooking::paid_by("test", None))).unwrap();
    let tickets = block_on(bookings.tickets(&Actor::System, held.id)).unwrap();
    evening.doors_open();
    evening.scan(&tickets[0].token, "front", "n").unwrap();
    let cancel = |actor: &Actor, request: CancelBooking| {
        block_on(bookings.cancel(actor, held.id, &request)).map_err(|error| error.code())
    };
    let closed = ErrorCode::CancellationClosed;
    assert_eq!(cancel(&guest, CancelBooking::new()).unwrap_err(), closed);
    assert_eq!(cancel(&guest, CancelBooking::new().seats(seats(&["A1"]))).unwrap_err(), closed);
    let terms = |seats: &[_]| block_on(bookings.cancellation_terms(&guest, held.id, seats));
    let refused = terms(&[]).unwrap_err();
    assert_eq!(refused.code(), closed);
    assert!(refused.to_string().contains("let somebody in"), "{refused}");
    // The others may go back, and all may once the check-in is undone or staff say so.
    assert!(terms(&seats(&["A2"])).is_ok());
    cancel(&guest, CancelBooking::new().seats(seats(&["A2"]))).unwrap();
    evening.undo(held.id, tickets[0].id).unwrap();
    cancel(&guest, CancelBooking::new().seats(seats(&["A1"]))).unwrap();
    evening.scan(&tickets[2].token, "front", "m").unwrap();
    assert_eq!(cancel(&guest, CancelBooking::new()).unwrap_err(), closed);
    cancel(&staff(Role::BoxOffice), CancelBooking::because("The projector broke")).unwrap();
}

#[test]
fn whoever_went_in_by_another_ticket_meanwhile_keeps_the_booking() {
    let evening = evening();
    let watched = Arc::new(Watched::new(evening.house.storage.clone()));
    let slow = Kitflik::builder(watched.clone(), MasterKey::new([7; 32]))
        .clock(evening.house.clock.clone())
        .build()
        .unwrap();
    let kitflik = evening.house.kitflik.clone();
    let held = HoldSeats::seats(evening.show.id, seats(&["A1"]));
    let held = block_on(kitflik.bookings().hold(&Actor::guest(), &held)).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    block_on(kitflik.bookings().confirm(&guest, held.id, &ConfirmBooking::paid_by("test", None))).unwrap();
    evening.doors_open();
    let show = evening.show.id;
    let owner = guest.clone();
    watched.goes_first(move || {
        let bookings = kitflik.bookings();
        let lost = block_on(bookings.tickets(&owner, held.id)).unwrap().remove(0).id;
        let another = RevokeTicket::because("Lost.").reissue();
        block_on(bookings.revoke_ticket(&staff(Role::Manager), held.id, lost, &another)).unwrap();
        let token = block_on(bookings.tickets(&owner, held.id)).unwrap().remove(0).token;
        block_on(bookings.check_in(&usher(), &CheckIn::token(show, token, "front", "n"))).unwrap();
    });
    let refused = block_on(slow.bookings().cancel(&guest, held.id, &CancelBooking::new())).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::CancellationClosed);
}

#[test]
fn an_undo_that_found_nothing_undoes_nothing_later() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    evening.doors_open();
    evening.scan(&ticket.token, "front", "n1").unwrap();
    evening.undo(booking, ticket.id).unwrap();
    let reason = "The wrong person".to_owned();
    let command = Some("undo-2".parse().unwrap());
    let again = UndoCheckIn { command, booking_id: booking, ticket_id: ticket.id, reason };
    let undo = || block_on(evening.house.kitflik.bookings().undo_check_in(&staff(Role::Manager), &again));
    undo().unwrap();
    evening.scan(&ticket.token, "front", "n2").unwrap();
    undo().unwrap();
    assert_eq!(evening.refused(&ticket.token, "n3"), ErrorCode::TicketAlreadyUsed);
}
