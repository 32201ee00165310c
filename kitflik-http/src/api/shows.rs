//! Shows and their seats.

use std::sync::Arc;

use crate::documented::{OpenApiRouter, routes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use kitflik_core::{
    BestAvailable, BestAvailableView, BookingId, LayoutId, Seat, SeatMapView, ShowId, ShowView,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cache::Known;
use super::extract::actor::Anyone;
use super::extract::path::Id;
use super::extract::query::Query;
use super::{Answer, cache, json};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(seats)).routes(routes!(best_available))
}

/// A show
#[utoipa::path(get, path = "/v1/shows/{id}", tag = "catalogue", params(("id" = ShowId, Path)),
    responses(
        (status = 200, description = "The show", body = ShowView, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn show(State(api): State<Api>, known: Known, Id(id): Id<ShowId>) -> Answer {
    cache::json(&known, &api.kitflik.catalog().show(id).await?)
}

/// How the seats of a show are answered.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SeatsQuery {
    /// `seats` gives an object per seat instead of a character.
    #[param(inline)]
    expand: Option<Expand>,
    /// Marks the seats of this booking as mine; needs the credential of the booking.
    booking: Option<BookingId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Expand {
    Seats,
}

/// The seats of a show, an object each: for people and scripts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpandedSeatMap {
    /// The layout that the seats stand in.
    pub layout_id: LayoutId,
    /// Grows with every change.
    pub version: u64,
    /// The seats, in layout order.
    pub seats: Vec<ExpandedSeat>,
}

/// A seat of a show.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpandedSeat {
    /// The seat.
    #[serde(flatten)]
    pub seat: Seat,
    /// Whether it can be had.
    pub state: SeatStateName,
}

/// Whether a seat can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SeatStateName {
    /// It can.
    Free,
    /// Somebody is about to buy it.
    Held,
    /// It is sold.
    Sold,
    /// The house keeps it.
    Blocked,
    /// The caller's booking has it.
    Mine,
}

impl From<char> for SeatStateName {
    fn from(character: char) -> Self {
        match character {
            '.' => Self::Free,
            'h' => Self::Held,
            's' => Self::Sold,
            'm' => Self::Mine,
            _ => Self::Blocked,
        }
    }
}

/// The two forms of the seats of a show, for the OpenAPI document.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "handlers answer the forms themselves")]
enum SeatsAnswer {
    Compact(SeatMapView),
    Expanded(ExpandedSeatMap),
}

/// The engine's text as the bytes of a body, without a copy.
struct SharedText(Arc<str>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The seats of a show
///
/// One character per seat in the order of the layout: `.` free, `h` held, `s` sold, `#` blocked, `m` mine.
#[utoipa::path(get, path = "/v1/shows/{id}/seats", tag = "bookings",
    params(("id" = ShowId, Path), SeatsQuery),
    responses(
        (status = 200, description = "The seats; objects with `expand=seats`", body = SeatsAnswer,
            headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn seats(
    State(api): State<Api>,
    Id(id): Id<ShowId>,
    Query(query): Query<SeatsQuery>,
    request: Request,
) -> Answer {
    // Taken, not copied: this is the hottest path of all.
    let (parts, _) = request.into_parts();
    let headers = parts.headers;
    let known = Known::of(&headers);
    let map = api.kitflik.bookings().seats(id).await?;
    if query.expand.is_none() && query.booking.is_none() {
        let json = map.json();
        let tag = cache::tag(json.as_bytes());
        return Ok(cache::answer(&known, tag, cache::REVALIDATE, Bytes::from_owner(SharedText(json))));
    }
    let mine = match query.booking {
        Some(booking) => {
            let Anyone(actor) = Anyone::of(&api, &parts.method, &headers).await?;
            api.kitflik.bookings().get(&actor, booking).await?;
            Some(map.with_mine(booking))
        }
        None => None,
    };
    let personal = mine.is_some();
    let view = mine.as_ref().unwrap_or_else(|| map.view());
    if query.expand.is_none() {
        return json(StatusCode::OK, view);
    }
    let layout = api.kitflik.catalog().layout(view.layout_id).await?;
    let states = view.states.chars().map(SeatStateName::from);
    let seats = layout.seats.iter().cloned().zip(states);
    let expanded = ExpandedSeatMap {
        layout_id: view.layout_id,
        version: view.version,
        seats: seats.map(|(seat, state)| ExpandedSeat { seat, state }).collect(),
    };
    if personal { json(StatusCode::OK, &expanded) } else { cache::json(&known, &expanded) }
}

/// The seats that the engine would choose now
#[utoipa::path(get, path = "/v1/shows/{id}/best-available", tag = "bookings",
    params(("id" = ShowId, Path),
        ("count" = u32, Query, description = "How many", minimum = 1, maximum = 10),
        ("category" = Option<String>, Query, description = "Only of this price category"),
        ("max_price_minor" = Option<i64>, Query, minimum = 0, maximum = 1_000_000_000,
            description = "Only seats that cost at most this, as the first ticket type of their category"),
        ("section" = Option<String>, Query, description = "Only in this section"),
        ("accessible" = Option<bool>, Query, description = "Wheelchair spaces and their companions too")),
    responses((status = 200, description = "The seats", body = BestAvailableView)))]
async fn best_available(
    State(api): State<Api>,
    Id(id): Id<ShowId>,
    Query(wish): Query<BestAvailable>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.bookings().best_available(id, &wish).await?)
}
