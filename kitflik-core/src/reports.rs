//! What the house wants to know.

mod error;
mod occupancy;

pub use error::ReportError;
pub use occupancy::{OccupancyQuery, OccupancyView};

use crate::kitflik::Engine;

/// Reports. From [`Kitflik::reports`](crate::Kitflik::reports).
#[derive(Clone, Copy)]
pub struct Reports<'a> {
    pub(crate) engine: &'a Engine,
}
