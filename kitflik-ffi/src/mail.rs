//! Mail that has not been sent.

use kitflik_core::{Actor, CommandId, KitflikError, MailId, MailQuery, MailView, NotifyError};

use crate::catalog::page;
use crate::guard::guarded;

/// A template of a mail.
#[derive(Clone, uniffi::Record)]
pub struct MailTemplate {
    /// `layout.html`, or a language, a mail and its form, such as `de/welcome.txt`.
    pub name: String,
    /// Its text, in the language of Jinja. The first line of a text is `Subject:` and the subject.
    pub source: String,
}

/// Mail that waits or was given up. From `Kitflik.mail`.
#[derive(uniffi::Object)]
pub struct Mail {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

page! {
    /// A page of mails.
    MailPage of MailView
}

#[uniffi::export]
impl Mail {
    /// A page of mail that waits, the one that is due first at the top, or of mail that was given up, the newest first.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or a manager asks; `validation_failed`.
    pub async fn list(&self, actor: Actor, query: MailQuery) -> Result<MailPage, KitflikError> {
        let notify = self.kitflik.notify();
        guarded(async { Ok::<_, NotifyError>(notify.list(&actor, &query).await?.into()) }).await
    }

    /// Sends a mail once more that was given up, under the id that it had.
    ///
    /// # Errors
    /// `not_found`; `unauthenticated` or `forbidden` unless an admin or a manager asks.
    #[uniffi::method(default(command = None))]
    pub async fn resend(
        &self,
        actor: Actor,
        mail: MailId,
        command: Option<CommandId>,
    ) -> Result<MailView, KitflikError> {
        guarded(self.kitflik.notify().resend(&actor, mail, command.as_ref())).await
    }
}
