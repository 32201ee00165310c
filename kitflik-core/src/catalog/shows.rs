//! Shows: verbs.

use std::time::Duration;

use super::items::not_archived;
use super::{Catalog, CatalogError, NewShow, ShowView};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::{LayoutId, ShowId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, PriceCard, Schedule, ScheduledShow, Show};
use crate::store::tx::{Loaded, Tx};

/// The longest that a show may take its auditorium.
const LONGEST_SHOW: Duration = Duration::from_secs(24 * 60 * 60);
/// Trailers and turnaround, where a show does not say how long it takes.
const EXTRA_MINUTES: u32 = 30;
/// The runtime of a movie that does not say.
const DEFAULT_RUNTIME_MINUTES: u32 = 120;

impl Catalog<'_> {
    /// Adds a show. Two shows never overlap in an auditorium.
    ///
    /// # Errors
    /// [`CatalogError::ShowOverlap`], [`CatalogError::NotFound`], [`CatalogError::Invalid`] (a start that the
    /// clocks show never or twice among them), [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_show(&self, actor: &Actor, new: &NewShow) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_show", new)?;
        let id = ShowId::new(tx.now(), self.engine.random());
        loop {
            let wanted = vec![
                keys::schedule(new.auditorium_id).key,
                keys::movie(new.movie_id).key,
                keys::auditorium(new.auditorium_id).key,
                keys::price_card(new.price_card_id).key,
                keys::show(id).key,
            ];
            if let Loaded::Replay(id) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.show(id).await;
            }
            let show = self.plan_show(&mut tx, new).await?;
            // The schedule's row was read before this range and is rewritten with it: whoever adds a show to the same
            // auditorium in between makes this commit a conflict.
            let (from, to) = (show.starts_at.minus(LONGEST_SHOW), show.ends_at);
            let others = keys::scheduled_shows(new.auditorium_id, from, to);
            for (row, other) in self.engine.scan_all(&others).await? {
                if other.until > show.starts_at {
                    let clash = row.key.rsplit('/').next().and_then(|id| id.parse().ok());
                    return Err(CatalogError::ShowOverlap { show: clash.unwrap_or(id), until: other.until });
                }
            }
            let schedule = tx.get(&keys::schedule(new.auditorium_id))?;
            let shows = schedule.map_or(0, |schedule| schedule.shows) + 1;
            let mark = tx.mark();
            tx.put(&keys::schedule(new.auditorium_id), &Schedule { v: Form, shows, mark })?;
            let slot = keys::scheduled_show(new.auditorium_id, show.starts_at, id);
            tx.put(&slot, &ScheduledShow { v: Form, until: show.ends_at })?;
            tx.put(&keys::show(id), &show)?;
            if self.publish(&mut tx, &id).await? {
                return self.show(id).await;
            }
        }
    }

    async fn plan_show(&self, tx: &mut Tx<'_>, new: &NewShow) -> Result<Show, CatalogError> {
        let not_found = |what| CatalogError::NotFound { what };
        let movie = tx.get(&keys::movie(new.movie_id))?.ok_or(not_found("movie"))?;
        let auditorium = tx.get(&keys::auditorium(new.auditorium_id))?.ok_or(not_found("auditorium"))?;
        let card = tx.get(&keys::price_card(new.price_card_id))?.ok_or(not_found("price card"))?;
        let venue_key = keys::venue(auditorium.venue);
        tx.more(vec![venue_key.key.clone()]).await?;
        let venue = tx.get(&venue_key)?.ok_or(not_found("venue"))?;
        not_archived(&movie, &venue, &auditorium, &card)?;
        self.check_show(new, &card, auditorium.layout).await?;
        let starts_at = new
            .starts_at_local
            .resolve(venue.zone)
            .map_err(|error| Invalid::one("starts_at_local", "ambiguous", error.to_string()))?;
        let runtime = movie.runtime_minutes.unwrap_or(DEFAULT_RUNTIME_MINUTES) + EXTRA_MINUTES;
        let minutes = new.duration_minutes.unwrap_or(runtime);
        Ok(Show {
            v: Form,
            movie: new.movie_id,
            movie_title: movie.title,
            auditorium: new.auditorium_id,
            layout: auditorium.layout,
            price_card: new.price_card_id,
            starts_at,
            ends_at: starts_at.plus(Duration::from_secs(60 * u64::from(minutes))),
            sales_open_at: new.sales_open_at.unwrap_or(tx.now()),
            sales_close_at: new.sales_close_at.unwrap_or(starts_at),
            language: new.language.clone(),
            subtitles: new.subtitles.clone(),
            format: new.format,
            closed: false,
            cancelled: false,
            max_seats_per_customer: new.max_seats_per_customer,
            selection: new.selection,
        })
    }

    async fn check_show(
        &self,
        new: &NewShow,
        card: &PriceCard,
        layout: LayoutId,
    ) -> Result<(), CatalogError> {
        let mut fields = Validation::default();
        fields.optional_text("language", new.language.as_deref(), limits::MAX_LABEL_CHARS);
        fields.optional_text("subtitles", new.subtitles.as_deref(), limits::MAX_LABEL_CHARS);
        if new.duration_minutes.is_some_and(|minutes| minutes == 0 || minutes > 24 * 60) {
            fields.refuse("duration_minutes", "out_of_range", "duration_minutes must be 1 to 1440");
        }
        if new.max_seats_per_customer.is_some_and(|most| most == 0 || most > 100) {
            let detail = "max_seats_per_customer must be 1 to 100";
            fields.refuse("max_seats_per_customer", "out_of_range", detail);
        }
        let layout = self.engine.layout(layout).await?.ok_or(CatalogError::NotFound { what: "layout" })?;
        for category in layout.layout.categories() {
            if !card.prices.iter().any(|price| price.category == category.id) {
                let detail = format!("the price card has no price for category {}", category.id);
                fields.refuse("price_card_id", "incomplete", detail);
            }
        }
        Ok(fields.finish()?)
    }
}
