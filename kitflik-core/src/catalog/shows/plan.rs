//! What shows are made from, and where they can be: read from the store, decided by the rules.

use super::rules::{self, LONGEST_SHOW, Length, Taken, Window, minutes};
use crate::catalog::items::not_archived;
use crate::catalog::{Catalog, CatalogError, Clash, NewShow};
use crate::error::{EngineError, Validation};
use crate::ids::{AuditoriumId, MovieId, PriceCardId, ShowId};
use crate::limits;
use crate::seats::layout::Layout;
use crate::store::keys;
use crate::store::records::{Auditorium, Form, Movie, PriceCard, Schedule, ScheduledShow, Show, Venue};
use crate::store::tx::{Mutant, Tx};
use crate::time::{LocalTime, Timestamp, Zone};

/// What a show is made from.
pub(super) struct Parts {
    pub(super) movie: Movie,
    pub(super) auditorium: Auditorium,
    pub(super) card: PriceCard,
    pub(super) zone: Zone,
}

fn not_found(what: &'static str) -> CatalogError {
    CatalogError::NotFound { what }
}

impl Catalog<'_> {
    /// Reads what a show is made from. The decision depends on all of it.
    pub(super) async fn parts(
        &self,
        tx: &mut Tx<'_>,
        movie: MovieId,
        auditorium: AuditoriumId,
        card: PriceCardId,
    ) -> Result<Parts, CatalogError> {
        let (movie, card) = (keys::movie(movie), keys::price_card(card));
        tx.more(vec![movie.key.clone(), card.key.clone(), keys::auditorium(auditorium).key]).await?;
        let movie = tx.get(&movie)?.ok_or(not_found("movie"))?;
        let (auditorium, venue) = self.place(tx, auditorium).await?;
        let card = tx.get(&card)?.ok_or(not_found("price card"))?;
        not_archived(&movie, &venue, &auditorium, &card)?;
        let zone = venue.zone;
        Ok(Parts { movie, auditorium, card, zone })
    }

    /// Reads an auditorium and its venue.
    pub(super) async fn place(
        &self,
        tx: &mut Tx<'_>,
        auditorium: AuditoriumId,
    ) -> Result<(Auditorium, Venue), CatalogError> {
        let key = keys::auditorium(auditorium);
        tx.more(vec![key.key.clone()]).await?;
        let auditorium = tx.get(&key)?.ok_or(not_found("auditorium"))?;
        let venue = keys::venue(auditorium.venue);
        tx.more(vec![venue.key.clone()]).await?;
        let venue = tx.get(&venue)?.ok_or(not_found("venue"))?;
        Ok((auditorium, venue))
    }

    /// The show at its start, with what is wrong with it.
    pub(super) fn plan(
        &self,
        new: &NewShow,
        parts: &Parts,
        starts_at: Timestamp,
        now: Timestamp,
        fields: &mut Validation,
    ) -> Show {
        let length = Length {
            all: new.duration_minutes,
            trailers: new.trailers_minutes,
            turnaround: new.turnaround_minutes,
        };
        length.check(fields);
        let policy = &self.engine.policy;
        let taken = length.minutes(parts.movie.runtime_minutes, [policy.trailers, policy.turnaround]);
        let mut show = Show {
            v: Form,
            movie: new.movie_id,
            movie_title: parts.movie.title.clone(),
            auditorium: new.auditorium_id,
            layout: parts.auditorium.layout,
            price_card: new.price_card_id,
            starts_at,
            ends_at: starts_at.plus(minutes(taken)),
            sales_open_at: now,
            sales_close_at: starts_at,
            sales_open_days_before: None,
            sales_close_minutes_before: None,
            language: new.language.clone(),
            subtitles: new.subtitles.clone(),
            format: new.format,
            closed: false,
            cancelled: false,
            max_seats_per_customer: new.max_seats_per_customer,
            selection: new.selection,
            moved_at: None,
            frozen: None,
            mark: None,
        };
        let window = Window {
            open_at: new.sales_open_at,
            open_days_before: new.sales_open_days_before,
            close_at: new.sales_close_at,
            close_minutes_before: new.sales_close_minutes_before,
        };
        window.set(&mut show, now, fields);
        show
    }

    /// The layout of a show's seats, whatever became of its auditorium since.
    pub(super) async fn layout_of(
        &self,
        show: &Show,
    ) -> Result<std::sync::Arc<crate::catalog::cache::CachedLayout>, CatalogError> {
        self.engine.layout(show.layout).await?.ok_or(not_found("layout"))
    }

    /// The shows that have an auditorium at some time from `from` until before `to`. Whoever decides by them has read
    /// the auditorium's row of the schedule before, and rewrites it with [`Catalog::guard`].
    pub(super) async fn taken(
        &self,
        auditorium: AuditoriumId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Taken, EngineError> {
        let mut taken = Taken::default();
        let range = keys::scheduled_shows(auditorium, from.minus(LONGEST_SHOW), to);
        for (row, slot) in self.engine.scan_all(&range).await? {
            let mut parts = row.key.rsplit('/');
            let show = parts.next().and_then(|id| id.parse().ok());
            let start = parts.next().and_then(|start| start.parse().ok()).map(Timestamp::from_millis);
            let (Some(show), Some(start)) = (show, start) else {
                return Err(EngineError::internal(format!("the key {} names no show", row.key)));
            };
            taken.add(show, start, slot.until);
        }
        Ok(taken)
    }

    /// Rewrites the row that every command reads which puts a show into this schedule: of two at once, one has to look
    /// again.
    pub(super) fn guard(
        &self,
        tx: &mut Tx<'_>,
        auditorium: AuditoriumId,
        more: i64,
    ) -> Result<(), EngineError> {
        let key = keys::schedule(auditorium);
        let shows = tx.get(&key)?.map_or(0, |schedule| schedule.shows).saturating_add_signed(more);
        let mark = tx.mark();
        if tx.broken(Mutant::ScheduleUnchecked) {
            tx.uncheck(&key);
        }
        tx.put(&key, &Schedule { v: Form, shows, mark })
    }

    /// Writes a show and its place in the schedule.
    pub(super) fn put_show(&self, tx: &mut Tx<'_>, id: ShowId, show: &Show) -> Result<(), EngineError> {
        let slot = keys::scheduled_show(show.auditorium, show.starts_at, id);
        tx.put(&slot, &ScheduledShow { v: Form, until: show.ends_at })?;
        tx.put(&keys::show(id), show)
    }

    /// What there is to say about a show that stands in the way.
    pub(super) async fn clash(&self, id: ShowId, zone: Zone) -> Result<Clash, EngineError> {
        let show = self.engine.get(&keys::show(id)).await?;
        // Gone meanwhile: whoever is refused tries again.
        let show = show.ok_or(EngineError::Contended)?;
        Ok(Clash {
            show_id: id,
            starts_at_local: LocalTime::of(show.starts_at, zone),
            ends_at_local: LocalTime::of(show.ends_at, zone),
            title: show.movie_title,
        })
    }
}

/// What does not depend on when a show is.
pub(super) fn check_show(
    language: Option<&str>,
    subtitles: Option<&str>,
    cap: Option<u32>,
    card: &PriceCard,
    layout: &Layout,
    fields: &mut Validation,
) {
    fields.optional_text("language", language, limits::MAX_LABEL_CHARS);
    fields.optional_text("subtitles", subtitles, limits::MAX_LABEL_CHARS);
    if cap.is_some_and(|most| most == 0 || most > 100) {
        let detail = "max_seats_per_customer must be 1 to 100";
        fields.refuse("max_seats_per_customer", "out_of_range", detail);
    }
    check_card(card, layout, fields);
}

/// A price card must price every category of the seats.
pub(super) fn check_card(card: &PriceCard, layout: &Layout, fields: &mut Validation) {
    for category in layout.categories() {
        if !card.prices.iter().any(|price| price.category == category.id) {
            let detail = format!("the price card has no price for category {}", category.id);
            fields.refuse("price_card_id", "incomplete", detail);
        }
    }
}

/// Refuses a start that the clocks show never or twice, where the caller has not said which is meant.
pub(super) fn ambiguous(error: &crate::time::AmbiguousTime) -> crate::error::Invalid {
    let detail = format!("{error}: with clock_change");
    crate::error::Invalid::one("starts_at_local", "ambiguous", detail)
}

pub(super) use rules::at;
