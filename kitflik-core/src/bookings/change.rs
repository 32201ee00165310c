//! Change seats: other seats for the same hold. The clock keeps running.

use super::hold::{Choosing, check_seats, with_types};
use super::house::give_up;
use super::maps::SeatState;
use super::view::view;
use super::{BookingError, BookingView, Bookings, ChangeSeats, SalesChannel, quote, rules};
use crate::actor::Actor;
use crate::error::{EngineError, Validation};
use crate::ids::BookingId;
use crate::ports::storage::Durability;
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::Booking;
use crate::store::tx::Loaded;

impl Bookings<'_> {
    /// Gives a hold other seats, all or none. Seats that it keeps, as the same type of ticket, keep their price;
    /// fees and tax are those of the price card as it is now.
    ///
    /// # Errors
    /// As [`Bookings::hold`], and `hold_expired` or `booking_state`.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn change_seats(
        &self,
        actor: &Actor,
        booking: BookingId,
        request: &ChangeSeats,
    ) -> Result<BookingView, BookingError> {
        let mut fields = Validation::default();
        check_seats(&request.seats, &request.ticket_types, &mut fields);
        fields.finish()?;
        let engine = self.engine;
        let channel = SalesChannel::of(actor, None)?;
        let command = (booking, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "change_seats", &command)?;
        let key = keys::booking(booking);
        loop {
            let wanted_keys = vec![key.key.clone()];
            if let Loaded::Replay(booking) = tx.load::<Booking>(Durability::Relaxed, wanted_keys).await? {
                engine.may_use(actor, &booking)?;
                return engine.booking_view(&booking).await;
            }
            let held = tx.get(&key)?.ok_or(BookingError::NotFound { what: "booking" })?;
            engine.may_use(actor, &held)?;
            rules::running(&held, tx.now(), "only a hold can change its seats")?;
            let (hint, layout) = self.hint_and_layout(held.show).await?;
            let layout = &layout.layout;
            tx.more(vec![keys::show(held.show).key, keys::price_card(hint.price_card).key]).await?;
            let show = tx.get_shared(&engine.shows, &keys::show(held.show))?;
            let show = show.ok_or(BookingError::NotFound { what: "show" })?;
            if self.corrected(held.show, hint, &show) {
                continue;
            }
            rules::on_sale(&show, tx.now())?;
            let chosen = rules::numbers(layout, &request.seats)?;
            let had: Vec<SeatNo> = held.seats.iter().map(|seat| seat.number).collect();
            let given_back: Vec<SeatNo> = had.iter().copied().filter(|seat| !chosen.contains(seat)).collect();
            let claims = self.claims(&mut tx, held.show, &chosen, Some(&held), Some(channel)).await?;
            let taken = claims.taken(layout);
            if !taken.is_empty() {
                return Err(BookingError::SeatTaken { seats: taken });
            }
            let choice = Choosing { actor, channel, layout, show: &show, id: held.show };
            self.check_choice(&mut tx, &choice, &chosen, &given_back).await?;
            let card = tx.get_shared(&engine.price_cards, &keys::price_card(show.price_card))?;
            let card = card.ok_or_else(|| EngineError::internal("the price card is gone"))?;
            let wanted = with_types(layout, &chosen, &request.ticket_types);
            let facts = engine.show_facts(&mut tx, &show, &card).await?;
            let priced = quote::price(layout, &card, facts.as_ref(), &wanted)?;
            // Another price card may have another currency: then nothing keeps its price.
            let same_money = held.total.currency == card.currency;
            let priced = if same_money { quote::keep_prices(&held, &wanted, priced) } else { priced };
            let discount = match (request.discount_code.as_deref(), &held.discount) {
                (None, Some(before)) if !same_money => {
                    self.discount(&mut tx, Some(&before.code), held.show, &show, card.currency).await?
                }
                (None, before) => before.clone(),
                (Some(""), _) => None,
                (code, _) => self.discount(&mut tx, code, held.show, &show, card.currency).await?,
            };
            let house_seats = claims.lent();
            let changed = Booking { house_seats, together: None, ..held.clone() };
            let changed = quote::sum_up(&card, priced, discount)?.of(changed);
            self.count_for_customer(&mut tx, &show, &changed).await?;
            let use_of = |booking: &Booking| booking.discount.as_ref().map(|of| (of.voucher(), of.counted));
            if use_of(&changed) != use_of(&held) {
                self.count_use(&mut tx, &changed, false).await?;
            }
            claims.expire_stale(&mut tx)?;
            // The seats that it gives up are its own, as its version says.
            give_up(&mut tx, &held, |seat| given_back.contains(&seat)).await?;
            for seat in chosen.iter().filter(|seat| !had.contains(seat)) {
                tx.put(&keys::seat(held.show, *seat), &claims.pointer(*seat, booking))?;
            }
            tx.put(&key, &changed)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &changed).await? {
                let state = SeatState::of(&changed, rules::takeable_at(&changed, &engine.policy));
                let free = given_back.iter().map(|seat| (*seat, SeatState::Free));
                let changes: Vec<_> = chosen.iter().map(|seat| (*seat, state)).chain(free).collect();
                engine.maps.apply(held.show, version, &changes);
                let charges = engine.charges_of(&changed).await?;
                return Ok(view(layout, &changed, &charges));
            }
        }
    }
}
