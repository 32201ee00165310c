//! The seats of an auditorium.

pub(crate) mod check;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;
use crate::ids::{CategoryId, SeatId};

/// What a seat is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SeatKind {
    /// An ordinary seat.
    Standard,
    /// A seat that reclines.
    Recliner,
    /// A space for a wheelchair.
    Wheelchair,
    /// For the company of the person in a wheelchair space; sold only with it.
    Companion {
        /// The wheelchair space.
        of: SeatId,
    },
    /// Half of a couple seat; sold only as a pair.
    Couple {
        /// The other half.
        with: SeatId,
    },
}

/// One seat of a layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Seat {
    /// Unique in the layout.
    pub id: SeatId,
    /// What people call it: `A1`.
    pub label: String,
    /// The part of the auditorium; empty where there is only one.
    pub section: String,
    /// The row's name, unique in the section.
    pub row: String,
    /// The price category.
    pub category: CategoryId,
    /// What it is.
    pub kind: SeatKind,
    /// Horizontal position, in units of the plan.
    pub x: f64,
    /// Vertical position, in units of the plan, growing away from the screen.
    pub y: f64,
    /// The unbroken run of seats it stands in. Two seats are neighbours if they follow each other in the
    /// layout and have the same block; aisles part blocks. A wheelchair space parts them whatever its block
    /// says.
    pub block: u32,
}

impl Seat {
    /// What follows the row's name in the label; the whole label if it does not begin with it.
    pub(crate) fn number(&self) -> &str {
        let rest = self.label.strip_prefix(&self.row).unwrap_or_default();
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim();
        if rest.is_empty() { &self.label } else { rest }
    }
}

/// A price category of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Category {
    /// Unique in the layout.
    pub id: CategoryId,
    /// What people call it.
    pub name: String,
    /// A CSS colour such as `#7a5cff`, for maps.
    pub color: Option<String>,
}

/// The place of a seat in its layout's list: what a seat key and a character of the state string stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "number"))]
#[serde(transparent)]
pub struct SeatNo(pub(crate) u16);

impl SeatNo {
    /// As an index into the layout's seats.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// From an index into the layout's seats; bounded by
    /// [`MAX_SEATS_PER_LAYOUT`](crate::limits::MAX_SEATS_PER_LAYOUT), so it always fits.
    pub(crate) fn at(index: usize) -> Self {
        Self(u16::try_from(index).unwrap_or(u16::MAX))
    }
}

/// A checked list of seats with its categories. Seats of one row stand together, from left to right.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Layout {
    name: String,
    categories: Vec<Category>,
    seats: Vec<Seat>,
    #[serde(skip)]
    by_id: BTreeMap<SeatId, SeatNo>,
    #[serde(skip)]
    places: Vec<Place>,
}

/// What the rules ask of a seat again and again, worked out once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// The seats of its row.
    pub(crate) row: Range<usize>,
    /// The unbroken run of seats it stands in: a block, parted at wheelchair spaces.
    pub(crate) run: Range<usize>,
    /// The other half of a couple seat, or the wheelchair space of a companion seat.
    pub(crate) link: Option<usize>,
    /// Where it is, in thousandths of a unit: integers compare alike on every machine.
    pub(crate) at: (i64, i64),
    /// Its squared distance from the focal point, in millionths of a square unit. Less is better.
    pub(crate) distance: u64,
}

impl Layout {
    /// Checks a plan. An id, a section, a row and a block are whole: each row's seats follow each other in
    /// `seats`, from left to right, and so do each block's within a row.
    ///
    /// # Errors
    /// [`Invalid`] names every fault with its place (`seats[7].category`), up to a hundred of them: no seats,
    /// too many, duplicate ids, unknown categories, texts that are empty or too long, dangling or one-sided
    /// companions and couples, overlapping or impossible positions, blocks or rows that are not contiguous.
    pub fn new(
        name: impl Into<String>,
        categories: Vec<Category>,
        seats: Vec<Seat>,
    ) -> Result<Self, Invalid> {
        let name = name.into();
        let (by_id, places) = check::check(&name, &categories, &seats)?;
        Ok(Self { name, categories, seats, by_id, places })
    }

    /// The name of the layout.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The price categories.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The seats, in layout order.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The seat with this number.
    #[must_use]
    pub fn seat(&self, number: SeatNo) -> Option<&Seat> {
        self.seats.get(number.index())
    }

    /// The number of the seat with this id.
    #[must_use]
    pub fn number(&self, id: &SeatId) -> Option<SeatNo> {
        self.by_id.get(id).copied()
    }

    /// The seats to the left and to the right of a seat, where neither an aisle nor a wheelchair space parts
    /// them.
    #[must_use]
    pub fn neighbours(&self, number: SeatNo) -> (Option<SeatNo>, Option<SeatNo>) {
        let (left, right) = self.beside(number.index());
        (left.map(SeatNo::at), right.map(SeatNo::at))
    }

    /// The seats of a seat's row, as a range of indices into [`Self::seats`]. Empty if there is no such seat.
    #[must_use]
    pub fn row_range(&self, number: SeatNo) -> Range<usize> {
        self.place(number.index()).map_or(0..0, |place| place.row.clone())
    }

    /// The unbroken run of seats that a seat stands in, as a range of indices into [`Self::seats`]. Empty if
    /// there is no such seat.
    #[must_use]
    pub fn run_range(&self, number: SeatNo) -> Range<usize> {
        self.place(number.index()).map_or(0..0, |place| place.run.clone())
    }

    /// The other half of a couple seat, or the wheelchair space that a companion seat belongs to.
    #[must_use]
    pub fn linked(&self, number: SeatNo) -> Option<SeatNo> {
        self.link(number.index()).map(SeatNo::at)
    }

    pub(crate) fn place(&self, index: usize) -> Option<&Place> {
        self.places.get(index)
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(crate) fn link(&self, index: usize) -> Option<usize> {
        self.place(index).and_then(|place| place.link)
    }

    /// The same as [`Self::neighbours`], by index.
    pub(crate) fn beside(&self, index: usize) -> (Option<usize>, Option<usize>) {
        let run = self.place(index).map_or(0..0, |place| place.run.clone());
        (
            index.checked_sub(1).filter(|left| run.contains(left)),
            Some(index + 1).filter(|right| run.contains(right)),
        )
    }

    /// The rows, in layout order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = self.places.iter().enumerate().filter(|(index, place)| place.row.start == *index);
        starts.map(|(_, place)| place.row.clone())
    }
}
