//! Accounts of customers.

use kitflik_core::{
    Actor, ChangeEmail, ChangePassword, CommandId, ConfirmEmail, DeleteAccount, DeleteCustomer, ErrorCode,
    FieldError, ForgotPassword, KitflikError, LogIn, OpenSession, PageRequest, RefreshSession, RegisterUser,
    ResendVerification, ResetPassword, SessionId, TokenPair, UserError, UserExport, UserId, UserQuery,
    UserView, VerifyEmail,
};

use crate::bookings::BookingPage;
use crate::catalog::page;
use crate::guard::{guard, guarded};

page! {
    /// A page of customers.
    UserPage of UserView
}

/// A customer with what they have bought.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CustomerView {
    /// The account.
    pub user: UserView,
    /// A page of their sales, cancelled ones too, the newest first.
    pub bookings: BookingPage,
}

/// Changes of a profile. What is absent stays as it is; an empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct UpdateProfile {
    /// The name of this command, so that a repeat has no second effect.
    #[uniffi(default)]
    pub command: Option<CommandId>,
    /// The name, 1 to 200 characters. It cannot be cleared.
    #[uniffi(default)]
    pub name: Option<String>,
    /// The phone number: digits, spaces and `+()-./`, up to 32 characters.
    #[uniffi(default)]
    pub phone: Option<String>,
    /// The language that they read, such as `de-AT`.
    #[uniffi(default)]
    pub locale: Option<String>,
    /// The time zone that they live in, such as `Europe/Berlin`.
    #[uniffi(default)]
    pub zone: Option<String>,
    /// Whether they want to hear of offers.
    #[uniffi(default)]
    pub marketing_consent: Option<bool>,
}

impl UpdateProfile {
    fn into_core(self) -> Result<kitflik_core::UpdateProfile, KitflikError> {
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        let zone = match self.zone.map(told) {
            None => None,
            Some(None) => Some(None),
            Some(Some(name)) => Some(Some(name.parse().map_err(|error: kitflik_core::InvalidTime| {
                let field = FieldError {
                    path: "zone".to_owned(),
                    code: "invalid".to_owned(),
                    detail: error.to_string(),
                };
                KitflikError::Invalid {
                    code: ErrorCode::ValidationFailed,
                    detail: field.detail.clone(),
                    fields: vec![field],
                }
            })?)),
        };
        Ok(kitflik_core::UpdateProfile {
            command: self.command,
            name: self.name,
            phone: self.phone.map(told),
            locale: self.locale.map(told),
            zone,
            marketing_consent: self.marketing_consent,
        })
    }
}

/// Customers' accounts. From `Kitflik.users`.
#[derive(uniffi::Object)]
pub struct Users {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl Users {
    /// Makes an account.
    ///
    /// # Errors
    /// `Invalid` names each refused field. An address that has an account already is not betrayed.
    pub async fn register(&self, request: RegisterUser) -> Result<UserView, KitflikError> {
        guarded(self.kitflik.users().register(&request)).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// `invalid_credentials`; it does not say which of the two is wrong.
    pub async fn log_in(&self, request: LogIn) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.users().log_in(&request)).await
    }

    /// The next pair of tokens for a refresh token.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not valid any more.
    pub async fn refresh(&self, request: RefreshSession) -> Result<TokenPair, KitflikError> {
        guarded(self.kitflik.users().refresh(&request)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `unauthenticated` if the token is not one.
    pub async fn log_out(&self, request: RefreshSession) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().log_out(&request)).await
    }

    /// The account of whoever asks.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn me(&self, actor: Actor) -> Result<UserView, KitflikError> {
        guarded(self.kitflik.users().me(&actor)).await
    }

    /// Whose access token this is. Needs no storage.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn authenticate(&self, access_token: String) -> Result<Actor, KitflikError> {
        guard(|| self.kitflik.users().authenticate(&access_token))
    }

    /// The session that an access token came from: which of the sessions is the caller's own. Needs no storage.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn session(&self, access_token: String) -> Result<SessionId, KitflikError> {
        guard(|| self.kitflik.users().session(&access_token))
    }

    /// Notes that an address belongs to the owner of its account: by the token of a mailed link, or by the code
    /// together with the address. Both work once, for a day.
    ///
    /// # Errors
    /// `invalid_code`, `too_many_requests`, or `Invalid` unless there is either of the two.
    pub async fn verify_email(&self, request: VerifyEmail) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().verify_email(&request)).await
    }

    /// Mails another link and code to an address that is not verified yet. The answer does not tell whether there is
    /// such an account.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub async fn resend_verification(&self, request: ResendVerification) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().resend_verification(&request)).await
    }

    /// Mails a code with which the password can be set anew: once, within five minutes. The answer does not tell
    /// whether there is such an account.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub async fn forgot_password(&self, request: ForgotPassword) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().forgot_password(&request)).await
    }

    /// Sets a new password by a mailed code, and ends every session.
    ///
    /// # Errors
    /// `invalid_code`, `too_many_requests`, or `Invalid` for a password that is not taken.
    pub async fn reset_password(&self, request: ResetPassword) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().reset_password(&request)).await
    }

    /// Sets a new password by the old one, and ends all sessions but the one that the request names.
    ///
    /// # Errors
    /// `invalid_credentials`, `too_many_requests`, `Invalid` for a password that is not taken, `unauthenticated` or
    /// `forbidden` unless a customer asks.
    pub async fn change_password(&self, actor: Actor, request: ChangePassword) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().change_password(&actor, &request)).await
    }

    /// Mails a link and a code to a new address, and a notice to the old one. Nothing changes before the new one is
    /// confirmed.
    ///
    /// # Errors
    /// `invalid_credentials`, `too_many_requests`, `Invalid`, `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn change_email(&self, actor: Actor, request: ChangeEmail) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().change_email(&actor, &request)).await
    }

    /// Makes the new address the account's: by the token of the mailed link, from anybody, or by the code, from
    /// whoever is logged in.
    ///
    /// # Errors
    /// `invalid_code`, `already_exists`, `too_many_requests`, `Invalid` unless there is either of the two,
    /// `unauthenticated` or `forbidden`.
    pub async fn confirm_email(&self, actor: Actor, request: ConfirmEmail) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().confirm_email(&actor, &request)).await
    }

    /// Changes the caller's profile.
    ///
    /// # Errors
    /// `Invalid`, `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn update_profile(
        &self,
        actor: Actor,
        request: UpdateProfile,
    ) -> Result<UserView, KitflikError> {
        let request = request.into_core()?;
        guarded(self.kitflik.users().update_profile(&actor, &request)).await
    }

    /// The caller's open sessions, the newest first. `current` is their own.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    #[uniffi::method(default(current = None))]
    pub async fn list_sessions(
        &self,
        actor: Actor,
        current: Option<SessionId>,
    ) -> Result<Vec<OpenSession>, KitflikError> {
        guarded(self.kitflik.users().list_sessions(&actor, current)).await
    }

    /// Ends one of the caller's sessions. Its access token ends within its own life.
    ///
    /// # Errors
    /// `not_found` unless it is an open session of theirs, `unauthenticated` or `forbidden` unless a customer asks.
    #[uniffi::method(default(command = None))]
    pub async fn revoke_session(
        &self,
        actor: Actor,
        session: SessionId,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().revoke_session(&actor, session, command.as_ref())).await
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    #[uniffi::method(default(command = None))]
    pub async fn log_out_everywhere(
        &self,
        actor: Actor,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().log_out_everywhere(&actor, command.as_ref())).await
    }

    /// Everything that is kept about the caller.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless a customer asks.
    pub async fn export(&self, actor: Actor) -> Result<UserExport, KitflikError> {
        guarded(self.kitflik.users().export(&actor)).await
    }

    /// Deletes the caller's account. The name, the addresses and the sessions go, live holds are released, sales stay
    /// without a name.
    ///
    /// # Errors
    /// `invalid_credentials`, `too_many_requests`, `booking_state` if bookings stand in the way, `unauthenticated` or
    /// `forbidden` unless a customer asks.
    pub async fn delete(&self, actor: Actor, request: DeleteAccount) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().delete(&actor, &request)).await
    }

    /// A page of customers' accounts, the newest first, for staff who see customers. A page may have fewer items than
    /// its limit and still have a `next_cursor`.
    ///
    /// # Errors
    /// `unauthenticated`, `forbidden`, or `Invalid` for a query or a page out of bounds.
    pub async fn list(&self, actor: Actor, query: UserQuery) -> Result<UserPage, KitflikError> {
        let users = self.kitflik.users();
        guarded(async { Ok::<_, UserError>(users.list(&actor, &query).await?.into()) }).await
    }

    /// A customer's account, with a page of what they have bought, for staff who see customers.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated`, `forbidden`, or `Invalid` for a page out of bounds.
    pub async fn view(
        &self,
        actor: Actor,
        user: UserId,
        bookings: PageRequest,
    ) -> Result<CustomerView, KitflikError> {
        let seen = guarded(self.kitflik.users().view(&actor, user, &bookings)).await?;
        Ok(CustomerView { user: seen.user, bookings: seen.bookings.into() })
    }

    /// Deletes a customer's account, as [`Users::delete`] does, for staff who manage customers.
    ///
    /// # Errors
    /// `booking_state` if bookings stand in the way, `not_found`, `unauthenticated` or `forbidden`.
    pub async fn delete_customer(
        &self,
        actor: Actor,
        user: UserId,
        request: DeleteCustomer,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.users().delete_customer(&actor, user, &request)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_text_clears_and_an_absent_one_does_not() {
        let some = |text: &str| Some(text.to_owned());
        let request = UpdateProfile { phone: some(""), zone: some("Europe/Berlin"), ..Default::default() };
        let core = request.into_core().unwrap();
        assert_eq!((core.phone, core.locale), (Some(None), None));
        assert_eq!(core.zone.flatten().map(|zone| zone.to_string()), some("Europe/Berlin"));
        let cleared = UpdateProfile { zone: some(""), ..Default::default() }.into_core().unwrap();
        assert_eq!(cleared.zone, Some(None));
        let refused = UpdateProfile { zone: some("Mars"), ..Default::default() }.into_core().unwrap_err();
        let KitflikError::Invalid { fields, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(fields[0].path, "zone");
    }
}
