//! Price cards: verbs.

mod check;

pub(crate) use check::check_prices;

use super::{Catalog, CatalogError, NewPriceCard, PriceCardView};
use crate::actor::{Actor, Permission};
use crate::ids::PriceCardId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::PriceCard;
use crate::store::tx::Loaded;

impl Catalog<'_> {
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
        let record = PriceCard::of(new);
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![keys::price_card(id).key]).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.price_card(id).await;
            }
            tx.put(&keys::price_card(id), &record)?;
            if self.publish(&mut tx, &id).await? {
                return self.price_card(id).await;
            }
        }
    }
}
