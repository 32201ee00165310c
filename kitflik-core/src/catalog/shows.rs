//! Shows: verbs.

mod cancel_show;
mod delete;
mod edit;
mod freeze;
mod many;
mod move_show;
mod plan;
mod rules;
mod schedule;

use self::plan::{ambiguous, check_show};
use super::{Catalog, CatalogError, NewShow, ShowView};
use crate::actor::{Actor, Permission};
use crate::error::Validation;
use crate::ids::ShowId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::tx::Loaded;

impl Catalog<'_> {
    /// Adds a show. Two shows never overlap in an auditorium.
    ///
    /// # Errors
    /// [`CatalogError::ShowOverlap`] names the show that is there, [`CatalogError::NotFound`],
    /// [`CatalogError::Invalid`] (a start that the clocks show never or twice among them, with both readings),
    /// [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_show(&self, actor: &Actor, new: &NewShow) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_show", new)?;
        let id = ShowId::new(tx.now(), self.engine.random());
        loop {
            let wanted = vec![
                keys::schedule(new.auditorium_id).key,
                keys::movie(new.movie_id).key,
                keys::auditorium(new.auditorium_id).key,
                keys::price_card(new.price_card_id).key,
                keys::show(id).key,
            ];
            if let Loaded::Replay(id) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.show(id).await;
            }
            let parts = self.parts(&mut tx, new.movie_id, new.auditorium_id, new.price_card_id).await?;
            let starts_at = new.starts_at_local.resolve_as(parts.zone, new.clock_change);
            let starts_at = starts_at.map_err(|error| ambiguous(&error))?;
            let mut fields = Validation::default();
            let show = self.plan(new, &parts, starts_at, tx.now(), &mut fields);
            let (language, subtitles) = (new.language.as_deref(), new.subtitles.as_deref());
            let layout = self.layout_of(&show).await?;
            let cap = new.max_seats_per_customer;
            check_show(language, subtitles, cap, &parts.card, &layout.layout, &mut fields);
            fields.finish()?;
            // The schedule's row was read before this range and is rewritten with it: whoever adds a show to the same
            // auditorium in between makes this commit a conflict.
            let taken = self.taken(new.auditorium_id, show.starts_at, show.ends_at).await?;
            if let Some(other) = taken.clash(show.starts_at, show.ends_at) {
                let clash = self.clash(other, parts.zone).await?;
                return Err(CatalogError::ShowOverlap(Box::new(clash)));
            }
            self.guard(&mut tx, new.auditorium_id, 1)?;
            self.put_show(&mut tx, id, &show)?;
            if self.publish(&mut tx, &id).await? {
                return self.show(id).await;
            }
        }
    }
}
