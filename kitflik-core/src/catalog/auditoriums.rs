//! Auditoriums: verbs.

use super::items::Of;
use super::{AuditoriumView, Catalog, CatalogError, EditAuditorium, NewAuditorium};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
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
        let record = Auditorium {
            v: Form,
            venue: new.venue_id,
            name: new.name.clone(),
            layout,
            seats,
            earlier: Vec::new(),
            archived: false,
        };
        loop {
            let wanted = vec![keys::venue(new.venue_id).key, keys::auditorium(id).key];
            if let Loaded::Replay(id) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.auditorium(id).await;
            }
            let venue =
                tx.get(&keys::venue(new.venue_id))?.ok_or(CatalogError::NotFound { what: "venue" })?;
            if venue.archived {
                let detail = "the venue is archived: restore it first";
                return Err(Invalid::one("venue_id", "archived", detail).into());
            }
            tx.put(&keys::auditorium(id), &record)?;
            if self.publish(&mut tx, &id).await? {
                return self.auditorium(id).await;
            }
        }
    }

    /// Renames an auditorium.
    ///
    /// `revision` is the one that the editor has seen; `None` renames whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Invalid`], [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_auditorium(
        &self,
        actor: &Actor,
        id: AuditoriumId,
        revision: Option<u64>,
        edit: &EditAuditorium,
    ) -> Result<AuditoriumView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut fields = Validation::default();
        fields.text("name", &edit.name, limits::MAX_NAME_CHARS);
        fields.finish()?;
        let request = (id, revision, edit);
        let mut tx = self.engine.begin_command(actor, edit.command.as_ref(), "edit_auditorium", &request)?;
        let (of, key) = (Of { what: "auditorium", revision }, keys::auditorium(id));
        loop {
            let Some(before) = self.current(&mut tx, of, &key).await? else {
                return self.auditorium(id).await;
            };
            tx.put(&key, &Auditorium { name: edit.name.clone(), ..before })?;
            if self.publish(&mut tx, &()).await? {
                return self.auditorium(id).await;
            }
        }
    }
}
