//! How full shows are.

use serde::{Deserialize, Serialize};

use super::csv::{Cell, Csv};
use super::{ReportError, Reports};
use crate::actor::{Actor, Permission};
use crate::catalog::{AuditoriumRef, MovieRef, Page, PageRequest, ShowStatus, VenueRef, page_limit};
use crate::error::Invalid;
use crate::ids::ShowId;
use crate::time::{LocalTime, Timestamp};

/// Which shows are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct OccupancyQuery {
    /// Only shows that start then or later; if absent, those that are not over.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub from: Option<Timestamp>,
    /// Only shows that start before then.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub to: Option<Timestamp>,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// How full a show is: `seats` is the sum of `sold`, `held`, `blocked` and `free`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OccupancyView {
    /// The show.
    pub show_id: ShowId,
    /// What is shown.
    pub movie: MovieRef,
    /// Where in the venue.
    pub auditorium: AuditoriumRef,
    /// Where.
    pub venue: VenueRef,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it starts, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// Where it stands.
    pub status: ShowStatus,
    /// All seats of the auditorium.
    pub seats: u32,
    /// Seats that are sold.
    pub sold: u32,
    /// Seats that somebody is about to buy.
    pub held: u32,
    /// Seats that the house keeps.
    pub blocked: u32,
    /// Seats that can be had.
    pub free: u32,
}

impl Reports<'_> {
    /// A page of shows by start, with how full they were a moment ago.
    ///
    /// # Errors
    /// [`ReportError::Denied`] unless an admin, a manager or the box office asks, [`ReportError::Invalid`] for a page
    /// or a time out of bounds, or [`ReportError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn occupancy(
        &self,
        actor: &Actor,
        query: &OccupancyQuery,
    ) -> Result<Page<OccupancyView>, ReportError> {
        actor.may(Permission::SeeReports)?;
        let limit = page_limit(&query.page)?;
        if let (Some(from), Some(to)) = (query.from, query.to)
            && to <= from
        {
            let detail = format!("to is {to}, which must be later than from, {from}");
            return Err(Invalid::one("to", "out_of_range", detail).into());
        }
        let catalogue = self.engine.catalogue().await?;
        let now = self.engine.now();
        // By the place of the cursor's show: it need not be among the wanted any more.
        let after = match &query.page.cursor {
            None => None,
            Some(cursor) => {
                let last = cursor.parse::<ShowId>().ok();
                let last = last.and_then(|id| Some((catalogue.shows.get(&id)?.starts_at, id)));
                Some(last.ok_or_else(|| {
                    Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
                })?)
            }
        };
        let mut wanted: Vec<(Timestamp, ShowId)> = catalogue
            .shows
            .iter()
            .filter(|(_, show)| match query.from {
                Some(from) => show.starts_at >= from,
                None => show.ends_at > now,
            })
            .filter(|(_, show)| query.to.is_none_or(|to| show.starts_at < to))
            .map(|(id, show)| (show.starts_at, *id))
            .filter(|place| after.is_none_or(|after| *place > after))
            .collect();
        wanted.sort_unstable();
        let page = wanted.get(..limit).unwrap_or(&wanted);
        let next_cursor = page.last().filter(|_| wanted.len() > limit).map(|(_, id)| id.to_string());
        let mut items = Vec::with_capacity(page.len());
        for (_, id) in page {
            let Some(show) = catalogue.show(*id, now) else { continue };
            let Some(map) = self.engine.map(*id).await? else { continue };
            let states = &map.view().states;
            let count = |wanted: char| {
                u32::try_from(states.chars().filter(|state| *state == wanted).count()).unwrap_or(u32::MAX)
            };
            items.push(OccupancyView {
                show_id: *id,
                movie: show.movie,
                auditorium: show.auditorium,
                venue: show.venue,
                starts_at: show.starts_at,
                starts_at_local: show.starts_at_local,
                status: show.status,
                seats: u32::try_from(states.len()).unwrap_or(u32::MAX),
                sold: count('s'),
                held: count('h'),
                blocked: count('#'),
                free: count('.'),
            });
        }
        Ok(Page { items, next_cursor })
    }
}

/// A page of [`Reports::occupancy`] as comma-separated values (RFC 4180).
#[must_use]
pub fn occupancy_csv(page: &Page<OccupancyView>) -> String {
    let mut csv = Csv::new(&[
        "show_id",
        "movie",
        "venue",
        "auditorium",
        "starts_at_local",
        "seats",
        "sold",
        "held",
        "blocked",
        "free",
    ]);
    for show in &page.items {
        let (id, starts) = (show.show_id.to_string(), show.starts_at_local.to_string());
        let texts =
            [id.as_str(), &show.movie.title, &show.venue.name, &show.auditorium.name, starts.as_str()];
        let counts = [show.seats, show.sold, show.held, show.blocked, show.free];
        csv.row(texts.map(Cell::Text).into_iter().chain(counts.map(|count| Cell::count(count.into()))));
    }
    csv.finish()
}
