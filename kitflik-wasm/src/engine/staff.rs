//! `kitflik.staff`.

use kitflik_core::{
    AcceptInvitation, ChangeStaffPassword, InviteStaff, RefreshSession, StaffLogIn, UpdateStaff,
};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};

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
            let request = StaffLogIn { command: command(key)?, address, ..read(&request)? };
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

    /// Gives an admin who is locked out a new password.
    #[wasm_bindgen(js_name = staffRescue)]
    pub fn staff_rescue(&self, who: String, email: String, password: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.staff().rescue(&actor(&who)?, &email, &password).await?)
        })
    }

    /// The account of a member of staff.
    #[wasm_bindgen(js_name = staffMe)]
    pub fn staff_me(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().me(&actor(&who)?).await?))
    }

    /// Changes a member of staff's own password.
    #[wasm_bindgen(js_name = staffChangePassword)]
    pub fn staff_change_password(&self, who: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = ChangeStaffPassword { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().change_password(&actor(&who)?, &request).await?)
        })
    }

    /// Offers a second factor.
    #[wasm_bindgen(js_name = staffBeginTotp)]
    pub fn staff_begin_totp(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.staff().begin_totp(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// Confirms the offered second factor.
    #[wasm_bindgen(js_name = staffConfirmTotp)]
    pub fn staff_confirm_totp(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.staff().confirm_totp(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// Takes a second factor away.
    #[wasm_bindgen(js_name = staffDisableTotp)]
    pub fn staff_disable_totp(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.staff().disable_totp(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// New recovery codes.
    #[wasm_bindgen(js_name = staffRenewRecoveryCodes)]
    pub fn staff_renew_recovery_codes(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.staff().renew_recovery_codes(&actor(&who)?, &read(&request)?).await?)
        })
    }

    /// Invites a member of staff.
    #[wasm_bindgen(js_name = staffInvite)]
    pub fn staff_invite(&self, who: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = InviteStaff { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().invite(&actor(&who)?, &request).await?)
        })
    }

    /// Mails another invitation.
    #[wasm_bindgen(js_name = staffInviteAgain)]
    pub fn staff_invite_again(&self, who: String, staff: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.staff().invite_again(&actor(&who)?, id(&staff)?, command.as_ref()).await?)
        })
    }

    /// Accepts an invitation.
    #[wasm_bindgen(js_name = staffAccept)]
    pub fn staff_accept(&self, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = AcceptInvitation { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().accept(&request).await?)
        })
    }

    /// A page of staff accounts.
    #[wasm_bindgen(js_name = staffList)]
    pub fn staff_list(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().list(&actor(&who)?, &read(&request)?).await?))
    }

    /// A staff account.
    #[wasm_bindgen(js_name = staffGet)]
    pub fn staff_get(&self, who: String, staff: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().get(&actor(&who)?, id(&staff)?).await?))
    }

    /// Changes a name or a role.
    #[wasm_bindgen(js_name = staffUpdate)]
    pub fn staff_update(&self, who: String, staff: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = UpdateStaff { command: command(key)?, ..read(&request)? };
            json(&kitflik.staff().update(&actor(&who)?, id(&staff)?, &request).await?)
        })
    }

    /// Locks a member of staff out.
    #[wasm_bindgen(js_name = staffDisable)]
    pub fn staff_disable(&self, who: String, staff: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.staff().disable(&actor(&who)?, id(&staff)?, command.as_ref()).await?)
        })
    }

    /// Lets a member of staff log in again.
    #[wasm_bindgen(js_name = staffEnable)]
    pub fn staff_enable(&self, who: String, staff: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.staff().enable(&actor(&who)?, id(&staff)?, command.as_ref()).await?)
        })
    }

    /// Takes somebody's one-time codes away.
    #[wasm_bindgen(js_name = staffResetSecondFactor)]
    pub fn staff_reset_second_factor(&self, who: String, staff: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            json(&kitflik.staff().reset_second_factor(&actor(&who)?, id(&staff)?, command.as_ref()).await?)
        })
    }

    /// A page of what staff did.
    #[wasm_bindgen(js_name = staffAudit)]
    pub fn staff_audit(&self, who: String, request: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().audit(&actor(&who)?, &read(&request)?).await?))
    }

    /// Whether what staff did is written as it was.
    #[wasm_bindgen(js_name = staffVerifyAudit)]
    pub fn staff_verify_audit(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().verify_audit(&actor(&who)?).await?))
    }

    /// Seals what staff did, and their one-time codes, with the new master key.
    #[wasm_bindgen(js_name = staffRenewSeals)]
    pub fn staff_renew_seals(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.staff().renew_seals(&actor(&who)?).await?))
    }
}
