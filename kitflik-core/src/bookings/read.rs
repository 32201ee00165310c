//! Views of seats, bookings and tickets.

use std::sync::Arc;

use super::check_in::current_ticket;
use super::view::seat_view;
use super::{
    BestAvailable, BestAvailableView, BookingError, BookingStatus, BookingView, Bookings, SalesChannel,
    SeatMap, SeatMapView, TicketView,
};
use crate::actor::Actor;
use crate::catalog::{Page, PageRequest};
use crate::error::{Denied, EngineError, Invalid, Validation};
use crate::ids::{BookingId, SeatId, ShowId, TicketId};
use crate::limits;
use crate::seats::best::best_available;
use crate::seats::svg::{SvgOptions, seat_map_svg};
use crate::store::keys;
use crate::store::records::{BookedSeat, Booking, Show};
use crate::tickets::qr::{qr_png, qr_svg};
use crate::tickets::token::TicketClaims;
use crate::time::Timestamp;

impl Bookings<'_> {
    /// The seats of a show, as they were a moment ago.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] or [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn seats(&self, show: ShowId) -> Result<Arc<SeatMap>, BookingError> {
        self.engine.map(show).await?.ok_or(BookingError::NotFound { what: "show" })
    }

    /// The seats of a show as an SVG picture, see [`seat_map_svg`]: [`Bookings::seats`], or
    /// [`SeatMap::with_mine`](crate::SeatMap::with_mine).
    ///
    /// # Errors
    /// [`BookingError::NotFound`] or [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn seats_svg(&self, seats: &SeatMapView, options: &SvgOptions) -> Result<String, BookingError> {
        let layout = self.engine.layout(seats.layout_id).await?;
        let layout = layout.ok_or(BookingError::NotFound { what: "layout" })?;
        Ok(seat_map_svg(&layout.layout, &seats.states, options))
    }

    /// The seats that a hold for this wish would most likely get online now.
    ///
    /// # Errors
    /// [`BookingError::NotEnoughSeats`], [`BookingError::Invalid`], [`BookingError::NotFound`] or
    /// [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn best_available(
        &self,
        show: ShowId,
        wish: &BestAvailable,
    ) -> Result<BestAvailableView, BookingError> {
        let most = limits::MAX_SEATS_PER_BOOKING;
        if wish.count == 0 || wish.count as usize > most {
            let detail = format!("count is {}, allowed are 1 to {most}", wish.count);
            return Err(Invalid::one("count", "out_of_range", detail).into());
        }
        let mut fields = Validation::default();
        super::wish::check_price("max_price_minor", wish.max_price_minor, &mut fields);
        fields.finish()?;
        let map = self.seats(show).await?;
        let (_, layout) = self.hint_and_layout(show).await?;
        let filter = self.filter(show, wish).await?;
        let choice =
            best_available(&layout.layout, &map.free(SalesChannel::Online), wish.count as usize, &filter);
        let choice = choice.ok_or(BookingError::NotEnoughSeats { count: wish.count })?;
        let id = |seat: &_| -> Option<SeatId> { Some(layout.layout.seat(*seat)?.id.clone()) };
        Ok(BestAvailableView {
            seats: choice.seats.iter().filter_map(id).collect(),
            together: choice.together,
        })
    }

    /// A booking.
    ///
    /// # Errors
    /// [`BookingError::NotFound`], or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn get(&self, actor: &Actor, booking: BookingId) -> Result<BookingView, BookingError> {
        let booking = self.record(actor, booking).await?;
        self.engine.booking_view(&booking).await
    }

    /// A page of what the caller bought, cancelled sales too, the newest first.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless a customer who has an account asks, [`BookingError::Invalid`] for a page out of
    /// bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn mine(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<BookingView>, BookingError> {
        let id = match actor {
            Actor::User { id } => *id,
            Actor::Guest { .. } => return Err(Denied::Unauthenticated.into()),
            _ => return Err(actor.denied("have a customer's bookings").into()),
        };
        // An access token outlives its account by minutes.
        let user = self.engine.get(&keys::user(id)).await?;
        if user.is_none_or(|user| user.deleting) {
            return Err(Denied::Unauthenticated.into());
        }
        self.sales_of(id, request).await
    }

    /// The tickets of a confirmed booking, one per seat.
    ///
    /// # Errors
    /// `booking_state` unless it is confirmed, or not the caller's.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn tickets(&self, actor: &Actor, booking: BookingId) -> Result<Vec<TicketView>, BookingError> {
        let booking = self.record(actor, booking).await?;
        self.issue(&booking).await
    }

    /// The QR code of a ticket, as an SVG picture.
    ///
    /// # Errors
    /// As [`Bookings::tickets`], and [`BookingError::NotFound`] for another ticket.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn qr_svg(
        &self,
        actor: &Actor,
        booking: BookingId,
        ticket: TicketId,
    ) -> Result<String, BookingError> {
        let token = self.token(actor, booking, ticket).await?;
        Ok(qr_svg(&token).map_err(|error| EngineError::internal(error.to_string()))?)
    }

    /// The QR code of a ticket, as a PNG picture.
    ///
    /// # Errors
    /// As [`Bookings::tickets`], and [`BookingError::NotFound`] for another ticket.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn qr_png(
        &self,
        actor: &Actor,
        booking: BookingId,
        ticket: TicketId,
    ) -> Result<Vec<u8>, BookingError> {
        let token = self.token(actor, booking, ticket).await?;
        Ok(qr_png(&token).map_err(|error| EngineError::internal(error.to_string()))?)
    }

    /// The show of a confirmed booking as an iCalendar file.
    ///
    /// # Errors
    /// As [`Bookings::tickets`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn calendar(&self, actor: &Actor, booking: BookingId) -> Result<String, BookingError> {
        let booking = self.record(actor, booking).await?;
        confirmed(&booking)?;
        Ok(self.engine.calendar(&booking).await?)
    }

    pub(super) async fn record(&self, actor: &Actor, booking: BookingId) -> Result<Booking, BookingError> {
        let found = self.engine.get(&keys::booking(booking)).await?;
        let found = found.ok_or(BookingError::NotFound { what: "booking" })?;
        self.engine.may_use(actor, &found)?;
        Ok(found)
    }

    async fn token(
        &self,
        actor: &Actor,
        booking: BookingId,
        ticket: TicketId,
    ) -> Result<String, BookingError> {
        let issued = self.tickets(actor, booking).await?;
        let found = issued.into_iter().find(|issued| issued.id == ticket);
        found.map(|issued| issued.token).ok_or(BookingError::NotFound { what: "ticket" })
    }

    /// Signs the tickets of a booking, without those that were revoked. The same booking always gives the same
    /// tickets, so none is stored.
    pub(crate) async fn issue(&self, booking: &Booking) -> Result<Vec<TicketView>, BookingError> {
        confirmed(booking)?;
        let show = self.engine.get(&keys::show(booking.show)).await?;
        let show = show.ok_or(BookingError::NotFound { what: "show" })?;
        let layout = self.engine.layout(booking.layout).await?;
        let layout = layout.ok_or_else(|| EngineError::internal("the layout is gone"))?;
        let revoked = self.revoked_of(booking).await?;
        let (valid_from, valid_until) = admits(&show);
        let ticket = |booked: &BookedSeat| {
            let number = booked.number;
            let id = current_ticket(booking, booked, &revoked)?;
            let claims = TicketClaims {
                ticket: id,
                booking: booking.id,
                show: booking.show,
                seat: number,
                valid_from,
                valid_until,
            };
            let token = self.engine.keys.current().tickets().sign(&claims);
            Some(TicketView { id, seat: seat_view(layout.layout.seat(number)?, booked, booking), token })
        };
        Ok(booking.seats.iter().filter_map(ticket).collect())
    }
}

/// How long before the start a ticket lets people in.
const DOORS_OPEN: std::time::Duration = std::time::Duration::from_secs(2 * 60 * 60);

/// The window in which the tickets of a show let in.
pub(super) fn admits(show: &Show) -> (Timestamp, Timestamp) {
    (show.starts_at.minus(DOORS_OPEN), show.ends_at)
}

fn confirmed(booking: &Booking) -> Result<(), BookingError> {
    match booking.status {
        BookingStatus::Confirmed => Ok(()),
        status => Err(BookingError::State { status, needed: "only a confirmed booking has tickets" }),
    }
}
