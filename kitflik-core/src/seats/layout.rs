//! The seats of an auditorium.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Invalid, Validation};
use crate::ids::{CategoryId, SeatId};
use crate::limits;

/// What a seat is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
pub struct Seat {
    /// Unique in the layout.
    pub id: SeatId,
    /// What people call it: `A1`.
    pub label: String,
    /// The part of the auditorium.
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
    /// The unbroken run of seats it stands in. Two seats are neighbours if they follow each other in the layout and have
    /// the same block; aisles and wheelchair spaces part blocks.
    pub block: u32,
}

/// A price category of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[serde(transparent)]
pub struct SeatNo(pub(crate) u16);

impl SeatNo {
    /// As an index into the layout's seats.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A checked list of seats with its categories. Seats of one row stand together, from left to right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    name: String,
    categories: Vec<Category>,
    seats: Vec<Seat>,
    #[serde(skip)]
    by_id: BTreeMap<SeatId, SeatNo>,
}

impl Layout {
    /// Checks a plan.
    ///
    /// # Errors
    /// [`Invalid`] names every fault with its place: no seats, too many, duplicate ids, unknown categories, dangling or
    /// one-sided companions and couples, overlapping positions, blocks or rows that are not contiguous.
    pub fn new(
        name: impl Into<String>,
        categories: Vec<Category>,
        seats: Vec<Seat>,
    ) -> Result<Self, Invalid> {
        let name = name.into();
        let mut faults = Validation::default();
        faults.text("name", &name, limits::MAX_NAME_CHARS);
        if seats.is_empty() || seats.len() > limits::MAX_SEATS_PER_LAYOUT {
            faults.refuse(
                "seats",
                "count",
                format!("a layout has 1 to {} seats, not {}", limits::MAX_SEATS_PER_LAYOUT, seats.len()),
            );
            return Err(faults.into());
        }
        let mut by_id = BTreeMap::new();
        for (index, seat) in seats.iter().enumerate() {
            let number = SeatNo(u16::try_from(index).unwrap_or(u16::MAX));
            if by_id.insert(seat.id.clone(), number).is_some() {
                faults.refuse(
                    format!("seats[{index}].id"),
                    "duplicate",
                    format!("seat id {} is used twice", seat.id),
                );
            }
        }
        let layout = Self { name, categories, seats, by_id };
        faults.finish()?;
        Ok(layout)
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
}
