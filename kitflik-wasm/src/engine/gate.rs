//! `kitflik.bookings`, at the gate.

use kitflik_core::{RevokeTicket, UndoCheckIn};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};

#[wasm_bindgen]
impl Engine {
    /// Lets the holder of a ticket in.
    #[wasm_bindgen(js_name = checkIn)]
    pub fn check_in(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().check_in(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// Takes a check-in back.
    #[wasm_bindgen(js_name = undoCheckIn)]
    pub fn undo_check_in(&self, who: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = UndoCheckIn { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().undo_check_in(&actor(&who)?, &request).await?)
        })
    }

    /// Merges what devices scanned without a network.
    #[wasm_bindgen(js_name = mergeCheckIns)]
    pub fn merge_check_ins(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().merge_check_ins(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// A page of the tickets that were used.
    #[wasm_bindgen(js_name = checkIns)]
    pub fn check_ins(&self, who: String, show: String, query: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().check_ins(&actor(&who)?, id(&show)?, &read(&query)?).await?)
        })
    }

    /// How many are in.
    #[wasm_bindgen(js_name = checkInCount)]
    pub fn check_in_count(&self, who: String, show: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().check_in_count(&actor(&who)?, id(&show)?).await?)
        })
    }

    /// What a gate without a network needs.
    #[wasm_bindgen(js_name = gatePack)]
    pub fn gate_pack(&self, who: String, show: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.bookings().gate_pack(&actor(&who)?, id(&show)?).await?))
    }

    /// Makes a ticket invalid.
    #[wasm_bindgen(js_name = revokeTicket)]
    pub fn revoke_ticket(
        &self,
        who: String,
        booking: String,
        ticket: String,
        request: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = RevokeTicket { command: command(key)?, ..read(&request)? };
            let (booking, ticket) = (id(&booking)?, id(&ticket)?);
            json(&kitflik.bookings().revoke_ticket(&actor(&who)?, booking, ticket, &request).await?)
        })
    }
}
