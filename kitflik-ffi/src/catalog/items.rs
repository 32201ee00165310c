//! Editing, archiving and deleting what is in the catalogue, and other seats for an auditorium.

use std::sync::Arc;

use kitflik_core::{
    Actor, AuditoriumId, AuditoriumView, CatalogError, CatalogItem, CommandId, EditAuditorium, KitflikError,
    LayoutReport, MoveShows, MovieId, MovieView, NewMovie, NewPriceCard, NewVenue, PageRequest, PriceCardId,
    PriceCardView, VenueId, VenueView,
};

use super::{AuditoriumPage, Catalog, MoviePage, PriceCardPage, VenuePage};
use crate::guard::guarded;
use crate::layout::Layout;

/// Other seats for an auditorium.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SetLayout {
    /// The name of this command, so that a repeat has no second effect.
    #[uniffi(default)]
    pub command: Option<CommandId>,
    /// Its seats from now on.
    pub layout: Arc<Layout>,
    /// Which of the coming shows have them, too.
    pub shows: MoveShows,
}

impl SetLayout {
    fn of_core(self) -> kitflik_core::SetLayout {
        kitflik_core::SetLayout {
            command: self.command,
            layout: self.layout.inner().clone(),
            shows: self.shows,
        }
    }
}

/// `revision` is that of the view that the editor has seen; without one, whatever is there is changed.
#[uniffi::export]
impl Catalog {
    /// Replaces all that is said of a movie.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`], `not_found`, and `stale_revision` if somebody else has changed it.
    pub async fn edit_movie(
        &self,
        actor: Actor,
        movie: MovieId,
        revision: Option<u64>,
        edit: NewMovie,
    ) -> Result<MovieView, KitflikError> {
        guarded(self.kitflik.catalog().edit_movie(&actor, movie, revision, &edit)).await
    }

    /// Replaces all that is said of a venue. Its zone stays while shows are coming.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`], and `in_use` for another zone.
    pub async fn edit_venue(
        &self,
        actor: Actor,
        venue: VenueId,
        revision: Option<u64>,
        edit: NewVenue,
    ) -> Result<VenueView, KitflikError> {
        guarded(self.kitflik.catalog().edit_venue(&actor, venue, revision, &edit)).await
    }

    /// Gives an auditorium another name. Other seats: [`Catalog::set_layout`].
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    pub async fn edit_auditorium(
        &self,
        actor: Actor,
        auditorium: AuditoriumId,
        revision: Option<u64>,
        edit: EditAuditorium,
    ) -> Result<AuditoriumView, KitflikError> {
        guarded(self.kitflik.catalog().edit_auditorium(&actor, auditorium, revision, &edit)).await
    }

    /// Replaces a price card. What is held or sold costs what it cost.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    pub async fn edit_price_card(
        &self,
        actor: Actor,
        price_card: PriceCardId,
        revision: Option<u64>,
        edit: NewPriceCard,
    ) -> Result<PriceCardView, KitflikError> {
        guarded(self.kitflik.catalog().edit_price_card(&actor, price_card, revision, &edit)).await
    }

    /// Gives an auditorium other seats, and moves coming shows to them as the request says. Whoever has a seat keeps
    /// it, by its id; a show that has sold a seat without a counterpart keeps its layout. The report tells of each.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    pub async fn set_layout(
        &self,
        actor: Actor,
        auditorium: AuditoriumId,
        revision: Option<u64>,
        layout: SetLayout,
    ) -> Result<LayoutReport, KitflikError> {
        let new = layout.of_core();
        guarded(self.kitflik.catalog().set_layout(&actor, auditorium, revision, &new)).await
    }

    /// What [`Catalog::set_layout`] would do. Nothing is changed.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    pub async fn preview_layout(
        &self,
        actor: Actor,
        auditorium: AuditoriumId,
        layout: SetLayout,
    ) -> Result<LayoutReport, KitflikError> {
        let new = layout.of_core();
        guarded(self.kitflik.catalog().preview_layout(&actor, auditorium, &new)).await
    }

    /// Takes a movie, venue, auditorium or price card out of the lists: no new show can have it. Shows that have it
    /// keep it.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    #[uniffi::method(default(command = None))]
    pub async fn archive(
        &self,
        actor: Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.catalog().archive(&actor, item, revision, command.as_ref())).await
    }

    /// Undoes [`Catalog::archive`].
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    #[uniffi::method(default(command = None))]
    pub async fn restore(
        &self,
        actor: Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.catalog().restore(&actor, item, revision, command.as_ref())).await
    }

    /// Deletes what nothing refers to.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`], and `in_use`, which says by what.
    #[uniffi::method(default(command = None))]
    pub async fn delete(
        &self,
        actor: Actor,
        item: CatalogItem,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.catalog().delete(&actor, item, revision, command.as_ref())).await
    }

    /// A page of the archived movies.
    ///
    /// # Errors
    /// `forbidden`, `unauthenticated`, or `Invalid` for a page out of bounds.
    pub async fn archived_movies(
        &self,
        actor: Actor,
        request: PageRequest,
    ) -> Result<MoviePage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.archived_movies(&actor, &request).await?.into()) })
            .await
    }

    /// A page of the archived venues.
    ///
    /// # Errors
    /// As [`Catalog::archived_movies`].
    pub async fn archived_venues(
        &self,
        actor: Actor,
        request: PageRequest,
    ) -> Result<VenuePage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.archived_venues(&actor, &request).await?.into()) })
            .await
    }

    /// A page of the archived auditoriums.
    ///
    /// # Errors
    /// As [`Catalog::archived_movies`].
    pub async fn archived_auditoriums(
        &self,
        actor: Actor,
        request: PageRequest,
    ) -> Result<AuditoriumPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.archived_auditoriums(&actor, &request).await?.into()) })
            .await
    }

    /// A page of the archived price cards.
    ///
    /// # Errors
    /// As [`Catalog::archived_movies`].
    pub async fn archived_price_cards(
        &self,
        actor: Actor,
        request: PageRequest,
    ) -> Result<PriceCardPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.archived_price_cards(&actor, &request).await?.into()) })
            .await
    }
}
