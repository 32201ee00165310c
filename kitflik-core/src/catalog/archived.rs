//! What is archived, for its editors.

use super::read::{by_name, page};
use super::{AuditoriumView, Catalog, CatalogError, MovieView, Page, PageRequest, PriceCardView, VenueView};
use crate::actor::{Actor, Permission};

impl Catalog<'_> {
    /// A page of archived movies, by title.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds, [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn archived_movies(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<MovieView>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.movies, |of| of.archived.then_some(of.title.as_str()));
        Ok(page(&ids, request, |id| catalogue.movie(id))?)
    }

    /// A page of archived venues, by name.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds, [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn archived_venues(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<VenueView>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.venues, |of| of.archived.then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.venue(id))?)
    }

    /// A page of archived auditoriums, by name.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds, [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn archived_auditoriums(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<AuditoriumView>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.auditoriums, |of| of.archived.then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.auditorium(id))?)
    }

    /// A page of archived price cards, by name.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds, [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn archived_price_cards(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<PriceCardView>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.price_cards, |of| of.archived.then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.price_card(id))?)
    }
}
