//! Venues: verbs.

use super::{Catalog, CatalogError, NewVenue, VenueView};
use crate::actor::{Actor, Permission};
use crate::error::Validation;
use crate::ids::VenueId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, Venue};
use crate::store::tx::Loaded;

impl Catalog<'_> {
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
}
