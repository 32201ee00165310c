//! What comes back and when: the house's terms, some tickets of a booking, and what staff decide otherwise.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{HALL, House, house, house_on, seat, seats};
use kitflik_core::{
    Actor, AuditQuery, BlockSeats, BookingError, BookingId, BookingStatus, BookingView, CancelBooking,
    CancellationTier, CancelledBy, CommandId, ConfirmBooking, Currency, DiscountKind, ErrorCode, HoldSeats,
    Kitflik, MasterKey, Money, NewVoucher, Policy, RefundChoice, RefundReason, RefundStatus, Role, ShowId,
    StaffId, Timestamp,
};
use pollster::block_on;

fn command(name: &str) -> CommandId {
    name.parse().unwrap()
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn clerk() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice }
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(3600 * count)
}

/// The same house with other terms.
fn with(house: &House, edit: impl FnOnce(&mut Policy)) -> Kitflik {
    let mut policy = Policy::default();
    policy.view_max_age = None;
    edit(&mut policy);
    Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .mailer(house.mailbox.clone())
        .payments("test", house.payments.clone())
        .policy(policy)
        .build()
        .unwrap()
}

fn paid() -> ConfirmBooking {
    ConfirmBooking::paid_by("test", None)
}

fn buy(kitflik: &Kitflik, show: ShowId, ids: &[&str], confirm: &ConfirmBooking) -> (BookingView, Actor) {
    let request = HoldSeats::seats(show, seats(ids)).customer("Ada", "ada@example.org");
    let held = block_on(kitflik.bookings().hold(&Actor::guest(), &request)).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    (block_on(kitflik.bookings().confirm(&guest, held.id, confirm)).unwrap(), guest)
}

fn cancel(
    kitflik: &Kitflik,
    actor: &Actor,
    id: BookingId,
    request: &CancelBooking,
) -> Result<BookingView, BookingError> {
    block_on(kitflik.bookings().cancel(actor, id, request))
}

fn some(ids: &[&str]) -> CancelBooking {
    CancelBooking::new().seats(seats(ids))
}

fn refund_of(view: &BookingView) -> Option<i64> {
    Some(view.cancellation.as_ref()?.refund.as_ref()?.amount.amount_minor)
}

/// A mail's text, by the start of its subject.
fn mail(house: &House, kitflik: &Kitflik, subject: &str) -> kitflik_core::Email {
    block_on(kitflik.tick()).unwrap();
    let mails = house.mailbox.mails();
    mails.into_iter().rev().find(|mail| mail.subject.starts_with(subject)).unwrap()
}

#[test]
fn the_terms_of_the_house_say_how_much_comes_back() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let tiers = vec![CancellationTier::new(hours(4), 100), CancellationTier::new(hours(2), 50)];
    let kitflik = with(&house, |policy| {
        policy.cancellation = tiers;
        policy.fees_refundable = false;
    });
    let bookings = kitflik.bookings();
    let start: Timestamp = show.starts_at;
    // It is seven hours until the show; two seats are 24.00 and a fee of 0.50.
    for (left, percent, back, until) in
        [(hours(7), 100, 2_400, Some(4)), (hours(3), 50, 1_200, Some(2)), (hours(1), 0, 0, None)]
    {
        house.clock.advance(start.since(kitflik.now()) - left);
        let (sold, guest) = buy(&kitflik, show.id, &["A1", "A2"], &paid());
        let terms = block_on(bookings.cancellation_terms(&guest, sold.id, &[])).unwrap();
        assert_eq!((terms.price, terms.refund, terms.rest), (euro(2_450), euro(back), None));
        assert_eq!((terms.refund_percent, terms.fees_refundable), (percent, false));
        assert_eq!(terms.until, until.map(|before| start.minus(hours(before))));
        assert_eq!(terms.closes_at, Some(start));
        let cancelled = cancel(&kitflik, &guest, sold.id, &CancelBooking::new()).unwrap();
        assert_eq!(refund_of(&cancelled), (back > 0).then_some(back));
        let told =
            if back > 0 { format!("You get {}", euro(back)) } else { "Nothing of what you paid".to_owned() };
        assert!(mail(&house, &kitflik, "Cancelled").text.contains(&told), "{told}");
    }
    // What was never paid has nothing to come back, whatever the terms; and what is over has no terms.
    let (due, guest) = buy(&kitflik, show.id, &["A1", "A2"], &ConfirmBooking::counter());
    let terms = block_on(bookings.cancellation_terms(&guest, due.id, &[])).unwrap();
    assert_eq!((terms.price, terms.refund), (euro(2_450), euro(0)));
    house.clock.advance(hours(1));
    let closed = block_on(bookings.cancellation_terms(&guest, due.id, &[])).unwrap_err();
    assert_eq!(closed.code(), ErrorCode::CancellationClosed);
    block_on(bookings.cancellation_terms(&clerk(), due.id, &[])).unwrap();
    let stranger = block_on(bookings.cancellation_terms(&Actor::guest(), due.id, &[])).unwrap_err();
    assert_eq!(stranger.code(), ErrorCode::Unauthenticated);
}

#[test]
fn some_tickets_go_back_and_the_others_stay_what_they_were() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, bookings) = (&house.kitflik, house.kitflik.bookings());
    let (sold, guest) = buy(kitflik, show, &["A1", "A2", "A3"], &ConfirmBooking::counter());
    let tickets = block_on(bookings.tickets(&guest, sold.id)).unwrap();
    let terms = block_on(bookings.cancellation_terms(&guest, sold.id, &seats(&["A2"]))).unwrap();
    assert_eq!((terms.price, terms.rest.unwrap().total), (euro(1_200), euro(2_450)));

    let request = some(&["A2"]).command(command("a2"));
    let rest = cancel(kitflik, &guest, sold.id, &request).unwrap();
    assert_eq!((rest.status, rest.quote.total), (BookingStatus::Confirmed, euro(2_450)));
    let sum: i64 = rest.quote.lines.iter().map(|line| line.amount.amount_minor).sum();
    assert_eq!(sum, 2_450);
    let ids: Vec<&str> = rest.seats.iter().map(|seat| seat.id.as_str()).collect();
    assert_eq!(
        (ids, rest.confirmed_at, rest.cancellation.as_ref()),
        (vec!["A1", "A3"], sold.confirmed_at, None)
    );
    let [returned] = &rest.returned[..] else { panic!("{:?}", rest.returned) };
    assert_eq!((returned.at, returned.by, returned.refund), (kitflik.now(), CancelledBy::Customer, euro(0)));
    assert_eq!((returned.tickets[0].id, &returned.tickets[0].seat), (tickets[1].id, &seat("A2")));
    // The tickets that stay are the same ones, and the seat is anybody's.
    let left = block_on(bookings.tickets(&guest, sold.id)).unwrap();
    assert_eq!(left, [tickets[0].clone(), tickets[2].clone()]);
    let (other, _) = buy(kitflik, show, &["A2"], &paid());
    assert_eq!(other.seats[0].id, seat("A2"));

    // A repeat changes nothing, with a name or without; a seat that it never had is not known.
    assert_eq!(cancel(kitflik, &guest, sold.id, &request).unwrap(), rest);
    assert_eq!(cancel(kitflik, &guest, sold.id, &some(&["A2"])).unwrap(), rest);
    let unknown = cancel(kitflik, &guest, sold.id, &some(&["A2", "B1"])).unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::UnknownSeat);
    let twice = cancel(kitflik, &guest, sold.id, &some(&["A1", "A1"])).unwrap_err();
    assert_eq!(twice.code(), ErrorCode::ValidationFailed);

    let told = mail(&house, kitflik, "Tickets cancelled: Alien");
    assert!(told.text.contains("seats A2. Nothing had been paid."), "{}", told.text);
    assert!(told.text.contains("A1") && told.text.contains("24.50 EUR, to be paid"), "{}", told.text);
    // Two codes and the calendar.
    assert_eq!(told.attachments.len(), 3);

    // All that are left are the booking.
    let gone = cancel(kitflik, &guest, sold.id, &some(&["A3", "A1"])).unwrap();
    assert_eq!((gone.status, gone.seats.len(), gone.returned.len()), (BookingStatus::Cancelled, 2, 1));
}

#[test]
fn what_was_paid_for_them_goes_back_and_the_rest_later() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let kitflik = &house.kitflik;
    let (sold, guest) = buy(kitflik, show, &["A1", "A2", "A3"], &paid());
    let rest = cancel(kitflik, &guest, sold.id, &some(&["A2"])).unwrap();
    assert_eq!((rest.returned[0].refund, rest.quote.total), (euro(1_200), euro(2_450)));
    let [refund] = &rest.refunds[..] else { panic!("{:?}", rest.refunds) };
    assert_eq!((refund.amount, refund.status), (euro(1_200), RefundStatus::Refunded));
    assert_eq!(refund.why, RefundReason::Returned);
    assert_eq!(house.payments.taken(), [(sold.id, euro(2_450))]);
    assert!(mail(&house, kitflik, "Tickets cancelled").text.contains("You get 12.00 EUR back"));
    let gone = cancel(kitflik, &guest, sold.id, &CancelBooking::new()).unwrap();
    assert_eq!((refund_of(&gone), gone.refunds.len()), (Some(2_450), 2));
    assert_eq!(gone.payment.unwrap().status, "refunded");
    assert_eq!(house.payments.taken(), []);
}

#[test]
fn what_belongs_together_is_not_torn_apart_unless_by_staff() {
    let house = house();
    let show = house.cinema("category s Standard\nA: s<>s@+\n", |_| {}).show.id;
    let kitflik = &house.kitflik;
    let (sold, guest) = buy(kitflik, show, &["A2", "A3", "A5", "A6"], &ConfirmBooking::counter());
    let half = cancel(kitflik, &guest, sold.id, &some(&["A2"])).unwrap_err();
    assert_eq!((half.code(), half.seats()), (ErrorCode::CoupleSplit, &seats(&["A3"])[..]));
    let alone = cancel(kitflik, &guest, sold.id, &some(&["A5"])).unwrap_err();
    assert_eq!((alone.code(), alone.seats()), (ErrorCode::CompanionAlone, &seats(&["A6"])[..]));
    let terms = block_on(kitflik.bookings().cancellation_terms(&guest, sold.id, &seats(&["A5"])));
    assert_eq!(terms.unwrap_err().code(), ErrorCode::CompanionAlone);
    // The companion may stay away, and couples go in pairs.
    cancel(kitflik, &guest, sold.id, &some(&["A6"])).unwrap();
    let by_staff = CancelBooking { seats: seats(&["A2"]), ..CancelBooking::because("One is ill.") };
    let rest = cancel(kitflik, &clerk(), sold.id, &by_staff).unwrap();
    assert_eq!((rest.seats.len(), rest.returned[1].by), (2, CancelledBy::House));
    // What was torn already is not torn by this.
    cancel(kitflik, &guest, sold.id, &some(&["A5"])).unwrap();
    let log = block_on(kitflik.staff().audit(&Actor::System, &AuditQuery::default())).unwrap().items;
    let note = log[0].note.as_deref().unwrap();
    assert!(note.contains("A3 would be half of a couple seat"), "{note}");
}

#[test]
fn a_house_seat_is_the_houses_again() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let bookings = house.kitflik.bookings();
    block_on(async {
        let mut block = BlockSeats::new(seats(&["B1", "B2"]), "For the critics");
        block.channels = vec![kitflik_core::SalesChannel::BoxOffice];
        bookings.block_seats(&clerk(), show, &block).await.unwrap();
        let held = bookings.hold(&clerk(), &HoldSeats::seats(show, seats(&["B1", "B2"]))).await.unwrap();
        bookings.confirm(&clerk(), held.id, &ConfirmBooking::counter()).await.unwrap();
        let one = CancelBooking { seats: seats(&["B2"]), ..CancelBooking::because("She is ill.") };
        bookings.cancel(&clerk(), held.id, &one).await.unwrap();
        let refused = bookings.hold(&Actor::guest(), &HoldSeats::seats(show, seats(&["B2"]))).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::SeatTaken);
        bookings.hold(&clerk(), &HoldSeats::seats(show, seats(&["B2"]))).await.unwrap();
    });
}

#[test]
fn staff_decide_otherwise_for_a_reason_and_their_log_tells() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let kitflik = with(&house, |policy| policy.cancellation = vec![CancellationTier::new(hours(24), 100)]);
    let (sold, guest) = buy(&kitflik, show, &["A1", "A2"], &paid());
    // By the terms nothing comes back any more.
    let full = CancelBooking::because("The projector is weak.").refund(RefundChoice::Full);
    let refused = cancel(&kitflik, &guest, sold.id, &full).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let silent = CancelBooking::new().refund(RefundChoice::Full);
    assert_eq!(cancel(&kitflik, &clerk(), sold.id, &silent).unwrap_err().code(), ErrorCode::ValidationFailed);
    for wrong in [euro(2_451), euro(-1), Money::new(100, "USD".parse().unwrap())] {
        let request = CancelBooking::because("So").refund(RefundChoice::Amount(wrong));
        let refused = cancel(&kitflik, &clerk(), sold.id, &request).unwrap_err();
        assert_eq!(kitflik_core::Error::from(refused).fields()[0].path, "refund", "{wrong}");
    }
    let cancelled = cancel(&kitflik, &clerk(), sold.id, &full).unwrap();
    assert_eq!(refund_of(&cancelled), Some(2_450));
    let log = block_on(kitflik.staff().audit(&Actor::System, &AuditQuery::default())).unwrap().items;
    assert_eq!(log[0].note.as_deref(), Some("full refund: 24.50 EUR back, by the terms 0.00 EUR"));
    assert!(log[0].subjects.contains(&format!("booking/{}", sold.id)), "{:?}", log[0].subjects);

    for (choice, back) in [
        (RefundChoice::Policy, None),
        (RefundChoice::Nothing, None),
        (RefundChoice::Amount(euro(700)), Some(700)),
    ] {
        let (sold, _) = buy(&kitflik, show, &["A1", "A2"], &paid());
        let request = CancelBooking::because("So").refund(choice);
        assert_eq!(refund_of(&cancel(&kitflik, &clerk(), sold.id, &request).unwrap()), back, "{choice:?}");
    }
    // Nothing was paid: nothing comes back.
    let (due, _) = buy(&kitflik, show, &["A1", "A2"], &ConfirmBooking::counter());
    assert_eq!(refund_of(&cancel(&kitflik, &clerk(), due.id, &full).unwrap()), None);
}

#[test]
fn a_discount_is_applied_to_the_rest_and_its_use_comes_back_with_the_last_of_it() {
    let house = house_on(std::sync::Arc::new(kitflik_core::MemoryStorage::new()));
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, bookings) = (&house.kitflik, house.kitflik.bookings());
    block_on(async {
        let voucher = NewVoucher {
            currency: Some(Currency::EUR),
            min_total_minor: 3_000,
            max_uses: Some(1),
            ..NewVoucher::new("ODEON", DiscountKind::AmountMinor(600))
        };
        kitflik.catalog().add_voucher(&Actor::System, &voucher).await.unwrap();
        let hold = HoldSeats::seats(show, seats(&["A1", "A2", "A3", "A4"])).discount_code("ODEON");
        let held = bookings.hold(&Actor::System, &hold).await.unwrap();
        let sold = bookings.confirm(&Actor::System, held.id, &ConfirmBooking::counter()).await.unwrap();
        assert_eq!(sold.quote.total, euro(4 * 1_200 + 50 - 600));
        let three = bookings.cancel(&Actor::System, held.id, &some(&["A1"])).await.unwrap();
        assert_eq!(three.quote.total, euro(3 * 1_200 + 50 - 600));
        let again = HoldSeats::seats(show, seats(&["B1", "B2", "B3", "B4"])).discount_code("ODEON");
        let used_up = bookings.hold(&Actor::System, &again).await.unwrap_err();
        assert_eq!(used_up.code(), ErrorCode::VoucherUsedUp);
        // Two are not enough for it.
        let two = bookings.cancel(&Actor::System, held.id, &some(&["A2"])).await.unwrap();
        assert_eq!((two.quote.total, two.quote.discount_code), (euro(2 * 1_200 + 50), None));
        bookings.hold(&Actor::System, &again).await.unwrap();
    });
}
