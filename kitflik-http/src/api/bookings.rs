//! Bookings: hold, change, extend, release, confirm, cancel.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kitflik_core::{
    BookingId, BookingView, CancelBooking, CancellationTermsView, ChangeSeats, ConfirmBooking, HoldSeats,
    SeatId,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::actor::Anyone;
use super::extract::body::Json;
use super::extract::idempotency::IdempotencyKey;
use super::extract::path::Id;
use super::extract::query::Query;
use super::{Answer, created, json};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(hold))
        .routes(routes!(booking))
        .routes(routes!(change_seats))
        .routes(routes!(extend))
        .routes(routes!(release))
        .routes(routes!(confirm))
        .routes(routes!(cancel))
        .routes(routes!(send_again))
        .routes(routes!(cancellation))
}

/// Hold seats for a while: named ones, or the best available; all or none
///
/// Whoever holds without an account gets a `booking_token`, to be sent as `Authorization: Booking …` with
/// every later call about the booking.
#[utoipa::path(post, path = "/v1/bookings", tag = "bookings", request_body = HoldSeats,
    responses((status = 201, description = "The hold", body = BookingView, headers(("Location" = String)))))]
async fn hold(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    key: IdempotencyKey,
    Json(mut request): Json<HoldSeats>,
) -> Answer {
    request.command = key.of(&actor);
    let booking = api.kitflik.bookings().hold(&actor, &request).await?;
    created(&format!("/v1/bookings/{}", booking.id), &booking)
}

/// A booking
#[utoipa::path(get, path = "/v1/bookings/{id}", tag = "bookings", params(("id" = BookingId, Path)),
    responses((status = 200, description = "The booking", body = BookingView)))]
async fn booking(State(api): State<Api>, Anyone(actor): Anyone, Id(id): Id<BookingId>) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().get(&actor, id).await?)
}

/// Have other seats in the same hold; the clock keeps running
#[utoipa::path(put, path = "/v1/bookings/{id}/seats", tag = "bookings", params(("id" = BookingId, Path)),
    request_body = ChangeSeats,
    responses(
        (status = 200, description = "The hold", body = BookingView),
        (status = 410, description = "`hold_expired`", body = Problem, content_type = PROBLEM_JSON)))]
async fn change_seats(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<ChangeSeats>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().change_seats(&actor, id, &request).await?)
}

/// Make a hold last longer
#[utoipa::path(post, path = "/v1/bookings/{id}/extend", tag = "bookings", params(("id" = BookingId, Path)),
    responses(
        (status = 200, description = "The hold", body = BookingView),
        (status = 410, description = "`hold_expired`", body = Problem, content_type = PROBLEM_JSON)))]
async fn extend(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().extend(&actor, id, command.as_ref()).await?)
}

/// Give the seats of a hold back
#[utoipa::path(post, path = "/v1/bookings/{id}/release", tag = "bookings", params(("id" = BookingId, Path)),
    responses((status = 200, description = "The booking", body = BookingView)))]
async fn release(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().release(&actor, id, command.as_ref()).await?)
}

/// Buy what is held
///
/// While the payment provider has not said yes or no, the answer is 409 `payment_pending` with `Retry-After`:
/// the seats are kept, and the same call again finds out.
#[utoipa::path(post, path = "/v1/bookings/{id}/confirm", tag = "bookings", params(("id" = BookingId, Path)),
    request_body = ConfirmBooking,
    responses(
        (status = 200, description = "The sale", body = BookingView),
        (status = 410, description = "`hold_expired`", body = Problem, content_type = PROBLEM_JSON)))]
async fn confirm(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<ConfirmBooking>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().confirm(&actor, id, &request).await?)
}

/// Undo a sale
///
/// Its seats are free at once, and of what was paid so much goes back as the terms of the house say at this time.
/// Whoever owns the booking may until the show starts, or earlier where the house says so; staff may at any time,
/// have to say why, and may decide otherwise how much comes back. With `seats`, only these tickets go back, and the
/// others stay.
#[utoipa::path(post, path = "/v1/bookings/{id}/cancel", tag = "bookings", params(("id" = BookingId, Path)),
    request_body = CancelBooking,
    responses((status = 200, description = "The booking, with how far its refund is", body = BookingView)))]
async fn cancel(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
    Json(mut request): Json<CancelBooking>,
) -> Answer {
    request.command = key.of(&actor);
    json(StatusCode::OK, &api.kitflik.bookings().cancel(&actor, id, &request).await?)
}

/// Mail the confirmation once more, with the tickets as they are now; once in five minutes
#[utoipa::path(post, path = "/v1/bookings/{id}/send-again", tag = "bookings", params(("id" = BookingId, Path)),
    responses((status = 202, description = "It will be there in a moment")))]
async fn send_again(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    key: IdempotencyKey,
) -> Answer {
    let command = key.of(&actor);
    api.kitflik.bookings().send_again(&actor, id, command.as_ref()).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Which tickets would go back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichSeats {
    /// The ids of their seats, with commas between; all if absent.
    #[serde(default, deserialize_with = "listed")]
    #[param(value_type = Option<String>)]
    seats: Vec<SeatId>,
}

fn listed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<SeatId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let seats = text.split(',').filter(|seat| !seat.is_empty());
    seats.map(|seat| seat.parse().map_err(serde::de::Error::custom)).collect()
}

/// What cancelling a booking would give back now
///
/// By the terms of the house, for all of its tickets or for some. What cannot be cancelled is refused as it would be.
#[utoipa::path(get, path = "/v1/bookings/{id}/cancellation", tag = "bookings", operation_id = "cancellation_terms",
    params(("id" = BookingId, Path), WhichSeats),
    responses((status = 200, description = "The terms", body = CancellationTermsView)))]
async fn cancellation(
    State(api): State<Api>,
    Anyone(actor): Anyone,
    Id(id): Id<BookingId>,
    Query(which): Query<WhichSeats>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().cancellation_terms(&actor, id, &which.seats).await?)
}
