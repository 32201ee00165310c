//! Venues: verbs.

use super::items::{Of, unused};
use super::{Catalog, CatalogError, NewVenue, VenueView};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::VenueId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, Show, Venue};
use crate::store::tx::Loaded;

impl Catalog<'_> {
    /// Adds a venue.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_venue(&self, actor: &Actor, new: &NewVenue) -> Result<VenueView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        check(new)?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_venue", new)?;
        let id = VenueId::new(tx.now(), self.engine.random());
        let venue = record(new, false);
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

    /// Replaces all that is said of a venue. Its zone stays while shows are coming: their times on its clocks would
    /// be others.
    ///
    /// `revision` is the one that the editor has seen; `None` replaces whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::InUse`] for the zone,
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_venue(
        &self,
        actor: &Actor,
        id: VenueId,
        revision: Option<u64>,
        new: &NewVenue,
    ) -> Result<VenueView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        check(new)?;
        let request = (id, revision, new);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "edit_venue", &request)?;
        let (of, key) = (Of { what: "venue", revision }, keys::venue(id));
        loop {
            let Some(before) = self.current_with_uses(&mut tx, of, &key).await? else {
                return self.venue(id).await;
            };
            if before.zone != new.zone {
                let halls = self.engine.scan_all(&keys::auditoriums()).await?;
                let here: Vec<String> = halls
                    .into_iter()
                    .filter(|(_, hall)| hall.venue == id)
                    .filter_map(|(row, _)| Some(row.key.rsplit('/').next()?.to_owned()))
                    .collect();
                let now = tx.now();
                let coming = |show: &Show| {
                    show.ends_at > now && !show.cancelled && here.contains(&show.auditorium.to_string())
                };
                let shows = self.shows_where(coming).await?;
                unused("venue's zone", "coming shows", &shows, "it can change when they are over")?;
            }
            tx.put(&key, &record(new, before.archived))?;
            if self.publish(&mut tx, &()).await? {
                return self.venue(id).await;
            }
        }
    }
}

fn check(new: &NewVenue) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    fields.text("name", &new.name, limits::MAX_NAME_CHARS);
    fields.text("city", &new.city, limits::MAX_NAME_CHARS);
    fields.optional_text("address", new.address.as_deref(), limits::MAX_NAME_CHARS);
    fields.finish()
}

fn record(new: &NewVenue, archived: bool) -> Venue {
    Venue {
        v: Form,
        name: new.name.clone(),
        city: new.city.clone(),
        address: new.address.clone(),
        zone: new.zone,
        archived,
    }
}
