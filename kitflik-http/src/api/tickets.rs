//! Tickets: their tokens, pictures and calendar file.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use kitflik_core::{BookingId, Page, TicketId, TicketView};
use serde::Serialize;
use utoipa::ToSchema;

use super::cache::Known;
use super::extract::actor::Anyone;
use super::extract::path::{Id, TicketPath};
use super::{Answer, cache, file, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(tickets))
        .routes(routes!(qr_svg))
        .routes(routes!(qr_png))
        .routes(routes!(calendar))
        .routes(routes!(print))
        .routes(routes!(ticket_key))
}

/// The tickets of a confirmed booking, one per seat
#[utoipa::path(get, path = "/v1/bookings/{id}/tickets", tag = "tickets", params(("id" = BookingId, Path)),
    responses((status = 200, description = "All tickets, on one page", body = Page<TicketView>)))]
async fn tickets(State(api): State<Api>, Anyone(actor): Anyone, Id(id): Id<BookingId>) -> Answer {
    let items = api.kitflik.bookings().tickets(&actor, id).await?;
    json(StatusCode::OK, &Page { items, next_cursor: None })
}

/// The QR code of a ticket as SVG
#[utoipa::path(get, path = "/v1/bookings/{id}/tickets/{ticket}/qr.svg", tag = "tickets",
    params(("id" = BookingId, Path), ("ticket" = TicketId, Path)),
    responses((status = 200, description = "The picture", body = String, content_type = "image/svg+xml")))]
async fn qr_svg(State(api): State<Api>, Anyone(actor): Anyone, path: TicketPath) -> Answer {
    let picture = api.kitflik.bookings().qr_svg(&actor, path.booking, path.ticket).await?;
    Ok(file("image/svg+xml", None, picture))
}

/// The QR code of a ticket as PNG
#[utoipa::path(get, path = "/v1/bookings/{id}/tickets/{ticket}/qr.png", tag = "tickets",
    params(("id" = BookingId, Path), ("ticket" = TicketId, Path)),
    responses((status = 200, description = "The picture", body = [u8], content_type = "image/png")))]
async fn qr_png(State(api): State<Api>, Anyone(actor): Anyone, path: TicketPath) -> Answer {
    let picture = api.kitflik.bookings().qr_png(&actor, path.booking, path.ticket).await?;
    Ok(file("image/png", None, picture))
}

/// The show of a confirmed booking as an iCalendar file
#[utoipa::path(get, path = "/v1/bookings/{id}/calendar.ics", tag = "tickets",
    params(("id" = BookingId, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "text/calendar")))]
async fn calendar(State(api): State<Api>, Anyone(actor): Anyone, Id(id): Id<BookingId>) -> Answer {
    let text = api.kitflik.bookings().calendar(&actor, id).await?;
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"booking.ics\"");
    Ok(file("text/calendar; charset=utf-8", Some(name), text))
}

/// The tickets of a confirmed booking as one page to print
#[utoipa::path(get, path = "/v1/bookings/{id}/print", tag = "tickets", operation_id = "print_booking",
    params(("id" = BookingId, Path)),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn print(State(api): State<Api>, Anyone(actor): Anyone, Id(id): Id<BookingId>) -> Answer {
    let page = api.kitflik.bookings().print(&actor, id).await?;
    let mut response = file("text/html; charset=utf-8", None, page);
    let policy = format!("{}; frame-ancestors 'none'", kitflik_core::PRINT_POLICY);
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The public keys that tickets are verified with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketKeyView {
    /// How tickets are signed: `Ed25519`.
    pub algorithm: &'static str,
    /// The 32 bytes of the key that new tickets are signed with, base64url without padding.
    pub public_key: String,
    /// All keys whose tickets are accepted, that one first.
    pub public_keys: Vec<String>,
}

/// The public keys that verify tickets without a network
#[utoipa::path(get, path = "/v1/ticket-key", tag = "tickets",
    responses(
        (status = 200, description = "The keys", body = TicketKeyView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn ticket_key(State(api): State<Api>, known: Known) -> Answer {
    let public_key = api.kitflik.ticket_key().to_string();
    let public_keys = api.kitflik.ticket_keys().0.iter().map(ToString::to_string).collect();
    cache::json(&known, &TicketKeyView { algorithm: "Ed25519", public_key, public_keys })
}
