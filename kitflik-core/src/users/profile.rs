//! What an account says about its owner.

use serde::{Deserialize, Deserializer, Serialize};

use super::{UserError, UserView, Users};
use crate::actor::Actor;
use crate::error::{Denied, Validation};
use crate::ids::{CommandId, UserId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::User;
use crate::store::tx::Loaded;
use crate::time::Zone;

/// Longest phone number, in characters: E.164 with room for spaces.
const MAX_PHONE_CHARS: usize = 32;
/// Longest language tag, in characters.
const MAX_LOCALE_CHARS: usize = 35;

/// Changes of a profile. What is absent stays as it is; what is null is cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    pub command: Option<CommandId>,
    /// The name, 1 to 200 characters. It cannot be cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phone number: digits, spaces and `+()-./`, up to 32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "typescript", tsify(type = "string | null"))]
    pub phone: Option<Option<String>>,
    /// The language that they read, such as `de-AT`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "typescript", tsify(type = "string | null"))]
    pub locale: Option<Option<String>>,
    /// The time zone that they live in, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "typescript", tsify(type = "Zone | null"))]
    pub zone: Option<Option<Zone>>,
    /// Whether they want to hear of offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing_consent: Option<bool>,
}

/// Tells null from absent.
fn told<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

fn check(request: &UpdateProfile) -> Result<(), UserError> {
    let mut fields = Validation::default();
    fields.optional_text("name", request.name.as_deref(), limits::MAX_NAME_CHARS);
    if let Some(Some(phone)) = &request.phone {
        let count = phone.chars().filter(char::is_ascii_digit).count();
        let good = phone.chars().all(|c| c.is_ascii_digit() || " +()-./".contains(c));
        if !good || count < 3 || phone.len() > MAX_PHONE_CHARS {
            let most = MAX_PHONE_CHARS;
            let detail = format!("phone must have digits, spaces and +()-./ only, up to {most} characters");
            fields.refuse("phone", "invalid", detail);
        }
    }
    if let Some(Some(locale)) = &request.locale {
        let mut parts = locale.split('-');
        let language = parts.next().is_some_and(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
        });
        let rest = parts
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !language || !rest || locale.len() > MAX_LOCALE_CHARS {
            fields.refuse("locale", "invalid", "locale must be a language tag such as en or de-AT");
        }
    }
    Ok(fields.finish()?)
}

pub(super) fn user_view(id: UserId, user: User) -> UserView {
    UserView {
        id,
        email: user.email,
        name: user.name,
        email_verified: user.email_verified,
        created_at: user.created_at,
        phone: user.phone,
        locale: user.locale,
        zone: user.zone,
        marketing_consent: user.marketing_consent,
    }
}

impl Users<'_> {
    /// The customer who asks.
    pub(super) fn customer(&self, actor: &Actor) -> Result<UserId, UserError> {
        match actor {
            Actor::User { id } => Ok(*id),
            Actor::Guest { .. } => Err(Denied::Unauthenticated.into()),
            _ => Err(actor.denied("have a customer's account").into()),
        }
    }

    /// The caller's own account.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account is gone, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn me(&self, actor: &Actor) -> Result<UserView, UserError> {
        let id = self.customer(actor)?;
        Ok(user_view(id, Self::present(self.engine.get(&keys::user(id)).await?)?))
    }

    /// Changes the caller's profile.
    ///
    /// # Errors
    /// [`UserError::Invalid`], [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the account
    /// is gone, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn update_profile(
        &self,
        actor: &Actor,
        request: &UpdateProfile,
    ) -> Result<UserView, UserError> {
        let id = self.customer(actor)?;
        check(request)?;
        let command = request.command.as_ref();
        let mut tx = self.engine.begin_command(actor, command, "update_profile", request)?;
        let key = keys::user(id);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(view) = tx.load(Durability::Durable, wanted).await? {
                return Ok(view);
            }
            let mut user = Self::present(tx.get(&key)?)?;
            let UpdateProfile { command: _, name, phone, locale, zone, marketing_consent } = request.clone();
            user.name = name.map_or(user.name, |name| name.trim().to_owned());
            user.phone = phone.unwrap_or(user.phone);
            user.locale = locale.unwrap_or(user.locale);
            user.zone = zone.unwrap_or(user.zone);
            user.marketing_consent = marketing_consent.unwrap_or(user.marketing_consent);
            tx.put(&key, &user)?;
            let view = user_view(id, user);
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }
}
