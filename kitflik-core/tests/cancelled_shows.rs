//! Shows that will not take place: nobody buys, all money goes back, and everybody is told, once each.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Cinema, Dying, House, house, house_on, seats};
use kitflik_core::{
    Actor, AuditQuery, Batch, BookingId, BookingStatus, CancelBooking, CancelShow, CancellationTier,
    CancelledBy, CommandId, ConfirmBooking, Durability, ErrorCode, HoldSeats, Kitflik, MasterKey,
    MemoryStorage, MoveShow, NewShow, PageRequest, Policy, Read, RefundReason, Role, ShowStatus, StaffId,
    Write,
};
use pollster::block_on;

/// A hall with room for many.
const BIG: &str = "A: ############################################################\n\
                   B: ############################################################\n";

fn manager() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::Manager }
}

fn because() -> CancelShow {
    CancelShow::because("The projector broke.")
}

fn cinema(house: &House) -> Cinema {
    house.cinema(BIG, |show| show.selection.orphans = false)
}

/// Sells one seat each to so many people, every third of them to be paid at the counter.
fn sell(house: &House, cinema: &Cinema, count: usize) -> Vec<BookingId> {
    let bookings = house.kitflik.bookings();
    let buy = async |number: usize| {
        let (row, place) = (["A", "B"][number / 60], number % 60 + 1);
        let seat = format!("{row}{place}");
        let request = HoldSeats::seats(cinema.show.id, seats(&[&seat]))
            .customer(format!("Customer {number}"), format!("c{number}@example.org"));
        let held = bookings.hold(&Actor::System, &request).await.unwrap();
        let counter = number.is_multiple_of(3);
        let how = if counter { ConfirmBooking::counter() } else { ConfirmBooking::paid_by("test", None) };
        bookings.confirm(&Actor::System, held.id, &how).await.unwrap().id
    };
    block_on(async {
        let mut sold = Vec::new();
        for number in 0..count {
            sold.push(buy(number).await);
        }
        house.kitflik.tick().await.unwrap();
        sold
    })
}

/// Ticks until nothing is left to do, and answers how many people were told by mail that the show is cancelled.
fn finish(house: &House) -> usize {
    block_on(async {
        for _ in 0..20 {
            house.kitflik.tick().await.unwrap();
        }
    });
    let mails = house.mailbox.mails();
    let mut told: Vec<String> = mails
        .into_iter()
        .filter(|mail| mail.text.contains("will not take place"))
        .map(|mail| mail.to)
        .collect();
    let count = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), count, "somebody was told twice");
    count
}

#[test]
fn each_booking_is_undone_once_and_each_holder_told_once() {
    let house = house();
    let cinema = cinema(&house);
    let (kitflik, show) = (&house.kitflik, cinema.show.id);
    let (catalog, bookings) = (kitflik.catalog(), kitflik.bookings());
    let sold = sell(&house, &cinema, 100);
    assert!(!house.payments.taken().is_empty());
    block_on(async {
        let held = bookings.hold(&Actor::System, &HoldSeats::seats(show, seats(&["B60"]))).await.unwrap();
        let early = bookings.cancel(&Actor::System, sold[1], &CancelBooking::because("Ill")).await.unwrap();

        let request = because().command("cancel".parse().unwrap());
        let begun = catalog.cancel_show(&manager(), show, &request).await.unwrap();
        assert_eq!((begun.show_id, begun.cancelled_at, begun.done), (show, kitflik.now(), false));
        assert!(begun.left > 0 && begun.left < 100, "{begun:?}");
        assert_eq!(catalog.show(show).await.unwrap().status, ShowStatus::Cancelled);
        // Nobody gets a seat any more, and nobody moves the show.
        let refused = bookings.hold(&Actor::System, &HoldSeats::best(show, 1)).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ShowNotOnSale);
        let to = MoveShow::to_time("2026-11-28T20:00".parse().unwrap());
        assert!(catalog.move_show(&manager(), show, None, &to).await.is_err());
        // Cancelling what is cancelled changes nothing.
        assert_eq!(catalog.cancel_show(&manager(), show, &request).await.unwrap(), begun);
        assert_eq!(catalog.cancel_show(&manager(), show, &because()).await.unwrap(), begun);
        assert_eq!(catalog.show_cancellation(&manager(), show).await.unwrap(), begun);

        assert_eq!(finish(&house), 99);
        let end = catalog.show_cancellation(&manager(), show).await.unwrap();
        assert_eq!((end.done, end.left, end.reason.as_str()), (true, 0, "The projector broke."));
        assert_eq!(house.payments.taken(), []);
        for (number, id) in sold.iter().enumerate() {
            let booking = bookings.get(&Actor::System, *id).await.unwrap();
            let how = booking.cancellation.clone().unwrap();
            assert_eq!((booking.status, how.by), (BookingStatus::Cancelled, CancelledBy::House));
            if number == 1 {
                assert_eq!(how.reason.as_deref(), Some("Ill"));
                continue;
            }
            assert_eq!(how.reason.as_deref(), Some("The projector broke."));
            // All of it comes back, with the fee.
            let back = how.refund.map(|refund| refund.amount.amount_minor);
            assert_eq!(back, (number % 3 != 0).then_some(1_250), "booking {number}");
        }
        assert_eq!(bookings.get(&Actor::System, sold[1]).await.unwrap().cancellation, early.cancellation);
        let late = bookings.confirm(&Actor::System, held.id, &ConfirmBooking::counter()).await.unwrap_err();
        assert_eq!(late.code(), ErrorCode::HoldExpired);
        let log = kitflik.staff().audit(&Actor::System, &AuditQuery::default()).await.unwrap().items;
        assert_eq!((log.len(), log[0].verb.as_str()), (1, "cancel_show"));
    });
}

#[test]
fn whatever_cuts_it_off_another_process_goes_on() {
    for batches in (0..60).step_by(7) {
        let storage = Arc::new(MemoryStorage::new());
        let house = house_on(storage.clone());
        let cinema = cinema(&house);
        sell(&house, &cinema, 24);
        let dying = Arc::new(Dying::new(storage, Some(batches)));
        let cut_off = kitflik_core::Kitflik::builder(dying, kitflik_core::MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .payments("test", house.payments.clone())
            .build()
            .unwrap();
        let begun = block_on(cut_off.catalog().cancel_show(&manager(), cinema.show.id, &because()));
        house.clock.advance(Duration::from_secs(120));
        let told = finish(&house);
        let status = block_on(house.kitflik.catalog().show(cinema.show.id)).unwrap().status;
        match begun {
            Err(_) if status == ShowStatus::OnSale => assert_eq!((told, batches), (0, 0)),
            _ => {
                assert_eq!((status, told), (ShowStatus::Cancelled, 24), "after {batches} batches");
                assert_eq!(house.payments.taken(), [], "after {batches} batches");
            }
        }
    }
}

#[test]
fn its_auditorium_is_free_for_another_and_money_in_flight_goes_back() {
    let house = house();
    let cinema = cinema(&house);
    let (kitflik, show) = (&house.kitflik, cinema.show.id);
    let (catalog, bookings) = (kitflik.catalog(), kitflik.bookings());
    block_on(async {
        let held = bookings.hold(&Actor::System, &HoldSeats::best(show, 2)).await.unwrap();
        // The provider takes the money, and nobody hears of it.
        let unheard = ConfirmBooking::paid_by("test", Some("timeout_after".to_owned()));
        let pending = bookings.confirm(&Actor::System, held.id, &unheard).await.unwrap_err();
        assert_eq!((pending.code(), house.payments.taken().len()), (ErrorCode::PaymentPending, 1));
        let done = catalog.cancel_show(&manager(), show, &because()).await.unwrap();
        assert!(done.done, "{done:?}");
        house.clock.advance(Duration::from_secs(120));
        kitflik.tick().await.unwrap();
        assert_eq!(house.payments.taken(), []);
        assert_eq!(bookings.get(&Actor::System, held.id).await.unwrap().status, BookingStatus::Expired);

        let again = NewShow::new(
            cinema.movie.id,
            cinema.auditorium.id,
            cinema.card.id,
            "2026-11-27T20:00".parse().unwrap(),
        );
        let other = catalog.add_show(&manager(), &again).await.unwrap();
        bookings.hold(&Actor::System, &HoldSeats::best(other.id, 2)).await.unwrap();
        // Nobody ever had a ticket for it, so it may go; then the other, once nobody holds a seat of it.
        catalog.delete_show(&manager(), show, None, None).await.unwrap();
        assert_eq!(
            catalog.show_cancellation(&manager(), show).await.unwrap_err().code(),
            ErrorCode::NotFound
        );
        let page = PageRequest::default();
        assert_eq!(catalog.price_cards(&page).await.unwrap().items.len(), 1);
    });
}

#[test]
fn only_who_edits_the_catalogue_cancels_a_show_and_says_why() {
    let house = house();
    let cinema = cinema(&house);
    let (catalog, show) = (house.kitflik.catalog(), cinema.show.id);
    block_on(async {
        let clerk = Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice };
        let refused = catalog.cancel_show(&clerk, show, &because()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Forbidden);
        for reason in [String::new(), "x".repeat(201)] {
            let refused =
                catalog.cancel_show(&manager(), show, &CancelShow::because(reason)).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::ValidationFailed);
        }
        let standing = catalog.show_cancellation(&clerk, show).await.unwrap_err();
        assert_eq!(standing.code(), ErrorCode::NotFound);
        assert_eq!(catalog.show(show).await.unwrap().status, ShowStatus::OnSale);
    });
}

#[test]
fn nobody_gets_less_for_being_quicker_than_the_cancellation_of_the_show() {
    let house = house();
    let cinema = cinema(&house);
    let mut policy = Policy::default();
    policy.cancellation = vec![CancellationTier::new(Duration::from_secs(24 * 3600), 100)];
    policy.fees_refundable = false;
    policy.cancel_before = None;
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .payments("test", house.payments.clone())
        .policy(policy)
        .build()
        .unwrap();
    let bookings = kitflik.bookings();
    sell(&house, &cinema, 100);
    block_on(async {
        // The youngest is undone last.
        house.clock.advance(Duration::from_secs(1));
        let hold =
            HoldSeats::seats(cinema.show.id, seats(&["B59", "B60"])).customer("Ada", "ada@example.org");
        let held = bookings.hold(&Actor::guest(), &hold).await.unwrap();
        let ada = Actor::guest_with(held.booking_token.unwrap());
        bookings.confirm(&ada, held.id, &ConfirmBooking::paid_by("test", None)).await.unwrap();
        assert!(bookings.cancellation_terms(&ada, held.id, &[]).await.is_err());
        kitflik.catalog().cancel_show(&manager(), cinema.show.id, &because()).await.unwrap();
        assert_eq!(bookings.get(&ada, held.id).await.unwrap().status, BookingStatus::Confirmed);

        let one = seats(&["B59"]);
        let terms = bookings.cancellation_terms(&ada, held.id, &one).await.unwrap();
        assert_eq!((terms.refund, terms.refund_percent, terms.fees_refundable), (terms.price, 100, true));
        assert_eq!((terms.price.amount_minor, terms.rest), (2_450, None));
        let command: CommandId = "quick".parse().unwrap();
        let request = CancelBooking::new().seats(one).command(command);
        let undone = bookings.cancel(&ada, held.id, &request).await.unwrap();
        assert_eq!(undone.status, BookingStatus::Cancelled);
        let how = undone.cancellation.clone().unwrap();
        assert_eq!((how.by, how.reason.as_deref()), (CancelledBy::House, Some("The projector broke.")));
        let back = how.refund.unwrap();
        assert_eq!((back.amount.amount_minor, back.why), (2_450, RefundReason::ShowCancelled));
        assert_eq!(bookings.cancel(&ada, held.id, &request).await.unwrap(), undone);
    });
    assert_eq!(finish(&house), 101);
    assert_eq!(house.payments.taken(), []);
}

#[test]
fn nothing_is_sold_for_it_while_its_holds_wait_to_be_ended() {
    let house = house();
    let cinema = cinema(&house);
    let bookings = house.kitflik.bookings();
    sell(&house, &cinema, 100);
    block_on(async {
        house.clock.advance(Duration::from_secs(1));
        let hold = HoldSeats::seats(cinema.show.id, seats(&["B60"]));
        let held = bookings.hold(&Actor::System, &hold).await.unwrap();
        house.kitflik.catalog().cancel_show(&manager(), cinema.show.id, &because()).await.unwrap();
        for pay in [ConfirmBooking::counter(), ConfirmBooking::paid_by("test", None)] {
            let refused = bookings.confirm(&Actor::System, held.id, &pay).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::ShowNotOnSale);
        }
        assert_eq!(bookings.get(&Actor::System, held.id).await.unwrap().status, BookingStatus::Held);
    });
    assert_eq!(finish(&house), 100);
}

#[test]
fn a_booking_that_cannot_be_read_keeps_no_other_from_being_undone() {
    let house = house();
    let cinema = cinema(&house);
    let sold = sell(&house, &cinema, 40);
    let key = format!("booking/{}", sold[5]);
    block_on(async {
        let rows = house.storage.read(vec![Read::Get { key: key.clone() }]).await.unwrap();
        let good = rows[0][0].value.clone();
        let put = async |value: Vec<u8>| {
            let writes = vec![Write::Put { key: key.clone(), value }];
            let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
            house.storage.commit(batch).await.unwrap();
        };
        put(b"{".to_vec()).await;
        let catalog = house.kitflik.catalog();
        catalog.cancel_show(&manager(), cinema.show.id, &because()).await.unwrap();
        let mut faults = 0;
        for _ in 0..10 {
            faults += u32::from(house.kitflik.tick().await.is_err());
        }
        assert!(faults > 0);
        let left = catalog.show_cancellation(&manager(), cinema.show.id).await.unwrap();
        assert_eq!((left.done, left.left), (false, 1));
        put(good).await;
    });
    assert_eq!(finish(&house), 40);
    assert_eq!(house.payments.taken(), []);
    let end = block_on(house.kitflik.catalog().show_cancellation(&manager(), cinema.show.id)).unwrap();
    assert!(end.done);
}
