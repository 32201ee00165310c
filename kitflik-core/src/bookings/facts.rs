//! What the rules of a price card ask about a show.

use super::BookingError;
use crate::catalog::pricing::ShowFacts;
use crate::kitflik::Engine;
use crate::store::keys;
use crate::store::records::{PriceCard, Show};
use crate::store::tx::Tx;

impl Engine {
    /// Reads what the rules of a card ask; nothing for a card without rules.
    pub(super) async fn show_facts(
        &self,
        tx: &mut Tx<'_>,
        show: &Show,
        card: &PriceCard,
    ) -> Result<Option<ShowFacts>, BookingError> {
        if card.rules.is_empty() {
            return Ok(None);
        }
        let auditorium_key = keys::auditorium(show.auditorium);
        tx.more(vec![auditorium_key.key.clone()]).await?;
        let auditorium = tx.get(&auditorium_key)?.ok_or(BookingError::NotFound { what: "auditorium" })?;
        let venue_key = keys::venue(auditorium.venue);
        tx.more(vec![venue_key.key.clone()]).await?;
        let venue = tx.get(&venue_key)?.ok_or(BookingError::NotFound { what: "venue" })?;
        // Where a hall is, is no race: a batch need not fail because its layout was renamed meanwhile.
        tx.uncheck(&auditorium_key);
        tx.uncheck(&venue_key);
        Ok(Some(ShowFacts::of(show, venue.zone, tx.now())))
    }
}
