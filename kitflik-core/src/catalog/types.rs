//! What the catalogue looks like to callers.

mod auditoriums;
mod cancelled_shows;
mod items;
mod layout_versions;
mod movies;
mod page;
mod price_cards;
mod price_rules;
mod schedule;
mod search;
mod show_edits;
mod shows;
mod venues;
mod vouchers;

pub use auditoriums::{AuditoriumRef, AuditoriumView, EditAuditorium, LayoutView, NewAuditorium};
pub use cancelled_shows::{CancelShow, ShowCancellationView};
pub use items::CatalogItem;
pub use layout_versions::{LayoutReport, MoveShows, SeatsOutcome, SetLayout, ShowSeats};
pub use movies::{Imported, MovieRef, MovieView, NewMovie};
pub use page::{Page, PageRequest};
pub use price_cards::{CategoryPrice, NewPriceCard, PriceCardView};
pub use price_rules::{PriceChange, PriceCondition, PriceRule, PriceTax};
pub use schedule::{
    AddedShows, AuditoriumSchedule, Clash, CopyWeek, RepeatShow, ScheduleDay, ScheduleEntry, ScheduleQuery,
    ScheduleView, SkipReason, SkippedShow,
};
pub use search::{FacetCount, MovieFacets, MovieQuery, MovieResults, MovieSort};
pub use show_edits::{EditShow, MoveShow};
pub use shows::{NewShow, ShowFormat, ShowStatus, ShowView};
pub use venues::{NewVenue, VenueRef, VenueView};
pub use vouchers::{DiscountKind, NewVoucher, VoucherView};
