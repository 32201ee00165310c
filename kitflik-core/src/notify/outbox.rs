//! The outbox: rows that the commands wrote, sent one by one.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::Notify;
use super::list::promised_at;
use crate::error::EngineError;
use crate::ports::mailer::{MailError, Mailer};
use crate::ports::storage::{Batch, Check, Durability, Key, Row, Write};
use crate::store::keys::{self, Range};
use crate::store::records::{
    Code, Form, MailContent, MailedAgain, Outbox, PaymentEvent, Receipt, Record, Reminded, Session,
    ShowReminder, Tries, UserSession,
};
use crate::store::tx::{Loaded, RECEIPT_LIFE, decode};
use crate::time::Timestamp;

/// Mails that one tick sends.
const MAILS_PER_TICK: u32 = 50;
/// Mails that are on their way at the same time.
const AT_ONCE: usize = 4;
/// How long one instance has for sending a mail before another may try.
const LEASE: Duration = Duration::from_secs(120);
/// The first pause after a failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// How long a mail server is left alone that did not answer lately.
const REST: Duration = Duration::from_secs(30);
/// Failures after which a mail is given up: about three days.
const MOST_ATTEMPTS: u32 = 80;
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a provider may tell an event again. Providers try for some days.
const EVENT_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long mail is kept that was given up, from when it was promised: it has the addresses of customers.
const DEAD_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Rows that one tick looks through for old ones.
const SWEEP_ROWS: u32 = 256;
const SWEEP_PAUSE: Duration = Duration::from_secs(60 * 60);

impl Notify<'_> {
    /// Sends the mails that are due, some at a time. Returns when the next one is.
    pub(crate) async fn send_due(&self) -> Result<Option<Timestamp>, EngineError> {
        let Some(mailer) = &self.engine.mailer else { return Ok(None) };
        if let Some(until) = *self.engine.mail_rests.lock()
            && until > self.engine.now()
        {
            return Ok(Some(until));
        }
        let now = self.engine.now();
        let mut rows: Vec<Row> = Vec::new();
        // What is not taken up by the mails that somebody waits for is left to the others.
        for range in keys::outboxes() {
            let left = MAILS_PER_TICK.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            let mut found = self.engine.scan_rows(&range, left, false).await?;
            found.retain(|row| keys::due(&row.key).is_none_or(|due| due <= now));
            rows.append(&mut found);
        }
        self.prepare_reports(&rows).await;
        let mut fault = None;
        for rows in rows.chunks(AT_ONCE) {
            let sending = rows.iter().map(|row| self.send(mailer.as_ref(), row));
            let (mut rests, mut taken) = (false, false);
            for outcome in all_of(sending).await {
                match outcome {
                    Ok(outcome) => {
                        rests |= outcome == Sent::Rests;
                        taken |= outcome == Sent::Taken;
                    }
                    // What is wrong with one mail does not keep the others from being sent.
                    Err(error @ EngineError::Internal { .. }) => _ = fault.get_or_insert(error),
                    Err(error) => return Err(error),
                }
            }
            // One try is let through after a while: if that was taken, the server is back.
            if rests && !taken {
                let until = self.engine.now().plus(REST);
                *self.engine.mail_rests.lock() = Some(until);
                return Ok(Some(until));
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let mut next = None;
        for range in keys::outboxes() {
            let first = self.engine.scan_rows(&range, 1, false).await?;
            next = next.into_iter().chain(first.first().and_then(|row| keys::due(&row.key))).min();
        }
        Ok(next)
    }

    /// Makes the reports that some of these mails tell, once for all their readers and before the lease of any.
    async fn prepare_reports(&self, rows: &[Row]) {
        *self.engine.report.lock() = None;
        for row in rows {
            let Ok(Outbox { content: MailContent::OccupancyReport { from, to, .. }, .. }) = decode(row)
            else {
                continue;
            };
            // If it fails, so will the mail, which is then tried again.
            let _ = crate::Jobs { engine: self.engine }.prepare_report(from, to).await;
        }
    }

    /// Puts off a row that cannot be read, so that it does not stand before the others for ever.
    async fn put_off(&self, row: &Row) -> Result<(), EngineError> {
        let later = self.engine.now().plus(LONGEST_PAUSE);
        let Some(key) = keys::postponed(&row.key, later) else { return Ok(()) };
        let checks = vec![Check::Version { key: row.key.clone(), version: row.version }];
        let writes =
            vec![Write::Delete { key: row.key.clone() }, Write::Put { key, value: row.value.clone() }];
        self.engine.storage.commit(Batch { checks, writes, durability: Durability::Relaxed }).await?;
        Ok(())
    }

    async fn send(&self, mailer: &dyn Mailer, row: &Row) -> Result<Sent, EngineError> {
        let claimed = match self.claim(row).await {
            Err(error @ EngineError::Internal { .. }) => {
                self.put_off(row).await?;
                return Err(error);
            }
            claimed => claimed?,
        };
        let Some((lease, mail)) = claimed else { return Ok(Sent::Later) };
        let sent = match self.render(&mail).await {
            Ok(Some(email)) => mailer.send(email).await,
            // What the mail was about is gone, or whom it was for: there is nothing to say.
            Ok(None) => Ok(()),
            // It must not keep others from being sent.
            Err(EngineError::Internal { reason }) => Err(MailError::Temporary { reason }),
            Err(error) => return Err(error),
        };
        match sent {
            Ok(()) => {
                self.replace(&lease, None).await?;
                Ok(Sent::Taken)
            }
            Err(error) => {
                let rests = matches!(error, MailError::Resting { .. });
                self.postpone(&lease, mail, error).await?;
                Ok(if rests { Sent::Rests } else { Sent::Later })
            }
        }
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
        let lease = keys::waiting(tx.now().plus(LEASE), &mail);
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
        let [random] = self.engine.random::<1>();
        let now = self.engine.now();
        if matches!(error, MailError::Resting { .. }) {
            // It was not tried.
            let mail = Outbox { attempts: mail.attempts.saturating_sub(1), ..mail };
            let key = keys::waiting(now.plus(jittered(REST, random)), &mail);
            return self.replace(lease, Some((key, mail))).await;
        }
        let last_error = Some(error.to_string().chars().take(200).collect());
        let mail = Outbox { last_error, ..mail };
        let dead = matches!(error, MailError::Permanent { .. }) || mail.attempts >= MOST_ATTEMPTS;
        if dead && self.is_forgotten(&mail).await? {
            return self.replace(lease, None).await;
        }
        let key = if dead {
            keys::dead_mail(mail.mail)
        } else {
            keys::waiting(now.plus(jittered(pause_after(mail.attempts), random)), &mail)
        };
        self.replace(lease, Some((key, mail))).await
    }

    /// Whether it is for somebody who is to be forgotten: then nothing of it is kept.
    async fn is_forgotten(&self, mail: &Outbox) -> Result<bool, EngineError> {
        if mail.content == MailContent::AccountDeleted {
            return Ok(true);
        }
        let Some(owner) = self.owner(mail).await? else { return Ok(false) };
        Ok(self.engine.get(&keys::user(owner)).await?.is_none())
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
        let old = |again: &MailedAgain| now.since(again.at) > RECEIPT_LIFE;
        let again = self.sweep(8, &keys::mailed_again_all(), old).await?;
        let past = |starts_at: Timestamp| now.since(starts_at) > crate::jobs::REMINDERS_KEPT;
        let shows = self.sweep(5, &keys::show_reminders(), |row: &ShowReminder| past(row.starts_at)).await?;
        let reminded = self.sweep(6, &keys::reminded_all(), |row: &Reminded| past(row.starts_at)).await?;
        let told = |event: &PaymentEvent| now.since(event.at) > EVENT_LIFE;
        let events = self.sweep(7, &keys::payment_events(), told).await?;
        let unwanted = |mail: &Outbox| now.since(promised_at(mail.mail)) > DEAD_LIFE;
        let dead = self.sweep(9, &keys::dead_mails(), unwanted).await?;
        let sales = [again, shows, reminded, events, dead];
        Ok([receipts, sessions, tries, listed, codes].into_iter().chain(sales).flatten().min())
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

/// What became of a mail.
#[derive(PartialEq, Eq)]
enum Sent {
    /// It is somebody else's to deliver.
    Taken,
    /// It is tried again, or somebody else has it.
    Later,
    /// The mail server is left alone for a while.
    Rests,
}

/// How long a mail waits after so many failures, before the jitter.
fn pause_after(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

/// Up to a quarter longer, so that what failed at once is not tried at once again.
fn jittered(pause: Duration, random: u8) -> Duration {
    pause + pause.mul_f64(f64::from(random) / 1024.0)
}

/// Waits for all of some futures at once.
async fn all_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut ready = true;
        for (future, done) in &mut waiting {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(outcome) => *done = Some(outcome),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_last_for_days() {
        let minutes = |attempts| pause_after(attempts).as_secs_f64() / 60.0;
        assert_eq!([1, 2, 3, 7, 8, 80, u32::MAX].map(minutes), [0.5, 1.0, 2.0, 32.0, 60.0, 60.0, 60.0]);
        let whole: Duration = (1..MOST_ATTEMPTS).map(pause_after).sum();
        assert_eq!(whole.as_secs() / (24 * 60 * 60), 3);
        let jittered = [0, 128, 255].map(|random| jittered(Duration::from_secs(1024), random).as_secs());
        assert_eq!(jittered, [1024, 1152, 1279]);
    }
}
