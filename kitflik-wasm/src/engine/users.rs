//! `kitflik.users` and `kitflik.staff`.

use kitflik_core::{InvalidToken, LogIn, RefreshSession, RegisterUser, StaffLogIn, UserError};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, json, read};

#[wasm_bindgen]
impl Engine {
    /// Whose access token this is: a customer's, or staff's.
    pub fn authenticate(&self, token: String) -> u32 {
        self.start(async move |kitflik| {
            json(&match kitflik.users().authenticate(&token) {
                Err(UserError::InvalidToken(InvalidToken::Invalid)) => {
                    kitflik.staff().authenticate(&token).await?
                }
                decided => decided?,
            })
        })
    }

    /// Makes an account.
    #[wasm_bindgen(js_name = usersRegister)]
    pub fn users_register(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RegisterUser { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().register(&request).await?)
        })
    }

    /// A customer's account.
    #[wasm_bindgen(js_name = usersMe)]
    pub fn users_me(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.users().me(&actor(&who)?).await?))
    }

    /// Logs a customer in.
    #[wasm_bindgen(js_name = usersLogIn)]
    pub fn users_log_in(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = LogIn { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().log_in(&request).await?)
        })
    }

    /// A customer's next pair of tokens.
    #[wasm_bindgen(js_name = usersRefresh)]
    pub fn users_refresh(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RefreshSession { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().refresh(&request).await?)
        })
    }

    /// Ends a customer's session.
    #[wasm_bindgen(js_name = usersLogOut)]
    pub fn users_log_out(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = RefreshSession { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().log_out(&request).await?)
        })
    }

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
    pub fn staff_log_in(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = StaffLogIn { command: command(key)?, ..read(&request)? };
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
