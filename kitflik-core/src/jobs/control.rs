//! What staff do with jobs: look, pause, resume, run now.

use super::{JobError, JobKind, JobRunView, JobView, Jobs};
use crate::actor::{Actor, Permission};
use crate::error::EngineError;
use crate::ids::CommandId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Job, JobEnd};
use crate::store::tx::Loaded;
use crate::time::Timestamp;

#[derive(Clone, Copy)]
enum Change {
    Pause,
    Resume,
    Run,
}

impl Jobs<'_> {
    /// Every job, as it stands.
    ///
    /// # Errors
    /// [`JobError::Denied`] unless an admin or a manager asks, or [`JobError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor) -> Result<Vec<JobView>, JobError> {
        actor.may(Permission::ManageJobs)?;
        let rows = self.engine.get_many(JobKind::ALL.map(|job| keys::job(job.as_str()))).await?;
        let mut views = Vec::with_capacity(rows.len());
        for (job, row) in JobKind::ALL.into_iter().zip(rows) {
            views.push(self.view(job, row.map(|(row, _)| row).as_ref(), self.engine.now()).await?);
        }
        Ok(views)
    }

    /// Has a job begin nothing, and go on with nothing, until it is resumed.
    ///
    /// # Errors
    /// [`JobError::Denied`] unless an admin or a manager asks, or [`JobError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn pause(
        &self,
        actor: &Actor,
        job: JobKind,
        command: Option<&CommandId>,
    ) -> Result<JobView, JobError> {
        self.change(actor, job, command, "job_pause", Change::Pause).await
    }

    /// Ends a pause. A run that it stopped goes on; times that fell into it are not made up for.
    ///
    /// # Errors
    /// [`JobError::Denied`] unless an admin or a manager asks, or [`JobError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn resume(
        &self,
        actor: &Actor,
        job: JobKind,
        command: Option<&CommandId>,
    ) -> Result<JobView, JobError> {
        self.change(actor, job, command, "job_resume", Change::Resume).await
    }

    /// Begins a run, beside those that are due and even if the job is paused; the next [`Kitflik::tick`] goes on with
    /// it. A run that is under way is not begun again.
    ///
    /// [`Kitflik::tick`]: crate::Kitflik::tick
    ///
    /// # Errors
    /// [`JobError::Off`], [`JobError::Denied`] unless an admin or a manager asks, or [`JobError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn run_now(
        &self,
        actor: &Actor,
        job: JobKind,
        command: Option<&CommandId>,
    ) -> Result<JobView, JobError> {
        self.change(actor, job, command, "job_run", Change::Run).await
    }

    async fn change(
        &self,
        actor: &Actor,
        job: JobKind,
        command: Option<&CommandId>,
        verb: &str,
        change: Change,
    ) -> Result<JobView, JobError> {
        actor.may(Permission::ManageJobs)?;
        let mut tx = self.engine.begin_command(actor, command, verb, &job)?;
        tx.note(job.as_str());
        let key = keys::job(job.as_str());
        loop {
            if let Loaded::Replay(view) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return Ok(view);
            }
            let now = tx.now();
            let before = tx.get(&key)?;
            let mut row = match &before {
                Some(row) => row.clone(),
                None => self.new_row(job, now).await?,
            };
            match (change, &mut row.running) {
                (Change::Pause, running) => {
                    if let Some(run) = running {
                        run.asked = false;
                    }
                    row.paused = true;
                }
                (Change::Resume, _) if row.paused => {
                    row.paused = false;
                    row.next_due = self.next_due(job, now).await?;
                }
                (Change::Resume, _) => {}
                (Change::Run, _) if self.is_off(job) => return Err(JobError::Off { job }),
                (Change::Run, Some(run)) => run.asked = true,
                (Change::Run, None) => {
                    // No two runs have one time: what they promise is named by it.
                    let after =
                        row.last.as_ref().map_or(now, |last| Timestamp::from_millis(last.due.millis() + 1));
                    self.begin_run(&mut tx, job, &mut row, now.max(after), true).await?;
                }
            }
            let view = self.view(job, Some(&row), now).await?;
            if before.as_ref() == Some(&row) && command.is_none() {
                return Ok(view);
            }
            row.mark = tx.mark();
            tx.put(&key, &row)?;
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    fn is_off(&self, job: JobKind) -> bool {
        let policy = &self.engine.policy;
        match job {
            JobKind::ShowReminders => policy.reminder_before.is_none(),
            _ => policy.job(job).is_none(),
        }
    }

    async fn view(&self, job: JobKind, row: Option<&Job>, now: Timestamp) -> Result<JobView, EngineError> {
        let policy = &self.engine.policy;
        let schedule = policy.job(job);
        let zone = match schedule.map(super::JobSchedule::zone) {
            None => None,
            Some(Some(zone)) => Some(zone),
            Some(None) => Some(self.zone().await?),
        };
        let before = policy.reminder_before.filter(|_| job == JobKind::ShowReminders);
        let paused = row.is_some_and(|row| row.paused);
        let next_due = match row {
            _ if job == JobKind::ShowReminders => self.next_reminder(now).await?,
            Some(row) if !paused => row.next_due.map(Timestamp::from_millis),
            _ => self.next_due(job, now).await?.map(Timestamp::from_millis),
        };
        let running = row.and_then(|row| row.running.as_ref()).map(|run| JobRunView {
            due: run.due,
            started_at: run.started_at,
            ended_at: None,
            mails: run.mails,
            error: None,
        });
        let last_run = row.and_then(|row| row.last.as_ref()).map(|last: &JobEnd| JobRunView {
            due: last.due,
            started_at: last.started_at,
            ended_at: Some(last.ended_at),
            mails: last.mails,
            error: last.error.clone(),
        });
        Ok(JobView {
            job,
            cron: schedule.map(|schedule| schedule.cron().to_owned()),
            zone,
            minutes_before: before.map(|time| u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX)),
            next_due: next_due.filter(|_| !self.is_off(job)),
            paused,
            running,
            last_run,
        })
    }
}
