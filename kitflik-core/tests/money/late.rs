//! Late answers, late money, and what must not wait for either.

use super::*;

#[test]
fn silence_of_a_provider_is_no_answer_however_long_it_lasts() {
    let (bank, provider) = moody(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "timeout_after").unwrap_err(), ErrorCode::PaymentPending);
    provider.mood.lock().silent = true;
    bank.tick_after(minutes(25 * 60));
    // Its seats have waited long enough.
    assert_eq!(bank.now(&held).status, BookingStatus::Held);
    bank.tick_after(minutes(25 * 60));
    provider.mood.lock().silent = false;
    bank.tick_after(minutes(61));
    let after = bank.now(&held);
    let [refund] = &after.refunds[..] else { panic!("{:?}", after.refunds) };
    assert_eq!((refund.why, refund.status), (RefundReason::LateMoney, RefundStatus::Refunded));
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
    let text = bank.late_mail();
    assert!(text.contains("24.50 EUR reached us too late") && text.contains("no tickets"), "{text}");
    // What it says is believed once there is nothing to hear: nobody asks any more.
    assert_eq!(block_on(bank.house.storage.read(vec![watches()])).unwrap().remove(0), []);
}

fn watches() -> kitflik_core::Read {
    let (start, end) = ("payment/".to_owned(), "payment0".to_owned());
    kitflik_core::Read::Scan { start, end, limit: 10, reverse: false }
}

#[test]
fn a_charge_that_was_given_up_is_watched_again_once_there_is_news_of_it() {
    let (bank, provider) = moody(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "timeout_before").unwrap_err(), ErrorCode::PaymentPending);
    bank.tick_after(minutes(25 * 60));
    assert_eq!(block_on(bank.house.storage.read(vec![watches()])).unwrap().remove(0), []);
    provider.mood.lock().says = Some(PaymentStatus::Pending);
    let charge = ChargeId { booking: held.id, number: 1 };
    let event = ProviderEvent { id: "evt-1".to_owned(), charge, status: PaymentStatus::Pending };
    let body = serde_json::to_string(&event).unwrap();
    block_on(bank.kitflik.bookings().payment_event("test", Vec::new(), body)).unwrap();
    provider.mood.lock().says = Some(PaymentStatus::Captured { charge: "late".to_owned() });
    provider.mood.lock().refunds = Some(PaymentStatus::Refunded);
    bank.tick_after(minutes(2));
    let after = bank.now(&held);
    let [refund] = &after.refunds[..] else { panic!("{:?}", after.refunds) };
    assert_eq!((refund.why, refund.status), (RefundReason::LateMoney, RefundStatus::Refunded));
}

#[test]
fn late_money_buys_what_is_on_sale_and_nothing_that_is_over() {
    for (pause, status, back) in [
        (11, BookingStatus::Confirmed, 0),
        (7 * 60 + 1, BookingStatus::Held, 1),
        (40 * 60, BookingStatus::Held, 1),
    ] {
        let bank = bank(LateMoney::RetakeOrRefund);
        let (held, guest) = bank.hold(&["A1", "A2"]);
        assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
        bank.settle(&held, 1);
        bank.tick_after(minutes(pause));
        let after = bank.now(&held);
        assert_eq!((after.status, after.refunds.len()), (status, back), "after {pause} minutes");
        let kept = if back == 0 { 2450 } else { 0 };
        assert_eq!((bank.taken(&held), bank.books(&held)), (kept, (kept, kept)), "after {pause} minutes");
    }
}

#[test]
fn late_money_of_a_cancelled_show_goes_back_whatever_the_house_wants() {
    let bank = bank(LateMoney::Manual);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "timeout_after").unwrap_err(), ErrorCode::PaymentPending);
    let manager = Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::Manager };
    let request = CancelShow::because("The projector broke.");
    block_on(bank.kitflik.catalog().cancel_show(&manager, bank.show, &request)).unwrap();
    bank.tick_after(minutes(2));
    assert_eq!(bank.now(&held).status, BookingStatus::Expired);
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
}

#[test]
fn late_money_takes_house_seats_again_by_the_channel_that_had_them() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let bookings = bank.kitflik.bookings();
    let mut block = BlockSeats::new(seats(&["B1", "B2"]), "For the critics");
    block.channels = vec![SalesChannel::BoxOffice];
    block_on(bookings.block_seats(&clerk(), bank.show, &block)).unwrap();
    let request = HoldSeats::seats(bank.show, seats(&["B1", "B2"]));
    let held = block_on(bookings.hold(&clerk(), &request)).unwrap();
    assert_eq!(bank.confirm(&clerk(), &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    bank.house.clock.advance(minutes(11));
    let other = block_on(bookings.hold(&clerk(), &request)).unwrap();
    block_on(bookings.release(&clerk(), other.id, None)).unwrap();
    assert_eq!(bank.now(&held).status, BookingStatus::Expired);
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    assert_eq!(bank.now(&held).status, BookingStatus::Confirmed);
    assert_eq!(bank.taken(&held), 2450);
}

#[test]
fn money_of_a_card_that_goes_back_is_not_handed_out_as_cash() {
    let (bank, provider) = moody(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let bookings = bank.kitflik.bookings();
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    // The card is charged after all, and the provider takes its time to give that back.
    provider.mood.lock().refunds = Some(PaymentStatus::Pending);
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    assert_eq!(bank.now(&held).refunds[0].status, RefundStatus::Pending);
    let refused = block_on(bookings.hand_out_refund(&clerk(), held.id, &HandOutRefund::default()));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::BookingState);
    provider.mood.lock().refunds = None;
    bank.tick_after(minutes(120));
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (2450, 0)));
    let text = bank.late_mail();
    assert!(text.contains("paid for already") && text.contains("stay valid"), "{text}");
}

#[test]
fn a_row_that_cannot_be_read_keeps_no_other_from_being_looked_after() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "timeout_after").unwrap_err(), ErrorCode::PaymentPending);
    let (key, value) = ("payment/0/0".to_owned(), b"{".to_vec());
    let writes = vec![Write::Put { key, value }];
    let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    block_on(bank.house.storage.commit(batch)).unwrap();
    bank.house.clock.advance(minutes(2));
    assert!(block_on(bank.kitflik.tick()).is_err());
    assert_eq!(bank.now(&held).status, BookingStatus::Confirmed);
}

#[test]
fn providers_are_asked_for_a_booking_only_so_often() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    for _ in 0..20 {
        assert_eq!(bank.confirm(&guest, &held, "decline").unwrap_err(), ErrorCode::PaymentDeclined);
    }
    assert_eq!(bank.confirm(&guest, &held, "visa").unwrap_err(), ErrorCode::BookingState);
    assert_eq!((bank.payments.books().charges.len(), bank.taken(&held)), (20, 0));
    // Nobody is asked for cash in vain.
    block_on(bank.kitflik.bookings().confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
}

#[test]
fn goodwill_that_failed_is_owed_only_as_far_as_it_was_a_rebate() {
    let (bank, provider) = moody(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    bank.confirm(&guest, &held, "visa").unwrap();
    provider.mood.lock().refunds = Some(PaymentStatus::Unknown);
    let one = CancelBooking::new().seats(seats(&["A1"]));
    block_on(bank.kitflik.bookings().cancel(&guest, held.id, &one)).unwrap();
    bank.tick_after(minutes(26 * 60));
    assert_eq!(bank.now(&held).refunds[0].status, RefundStatus::Failed);
    // It is given anew, and fails again.
    bank.refund(&held, 1000).unwrap();
    bank.tick_after(minutes(26 * 60));
    assert_eq!(bank.now(&held).refunds[1].status, RefundStatus::Failed);
    assert_eq!(bank.books(&held), (1250, 2450));
    // 12.00 should have gone back; what is more is a rebate.
    provider.mood.lock().refunds = None;
    bank.refund(&held, 2000).unwrap();
    assert_eq!((bank.taken(&held), bank.books(&held)), (450, (450, 450)));
}

#[test]
fn a_provider_that_is_unplugged_keeps_no_seats_for_ever() {
    let bank = bank(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "pending").unwrap_err(), ErrorCode::PaymentPending);
    let without = Kitflik::builder(bank.house.storage.clone(), MasterKey::new([7; 32]))
        .clock(bank.house.clock.clone())
        .mailer(bank.house.mailbox.clone())
        .build()
        .unwrap();
    bank.house.clock.advance(minutes(29));
    block_on(without.tick()).unwrap();
    assert_eq!(bank.now(&held).status, BookingStatus::Confirming);
    bank.house.clock.advance(minutes(2));
    block_on(without.tick()).unwrap();
    assert_eq!(bank.now(&held).status, BookingStatus::Held);
    // What becomes of the money is found out once it is there again.
    bank.settle(&held, 1);
    bank.tick_after(minutes(61));
    assert_eq!((bank.now(&held).status, bank.taken(&held)), (BookingStatus::Confirmed, 2450));
}

/// A sale that somebody paid for twice, the second time by a charge that came late.
fn paid_twice(bank: &Bank) -> BookingView {
    let (held, guest) = bank.hold(&["A1", "A2"]);
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    bank.confirm(&guest, &held, "visa").unwrap();
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    held
}

#[test]
fn what_paid_for_nothing_is_refunded_before_what_paid_for_the_sale() {
    let bank = bank(LateMoney::Manual);
    let held = paid_twice(&bank);
    assert_eq!((bank.taken(&held), bank.books(&held)), (4900, (2450, 4900)));
    bank.refund(&held, 2450).unwrap();
    assert_eq!((bank.taken(&held), bank.books(&held)), (2450, (2450, 2450)));
    assert_eq!(bank.now(&held).payment.unwrap().status, "captured");
    block_on(bank.kitflik.bookings().cancel(&Actor::System, held.id, &CancelBooking::new())).unwrap();
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (0, 0)));
}

#[test]
fn a_late_refund_that_failed_is_made_anew_and_not_taken_from_the_till() {
    let (bank, provider) = moody(LateMoney::RetakeOrRefund);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let bookings = bank.kitflik.bookings();
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    block_on(bookings.take_payment(&clerk(), held.id, &TakePayment::default())).unwrap();
    provider.mood.lock().refunds = Some(PaymentStatus::Unknown);
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    bank.tick_after(minutes(26 * 60));
    assert_eq!(bank.now(&held).refunds[0].status, RefundStatus::Failed);
    provider.mood.lock().refunds = None;
    bank.refund(&held, 2450).unwrap();
    assert_eq!((bank.taken(&held), bank.books(&held)), (0, (2450, 2450)));
}

#[test]
fn what_waits_at_the_counter_does_not_hide_what_a_provider_has_too_much() {
    let bank = bank(LateMoney::Manual);
    let (held, guest) = bank.hold(&["A1", "A2"]);
    let bookings = bank.kitflik.bookings();
    assert_eq!(bank.confirm(&guest, &held, "charge_late").unwrap_err(), ErrorCode::PaymentDeclined);
    block_on(bookings.confirm(&guest, held.id, &ConfirmBooking::counter())).unwrap();
    bank.settle(&held, 1);
    bank.tick_after(minutes(60));
    assert_eq!(bank.books(&held), (2450, 2450));
    let day = SettlementQuery::of("2026-11-27".parse().unwrap());
    let settled = || block_on(bank.kitflik.reports().settlement(&Actor::System, &day)).unwrap();
    let open = || -> Vec<_> {
        let items = settled().open_items;
        items.iter().map(|item| (item.booking_id, item.kind, item.amount.amount_minor)).collect()
    };
    let (due, odd) = (OpenKind::CounterDue, OpenKind::NeedsAPerson);
    assert_eq!(open(), [(held.id, odd, -2450), (held.id, due, 2450)]);
    assert_eq!((settled().reconciled, settled().balances[0].closing.amount_minor), (true, 0));
    bank.refund(&held, 2450).unwrap();
    assert_eq!(open(), [(held.id, due, 2450)]);
    block_on(bookings.take_payment(&clerk(), held.id, &TakePayment::default())).unwrap();
    assert_eq!(open(), []);
}
