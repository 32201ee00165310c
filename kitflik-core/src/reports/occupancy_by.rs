//! How full shows were, by whatever the house wants to know it by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::csv::{Cell, Csv};
use super::groups::{Days, Group, Place};
use super::revenue::by_channel;
use super::{ReportError, Reports};
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingStatus, SalesChannel};
use crate::error::EngineError;
use crate::ids::{BookingId, MovieId, ShowId, VenueId};
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::SeatPointer;
use crate::time::Date;

/// Bookings that are read at once.
const STRIDE: usize = 200;

/// By what occupancy is broken down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OccupancyBy {
    /// The day of the programme, on the clocks of the venue.
    #[default]
    Day,
    /// What is shown.
    Movie,
    /// Where.
    Venue,
    /// One showing.
    Show,
    /// The price category of the seats.
    Category,
    /// By which way they were sold. Each channel is measured by all seats on offer.
    Channel,
}

/// Which occupancy is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct OccupancyByQuery {
    /// The first day on which shows start. Days go from 06:00 to 05:59 on the clocks of each venue.
    pub from: Date,
    /// The last day, at most 366 of them.
    pub to: Date,
    /// By what it is broken down; by day if absent.
    #[serde(default)]
    pub by: OccupancyBy,
    /// Only of this venue.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue_id: Option<VenueId>,
    /// Only of this movie.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub movie_id: Option<MovieId>,
}

/// How full the shows of some days were. Cancelled shows are not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OccupancyReport {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// By what it is broken down.
    pub by: OccupancyBy,
    /// A row for each group.
    pub rows: Vec<OccupancyRow>,
    /// All of it.
    pub total: OccupancyRow,
}

/// How full the shows of a group were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OccupancyRow {
    /// The id, day or name of the group.
    pub key: String,
    /// For people.
    pub label: String,
    /// How many shows.
    pub shows: u64,
    /// Seats on offer: all but those that the house keeps for itself.
    pub seats: u64,
    /// Seats that are sold.
    pub sold: u64,
    /// Sold of those on offer, in hundredths of a percent.
    pub sold_basis_points: u32,
}

impl OccupancyRow {
    fn new(group: Group) -> Self {
        Self { key: group.key, label: group.label, ..Self::default() }
    }

    fn add(&mut self, seats: u64, sold: u64) {
        self.shows += 1;
        self.seats += seats;
        self.sold += sold;
        let part = self.sold.saturating_mul(10_000).checked_div(self.seats).unwrap_or(0);
        self.sold_basis_points = u32::try_from(part).unwrap_or(u32::MAX);
    }
}

/// What became of the seats of a show.
struct Filled {
    sold: BTreeMap<SeatNo, SalesChannel>,
    kept: BTreeSet<SeatNo>,
}

impl Reports<'_> {
    /// How full the shows that start in some days of the programme are, or were. One show is looked at after the other.
    ///
    /// # Errors
    /// [`ReportError::Denied`] unless an admin, a manager or the box office asks, [`ReportError::Invalid`] for days
    /// out of bounds, [`ReportError::NotFound`] for an unknown venue or movie, or [`ReportError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn occupancy_by(
        &self,
        actor: &Actor,
        query: &OccupancyByQuery,
    ) -> Result<OccupancyReport, ReportError> {
        actor.may(Permission::SeeReports)?;
        let days = Days::checked(query.from, query.to)?;
        let catalogue = self.engine.catalogue().await?;
        super::known(&catalogue, query.venue_id, query.movie_id)?;
        let mut rows: BTreeMap<Group, OccupancyRow> = BTreeMap::new();
        let mut total = OccupancyRow::new(Group::named("total"));
        for (id, show) in catalogue.shows.iter().filter(|(_, show)| !show.cancelled) {
            let place = Place::of(&catalogue, *id);
            let day = place.day(show.starts_at);
            if !place.is_wanted(query.venue_id, query.movie_id) || !days.hold(day) {
                continue;
            }
            let Some(layout) = self.engine.layout(show.layout).await? else {
                return Err(EngineError::internal(format!("the layout of show {id} is gone")).into());
            };
            let filled = self.filled(*id).await?;
            let (seats, sold) = (layout.layout.seats().len() as u64, filled.sold.len() as u64);
            let seats = seats.saturating_sub(filled.kept.len() as u64);
            total.add(seats, sold);
            let mut add = |group: Group, seats: u64, sold: u64| {
                let row = rows.entry(group.clone()).or_insert_with(|| OccupancyRow::new(group));
                row.add(seats, sold);
            };
            match query.by {
                OccupancyBy::Day => add(Group::day(day), seats, sold),
                OccupancyBy::Movie => add(place.by_movie(), seats, sold),
                OccupancyBy::Venue => add(place.by_venue(), seats, sold),
                OccupancyBy::Show => add(place.by_show(), seats, sold),
                OccupancyBy::Channel => {
                    for channel in [SalesChannel::Online, SalesChannel::BoxOffice] {
                        let by = filled.sold.values().filter(|by| **by == channel).count() as u64;
                        add(by_channel(channel), seats, by);
                    }
                }
                OccupancyBy::Category => {
                    for category in layout.layout.categories() {
                        let theirs =
                            layout.layout.seats().iter().zip(0_u16..).filter_map(|(seat, number)| {
                                (seat.category == category.id).then_some(SeatNo(number))
                            });
                        let theirs: Vec<SeatNo> = theirs.collect();
                        let kept = theirs.iter().filter(|seat| filled.kept.contains(seat)).count();
                        let sold = theirs.iter().filter(|seat| filled.sold.contains_key(seat)).count();
                        let group = Group::labelled(category.id.as_str(), &category.name);
                        add(group, (theirs.len() - kept) as u64, sold as u64);
                    }
                }
            }
        }
        let rows = rows.into_values().collect();
        Ok(OccupancyReport { from: query.from, to: query.to, by: query.by, rows, total })
    }

    /// Which seats of a show are sold, and which the house keeps.
    async fn filled(&self, show: ShowId) -> Result<Filled, EngineError> {
        let now = self.engine.now();
        let mut filled = Filled { sold: BTreeMap::new(), kept: BTreeSet::new() };
        let mut had: Vec<(SeatNo, BookingId, bool)> = Vec::new();
        for (row, pointer) in self.engine.scan_all(&keys::seats(show)).await? {
            let Some(seat) = keys::seat_number(&row.key) else { continue };
            let kept = pointer.house().is_some_and(|house| !house.is_released(now));
            match pointer {
                SeatPointer::Booking(id) | SeatPointer::Lent { booking: id, .. } => {
                    had.push((seat, id, kept))
                }
                SeatPointer::Blocked(_) | SeatPointer::House(_) if kept => {
                    filled.kept.insert(seat);
                }
                SeatPointer::Blocked(_) | SeatPointer::House(_) => {}
            }
        }
        let ids: Vec<BookingId> =
            had.iter().map(|(_, id, _)| *id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut sold: BTreeMap<BookingId, SalesChannel> = BTreeMap::new();
        for ids in ids.chunks(STRIDE) {
            let found = self.engine.get_many(ids.iter().copied().map(keys::booking)).await?;
            let confirmed = found.into_iter().flatten().map(|(booking, _)| booking);
            let confirmed = confirmed.filter(|booking| booking.status == BookingStatus::Confirmed);
            sold.extend(confirmed.map(|booking| (booking.id, booking.sold_by())));
        }
        for (seat, id, kept) in had {
            match sold.get(&id) {
                Some(channel) => drop(filled.sold.insert(seat, *channel)),
                None if kept => drop(filled.kept.insert(seat)),
                None => {}
            }
        }
        Ok(filled)
    }
}

impl OccupancyReport {
    /// The rows, then the sum, as comma-separated values (RFC 4180).
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new(&["key", "label", "shows", "seats", "sold", "sold_percent"]);
        for row in self.rows.iter().chain([&self.total]) {
            csv.row([
                Cell::Text(&row.key),
                Cell::Text(&row.label),
                Cell::count(row.shows),
                Cell::count(row.seats),
                Cell::count(row.sold),
                Cell::Percent(row.sold_basis_points),
            ]);
        }
        csv.finish()
    }
}
