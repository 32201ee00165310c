//! Movies, venues, auditoriums, prices and shows.

mod archived;
mod auditoriums;
pub(crate) mod cache;
mod changes;
mod error;
mod find;
mod items;
mod layout_versions;
mod layouts;
mod movies;
mod price_cards;
pub(crate) mod pricing;
mod read;
pub(crate) mod search;
mod shows;
mod types;
mod venues;
mod vouchers;

pub use error::CatalogError;
pub use types::{
    AddedShows, AuditoriumRef, AuditoriumSchedule, AuditoriumView, CancelShow, CatalogItem, CategoryPrice,
    Clash, CopyWeek, DiscountKind, EditAuditorium, EditShow, FacetCount, Imported, LayoutReport, LayoutView,
    MoveShow, MoveShows, MovieFacets, MovieQuery, MovieRef, MovieResults, MovieSort, MovieView,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, NewVoucher, Page, PageRequest, PriceCardView,
    PriceChange, PriceCondition, PriceRule, PriceTax, RepeatShow, ScheduleDay, ScheduleEntry, ScheduleQuery,
    ScheduleView, SeatsOutcome, SetLayout, ShowCancellationView, ShowFormat, ShowSeats, ShowStatus, ShowView,
    SkipReason, SkippedShow, VenueRef, VenueView, VoucherView,
};
pub(crate) use vouchers::normal_code;

pub(crate) use read::page_limit;

use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::CatalogEpoch;
use crate::store::tx::Tx;

/// The catalogue. From [`Kitflik::catalog`](crate::Kitflik::catalog).
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    pub(crate) engine: &'a Engine,
}

impl Catalog<'_> {
    /// Commits a change, with the epoch that tells every view of it, and of which rows.
    async fn publish(&self, tx: &mut Tx<'_>, reply: &impl serde::Serialize) -> Result<bool, CatalogError> {
        let epoch = keys::catalog();
        tx.more(vec![epoch.key.clone()]).await?;
        let before: Option<CatalogEpoch> = tx.get(&epoch)?;
        let changed = tx.written().filter(|key| keys::catalog_key(key).is_some()).cloned().collect();
        let after = CatalogEpoch::after(before, tx.now(), tx.mark(), changed);
        tx.put(&epoch, &after)?;
        let committed = tx.commit(Durability::Durable, reply).await?.is_some();
        self.engine.catalog.look_again();
        Ok(committed)
    }
}
