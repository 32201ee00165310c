//! Reads: the gets of many callers, one statement.

use std::sync::Arc;

use kitflik_core::{Read, Row, StorageError, Version, limits};
use tokio::sync::oneshot;

use super::PostgresOptions;
use super::inbox::Inbox;
use super::link::{Fault, Kind, Link, fault};

/// How often a question is asked when the connection breaks: it was perhaps dead before.
const ATTEMPTS: u32 = 2;

/// Questions on their way.
pub(super) struct Job {
    pub(super) reads: Vec<Read>,
    pub(super) done: oneshot::Sender<Answer>,
}

type Answer = Result<Vec<Vec<Row>>, StorageError>;

/// Asks until nothing comes any more.
pub(super) async fn run(options: PostgresOptions, inbox: Arc<Inbox<Job>>) {
    let mut link = None;
    loop {
        let mut total = 0;
        // Scans may answer much: who asks for one waits for that alone.
        let group = inbox.next_group(|job| {
            total += job.reads.len();
            total <= limits::MAX_READS && job.reads.iter().all(|read| matches!(read, Read::Get { .. }))
        });
        let Some(mut group) = group.await else { return };
        group.retain(|job| !job.done.is_closed());
        if group.is_empty() {
            continue;
        }
        let question = Question::of(&group);
        match ask(&options, &mut link, &question).await {
            Ok(answers) => {
                for (job, answer) in group.into_iter().zip(answers) {
                    let _caller_may_be_gone = job.done.send(Ok(answer));
                }
            }
            Err(error) => {
                for job in group {
                    let _caller_may_be_gone = job.done.send(Err(error.clone()));
                }
            }
        }
    }
}

async fn ask(
    options: &PostgresOptions,
    place: &mut Option<Link>,
    question: &Question<'_>,
) -> Result<Vec<Vec<Vec<Row>>>, StorageError> {
    let mut attempt = 1;
    loop {
        let link = match place.take().filter(|link| !link.client.is_closed()) {
            Some(link) => link,
            None => Link::reader(options).await?,
        };
        let answer = tokio::time::timeout(options.call_limit, question.send(&link)).await;
        let answer = answer.unwrap_or_else(|_| {
            attempt = ATTEMPTS;
            Err(Fault::Lost(format!("no answer in {} ms", options.call_limit.as_millis())))
        });
        let (reason, again) = match answer {
            Ok(answers) => {
                *place = Some(link);
                return Ok(answers);
            }
            Err(Fault::Corrupt(reason)) => {
                *place = Some(link);
                return Err(StorageError::Corrupt { reason });
            }
            Err(Fault::Refused { reason, reconnect }) => {
                if !reconnect {
                    *place = Some(link);
                }
                (reason, false)
            }
            Err(Fault::Again(reason)) => {
                *place = Some(link);
                (reason, true)
            }
            Err(Fault::Lost(reason)) => (reason, true),
        };
        if !again || attempt >= ATTEMPTS {
            return Err(StorageError::Unavailable { reason });
        }
        attempt += 1;
    }
}

/// The reads of a group as the arguments of the statement: see `reads.sql`.
#[derive(Default)]
struct Question<'a> {
    jobs: Vec<usize>,
    gets: Vec<&'a str>,
    forward: Scans<'a>,
    reverse: Scans<'a>,
    /// Which read of which job each get and scan is, in the order of the kinds.
    asked: [Vec<(usize, usize)>; 3],
}

#[derive(Default)]
struct Scans<'a> {
    first: Vec<&'a str>,
    past: Vec<&'a str>,
    most: Vec<i32>,
}

impl<'a> Question<'a> {
    fn of(group: &'a [Job]) -> Self {
        let mut question = Self::default();
        for (job, Job { reads, .. }) in group.iter().enumerate() {
            question.jobs.push(reads.len());
            for (place, read) in reads.iter().enumerate() {
                let kind = match read {
                    Read::Get { key } => {
                        question.gets.push(key);
                        0
                    }
                    Read::Scan { start, end, limit, reverse } => {
                        let scans = if *reverse { &mut question.reverse } else { &mut question.forward };
                        scans.first.push(start);
                        scans.past.push(end);
                        scans.most.push(i32::try_from(*limit).unwrap_or(i32::MAX));
                        1 + usize::from(*reverse)
                    }
                };
                question.asked[kind].push((job, place));
            }
        }
        question
    }

    async fn send(&self, link: &Link) -> Result<Vec<Vec<Vec<Row>>>, Fault> {
        let mut answers: Vec<Vec<Vec<Row>>> =
            self.jobs.iter().map(|reads| (0..*reads).map(|_| Vec::new()).collect()).collect();
        let Kind::Reader { gets, reads } = &link.kind else {
            return Err(Fault::Refused { reason: "a connection for writing".to_owned(), reconnect: true });
        };
        let (forward, reverse) = (&self.forward, &self.reverse);
        // One statement: one snapshot.
        let rows = if forward.first.is_empty() && reverse.first.is_empty() {
            if self.gets.is_empty() {
                return Ok(answers);
            }
            link.client.query(gets, &[&self.gets]).await
        } else {
            let scans = [forward, reverse];
            let [(a, b, c), (d, e, f)] = scans.map(|scans| (&scans.first, &scans.past, &scans.most));
            link.client.query(reads, &[&self.gets, a, b, c, d, e, f]).await
        };
        for row in rows.map_err(|error| fault(&error))? {
            let Some((kind, place, row)) = decode(&row) else {
                return Err(Fault::Corrupt(
                    "a row of the table kitflik cannot be what was written".to_owned(),
                ));
            };
            let asked = self.asked.get(kind).and_then(|asked| asked.get(place));
            let answer = asked.and_then(|(job, read)| answers.get_mut(*job)?.get_mut(*read));
            answer.ok_or_else(|| Fault::Corrupt("an answer to nothing that was asked".to_owned()))?.push(row);
        }
        // SQL promises no order here, whatever the plan does.
        for (kind, asked) in self.asked.iter().enumerate().skip(1) {
            for (job, read) in asked {
                let rows = &mut answers[*job][*read];
                rows.sort_by(|a, b| if kind == 1 { a.key.cmp(&b.key) } else { b.key.cmp(&a.key) });
            }
        }
        Ok(answers)
    }
}

fn decode(row: &tokio_postgres::Row) -> Option<(usize, usize, Row)> {
    let kind = usize::try_from(row.try_get::<_, i32>(0).ok()?).ok()?;
    let place = usize::try_from(row.try_get::<_, i64>(1).ok()? - 1).ok()?;
    let key = row.try_get(2).ok()?;
    let value = row.try_get(3).ok()?;
    let version = Version(u64::try_from(row.try_get::<_, i64>(4).ok()?).ok()?);
    Some((kind, place, Row { key, value, version }))
}
