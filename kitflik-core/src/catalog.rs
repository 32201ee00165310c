//! Movies, venues, auditoriums, prices and shows.

mod archived;
mod auditoriums;
pub(crate) mod cache;
mod error;
mod items;
mod layout_versions;
mod layouts;
mod movies;
mod price_cards;
mod read;
mod search;
mod shows;
mod types;
mod venues;

pub use error::CatalogError;
pub use types::{
    AddedShows, AuditoriumRef, AuditoriumSchedule, AuditoriumView, CatalogItem, CategoryPrice, Clash,
    CopyWeek, EditAuditorium, EditShow, Imported, LayoutReport, LayoutView, MoveShow, MoveShows, MovieQuery,
    MovieRef, MovieView, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Page, PageRequest,
    PriceCardView, RepeatShow, ScheduleDay, ScheduleEntry, ScheduleQuery, ScheduleView, SeatsOutcome,
    SetLayout, ShowFormat, ShowSeats, ShowStatus, ShowView, SkipReason, SkippedShow, VenueRef, VenueView,
};

pub(crate) use read::page_limit;

use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{CatalogEpoch, Form};
use crate::store::tx::Tx;

/// The catalogue. From [`Kitflik::catalog`](crate::Kitflik::catalog).
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    pub(crate) engine: &'a Engine,
}

impl Catalog<'_> {
    /// Commits a change, with the epoch that tells every view of it.
    async fn publish(&self, tx: &mut Tx<'_>, reply: &impl serde::Serialize) -> Result<bool, CatalogError> {
        let changed_at = tx.now();
        let mark = tx.mark();
        tx.put(&keys::catalog(), &CatalogEpoch { v: Form, changed_at, mark })?;
        let committed = tx.commit(Durability::Durable, reply).await?.is_some();
        self.engine.catalog.look_again();
        Ok(committed)
    }
}
