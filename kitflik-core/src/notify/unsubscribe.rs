//! Mails that nobody has to get: whoever has had enough says so by the link that each of them has.

use data_encoding::BASE64URL_NOPAD;

use super::{Notify, NotifyError};
use crate::actor::Actor;
use crate::error::EngineError;
use crate::ids::UserId;
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::User;
use crate::store::tx::Loaded;

const PURPOSE: &str = "unsubscribe";
/// Bytes of the proof: more than anybody can guess, and short enough for a line of a header.
const PROOF: usize = 16;

impl Engine {
    /// The link by which a customer ends mails that they need not get; `None` if the house has no pages.
    pub(crate) fn unsubscribe_link(&self, user: UserId) -> Option<String> {
        let base = self.policy.public_url.as_deref()?.trim_end_matches('/');
        let proof = self.keys.current().account_secret(PURPOSE, &[user.as_bytes()]);
        let token = [user.as_bytes().as_slice(), proof.get(..PROOF)?].concat();
        Some(format!("{base}/v1/mail/unsubscribe?token={}", BASE64URL_NOPAD.encode(&token)))
    }

    fn unsubscriber(&self, token: &str) -> Option<UserId> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (user, claimed) = bytes.split_first_chunk::<16>()?;
        let valid = self.keys.any(|keys| {
            let right = keys.account_secret(PURPOSE, &[user]);
            right.get(..PROOF).is_some_and(|right| keys.is_same(claimed, right))
        });
        valid.then(|| UserId::from_bytes(*user))
    }
}

impl Notify<'_> {
    /// Ends the mails that a customer need not get, by the token of the link that each of them has: their
    /// `marketing_consent` is off from then on. Done twice it changes nothing, and nothing if the account is gone.
    ///
    /// # Errors
    /// [`NotifyError::InvalidLink`], or [`NotifyError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn unsubscribe(&self, token: &str) -> Result<(), NotifyError> {
        let user = self.engine.unsubscriber(token).ok_or(NotifyError::InvalidLink)?;
        Ok(self.end_offers(user).await?)
    }

    /// Whether the token of such a link is one that this house has made.
    #[must_use]
    pub fn is_unsubscribe_token(&self, token: &str) -> bool {
        self.engine.unsubscriber(token).is_some()
    }

    /// The link by which a customer ends the mails that they need not get, for hosts that write to them themselves;
    /// `None` if the house has no pages ([`Policy::public_url`](crate::Policy::public_url)).
    ///
    /// # Errors
    /// [`NotifyError::Denied`] unless the host program asks.
    pub fn unsubscribe_link(&self, actor: &Actor, user: UserId) -> Result<Option<String>, NotifyError> {
        match actor {
            Actor::System => Ok(self.engine.unsubscribe_link(user)),
            _ => Err(actor.denied("end mails of somebody else").into()),
        }
    }

    async fn end_offers(&self, user: UserId) -> Result<(), EngineError> {
        let key = keys::user(user);
        let mut tx = self.engine.begin();
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            let Some(user) = tx.get(&key)?.filter(|user| user.marketing_consent) else { return Ok(()) };
            tx.put(&key, &User { marketing_consent: false, ..user })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
