//! What the house looks like now.

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::groups::{Group, Place, ends};
use super::revenue::{RevenueRow, Totals};
use super::{OccupancyQuery, OccupancyView, ReportError, Reports};
use crate::actor::{Actor, Permission};
use crate::catalog::PageRequest;
use crate::error::EngineError;
use crate::store::keys::{self, Range};
use crate::time::{LocalTime, Timestamp, Zone};

/// Shows that are looked at.
const NEXT_SHOWS: u32 = 5;
/// Where counting ends.
const MOST_COUNTED: u32 = 1_000;

/// What the house looks like now. What is counted is counted up to a thousand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DashboardView {
    /// When.
    pub at: Timestamp,
    /// What was sold, returned, taken and given back since the day of the programme began at each venue, a row for each
    /// currency.
    pub today: Vec<RevenueRow>,
    /// The shows that are next, or on, and how full they are.
    pub next_shows: Vec<OccupancyView>,
    /// Payments of which something is to be found out yet.
    pub payments_in_flight: u32,
    /// Mails that wait to be sent.
    pub mails_waiting: u32,
    /// Mails that were given up.
    pub mails_dead: u32,
}

impl Reports<'_> {
    /// What the house looks like now: today's sales, the next shows, and what waits.
    ///
    /// # Errors
    /// [`ReportError::Denied`] unless an admin, a manager or the box office asks, or [`ReportError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn dashboard(&self, actor: &Actor) -> Result<DashboardView, ReportError> {
        actor.may(Permission::SeeReports)?;
        let (now, catalogue) = (self.engine.now(), self.engine.catalogue().await?);
        let begins = |zone: Zone| {
            let today = LocalTime::of(now, zone).business_day();
            ends(today, today, zone).0
        };
        let zones = catalogue.venues.values().map(|venue| venue.zone);
        let from = zones.map(begins).min().unwrap_or_else(|| begins(Zone::UTC));
        let mut today = Totals::default();
        let mut books = Books::between(self.engine, from, Timestamp::from_millis(i64::MAX));
        loop {
            let entries = books.next().await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let place = Place::of(&catalogue, entry.show);
                if place.day(entry.at) == place.day(now) {
                    today.add(&Group::named("today"), &entry);
                }
            }
        }
        let page = PageRequest { cursor: None, limit: Some(NEXT_SHOWS) };
        let next = self.occupancy(actor, &OccupancyQuery { page, ..OccupancyQuery::default() }).await?;
        let mut mails_waiting = 0;
        for range in keys::outboxes() {
            mails_waiting += self.count(&range).await?;
        }
        let mails_waiting = mails_waiting.min(MOST_COUNTED);
        Ok(DashboardView {
            at: now,
            today: today.into_rows(),
            next_shows: next.items,
            payments_in_flight: self.count(&keys::payments()).await?,
            mails_waiting,
            mails_dead: self.count(&keys::dead_mails()).await?,
        })
    }

    async fn count<R>(&self, range: &Range<R>) -> Result<u32, EngineError> {
        let rows = self.engine.scan_rows(range, MOST_COUNTED, false).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(MOST_COUNTED))
    }
}
