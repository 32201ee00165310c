//! Shows that will not take place: nobody buys, all money goes back, and everybody is told, once each.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Cinema, Dying, House, house, house_on, seats};
use kitflik_core::{
    Actor, AuditQuery, BookingId, BookingStatus, CancelBooking, CancelShow, CancelledBy, ConfirmBooking,
    ErrorCode, HoldSeats, MemoryStorage, MoveShow, NewShow, PageRequest, Role, ShowStatus, StaffId,
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
