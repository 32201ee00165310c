//! Reports for staff.

use kitflik_core::{Actor, KitflikError, OccupancyQuery, OccupancyView, ReportError};

use crate::catalog::page;
use crate::guard::guarded;

/// What staff want to see of a house. From `Kitflik.reports`.
#[derive(uniffi::Object)]
pub struct Reports {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

page! {
    /// A page of shows and how full they are.
    OccupancyPage of OccupancyView
}

#[uniffi::export]
impl Reports {
    /// A page of shows by start, with how full they were a moment ago.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin, a manager or the box office asks; `validation_failed`.
    pub async fn occupancy(
        &self,
        actor: Actor,
        query: OccupancyQuery,
    ) -> Result<OccupancyPage, KitflikError> {
        let reports = self.kitflik.reports();
        guarded(async { Ok::<_, ReportError>(reports.occupancy(&actor, &query).await?.into()) }).await
    }
}
