//! Reminders: some hours before a show, whoever has tickets for it gets a mail.
//!
//! A holder is reminded once. A show that moves is looked through anew for its new start, for those who have not been
//! reminded; if it moves later than its new reminder would go out, the mail about the move says it all. Whoever buys
//! when the time has come is not reminded of what they have just done.

use std::collections::BTreeSet;
use std::time::Duration;

use super::run::{ended, mail_id, promise_mail, put};
use super::{JobKind, Jobs};
use crate::bookings::{BookingStatus, Bookings};
use crate::error::EngineError;
use crate::ids::{BookingId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, JobEnd, MailContent, Reminded, Show, ShowReminder};
use crate::store::tx::{Loaded, Mutant};
use crate::time::Timestamp;
use crate::users::normal_email;

/// Bookings that one commit looks at.
const AT_ONCE: usize = 32;
/// Commits that one tick gives to reminders.
const STEPS: u32 = 16;
/// Shows that are remembered before those that are over are forgotten.
const REMEMBERED: usize = 4096;
/// How long after its start it is known who was reminded of a show: one that was moved since may be still to come.
pub(crate) const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl Jobs<'_> {
    /// Reminds the holders of the shows whose time has come. Returns when to go on.
    pub(super) async fn remind_due(&self) -> Result<Option<Timestamp>, EngineError> {
        let engine = self.engine;
        let Some(before) = engine.policy.reminder_before else { return Ok(None) };
        let row = engine.get(&keys::job(JobKind::ShowReminders.as_str())).await?;
        let asked = row.as_ref().is_some_and(|row| row.running.is_some());
        if row.is_some_and(|row| row.paused) && !asked {
            return Ok(None);
        }
        let now = engine.now();
        let (mut left, mut fault) = (STEPS, None);
        for (_, show) in self.shows(before, |at| at <= now).await? {
            loop {
                if left == 0 {
                    return Ok(Some(now));
                }
                left -= 1;
                match self.remind(show, before).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    // What is wrong with one show does not keep the others waiting.
                    Err(error @ EngineError::Internal { .. }) => {
                        fault = Some(error);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if asked {
            self.end_asked().await?;
        }
        match fault {
            Some(fault) => Err(fault),
            None => self.next_reminder(now).await,
        }
    }

    /// When the next reminder goes out.
    pub(super) async fn next_reminder(&self, now: Timestamp) -> Result<Option<Timestamp>, EngineError> {
        let Some(before) = self.engine.policy.reminder_before else { return Ok(None) };
        let coming = self.shows(before, |at| at > now).await?;
        Ok(coming.first().map(|(at, _)| *at))
    }

    /// Shows that are to come, with the time of their reminder, by that time.
    async fn shows(
        &self,
        before: Duration,
        wanted: impl Fn(Timestamp) -> bool + Send,
    ) -> Result<Vec<(Timestamp, ShowId)>, EngineError> {
        let now = self.engine.now();
        let catalogue = self.engine.catalogue().await?;
        let mut known = self.engine.reminded.lock();
        if known.len() > REMEMBERED {
            known.retain(|_, starts_at| *starts_at > now);
        }
        let coming = |show: &Show| !show.cancelled && show.starts_at > now;
        let open = catalogue.shows.iter().filter(|(_, show)| coming(show));
        let open = open.map(|(id, show)| (show.starts_at.minus(before), show.starts_at, *id));
        let open = open.filter(|(at, starts_at, id)| wanted(*at) && known.get(id) != Some(starts_at));
        let mut open: Vec<(Timestamp, ShowId)> = open.map(|(at, _, id)| (at, id)).collect();
        open.sort_unstable();
        Ok(open)
    }

    /// One bounded step for a show. Whether there are more. Several may take it at once: one of them commits.
    async fn remind(&self, id: ShowId, before: Duration) -> Result<bool, EngineError> {
        let engine = self.engine;
        let (show_key, key) = (keys::show(id), keys::show_reminder(id));
        let job_key = keys::job(JobKind::ShowReminders.as_str());
        let mut tx = engine.begin();
        let wanted = vec![show_key.key.clone(), key.key.clone(), job_key.key.clone()];
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(true) };
        let now = tx.now();
        // What the catalogue in memory says may be old.
        let Some(show) = tx.get(&show_key)? else { return Ok(false) };
        let due = show.starts_at.minus(before);
        if show.cancelled || show.starts_at <= now || due > now {
            return Ok(false);
        }
        let job = tx.get(&job_key)?;
        if job.as_ref().is_some_and(|job| job.paused && job.running.is_none()) {
            return Ok(false);
        }
        let row = tx.get(&key)?.filter(|row| row.starts_at == show.starts_at);
        let mut row = row.unwrap_or(ShowReminder {
            v: Form,
            starts_at: show.starts_at,
            started_at: now,
            looked_through: None,
            done: false,
            mails: 0,
            mark: 0,
        });
        if row.done {
            engine.reminded.lock().insert(id, show.starts_at);
            return Ok(false);
        }
        let mut wanted = Vec::new();
        if show.moved_at.is_none_or(|moved| moved <= due.millis()) {
            let pointers = engine.scan_all(&keys::seats(id)).await?;
            let ids = pointers.iter().filter_map(|(_, pointer)| pointer.booking());
            let ids: BTreeSet<BookingId> =
                ids.filter(|id| row.looked_through.is_none_or(|last| *id > last)).collect();
            wanted.extend(ids.into_iter().take(AT_ONCE));
        }
        let read =
            wanted.iter().flat_map(|booking| [keys::booking(*booking).key, keys::reminded(id, *booking).key]);
        tx.more(read.collect()).await?;
        for booking_id in &wanted {
            let marker = keys::reminded(id, *booking_id);
            let Some(booking) = tx.get(&keys::booking(*booking_id))? else { continue };
            let late = booking.decided_at.is_none_or(|decided| decided > due.millis());
            if booking.status != BookingStatus::Confirmed || late || tx.get(&marker)?.is_some() {
                continue;
            }
            let address = Bookings { engine }.mail_address(&mut tx, &booking).await?;
            let Some((to, name)) = address else { continue };
            let mail = mail_id(JobKind::ShowReminders, show.starts_at.millis(), due, *booking_id.as_bytes());
            let content = MailContent::ShowReminder { booking: *booking_id };
            promise_mail(&mut tx, mail, normal_email(&to), name, content)?;
            if !tx.broken(Mutant::ReminderUnmarked) {
                tx.put(&marker, &Reminded { v: Form, starts_at: show.starts_at })?;
            }
            row.mails += 1;
        }
        let more = wanted.len() == AT_ONCE;
        row.looked_through = wanted.last().copied().or(row.looked_through);
        row.done = !more;
        row.mark = tx.mark();
        tx.put(&key, &row)?;
        if row.done {
            let mut job = match job {
                Some(job) => job,
                None => self.new_row(JobKind::ShowReminders, now).await?,
            };
            let (started_at, mails) = (row.started_at, row.mails);
            if mails > 0 {
                job.last = Some(JobEnd { due, started_at, ended_at: now, mails, error: None });
            }
            if let Some(run) = &mut job.running {
                run.mails += mails;
            }
            job.mark = tx.mark();
            tx.put(&job_key, &job)?;
        }
        let committed = tx.commit(Durability::Durable, &()).await?.is_some();
        if committed && row.done {
            engine.reminded.lock().insert(id, show.starts_at);
        }
        Ok(more || !committed)
    }

    /// What somebody asked for is done.
    async fn end_asked(&self) -> Result<(), EngineError> {
        let key = keys::job(JobKind::ShowReminders.as_str());
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(());
        };
        let now = tx.now();
        let Some(mut row) = tx.get(&key)? else { return Ok(()) };
        let Some(run) = row.running.take() else { return Ok(()) };
        row.last = Some(ended(run, now, None));
        put(tx, &key, row).await?;
        Ok(())
    }
}
