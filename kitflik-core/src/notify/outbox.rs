//! The outbox: rows that the commands wrote, sent one by one.

use std::time::Duration;

use super::Notify;
use crate::error::EngineError;
use crate::ports::mailer::MailError;
use crate::ports::storage::{Batch, Check, Durability, Key, Row, Write};
use crate::store::keys::{self, Range};
use crate::store::records::{
    Code, Form, MailContent, Outbox, PaymentEvent, Receipt, Record, Reminded, Session, ShowReminder, Tries,
    UserSession,
};
use crate::store::tx::{Loaded, RECEIPT_LIFE};
use crate::time::Timestamp;

/// Mails that one tick sends.
const MAILS_PER_TICK: u32 = 50;
/// How long one instance has for sending a mail before another may try.
const LEASE: Duration = Duration::from_secs(120);
/// The first pause after a failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Failures after which a mail is given up: about three days.
const MOST_ATTEMPTS: u32 = 80;
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a provider may tell an event again. Providers try for some days.
const EVENT_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows that one tick looks through for old ones.
const SWEEP_ROWS: u32 = 256;
const SWEEP_PAUSE: Duration = Duration::from_secs(60 * 60);

impl Notify<'_> {
    /// Sends the mails that are due. Returns when the next one is.
    pub(crate) async fn send_due(&self) -> Result<Option<Timestamp>, EngineError> {
        let Some(mailer) = &self.engine.mailer else { return Ok(None) };
        let all = keys::outbox_all();
        let rows = self.engine.scan(&all, MAILS_PER_TICK, false).await?;
        for (row, _) in rows {
            if due(&row.key).is_some_and(|due| due > self.engine.now()) {
                break;
            }
            let Some((lease_key, mail)) = self.claim(&row).await? else { continue };
            let sent = match self.render(&mail).await? {
                Some(email) => mailer.send(email).await,
                // What the mail was about is gone: there is nothing to say.
                None => Ok(()),
            };
            match sent {
                Ok(()) => self.replace(&lease_key, None).await?,
                Err(error) => self.postpone(&lease_key, mail, error).await?,
            }
        }
        let next = self.engine.scan(&all, 1, false).await?;
        Ok(next.first().and_then(|(row, _)| due(&row.key)))
    }

    /// Takes a mail for this instance, by moving its row to the end of the lease. It is durable before
    /// anything is sent: so is then the command that promised the mail.
    async fn claim(&self, row: &Row) -> Result<Option<(Key, Outbox)>, EngineError> {
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![row.key.clone()]).await? else {
            return Ok(None);
        };
        let key = keys::Typed::<Outbox>::raw(row.key.clone());
        let Some(mail) = tx.get(&key)? else { return Ok(None) };
        let mail = Outbox { attempts: mail.attempts + 1, ..mail };
        let lease = keys::outbox(tx.now().plus(LEASE), mail.mail);
        if lease.key == key.key {
            return Ok(None);
        }
        tx.delete(&key);
        tx.put(&lease, &mail)?;
        let claimed = tx.commit(Durability::Durable, &()).await?.is_some();
        Ok(claimed.then_some((lease.key, mail)))
    }

    /// After a failure: later again, or never.
    async fn postpone(&self, lease: &Key, mail: Outbox, error: MailError) -> Result<(), EngineError> {
        let last_error = Some(error.to_string().chars().take(200).collect());
        let mail = Outbox { last_error, ..mail };
        let dead = matches!(error, MailError::Permanent { .. }) || mail.attempts >= MOST_ATTEMPTS;
        if dead && mail.content == MailContent::AccountDeleted {
            // Who it was for is to be forgotten.
            return self.replace(lease, None).await;
        }
        let key = if dead {
            keys::dead_mail(mail.mail)
        } else {
            let doubled = FIRST_PAUSE.saturating_mul(1 << mail.attempts.min(16)).min(LONGEST_PAUSE);
            let [random] = self.engine.random::<1>();
            let jitter = doubled.mul_f64(f64::from(random) / 1024.0);
            keys::outbox(self.engine.now().plus(doubled + jitter), mail.mail)
        };
        self.replace(lease, Some((key, mail))).await
    }

    /// Ends a lease, unless it has run out and somebody else has the mail now.
    async fn replace(
        &self,
        lease: &Key,
        by: Option<(keys::Typed<Outbox>, Outbox)>,
    ) -> Result<(), EngineError> {
        let lease = keys::Typed::<Outbox>::raw(lease.clone());
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, vec![lease.key.clone()]).await? else {
            return Ok(());
        };
        if tx.get(&lease)?.is_none() {
            return Ok(());
        }
        tx.delete(&lease);
        if let Some((key, mail)) = by {
            tx.put(&key, &Outbox { v: Form, ..mail })?;
        }
        tx.commit(Durability::Relaxed, &()).await?;
        Ok(())
    }

    /// Forgets receipts, sessions and failures whose time is over, some at a time. Returns when to go on.
    pub(crate) async fn forget_old(&self) -> Result<Option<Timestamp>, EngineError> {
        let now = self.engine.now();
        let answered = |receipt: &Receipt| now.since(receipt.at) > RECEIPT_LIFE;
        let receipts = self.sweep(0, &keys::receipts(), answered).await?;
        let ended = |session: &Session| session.expires_at <= now;
        let sessions = self.sweep(1, &keys::sessions(), ended).await?;
        let tries = self.sweep(2, &keys::tries_all(), |tries: &Tries| tries.is_old(now)).await?;
        let over = |session: &UserSession| session.expires_at <= now;
        let listed = self.sweep(3, &keys::user_sessions_all(), over).await?;
        let codes = self.sweep(4, &keys::codes(), |code: &Code| code.expires_at <= now).await?;
        let past = |starts_at: Timestamp| now.since(starts_at) > crate::jobs::REMINDERS_KEPT;
        let shows = self.sweep(5, &keys::show_reminders(), |row: &ShowReminder| past(row.starts_at)).await?;
        let reminded = self.sweep(6, &keys::reminded_all(), |row: &Reminded| past(row.starts_at)).await?;
        let told = |event: &PaymentEvent| now.since(event.at) > EVENT_LIFE;
        let events = self.sweep(7, &keys::payment_events(), told).await?;
        Ok([receipts, sessions, tries, listed, codes, shows, reminded, events].into_iter().flatten().min())
    }

    /// Looks through the next rows of a range and removes those that are over, if nobody renewed them meanwhile.
    async fn sweep<R: Record>(
        &self,
        which: usize,
        range: &Range<R>,
        over: impl Fn(&R) -> bool,
    ) -> Result<Option<Timestamp>, EngineError> {
        let mut rest = range.clone();
        if let Some(from) = self.engine.swept.lock().get(which).cloned().flatten() {
            rest.start = from;
        }
        let rows = self.engine.scan(&rest, SWEEP_ROWS, false).await?;
        let full = rows.len() == SWEEP_ROWS as usize;
        let next = rows.last().filter(|_| full).map(|(row, _)| format!("{}!", row.key));
        if let Some(place) = self.engine.swept.lock().get_mut(which) {
            *place = next;
        }
        let any = !rows.is_empty();
        let old: Vec<Row> = rows.into_iter().filter(|(_, record)| over(record)).map(|(row, _)| row).collect();
        if !old.is_empty() {
            let checks = old.iter().map(|row| Check::Version { key: row.key.clone(), version: row.version });
            let checks = checks.collect();
            let writes = old.into_iter().map(|row| Write::Delete { key: row.key }).collect();
            self.engine.storage.commit(Batch { checks, writes, durability: Durability::Relaxed }).await?;
        }
        let now = self.engine.now();
        Ok(if full { Some(now) } else { any.then(|| now.plus(SWEEP_PAUSE)) })
    }
}

/// When the mail of a key is due.
fn due(key: &str) -> Option<Timestamp> {
    key.split('/').nth(1)?.parse().ok().map(Timestamp::from_millis)
}
