//! Things of the catalogue that are archived and deleted alike.

use serde::{Deserialize, Serialize};

use crate::ids::{AuditoriumId, MovieId, PriceCardId, VenueId};

/// A movie, venue, auditorium or price card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatalogItem {
    /// A movie.
    Movie(MovieId),
    /// A venue.
    Venue(VenueId),
    /// An auditorium.
    Auditorium(AuditoriumId),
    /// A price card.
    PriceCard(PriceCardId),
}

macro_rules! from_id {
    ($($id:ident => $item:ident)*) => {$(
        impl From<$id> for CatalogItem {
            fn from(id: $id) -> Self {
                Self::$item(id)
            }
        }
    )*};
}
from_id! { MovieId => Movie VenueId => Venue AuditoriumId => Auditorium PriceCardId => PriceCard }
