//! What the catalogue looks like to callers.

mod auditoriums;
mod items;
mod layout_versions;
mod movies;
mod page;
mod price_cards;
mod schedule;
mod show_edits;
mod shows;
mod venues;

pub use auditoriums::{AuditoriumRef, AuditoriumView, EditAuditorium, LayoutView, NewAuditorium};
pub use items::CatalogItem;
pub use layout_versions::{LayoutReport, MoveShows, SeatsOutcome, SetLayout, ShowSeats};
pub use movies::{Imported, MovieQuery, MovieRef, MovieView, NewMovie};
pub use page::{Page, PageRequest};
pub use price_cards::{CategoryPrice, NewPriceCard, PriceCardView};
pub use schedule::{
    AddedShows, AuditoriumSchedule, Clash, CopyWeek, RepeatShow, ScheduleDay, ScheduleEntry, ScheduleQuery,
    ScheduleView, SkipReason, SkippedShow,
};
pub use show_edits::{EditShow, MoveShow};
pub use shows::{NewShow, ShowFormat, ShowStatus, ShowView};
pub use venues::{NewVenue, VenueRef, VenueView};
