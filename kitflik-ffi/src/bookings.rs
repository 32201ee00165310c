//! Seats and bookings.

use kitflik_core::{
    Actor, BestAvailable, BestAvailableView, BlockSeats, BookingError, BookingId, BookingQuery, BookingView,
    CancelBooking, CancellationTermsView, ChangeSeats, CommandId, ConfirmBooking, EventHeader, HandOutRefund,
    HoldSeats, HouseSeatView, KitflikError, PageRequest, QuoteSeats, QuoteView, RefundBooking, SeatId,
    SeatMapView, ShowId, SvgOptions, TakePayment, TicketId, TicketView, UnblockSeats,
};

use crate::catalog::page;
use crate::guard::guarded;

/// Seats and bookings. From `Kitflik.bookings`.
#[derive(uniffi::Object)]
pub struct Bookings {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

page! {
    /// A page of bookings.
    BookingPage of BookingView
}

#[uniffi::export]
impl Bookings {
    /// The seats of a show; those of the booking `mine`, if it is given, are marked as such.
    ///
    /// # Errors
    /// `not_found`.
    #[uniffi::method(default(mine = None))]
    pub async fn seats(&self, show: ShowId, mine: Option<BookingId>) -> Result<SeatMapView, KitflikError> {
        let map = guarded(self.kitflik.bookings().seats(show)).await?;
        Ok(mine.map_or_else(|| map.view().clone(), |booking| map.with_mine(booking)))
    }

    /// The seats of a show as an SVG picture; those of the booking `mine`, if it is given, are marked as such.
    ///
    /// # Errors
    /// `not_found`.
    #[uniffi::method(default(mine = None, options = None))]
    pub async fn seats_svg(
        &self,
        show: ShowId,
        mine: Option<BookingId>,
        options: Option<SvgOptions>,
    ) -> Result<String, KitflikError> {
        let seats = self.seats(show, mine).await?;
        guarded(self.kitflik.bookings().seats_svg(&seats, &options.unwrap_or_default())).await
    }

    /// What seats would cost if they were held now, with a discount code too. Nothing is held.
    ///
    /// # Errors
    /// `unknown_seat`, `show_not_on_sale`, `voucher_unknown`, `voucher_not_valid`, `voucher_used_up`, `Invalid` or
    /// `not_found`.
    pub async fn quote(
        &self,
        actor: Actor,
        show: ShowId,
        request: QuoteSeats,
    ) -> Result<QuoteView, KitflikError> {
        guarded(self.kitflik.bookings().quote(&actor, show, &request)).await
    }

    /// Keeps seats of a show for the house, all or none, for staff of the office: nobody has them but the channels that
    /// the request names, until they are released.
    ///
    /// # Errors
    /// `Seats` names what is held or sold (`seat_taken`) or not there (`unknown_seat`); `Invalid`, `not_found`,
    /// `show_not_on_sale` once it is over, `forbidden` or `unauthenticated`.
    pub async fn block_seats(
        &self,
        actor: Actor,
        show: ShowId,
        request: BlockSeats,
    ) -> Result<Vec<HouseSeatView>, KitflikError> {
        guarded(self.kitflik.bookings().block_seats(&actor, show, &request)).await
    }

    /// Gives seats that the house keeps to all, and answers which ones it gave. Others are passed over.
    ///
    /// # Errors
    /// As [`Bookings::block_seats`].
    pub async fn unblock_seats(
        &self,
        actor: Actor,
        show: ShowId,
        request: UnblockSeats,
    ) -> Result<Vec<HouseSeatView>, KitflikError> {
        guarded(self.kitflik.bookings().unblock_seats(&actor, show, &request)).await
    }

    /// The seats that the house keeps in a show.
    ///
    /// # Errors
    /// `not_found`, `forbidden` or `unauthenticated`.
    pub async fn house_seats(&self, actor: Actor, show: ShowId) -> Result<Vec<HouseSeatView>, KitflikError> {
        guarded(self.kitflik.bookings().house_seats(&actor, show)).await
    }

    /// The seats that a hold for this wish would most likely get now.
    ///
    /// # Errors
    /// `not_enough_seats`, `validation_failed` or `not_found`.
    pub async fn best_available(
        &self,
        show: ShowId,
        wish: BestAvailable,
    ) -> Result<BestAvailableView, KitflikError> {
        guarded(self.kitflik.bookings().best_available(show, &wish)).await
    }

    /// Keeps seats for a while: all of them or none.
    ///
    /// # Errors
    /// `Seats` names what cannot be had (`seat_taken`, `unknown_seat`) or what a rule forbids (`orphan_seat`,
    /// `couple_split`, `companion_alone`) with another choice; `Invalid`, `Refused` or `Retry` for the rest.
    pub async fn hold(&self, actor: Actor, request: HoldSeats) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().hold(&actor, &request)).await
    }

    /// Has other seats in the same hold. Its time runs on.
    ///
    /// # Errors
    /// As [`Bookings::hold`], and `hold_expired` or `booking_state`.
    pub async fn change_seats(
        &self,
        actor: Actor,
        booking: BookingId,
        request: ChangeSeats,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().change_seats(&actor, booking, &request)).await
    }

    /// Gives a hold its full time again.
    ///
    /// # Errors
    /// `extension_limit`, `hold_expired` or `booking_state`.
    #[uniffi::method(default(command = None))]
    pub async fn extend(
        &self,
        actor: Actor,
        booking: BookingId,
        command: Option<CommandId>,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().extend(&actor, booking, command.as_ref())).await
    }

    /// Mails the confirmation of a sale once more, with its tickets as they are now; once in five minutes.
    ///
    /// # Errors
    /// `too_many_requests`, `booking_state` unless it is confirmed, or `not_found` if it has no address.
    #[uniffi::method(default(command = None))]
    pub async fn send_again(
        &self,
        actor: Actor,
        booking: BookingId,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.bookings().send_again(&actor, booking, command.as_ref())).await
    }

    /// Gives a hold back before it is bought.
    ///
    /// # Errors
    /// `booking_state` once it is sold.
    #[uniffi::method(default(command = None))]
    pub async fn release(
        &self,
        actor: Actor,
        booking: BookingId,
        command: Option<CommandId>,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().release(&actor, booking, command.as_ref())).await
    }

    /// Buys what is held.
    ///
    /// # Errors
    /// `hold_expired`, `booking_state`, `payment_declined` or, to be tried again, `payment_pending`.
    pub async fn confirm(
        &self,
        actor: Actor,
        booking: BookingId,
        request: ConfirmBooking,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().confirm(&actor, booking, &request)).await
    }

    /// Undoes a sale, or some tickets of it: their seats are free at once, they are refused at the door, and of what
    /// was paid so much goes back as the house's terms say. Staff have to give a reason, and may decide otherwise.
    /// Cancelling what is cancelled changes nothing, and answers where the refund stands now.
    ///
    /// # Errors
    /// `booking_state` unless it is confirmed, `cancellation_closed` once its owner may not cancel it any more,
    /// `Invalid` without a reason of staff's, `not_found`, `unauthenticated` or `forbidden`.
    #[uniffi::method(default(request = None))]
    pub async fn cancel(
        &self,
        actor: Actor,
        booking: BookingId,
        request: Option<CancelBooking>,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().cancel(&actor, booking, &request.unwrap_or_default())).await
    }

    /// What cancelling would give back now, by the house's terms: of all tickets, or of those for some seats.
    ///
    /// # Errors
    /// As [`Bookings::cancel`].
    #[uniffi::method(default(seats = []))]
    pub async fn cancellation_terms(
        &self,
        actor: Actor,
        booking: BookingId,
        seats: Vec<SeatId>,
    ) -> Result<CancellationTermsView, KitflikError> {
        guarded(self.kitflik.bookings().cancellation_terms(&actor, booking, &seats)).await
    }

    /// Gives money of a booking back, by staff who manage bookings: at most what was taken and has not gone back.
    ///
    /// # Errors
    /// `validation_failed`, `not_found`, `unauthenticated` or `forbidden`.
    pub async fn refund(
        &self,
        actor: Actor,
        booking: BookingId,
        request: RefundBooking,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().refund(&actor, booking, &request)).await
    }

    /// Notes that a booking was paid at the counter, by staff who manage bookings.
    ///
    /// # Errors
    /// `booking_state` unless it is due there, `not_found`, `unauthenticated` or `forbidden`.
    pub async fn take_payment(
        &self,
        actor: Actor,
        booking: BookingId,
        request: TakePayment,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().take_payment(&actor, booking, &request)).await
    }

    /// Notes that cash which waited for its customer was handed out, by staff who manage bookings.
    ///
    /// # Errors
    /// `booking_state` if none waits, `not_found`, `unauthenticated` or `forbidden`.
    pub async fn hand_out_refund(
        &self,
        actor: Actor,
        booking: BookingId,
        request: HandOutRefund,
    ) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().hand_out_refund(&actor, booking, &request)).await
    }

    /// Takes in what a payment provider tells of its own accord, the body exactly as it came.
    ///
    /// # Errors
    /// `event_bad_signature`, `event_malformed` or `not_found`.
    pub async fn payment_event(
        &self,
        provider: String,
        headers: Vec<EventHeader>,
        body: String,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.bookings().payment_event(&provider, headers, body)).await
    }

    /// A booking, for its owner and for staff.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden`.
    pub async fn get(&self, actor: Actor, booking: BookingId) -> Result<BookingView, KitflikError> {
        guarded(self.kitflik.bookings().get(&actor, booking)).await
    }

    /// A page of the caller's confirmed bookings, the newest first.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn mine(&self, actor: Actor, request: PageRequest) -> Result<BookingPage, KitflikError> {
        let bookings = self.kitflik.bookings();
        guarded(async { Ok::<_, BookingError>(bookings.mine(&actor, &request).await?.into()) }).await
    }

    /// A page of the house's bookings, the newest first, for staff who manage them: of a show, a customer, a state, a
    /// time of making. A page may have fewer items
    /// than its limit and still have a `next_cursor`.
    ///
    /// # Errors
    /// `unauthenticated`, `forbidden`, `not_found` for an unknown show, or `validation_failed`.
    pub async fn list(&self, actor: Actor, query: BookingQuery) -> Result<BookingPage, KitflikError> {
        let bookings = self.kitflik.bookings();
        guarded(async { Ok::<_, BookingError>(bookings.list(&actor, &query).await?.into()) }).await
    }

    /// The tickets of a confirmed booking.
    ///
    /// # Errors
    /// `booking_state` until it is confirmed.
    pub async fn tickets(&self, actor: Actor, booking: BookingId) -> Result<Vec<TicketView>, KitflikError> {
        guarded(self.kitflik.bookings().tickets(&actor, booking)).await
    }

    /// The QR code of a ticket, as an SVG picture.
    ///
    /// # Errors
    /// As [`Bookings::tickets`], and `not_found` for another ticket.
    pub async fn qr_svg(
        &self,
        actor: Actor,
        booking: BookingId,
        ticket: TicketId,
    ) -> Result<String, KitflikError> {
        guarded(self.kitflik.bookings().qr_svg(&actor, booking, ticket)).await
    }

    /// The QR code of a ticket, as a PNG picture.
    ///
    /// # Errors
    /// As [`Bookings::tickets`], and `not_found` for another ticket.
    pub async fn qr_png(
        &self,
        actor: Actor,
        booking: BookingId,
        ticket: TicketId,
    ) -> Result<Vec<u8>, KitflikError> {
        guarded(self.kitflik.bookings().qr_png(&actor, booking, ticket)).await
    }

    /// The tickets of a confirmed booking as one page to print: HTML that stands alone.
    ///
    /// # Errors
    /// As [`Bookings::tickets`].
    pub async fn print(&self, actor: Actor, booking: BookingId) -> Result<String, KitflikError> {
        guarded(self.kitflik.bookings().print(&actor, booking)).await
    }

    /// The show of a confirmed booking as an iCalendar file.
    ///
    /// # Errors
    /// As [`Bookings::tickets`].
    pub async fn calendar(&self, actor: Actor, booking: BookingId) -> Result<String, KitflikError> {
        guarded(self.kitflik.bookings().calendar(&actor, booking)).await
    }
}
