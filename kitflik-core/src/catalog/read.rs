//! Views of the catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Catalog, CatalogError, LayoutView, MovieView, Page, PageRequest, PriceCardView, ShowStatus, ShowView,
    VenueView,
};
use crate::catalog::AuditoriumView;
use crate::catalog::cache::Snapshot;
use crate::error::Invalid;
use crate::ids::{AuditoriumId, LayoutId, MovieId, PriceCardId, ShowId, VenueId};
use crate::limits;
use crate::seats::export::LayoutFormat;
use crate::seats::svg::{SvgOptions, layout_svg};
use crate::store::records::Show;
use crate::time::Timestamp;

impl Show {
    pub(crate) fn status(&self, now: Timestamp) -> ShowStatus {
        if self.cancelled {
            ShowStatus::Cancelled
        } else if now >= self.ends_at {
            ShowStatus::Ended
        } else if self.closed || self.frozen.is_some() || now >= self.sales_close_at {
            ShowStatus::Closed
        } else if now >= self.sales_open_at {
            ShowStatus::OnSale
        } else {
            ShowStatus::Scheduled
        }
    }
}

/// Cuts a page out of a sorted list of ids. The cursor is the last id of the page before and where it stood: if it is
/// gone, what came after it stands there now.
pub(crate) fn page<Id, T>(
    sorted: &[Id],
    request: &PageRequest,
    mut view: impl FnMut(Id) -> Option<T>,
) -> Result<Page<T>, Invalid>
where
    Id: Copy + PartialEq + std::fmt::Display + std::str::FromStr,
{
    let limit = page_limit(request)?;
    let start = match &request.cursor {
        None => 0,
        Some(cursor) => {
            let read = |(last, stood): (&str, &str)| Some((last.parse().ok()?, stood.parse().ok()?));
            let read: Option<(Id, usize)> = cursor.split_once('~').and_then(read);
            let (last, stood) = read.ok_or_else(|| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?;
            let place = sorted.iter().position(|id| *id == last);
            place.map_or(stood.min(sorted.len()), |place| place + 1)
        }
    };
    let rest = sorted.get(start..).unwrap_or_default();
    let ids = rest.get(..limit).unwrap_or(rest);
    let stood = (start + ids.len()).saturating_sub(1);
    let next_cursor = ids.last().filter(|_| rest.len() > limit).map(|last| format!("{last}~{stood}"));
    Ok(Page { items: ids.iter().filter_map(|id| view(*id)).collect(), next_cursor })
}

/// The ids of what has a name here, by that name.
pub(super) fn by_name<Id: Copy + Ord, R>(
    all: &BTreeMap<Id, R>,
    name: impl Fn(&R) -> Option<&str>,
) -> Vec<Id> {
    let mut sorted: Vec<(&str, Id)> = all.iter().filter_map(|(id, of)| Some((name(of)?, *id))).collect();
    sorted.sort_unstable();
    sorted.into_iter().map(|(_, id)| id).collect()
}

/// How many items a page has.
pub(crate) fn page_limit(request: &PageRequest) -> Result<usize, Invalid> {
    let limit = request.limit.unwrap_or(limits::DEFAULT_PAGE);
    if limit == 0 || limit > limits::MAX_PAGE {
        let most = limits::MAX_PAGE;
        return Err(Invalid::one(
            "limit",
            "out_of_range",
            format!("limit is {limit}, allowed are 1 to {most}"),
        ));
    }
    Ok(limit as usize)
}

impl Catalog<'_> {
    /// How old the catalogue is that is shown while the storage does not answer; `None` as long as it does.
    #[must_use]
    pub fn behind(&self) -> Option<Duration> {
        self.engine.catalog.behind(self.engine.now())
    }

    /// A movie.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn movie(&self, id: MovieId) -> Result<MovieView, CatalogError> {
        self.engine.catalogue().await?.movie(id).ok_or(CatalogError::NotFound { what: "movie" })
    }

    /// A page of the shows of a movie that are not over, by start.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], or [`CatalogError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn shows_of(
        &self,
        movie: MovieId,
        request: &PageRequest,
    ) -> Result<Page<ShowView>, CatalogError> {
        let catalogue = self.engine.catalogue().await?;
        if !catalogue.movies.contains_key(&movie) {
            return Err(CatalogError::NotFound { what: "movie" });
        }
        let now = self.engine.now();
        let ids: Vec<ShowId> = catalogue.coming(movie, now).collect();
        Ok(page(&ids, request, |id| catalogue.show(id, now))?)
    }

    /// A show.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn show(&self, id: ShowId) -> Result<ShowView, CatalogError> {
        let found = self.engine.catalogue().await?.show(id, self.engine.now());
        found.ok_or(CatalogError::NotFound { what: "show" })
    }

    /// A page of venues, by name. Archived ones are not in it.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn venues(&self, request: &PageRequest) -> Result<Page<VenueView>, CatalogError> {
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.venues, |of| (!of.archived).then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.venue(id))?)
    }

    /// A venue with its auditoriums.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn venue(&self, id: VenueId) -> Result<VenueView, CatalogError> {
        self.engine.catalogue().await?.venue(id).ok_or(CatalogError::NotFound { what: "venue" })
    }

    /// A page of price cards, by name. Archived ones are not in it.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn price_cards(&self, request: &PageRequest) -> Result<Page<PriceCardView>, CatalogError> {
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.price_cards, |of| (!of.archived).then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.price_card(id))?)
    }

    /// A price card.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn price_card(&self, id: PriceCardId) -> Result<PriceCardView, CatalogError> {
        self.engine.catalogue().await?.price_card(id).ok_or(CatalogError::NotFound { what: "price card" })
    }

    /// A page of auditoriums, by name. Archived ones are not in it.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn auditoriums(&self, request: &PageRequest) -> Result<Page<AuditoriumView>, CatalogError> {
        let catalogue = self.engine.catalogue().await?;
        let ids = by_name(&catalogue.auditoriums, |of| (!of.archived).then_some(of.name.as_str()));
        Ok(page(&ids, request, |id| catalogue.auditorium(id))?)
    }

    /// An auditorium.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn auditorium(&self, id: AuditoriumId) -> Result<AuditoriumView, CatalogError> {
        self.engine.catalogue().await?.auditorium(id).ok_or(CatalogError::NotFound { what: "auditorium" })
    }

    /// A layout as an SVG picture, see [`layout_svg`].
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn layout_svg(&self, id: LayoutId, options: &SvgOptions) -> Result<String, CatalogError> {
        let found = self.engine.layout(id).await?;
        found.map(|found| layout_svg(&found.layout, options)).ok_or(CatalogError::NotFound { what: "layout" })
    }

    /// A layout as a file that reads as the same layout again, see [`Layout::export`](crate::Layout::export).
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], or [`CatalogError::Invalid`] for what the format cannot carry.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn export_layout(&self, id: LayoutId, format: LayoutFormat) -> Result<String, CatalogError> {
        let found = self.engine.layout(id).await?.ok_or(CatalogError::NotFound { what: "layout" })?;
        Ok(found.layout.export(format)?)
    }

    /// A layout. It never changes, so it may be kept for ever.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn layout(&self, id: LayoutId) -> Result<Arc<LayoutView>, CatalogError> {
        let found = self.engine.layout(id).await?;
        found.map(|layout| Arc::clone(&layout.view)).ok_or(CatalogError::NotFound { what: "layout" })
    }
}

impl Snapshot {
    pub(super) fn venue(&self, id: VenueId) -> Option<VenueView> {
        let venue = self.venues.get(&id)?.clone();
        let here = self.auditoriums.iter().filter(|(_, hall)| hall.venue == id && !hall.archived);
        let mut auditoriums: Vec<AuditoriumView> =
            here.filter_map(|(auditorium, _)| self.auditorium(*auditorium)).collect();
        auditoriums.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        Some(VenueView {
            id,
            revision: self.revision(id.as_bytes()),
            name: venue.name,
            city: venue.city,
            address: venue.address,
            zone: venue.zone,
            auditoriums,
            archived: venue.archived,
        })
    }

    pub(super) fn auditorium(&self, id: AuditoriumId) -> Option<AuditoriumView> {
        let auditorium = self.auditoriums.get(&id)?;
        Some(AuditoriumView {
            id,
            revision: self.revision(id.as_bytes()),
            name: auditorium.name.clone(),
            venue_id: auditorium.venue,
            layout_id: auditorium.layout,
            seats: auditorium.seats,
            earlier_layouts: auditorium.earlier.clone(),
            archived: auditorium.archived,
        })
    }

    pub(super) fn price_card(&self, id: PriceCardId) -> Option<PriceCardView> {
        Some(self.price_cards.get(&id)?.view(id, self.revision(id.as_bytes())))
    }
}
