//! The confirmation once more, for whoever cannot find it.

use std::time::Duration;

use super::{BookingError, BookingStatus, Bookings};
use crate::actor::Actor;
use crate::ids::{BookingId, CommandId, MailId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, MailContent, MailedAgain, Outbox};
use crate::store::tx::Loaded;

/// How long after one such mail the next may go out.
const PAUSE: Duration = Duration::from_secs(5 * 60);

impl Bookings<'_> {
    /// Mails the confirmation of a sale once more, with its tickets as they are now, to the address that the booking
    /// has. Once in five minutes.
    ///
    /// # Errors
    /// [`BookingError::TooOften`], [`BookingError::State`] unless it is confirmed, [`BookingError::NotFound`] if there
    /// is no such booking or it has no address, not the caller's, or [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn send_again(
        &self,
        actor: &Actor,
        booking: BookingId,
        command: Option<&CommandId>,
    ) -> Result<(), BookingError> {
        let engine = self.engine;
        let mut tx = engine.begin_command(actor, command, "send_again", &booking)?;
        let (key, again) = (keys::booking(booking), keys::mailed_again(booking));
        loop {
            let wanted = vec![key.key.clone(), again.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let sold = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &sold)?;
            if sold.status != BookingStatus::Confirmed {
                let needed = "only a confirmed booking has a confirmation to send";
                return Err(BookingError::State { status: sold.status, needed });
            }
            if let Some(last) = tx.get(&again)? {
                let next = last.at.plus(PAUSE);
                // A clock that went back must not keep somebody waiting for ever.
                if tx.now() < next && last.at <= tx.now() {
                    return Err(BookingError::TooOften { retry_after: next.since(tx.now()) });
                }
            }
            let Some((to, to_name)) = self.mail_address(&mut tx, &sold).await? else {
                return Err(BookingError::NotFound { what: "address for mail of this booking" });
            };
            let mail = MailId::new(tx.now(), engine.random());
            let outbox = Outbox::new(mail, to, Some(to_name), MailContent::BookingConfirmed { booking });
            tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
            let (at, mark) = (tx.now(), tx.mark());
            tx.put(&again, &MailedAgain { v: Form, at, mark })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
