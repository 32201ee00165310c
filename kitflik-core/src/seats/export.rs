//! Layouts as files: what a format cannot carry is refused by name.

use serde::{Deserialize, Serialize};

use super::layout::{Layout, Seat};
use crate::error::Invalid;

/// A format of files that layouts are read from and written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
pub enum LayoutFormat {
    /// A pretix seating plan, see [`Layout::to_pretix`].
    Pretix,
    /// The text that people write, see [`Layout::to_text`].
    Text,
}

impl Layout {
    /// Writes a file that reads as the same layout again.
    ///
    /// # Errors
    /// [`Invalid`] with the code `not_expressible` names the first thing that the format cannot carry.
    pub fn export(&self, format: LayoutFormat) -> Result<String, Invalid> {
        match format {
            LayoutFormat::Pretix => self.to_pretix(),
            LayoutFormat::Text => self.to_text(),
        }
    }

    /// Passes over what reads as the same layout; names the first difference of anything else.
    pub(super) fn same(&self, again: &Result<Self, Invalid>, can: &str) -> Result<(), Invalid> {
        let again = match again {
            Ok(again) if again == self => return Ok(()),
            Ok(again) => again,
            Err(refused) => {
                let why = refused.errors.first().map_or("", |error| error.detail.as_str());
                return Err(inexpressible("seats", &format!("it cannot be written: {why}"), can));
            }
        };
        for (index, (category, written)) in self.categories().iter().zip(again.categories()).enumerate() {
            if category != written {
                let what = format!("category {} cannot be written", category.id);
                return Err(inexpressible(format!("categories[{index}]"), &what, can));
            }
        }
        let index =
            self.seats().iter().zip(again.seats()).take_while(|(seat, written)| seat == written).count();
        let what = match (self.seats().get(index), again.seats().get(index)) {
            (Some(seat), Some(written)) => {
                format!("seat {} cannot be written: its {} would be another", seat.id, field(seat, written))
            }
            (Some(seat), None) => format!("seat {} cannot be written", seat.id),
            (None, _) => "the seats cannot be written".to_owned(),
        };
        Err(inexpressible(format!("seats[{index}]"), &what, can))
    }
}

/// What differs between two seats.
fn field(one: &Seat, other: &Seat) -> &'static str {
    if one.section != other.section {
        "section"
    } else if one.row != other.row {
        "row"
    } else if (one.x, one.y) != (other.x, other.y) {
        "position"
    } else if one.id != other.id {
        "id"
    } else if one.label != other.label {
        "label"
    } else if one.category != other.category {
        "category"
    } else if one.kind != other.kind {
        "kind"
    } else {
        "block"
    }
}

pub(super) fn inexpressible(path: impl Into<String>, what: &str, can: &str) -> Invalid {
    Invalid::one(path, "not_expressible", format!("{what}; {can}"))
}

#[cfg(test)]
mod tests;
