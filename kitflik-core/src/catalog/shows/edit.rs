//! Edits of a show that leave it where it is.

use super::plan::check_show;
use super::rules::Window;
use crate::actor::{Actor, Permission};
use crate::catalog::{Catalog, CatalogError, EditShow, ShowView};
use crate::error::{Invalid, Validation};
use crate::ids::{CommandId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Show;
use crate::store::tx::{Loaded, Tx};

/// The show as its editor has seen it.
pub(super) fn current(tx: &Tx<'_>, id: ShowId, revision: Option<u64>) -> Result<Show, CatalogError> {
    let key = keys::show(id);
    CatalogError::unless_current("show", revision, tx.revision(&key))?;
    tx.get(&key)?.ok_or(CatalogError::NotFound { what: "show" })
}

impl Catalog<'_> {
    /// Replaces everything about a show but what, where and when. What is held or sold keeps its price.
    ///
    /// `revision` is the one that the editor has seen; `None` replaces whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Invalid`], [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_show(
        &self,
        actor: &Actor,
        id: ShowId,
        revision: Option<u64>,
        edit: &EditShow,
    ) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let request = (id, revision, edit);
        let mut tx = self.engine.begin_command(actor, edit.command.as_ref(), "edit_show", &request)?;
        let (key, card_key) = (keys::show(id), keys::price_card(edit.price_card_id));
        loop {
            let wanted = vec![key.key.clone(), card_key.key.clone()];
            if let Loaded::Replay(()) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.show(id).await;
            }
            let show = current(&tx, id, revision)?;
            let card = tx.get(&card_key)?.ok_or(CatalogError::NotFound { what: "price card" })?;
            if card.archived && edit.price_card_id != show.price_card {
                let detail = "the price card is archived: restore it first";
                return Err(Invalid::one("price_card_id", "archived", detail).into());
            }
            let layout = self.layout_of(&show).await?;
            let mut edited = Show {
                price_card: edit.price_card_id,
                language: edit.language.clone(),
                subtitles: edit.subtitles.clone(),
                format: edit.format,
                max_seats_per_customer: edit.max_seats_per_customer,
                selection: edit.selection,
                mark: Some(tx.mark()),
                ..show
            };
            let mut fields = Validation::default();
            let window = Window {
                open_at: edit.sales_open_at,
                open_days_before: edit.sales_open_days_before,
                close_at: edit.sales_close_at,
                close_minutes_before: edit.sales_close_minutes_before,
            };
            if window != Window::default() {
                window.set(&mut edited, tx.now(), &mut fields);
            }
            let (language, subtitles) = (edit.language.as_deref(), edit.subtitles.as_deref());
            let cap = edit.max_seats_per_customer;
            check_show(language, subtitles, cap, &card, &layout.layout, &mut fields);
            fields.finish()?;
            tx.put(&key, &edited)?;
            if self.publish(&mut tx, &()).await? {
                return self.show(id).await;
            }
        }
    }

    /// Ends the sales of a show until they are opened again. What is held can still be bought.
    ///
    /// # Errors
    /// As [`Catalog::edit_show`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn close_sales(
        &self,
        actor: &Actor,
        id: ShowId,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let tx = self.engine.begin_command(actor, command, "close_sales", &(id, revision))?;
        self.put_closed(tx, id, revision, true).await
    }

    /// Lets a show be sold again, within the window of its sales.
    ///
    /// # Errors
    /// As [`Catalog::edit_show`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn open_sales(
        &self,
        actor: &Actor,
        id: ShowId,
        revision: Option<u64>,
        command: Option<&CommandId>,
    ) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let tx = self.engine.begin_command(actor, command, "open_sales", &(id, revision))?;
        self.put_closed(tx, id, revision, false).await
    }

    async fn put_closed(
        &self,
        mut tx: Tx<'_>,
        id: ShowId,
        revision: Option<u64>,
        closed: bool,
    ) -> Result<ShowView, CatalogError> {
        let key = keys::show(id);
        loop {
            if let Loaded::Replay(()) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.show(id).await;
            }
            let show = current(&tx, id, revision)?;
            let mark = Some(tx.mark());
            tx.put(&key, &Show { closed, mark, ..show })?;
            if self.publish(&mut tx, &()).await? {
                return self.show(id).await;
            }
        }
    }
}
