//! What is common to movies, venues, auditoriums and price cards: editing, archiving and deleting them.

use super::{Catalog, CatalogError, CatalogItem};
use crate::actor::{Actor, Permission};
use crate::error::{EngineError, Invalid};
use crate::ids::CommandId;
use crate::ports::storage::{Durability, Key};
use crate::store::keys::{self, Typed};
use crate::store::records::{Auditorium, Movie, PriceCard, Record, Show, Venue};
use crate::store::tx::{Loaded, Tx};

/// Users of a thing that a refusal names.
const MOST_NAMED: usize = 10;

/// A record that can be archived.
trait Archive: Record {
    fn archived(&mut self) -> &mut bool;
}

macro_rules! archive {
    ($($record:ident)*) => {$(
        impl Archive for $record {
            fn archived(&mut self) -> &mut bool {
                &mut self.archived
            }
        }
    )*};
}
archive! { Movie Venue Auditorium PriceCard }

/// Which revision of a thing a command is about, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Of {
    pub(super) what: &'static str,
    pub(super) revision: Option<u64>,
}

impl CatalogItem {
    fn what(self) -> &'static str {
        match self {
            Self::Movie(_) => "movie",
            Self::Venue(_) => "venue",
            Self::Auditorium(_) => "auditorium",
            Self::PriceCard(_) => "price card",
        }
    }

    fn key(self) -> Key {
        match self {
            Self::Movie(id) => keys::movie(id).key,
            Self::Venue(id) => keys::venue(id).key,
            Self::Auditorium(id) => keys::auditorium(id).key,
            Self::PriceCard(id) => keys::price_card(id).key,
        }
    }
}

impl Catalog<'_> {
    /// Takes a movie, venue, auditorium or price card out of customers' lists; no new show can have it. Shows that
    /// have it keep it.
    ///
    /// `revision` is the one that the editor has seen; `None` archives whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn archive(
        &self,
        actor: &Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<(), CatalogError> {
        self.put_archived(actor, item, revision, command, true).await
    }

    /// Takes back [`Catalog::archive`].
    ///
    /// # Errors
    /// As [`Catalog::archive`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn restore(
        &self,
        actor: &Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<(), CatalogError> {
        self.put_archived(actor, item, revision, command, false).await
    }

    /// Deletes a movie, venue, auditorium or price card that nothing refers to: a movie, an auditorium or a price card
    /// of any show, past ones too, stays, and so does a venue with auditoriums.
    ///
    /// `revision` is the one that the editor has seen; `None` deletes whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::InUse`] says by what; [`CatalogError::NotFound`], [`CatalogError::Stale`],
    /// [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn delete(
        &self,
        actor: &Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<(), CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let of = Of { what: item.what(), revision };
        let key: Typed<serde_json::Value> = Typed::raw(item.key());
        let mut tx = self.engine.begin_command(actor, command, "delete_item", &(item, revision))?;
        loop {
            if self.current_with_uses(&mut tx, of, &key).await?.is_none() {
                return Ok(());
            }
            let (users, ids) = match item {
                CatalogItem::Venue(id) => {
                    let halls = self.engine.scan_all(&keys::auditoriums()).await?;
                    let here = halls.into_iter().filter(|(_, hall)| hall.venue == id);
                    let ids = here.filter_map(|(row, _)| Some(row.key.rsplit('/').next()?.to_owned()));
                    ("auditoriums", ids.collect())
                }
                CatalogItem::Movie(id) => ("shows", self.shows_where(|show| show.movie == id).await?),
                CatalogItem::Auditorium(id) => {
                    ("shows", self.shows_where(|show| show.auditorium == id).await?)
                }
                CatalogItem::PriceCard(id) => {
                    ("shows", self.shows_where(|show| show.price_card == id).await?)
                }
            };
            unused(of.what, users, &ids, "archive it instead, or delete those first")?;
            if let CatalogItem::Auditorium(id) = item {
                let schedule = keys::schedule(id);
                tx.more(vec![schedule.key.clone()]).await?;
                if tx.get(&schedule)?.is_some() {
                    tx.delete(&schedule);
                }
            }
            tx.delete(&key);
            if self.publish(&mut tx, &()).await? {
                return Ok(());
            }
        }
    }

    async fn put_archived(
        &self,
        actor: &Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<&CommandId>,
        archived: bool,
    ) -> Result<(), CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let verb = if archived { "archive_item" } else { "restore_item" };
        let tx = self.engine.begin_command(actor, command, verb, &(item, revision))?;
        let of = Of { what: item.what(), revision };
        match item {
            CatalogItem::Movie(id) => self.mark_archived(tx, of, &keys::movie(id), archived).await,
            CatalogItem::Venue(id) => self.mark_archived(tx, of, &keys::venue(id), archived).await,
            CatalogItem::Auditorium(id) => self.mark_archived(tx, of, &keys::auditorium(id), archived).await,
            CatalogItem::PriceCard(id) => self.mark_archived(tx, of, &keys::price_card(id), archived).await,
        }
    }

    async fn mark_archived<R: Archive>(
        &self,
        mut tx: Tx<'_>,
        of: Of,
        key: &Typed<R>,
        archived: bool,
    ) -> Result<(), CatalogError> {
        loop {
            let Some(mut record) = self.current(&mut tx, of, key).await? else { return Ok(()) };
            *record.archived() = archived;
            tx.put(key, &record)?;
            if self.publish(&mut tx, &()).await? {
                return Ok(());
            }
        }
    }

    /// Starts an attempt to change a thing: what it is now, if the revision is the one that is meant. `None`: the
    /// command took effect before.
    pub(super) async fn current<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        of: Of,
        key: &Typed<R>,
    ) -> Result<Option<R>, CatalogError> {
        self.load_current(tx, of, key, vec![key.key.clone()]).await
    }

    /// The same for a change that depends on what refers to the thing. Everything that could begin to refer to it
    /// rewrites the catalogue's epoch, so what is scanned from here on is all there is when the change is committed.
    pub(super) async fn current_with_uses<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        of: Of,
        key: &Typed<R>,
    ) -> Result<Option<R>, CatalogError> {
        self.load_current(tx, of, key, vec![key.key.clone(), keys::catalog().key]).await
    }

    async fn load_current<R: Record>(
        &self,
        tx: &mut Tx<'_>,
        of: Of,
        key: &Typed<R>,
        wanted: Vec<Key>,
    ) -> Result<Option<R>, CatalogError> {
        if let Loaded::Replay(()) = tx.load(Durability::Durable, wanted).await? {
            self.engine.catalog.look_again(); // another process may have done it just now
            return Ok(None);
        }
        CatalogError::unless_current(of.what, of.revision, tx.revision(key))?;
        Ok(tx.get(key)?)
    }

    /// The shows of which something is true.
    pub(super) async fn shows_where(&self, so: impl Fn(&Show) -> bool) -> Result<Vec<String>, EngineError> {
        let shows = self.engine.scan_all(&keys::shows()).await?;
        let found = shows.into_iter().filter(|(_, show)| so(show));
        Ok(found.filter_map(|(row, _)| Some(row.key.rsplit('/').next()?.to_owned())).collect())
    }
}

/// Refuses what would be done to a thing that others refer to.
pub(super) fn unused(
    what: &'static str,
    users: &'static str,
    ids: &[String],
    instead: &'static str,
) -> Result<(), CatalogError> {
    if ids.is_empty() {
        return Ok(());
    }
    let first = ids.iter().take(MOST_NAMED).cloned().collect();
    Err(CatalogError::InUse { what, users, count: ids.len(), ids: first, instead })
}

/// Refuses a new show of what is archived.
pub(super) fn not_archived(
    movie: &Movie,
    venue: &Venue,
    auditorium: &Auditorium,
    card: &PriceCard,
) -> Result<(), Invalid> {
    for (path, what, archived) in [
        ("movie_id", "movie", movie.archived),
        ("auditorium_id", "auditorium's venue", venue.archived),
        ("auditorium_id", "auditorium", auditorium.archived),
        ("price_card_id", "price card", card.archived),
    ] {
        if archived {
            return Err(Invalid::one(path, "archived", format!("the {what} is archived: restore it first")));
        }
    }
    Ok(())
}
