//! `kitflik.users`.

use kitflik_core::{
    ChangeEmail, ChangePassword, ConfirmEmail, DeleteAccount, DeleteCustomer, ForgotPassword, InvalidToken,
    LogIn, RefreshSession, RegisterUser, ResendVerification, ResetPassword, UpdateProfile, UserError,
    VerifyEmail,
};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};

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
    pub fn users_log_in(&self, request: String, key: Option<String>, address: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = LogIn { command: command(key)?, address, ..read(&request)? };
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

    /// Verifies an address by a mailed link or code.
    #[wasm_bindgen(js_name = usersVerifyEmail)]
    pub fn users_verify_email(&self, request: String, key: Option<String>, address: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = VerifyEmail { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().verify_email(&request).await?)
        })
    }

    /// Mails another link and code.
    #[wasm_bindgen(js_name = usersResendVerification)]
    pub fn users_resend_verification(
        &self,
        request: String,
        key: Option<String>,
        address: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = ResendVerification { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().resend_verification(&request).await?)
        })
    }

    /// Mails a code for a new password.
    #[wasm_bindgen(js_name = usersForgotPassword)]
    pub fn users_forgot_password(
        &self,
        request: String,
        key: Option<String>,
        address: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = ForgotPassword { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().forgot_password(&request).await?)
        })
    }

    /// Sets a new password by a mailed code.
    #[wasm_bindgen(js_name = usersResetPassword)]
    pub fn users_reset_password(&self, request: String, key: Option<String>, address: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = ResetPassword { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().reset_password(&request).await?)
        })
    }

    /// Sets a new password by the old one.
    #[wasm_bindgen(js_name = usersChangePassword)]
    pub fn users_change_password(
        &self,
        who: String,
        request: String,
        key: Option<String>,
        address: Option<String>,
        session: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let session = session.as_deref().map(id).transpose()?;
            let request = ChangePassword { command: command(key)?, address, session, ..read(&request)? };
            json(&kitflik.users().change_password(&actor(&who)?, &request).await?)
        })
    }

    /// Mails a link and a code to a new address.
    #[wasm_bindgen(js_name = usersChangeEmail)]
    pub fn users_change_email(
        &self,
        who: String,
        request: String,
        key: Option<String>,
        address: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = ChangeEmail { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().change_email(&actor(&who)?, &request).await?)
        })
    }

    /// Makes a new address the account's.
    #[wasm_bindgen(js_name = usersConfirmEmail)]
    pub fn users_confirm_email(
        &self,
        who: String,
        request: String,
        key: Option<String>,
        address: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = ConfirmEmail { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().confirm_email(&actor(&who)?, &request).await?)
        })
    }

    /// Changes a profile.
    #[wasm_bindgen(js_name = usersUpdateProfile)]
    pub fn users_update_profile(&self, who: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = UpdateProfile { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().update_profile(&actor(&who)?, &request).await?)
        })
    }

    /// The session that an access token came from.
    #[wasm_bindgen(js_name = usersSession)]
    pub fn users_session(&self, token: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.users().session(&token)?))
    }

    /// The open sessions of a customer.
    #[wasm_bindgen(js_name = usersListSessions)]
    pub fn users_list_sessions(&self, who: String, current: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let current = current.as_deref().map(id).transpose()?;
            json(&kitflik.users().list_sessions(&actor(&who)?, current).await?)
        })
    }

    /// Ends a session of a customer.
    #[wasm_bindgen(js_name = usersRevokeSession)]
    pub fn users_revoke_session(&self, who: String, session: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.users().revoke_session(&actor(&who)?, id(&session)?, command.as_ref()).await?)
        })
    }

    /// Ends all sessions of a customer.
    #[wasm_bindgen(js_name = usersLogOutEverywhere)]
    pub fn users_log_out_everywhere(&self, who: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.users().log_out_everywhere(&actor(&who)?, command(key)?.as_ref()).await?)
        })
    }

    /// Everything that is kept about a customer.
    #[wasm_bindgen(js_name = usersExport)]
    pub fn users_export(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.users().export(&actor(&who)?).await?))
    }

    /// Deletes a customer's own account.
    #[wasm_bindgen(js_name = usersDelete)]
    pub fn users_delete(
        &self,
        who: String,
        request: String,
        key: Option<String>,
        address: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = DeleteAccount { command: command(key)?, address, ..read(&request)? };
            json(&kitflik.users().delete(&actor(&who)?, &request).await?)
        })
    }

    /// A page of customers' accounts.
    #[wasm_bindgen(js_name = usersList)]
    pub fn users_list(&self, who: String, query: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.users().list(&actor(&who)?, &read(&query)?).await?))
    }

    /// A customer's account, with a page of what they have bought.
    #[wasm_bindgen(js_name = usersView)]
    pub fn users_view(&self, who: String, user: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.users().view(&actor(&who)?, id(&user)?, &read(&page)?).await?)
        })
    }

    /// Deletes a customer's account, as staff decide.
    #[wasm_bindgen(js_name = usersDeleteCustomer)]
    pub fn users_delete_customer(
        &self,
        who: String,
        user: String,
        request: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let request = DeleteCustomer { command: command(key)?, ..read(&request)? };
            json(&kitflik.users().delete_customer(&actor(&who)?, id(&user)?, &request).await?)
        })
    }
}
