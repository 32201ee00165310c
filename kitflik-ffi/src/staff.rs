//! Staff's accounts.

use kitflik_core::{
    AcceptInvitation, Actor, AuditEntryView, AuditQuery, AuditReport, ChangeStaffPassword, CommandId,
    InviteStaff, KitflikError, NewStaff, OfferedFactor, PageRequest, Passworded, RecoveryCodes,
    RefreshSession, SecondFactorCode, StaffId, StaffLogIn, StaffMe, StaffView, TokenPair, UpdateStaff,
    UserError,
};

use crate::catalog::page;
use crate::guard::guarded;

page! {
    /// A page of staff.
    StaffPage of StaffView
}
page! {
    /// A page of what staff did.
    AuditPage of AuditEntryView
}

/// Staff's accounts. From `Kitflik.staff`.
#[derive(uniffi::Object)]
pub struct StaffAccounts {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl StaffAccounts {
    /// Whether there is any account yet.
    ///
    /// # Errors
    /// `unavailable` if the storage does not answer.
    pub async fn has_any(&self) -> Result<bool, KitflikError> {
        guarded(self.kitflik.staff().has_any()).await
    }

    /// Makes the first account of a house.
    ///
    /// # Errors
    /// `already_exists` once there is one.
    pub async fn make_first(&self, account: NewStaff) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().make_first(&account)).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// `invalid_credentials` or `too_many_requests`; `second_factor_required` or `invalid_code` once the password was
    /// right.
    pub async fn log_in(&self, request: StaffLogIn) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.staff().log_in(&request)).await
    }

    /// The next pair of tokens for a refresh token.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not valid any more.
    pub async fn refresh(&self, request: RefreshSession) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.staff().refresh(&request)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not one.
    pub async fn log_out(&self, request: RefreshSession) -> Result<(), KitflikError> {
        guarded(self.kitflik.staff().log_out(&request)).await
    }

    /// Whose access token this is, looked up: staff that were dismissed are refused at once.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub async fn authenticate(&self, access_token: String) -> Result<Actor, KitflikError> {
        guarded(self.kitflik.staff().authenticate(&access_token)).await
    }

    /// Gives an admin who is locked out a new password, without one-time codes, and ends their sessions. For the host
    /// program alone.
    ///
    /// # Errors
    /// `not_found` if no admin has the address, `Invalid` for the password, `unauthenticated` or `forbidden`.
    pub async fn rescue(
        &self,
        actor: Actor,
        email: String,
        password: String,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().rescue(&actor, &email, &password)).await
    }

    /// The account of whoever asks.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless staff ask.
    pub async fn me(&self, actor: Actor) -> Result<StaffMe, KitflikError> {
        guarded(self.kitflik.staff().me(&actor)).await
    }

    /// Changes the caller's own password. All their sessions end, this one too.
    ///
    /// # Errors
    /// `invalid_credentials`, `too_many_requests`, `Invalid` for the new one, `unauthenticated` or `forbidden`.
    pub async fn change_password(
        &self,
        actor: Actor,
        request: ChangeStaffPassword,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.staff().change_password(&actor, &request)).await
    }

    /// Offers the caller a second factor: a secret for an app. It counts once a code of the app has confirmed it.
    ///
    /// # Errors
    /// `invalid_credentials`, `too_many_requests`, `already_exists`, `unauthenticated` or `forbidden`.
    pub async fn begin_totp(&self, actor: Actor, request: Passworded) -> Result<OfferedFactor, KitflikError> {
        guarded(self.kitflik.staff().begin_totp(&actor, &request)).await
    }

    /// Confirms the offered second factor with a code of the app. From now on a log-in needs one.
    ///
    /// # Errors
    /// `invalid_code`, `Invalid` if nothing was offered, `unauthenticated` or `forbidden`.
    pub async fn confirm_totp(
        &self,
        actor: Actor,
        request: SecondFactorCode,
    ) -> Result<RecoveryCodes, KitflikError> {
        guarded(self.kitflik.staff().confirm_totp(&actor, &request)).await
    }

    /// Takes the caller's second factor away: a log-in needs the password alone.
    ///
    /// # Errors
    /// `invalid_code`, `too_many_requests`, `Invalid` if they have none, `unauthenticated` or `forbidden`.
    pub async fn disable_totp(
        &self,
        actor: Actor,
        request: SecondFactorCode,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().disable_totp(&actor, &request)).await
    }

    /// Gives the caller new recovery codes; those before open nothing any more.
    ///
    /// # Errors
    /// `invalid_code`, `too_many_requests`, `Invalid` if they have no second factor, `unauthenticated` or `forbidden`.
    pub async fn renew_recovery_codes(
        &self,
        actor: Actor,
        request: SecondFactorCode,
    ) -> Result<RecoveryCodes, KitflikError> {
        guarded(self.kitflik.staff().renew_recovery_codes(&actor, &request)).await
    }

    /// Makes an account for somebody and mails them an invitation. It can be accepted once, within seven days.
    ///
    /// # Errors
    /// `already_exists`, `Invalid`, `unauthenticated` or `forbidden` unless an admin asks.
    pub async fn invite(&self, actor: Actor, request: InviteStaff) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().invite(&actor, &request)).await
    }

    /// Mails another invitation to somebody who has not accepted theirs. The one before is no longer valid.
    ///
    /// # Errors
    /// `Invalid` if they have accepted or are disabled, `not_found`, `unauthenticated` or `forbidden`.
    #[uniffi::method(default(command = None))]
    pub async fn invite_again(
        &self,
        actor: Actor,
        staff: StaffId,
        command: Option<CommandId>,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().invite_again(&actor, staff, command.as_ref())).await
    }

    /// Accepts an invitation: with the password that they choose they can log in.
    ///
    /// # Errors
    /// `unauthenticated` if the invitation is not valid any more, or `Invalid` for the password.
    pub async fn accept(&self, request: AcceptInvitation) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().accept(&request)).await
    }

    /// A page of all staff accounts, the oldest first.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin asks, or `Invalid` for a page out of bounds.
    pub async fn list(&self, actor: Actor, page: PageRequest) -> Result<StaffPage, KitflikError> {
        let staff = self.kitflik.staff();
        guarded(async { Ok::<_, UserError>(staff.list(&actor, &page).await?.into()) }).await
    }

    /// One staff account.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden` unless an admin asks.
    pub async fn get(&self, actor: Actor, staff: StaffId) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().get(&actor, staff)).await
    }

    /// Changes a name or a role. A new role ends their sessions at once.
    ///
    /// # Errors
    /// `last_admin`, `Invalid`, `not_found`, `unauthenticated` or `forbidden` unless an admin asks.
    pub async fn update(
        &self,
        actor: Actor,
        staff: StaffId,
        request: UpdateStaff,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().update(&actor, staff, &request)).await
    }

    /// Ends the sessions of a member of staff and lets them open no others.
    ///
    /// # Errors
    /// `last_admin`, `not_found`, `unauthenticated` or `forbidden` unless an admin asks.
    #[uniffi::method(default(command = None))]
    pub async fn disable(
        &self,
        actor: Actor,
        staff: StaffId,
        command: Option<CommandId>,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().disable(&actor, staff, command.as_ref())).await
    }

    /// Lets a member of staff log in again.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden` unless an admin asks.
    #[uniffi::method(default(command = None))]
    pub async fn enable(
        &self,
        actor: Actor,
        staff: StaffId,
        command: Option<CommandId>,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().enable(&actor, staff, command.as_ref())).await
    }

    /// Takes away the one-time codes of somebody who lost their device and their recovery codes. Their sessions end.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden` unless an admin asks.
    #[uniffi::method(default(command = None))]
    pub async fn reset_second_factor(
        &self,
        actor: Actor,
        staff: StaffId,
        command: Option<CommandId>,
    ) -> Result<StaffView, KitflikError> {
        guarded(self.kitflik.staff().reset_second_factor(&actor, staff, command.as_ref())).await
    }

    /// A page of what staff did, the newest first.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin asks, or `Invalid` for a page out of bounds.
    pub async fn audit(&self, actor: Actor, query: AuditQuery) -> Result<AuditPage, KitflikError> {
        let staff = self.kitflik.staff();
        guarded(async { Ok::<_, UserError>(staff.audit(&actor, &query).await?.into()) }).await
    }

    /// Reads the whole log of what staff did, and says whether anything was altered, moved, taken out or cut off since
    /// it was written.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or the host program asks.
    pub async fn verify_audit(&self, actor: Actor) -> Result<AuditReport, KitflikError> {
        guarded(self.kitflik.staff().verify_audit(&actor)).await
    }

    /// After a rotation: seals the log and the one-time codes with the new master key, so that the former one can be
    /// given up. Answers how many rows were written. For the host program alone.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless the host program asks.
    pub async fn renew_seals(&self, actor: Actor) -> Result<u64, KitflikError> {
        guarded(self.kitflik.staff().renew_seals(&actor)).await
    }
}
