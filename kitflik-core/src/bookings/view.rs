//! What a booking's owner sees of its record.

use super::charges::is_paid_by;
use super::quote::quote;
use super::{
    BookedSeatView, BookingError, BookingStatus, BookingView, COUNTER, CancellationView, PaymentView,
    RefundReason, RefundStatus, RefundView,
};
use crate::error::EngineError;
use crate::kitflik::Engine;
use crate::money::Money;
use crate::seats::layout::{Layout, Seat};
use crate::store::keys;
use crate::store::records::{BookedSeat, Booking, Charge, Payment};
use crate::time::Timestamp;

pub(super) fn seat_view(seat: &Seat, booked: &BookedSeat, booking: &Booking) -> BookedSeatView {
    BookedSeatView {
        id: seat.id.clone(),
        label: seat.label.clone(),
        section: seat.section.clone(),
        row: seat.row.clone(),
        category: seat.category.clone(),
        ticket_type: booked.ticket_type.clone(),
        price: Money::new(booked.price_minor, booking.total.currency),
    }
}

impl Engine {
    pub(crate) async fn booking_view(&self, booking: &Booking) -> Result<BookingView, BookingError> {
        let layout = self.layout(booking.layout).await?;
        let layout =
            layout.ok_or_else(|| EngineError::internal(format!("layout {} is gone", booking.layout)))?;
        let returned = self.returns(&layout.layout, booking).await?;
        let charges = self.charges_of(booking).await?;
        Ok(BookingView { returned, ..view(&layout.layout, booking, &charges) })
    }

    /// What was asked for a booking. A hold that nobody has tried to pay has nothing, and nothing is read for it.
    pub(super) async fn charges_of(&self, booking: &Booking) -> Result<Vec<Charge>, EngineError> {
        if booking.payment.is_none() {
            return Ok(Vec::new());
        }
        let rows = self.scan_all(&keys::charges(booking.id)).await?;
        Ok(rows.into_iter().map(|(_, charge)| charge).collect())
    }
}

/// Where the money of the charge stands that a booking is paid by.
fn payment_status(booking: &Booking, payment: &Payment, charges: &[Charge]) -> &'static str {
    let paying = charges.iter().find(|charge| is_paid_by(booking, charge));
    let refunds = paying.map(|charge| charge.refunds.as_slice()).unwrap_or_default();
    let back = refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded);
    let back: i64 = back.map(|refund| refund.amount.amount_minor).sum();
    match (&payment.charge, booking.status) {
        (Some(_), _) if paying.is_some_and(|charge| back >= charge.amount.amount_minor) => "refunded",
        (Some(_), _) if back > 0 => "partly_refunded",
        (Some(_), _) => "captured",
        (None, BookingStatus::Confirmed) if payment.provider == COUNTER => "due",
        (None, BookingStatus::Confirming) => "in_flight",
        (None, _) => "not_captured",
    }
}

/// What goes back because the sale was undone, as one.
fn undone(refunds: &[RefundView], cancelled_at: Timestamp) -> Option<RefundView> {
    let ours = || {
        refunds
            .iter()
            .filter(|refund| matches!(refund.why, RefundReason::Cancelled | RefundReason::ShowCancelled))
    };
    let first = ours().next()?;
    let amount = ours().map(|refund| refund.amount.amount_minor).sum();
    let any = |status: RefundStatus| ours().any(|refund| refund.status == status);
    let status = [RefundStatus::Pending, RefundStatus::Failed].into_iter().find(|status| any(*status));
    Some(RefundView {
        amount: Money::new(amount, first.amount.currency),
        status: status.unwrap_or(RefundStatus::Refunded),
        why: first.why,
        at: cancelled_at,
    })
}

pub(super) fn view(layout: &Layout, booking: &Booking, charges: &[Charge]) -> BookingView {
    let undecided = matches!(booking.status, BookingStatus::Held | BookingStatus::Confirming);
    let seat = |booked: &BookedSeat| Some(seat_view(layout.seat(booked.number)?, booked, booking));
    let refunds = charges.iter().flat_map(|charge| charge.refunds.iter());
    let refunds = refunds.map(|refund| RefundView {
        amount: refund.amount,
        status: refund.status,
        why: refund.why,
        at: refund.at,
    });
    let mut refunds: Vec<RefundView> = refunds.collect();
    refunds.sort_by_key(|refund| refund.at);
    let cancellation = booking.cancellation.as_ref().map(|cancellation| CancellationView {
        at: cancellation.at,
        by: cancellation.by,
        reason: cancellation.reason.clone(),
        refund: undone(&refunds, cancellation.at),
    });
    let payment = booking.payment.as_ref().map(|payment| PaymentView {
        provider: payment.provider.clone(),
        status: payment_status(booking, payment, charges).to_owned(),
        reference: payment.reference.clone(),
    });
    BookingView {
        id: booking.id,
        status: booking.status,
        show_id: booking.show,
        layout_id: booking.layout,
        seats: booking.seats.iter().filter_map(seat).collect(),
        together: booking.together,
        expires_at: undecided.then_some(booking.until),
        quote: quote(layout, booking),
        customer: booking.customer.clone(),
        payment,
        created_at: booking.created_at,
        confirmed_at: booking
            .decided_at
            .filter(|_| matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Cancelled))
            .map(Timestamp::from_millis),
        cancellation,
        returned: Vec::new(),
        refunds,
        booking_token: None,
    }
}
