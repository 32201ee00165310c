//! Auditoriums: verbs.

use super::{AuditoriumView, Catalog, CatalogError, NewAuditorium};
use crate::actor::{Actor, Permission};
use crate::error::Validation;
use crate::ids::AuditoriumId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Auditorium, Form};
use crate::store::tx::Loaded;

impl Catalog<'_> {
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
        loop {
            let wanted = vec![keys::venue(new.venue_id).key, keys::auditorium(id).key];
            if let Loaded::Replay(id) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.auditorium(id).await;
            }
            tx.get(&keys::venue(new.venue_id))?.ok_or(CatalogError::NotFound { what: "venue" })?;
            tx.put(&keys::auditorium(id), &record)?;
            if self.publish(&mut tx, &id).await? {
                return self.auditorium(id).await;
            }
        }
    }
}
