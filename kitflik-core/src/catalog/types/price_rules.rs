//! What changes the prices of a card, and what is added to them.

use serde::{Deserialize, Serialize};

use super::ShowFormat;
use crate::ids::{CategoryId, TicketType};
use crate::time::{Date, TimeOfDay, Weekday};

/// A rule of a price card: where all its conditions hold, it changes the price of a seat.
///
/// The rules of a card apply in their order, each to the price that the ones before it left. A price never falls
/// below zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// What customers read on the bill, 1 to 32 characters.
    pub name: String,
    /// When it applies; always if absent.
    #[serde(default, skip_serializing_if = "PriceCondition::is_always")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub when: PriceCondition,
    /// What it does.
    pub change: PriceChange,
}

/// When a rule applies: where everything that it says holds. What it leaves out does not matter.
///
/// Days and times are those at which the show starts on the venue's calendar and clocks: a show that starts at 00:30
/// in the night from Friday to Saturday starts on Saturday.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct PriceCondition {
    /// The show starts on one of these days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub weekdays: Vec<Weekday>,
    /// It starts at this time of day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub from_time: Option<TimeOfDay>,
    /// It starts before this time of day. Earlier than `from_time`, it means the morning after: from 22:00 to 02:00 are
    /// the last two hours of a day and the first two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub to_time: Option<TimeOfDay>,
    /// It starts on this date or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub from_date: Option<Date>,
    /// It starts on this date or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub to_date: Option<Date>,
    /// It is projected in one of these ways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub formats: Vec<ShowFormat>,
    /// The seat is held when the show starts in at most this many minutes, or has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub minutes_before_start_at_most: Option<u32>,
    /// The seat is of one of these categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub categories: Vec<CategoryId>,
    /// The ticket is of one of these types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_types: Vec<TicketType>,
}

impl PriceCondition {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }
}

/// What a rule does to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriceChange {
    /// More or less by so much, in minor units.
    AmountMinor(i64),
    /// More or less by so many hundredths of a percent, -10,000 to 100,000; rounded half to even.
    BasisPoints(i32),
    /// The price is this, in minor units.
    SetMinor(i64),
}

/// A tax on prices and fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct PriceTax {
    /// What customers read on the bill, 1 to 16 characters.
    pub name: String,
    /// The rate in hundredths of a percent, 0 to 10,000: 1900 is 19 %.
    pub rate_basis_points: u32,
    /// Whether prices and fees have it in them already. Otherwise it is added to their sum, as a line of its own.
    pub inclusive: bool,
}
