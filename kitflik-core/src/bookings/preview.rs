//! Quote: what seats would cost, without holding them.

use serde::{Deserialize, Serialize};

use super::access::holder;
use super::hold::{blank, check_customer, check_seats, with_types};
use super::view::view;
use super::{BookedSeatView, BookingError, Bookings, Customer, Quote, SeatTicketType, quote, rules};
use crate::actor::Actor;
use crate::error::{EngineError, Validation};
use crate::ids::{BookingId, SeatId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::tx::Loaded;

/// A question what seats would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct QuoteSeats {
    /// The seats, 1 to 10, each once. Whether they can be had does not matter.
    pub seats: Vec<SeatId>,
    /// Ticket types of seats that are not of the price card's first type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_types: Vec<SeatTicketType>,
    /// A discount code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub discount_code: Option<String>,
    /// Whom it would be for, so that a discount code's uses per customer are looked at too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub customer: Option<Customer>,
}

/// What seats would cost now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QuoteView {
    /// The seats.
    pub seats: Vec<BookedSeatView>,
    /// What they would cost.
    pub quote: Quote,
}

impl Bookings<'_> {
    /// What seats would cost if they were held now. Nothing is held and no use of a discount code is taken, so the last
    /// one may be gone a moment later.
    ///
    /// # Errors
    /// `unknown_seat`, `show_not_on_sale`, `voucher_unknown`, `voucher_not_valid`, `voucher_used_up`,
    /// `validation_failed`, `not_found`.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn quote(
        &self,
        actor: &Actor,
        show: ShowId,
        request: &QuoteSeats,
    ) -> Result<QuoteView, BookingError> {
        let mut fields = Validation::default();
        check_seats(&request.seats, &request.ticket_types, &mut fields);
        check_customer(request.customer.as_ref(), &mut fields);
        fields.finish()?;
        let engine = self.engine;
        // The same reads and rules as of a hold; what it would write is never committed.
        let mut tx = engine.begin();
        loop {
            let (hint, layout) = self.hint_and_layout(show).await?;
            let layout = &layout.layout;
            let wanted = vec![keys::show(show).key, keys::price_card(hint.price_card).key];
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, wanted).await? else { continue };
            let found = tx.get_shared(&engine.shows, &keys::show(show))?;
            let found = found.ok_or(BookingError::NotFound { what: "show" })?;
            if self.corrected(show, hint, &found) {
                continue;
            }
            rules::on_sale(&found, tx.now())?;
            let card = tx.get_shared(&engine.price_cards, &keys::price_card(found.price_card))?;
            let card = card.ok_or_else(|| EngineError::internal("the price card is gone"))?;
            let chosen = rules::numbers(layout, &request.seats)?;
            let wanted = with_types(layout, &chosen, &request.ticket_types);
            let facts = engine.show_facts(&mut tx, &found, &card).await?;
            let priced = quote::price(layout, &card, facts.as_ref(), &wanted)?;
            let code = request.discount_code.as_deref();
            let discount = self.discount(&mut tx, code, show, &found, card.currency).await?;
            let id = BookingId::new(tx.now(), engine.random());
            let mut booking = blank(id, show, &found, holder(actor), card.currency, tx.now());
            booking.customer = request.customer.clone();
            let booking = quote::sum_up(&card, priced, discount)?.of(booking);
            self.count_use(&mut tx, &booking, true).await?;
            let view = view(layout, &booking, &[]);
            return Ok(QuoteView { seats: view.seats, quote: view.quote });
        }
    }
}
