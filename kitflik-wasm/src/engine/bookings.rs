//! `kitflik.bookings`.

use js_sys::Uint8Array;
use kitflik_core::{
    CancelBooking, ChangeSeats, ConfirmBooking, HandOutRefund, HoldSeats, Kitflik, RefundBooking, SeatId,
    SeatMap, SeatMapView, TakePayment,
};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};
use crate::failure::Failure;

#[wasm_bindgen]
impl Engine {
    /// The seats of a show; with a booking of the actor's, its seats marked.
    pub fn seats(&self, show: String, who: Option<String>, booking: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let map = kitflik.bookings().seats(id(&show)?).await?;
            match mine(&kitflik, &map, who, booking).await? {
                None => Ok((*map.json()).into()),
                Some(view) => json(&view),
            }
        })
    }

    /// The seats of a show as an SVG picture; with a booking of the actor's, its seats marked.
    #[wasm_bindgen(js_name = seatsSvg)]
    pub fn seats_svg(
        &self,
        show: String,
        options: String,
        who: Option<String>,
        booking: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let map = kitflik.bookings().seats(id(&show)?).await?;
            let view = mine(&kitflik, &map, who, booking).await?;
            let view = view.as_ref().unwrap_or(map.view());
            json(&kitflik.bookings().seats_svg(view, &read(&options)?).await?)
        })
    }

    /// The seats that the engine would choose now.
    #[wasm_bindgen(js_name = bestAvailable)]
    pub fn best_available(&self, show: String, wish: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().best_available(id(&show)?, &read(&wish)?).await?)
        })
    }

    /// A booking.
    pub fn booking(&self, who: String, booking: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.bookings().get(&actor(&who)?, id(&booking)?).await?))
    }

    /// A page of a customer's confirmed bookings.
    #[wasm_bindgen(js_name = bookingsMine)]
    pub fn bookings_mine(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.bookings().mine(&actor(&who)?, &read(&page)?).await?))
    }

    /// A page of the house's bookings.
    #[wasm_bindgen(js_name = bookingsList)]
    pub fn bookings_list(&self, who: String, query: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.bookings().list(&actor(&who)?, &read(&query)?).await?))
    }

    /// The tickets of a confirmed booking.
    pub fn tickets(&self, who: String, booking: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().tickets(&actor(&who)?, id(&booking)?).await?)
        })
    }

    /// The QR code of a ticket as SVG.
    #[wasm_bindgen(js_name = qrSvg)]
    pub fn qr_svg(&self, who: String, booking: String, ticket: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().qr_svg(&actor(&who)?, id(&booking)?, id(&ticket)?).await?)
        })
    }

    /// The QR code of a ticket as PNG.
    #[wasm_bindgen(js_name = qrPng)]
    pub fn qr_png(&self, who: String, booking: String, ticket: String) -> u32 {
        self.start(async move |kitflik| {
            let picture = kitflik.bookings().qr_png(&actor(&who)?, id(&booking)?, id(&ticket)?).await?;
            Ok(Uint8Array::from(picture.as_slice()).into())
        })
    }

    /// The show of a confirmed booking as an iCalendar file.
    pub fn calendar(&self, who: String, booking: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().calendar(&actor(&who)?, id(&booking)?).await?)
        })
    }

    /// The tickets of a booking as one page to print.
    pub fn print(&self, who: String, booking: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.bookings().print(&actor(&who)?, id(&booking)?).await?))
    }

    /// Holds seats.
    pub fn hold(&self, who: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = HoldSeats { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().hold(&actor(&who)?, &request).await?)
        })
    }

    /// Changes the seats of a hold.
    #[wasm_bindgen(js_name = changeSeats)]
    pub fn change_seats(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = ChangeSeats { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().change_seats(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// Makes a hold last longer.
    pub fn extend(&self, who: String, booking: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.bookings().extend(&actor(&who)?, id(&booking)?, command.as_ref()).await?)
        })
    }

    /// Mails the confirmation once more.
    #[wasm_bindgen(js_name = sendAgain)]
    pub fn send_again(&self, who: String, booking: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.bookings().send_again(&actor(&who)?, id(&booking)?, command.as_ref()).await?)
        })
    }

    /// Gives the seats of a hold back.
    pub fn release(&self, who: String, booking: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.bookings().release(&actor(&who)?, id(&booking)?, command.as_ref()).await?)
        })
    }

    /// Buys what is held.
    pub fn confirm(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = ConfirmBooking { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().confirm(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// What cancelling would give back.
    #[wasm_bindgen(js_name = cancellationTerms)]
    pub fn cancellation_terms(&self, who: String, booking: String, seats: String) -> u32 {
        self.start(async move |kitflik| {
            let seats: Vec<SeatId> = read(&seats)?;
            json(&kitflik.bookings().cancellation_terms(&actor(&who)?, id(&booking)?, &seats).await?)
        })
    }

    /// Undoes a sale.
    pub fn cancel(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = CancelBooking { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().cancel(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// Gives money of a booking back.
    pub fn refund(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RefundBooking { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().refund(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// Notes that a booking was paid at the counter.
    #[wasm_bindgen(js_name = takePayment)]
    pub fn take_payment(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = TakePayment { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().take_payment(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// Notes that cash which waited for its customer was handed out.
    #[wasm_bindgen(js_name = handOutRefund)]
    pub fn hand_out_refund(&self, who: String, booking: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = HandOutRefund { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().hand_out_refund(&actor(&who)?, id(&booking)?, &request).await?)
        })
    }

    /// Takes in what a payment provider tells; the headers are a list as JSON.
    #[wasm_bindgen(js_name = paymentEvent)]
    pub fn payment_event(&self, provider: String, headers: String, body: String) -> u32 {
        self.start(async move |kitflik| {
            kitflik.bookings().payment_event(&provider, read(&headers)?, body).await?;
            json(&())
        })
    }
}

/// The seats as the owner of a booking sees them, if somebody asks as such.
async fn mine(
    kitflik: &Kitflik,
    map: &SeatMap,
    who: Option<String>,
    booking: Option<String>,
) -> Result<Option<SeatMapView>, Failure> {
    let (Some(who), Some(booking)) = (who, booking) else { return Ok(None) };
    let booking = id(&booking)?;
    kitflik.bookings().get(&actor(&who)?, booking).await?;
    Ok(Some(map.with_mine(booking)))
}
