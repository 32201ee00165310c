//! Price cards, to callers.

use serde::{Deserialize, Serialize};

use super::{PriceRule, PriceTax};
use crate::ids::{CategoryId, CommandId, PriceCardId, TicketType};
use crate::money::{Currency, Money};

/// The price of a category for a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CategoryPrice {
    /// The category of the layout.
    pub category: CategoryId,
    /// The ticket type.
    pub ticket_type: TicketType,
    /// In minor units.
    pub amount_minor: i64,
}

/// A price card to add. The first price of a category is the one that is taken when nobody names a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewPriceCard {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name.
    pub name: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The prices, 1 to 60.
    pub prices: Vec<CategoryPrice>,
    /// A fee per booking, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub booking_fee_minor: i64,
    /// A fee per ticket, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_fee_minor: i64,
    /// What changes the prices, in the order in which it applies; at most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub rules: Vec<PriceRule>,
    /// A tax on prices and fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub tax: Option<PriceTax>,
}

impl NewPriceCard {
    /// A card without fees, rules and tax.
    #[must_use]
    pub fn new(name: impl Into<String>, currency: Currency, prices: Vec<CategoryPrice>) -> Self {
        Self {
            command: None,
            name: name.into(),
            currency,
            prices,
            booking_fee_minor: 0,
            ticket_fee_minor: 0,
            rules: Vec::new(),
            tax: None,
        }
    }
}

/// A price card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PriceCardView {
    /// The price card.
    pub id: PriceCardId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// The name.
    pub name: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The prices.
    pub prices: Vec<CategoryPrice>,
    /// The fee per booking.
    pub booking_fee: Money,
    /// The fee per ticket.
    pub ticket_fee: Money,
    /// What changes the prices, in order.
    pub rules: Vec<PriceRule>,
    /// The tax on prices and fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub tax: Option<PriceTax>,
    /// It is in no list for customers, and no new show can have it.
    #[serde(default)]
    pub archived: bool,
}
