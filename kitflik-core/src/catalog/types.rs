//! What the catalogue looks like to callers.

mod auditoriums;
mod items;
mod movies;
mod page;
mod price_cards;
mod schedule;
mod search;
mod shows;
mod venues;

pub use auditoriums::{AuditoriumRef, AuditoriumView, EditAuditorium, LayoutView, NewAuditorium};
pub use items::CatalogItem;
pub use movies::{Imported, MovieRef, MovieView, NewMovie};
pub use page::{Page, PageRequest};
pub use price_cards::{CategoryPrice, NewPriceCard, PriceCardView};
pub use schedule::{
    AddedShows, AuditoriumSchedule, Clash, CopyWeek, RepeatShow, ScheduleDay, ScheduleEntry, ScheduleQuery,
    ScheduleView, SkipReason, SkippedShow,
};
pub use search::{FacetCount, MovieFacets, MovieQuery, MovieResults, MovieSort};
pub use shows::{NewShow, ShowFormat, ShowStatus, ShowView};
pub use venues::{NewVenue, VenueRef, VenueView};
