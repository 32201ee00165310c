//! KitFlik for JavaScript: what a gate or a plan editor needs without a server.
//!
//! Structured values cross as JSON texts; a failure is a JavaScript `Error` that says what is wrong.
#![allow(unsafe_code, reason = "the glue that wasm-bindgen generates")]

use kitflik_core::{Layout, TicketError, TicketKey};
use wasm_bindgen::prelude::*;

/// What a genuine ticket says.
#[wasm_bindgen]
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    ticket: String,
    booking: String,
    show: String,
    seat: u32,
    valid_from: f64,
    valid_until: f64,
}

#[wasm_bindgen]
impl Ticket {
    /// The ticket's id.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn ticket(&self) -> String {
        self.ticket.clone()
    }

    /// The booking that it is part of.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn booking(&self) -> String {
        self.booking.clone()
    }

    /// The show that it admits to.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn show(&self) -> String {
        self.show.clone()
    }

    /// The place of its seat in the list of the layout's seats.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn seat(&self) -> u32 {
        self.seat
    }

    /// From when it admits, in milliseconds since 1970, as `Date` counts.
    #[wasm_bindgen(getter, js_name = validFrom)]
    #[must_use]
    pub fn valid_from(&self) -> f64 {
        self.valid_from
    }

    /// Until when it admits, that second included, in milliseconds since 1970.
    #[wasm_bindgen(getter, js_name = validUntil)]
    #[must_use]
    pub fn valid_until(&self) -> f64 {
        self.valid_until
    }
}

/// Verifies the signature of a ticket with the public key of a house, without a network. Compare the time with
/// `validFrom` and `validUntil`; whether the ticket was used before, only the house knows.
///
/// # Errors
/// An `Error` that says what is wrong with the key or the token.
#[wasm_bindgen(js_name = verifyTicket)]
pub fn verify_ticket(public_key: &str, token: &str) -> Result<Ticket, JsError> {
    Ok(verified(public_key, token)?)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times stay below the year 10000: far below 2^53 milliseconds"
)]
fn verified(public_key: &str, token: &str) -> Result<Ticket, TicketError> {
    let claims = public_key.parse::<TicketKey>()?.verify(token)?;
    Ok(Ticket {
        ticket: claims.ticket.to_string(),
        booking: claims.booking.to_string(),
        show: claims.show.to_string(),
        seat: u32::try_from(claims.seat.index()).unwrap_or(u32::MAX),
        valid_from: claims.valid_from.millis() as f64,
        valid_until: claims.valid_until.millis() as f64,
    })
}

/// Reads a layout in the text format that people write. Returns it as JSON: `{name, categories, seats}`.
///
/// # Errors
/// An `Error` that names each fault with its line and column.
#[wasm_bindgen(js_name = layoutFromText)]
pub fn layout_from_text(name: &str, text: &str) -> Result<String, JsError> {
    Ok(serde_json::to_string(&Layout::from_text(name, text)?)?)
}

/// Reads a seating plan in the format of pretix. Returns it as JSON: `{name, categories, seats}`.
///
/// # Errors
/// An `Error` that names each fault with its place in the file.
#[wasm_bindgen(js_name = layoutFromPretix)]
pub fn layout_from_pretix(json: &str) -> Result<String, JsError> {
    Ok(serde_json::to_string(&Layout::from_pretix(json)?)?)
}

#[cfg(test)]
mod tests {
    use kitflik_core::{BookingId, SeatId, ShowId, TicketClaims, TicketId, TicketSigner, Timestamp};

    use super::*;

    #[test]
    fn a_ticket_is_verified_and_a_forged_one_refused() {
        let layout = Layout::from_text("Hall", "A: ###").unwrap();
        let claims = TicketClaims {
            ticket: TicketId::from_bytes([1; 16]),
            booking: BookingId::from_bytes([2; 16]),
            show: ShowId::from_bytes([3; 16]),
            seat: layout.number(&SeatId::new("A3").unwrap()).unwrap(),
            valid_from: Timestamp::from_millis(1_000),
            valid_until: Timestamp::from_millis(9_000),
        };
        let signer = TicketSigner::from_seed([7; 32]);
        let (key, token) = (signer.public_key().to_string(), signer.sign(&claims));
        let ticket = verified(&key, &token).unwrap();
        assert_eq!(ticket.booking(), claims.booking.to_string());
        assert_eq!((ticket.seat(), ticket.valid_from(), ticket.valid_until()), (2, 1_000.0, 9_000.0));
        let other = TicketSigner::from_seed([8; 32]).public_key().to_string();
        assert_eq!(verified(&other, &token), Err(TicketError::UnknownKey));
        assert_eq!(verified(&key, &token[..170]), Err(TicketError::Malformed));
        assert_eq!(verified("no key", &token), Err(TicketError::Malformed));
    }

    #[test]
    fn layouts_cross_as_json() {
        let json = layout_from_text("Hall", "A: ##_#").map_err(drop).unwrap();
        let layout: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(layout["name"], "Hall");
        assert_eq!(layout["seats"][2]["label"], "A3");
    }
}
