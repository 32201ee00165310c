//! Movies, venues, auditoriums, prices and shows.

mod items;
mod shows;
mod vouchers;

use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{
    Actor, AuditoriumId, AuditoriumView, CatalogError, CommandId, Imported, KitflikError, LayoutFormat,
    LayoutId, LayoutView, MovieId, MovieQuery, MovieResults, MovieView, NewMovie, NewPriceCard, NewShow,
    NewVenue, PageRequest, PriceCardId, PriceCardView, ShowId, ShowView, SvgOptions, VenueId, VenueView,
};

pub use items::SetLayout;
pub use vouchers::VoucherPage;

use crate::guard::guarded;
use crate::layout::Layout;

/// The languages' lists have no common generic type: each list has a record of its own.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, uniffi::Record)]
        pub struct $name {
            /// The items.
            pub items: Vec<$item>,
            /// Where the next page starts; absent on the last.
            pub next_cursor: Option<String>,
        }

        impl From<kitflik_core::Page<$item>> for $name {
            fn from(page: kitflik_core::Page<$item>) -> Self {
                Self { items: page.items, next_cursor: page.next_cursor }
            }
        }
    };
}
pub(crate) use page;

page! {
    /// A page of shows.
    ShowPage of ShowView
}
page! {
    /// A page of movies.
    MoviePage of MovieView
}
page! {
    /// A page of auditoriums.
    AuditoriumPage of AuditoriumView
}
page! {
    /// A page of venues.
    VenuePage of VenueView
}
page! {
    /// A page of price cards.
    PriceCardPage of PriceCardView
}

/// An auditorium to add.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NewAuditorium {
    /// The name of this command, so that a repeat has no second effect.
    #[uniffi(default)]
    pub command: Option<CommandId>,
    /// Where.
    pub venue_id: VenueId,
    /// The name.
    pub name: String,
    /// Its seats.
    pub layout: Arc<Layout>,
}

/// The catalogue. From `Kitflik.catalog`. Everybody may read it; admins, managers and the host itself change it.
#[derive(uniffi::Object)]
pub struct Catalog {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl Catalog {
    /// Adds a movie.
    ///
    /// # Errors
    /// `Invalid` names each refused field; `forbidden` or `unauthenticated`.
    pub async fn add_movie(&self, actor: Actor, movie: NewMovie) -> Result<MovieView, KitflikError> {
        guarded(self.kitflik.catalog().add_movie(&actor, &movie)).await
    }

    /// Adds or changes movies by title, director and release date, and says what became of each.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`].
    pub async fn import_movies(
        &self,
        actor: Actor,
        movies: Vec<NewMovie>,
    ) -> Result<Vec<Imported>, KitflikError> {
        guarded(self.kitflik.catalog().import_movies(&actor, &movies)).await
    }

    /// Adds a venue.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`].
    pub async fn add_venue(&self, actor: Actor, venue: NewVenue) -> Result<VenueView, KitflikError> {
        guarded(self.kitflik.catalog().add_venue(&actor, &venue)).await
    }

    /// Adds an auditorium to a venue.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`], and `not_found` for the venue.
    pub async fn add_auditorium(
        &self,
        actor: Actor,
        auditorium: NewAuditorium,
    ) -> Result<AuditoriumView, KitflikError> {
        let new = kitflik_core::NewAuditorium {
            command: auditorium.command,
            venue_id: auditorium.venue_id,
            name: auditorium.name,
            layout: auditorium.layout.inner().clone(),
        };
        guarded(self.kitflik.catalog().add_auditorium(&actor, &new)).await
    }

    /// Adds a price card.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`].
    pub async fn add_price_card(
        &self,
        actor: Actor,
        price_card: NewPriceCard,
    ) -> Result<PriceCardView, KitflikError> {
        guarded(self.kitflik.catalog().add_price_card(&actor, &price_card)).await
    }

    /// Adds a show.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`], and `show_overlap` if the auditorium is taken.
    pub async fn add_show(&self, actor: Actor, show: NewShow) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().add_show(&actor, &show)).await
    }

    /// A page of the movies that match, in the order that is asked for, and, if that is asked for, what they are.
    ///
    /// # Errors
    /// `Invalid` for a query or page out of bounds.
    pub async fn movies(&self, query: MovieQuery) -> Result<MovieResults, KitflikError> {
        guarded(self.kitflik.catalog().movies(&query)).await
    }

    /// A movie.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn movie(&self, movie: MovieId) -> Result<MovieView, KitflikError> {
        guarded(self.kitflik.catalog().movie(movie)).await
    }

    /// A page of the coming shows of a movie, the next one first.
    ///
    /// # Errors
    /// `not_found`, or `Invalid` for a page out of bounds.
    pub async fn shows_of(&self, movie: MovieId, request: PageRequest) -> Result<ShowPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.shows_of(movie, &request).await?.into()) }).await
    }

    /// A show.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn show(&self, show: ShowId) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().show(show)).await
    }

    /// A page of the venues.
    ///
    /// # Errors
    /// `Invalid` for a page out of bounds.
    pub async fn venues(&self, request: PageRequest) -> Result<VenuePage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.venues(&request).await?.into()) }).await
    }

    /// A venue with its auditoriums.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn venue(&self, venue: VenueId) -> Result<VenueView, KitflikError> {
        guarded(self.kitflik.catalog().venue(venue)).await
    }

    /// A page of the price cards.
    ///
    /// # Errors
    /// `Invalid` for a page out of bounds.
    pub async fn price_cards(&self, request: PageRequest) -> Result<PriceCardPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.price_cards(&request).await?.into()) }).await
    }

    /// A price card.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn price_card(&self, price_card: PriceCardId) -> Result<PriceCardView, KitflikError> {
        guarded(self.kitflik.catalog().price_card(price_card)).await
    }

    /// A page of the auditoriums of all venues.
    ///
    /// # Errors
    /// `Invalid` for a page out of bounds.
    pub async fn auditoriums(&self, request: PageRequest) -> Result<AuditoriumPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.auditoriums(&request).await?.into()) }).await
    }

    /// An auditorium.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn auditorium(&self, auditorium: AuditoriumId) -> Result<AuditoriumView, KitflikError> {
        guarded(self.kitflik.catalog().auditorium(auditorium)).await
    }

    /// How old what the other methods show is, while the storage does not answer.
    pub fn behind(&self) -> Option<Duration> {
        self.kitflik.catalog().behind()
    }

    /// A layout with its seats.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn layout(&self, layout: LayoutId) -> Result<LayoutView, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>((*catalog.layout(layout).await?).clone()) }).await
    }

    /// A layout as an SVG picture: the screen, sections, rows and seats, and a legend.
    ///
    /// # Errors
    /// `not_found`.
    #[uniffi::method(default(options = None))]
    pub async fn layout_svg(
        &self,
        layout: LayoutId,
        options: Option<SvgOptions>,
    ) -> Result<String, KitflikError> {
        guarded(self.kitflik.catalog().layout_svg(layout, &options.unwrap_or_default())).await
    }

    /// A layout as a file that reads as the same layout again.
    ///
    /// # Errors
    /// `not_found`, or `Invalid` names the first thing that the format cannot carry.
    pub async fn export_layout(
        &self,
        layout: LayoutId,
        format: LayoutFormat,
    ) -> Result<String, KitflikError> {
        guarded(self.kitflik.catalog().export_layout(layout, format)).await
    }
}
