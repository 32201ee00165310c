//! Price cards: verbs.

mod check;

use std::collections::BTreeSet;

pub(crate) use self::check::check_prices;
use super::items::{Of, unused};
use super::{Catalog, CatalogError, NewPriceCard, PriceCardView};
use crate::actor::{Actor, Permission};
use crate::error::Validation;
use crate::ids::{LayoutId, PriceCardId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{PriceCard, Show};
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

    /// Replaces all that a price card says. What is held or sold keeps its prices. While shows that have the card are
    /// coming, it has to price each category of their seats, in the same currency.
    ///
    /// `revision` is the one that the editor has seen; `None` replaces whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::InUse`] for the currency,
    /// [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_price_card(
        &self,
        actor: &Actor,
        id: PriceCardId,
        revision: Option<u64>,
        new: &NewPriceCard,
    ) -> Result<PriceCardView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        check_prices(new)?;
        let request = (id, revision, new);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "edit_price_card", &request)?;
        let (of, key) = (Of { what: "price card", revision }, keys::price_card(id));
        loop {
            let Some(before) = self.current_with_uses(&mut tx, of, &key).await? else {
                return self.price_card(id).await;
            };
            let now = tx.now();
            let coming = |show: &Show| show.price_card == id && show.ends_at > now && !show.cancelled;
            if before.currency != new.currency {
                let shows = self.shows_where(coming).await?;
                unused("price card's currency", "coming shows", &shows, "add another price card")?;
            }
            self.prices_all(&coming, new).await?;
            tx.put(&key, &PriceCard { archived: before.archived, ..PriceCard::of(new) })?;
            if self.publish(&mut tx, &()).await? {
                return self.price_card(id).await;
            }
        }
    }

    /// Refuses a card that has no price for a category of a show's seats.
    async fn prices_all(
        &self,
        coming: &(dyn Fn(&Show) -> bool + Sync),
        new: &NewPriceCard,
    ) -> Result<(), CatalogError> {
        let shows = self.engine.scan_all(&keys::shows()).await?;
        let layouts: BTreeSet<LayoutId> =
            shows.iter().filter(|(_, show)| coming(show)).map(|(_, show)| show.layout).collect();
        let mut fields = Validation::default();
        for layout in layouts {
            let layout =
                self.engine.layout(layout).await?.ok_or(CatalogError::NotFound { what: "layout" })?;
            for category in layout.layout.categories() {
                if !new.prices.iter().any(|price| price.category == category.id) {
                    let detail =
                        format!("coming shows have seats of category {}: it needs a price", category.id);
                    fields.refuse("prices", "incomplete", detail);
                }
            }
        }
        Ok(fields.finish()?)
    }
}
