//! Reports for staff.

use kitflik_core::{
    Actor, DashboardView, KitflikError, OccupancyByQuery, OccupancyQuery, OccupancyReport, OccupancyView,
    ReportError, RevenueQuery, RevenueReport, SettlementQuery, SettlementView,
};

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
    /// What the house looks like now: today's sales, the next shows, and what waits.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin, a manager or the box office asks.
    pub async fn dashboard(&self, actor: Actor) -> Result<DashboardView, KitflikError> {
        let reports = self.kitflik.reports();
        guarded(async { reports.dashboard(&actor).await }).await
    }

    /// How full the shows that start in some days were, by day, movie, venue, show, category or channel.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin, a manager or the box office asks; `not_found`,
    /// `validation_failed`.
    pub async fn occupancy_by(
        &self,
        actor: Actor,
        query: OccupancyByQuery,
    ) -> Result<OccupancyReport, KitflikError> {
        let reports = self.kitflik.reports();
        guarded(async { reports.occupancy_by(&actor, &query).await }).await
    }

    /// What was sold, returned, taken and given back in some days.
    ///
    /// # Errors
    /// As [`Reports::occupancy_by`].
    pub async fn revenue(&self, actor: Actor, query: RevenueQuery) -> Result<RevenueReport, KitflikError> {
        let reports = self.kitflik.reports();
        guarded(async { reports.revenue(&actor, &query).await }).await
    }

    /// A day's books against its bookings and payments.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or a manager asks; `not_found`, `validation_failed`.
    pub async fn settlement(
        &self,
        actor: Actor,
        query: SettlementQuery,
    ) -> Result<SettlementView, KitflikError> {
        let reports = self.kitflik.reports();
        guarded(async { reports.settlement(&actor, &query).await }).await
    }
}

/// A report as comma-separated values (RFC 4180).
#[uniffi::export]
#[must_use]
pub fn revenue_csv(report: &RevenueReport) -> String {
    report.to_csv()
}

/// A report as comma-separated values (RFC 4180).
#[uniffi::export]
#[must_use]
pub fn occupancy_report_csv(report: &OccupancyReport) -> String {
    report.to_csv()
}

/// A settled day as comma-separated values (RFC 4180).
#[uniffi::export]
#[must_use]
pub fn settlement_csv(settlement: &SettlementView) -> String {
    settlement.to_csv()
}
