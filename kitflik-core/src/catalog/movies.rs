//! Movies: verbs.

use sha2::{Digest, Sha256};

use super::items::Of;
use super::{Catalog, CatalogError, Imported, MovieView, NewMovie};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::MovieId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, Movie};
use crate::store::tx::Loaded;

/// Movies in one batch of an import, at most.
pub(super) const IMPORT_BATCH: usize = 100;

/// How many of these movies, from the first, fit one batch.
fn fit(movies: &[NewMovie]) -> usize {
    // What is read and written of each besides its record, and what a commit adds.
    const BESIDES: usize = 4 * limits::MAX_KEY_BYTES;
    const ROOM: usize = limits::MAX_BATCH_BYTES - 16 * 1024;
    let bytes = |movie: &NewMovie| serde_json::to_vec(&movie.record()).map_or(0, |record| record.len());
    let sizes = movies.iter().map(|movie| bytes(movie) + BESIDES);
    let sums = sizes.scan(0, |sum: &mut usize, size| {
        *sum += size;
        Some(*sum)
    });
    sums.take(IMPORT_BATCH).take_while(|sum| *sum <= ROOM).count().max(1)
}

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
            archived: false,
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

    /// Replaces all that is said of a movie. Its shows have the new title at once.
    ///
    /// `revision` is the one that the editor has seen; `None` replaces whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Invalid`], [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_movie(
        &self,
        actor: &Actor,
        id: MovieId,
        revision: Option<u64>,
        new: &NewMovie,
    ) -> Result<MovieView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        new.check()?;
        let request = (id, revision, new);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "edit_movie", &request)?;
        let (of, key) = (Of { what: "movie", revision }, keys::movie(id));
        loop {
            let Some(before) = self.current(&mut tx, of, &key).await? else { return self.movie(id).await };
            tx.put(&key, &Movie { archived: before.archived, ..new.record() })?;
            if self.publish(&mut tx, &()).await? {
                return self.movie(id).await;
            }
        }
    }

    /// Adds many movies, or brings them up to date: the same title, director and release date are the same movie, so a
    /// second import of the same list changes nothing. The answers are in the order of the movies.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] if any of them is (with its place in the list); then none is stored.
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
        let mut rest = movies;
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(fit(rest));
            outcomes.extend(self.import_batch(actor, batch).await?);
            rest = others;
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
                let archived = before.as_ref().is_some_and(|before| before.archived);
                let record = &Movie { archived, ..record.clone() };
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
}
