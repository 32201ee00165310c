//! Keys of mail that has not been sent.

use super::super::records::{MailContent, Outbox};
use super::{Range, Typed, typed, under};
use crate::ids::MailId;
use crate::ports::storage::Key;
use crate::time::Timestamp;

pub(crate) fn outbox(due: Timestamp, mail: MailId) -> Typed<Outbox> {
    typed(format!("outbox/{:015}/{mail}", due.millis().max(0)))
}

/// Where a mail waits, by what it says: what many get at once never keeps one waiting that somebody waits for.
pub(crate) fn waiting(due: Timestamp, mail: &Outbox) -> Typed<Outbox> {
    let kind = match mail.content {
        MailContent::ShowReminder { .. } => "outbox-reminder",
        MailContent::NewReleases { .. } | MailContent::OccupancyReport { .. } => "outbox-bulk",
        _ => return outbox(due, mail.mail),
    };
    typed(format!("{kind}/{:015}/{}", due.millis().max(0), mail.mail))
}

/// All mail that waits, in the order in which it may be sent.
pub(crate) fn outboxes() -> [Range<Outbox>; 3] {
    ["outbox/", "outbox-reminder/", "outbox-bulk/"].map(under)
}

/// The same place among [`outboxes`], at another time; `None` if the key is none of theirs.
pub(crate) fn postponed(key: &str, due: Timestamp) -> Option<Key> {
    let mut parts = key.splitn(3, '/');
    let (kind, _, mail) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{kind}/{:015}/{mail}", due.millis().max(0)))
}

pub(crate) fn dead_mail(mail: MailId) -> Typed<Outbox> {
    typed(format!("dead-mail/{mail}"))
}

/// When the mail of a key of [`outboxes`] is due.
pub(crate) fn due(key: &str) -> Option<Timestamp> {
    key.split('/').nth(1)?.parse().ok().map(Timestamp::from_millis)
}

pub(crate) fn dead_mails() -> Range<Outbox> {
    under("dead-mail/")
}
