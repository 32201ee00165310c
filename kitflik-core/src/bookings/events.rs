//! What payment providers tell of their own accord.

use super::charges::Word;
use super::{BookingError, Bookings};
use crate::ports::payments::{EventHeader, SignedEvent};
use crate::store::keys;

impl Bookings<'_> {
    /// Takes in what a provider tells of its own accord, the body exactly as it came. Nobody has to be logged in: the
    /// provider's signature says who speaks.
    ///
    /// An event is taken in once, in the batch of what it changes; telling it again changes nothing. What it says is
    /// not taken on trust: the provider is asked where the charge stands, so that the order of events does not matter.
    /// Only if it does not answer, a signed word that money was taken is enough.
    ///
    /// # Errors
    /// `event_bad_signature`, `event_malformed`, `not_found` for a provider that there is not or that sends no events,
    /// or the engine could not do it: the provider should tell it again.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn payment_event(
        &self,
        provider: &str,
        headers: Vec<EventHeader>,
        body: String,
    ) -> Result<(), BookingError> {
        let not_found = BookingError::NotFound { what: "payment provider" };
        let port = self.engine.payments.get(provider).ok_or(not_found)?;
        let event = SignedEvent { headers, body, received_at: self.engine.now() };
        let Some(event) = port.verify_event(event).await? else { return Ok(()) };
        let id = event.charge;
        // A provider has a say in what was asked of it, and in nothing else.
        let charge = self.engine.get(&keys::charge(id.booking, id.number)).await?;
        if charge.is_none_or(|charge| charge.provider != provider) {
            return Ok(());
        }
        let mut tx = self.engine.begin();
        self.take_in(&mut tx, id, Word::Event { id: event.id, status: event.status }).await?;
        self.pay_back(id.booking).await;
        Ok(())
    }
}
