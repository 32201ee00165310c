//! What the house wants to know.

mod books;
mod csv;
mod dashboard;
mod error;
mod groups;
mod occupancy;
mod occupancy_by;
mod revenue;
mod settlement;

pub use dashboard::DashboardView;
pub use error::ReportError;
pub use occupancy::{OccupancyQuery, OccupancyView, occupancy_csv};
pub use occupancy_by::{OccupancyBy, OccupancyByQuery, OccupancyReport, OccupancyRow};
pub use revenue::{RevenueBy, RevenueQuery, RevenueReport, RevenueRow};
pub use settlement::{
    Mismatch, OpenItem, OpenKind, OpenTotal, ProviderFlow, SettlementBalance, SettlementQuery, SettlementView,
};

use crate::catalog::cache::Snapshot;
use crate::ids::{MovieId, VenueId};
use crate::kitflik::Engine;

/// Reports. From [`Kitflik::reports`](crate::Kitflik::reports).
#[derive(Clone, Copy)]
pub struct Reports<'a> {
    pub(crate) engine: &'a Engine,
}

/// Refuses a venue and a movie that there are not.
fn known(catalogue: &Snapshot, venue: Option<VenueId>, movie: Option<MovieId>) -> Result<(), ReportError> {
    if venue.is_some_and(|venue| !catalogue.venues.contains_key(&venue)) {
        return Err(ReportError::NotFound { what: "venue" });
    }
    if movie.is_some_and(|movie| !catalogue.movies.contains_key(&movie)) {
        return Err(ReportError::NotFound { what: "movie" });
    }
    Ok(())
}
