//! Movies, venues, auditoriums, prices and shows.

mod add;
pub(crate) mod cache;
mod error;
mod layouts;
mod read;
mod search;
mod types;

pub use error::CatalogError;
pub use types::{
    AuditoriumRef, AuditoriumView, CategoryPrice, Imported, LayoutView, MovieQuery, MovieRef, MovieView,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Page, PageRequest, PriceCardView, ShowFormat,
    ShowStatus, ShowView, VenueRef, VenueView,
};

pub(crate) use read::page_limit;

use crate::kitflik::Engine;

/// The catalogue. From [`Kitflik::catalog`](crate::Kitflik::catalog).
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    pub(crate) engine: &'a Engine,
}
