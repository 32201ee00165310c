//! What buyers wish of the best available seats, as a filter of the layout.

use super::rules;
use super::{BestAvailable, BookingError, Bookings};
use crate::error::{EngineError, Validation};
use crate::ids::{CategoryId, PriceCardId};
use crate::limits;
use crate::seats::best::SeatFilter;
use crate::seats::layout::{Layout, SeatNo};
use crate::store::keys;
use crate::store::records::PriceCard;

impl Bookings<'_> {
    pub(super) async fn filter(
        &self,
        layout: &Layout,
        price_card: PriceCardId,
        wish: &BestAvailable,
    ) -> Result<SeatFilter, BookingError> {
        let categories = match wish.max_price_minor {
            None => None,
            Some(most) => {
                let card = self.engine.get(&keys::price_card(price_card)).await?;
                let card = card.ok_or_else(|| EngineError::internal("the price card is gone"))?;
                Some(affordable(layout, &card, most)?)
            }
        };
        Ok(SeatFilter {
            category: wish.category.clone(),
            categories,
            section: wish.section.clone(),
            accessible: wish.accessible,
        })
    }
}

/// The categories whose seats cost at most this, as the ticket type that nobody has to ask for.
fn affordable(layout: &Layout, card: &PriceCard, most: i64) -> Result<Vec<CategoryId>, BookingError> {
    let mut found = Vec::new();
    for category in layout.categories() {
        let Some(index) = layout.seats().iter().position(|seat| seat.category == category.id) else {
            continue;
        };
        let priced = rules::price(layout, card, &[(SeatNo::at(index), None)])?;
        if priced.iter().all(|seat| seat.price_minor <= most) {
            found.push(category.id.clone());
        }
    }
    Ok(found)
}

pub(super) fn check_price(path: &str, most: Option<i64>, fields: &mut Validation) {
    if let Some(most) = most.filter(|most| !(0..=limits::MAX_PRICE_MINOR).contains(most)) {
        let detail = format!("{path} is {most}, allowed are 0 to {}", limits::MAX_PRICE_MINOR);
        fields.refuse(path, "out_of_range", detail);
    }
}
