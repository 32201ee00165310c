//! Money of bookings, by staff: refunds, and what is paid and given back over the counter.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{BookingId, BookingView, HandOutRefund, RefundBooking, TakePayment};

use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::{Answer, json};
use crate::documented::{OpenApiRouter, routes};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(refund)).routes(routes!(take_payment)).routes(routes!(hand_out))
}

/// Give money of a booking back
///
/// Whatever the booking's state, which it does not change: never more than was taken and has not gone back. Where a
/// provider took the money it makes the refund; cash is handed out by whoever asks, now.
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/refunds", tag = "staff", operation_id = "refund_booking",
    params(("id" = BookingId, Path)), request_body = RefundBooking,
    responses((status = 200, description = "The booking, with its refunds", body = BookingView)))]
async fn refund(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<RefundBooking>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().refund(&actor, id, &request).await?)
}

/// Note that a booking was paid at the counter
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/payment", tag = "staff",
    params(("id" = BookingId, Path)), request_body = TakePayment,
    responses((status = 200, description = "The booking, paid", body = BookingView)))]
async fn take_payment(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<TakePayment>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().take_payment(&actor, id, &request).await?)
}

/// Note that cash which waited for its customer was handed out
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/refunds/handed-out", tag = "staff",
    operation_id = "hand_out_refund", params(("id" = BookingId, Path)), request_body = HandOutRefund,
    responses((status = 200, description = "The booking, with its refunds", body = BookingView)))]
async fn hand_out(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<HandOutRefund>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().hand_out_refund(&actor, id, &request).await?)
}
