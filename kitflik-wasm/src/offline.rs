//! What a gate or a plan editor needs without a house: genuine tickets and layouts, as JSON texts.

use std::cell::RefCell;

use kitflik_core::{GatePack, Layout, TicketKey, TicketKeys};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::failure::Failure;

/// Verifies the signature of a ticket with the public keys of a house, without a network. Returns what it says.
/// Whether the ticket was used before, only the house knows.
///
/// # Errors
/// What is wrong with a key or the token.
#[wasm_bindgen(js_name = verifyTicket)]
pub fn verify_ticket(public_keys: Vec<String>, token: &str) -> Result<String, JsValue> {
    let keys: Result<Vec<TicketKey>, _> = public_keys.iter().map(|key| key.parse()).collect();
    to_json(&keys.and_then(|keys| TicketKeys(keys).verify(token)).map_err(Failure::from)?)
}

/// Reads a layout in the text format that people write: `{name, categories, seats}`.
///
/// # Errors
/// Each fault with its line and column.
#[wasm_bindgen(js_name = layoutFromText)]
pub fn layout_from_text(name: &str, text: &str) -> Result<String, JsValue> {
    to_json(&Layout::from_text(name, text).map_err(Failure::from)?)
}

/// Reads a seating plan in the format of pretix: `{name, categories, seats}`.
///
/// # Errors
/// Each fault with its place in the file.
#[wasm_bindgen(js_name = layoutFromPretix)]
pub fn layout_from_pretix(json: &str) -> Result<String, JsValue> {
    to_json(&Layout::from_pretix(json).map_err(Failure::from)?)
}

/// A gate that lets people into one show without a network.
#[wasm_bindgen]
#[derive(Debug)]
pub struct OfflineGate {
    gate: RefCell<kitflik_core::OfflineGate>,
}

#[wasm_bindgen]
impl OfflineGate {
    /// A gate with a pack, as JSON, that goes on where its log ends.
    ///
    /// # Errors
    /// What is wrong with the pack, the device's name or the log.
    #[wasm_bindgen(constructor)]
    pub fn new(pack: &str, device: &str, log: &str) -> Result<Self, JsValue> {
        let gate = kitflik_core::OfflineGate::resume(read_pack(pack)?, device, log).map_err(Failure::from)?;
        Ok(Self { gate: RefCell::new(gate) })
    }

    /// Whether the holder of a ticket may go in now: an `Admission`.
    ///
    /// # Errors
    /// Why not.
    pub fn scan(&self, token: &str, nonce: &str, now: &str) -> Result<String, JsValue> {
        let now = now.parse().map_err(|error| Failure::field("now", "invalid", error))?;
        to_json(&self.gate.borrow_mut().scan(token, nonce, now).map_err(Failure::from)?)
    }

    /// Takes a newer pack of the same show.
    ///
    /// # Errors
    /// What is wrong with it; the old pack stays.
    pub fn renew(&self, pack: &str) -> Result<(), JsValue> {
        let pack = read_pack(pack)?;
        Ok(self.gate.borrow_mut().renew(pack).map_err(Failure::from)?)
    }

    /// What to upload: a list of scans.
    ///
    /// # Errors
    /// None.
    pub fn scans(&self) -> Result<String, JsValue> {
        to_json(&self.gate.borrow().scans())
    }

    /// What to keep on the device: a line for each scan.
    #[must_use]
    pub fn log(&self) -> String {
        self.gate.borrow().log()
    }
}

fn read_pack(pack: &str) -> Result<GatePack, Failure> {
    serde_json::from_str(pack).map_err(|error| Failure::field("pack", "invalid", error))
}

fn to_json(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| JsValue::from(error.to_string()))
}

#[cfg(test)]
mod tests {
    use kitflik_core::{BookingId, SeatId, ShowId, TicketClaims, TicketId, TicketSigner, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_ticket_crosses_as_the_claims_that_it_makes() {
        let layout = Layout::from_text("Hall", "A: ###").unwrap();
        let claims = TicketClaims {
            ticket: TicketId::from_bytes([1; 16]),
            booking: BookingId::from_bytes([2; 16]),
            show: ShowId::from_bytes([3; 16]),
            seat: layout.number(&SeatId::new("A3").unwrap()).unwrap(),
            valid_from: Timestamp::from_millis(1_000),
            valid_until: Timestamp::from_millis(9_000),
        };
        let (signer, former) = (TicketSigner::from_seed([7; 32]), TicketSigner::from_seed([6; 32]));
        let keys = [&signer, &former].map(|signer| signer.public_key().to_string()).to_vec();
        assert_eq!(
            verify_ticket(keys.clone(), &signer.sign(&claims)).unwrap(),
            verify_ticket(keys.clone(), &former.sign(&claims)).unwrap()
        );
        let told = verify_ticket(keys, &signer.sign(&claims)).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["booking"], claims.booking.to_string());
        assert_eq!(told["seat"], 2);
        assert_eq!(told["valid_until"], json!("1970-01-01T00:00:09Z"));
    }

    #[test]
    fn layouts_cross_as_json() {
        let json = layout_from_text("Hall", "A: ##_#").unwrap();
        let layout: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(layout["name"], "Hall");
        assert_eq!(layout["seats"][2]["label"], "A3");
    }
}
