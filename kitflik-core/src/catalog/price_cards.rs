//! Price cards: verbs.

use super::{Catalog, CatalogError, NewPriceCard, PriceCardView};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::PriceCardId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, PriceCard};
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
        let record = PriceCard {
            v: Form,
            name: new.name.clone(),
            currency: new.currency,
            prices: new.prices.clone(),
            booking_fee_minor: new.booking_fee_minor,
        };
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
