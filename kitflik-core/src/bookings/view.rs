//! What a booking's owner sees of its record.

use super::quote::quote;
use super::{
    BookedSeatView, BookingError, BookingStatus, BookingView, COUNTER, CancellationView, PaymentView,
    RefundStatus, RefundView,
};
use crate::error::EngineError;
use crate::kitflik::Engine;
use crate::money::Money;
use crate::seats::layout::{Layout, Seat};
use crate::store::records::{BookedSeat, Booking};
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
        Ok(BookingView { returned, ..view(&layout.layout, booking) })
    }
}

pub(super) fn view(layout: &Layout, booking: &Booking) -> BookingView {
    let undecided = matches!(booking.status, BookingStatus::Held | BookingStatus::Confirming);
    let seat = |booked: &BookedSeat| Some(seat_view(layout.seat(booked.number)?, booked, booking));
    let cancellation = booking.cancellation.as_ref().map(|cancellation| CancellationView {
        at: cancellation.at,
        by: cancellation.by,
        reason: cancellation.reason.clone(),
        refund: (cancellation.refund.as_ref())
            .map(|refund| RefundView { amount: refund.amount, status: refund.status }),
    });
    let refund = cancellation.as_ref().and_then(|cancellation| Some(cancellation.refund.as_ref()?.status));
    let payment = booking.payment.as_ref().map(|payment| PaymentView {
        provider: payment.provider.clone(),
        status: match (&payment.charge, booking.status) {
            (Some(_), _) if refund == Some(RefundStatus::Refunded) => "refunded",
            (Some(_), _) => "captured",
            (None, BookingStatus::Confirmed) if payment.provider == COUNTER => "due",
            (None, BookingStatus::Confirming) => "in_flight",
            (None, _) => "not_captured",
        }
        .to_owned(),
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
        booking_token: None,
    }
}
