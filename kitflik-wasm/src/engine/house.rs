//! `kitflik.bookings`: quotes, and seats that the house keeps.

use kitflik_core::{BlockSeats, UnblockSeats};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};

#[wasm_bindgen]
impl Engine {
    /// What seats would cost.
    pub fn quote(&self, who: String, show: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().quote(&actor(&who)?, id(&show)?, &read(&request)?).await?)
        })
    }

    /// Keeps seats for the house.
    #[wasm_bindgen(js_name = blockSeats)]
    pub fn block_seats(&self, who: String, show: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = BlockSeats { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().block_seats(&actor(&who)?, id(&show)?, &request).await?)
        })
    }

    /// Gives seats of the house to all.
    #[wasm_bindgen(js_name = unblockSeats)]
    pub fn unblock_seats(&self, who: String, show: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = UnblockSeats { command: command(key)?, ..read(&request)? };
            json(&kitflik.bookings().unblock_seats(&actor(&who)?, id(&show)?, &request).await?)
        })
    }

    /// The seats that the house keeps.
    #[wasm_bindgen(js_name = houseSeats)]
    pub fn house_seats(&self, who: String, show: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.bookings().house_seats(&actor(&who)?, id(&show)?).await?)
        })
    }
}
