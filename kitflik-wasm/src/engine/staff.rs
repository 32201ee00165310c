//! `kitflik.staff`.

use kitflik_core::{LogIn, RefreshSession};
use wasm_bindgen::prelude::*;

use super::{Engine, command, json, read};

#[wasm_bindgen]
impl Engine {
    /// Whether the house has a staff account.
    #[wasm_bindgen(js_name = staffHasAny)]
    pub fn staff_has_any(&self) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().has_any().await?))
    }

    /// Makes the first staff account.
    #[wasm_bindgen(js_name = staffMakeFirst)]
    pub fn staff_make_first(&self, new: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().make_first(&read(&new)?).await?))
    }

    /// Logs staff in.
    #[wasm_bindgen(js_name = staffLogIn)]
    pub fn staff_log_in(&self, request: String, key: Option<String>, address: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = LogIn { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.staff().log_in(&request).await?)
        })
    }

    /// Staff's next pair of tokens.
    #[wasm_bindgen(js_name = staffRefresh)]
    pub fn staff_refresh(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RefreshSession { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().refresh(&request).await?)
        })
    }

    /// Ends a staff session.
    #[wasm_bindgen(js_name = staffLogOut)]
    pub fn staff_log_out(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RefreshSession { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().log_out(&request).await?)
        })
    }
}
