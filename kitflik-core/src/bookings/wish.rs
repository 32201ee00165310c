//! What buyers wish of the best available seats, as a filter of the layout.

use super::{BestAvailable, BookingError, Bookings};
use crate::catalog::CategoryPrice;
use crate::error::Validation;
use crate::ids::{CategoryId, ShowId};
use crate::limits;
use crate::seats::best::SeatFilter;

impl Bookings<'_> {
    /// The prices are those of a moment ago: a hold looks again at what it has chosen.
    pub(super) async fn filter(
        &self,
        show: ShowId,
        wish: &BestAvailable,
    ) -> Result<SeatFilter, BookingError> {
        let categories = match wish.max_price_minor {
            None => None,
            Some(most) => {
                let catalogue = self.engine.catalogue().await?;
                let show = catalogue.show(show, self.engine.now());
                Some(affordable(&show.ok_or(BookingError::NotFound { what: "show" })?.prices, most))
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
fn affordable(prices: &[CategoryPrice], most: i64) -> Vec<CategoryId> {
    let mut found: Vec<CategoryId> = Vec::new();
    let first = |at: usize, price: &CategoryPrice| {
        !prices.iter().take(at).any(|earlier| earlier.category == price.category)
    };
    for (at, price) in prices.iter().enumerate() {
        if price.amount_minor <= most && first(at, price) {
            found.push(price.category.clone());
        }
    }
    found
}

pub(super) fn check_price(path: &str, most: Option<i64>, fields: &mut Validation) {
    if let Some(most) = most.filter(|most| !(0..=limits::MAX_PRICE_MINOR).contains(most)) {
        let detail = format!("{path} is {most}, allowed are 0 to {}", limits::MAX_PRICE_MINOR);
        fields.refuse(path, "out_of_range", detail);
    }
}
