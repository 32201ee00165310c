//! Holds, sales and tickets, as a host uses them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{HALL, house, seat, seats};
use kitflik_core::{
    Actor, BestAvailable, BookingError, BookingStatus, ChangeSeats, CommandId, ConfirmBooking, ErrorCode,
    HoldSeats, SeatTicketType,
};
use pollster::block_on;

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn command(name: &str) -> CommandId {
    name.parse().unwrap()
}

#[test]
fn a_guest_holds_two_seats_pays_and_gets_tickets_and_a_mail() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let request = HoldSeats::seats(show.id, seats(&["A1", "A2"])).customer("Ada", "ada@example.org");
        let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
        assert_eq!(held.status, BookingStatus::Held);
        assert_eq!(held.quote.total.amount_minor, 2 * 1200 + 50);
        assert_eq!(held.quote.lines.iter().map(|line| line.amount.amount_minor).sum::<i64>(), 2450);
        assert_eq!(held.expires_at, Some(house.kitflik.now().plus(minutes(10))));
        assert!(bookings.seats(show.id).await.unwrap().view().states.starts_with("hh........"));

        let guest = Actor::guest_with(held.booking_token.unwrap());
        let paid = ConfirmBooking::paid_by("test", None);
        let sold = bookings.confirm(&guest, held.id, &paid).await.unwrap();
        assert_eq!(sold.status, BookingStatus::Confirmed);
        assert_eq!(sold.payment.unwrap().status, "captured");
        assert_eq!(house.payments.taken(), [(held.id, sold.quote.total)]);
        assert!(bookings.seats(show.id).await.unwrap().view().states.starts_with("ss........"));

        let tickets = bookings.tickets(&guest, held.id).await.unwrap();
        assert_eq!(tickets.len(), 2);
        let claims = house.kitflik.ticket_key().verify(&tickets[1].token).unwrap();
        assert_eq!((claims.show, claims.booking, claims.ticket), (show.id, held.id, tickets[1].id));
        assert!(bookings.qr_svg(&guest, held.id, tickets[0].id).await.unwrap().contains("<svg"));
        assert!(bookings.qr_png(&guest, held.id, tickets[0].id).await.unwrap().starts_with(b"\x89PNG"));
        let calendar = bookings.calendar(&guest, held.id).await.unwrap();
        assert!(
            calendar.contains("SUMMARY:Alien") && calendar.contains("DTSTART:20261127T190000Z"),
            "{calendar}"
        );

        house.kitflik.tick().await.unwrap();
        house.kitflik.tick().await.unwrap();
        let mails = house.mailbox.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(
            (mails[0].to.as_str(), mails[0].subject.as_str()),
            ("ada@example.org", "Your tickets: Alien")
        );
        assert!(mails[0].text.contains("Friday, 27 November 2026, 20:00"), "{}", mails[0].text);
        assert_eq!(mails[0].attachments.len(), 3);
    });
}

#[test]
fn taken_unknown_and_doubled_seats_are_refused_whole() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    let hold =
        |ids: &[&str]| block_on(bookings.hold(&Actor::guest(), &HoldSeats::seats(show.id, seats(ids))));
    hold(&["A1", "A2"]).unwrap();
    assert_eq!(hold(&["A2", "A3"]), Err(BookingError::SeatTaken { seats: seats(&["A2"]) }));
    assert_eq!(hold(&["Z1", "A3"]), Err(BookingError::UnknownSeat { seats: seats(&["Z1"]) }));
    assert_eq!(hold(&["A3", "A3"]).unwrap_err().code(), ErrorCode::ValidationFailed);
    assert_eq!(hold(&[]).unwrap_err().code(), ErrorCode::ValidationFailed);
    let eleven: Vec<String> = (1..=10).map(|n| format!("C{n}")).chain(["A5".to_owned()]).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    assert_eq!(hold(&eleven).unwrap_err().code(), ErrorCode::ValidationFailed);
    hold(&eleven[..10]).unwrap();
    let states = block_on(bookings.seats(show.id)).unwrap().view().states.clone();
    assert_eq!(states, "hh..................hhhhhhhhhh");
}

#[test]
fn a_single_seat_is_not_left_over_when_another_choice_avoids_it() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    let request = HoldSeats::seats(show.id, seats(&["A2", "A3"]));
    match block_on(bookings.hold(&Actor::guest(), &request)) {
        Err(BookingError::Rule { code: ErrorCode::OrphanSeat, seats: left, alternative, .. }) => {
            assert_eq!(left, seats(&["A1"]));
            assert_eq!(alternative.map(|seats| seats.len()), Some(2));
        }
        other => panic!("{other:?}"),
    }
    block_on(bookings.hold(&Actor::System, &request)).unwrap();
}

#[test]
fn couples_are_sold_whole() {
    let house = house();
    let show = house.cinema("A: ####<>##\n", |_| {}).show;
    let bookings = house.kitflik.bookings();
    let refused = block_on(bookings.hold(&Actor::guest(), &HoldSeats::seats(show.id, seats(&["A5"]))));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::CoupleSplit);
    block_on(bookings.hold(&Actor::guest(), &HoldSeats::seats(show.id, seats(&["A5", "A6"])))).unwrap();
}

#[test]
fn best_available_never_offers_what_is_held() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let wish = BestAvailable::new(4);
        let offer = bookings.best_available(show.id, &wish).await.unwrap();
        assert!(offer.together);
        let first = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 4)).await.unwrap();
        assert_eq!(first.seats.iter().map(|seat| seat.id.clone()).collect::<Vec<_>>(), offer.seats);
        assert_eq!(first.together, Some(true));
        let mut held = 4;
        while let Ok(next) = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 4)).await {
            held += next.seats.len();
        }
        assert_eq!(held, 28);
        let refused = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 4)).await.unwrap_err();
        assert_eq!(refused, BookingError::NotEnoughSeats { count: 4 });
    });
}

#[test]
fn a_hold_that_is_over_gives_way_and_its_confirm_fails() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let request = HoldSeats::seats(show.id, seats(&["A1", "A2"]));
        let first = bookings.hold(&Actor::guest(), &request).await.unwrap();
        house.clock.advance(minutes(10) + Duration::from_millis(1_999));
        assert_eq!(bookings.hold(&Actor::guest(), &request).await.unwrap_err().code(), ErrorCode::SeatTaken);
        house.clock.advance(Duration::from_millis(1));
        assert!(bookings.seats(show.id).await.unwrap().view().states.starts_with(".."));
        let second = bookings.hold(&Actor::guest(), &request).await.unwrap();
        let late = Actor::guest_with(first.booking_token.unwrap());
        let refused = bookings.confirm(&late, first.id, &ConfirmBooking::counter()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::HoldExpired);
        assert_eq!(bookings.get(&late, first.id).await.unwrap().status, BookingStatus::Expired);
        let guest = Actor::guest_with(second.booking_token.unwrap());
        bookings.confirm(&guest, second.id, &ConfirmBooking::counter()).await.unwrap();
    });
}

#[test]
fn a_late_confirm_succeeds_for_a_moment_if_nobody_took_the_seats() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        for (late, succeeds) in [(30, true), (31, false)] {
            let request = HoldSeats::best(show.id, 2);
            let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
            let guest = Actor::guest_with(held.booking_token.unwrap());
            house.clock.advance(minutes(10) + Duration::from_secs(late));
            let confirmed = bookings.confirm(&guest, held.id, &ConfirmBooking::counter()).await;
            assert_eq!(confirmed.is_ok(), succeeds, "{late} s late");
        }
    });
}

#[test]
fn extensions_end_half_an_hour_after_the_hold() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let made = house.kitflik.now();
        for (wait, until) in [(9, 19), (9, 28), (9, 30)] {
            house.clock.advance(minutes(wait));
            let extended = bookings.extend(&guest, held.id, None).await.unwrap();
            assert_eq!(extended.expires_at, Some(made.plus(minutes(until))));
        }
        let refused = bookings.extend(&guest, held.id, None).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ExtensionLimit);
        house.clock.advance(minutes(3));
        let refused = bookings.extend(&guest, held.id, None).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::HoldExpired);
    });
}

#[test]
fn changed_seats_keep_the_clock_and_the_price_of_what_is_kept() {
    let house = house();
    let show = house.cinema(HALL, |show| show.selection.orphans = false).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let mut request = HoldSeats::seats(show.id, seats(&["A1", "A2"]));
        request.ticket_types =
            vec![SeatTicketType { seat: seat("A2"), ticket_type: "child".parse().unwrap() }];
        let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
        assert_eq!(held.quote.total.amount_minor, 1200 + 800 + 50);
        let guest = Actor::guest_with(held.booking_token.unwrap());
        house.clock.advance(minutes(2));
        let change = ChangeSeats {
            command: None,
            seats: seats(&["A2", "A3"]),
            ticket_types: Vec::new(),
            discount_code: None,
        };
        let changed = bookings.change_seats(&guest, held.id, &change).await.unwrap();
        assert_eq!(changed.expires_at, held.expires_at);
        assert_eq!(changed.quote.total.amount_minor, 800 + 1200 + 50);
        let states = bookings.seats(show.id).await.unwrap().view().states.clone();
        assert!(states.starts_with(".hh."), "{states}");
        let other = bookings.hold(&Actor::System, &HoldSeats::seats(show.id, seats(&["A1"]))).await;
        other.unwrap();
        let change = ChangeSeats {
            command: None,
            seats: seats(&["A1", "A2"]),
            ticket_types: Vec::new(),
            discount_code: None,
        };
        let refused = bookings.change_seats(&guest, held.id, &change).await.unwrap_err();
        assert_eq!(refused, BookingError::SeatTaken { seats: seats(&["A1"]) });
    });
}

#[test]
fn released_seats_are_free_at_once() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let request = HoldSeats::seats(show.id, seats(&["A1", "A2"]));
        let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let released = bookings.release(&guest, held.id, None).await.unwrap();
        assert_eq!(released.status, BookingStatus::Released);
        assert_eq!(bookings.release(&guest, held.id, None).await.unwrap(), released);
        bookings.hold(&Actor::guest(), &request).await.unwrap();
        let refused = bookings.confirm(&guest, held.id, &ConfirmBooking::counter()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::BookingState);
    });
}

#[test]
fn a_command_takes_effect_once() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let request = HoldSeats::seats(show.id, seats(&["A1", "A2"])).command(command("hold-1"));
        let first = bookings.hold(&Actor::guest(), &request).await.unwrap();
        assert_eq!(bookings.hold(&Actor::guest(), &request).await.unwrap(), first);
        let other = HoldSeats::seats(show.id, seats(&["A5", "A6"])).command(command("hold-1"));
        let refused = bookings.hold(&Actor::guest(), &other).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::IdempotencyMismatch);
        let guest = Actor::guest_with(first.booking_token.clone().unwrap());
        let confirm = ConfirmBooking::counter().command(command("confirm-1"));
        let sold = bookings.confirm(&guest, first.id, &confirm).await.unwrap();
        assert_eq!(bookings.confirm(&guest, first.id, &confirm).await.unwrap(), sold);
        // Whoever guesses the name of a command gets nothing by it.
        let stranger = bookings.confirm(&Actor::guest(), first.id, &confirm).await.unwrap_err();
        assert_eq!(stranger.code(), ErrorCode::Unauthenticated);
        // The answer to the hold is still what it was then.
        assert_eq!(bookings.hold(&Actor::guest(), &request).await.unwrap(), first);
        house.clock.advance(minutes(24 * 60 + 1));
        let refused = bookings.hold(&Actor::guest(), &request).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ShowNotOnSale);
    });
}

#[test]
fn declined_money_leaves_the_hold_and_unanswered_money_is_found_out() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    let pay = |script: &str| ConfirmBooking::paid_by("test", Some(script.to_owned()));
    block_on(async {
        let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let refused = bookings.confirm(&guest, held.id, &pay("decline")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PaymentDeclined);
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Held);

        let refused = bookings.confirm(&guest, held.id, &pay("timeout_before")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PaymentPending);
        house.clock.advance(minutes(2));
        house.kitflik.tick().await.unwrap();
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Held);

        let refused = bookings.confirm(&guest, held.id, &pay("timeout_after")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PaymentPending);
        // Money is in flight: the seats stay, whatever the time.
        house.clock.advance(minutes(20));
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Confirming);
        house.kitflik.tick().await.unwrap();
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Confirmed);
        assert_eq!(house.payments.taken().len(), 1);
        // The caller who was left without an answer gets it now.
        bookings.confirm(&guest, held.id, &pay("timeout_after")).await.unwrap();
    });
}

#[test]
fn money_for_a_booking_that_was_sold_on_other_terms_goes_back() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let lost = ConfirmBooking::paid_by("test", Some("timeout_before".to_owned()));
        bookings.confirm(&guest, held.id, &lost).await.unwrap_err();
        house.clock.advance(minutes(2));
        house.kitflik.tick().await.unwrap();
        bookings.confirm(&guest, held.id, &ConfirmBooking::counter()).await.unwrap();
        // The provider charges late.
        let charge = kitflik_core::ChargeId { booking: held.id, number: 1 };
        let capture = kitflik_core::Capture { charge, amount: held.quote.total, reference: None };
        kitflik_core::Payments::capture(&*house.payments, capture).await.unwrap();
        house.clock.advance(minutes(60));
        house.kitflik.tick().await.unwrap();
        assert_eq!(house.payments.taken(), []);
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Confirmed);
    });
}

#[test]
fn money_that_was_asked_for_at_another_price_sells_nothing() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let held =
            bookings.hold(&Actor::guest(), &HoldSeats::seats(show.id, seats(&["A1", "A2"]))).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let lost = ConfirmBooking::paid_by("test", Some("timeout_before".to_owned()));
        bookings.confirm(&guest, held.id, &lost).await.unwrap_err();
        house.clock.advance(minutes(2));
        house.kitflik.tick().await.unwrap();
        let fewer = ChangeSeats {
            command: None,
            seats: seats(&["A1"]),
            ticket_types: Vec::new(),
            discount_code: None,
        };
        let changed = bookings.change_seats(&guest, held.id, &fewer).await.unwrap();
        assert!(changed.quote.total.amount_minor < held.quote.total.amount_minor);
        // The provider charges late what it was asked for.
        let charge = kitflik_core::ChargeId { booking: held.id, number: 1 };
        let capture = kitflik_core::Capture { charge, amount: held.quote.total, reference: None };
        kitflik_core::Payments::capture(&*house.payments, capture).await.unwrap();
        house.clock.advance(minutes(5));
        house.kitflik.tick().await.unwrap();
        assert_eq!(house.payments.taken(), []);
        assert_eq!(bookings.get(&guest, held.id).await.unwrap().status, BookingStatus::Held);
    });
}

#[test]
fn a_customer_has_at_most_so_many_seats_of_a_show() {
    let house = house();
    let show = house.cinema(HALL, |show| show.max_seats_per_customer = Some(4)).show;
    let bookings = house.kitflik.bookings();
    let hold = |count, email: &str| {
        let request = HoldSeats::best(show.id, count).customer("Ada", email);
        block_on(bookings.hold(&Actor::guest(), &request))
    };
    let first = hold(3, "ada@example.org").unwrap();
    let refused = hold(2, " ADA@example.org ").unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TooManySeats);
    hold(1, "ada@example.org").unwrap();
    hold(4, "bob@example.org").unwrap();
    let unnamed = block_on(bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 1))).unwrap_err();
    assert_eq!(unnamed.code(), ErrorCode::ValidationFailed);
    let guest = Actor::guest_with(first.booking_token.unwrap());
    block_on(bookings.release(&guest, first.id, None)).unwrap();
    hold(3, "ada@example.org").unwrap();
}

#[test]
fn bookings_belong_to_whoever_made_them() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await.unwrap();
        let other = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await.unwrap();
        let code = |result: Result<_, BookingError>| {
            result.map(|_: kitflik_core::BookingView| ()).unwrap_err().code()
        };
        assert_eq!(code(bookings.get(&Actor::guest(), held.id).await), ErrorCode::Unauthenticated);
        let thief = Actor::guest_with(other.booking_token.unwrap());
        assert_eq!(code(bookings.get(&thief, held.id).await), ErrorCode::Forbidden);
        let counter = ConfirmBooking::counter();
        assert_eq!(code(bookings.confirm(&thief, held.id, &counter).await), ErrorCode::Forbidden);
        assert_eq!(code(bookings.release(&thief, held.id, None).await), ErrorCode::Forbidden);
        bookings.get(&Actor::System, held.id).await.unwrap();
    });
}

#[test]
fn shows_are_sold_in_their_window_only() {
    let house = house();
    let opens = house.kitflik.now().plus(minutes(5));
    let show = house.cinema(HALL, |show| show.sales_open_at = Some(opens)).show;
    let bookings = house.kitflik.bookings();
    let hold = || block_on(bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)));
    assert_eq!(hold().unwrap_err().code(), ErrorCode::ShowNotOnSale);
    house.clock.advance(minutes(5));
    hold().unwrap();
    house.clock.advance(show.starts_at.since(house.kitflik.now()));
    assert_eq!(hold().unwrap_err().code(), ErrorCode::ShowNotOnSale);
}

#[test]
fn unknown_ticket_types_name_the_known_ones() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let mut request = HoldSeats::seats(show.id, seats(&["A1", "A2"]));
    request.ticket_types = vec![SeatTicketType { seat: seat("A1"), ticket_type: "dog".parse().unwrap() }];
    let refused = block_on(house.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap_err();
    assert!(refused.to_string().contains("adult, child"), "{refused}");
}
