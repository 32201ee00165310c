//! Mail that waits, and mail that was given up: staff see it, and send it again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Notify;
use crate::actor::{Actor, Permission};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::{Denied, EngineError, ErrorCode, Invalid};
use crate::ids::{BookingId, CommandId, MailId};
use crate::ports::storage::{Durability, Row};
use crate::store::keys;
use crate::store::records::Outbox;
use crate::store::tx::Loaded;
use crate::time::Timestamp;

/// Why a command about mail was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// Refused fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such mail was given up: it was sent, or waits.
    #[error("no mail of this id was given up")]
    NotFound,
    /// A link that this house has not made.
    #[error("this link is not valid: ask for mails to end in your account")]
    InvalidLink,
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl NotifyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Denied(denied) => denied.code(),
            Self::NotFound => ErrorCode::NotFound,
            Self::InvalidLink => ErrorCode::InvalidCode,
            Self::Engine(error) => error.code(),
        }
    }
}

/// Where a mail stands that has not been sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailState {
    /// It is sent when it is due.
    #[default]
    Waiting,
    /// It was given up: its receiver was refused, or it failed too often.
    Dead,
}

/// Which mail is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct MailQuery {
    /// Where it stands.
    pub state: MailState,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// A mail that has not been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MailView {
    /// Its id, which its `Message-ID` begins with, however often it is sent.
    pub id: MailId,
    /// Where it stands.
    pub state: MailState,
    /// What it says: the name of its templates, such as `booking_confirmed`.
    pub kind: String,
    /// The receiver's address.
    pub to: String,
    /// The receiver's name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_name: Option<String>,
    /// The booking that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<BookingId>,
    /// When it was promised.
    pub promised_at: Timestamp,
    /// When it is sent next; absent for one that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was not sent the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

fn view(mail: Outbox, due_at: Option<Timestamp>) -> MailView {
    MailView {
        id: mail.mail,
        state: if due_at.is_some() { MailState::Waiting } else { MailState::Dead },
        kind: mail.content.template().to_owned(),
        to: mail.to,
        to_name: mail.to_name,
        booking_id: mail.content.booking(),
        promised_at: promised_at(mail.mail),
        due_at,
        attempts: mail.attempts,
        last_error: mail.last_error,
    }
}

/// The ids of mails begin with the time of their making.
pub(super) fn promised_at(mail: MailId) -> Timestamp {
    let mut millis = [0; 8];
    millis.iter_mut().skip(2).zip(mail.as_bytes()).for_each(|(to, from)| *to = *from);
    Timestamp::from_millis(i64::from_be_bytes(millis))
}

fn bad_cursor() -> Invalid {
    Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
}

impl Notify<'_> {
    /// A page of mail that waits, the one that is due first at the top, or of mail that was given up, the newest first.
    /// It has the addresses of customers.
    ///
    /// # Errors
    /// [`NotifyError::Denied`] unless staff who look after mail ask, [`NotifyError::Invalid`] for a page out of bounds,
    /// or [`NotifyError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor, query: &MailQuery) -> Result<Page<MailView>, NotifyError> {
        actor.may(Permission::ManageMail)?;
        let limit = page_limit(&query.page)?;
        let dead = query.state == MailState::Dead;
        let mut ranges = if dead { vec![keys::dead_mails()] } else { keys::outboxes().to_vec() };
        if let Some(cursor) = &query.page.cursor {
            if dead {
                let last = keys::dead_mail(cursor.parse().map_err(|_| bad_cursor())?).key;
                ranges.iter_mut().for_each(|range| range.end.clone_from(&last));
            } else {
                let (due, mail) = cursor.split_once('.').ok_or_else(bad_cursor)?;
                let due: Timestamp = due.parse().map(Timestamp::from_millis).map_err(|_| bad_cursor())?;
                let mail: MailId = mail.parse().map_err(|_| bad_cursor())?;
                for range in &mut ranges {
                    range.start = format!("{}{:015}/{mail}!", range.start, due.millis().max(0));
                }
            }
        }
        let wanted = u32::try_from(limit).unwrap_or(u32::MAX - 1) + 1;
        let mut rows = Vec::new();
        for range in ranges {
            rows.extend(self.engine.scan(&range, wanted, dead).await?);
        }
        if !dead {
            rows.sort_by_key(|(row, mail): &(Row, Outbox)| (keys::due(&row.key), mail.mail));
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let items: Vec<MailView> =
            rows.into_iter().map(|(row, mail)| view(mail, keys::due(&row.key).filter(|_| !dead))).collect();
        let next_cursor = items.last().filter(|_| more).map(|last| match last.due_at {
            Some(due) => format!("{}.{}", due.millis(), last.id),
            None => last.id.to_string(),
        });
        Ok(Page { items, next_cursor })
    }

    /// Sends a mail once more that was given up, under the id that it had. Its attempts are counted anew.
    ///
    /// # Errors
    /// [`NotifyError::NotFound`] if no such mail was given up, [`NotifyError::Denied`] unless staff who look after mail
    /// ask, or [`NotifyError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn resend(
        &self,
        actor: &Actor,
        mail: MailId,
        command: Option<&CommandId>,
    ) -> Result<MailView, NotifyError> {
        actor.may(Permission::ManageMail)?;
        let mut tx = self.engine.begin_command(actor, command, "resend_mail", &mail)?;
        let dead = keys::dead_mail(mail);
        loop {
            let wanted = vec![dead.key.clone()];
            if let Loaded::Replay(view) = tx.load(Durability::Durable, wanted).await? {
                return Ok(view);
            }
            let found = tx.get(&dead)?.ok_or(NotifyError::NotFound)?;
            let waiting = Outbox { attempts: 0, ..found };
            tx.delete(&dead);
            tx.put(&keys::waiting(tx.now(), &waiting), &waiting)?;
            let view = view(waiting, Some(tx.now()));
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }
}
