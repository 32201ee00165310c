//! Looks at what is promised to whom, with eyes of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{Datelike, Timelike, Weekday};
use serde_json::Value;

use super::Tally;
use crate::testing::sim::storage::Change;
use crate::{Email, Key, Timestamp};

type Rows = BTreeMap<Key, Vec<u8>>;

/// How long before a show its holders are reminded: as the policy has it.
const BEFORE: Duration = Duration::from_secs(3 * 60 * 60);
/// What is decided so near to a border may fall on either side of it.
const MARGIN: Duration = Duration::from_secs(30 * 60);

/// News of runs so old are not sent any more.
const GIVEN_UP: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// What somebody is promised: by whom, about what.
type About = (String, String);

#[derive(Debug, Default)]
pub(super) struct Auditor {
    pub(super) tally: Tally,
    /// Mails that were promised, and what they are about.
    promised: BTreeMap<String, About>,
    /// The same the other way round.
    about: BTreeMap<About, String>,
}

fn read(key: &str, value: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(value).map_err(|_| format!("{key} cannot be read"))
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn time(value: &Value, name: &str) -> Option<Timestamp> {
    value.get(name).and_then(Value::as_i64).map(Timestamp::from_millis)
}

/// What a mail of a job is about; nothing for others.
fn about(mail: &Value) -> Option<About> {
    let content = mail.get("content")?;
    match content.get("kind")?.as_str()? {
        "new_releases" => Some((content.get("run")?.to_string(), text(content, "user"))),
        "show_reminder" => Some(("reminder".to_owned(), text(content, "booking"))),
        _ => None,
    }
}

impl Auditor {
    /// What one batch wrote.
    pub(super) fn look(&mut self, change: &Change) -> Result<(), String> {
        for (key, value) in change.iter().filter(|(key, _)| key.starts_with("outbox")) {
            let Some(value) = value else { continue };
            let mail = read(key, value)?;
            let Some(about) = about(&mail).filter(|_| mail.get("attempts") == Some(&Value::from(0))) else {
                continue;
            };
            let id = text(&mail, "mail");
            if let Some(run) = about.0.parse().ok().map(Timestamp::from_millis) {
                let at = run.utc();
                let noon =
                    at.weekday() == Weekday::Fri && (at.hour(), at.minute(), at.second()) == (12, 0, 0);
                if !noon {
                    return Err(format!("a run was due at {run}"));
                }
                self.tally.news += 1;
            } else {
                self.tally.reminders += 1;
            }
            if let Some(before) = self.about.insert(about.clone(), id.clone()) {
                return Err(format!("{about:?} was promised as {before} and as {id}"));
            }
            if self.promised.insert(id.clone(), about).is_some() {
                return Err(format!("the mail {id} was promised twice"));
            }
        }
        Ok(())
    }

    /// What is neither there nor sent was lost with the batch that promised it; but old news were given up.
    pub(super) fn crashed(&mut self, rows: &Rows, sent: &[Email], now: Timestamp) {
        self.tally.crashes += 1;
        let mut known: BTreeSet<String> = sent.iter().map(|mail| mail.id.to_string()).collect();
        let waiting = rows.keys().filter(|key| key.starts_with("outbox") || key.starts_with("dead-mail/"));
        known.extend(waiting.filter_map(|key| key.rsplit('/').next().map(str::to_owned)));
        let old = |about: &About| {
            let run = about.0.parse().ok().map(Timestamp::from_millis);
            run.is_some_and(|run| now.since(run) > GIVEN_UP)
        };
        self.promised.retain(|id, about| known.contains(id) || old(about));
        self.about.retain(|about, id| known.contains(id) || old(about));
    }

    /// Everything is quiet since `quiet`, and a week went by.
    pub(super) fn end(
        &mut self,
        rows: &Rows,
        sent: &[Email],
        quiet: Timestamp,
        now: Timestamp,
    ) -> Result<(), String> {
        let under = |noun: &'static str| rows.iter().filter(move |(key, _)| key.starts_with(noun));
        let job = rows.get("job/new_releases").ok_or("nobody has looked when news are due")?;
        let job = read("job/new_releases", job)?;
        if job.get("running").is_some() || time(&job, "next_due").is_none_or(|due| due <= now) {
            return Err(format!("the job is not done: {job}"));
        }
        let mut customers = Vec::new();
        for (key, value) in under("user/") {
            if read(key, value)?.get("marketing_consent") == Some(&Value::Bool(true)) {
                customers.push(key.trim_start_matches("user/").to_owned());
            }
        }
        let sent: BTreeSet<String> = sent.iter().map(|mail| mail.id.to_string()).collect();
        let week = Duration::from_secs(6 * 24 * 60 * 60);
        for (key, _) in under("release-news/") {
            self.tally.runs += 1;
            let run = key.trim_start_matches("release-news/").trim_start_matches('0').to_owned();
            for user in &customers {
                // What was promised before a crash and never sent may be known to the store alone.
                let Some(id) = self.about.get(&(run.clone(), user.clone())) else {
                    return Err(format!("{user} was not told of the run {run}"));
                };
                let due = Timestamp::from_millis(run.parse().unwrap_or_default());
                if due > quiet && now.since(due) < week && !sent.contains(id) {
                    return Err(format!("the mail {id} of the run {run} to {user} was not sent"));
                }
            }
        }
        for (key, value) in under("booking/") {
            let booking = read(key, value)?;
            let show = format!("show/{}", text(&booking, "show"));
            let show = read(&show, rows.get(&show).ok_or("a show is gone")?)?;
            let (Some(starts), Some(decided)) = (time(&show, "starts_at"), time(&booking, "decided_at"))
            else {
                continue;
            };
            let due = starts.minus(BEFORE);
            let before = |at: Timestamp| at.plus(MARGIN) < due;
            let wanted = text(&booking, "status") == "confirmed"
                && before(decided)
                && time(&show, "moved_at").is_none_or(before)
                && due > quiet.plus(MARGIN)
                && starts < now.minus(MARGIN);
            let id = text(&booking, "id");
            if wanted && !self.about.contains_key(&("reminder".to_owned(), id.clone())) {
                return Err(format!("the holder of {id} was not reminded"));
            }
        }
        Ok(())
    }
}
