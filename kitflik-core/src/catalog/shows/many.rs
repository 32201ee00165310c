//! Many shows by one command: repeated ones, and those of another week.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{at, check_card, check_show};
use super::rules::{check_count, occurrences};
use crate::actor::{Actor, Permission};
use crate::catalog::items::not_archived;
use crate::catalog::{
    AddedShows, Catalog, CatalogError, Clash, CopyWeek, NewShow, RepeatShow, SkipReason, SkippedShow,
};
use crate::error::{EngineError, FieldError, Invalid, Validation};
use crate::ids::{AuditoriumId, ShowId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Show;
use crate::store::tx::{Loaded, Tx};
use crate::time::{AmbiguousTime, ClockReading, Date, LocalTime, Timestamp, Zone, millis};

/// Bytes that the shows of one batch may take; the rest of the batch has the remainder.
const MOST_BYTES: usize = limits::MAX_BATCH_BYTES - 48 * 1024;
/// Bytes that a receipt may take beside its frame.
const MOST_REPLY: usize = limits::MAX_VALUE_BYTES - 1024;

/// A show that somebody wants, at a start that may not be one.
struct Wish {
    local: LocalTime,
    zone: Zone,
    auditorium: AuditoriumId,
    show: Result<Show, AmbiguousTime>,
}

/// What became of the wishes, as short as a receipt has to be: ids follow from their number.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reply {
    #[serde(with = "millis")]
    at: Timestamp,
    base: u64,
    count: u16,
    skipped: Vec<(AuditoriumId, LocalTime, SkipReason)>,
}

impl Reply {
    /// The ids of the shows of one command, in order.
    fn id(&self, number: u16) -> ShowId {
        let mut random = [0; 10];
        let (base, end) = random.split_at_mut(8);
        base.copy_from_slice(&self.base.to_be_bytes());
        end.copy_from_slice(&number.to_be_bytes());
        ShowId::new(self.at, random)
    }

    fn ids(&self) -> Vec<ShowId> {
        (0..self.count).map(|number| self.id(number)).collect()
    }

    /// A repeat is told as much as fits a receipt.
    fn answer(self) -> AddedShows {
        let shows = self.ids();
        let skipped = self.skipped.into_iter().map(|(auditorium_id, starts_at_local, reason)| {
            let detail = match reason {
                SkipReason::Overlap => "another show was there",
                SkipReason::Ambiguous => "a change of the clocks skips or repeats it",
            };
            SkippedShow { auditorium_id, starts_at_local, reason, detail: detail.to_owned() }
        });
        AddedShows { shows, skipped: skipped.collect() }
    }

    /// Leaves out what does not fit.
    fn bounded(mut self) -> Result<Self, EngineError> {
        let size = |reply: &Self| serde_json::to_vec(reply).map(|bytes| bytes.len());
        while size(&self).map_err(|error| EngineError::internal(error.to_string()))? > MOST_REPLY {
            self.skipped.truncate(self.skipped.len() * 3 / 4);
        }
        Ok(self)
    }
}

impl Catalog<'_> {
    /// Adds a show at every one of the times on every one of the days: all of them, or none; or, with `skip_clashes`,
    /// all that can be there.
    ///
    /// # Errors
    /// [`CatalogError::Clashes`] or [`CatalogError::Invalid`] with an entry for each start that is taken, or that the
    /// clocks show never or twice; [`CatalogError::NotFound`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_shows(&self, actor: &Actor, new: &RepeatShow) -> Result<AddedShows, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut fields = Validation::default();
        let starts = occurrences(new.from, new.to, &new.weekdays, &new.times, &mut fields);
        fields.finish()?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_shows", new)?;
        let base = u64::from_be_bytes(self.engine.random());
        let hall = new.auditorium_id;
        loop {
            let wanted = vec![keys::schedule(hall).key];
            if let Loaded::Replay(reply) = tx.load::<Reply>(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return Ok(reply.answer());
            }
            let parts = self.parts(&mut tx, new.movie_id, hall, new.price_card_id).await?;
            let mut fields = Validation::default();
            let mut wishes = Vec::with_capacity(starts.len());
            for local in &starts {
                let show = match local.resolve_as(parts.zone, new.clock_change) {
                    // What is wrong with one of them is wrong with all: it is told once.
                    Ok(starts_at) => {
                        let mut fault = Validation::default();
                        let show = self.plan(&new.at(*local), &parts, starts_at, tx.now(), &mut fault);
                        if fields.is_empty() {
                            fields = fault;
                        }
                        Ok(show)
                    }
                    Err(error) => Err(error),
                };
                wishes.push(Wish { local: *local, zone: parts.zone, auditorium: hall, show });
            }
            let layout = self.engine.layout(parts.auditorium.layout).await?;
            let layout = layout.ok_or(CatalogError::NotFound { what: "layout" })?;
            let (language, subtitles) = (new.language.as_deref(), new.subtitles.as_deref());
            let cap = new.max_seats_per_customer;
            check_show(language, subtitles, cap, &parts.card, &layout.layout, &mut fields);
            fields.finish()?;
            if let Some(added) = self.add_all(&mut tx, wishes, new.skip_clashes, base).await? {
                return Ok(added);
            }
        }
    }

    /// Adds the shows of seven days once more, at the same times on the venue's clocks: all of them, or none; or, with
    /// `skip_clashes`, all that can be there. Cancelled shows are left out. Sales windows are as far from the start as
    /// they were.
    ///
    /// # Errors
    /// As [`Catalog::add_shows`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn copy_week(&self, actor: &Actor, copy: &CopyWeek) -> Result<AddedShows, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let days = copy.to.days_since(copy.from);
        if days == 0 {
            return Err(Invalid::one("to", "contradictory", "to must be another day than from").into());
        }
        let mut tx = self.engine.begin_command(actor, copy.command.as_ref(), "copy_week", copy)?;
        let base = u64::from_be_bytes(self.engine.random());
        loop {
            if let Loaded::Replay(reply) = tx.load::<Reply>(Durability::Durable, Vec::new()).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return Ok(reply.answer());
            }
            let mut wishes = Vec::new();
            for auditorium in self.auditoriums_of(copy).await? {
                tx.more(vec![keys::schedule(auditorium).key]).await?;
                let (record, venue) = self.place(&mut tx, auditorium).await?;
                let zone = venue.zone;
                for show in self.week(auditorium, zone, copy.from).await? {
                    let local = LocalTime::of(show.starts_at, zone).plus_days(days).ok_or_else(|| {
                        Invalid::one("to", "out_of_range", "that is not within the years 1 to 9999")
                    })?;
                    let placed = Show {
                        layout: record.layout,
                        closed: false,
                        moved_at: None,
                        frozen: None,
                        mark: None,
                        ..show
                    };
                    let starts_at = local.resolve_as(zone, copy.clock_change);
                    let show = starts_at.map(|starts_at| at(&placed, starts_at, true));
                    wishes.push(Wish { local, zone, auditorium, show });
                }
            }
            let mut fields = Validation::default();
            check_count("from", wishes.len(), &mut fields);
            fields.finish()?;
            self.check_copies(&mut tx, &mut wishes).await?;
            wishes.sort_by_key(|wish| (wish.local, wish.auditorium));
            if let Some(added) = self.add_all(&mut tx, wishes, copy.skip_clashes, base).await? {
                return Ok(added);
            }
        }
    }

    async fn auditoriums_of(&self, copy: &CopyWeek) -> Result<Vec<AuditoriumId>, CatalogError> {
        match (copy.venue_id, copy.auditorium_id) {
            (None, Some(auditorium)) => Ok(vec![auditorium]),
            (Some(venue), None) => {
                let key = keys::venue(venue);
                self.engine.get(&key).await?.ok_or(CatalogError::NotFound { what: "venue" })?;
                let all = self.engine.scan_all(&keys::auditoriums()).await?;
                let here = all.into_iter().filter(|(_, auditorium)| auditorium.venue == venue);
                Ok(here.filter_map(|(row, _)| row.key.rsplit('/').next()?.parse().ok()).collect())
            }
            _ => {
                let detail = "give either venue_id or auditorium_id";
                Err(Invalid::one("auditorium_id", "contradictory", detail).into())
            }
        }
    }

    /// The shows of seven days of the programme.
    async fn week(
        &self,
        auditorium: AuditoriumId,
        zone: Zone,
        from: Date,
    ) -> Result<Vec<Show>, CatalogError> {
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        let midnight = LocalTime::new(from.calendar().and_time(chrono::NaiveTime::MIN));
        let start = midnight.resolve_as(zone, Some(ClockReading::Earlier));
        let start = start.map_err(|error| EngineError::internal(error.to_string()))?;
        let range = keys::scheduled_shows(auditorium, start.minus(day), start.plus(day * 9));
        let rows = self.engine.scan_all(&range).await?;
        let ids = rows.iter().filter_map(|(row, _)| row.key.rsplit('/').next()?.parse::<ShowId>().ok());
        let shows = self.engine.get_many(ids.map(keys::show)).await?;
        let within = |show: &Show| {
            let day = LocalTime::of(show.starts_at, zone).business_day();
            !show.cancelled && (0..7).contains(&day.days_since(from))
        };
        Ok(shows.into_iter().flatten().map(|(show, _)| show).filter(within).collect())
    }

    /// Movies and prices of copied shows must still be there, and price every seat.
    async fn check_copies(&self, tx: &mut Tx<'_>, wishes: &mut [Wish]) -> Result<(), CatalogError> {
        let shows = || wishes.iter().filter_map(|wish| wish.show.as_ref().ok());
        let movies = shows().map(|show| keys::movie(show.movie).key);
        let cards = shows().map(|show| keys::price_card(show.price_card).key);
        let mut wanted: Vec<_> = movies.chain(cards).collect();
        wanted.sort_unstable();
        wanted.dedup();
        tx.more(wanted).await?;
        let mut checked = BTreeMap::new();
        for show in wishes.iter_mut().filter_map(|wish| wish.show.as_mut().ok()) {
            let movie = tx.get(&keys::movie(show.movie))?;
            let movie = movie.ok_or(CatalogError::NotFound { what: "movie" })?;
            show.movie_title.clone_from(&movie.title);
            if checked.insert((show.movie, show.price_card, show.auditorium), ()).is_none() {
                let card = tx.get(&keys::price_card(show.price_card))?;
                let card = card.ok_or(CatalogError::NotFound { what: "price card" })?;
                let (auditorium, venue) = self.place(tx, show.auditorium).await?;
                not_archived(&movie, &venue, &auditorium, &card)?;
                let layout = self.layout_of(show).await?;
                let mut fields = Validation::default();
                check_card(&card, &layout.layout, &mut fields);
                fields.finish()?;
            }
        }
        Ok(())
    }

    /// Adds what can be there. The rows of the schedules have been read.
    async fn add_all(
        &self,
        tx: &mut Tx<'_>,
        wishes: Vec<Wish>,
        skip: bool,
        base: u64,
    ) -> Result<Option<AddedShows>, CatalogError> {
        let mut reply = Reply { at: tx.now(), base, count: 0, skipped: Vec::new() };
        let mut taken = BTreeMap::new();
        let mut added: BTreeMap<ShowId, (Show, Zone)> = BTreeMap::new();
        let (mut skipped, mut bytes) = (Vec::new(), 0);
        for wish in &wishes {
            let show = match &wish.show {
                Ok(show) => show,
                Err(error) => {
                    skipped.push(wish.skipped(SkipReason::Ambiguous, error.to_string()));
                    continue;
                }
            };
            if let std::collections::btree_map::Entry::Vacant(place) = taken.entry(wish.auditorium) {
                let here = || wishes.iter().filter(|other| other.auditorium == wish.auditorium);
                let here = || here().filter_map(|other| other.show.as_ref().ok());
                let from = here().map(|show| show.starts_at).min().unwrap_or(show.starts_at);
                let to = here().map(|show| show.ends_at).max().unwrap_or(show.ends_at);
                place.insert(self.taken(wish.auditorium, from, to).await?);
            }
            let Some(taken) = taken.get_mut(&wish.auditorium) else { continue };
            if let Some(other) = taken.clash(show.starts_at, show.ends_at) {
                let clash = match added.get(&other) {
                    Some((show, zone)) => Clash {
                        show_id: other,
                        title: show.movie_title.clone(),
                        starts_at_local: LocalTime::of(show.starts_at, *zone),
                        ends_at_local: LocalTime::of(show.ends_at, *zone),
                    },
                    None => self.clash(other, wish.zone).await?,
                };
                skipped
                    .push(wish.skipped(SkipReason::Overlap, format!("the auditorium is taken by {clash}")));
                continue;
            }
            let id = reply.id(reply.count);
            reply.count += 1;
            taken.add(id, show.starts_at, show.ends_at);
            bytes += serde_json::to_vec(show).map_or(0, |json| json.len()) + 2 * limits::MAX_KEY_BYTES;
            added.insert(id, (show.clone(), wish.zone));
        }
        if !skip && !skipped.is_empty() {
            return Err(refused(&skipped));
        }
        if bytes > MOST_BYTES {
            let detail = format!("these {} shows are too many at once: take fewer days", added.len());
            return Err(Invalid::one("to", "count", detail).into());
        }
        let mut counts: BTreeMap<AuditoriumId, i64> = BTreeMap::new();
        for (id, (show, _)) in &added {
            *counts.entry(show.auditorium).or_default() += 1;
            self.put_show(tx, *id, show)?;
        }
        for (auditorium, count) in counts {
            self.guard(tx, auditorium, count)?;
        }
        let short = skipped.iter().map(|show| (show.auditorium_id, show.starts_at_local, show.reason));
        reply.skipped = short.collect();
        let shows = reply.ids();
        let reply = reply.bounded()?;
        let committed = if shows.is_empty() {
            tx.commit(Durability::Durable, &reply).await?.is_some()
        } else {
            self.publish(tx, &reply).await?
        };
        Ok(committed.then_some(AddedShows { shows, skipped }))
    }
}

impl Wish {
    fn skipped(&self, reason: SkipReason, detail: String) -> SkippedShow {
        SkippedShow { auditorium_id: self.auditorium, starts_at_local: self.local, reason, detail }
    }
}

/// Each start that cannot be, by its date.
fn refused(skipped: &[SkippedShow]) -> CatalogError {
    let errors = skipped.iter().map(|show| {
        let code = match show.reason {
            SkipReason::Overlap => "show_overlap",
            SkipReason::Ambiguous => "ambiguous",
        };
        let detail = match show.reason {
            SkipReason::Overlap => format!("at {}, {}", show.starts_at_local, show.detail),
            SkipReason::Ambiguous => show.detail.clone(),
        };
        FieldError { path: format!("shows[{}]", show.starts_at_local), code: code.to_owned(), detail }
    });
    let errors = errors.collect();
    if skipped.iter().any(|show| show.reason == SkipReason::Overlap) {
        CatalogError::Clashes { errors }
    } else {
        Invalid { errors }.into()
    }
}

impl RepeatShow {
    fn at(&self, local: LocalTime) -> NewShow {
        NewShow {
            duration_minutes: self.duration_minutes,
            trailers_minutes: self.trailers_minutes,
            turnaround_minutes: self.turnaround_minutes,
            sales_open_at: self.sales_open_at,
            sales_open_days_before: self.sales_open_days_before,
            sales_close_minutes_before: self.sales_close_minutes_before,
            language: self.language.clone(),
            subtitles: self.subtitles.clone(),
            format: self.format,
            max_seats_per_customer: self.max_seats_per_customer,
            selection: self.selection,
            ..NewShow::new(self.movie_id, self.auditorium_id, self.price_card_id, local)
        }
    }
}
