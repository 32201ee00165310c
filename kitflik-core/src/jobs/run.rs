//! Runs: begun by one commit when they are due, and moved on page by page.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{JobKind, JobSchedule, Jobs};
use crate::actor::Role;
use crate::error::EngineError;
use crate::ids::{MailId, StaffId, UserId};
use crate::ports::storage::Durability;
use crate::store::keys::{self, Range, Typed};
use crate::store::records::{Form, Job, JobEnd, JobLease, JobRun, MailContent, Outbox, Record, Staff, User};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::{Timestamp, Zone};
use crate::users::normal_email;

/// Accounts that one commit goes through.
pub(crate) const PAGE: u32 = 100;
/// Commits that one tick gives to a job.
const STEPS: u32 = 8;
/// How long others leave a run to whoever has begun to work on it. Correctness does not depend on it.
const LEASE: Duration = Duration::from_secs(120);
/// Longest reason of a run that came to nothing, in characters.
const MOST_REASON: usize = 200;

enum Step {
    /// There may be more to do at once.
    More,
    /// There is nothing to do before then; nothing at all if never.
    Wait(Option<Timestamp>),
}

/// When a job is due, by clocks that are known.
pub(super) struct Plan<'a> {
    schedule: &'a JobSchedule,
    pub(super) zone: Zone,
}

impl Plan<'_> {
    /// What a row remembers of it.
    fn text(&self) -> String {
        format!("{} {}", self.schedule.cron(), self.zone)
    }

    fn next(&self, after: Timestamp) -> Option<i64> {
        self.schedule.next(self.zone, after).map(Timestamp::millis)
    }
}

impl Jobs<'_> {
    /// Runs what is due, in bounded steps. Returns when to go on. An instance that sends no mail leaves it to those
    /// that do.
    pub(crate) async fn run_due(&self) -> Result<Option<Timestamp>, EngineError> {
        if self.engine.mailer.is_none() {
            return Ok(None);
        }
        // What is wrong with one job keeps no other waiting.
        let jobs = [
            self.run(JobKind::NewReleases).await,
            self.run(JobKind::OccupancyReport).await,
            self.remind_due().await,
        ];
        let next = jobs.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(next.into_iter().flatten().min())
    }

    pub(super) async fn plan(&self, job: JobKind) -> Result<Option<Plan<'_>>, EngineError> {
        let Some(schedule) = self.engine.policy.job(job) else { return Ok(None) };
        let zone = match schedule.zone() {
            Some(zone) => zone,
            None => self.zone().await?,
        };
        Ok(Some(Plan { schedule, zone }))
    }

    /// The row of a job that has none yet.
    pub(super) async fn new_row(&self, job: JobKind, now: Timestamp) -> Result<Job, EngineError> {
        let plan = self.plan(job).await?;
        let next_due = plan.as_ref().and_then(|plan| plan.next(now));
        let plan = plan.map(|plan| plan.text()).unwrap_or_default();
        Ok(Job { v: Form, plan, next_due, paused: false, running: None, last: None, mark: 0 })
    }

    /// When a job is due next, counted from an instant.
    pub(super) async fn next_due(&self, job: JobKind, after: Timestamp) -> Result<Option<i64>, EngineError> {
        Ok(self.plan(job).await?.and_then(|plan| plan.next(after)))
    }

    async fn run(&self, job: JobKind) -> Result<Option<Timestamp>, EngineError> {
        let Some(plan) = self.plan(job).await? else {
            self.forget_plan(job).await?;
            return Ok(None);
        };
        let mut lease = None;
        for step in 1..=STEPS {
            match self.step(job, &plan, &mut lease, step == STEPS).await {
                Ok(Step::More) => {}
                Ok(Step::Wait(until)) => return Ok(until),
                // Trying again would meet the same: the run ends, and says why.
                Err(EngineError::Internal { reason }) => self.give_up(job, &reason).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(Some(self.engine.now()))
    }

    /// A job that is off has no time that it is due: when it is on again, nothing is made up for.
    async fn forget_plan(&self, job: JobKind) -> Result<(), EngineError> {
        let key = keys::job(job.as_str());
        let planned = |row: &Job| !row.plan.is_empty() || row.next_due.is_some();
        if !self.engine.get(&key).await?.is_some_and(|row| planned(&row)) {
            return Ok(());
        }
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(());
        };
        if let Some(row) = tx.get(&key)?.filter(planned) {
            put(tx, &key, Job { plan: String::new(), next_due: None, ..row }).await?;
        }
        Ok(())
    }

    /// One commit at most. Several may try it at once: one of them commits.
    async fn step(
        &self,
        job: JobKind,
        plan: &Plan<'_>,
        lease: &mut Option<u32>,
        last: bool,
    ) -> Result<Step, EngineError> {
        let key = keys::job(job.as_str());
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(Step::More);
        };
        let now = tx.now();
        let Some(mut row) = tx.get(&key)? else {
            let row = self.new_row(job, now).await?;
            let next = row.next_due.map(Timestamp::from_millis);
            let written = put(tx, &key, row).await?;
            return Ok(if written { Step::Wait(next) } else { Step::More });
        };
        if let Some(run) = row.running.take() {
            if row.paused && !run.asked {
                return Ok(Step::Wait(None));
            }
            if let Some(held) = &run.lease
                && Some(held.by) != *lease
                && held.until > now
            {
                return Ok(Step::Wait(Some(held.until)));
            }
            self.page(tx, job, row, run, lease, last).await?;
            return Ok(Step::More);
        }
        if row.paused {
            return Ok(Step::Wait(None));
        }
        if row.plan != plan.text() {
            // What was due by another plan, or before the job was off, is not made up for.
            row.plan = plan.text();
            row.next_due = plan.next(now);
            put(tx, &key, row).await?;
            return Ok(Step::More);
        }
        let due = row.next_due.map(Timestamp::from_millis);
        match due.filter(|due| *due <= now) {
            Some(due) => {
                // However many times nobody was there for: they are made up for once.
                let due = plan.schedule.last(plan.zone, due, now);
                if tx.broken(Mutant::RunUnchecked) {
                    tx.uncheck(&key);
                }
                self.begin_run(&mut tx, job, &mut row, due, false).await?;
                row.next_due = plan.next(now.max(due));
            }
            None => return Ok(Step::Wait(due)),
        }
        put(tx, &key, row).await?;
        Ok(Step::More)
    }

    /// Puts a run into the row, or its end if there is nothing to say.
    pub(super) async fn begin_run(
        &self,
        tx: &mut Tx<'_>,
        job: JobKind,
        row: &mut Job,
        due: Timestamp,
        asked: bool,
    ) -> Result<(), EngineError> {
        let started_at = tx.now();
        let run = JobRun { due, started_at, asked, cursor: None, mails: 0, lease: None };
        if job == JobKind::NewReleases && !self.announce(tx, due).await? {
            row.last = Some(ended(run, started_at, None));
        } else {
            row.running = Some(run);
        }
        Ok(())
    }

    /// Goes through the next accounts, and writes what they are promised in the batch that says so.
    async fn page(
        &self,
        mut tx: Tx<'_>,
        job: JobKind,
        mut row: Job,
        mut run: JobRun,
        lease: &mut Option<u32>,
        last: bool,
    ) -> Result<(), EngineError> {
        let more = match job {
            JobKind::NewReleases => {
                let wants = |user: &User| user.marketing_consent && user.email_verified && !user.deleting;
                let content = |user: UserId| MailContent::NewReleases { user, run: run.due };
                let page = self.accounts(&keys::users(), run.cursor.as_ref()).await?;
                let wanted = page.iter().filter(|(_, user)| wants(user));
                let mails = wanted.filter_map(|(key, user)| {
                    let id: UserId = id_of(key)?;
                    Some((*id.as_bytes(), user.email.as_str(), user.name.as_str(), content(id)))
                });
                run.mails += promise(&mut tx, job, run.due, mails)?;
                turn(&mut run, &page, self.engine.job_page)
            }
            JobKind::OccupancyReport => {
                let zone = self.plan(job).await?.map_or(Zone::UTC, |plan| plan.zone);
                let (from, to) = super::occupancy::week_before(run.due, zone);
                let active = |staff: &Staff| !staff.disabled && !staff.password_hash.is_empty();
                let manages = |staff: &Staff| matches!(staff.role, Role::Admin | Role::Manager);
                let page = self.accounts(&keys::all_staff(), run.cursor.as_ref()).await?;
                let wanted = page.iter().filter(|(_, staff)| active(staff) && manages(staff));
                let mails = wanted.filter_map(|(key, record)| {
                    let staff: StaffId = id_of(key)?;
                    let content = MailContent::OccupancyReport { staff, from, to };
                    Some((*staff.as_bytes(), record.email.as_str(), record.name.as_str(), content))
                });
                run.mails += promise(&mut tx, job, run.due, mails)?;
                turn(&mut run, &page, self.engine.job_page)
            }
            JobKind::ShowReminders => false,
        };
        let now = tx.now();
        if more && !tx.broken(Mutant::RunForgotten) {
            let by = *lease.get_or_insert_with(|| tx.mark());
            run.lease = (!last).then(|| JobLease { by, until: now.plus(LEASE) });
            row.running = Some(run);
        } else {
            row.last = Some(ended(run, now, None));
        }
        put(tx, &keys::job(job.as_str()), row).await?;
        Ok(())
    }

    async fn accounts<R: Record>(
        &self,
        range: &Range<R>,
        cursor: Option<&String>,
    ) -> Result<Vec<(String, R)>, EngineError> {
        let mut rest = range.clone();
        if let Some(last) = cursor {
            rest.start = format!("{last}!");
        }
        let rows = self.engine.scan(&rest, self.engine.job_page, false).await?;
        Ok(rows.into_iter().map(|(row, record)| (row.key, record)).collect())
    }

    /// A run that cannot go on ends with its reason, and the next one is due as ever.
    async fn give_up(&self, job: JobKind, reason: &str) -> Result<(), EngineError> {
        let key = keys::job(job.as_str());
        let mut tx = self.engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(());
        };
        let now = tx.now();
        let Some(mut row) = tx.get(&key)? else { return Ok(()) };
        let due = row.next_due.map(Timestamp::from_millis).filter(|due| *due <= now);
        let reason = Some(reason.chars().take(MOST_REASON).collect());
        match (row.running.take(), due) {
            (Some(run), _) => row.last = Some(ended(run, now, reason)),
            // It could not even begin.
            (None, Some(due)) => {
                let run = JobRun { due, started_at: now, asked: false, cursor: None, mails: 0, lease: None };
                row.next_due = self.next_due(job, now).await?;
                row.last = Some(ended(run, now, reason));
            }
            (None, None) => return Ok(()),
        }
        put(tx, &key, row).await?;
        Ok(())
    }
}

/// Commits the row of a job; whether nobody was quicker.
pub(super) async fn put(mut tx: Tx<'_>, key: &Typed<Job>, mut row: Job) -> Result<bool, EngineError> {
    row.mark = tx.mark();
    tx.put(key, &row)?;
    Ok(tx.commit(Durability::Durable, &()).await?.is_some())
}

pub(super) fn ended(run: JobRun, ended_at: Timestamp, error: Option<String>) -> JobEnd {
    let JobRun { due, started_at, mails, .. } = run;
    JobEnd { due, started_at, ended_at, mails, error }
}

/// Moves a run behind a page. Whether there may be more.
fn turn<R>(run: &mut JobRun, page: &[(String, R)], full: u32) -> bool {
    if let Some((last, _)) = page.last() {
        run.cursor = Some(last.clone());
    }
    page.len() == full as usize
}

fn id_of<Id: std::str::FromStr>(key: &str) -> Option<Id> {
    key.rsplit('/').next()?.parse().ok()
}

/// Writes mails, and counts them.
fn promise<'m>(
    tx: &mut Tx<'_>,
    job: JobKind,
    due: Timestamp,
    mails: impl Iterator<Item = ([u8; 16], &'m str, &'m str, MailContent)>,
) -> Result<u32, EngineError> {
    let mut count = 0;
    for (whose, email, name, content) in mails {
        let mail = mail_id(job, due.millis(), due, whose);
        promise_mail(tx, mail, normal_email(email), name.to_owned(), content)?;
        count += 1;
    }
    Ok(count)
}

pub(super) fn promise_mail(
    tx: &mut Tx<'_>,
    mail: MailId,
    to: String,
    name: String,
    content: MailContent,
) -> Result<(), EngineError> {
    let outbox = Outbox::new(mail, to, Some(name), content);
    tx.put(&keys::waiting(tx.now(), &outbox), &outbox)
}

/// What a run promises to somebody has one id, whoever comes to write it. It begins with a time, as those of all mails.
pub(super) fn mail_id(job: JobKind, run: i64, at: Timestamp, whose: [u8; 16]) -> MailId {
    let digest = Sha256::new()
        .chain_update(b"kitflik job mail 1/")
        .chain_update(job.as_str())
        .chain_update(run.to_be_bytes())
        .chain_update(whose)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[..6].copy_from_slice(&at.millis().max(0).to_be_bytes()[2..]);
    MailId::from_digest(bytes)
}
