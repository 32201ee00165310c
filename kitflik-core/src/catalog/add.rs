//! Additions to the catalogue.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{
    AuditoriumView, Catalog, CatalogError, Imported, MovieView, NewAuditorium, NewMovie, NewPriceCard,
    NewShow, NewVenue, PriceCardView, ShowView, VenueView,
};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::{AuditoriumId, LayoutId, MovieId, PriceCardId, ShowId, VenueId};
use crate::limits;
use crate::money::Money;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{
    Auditorium, CatalogEpoch, Form, Movie, PriceCard, Schedule, ScheduledShow, Show, Venue,
};
use crate::store::tx::{Loaded, Tx};

/// The longest that a show may take its auditorium.
const LONGEST_SHOW: Duration = Duration::from_secs(24 * 60 * 60);
/// Trailers and turnaround, where a show does not say how long it takes.
const EXTRA_MINUTES: u32 = 30;
/// The runtime of a movie that does not say.
const DEFAULT_RUNTIME_MINUTES: u32 = 120;
/// Movies in one batch of an import.
pub(super) const IMPORT_BATCH: usize = 100;

impl NewMovie {
    fn check(&self) -> Result<(), Invalid> {
        let mut fields = Validation::default();
        fields.text("title", &self.title, limits::MAX_TITLE_CHARS);
        if self.genres.len() > 16 {
            fields.refuse("genres", "too_many", format!("{} genres, allowed are 16", self.genres.len()));
        }
        for (at, genre) in self.genres.iter().enumerate() {
            fields.text(&format!("genres[{at}]"), genre, limits::MAX_LABEL_CHARS);
        }
        fields.optional_text("director", self.director.as_deref(), limits::MAX_NAME_CHARS);
        fields.optional_text("rating", self.rating.as_deref(), limits::MAX_LABEL_CHARS);
        fields.optional_text("distributor", self.distributor.as_deref(), limits::MAX_NAME_CHARS);
        fields.optional_text("synopsis", self.synopsis.as_deref(), limits::MAX_SYNOPSIS_CHARS);
        if self.runtime_minutes.is_some_and(|minutes| minutes == 0 || minutes > 24 * 60) {
            fields.refuse("runtime_minutes", "out_of_range", "runtime_minutes must be 1 to 1440");
        }
        fields.finish()
    }

    fn record(&self) -> Movie {
        Movie {
            v: Form,
            title: self.title.trim().to_owned(),
            genres: self.genres.clone(),
            director: self.director.clone(),
            rating: self.rating.clone(),
            runtime_minutes: self.runtime_minutes,
            release_date: self.release_date,
            distributor: self.distributor.clone(),
            synopsis: self.synopsis.clone(),
        }
    }

    /// The same film has the same id in every import: by title, director and date.
    fn import_id(&self) -> MovieId {
        let identity = format!(
            "{}\n{}\n{}",
            self.title.trim(),
            self.director.as_deref().unwrap_or_default(),
            self.release_date.map(|date| date.to_string()).unwrap_or_default()
        );
        let mut digest = [0; 16];
        digest.copy_from_slice(&Sha256::digest(identity.as_bytes())[..16]);
        MovieId::from_digest(digest)
    }
}

impl Catalog<'_> {
    /// Commits a change, with the epoch that tells every view of it.
    async fn publish(&self, tx: &mut Tx<'_>, reply: &impl serde::Serialize) -> Result<bool, CatalogError> {
        let changed_at = tx.now();
        let mark = tx.mark();
        tx.put(&keys::catalog(), &CatalogEpoch { v: Form, changed_at, mark })?;
        let committed = tx.commit(Durability::Durable, reply).await?.is_some();
        self.engine.catalog.look_again();
        Ok(committed)
    }

    /// Adds a movie.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_movie(&self, actor: &Actor, new: &NewMovie) -> Result<MovieView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        new.check()?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_movie", new)?;
        let id = MovieId::new(tx.now(), self.engine.random());
        let key = keys::movie(id);
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.movie(id).await;
            }
            tx.put(&key, &new.record())?;
            if self.publish(&mut tx, &id).await? {
                return self.movie(id).await;
            }
        }
    }

    /// Adds many movies, or brings them up to date: the same title, director and release date are the same movie, so a
    /// second import of the same list changes nothing. The answers are in the order of the movies.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] if any of them is (with its place in the list); then none of its batch of
    /// 100 is stored.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn import_movies(
        &self,
        actor: &Actor,
        movies: &[NewMovie],
    ) -> Result<Vec<Imported>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        for (at, movie) in movies.iter().enumerate() {
            movie.check().map_err(|mut invalid| {
                invalid.errors.iter_mut().for_each(|error| error.path = format!("[{at}].{}", error.path));
                invalid
            })?;
        }
        let mut outcomes = Vec::with_capacity(movies.len());
        for batch in movies.chunks(IMPORT_BATCH) {
            outcomes.extend(self.import_batch(actor, batch).await?);
        }
        Ok(outcomes)
    }

    async fn import_batch(&self, actor: &Actor, batch: &[NewMovie]) -> Result<Vec<Imported>, CatalogError> {
        let keyed: Vec<_> =
            batch.iter().map(|movie| (keys::movie(movie.import_id()), movie.record())).collect();
        let mut tx = self.engine.begin_command(actor, None, "import_movies", &())?;
        loop {
            let wanted = keyed.iter().map(|(key, _)| key.key.clone()).collect();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else {
                return Ok(Vec::new());
            };
            let mut seen = std::collections::BTreeMap::new();
            let mut outcomes = Vec::with_capacity(keyed.len());
            for (key, record) in &keyed {
                let before = match seen.get(&key.key) {
                    Some(earlier) => Some(Movie::clone(earlier)),
                    None => tx.get(key)?,
                };
                outcomes.push(match before {
                    None => Imported::Added,
                    Some(before) if before == *record => Imported::Unchanged,
                    Some(_) => Imported::Changed,
                });
                seen.insert(key.key.clone(), record.clone());
                if outcomes.last() != Some(&Imported::Unchanged) {
                    tx.put(key, record)?;
                }
            }
            if outcomes.iter().all(|outcome| *outcome == Imported::Unchanged) {
                // Another process may have just added them.
                self.engine.catalog.look_again();
                return Ok(outcomes);
            }
            if self.publish(&mut tx, &()).await? {
                return Ok(outcomes);
            }
        }
    }

    /// Adds a venue.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_venue(&self, actor: &Actor, new: &NewVenue) -> Result<VenueView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut fields = Validation::default();
        fields.text("name", &new.name, limits::MAX_NAME_CHARS);
        fields.text("city", &new.city, limits::MAX_NAME_CHARS);
        fields.optional_text("address", new.address.as_deref(), limits::MAX_NAME_CHARS);
        fields.finish()?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_venue", new)?;
        let id = VenueId::new(tx.now(), self.engine.random());
        let venue = Venue {
            v: Form,
            name: new.name.clone(),
            city: new.city.clone(),
            address: new.address.clone(),
            zone: new.zone,
        };
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![keys::venue(id).key]).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.venue(id).await;
            }
            tx.put(&keys::venue(id), &venue)?;
            if self.publish(&mut tx, &id).await? {
                return self.venue(id).await;
            }
        }
    }

    /// Adds an auditorium with its seats.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`] for the venue, [`CatalogError::Invalid`], [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_auditorium(
        &self,
        actor: &Actor,
        new: &NewAuditorium,
    ) -> Result<AuditoriumView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut fields = Validation::default();
        fields.text("name", &new.name, limits::MAX_NAME_CHARS);
        fields.finish()?;
        let layout = self.store_layout(&new.layout).await?;
        let request = (new.venue_id, &new.name, layout);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_auditorium", &request)?;
        let id = AuditoriumId::new(tx.now(), self.engine.random());
        let seats = u32::try_from(new.layout.seats().len()).unwrap_or(u32::MAX);
        let record = Auditorium { v: Form, venue: new.venue_id, name: new.name.clone(), layout, seats };
        let view = |id| AuditoriumView {
            id,
            name: new.name.clone(),
            venue_id: new.venue_id,
            layout_id: layout,
            seats,
        };
        loop {
            let wanted = vec![keys::venue(new.venue_id).key, keys::auditorium(id).key];
            if let Loaded::Replay(id) = tx.load(Durability::Durable, wanted).await? {
                return Ok(view(id));
            }
            tx.get(&keys::venue(new.venue_id))?.ok_or(CatalogError::NotFound { what: "venue" })?;
            tx.put(&keys::auditorium(id), &record)?;
            if self.publish(&mut tx, &id).await? {
                return Ok(view(id));
            }
        }
    }

    /// Adds a price card.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_price_card(
        &self,
        actor: &Actor,
        new: &NewPriceCard,
    ) -> Result<PriceCardView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        check_prices(new)?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_price_card", new)?;
        let id = PriceCardId::new(tx.now(), self.engine.random());
        let record = PriceCard {
            v: Form,
            name: new.name.clone(),
            currency: new.currency,
            prices: new.prices.clone(),
            booking_fee_minor: new.booking_fee_minor,
        };
        let view = |id| PriceCardView {
            id,
            name: new.name.clone(),
            currency: new.currency,
            prices: new.prices.clone(),
            booking_fee: Money::new(new.booking_fee_minor, new.currency),
        };
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![keys::price_card(id).key]).await? {
                return Ok(view(id));
            }
            tx.put(&keys::price_card(id), &record)?;
            if self.publish(&mut tx, &id).await? {
                return Ok(view(id));
            }
        }
    }

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

fn check_prices(new: &NewPriceCard) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    fields.text("name", &new.name, limits::MAX_NAME_CHARS);
    if new.prices.is_empty() || new.prices.len() > limits::MAX_PRICES {
        let detail = format!("{} prices, allowed are 1 to {}", new.prices.len(), limits::MAX_PRICES);
        fields.refuse("prices", "count", detail);
    }
    // As stored: in JSON a quotation mark takes two bytes.
    let size = |price: &super::CategoryPrice| {
        serde_json::to_vec(price).map_or(limits::MAX_VALUE_BYTES, |json| json.len() + 1)
    };
    if new.prices.iter().map(size).sum::<usize>() > limits::MAX_VALUE_BYTES - 1024 {
        fields.refuse(
            "prices",
            "too_large",
            "the names of categories and ticket types are too long together",
        );
    }
    let allowed = 0..=limits::MAX_PRICE_MINOR;
    for (at, price) in new.prices.iter().enumerate() {
        if !allowed.contains(&price.amount_minor) {
            let detail =
                format!("{} is no price: allowed are 0 to {}", price.amount_minor, limits::MAX_PRICE_MINOR);
            fields.refuse(format!("prices[{at}].amount_minor"), "out_of_range", detail);
        }
        let same = |other: &&super::CategoryPrice| {
            other.category == price.category && other.ticket_type == price.ticket_type
        };
        if new.prices.iter().take(at).any(|other| same(&other)) {
            let detail = format!("{} {} has a price already", price.category, price.ticket_type);
            fields.refuse(format!("prices[{at}]"), "duplicate", detail);
        }
    }
    if !allowed.contains(&new.booking_fee_minor) {
        let detail = format!("booking_fee_minor must be 0 to {}", limits::MAX_PRICE_MINOR);
        fields.refuse("booking_fee_minor", "out_of_range", detail);
    }
    fields.finish()
}
