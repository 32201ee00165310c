//! Discount codes, to callers.

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, MovieId, ShowId, VoucherId};
use crate::money::Currency;
use crate::time::Timestamp;

/// How much a discount code takes off the prices of the seats; fees stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DiscountKind {
    /// So many hundredths of a percent, 1 to 10,000; rounded half to even.
    BasisPoints(u32),
    /// So much per booking, in minor units, and never more than the seats cost.
    AmountMinor(i64),
}

fn yes() -> bool {
    true
}

/// A discount code to add, or what one is to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewVoucher {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// What customers type: 3 to 32 letters A to Z, digits and dashes. Case does not matter, nor do spaces around it.
    pub code: String,
    /// How much it takes off.
    pub discount: DiscountKind,
    /// The currency of its amounts; required if it has any. It is valid for price cards of this currency only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub currency: Option<Currency>,
    /// From when on seats can be held with it; at once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub valid_from: Option<Timestamp>,
    /// Before when seats have to be held with it; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub valid_until: Option<Timestamp>,
    /// How many bookings can have it, 1 to 1,000,000; any number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_uses: Option<u32>,
    /// How many bookings of one customer can have it, 1 to 100. Guests are counted by their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_uses_per_customer: Option<u32>,
    /// The seats have to cost so much together, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub min_total_minor: i64,
    /// Only for these shows, at most 50, or for shows of `movie_ids`; for all if both are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub show_ids: Vec<ShowId>,
    /// Only for shows of these movies, at most 50, or for `show_ids`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub movie_ids: Vec<MovieId>,
    /// Whether it can be used. What is held or sold with it stays as it is.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub active: bool,
}

impl NewVoucher {
    /// A code for everybody and everything.
    #[must_use]
    pub fn new(code: impl Into<String>, discount: DiscountKind) -> Self {
        Self {
            command: None,
            code: code.into(),
            discount,
            currency: None,
            valid_from: None,
            valid_until: None,
            max_uses: None,
            max_uses_per_customer: None,
            min_total_minor: 0,
            show_ids: Vec::new(),
            movie_ids: Vec::new(),
            active: true,
        }
    }
}

/// A discount code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VoucherView {
    /// The discount code's id.
    pub id: VoucherId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// What customers type.
    pub code: String,
    /// How much it takes off.
    pub discount: DiscountKind,
    /// The currency of its amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub currency: Option<Currency>,
    /// From when on seats can be held with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub valid_from: Option<Timestamp>,
    /// Before when seats have to be held with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub valid_until: Option<Timestamp>,
    /// How many bookings can have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_uses: Option<u32>,
    /// How many bookings of one customer can have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_uses_per_customer: Option<u32>,
    /// What the seats have to cost together, in minor units.
    pub min_total_minor: i64,
    /// Only for these shows, or for shows of `movie_ids`.
    pub show_ids: Vec<ShowId>,
    /// Only for shows of these movies, or for `show_ids`.
    pub movie_ids: Vec<MovieId>,
    /// Whether it can be used.
    pub active: bool,
    /// How many of `max_uses` are taken, by holds too; the uses of holds that are over are given back when somebody
    /// needs them. Codes without `max_uses` are not counted.
    pub uses: u32,
}
