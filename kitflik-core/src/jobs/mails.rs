//! What the mails of jobs say, from what is stored when they are sent.

use std::time::Duration;

use minijinja::{Value, context};

use super::{JobKind, Jobs};
use crate::bookings::BookingStatus;
use crate::error::EngineError;
use crate::ids::{BookingId, StaffId, UserId};
use crate::notify::language::Language;
use crate::store::keys;
use crate::store::records::{MailContent, Outbox};
use crate::time::Timestamp;
use crate::users::normal_email;

/// How old news may be when they are sent.
const STALE: Duration = Duration::from_secs(6 * 24 * 60 * 60);
/// Shows that are told of each film.
const MOST_SHOWS: usize = 3;

impl Jobs<'_> {
    /// What a mail of a job says; `None` if there is nothing to say any more, or it is no mail of a job.
    pub(crate) async fn mail(
        &self,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Value>, EngineError> {
        match &mail.content {
            MailContent::NewReleases { user, run } => self.news(*user, *run, mail, language).await,
            MailContent::ShowReminder { booking } => self.reminder(*booking, mail, language).await,
            MailContent::OccupancyReport { staff, from, to } => {
                self.report_mail(*staff, *from, *to, mail, language).await
            }
            _ => Ok(None),
        }
    }

    async fn news(
        &self,
        user: UserId,
        run: Timestamp,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Value>, EngineError> {
        let engine = self.engine;
        let now = engine.now();
        // Whoever has changed their mind or their address meanwhile gets nothing.
        let wants = engine.get(&keys::user(user)).await?.is_some_and(|user| {
            let theirs = normal_email(&user.email) == mail.to;
            user.marketing_consent && user.email_verified && !user.deleting && theirs
        });
        if !wants || now.since(run) > STALE {
            return Ok(None);
        }
        let Some(news) = engine.get(&keys::release_news(run)).await? else { return Ok(None) };
        let catalogue = engine.catalogue().await?;
        let mut films = Vec::with_capacity(news.movies.len());
        for id in news.movies {
            let Some(movie) = catalogue.movies.get(&id).filter(|movie| !movie.archived) else { continue };
            let coming = catalogue.coming(id, now).filter_map(|show| catalogue.show(show, now));
            let coming = coming.filter(|show| show.status != crate::ShowStatus::Cancelled);
            let shows: Vec<Value> = coming
                .take(MOST_SHOWS)
                .map(|show| {
                    let at = language.moment(show.starts_at, show.venue.zone);
                    context! { at, venue => show.venue.name }
                })
                .collect();
            if shows.is_empty() {
                continue;
            }
            films.push(context! {
                title => &movie.title,
                facts => facts(&movie.genres, movie.runtime_minutes, movie.rating.as_deref(), language),
                synopsis => &movie.synopsis,
                shows,
            });
        }
        if films.is_empty() {
            return Ok(None);
        }
        let link = engine.policy.public_url.as_deref().map(|base| base.trim_end_matches('/').to_owned());
        Ok(Some(context! { name => &mail.to_name, films, link }))
    }

    async fn reminder(
        &self,
        id: BookingId,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Value>, EngineError> {
        let engine = self.engine;
        let Some(booking) = engine.get(&keys::booking(id)).await? else { return Ok(None) };
        if booking.status != BookingStatus::Confirmed {
            return Ok(None);
        }
        engine.catalog.look_again(); // the time that it tells must be the one that holds
        let (catalogue, now) = (engine.catalogue().await?, engine.now());
        let cancelled = catalogue.shows.get(&booking.show).is_none_or(|show| show.cancelled);
        let Some(show) = catalogue.show(booking.show, now) else { return Ok(None) };
        if cancelled || show.starts_at <= now {
            return Ok(None);
        }
        let seats: Vec<&str> = booking.seats.iter().map(|seat| seat.id.as_str()).collect();
        let unpaid = booking.payment.as_ref().is_some_and(|payment| payment.charge.is_none());
        let due = unpaid && booking.total.amount_minor > 0;
        let context = context! {
            name => &mail.to_name,
            booking => id.to_string(),
            movie => &show.movie.title,
            venue => &show.venue.name,
            auditorium => &show.auditorium.name,
            starts_at => language.moment(show.starts_at, show.venue.zone),
            zone => show.venue.zone.to_string(),
            seats => seats.join(", "),
            total => language.money(booking.total),
            due,
        };
        Ok(Some(context))
    }

    /// Makes a report that several are told.
    pub(crate) async fn prepare_report(&self, from: Timestamp, to: Timestamp) -> Result<(), EngineError> {
        let made =
            self.engine.report.lock().as_ref().is_some_and(|(of, until, _)| (*of, *until) == (from, to));
        if !made {
            let report = self.occupancy(from, to).await?;
            *self.engine.report.lock() = Some((from, to, report));
        }
        Ok(())
    }

    async fn report_mail(
        &self,
        staff: StaffId,
        from: Timestamp,
        to: Timestamp,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Value>, EngineError> {
        // Who has left, or does other work now, is not told.
        let record = self.engine.get(&keys::staff(staff)).await?.filter(|record| !record.disabled);
        let manages =
            record.is_some_and(|record| matches!(record.role, crate::Role::Admin | crate::Role::Manager));
        if !manages {
            return Ok(None);
        }
        let made = self.engine.report.lock().clone().filter(|(of, until, _)| (*of, *until) == (from, to));
        let report = match made {
            Some((_, _, report)) => report,
            None => self.occupancy(from, to).await?,
        };
        // The days are those of its schedule's clocks.
        let zone = match self.plan(JobKind::OccupancyReport).await? {
            Some(plan) => plan.zone,
            None => self.zone().await?,
        };
        let day = |at: Timestamp| language.day(at, zone);
        let first = day(from);
        let last = day(to.minus(Duration::from_secs(12 * 60 * 60)));
        Ok(Some(context! { name => &mail.to_name, first, last, ..report }))
    }
}

/// What is said of a film below its title.
fn facts(
    genres: &[String],
    minutes: Option<u32>,
    rating: Option<&str>,
    language: Language<'_>,
) -> Option<String> {
    let genres = (!genres.is_empty()).then(|| genres.join(", "));
    let minutes = minutes.map(|minutes| language.minutes(minutes));
    let facts: Vec<String> = [genres, minutes, rating.map(str::to_owned)].into_iter().flatten().collect();
    (!facts.is_empty()).then(|| facts.join(", "))
}
