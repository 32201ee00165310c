//! Tickets at the gate: who is let in, who is refused, and what is left of it.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "check_in/given_out.rs"]
mod given_out;

use std::sync::Arc;
use std::time::Duration;

use common::{HALL, House, Slow, Watched, house, house_on, house_with_key, seats};
use kitflik_core::{
    Actor, AuditQuery, BookingError, BookingId, BookingView, CancelBooking, CheckIn, CheckInFlag,
    CheckInQuery, CheckedIn, ConfirmBooking, ErrorCode, HoldSeats, Kitflik, MasterKey, MemoryStorage,
    MergeCheckIns, MoveShow, OfflineGate, PageRequest, RevokeTicket, Role, Scan, ShowId, ShowView, StaffId,
    TakePayment, TicketId, TicketView, Timestamp, UndoCheckIn, limits,
};
use pollster::block_on;

fn staff(role: Role) -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role }
}

fn usher() -> Actor {
    staff(Role::Usher)
}

struct Evening {
    house: House,
    show: ShowView,
}

/// A show, half an hour before it starts.
fn evening() -> Evening {
    evening_in(house())
}

fn evening_in(house: House) -> Evening {
    let show = house.cinema(HALL, |_| {}).show;
    Evening { house, show }
}

impl Evening {
    fn buy(&self, names: &[&str], confirm: &ConfirmBooking) -> (BookingView, Vec<TicketView>) {
        let bookings = self.house.kitflik.bookings();
        let held =
            block_on(bookings.hold(&Actor::System, &HoldSeats::seats(self.show.id, seats(names)))).unwrap();
        let sold = block_on(bookings.confirm(&Actor::System, held.id, confirm)).unwrap();
        let tickets = block_on(bookings.tickets(&Actor::System, sold.id)).unwrap();
        (sold, tickets)
    }

    fn buy_one(&self, name: &str) -> (BookingId, TicketView) {
        let (sold, tickets) = self.buy(&[name], &ConfirmBooking::paid_by("test", None));
        (sold.id, tickets.into_iter().next().unwrap())
    }

    fn doors_open(&self) {
        let to_start = self.show.starts_at.since(self.house.kitflik.now());
        self.house.clock.advance(to_start - Duration::from_secs(30 * 60));
    }

    fn scan(&self, token: &str, device: &str, nonce: &str) -> Result<CheckedIn, BookingError> {
        let request = CheckIn::token(self.show.id, token, device, nonce);
        block_on(self.house.kitflik.bookings().check_in(&usher(), &request))
    }

    fn refused(&self, token: &str, nonce: &str) -> ErrorCode {
        self.scan(token, "front", nonce).unwrap_err().code()
    }

    fn undo(&self, booking: BookingId, ticket: TicketId) -> Result<(), BookingError> {
        let reason = "The wrong person".to_owned();
        let request = UndoCheckIn { command: None, booking_id: booking, ticket_id: ticket, reason };
        block_on(self.house.kitflik.bookings().undo_check_in(&staff(Role::Manager), &request))
    }

    fn offline(&self, device: &str) -> OfflineGate {
        let pack = block_on(self.house.kitflik.bookings().gate_pack(&usher(), self.show.id)).unwrap();
        OfflineGate::new(pack, device).unwrap()
    }

    fn merge(&self, scans: &[Scan]) -> kitflik_core::MergedCheckIns {
        let request = MergeCheckIns { scans: scans.to_vec() };
        block_on(self.house.kitflik.bookings().merge_check_ins(&usher(), &request)).unwrap()
    }

    fn list(&self, flagged: bool) -> Vec<kitflik_core::CheckInView> {
        let query = CheckInQuery { flagged, ..CheckInQuery::default() };
        block_on(self.house.kitflik.bookings().check_ins(&usher(), self.show.id, &query)).unwrap().items
    }

    fn count(&self) -> (u32, u32) {
        let count = block_on(self.house.kitflik.bookings().check_in_count(&usher(), self.show.id)).unwrap();
        (count.admitted, count.sold)
    }
}

#[test]
fn a_ticket_lets_in_once_and_a_repeat_gets_the_same_answer() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let first = evening.scan(&tickets[0].token, "front", "n1").unwrap();
    assert_eq!((first.seat.label.as_str(), first.seat.ticket_type.as_str()), ("A1", "adult"));
    assert_eq!((first.booking_id, first.ticket_id, first.due), (sold.id, tickets[0].id, None));
    assert_eq!(first.at, evening.house.kitflik.now());
    evening.house.clock.advance(Duration::from_secs(60));
    assert_eq!(evening.scan(&tickets[0].token, "front", "n1").unwrap(), first);

    for (device, nonce) in [("front", "n2"), ("back", "n1")] {
        let refused = evening.scan(&tickets[0].token, device, nonce).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TicketAlreadyUsed);
        let told = refused.to_string();
        assert!(told.contains("front") && told.contains(&first.at.to_string()), "{told}");
    }
    assert!(evening.scan(&tickets[1].token, "back", "n1").is_ok());
    assert_eq!(evening.count(), (2, 2));
    let list = evening.list(false);
    assert_eq!(list.len(), 2);
    assert!(list.iter().all(|item| item.flags.is_empty() && item.scans.len() == 1));
    assert_eq!(evening.list(true), []);
}

#[test]
fn each_refusal_has_its_own_code() {
    let evening = evening();
    let (_, ticket) = evening.buy_one("A1");
    let token = &ticket.token;
    assert_eq!(evening.refused(token, "n"), ErrorCode::TicketTooEarly);
    evening.doors_open();

    assert_eq!(evening.refused("KF1.nonsense", "n"), ErrorCode::TicketMalformed);
    assert_eq!(evening.refused(&token.replacen("KF1.", "KF2.", 1), "n"), ErrorCode::TicketUnknownVersion);
    let mut altered = token.clone();
    let last = altered.pop().unwrap();
    altered.pop();
    altered.extend(['A', last]);
    assert_eq!(evening.refused(&altered, "n"), ErrorCode::TicketBadSignature);
    let stranger = evening_in(house_with_key([8; 32]));
    let (_, forged) = stranger.buy_one("A1");
    assert_eq!(evening.refused(&forged.token, "n"), ErrorCode::TicketUnknownKey);

    let (cancelled, gone) = evening.buy_one("A2");
    let bookings = evening.house.kitflik.bookings();
    block_on(bookings.cancel(&Actor::System, cancelled, &CancelBooking::because("Ill"))).unwrap();
    assert_eq!(evening.refused(&gone.token, "n"), ErrorCode::TicketCancelled);
    // Its seat is sold again: the new ticket lets in, the old one does not.
    let (_, again) = evening.buy_one("A2");
    assert!(evening.scan(&again.token, "front", "a2").is_ok());
    assert_eq!(evening.refused(&gone.token, "n"), ErrorCode::TicketCancelled);

    let (stolen, lost) = evening.buy_one("A3");
    let revoke = RevokeTicket::because("Stolen");
    block_on(bookings.revoke_ticket(&staff(Role::BoxOffice), stolen, lost.id, &revoke)).unwrap();
    let refused = evening.scan(&lost.token, "front", "n").unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TicketRevoked);
    assert!(refused.to_string().contains("Stolen"));

    let elsewhere = CheckIn::token(ShowId::from_bytes([1; 16]), token, "front", "n");
    let refused = block_on(bookings.check_in(&usher(), &elsewhere)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TicketWrongShow);
    assert_eq!(
        refused.to_string(),
        "this ticket is for another show: Alien, 27 November 2026, 20:00, Hall 1"
    );

    evening.scan(token, "front", "n").unwrap();
    assert_eq!(evening.refused(token, "m"), ErrorCode::TicketAlreadyUsed);
    let (_, late) = evening.buy_one("A4");
    evening.house.clock.advance(Duration::from_secs(6 * 3600));
    assert_eq!(evening.refused(&late.token, "n"), ErrorCode::TicketExpired);
    assert_eq!(evening.count().0, 2, "no refusal let anybody in");
}

#[test]
fn fields_are_checked_and_only_staff_let_in() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    evening.doors_open();
    let bookings = evening.house.kitflik.bookings();
    let good = CheckIn::token(evening.show.id, &ticket.token, "front", "n");
    let both = CheckIn { booking_id: Some(booking), ticket_id: Some(ticket.id), ..good.clone() };
    let half = CheckIn { token: None, booking_id: Some(booking), ..good.clone() };
    for (request, field) in [
        (CheckIn { shows: Vec::new(), ..good.clone() }, "shows"),
        (CheckIn { device: " ".to_owned(), ..good.clone() }, "device"),
        (CheckIn { nonce: "a b".to_owned(), ..good.clone() }, "nonce"),
        (both, "token"),
        (half, "token"),
    ] {
        let refused = block_on(bookings.check_in(&usher(), &request)).unwrap_err();
        let BookingError::Invalid(invalid) = refused else { panic!("{refused}") };
        assert_eq!(invalid.errors[0].path, field);
    }
    let refused = block_on(bookings.check_in(&Actor::guest(), &good)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthenticated);
    assert_eq!(evening.count(), (0, 1));

    // Somebody whose telephone is empty.
    let by_id =
        CheckIn { token: None, booking_id: Some(booking), ticket_id: Some(ticket.id), ..good.clone() };
    let told = block_on(bookings.check_in(&usher(), &by_id)).unwrap();
    assert_eq!(told, block_on(bookings.check_in(&usher(), &good)).unwrap());
    let unknown = CheckIn { ticket_id: Some(TicketId::from_bytes([5; 16])), ..by_id };
    assert_eq!(block_on(bookings.check_in(&usher(), &unknown)).unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn what_is_due_at_the_counter_is_told() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1"], &ConfirmBooking::counter());
    evening.doors_open();
    assert_eq!(evening.scan(&tickets[0].token, "front", "n").unwrap().due, Some(sold.quote.total));
    assert!(evening.offline("back").pack().tickets[0].due);
    let bookings = evening.house.kitflik.bookings();
    block_on(bookings.take_payment(&staff(Role::BoxOffice), sold.id, &TakePayment::default())).unwrap();
    assert_eq!(evening.scan(&tickets[0].token, "front", "n").unwrap().due, None);
    assert!(!evening.offline("back").pack().tickets[0].due);
}

#[test]
fn an_old_ticket_is_good_for_the_moved_show() {
    let evening = evening();
    let (_, ticket) = evening.buy_one("A1");
    let to = MoveShow { starts_at_local: Some("2026-11-27T23:30".parse().unwrap()), ..MoveShow::default() };
    let catalog = evening.house.kitflik.catalog();
    block_on(catalog.move_show(&Actor::System, evening.show.id, None, &to)).unwrap();
    evening.doors_open();
    assert_eq!(evening.refused(&ticket.token, "n"), ErrorCode::TicketTooEarly);
    evening.house.clock.advance(Duration::from_secs(4 * 3600));
    assert!(evening.scan(&ticket.token, "front", "n").is_ok());
}

#[test]
fn many_devices_at_once_let_a_ticket_in_once() {
    let evening = evening_in(house_on(Arc::new(Slow(MemoryStorage::new()))));
    let (_, tickets) = evening.buy(&["A1", "A2", "A3"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let bookings = evening.house.kitflik.bookings();
    let (show, usher) = (evening.show.id, usher());
    let scans = (0..24_usize).map(|number| {
        let (token, usher) = (tickets[number % 3].token.clone(), usher.clone());
        // Each scan is sent twice.
        let request = CheckIn::token(show, token, format!("d{}", number / 6), format!("n{}", number / 6));
        async move { (number % 3, bookings.check_in(&usher, &request).await) }
    });
    let told = block_on(futures_join(scans.collect()));
    for ticket in 0..3 {
        let of = told.iter().filter(|(of, _)| *of == ticket);
        let (admitted, refused): (Vec<_>, Vec<_>) = of.map(|(_, told)| told).partition(|told| told.is_ok());
        assert_eq!(admitted.len(), 2, "one scan, and its repeat");
        assert_eq!(admitted[0], admitted[1]);
        for refused in refused {
            assert_eq!(refused.as_ref().unwrap_err().code(), ErrorCode::TicketAlreadyUsed);
        }
    }
    assert_eq!(evening.count(), (3, 3));
}

/// Polls all in turn.
async fn futures_join<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        for (future, told) in futures.iter_mut().filter(|(_, told)| told.is_none()) {
            if let std::task::Poll::Ready(answer) = future.as_mut().poll(context) {
                *told = Some(answer);
            }
        }
        if futures.iter().any(|(_, told)| told.is_none()) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(futures.iter_mut().map(|(_, told)| told.take().unwrap()).collect())
    })
    .await
}

#[test]
fn staff_undo_a_check_in_and_it_does_not_come_back() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    evening.doors_open();
    assert_eq!(evening.undo(booking, ticket.id).unwrap_err().code(), ErrorCode::NotFound);
    let mut gate = evening.offline("tablet");
    let scan = gate.scan(&ticket.token, "t1", evening.house.kitflik.now()).unwrap().scan;
    evening.scan(&ticket.token, "front", "n1").unwrap();
    evening.merge(std::slice::from_ref(&scan));
    evening.undo(booking, ticket.id).unwrap();
    evening.undo(booking, ticket.id).unwrap();
    assert_eq!(evening.count(), (0, 1));
    assert_eq!(evening.refused(&ticket.token, "n1"), ErrorCode::TicketScanUndone);
    let merged = evening.merge(&[scan]);
    assert_eq!((merged.merged, merged.known, merged.flagged.len()), (0, 1, 0));
    assert_eq!(evening.count(), (0, 1));
    evening.scan(&ticket.token, "front", "n2").unwrap();
    assert_eq!(evening.count(), (1, 1));

    let admin = staff(Role::Admin);
    let log = block_on(evening.house.kitflik.staff().audit(&admin, &AuditQuery::default())).unwrap().items;
    let undone = log.iter().find(|entry| entry.verb == "undo_check_in").unwrap();
    assert!(undone.note.as_ref().unwrap().contains("The wrong person"), "{undone:?}");
    assert!(undone.subjects.contains(&format!("check-in/{}", evening.show.id)));
    let blank =
        UndoCheckIn { command: None, booking_id: booking, ticket_id: ticket.id, reason: String::new() };
    let refused = block_on(evening.house.kitflik.bookings().undo_check_in(&admin, &blank)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
}

#[test]
fn another_ticket_stands_in_for_one_that_was_lost() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let (bookings, box_office) = (evening.house.kitflik.bookings(), staff(Role::BoxOffice));
    let revoke = |ticket, request: RevokeTicket| {
        block_on(bookings.revoke_ticket(&box_office, sold.id, ticket, &request))
    };
    let mine = || block_on(bookings.tickets(&Actor::System, sold.id)).unwrap();
    let first = revoke(tickets[0].id, RevokeTicket::because("Lost")).unwrap();
    assert_eq!(first.reissued_as, None);
    assert_eq!(mine().iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [tickets[1].id]);
    let again = revoke(tickets[0].id, RevokeTicket::because("Lost").reissue()).unwrap();
    assert_eq!(mine()[0].id, again.reissued_as.unwrap());
    assert_eq!(again, revoke(tickets[0].id, RevokeTicket::because("Again").reissue()).unwrap());
    let second = mine().remove(0);
    assert_eq!(second.seat.label, "A1");
    let pack = evening.offline("tablet").pack().clone();
    assert_eq!(pack.refused.iter().map(|ticket| ticket.ticket_id).collect::<Vec<_>>(), [tickets[0].id]);

    assert_eq!(evening.refused(&tickets[0].token, "n"), ErrorCode::TicketRevoked);
    assert_eq!(evening.scan(&second.token, "front", "n").unwrap().seat.label, "A1");
    // A ticket that was never given out lets nobody in, not even by its id.
    let third = revoke(second.id, RevokeTicket::because("Lost").reissue()).unwrap().reissued_as.unwrap();
    let unborn = revoke(third, RevokeTicket::because("Lost").reissue()).unwrap().reissued_as.unwrap();
    for _ in 0..limits::MAX_REISSUES - 3 {
        let next = mine()[0].id;
        revoke(next, RevokeTicket::because("Lost").reissue()).unwrap();
    }
    let last = mine()[0].id;
    assert_ne!(last, unborn);
    let refused = revoke(last, RevokeTicket::because("Lost").reissue()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);

    // Cancelled, all that was ever given out is refused by gates without a network.
    block_on(bookings.cancel(&Actor::System, sold.id, &CancelBooking::because("Ill"))).unwrap();
    let pack = evening.offline("tablet").pack().clone();
    assert_eq!(pack.refused.len(), usize::from(limits::MAX_REISSUES) + 2);
    assert!(pack.refused.iter().all(|ticket| ticket.ticket_id != tickets[1].id || !ticket.revoked));
}

#[test]
fn a_ticket_of_a_generation_that_does_not_exist_yet_is_unknown() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    evening.doors_open();
    let bookings = evening.house.kitflik.bookings();
    let manager = staff(Role::Manager);
    let reissue = RevokeTicket::because("Lost").reissue();
    // What another house, alike in everything, gives out as the next ticket.
    let next = {
        let twin = self::evening();
        let (twin_booking, twin_ticket) = twin.buy_one("A1");
        assert_eq!((twin_booking, twin_ticket.id), (booking, ticket.id));
        let verb = twin.house.kitflik.bookings();
        let view = block_on(verb.revoke_ticket(&manager, twin_booking, twin_ticket.id, &reissue)).unwrap();
        (view.reissued_as.unwrap(), block_on(verb.tickets(&Actor::System, booking)).unwrap().remove(0).token)
    };
    assert_eq!(evening.refused(&next.1, "n"), ErrorCode::NotFound);
    let refused = block_on(bookings.revoke_ticket(&manager, booking, next.0, &reissue)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}

#[test]
fn logs_of_devices_come_together() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2", "A3"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let now = evening.house.kitflik.now();
    let later = |seconds| now.plus(Duration::from_secs(seconds));
    let [mut left, mut right, mut third] = ["left", "right", "third"].map(|name| evening.offline(name));
    left.scan(&tickets[0].token, "l1", later(9)).unwrap();
    right.scan(&tickets[0].token, "r1", later(5)).unwrap();
    right.scan(&tickets[1].token, "r2", later(6)).unwrap();
    evening.scan(&tickets[2].token, "front", "n").unwrap();

    let merged = evening.merge(left.scans());
    assert_eq!((merged.merged, merged.known, merged.flagged.len()), (1, 0, 0));
    let merged = evening.merge(right.scans());
    assert_eq!((merged.merged, merged.known), (2, 0));
    assert_eq!(merged.flagged.len(), 1);
    assert_eq!(merged.flagged[0].flags, [CheckInFlag::Conflict]);
    assert_eq!(merged.flagged[0].scan, right.scans()[0]);
    let again = evening.merge(right.scans());
    assert_eq!((again.merged, again.known, &again.flagged), (0, 2, &merged.flagged));
    assert_eq!(evening.count(), (3, 3));

    let flagged = evening.list(true);
    let [conflict] = &flagged[..] else { panic!("{flagged:?}") };
    let order: Vec<(&str, Timestamp)> =
        conflict.scans.iter().map(|scan| (scan.device.as_str(), scan.at)).collect();
    assert_eq!(order, [("right", later(5)), ("left", later(9))], "the earliest counts, the other is kept");
    assert_eq!(conflict.label.as_deref(), Some("A1"));
    // The gate with a network knows now.
    let refused = evening.scan(&tickets[1].token, "front", "m").unwrap_err();
    assert!(refused.to_string().contains("right"), "{refused}");

    // Cancelled meanwhile: kept, and flagged.
    let scan = third.scan(&tickets[1].token, "x", later(20)).unwrap().scan;
    let cancel = CancelBooking::because("It burns.");
    block_on(evening.house.kitflik.bookings().cancel(&Actor::System, sold.id, &cancel)).unwrap();
    let merged = evening.merge(std::slice::from_ref(&scan));
    assert_eq!(merged.flagged[0].flags, [CheckInFlag::Conflict, CheckInFlag::Cancelled]);
    assert_eq!(evening.list(true).len(), 3);

    let unknown = Scan { booking_id: BookingId::from_bytes([1; 16]), ..scan.clone() };
    let merged = evening.merge(std::slice::from_ref(&unknown));
    assert_eq!((merged.merged, merged.known), (0, 0));
    assert_eq!(merged.flagged[0].flags, [CheckInFlag::Unknown]);
    let bookings = evening.house.kitflik.bookings();
    let many = MergeCheckIns { scans: vec![scan.clone(); limits::MAX_SCANS_PER_MERGE + 1] };
    let bad = MergeCheckIns { scans: vec![scan.clone(), Scan { nonce: String::new(), ..scan }] };
    for (request, path) in [(many, "scans"), (bad, "scans[1].nonce"), (MergeCheckIns::default(), "scans")] {
        let refused = block_on(bookings.merge_check_ins(&usher(), &request)).unwrap_err();
        let BookingError::Invalid(invalid) = refused else { panic!("{refused}") };
        assert_eq!(invalid.errors[0].path, path);
    }
}

#[test]
fn a_pack_names_the_tickets_that_were_used() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let before = evening.offline("tablet").pack().clone();
    assert_eq!(before.used, []);
    let first = evening.scan(&tickets[0].token, "front", "n").unwrap();
    let mut gate = evening.offline("tablet");
    assert_ne!(gate.pack().version, before.version);
    let refused = gate.scan(&tickets[0].token, "t", evening.house.kitflik.now()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TicketAlreadyUsed);
    assert!(refused.to_string().contains(&format!("{} at front", first.at)), "{refused}");
    assert!(gate.scan(&tickets[1].token, "t", evening.house.kitflik.now()).is_ok());
    evening.undo(sold.id, tickets[0].id).unwrap();
    gate.renew(evening.offline("tablet").pack().clone()).unwrap();
    assert!(gate.scan(&tickets[0].token, "t", evening.house.kitflik.now()).is_ok());
}

#[test]
fn a_pack_is_the_same_until_something_changes() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    let pack = || evening.offline("tablet").pack().clone();
    let before = pack();
    assert_eq!((before.title.as_str(), before.place.as_str()), ("Alien", "Hall 1, Odeon"));
    assert_eq!(before.seats[before.tickets[0].seat as usize].label, "A1");
    evening.house.clock.advance(Duration::from_secs(10));
    let same = pack();
    assert_eq!(same.version, before.version);
    assert!(same.made_at > before.made_at);
    let revoke = RevokeTicket::because("Stolen");
    block_on(evening.house.kitflik.bookings().revoke_ticket(&Actor::System, booking, ticket.id, &revoke))
        .unwrap();
    let after = pack();
    assert_ne!(after.version, before.version);
    assert!(after.refused[0].revoked && !serde_json::to_string(&after).unwrap().contains("Stolen"));
    assert_eq!((after.tickets.len(), after.refused.len()), (0, 1));
}

#[test]
fn pages_of_check_ins_follow_each_other() {
    let evening = evening();
    let names: Vec<String> = (1..=7).map(|number| format!("A{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_, tickets) = evening.buy(&names, &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    for ticket in &tickets {
        evening.scan(&ticket.token, "front", "n").unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let query =
            CheckInQuery { flagged: false, page: PageRequest { cursor: cursor.take(), limit: Some(3) } };
        let bookings = evening.house.kitflik.bookings();
        let page = block_on(bookings.check_ins(&usher(), evening.show.id, &query)).unwrap();
        assert!(page.items.len() <= 3);
        found.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found, evening.list(false));
    assert_eq!(found.len(), 7);
}

#[test]
fn a_ticket_that_went_back_alone_does_not_let_in() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2", "A3"], &ConfirmBooking::paid_by("test", None));
    evening.doors_open();
    let one = CancelBooking::because("Ill").seats(seats(&["A1"]));
    block_on(evening.house.kitflik.bookings().cancel(&Actor::System, sold.id, &one)).unwrap();
    assert_eq!(evening.refused(&tickets[0].token, "n"), ErrorCode::TicketCancelled);
    assert!(evening.scan(&tickets[1].token, "front", "n").is_ok());
    let mut gate = evening.offline("tablet");
    let now = evening.house.kitflik.now();
    assert_eq!(gate.scan(&tickets[0].token, "t", now).unwrap_err().code(), ErrorCode::TicketCancelled);
    assert!(gate.scan(&tickets[2].token, "t", now).is_ok());
}

#[test]
fn a_booking_is_printed_on_one_page() {
    let evening = evening();
    let (sold, tickets) = evening.buy(&["A1", "A2"], &ConfirmBooking::counter());
    let bookings = evening.house.kitflik.bookings();
    let page = block_on(bookings.print(&Actor::System, sold.id)).unwrap();
    assert_eq!(page.matches("<svg ").count(), 2);
    for ticket in &tickets {
        let picture = block_on(bookings.qr_svg(&Actor::System, sold.id, ticket.id)).unwrap();
        assert!(page.contains(&picture));
        assert!(page.contains(&format!("aria-label=\"Ticket for seat {}\"", ticket.seat.label)));
    }
    for text in
        ["<html lang=\"en\">", "<h1>Alien</h1>", "Friday, 27 November 2026, 20:00", "24.50 EUR, to be paid"]
    {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("style=\""), "the policy allows neither");
    block_on(bookings.revoke_ticket(&Actor::System, sold.id, tickets[0].id, &RevokeTicket::because("Lost")))
        .unwrap();
    let page = block_on(bookings.print(&Actor::System, sold.id)).unwrap();
    assert_eq!(page.matches("<svg ").count(), 1);
    block_on(bookings.cancel(&Actor::System, sold.id, &CancelBooking::because("Ill"))).unwrap();
    let refused = block_on(bookings.print(&Actor::System, sold.id)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BookingState);
}

/// The longest that a ticket's row can become still fits a stored value.
#[test]
fn the_row_of_a_ticket_fits_at_its_longest() {
    let evening = evening();
    let (booking, ticket) = evening.buy_one("A1");
    evening.doors_open();
    let now = evening.house.kitflik.now();
    let wide = |number: usize| {
        let mut name = "\u{1D400}".repeat(limits::MAX_DEVICE_CHARS - 2);
        name.push_str(&format!("{number:02}"));
        name
    };
    let scan = |number: usize| Scan {
        show_id: evening.show.id,
        booking_id: booking,
        ticket_id: ticket.id,
        device: wide(number),
        nonce: "\"".repeat(limits::MAX_NONCE_CHARS),
        at: now,
    };
    for round in 0..limits::MAX_UNDONE_SCANS / limits::MAX_SCANS_PER_TICKET {
        let scans: Vec<Scan> =
            (0..limits::MAX_SCANS_PER_TICKET).map(|number| scan(10 * round + number)).collect();
        evening.merge(&scans);
        evening.undo(booking, ticket.id).unwrap();
    }
    let scans: Vec<Scan> = (50..60).map(scan).collect();
    let merged = evening.merge(&scans);
    assert_eq!(merged.flagged.len(), 10);
    let list = evening.list(true);
    assert!(list[0].more && list[0].scans.len() == limits::MAX_SCANS_PER_TICKET);
    assert_eq!(evening.merge(&scans).merged, 0);
}
