//! Delete: a show that nobody ever had a ticket for.

use super::edit::current;
use crate::actor::{Actor, Permission};
use crate::catalog::{Catalog, CatalogError};
use crate::ids::{CommandId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::tx::Loaded;

impl Catalog<'_> {
    /// Deletes a show that has no booking: none that is held, and none that was ever sold. Others can be moved, or
    /// their sales closed.
    ///
    /// `revision` is the one that the editor has seen; `None` deletes whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::InUse`] says by how many bookings; [`CatalogError::NotFound`], [`CatalogError::Stale`],
    /// [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn delete_show(
        &self,
        actor: &Actor,
        id: ShowId,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<(), CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut tx = self.engine.begin_command(actor, command, "delete_show", &(id, revision))?;
        let (key, frozen) = (keys::show(id), keys::frozen_show(id));
        let mut expected = revision;
        loop {
            let house = keys::house_seats(id);
            let wanted = vec![key.key.clone(), frozen.key.clone(), house.key.clone()];
            if let Loaded::Replay(()) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return Ok(());
            }
            let show = current(&tx, id, expected)?;
            if show.frozen.is_none() {
                self.refuse_live(id).await?;
                let revision = self.freeze(id, expected).await?;
                expected = expected.map(|_| revision);
                continue;
            }
            self.refuse_bookings(id, true).await?;
            tx.more(vec![keys::schedule(show.auditorium).key]).await?;
            if !show.cancelled {
                self.guard(&mut tx, show.auditorium, -1)?;
                tx.delete(&keys::scheduled_show(show.auditorium, show.starts_at, id));
            }
            tx.delete(&keys::cancelled_show(id));
            tx.delete(&keys::cancelling_show(id));
            tx.delete(&key);
            tx.delete(&frozen);
            tx.delete(&house);
            if self.publish(&mut tx, &()).await? {
                self.engine.maps.forget(id);
                return Ok(());
            }
        }
    }
}
