//! Hold: take seats for a while, all or none.

use std::collections::{BTreeMap, BTreeSet};

use super::access::holder;
use super::maps::{SeatState, ShowHint};
use super::rules::{self, Claim, Wanted};
use super::view::view;
use super::vouchers::voucher_id;
use super::{
    BestAvailable, BookingError, BookingStatus, BookingView, Bookings, Customer, HoldSeats, SalesChannel,
    SeatTicketType, quote,
};
use crate::actor::{Actor, Permission};
use crate::catalog::cache::CachedLayout;
use crate::error::{Denied, EngineError, ErrorCode, Validation};
use crate::ids::{BookingId, SeatId, ShowId};
use crate::limits;
use crate::money::{Currency, Money};
use crate::ports::storage::Durability;
use crate::seats::best::best_available;
use crate::seats::layout::{Layout, SeatNo};
use crate::seats::rules::{Refusal, alternative, check_pairs, check_selection};
use crate::store::keys;
use crate::store::records::{Booking, CustomerCap, Form, Holder, HouseSeat, SeatPointer, Show};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;
use crate::users::{check_email, normal_email};

impl Bookings<'_> {
    /// Takes seats for a while: named ones, or the best available; all or none.
    ///
    /// Customers and guests hold for themselves, and staff who manage bookings for whoever stands before them. Who asks
    /// decides by which channel, and with it which house seats can be had.
    ///
    /// A hold may be lost by a power failure within the next moments, never in part. What is confirmed is not.
    ///
    /// # Errors
    /// [`BookingError`] names the rule, and the seats where it is about seats: `seat_taken`, `unknown_seat`,
    /// `not_enough_seats`, `couple_split`, `companion_alone`, `orphan_seat`, `too_many_seats`, `show_not_on_sale`,
    /// `voucher_unknown`, `voucher_not_valid`, `voucher_used_up`, `validation_failed`…
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn hold(&self, actor: &Actor, request: &HoldSeats) -> Result<BookingView, BookingError> {
        if let Actor::Staff { .. } = actor {
            actor.may(Permission::ManageBookings)?;
        }
        check_request(request)?;
        let channel = SalesChannel::of(actor, request.channel)?;
        let engine = self.engine;
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "hold", request)?;
        let id = BookingId::new(tx.now(), engine.random());
        let mut avoid = BTreeSet::new();
        loop {
            let (hint, layout) = self.hint_and_layout(request.show_id).await?;
            // The booking is new, and is checked to be: a batch that arrives a second time, late, must find
            // that it is not.
            let mut wanted_keys = vec![
                keys::show(request.show_id).key,
                keys::price_card(hint.price_card).key,
                keys::booking(id).key,
            ];
            // An access token outlives its account by minutes.
            if let Actor::User { id } = actor {
                wanted_keys.push(keys::user(*id).key);
            }
            let named = if request.best_available.is_none() {
                let numbers = rules::numbers(&layout.layout, &request.seats)?;
                wanted_keys.extend(numbers.iter().map(|seat| keys::seat(request.show_id, *seat).key));
                Some(numbers)
            } else {
                None
            };
            if let Some(code) = &request.discount_code {
                wanted_keys.push(keys::voucher(voucher_id(code)?).key);
            }
            if let Loaded::Replay(booking) = tx.load::<Booking>(Durability::Relaxed, wanted_keys).await? {
                // The show may have another layout by now.
                let before = engine.layout(booking.layout).await?;
                let before = before.ok_or_else(|| EngineError::internal("the layout is gone"))?;
                return self.held_view(&before.layout, &booking);
            }
            let show = tx.get_shared(&engine.shows, &keys::show(request.show_id))?;
            let show = show.ok_or(BookingError::NotFound { what: "show" })?;
            if self.corrected(request.show_id, hint, &show) {
                continue;
            }
            if let Actor::User { id } = actor
                && tx.get(&keys::user(*id))?.is_none_or(|user| user.deleting)
            {
                return Err(Denied::Unauthenticated.into());
            }
            rules::on_sale(&show, tx.now())?;
            let (chosen, together) = match named {
                Some(chosen) => (chosen, None),
                None => match &request.best_available {
                    Some(wish) => self.choose(&layout.layout, request.show_id, wish, channel, &avoid).await?,
                    None => (Vec::new(), None),
                },
            };
            let claims = self.claims(&mut tx, request.show_id, &chosen, None, Some(channel)).await?;
            let taken = claims.taken(&layout.layout);
            if !taken.is_empty() && request.best_available.is_some() {
                // Somebody was quicker than the map: choose again without these.
                avoid.extend(chosen.iter().filter(|seat| claims.is_taken(**seat)));
                continue;
            }
            if !taken.is_empty() {
                return Err(BookingError::SeatTaken { seats: taken });
            }
            if request.best_available.is_none() {
                let choice =
                    Choosing { actor, channel, layout: &layout.layout, show: &show, id: request.show_id };
                self.check_choice(&mut tx, &choice, &chosen, &[]).await?;
            }
            let wanted = with_types(&layout.layout, &chosen, &request.ticket_types);
            let card = tx.get_shared(&engine.price_cards, &keys::price_card(show.price_card))?;
            let card = card.ok_or_else(|| EngineError::internal("the price card is gone"))?;
            let facts = engine.show_facts(&mut tx, &show, &card).await?;
            let priced = quote::price(&layout.layout, &card, facts.as_ref(), &wanted)?;
            if let Some(most) = request.best_available.as_ref().and_then(|wish| wish.max_price_minor) {
                // They were chosen by the prices of a moment ago.
                let dear = priced.seats.iter().filter(|seat| seat.price_minor > most).map(|seat| seat.number);
                let before = avoid.len();
                avoid.extend(dear);
                if avoid.len() > before {
                    continue;
                }
            }
            let code = request.discount_code.as_deref();
            let discount = self.discount(&mut tx, code, request.show_id, &show, card.currency).await?;
            let booking = quote::sum_up(&card, priced, discount)?.of(Booking {
                channel: Some(channel),
                customer: request.customer.clone(),
                house_seats: claims.lent(),
                until: tx.now().plus(engine.policy.hold),
                together,
                ..blank(id, request.show_id, &show, holder(actor), card.currency, tx.now())
            });
            self.count_for_customer(&mut tx, &show, &booking).await?;
            self.count_use(&mut tx, &booking, false).await?;
            claims.expire_stale(&mut tx)?;
            for seat in &chosen {
                tx.put(&keys::seat(request.show_id, *seat), &claims.pointer(*seat, id))?;
            }
            tx.put(&keys::booking(id), &booking)?;
            if let Some(version) = tx.commit(Durability::Relaxed, &booking).await? {
                let state = SeatState::of(&booking, rules::takeable_at(&booking, &engine.policy));
                let changes: Vec<_> = chosen.iter().map(|seat| (*seat, state)).collect();
                engine.maps.apply(request.show_id, version, &changes);
                return self.held_view(&layout.layout, &booking);
            }
        }
    }

    /// The answer to a hold: a guest's has the token that proves that the booking is theirs.
    fn held_view(&self, layout: &Layout, booking: &Booking) -> Result<BookingView, BookingError> {
        let guest = booking.holder == Holder::Guest;
        let booking_token = guest.then(|| self.engine.keys.current().booking_token(booking.id));
        Ok(BookingView { booking_token, ..view(layout, booking, &[]) })
    }

    pub(super) async fn hint_and_layout(
        &self,
        show: ShowId,
    ) -> Result<(ShowHint, std::sync::Arc<CachedLayout>), BookingError> {
        let hint = self.engine.hint(show).await?.ok_or(BookingError::NotFound { what: "show" })?;
        let layout = self.engine.layout(hint.layout).await?;
        let layout =
            layout.ok_or_else(|| EngineError::internal(format!("layout {} is gone", hint.layout)))?;
        Ok((hint, layout))
    }

    /// Whether the show turned out to have another layout or price card than was thought.
    pub(super) fn corrected(&self, id: ShowId, hint: ShowHint, show: &Show) -> bool {
        let found = ShowHint { layout: show.layout, price_card: show.price_card };
        self.engine.maps.correct(id, found);
        found != hint
    }

    async fn choose(
        &self,
        layout: &Layout,
        show: ShowId,
        wish: &BestAvailable,
        channel: SalesChannel,
        avoid: &BTreeSet<SeatNo>,
    ) -> Result<(Vec<SeatNo>, Option<bool>), BookingError> {
        let map = self.engine.map(show).await?.ok_or(BookingError::NotFound { what: "show" })?;
        let mut free = map.free(channel);
        for seat in avoid {
            if let Some(place) = free.get_mut(seat.index()) {
                *place = false;
            }
        }
        let filter = self.filter(show, wish).await?;
        let choice = best_available(layout, &free, wish.count as usize, &filter);
        let choice = choice.ok_or(BookingError::NotEnoughSeats { count: wish.count })?;
        Ok((choice.seats, Some(choice.together)))
    }

    /// Reads who has these seats. Both the pointers and the bookings that they point to become checks.
    pub(super) async fn claims(
        &self,
        tx: &mut Tx<'_>,
        show: ShowId,
        seats: &[SeatNo],
        mine: Option<&Booking>,
        asks: Option<SalesChannel>,
    ) -> Result<Claims, BookingError> {
        let seat_keys: Vec<_> = seats.iter().map(|seat| keys::seat(show, *seat)).collect();
        tx.more(seat_keys.iter().map(|key| key.key.clone()).collect()).await?;
        let mut pointed = BTreeMap::new();
        let mut pointers = Vec::with_capacity(seats.len());
        for key in &seat_keys {
            let pointer = tx.get(key)?;
            if let Some(id) = pointer.as_ref().and_then(SeatPointer::booking) {
                pointed.insert(id, None);
            }
            pointers.push(pointer);
        }
        if !pointed.is_empty() {
            tx.more(pointed.keys().map(|id| keys::booking(*id).key).collect()).await?;
            for (id, booking) in &mut pointed {
                *booking = tx.get(&keys::booking(*id))?;
            }
        }
        let (mut claims, mut stale, mut house) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let (now, policy) = (tx.now(), &self.engine.policy);
        for ((seat, key), pointer) in seats.iter().zip(&seat_keys).zip(pointers) {
            let id = pointer.as_ref().and_then(SeatPointer::booking);
            let booking = id.and_then(|id| pointed.get(&id)).and_then(Option::as_ref);
            let claim = rules::claim(pointer.as_ref(), booking, mine, asks, now, policy);
            claims.insert(*seat, claim);
            stale.extend(id.filter(|_| claim == Claim::Stale));
            match pointer.as_ref().and_then(SeatPointer::house) {
                Some(kept) if !kept.is_released(now) => {
                    house.insert(*seat, kept);
                }
                Some(_) if tx.broken(Mutant::ReleaseUnchecked) => tx.uncheck(key),
                _ => {}
            }
        }
        let stale = pointed.into_iter().filter(|(id, _)| stale.contains(id));
        Ok(Claims { claims, stale: stale.filter_map(|(_, booking)| booking).collect(), house })
    }

    /// The rules that a choice of named seats must follow. Staff may leave single seats, and their log tells.
    pub(super) async fn check_choice(
        &self,
        tx: &mut Tx<'_>,
        choice: &Choosing<'_>,
        chosen: &[SeatNo],
        given_back: &[SeatNo],
    ) -> Result<(), BookingError> {
        let Choosing { actor, channel, layout, show, id } = *choice;
        let house = matches!(actor, Actor::Staff { .. } | Actor::System);
        let rules = show.selection.at(show.starts_at, tx.now());
        if !rules.orphans && check_pairs(layout, chosen, &rules).is_ok() {
            return Ok(());
        }
        let not_found = BookingError::NotFound { what: "show" };
        // Whether single seats are left is a matter of manners, not of safety: a map of a moment ago will do to let
        // somebody pass, and only what the store says now will do to refuse.
        let mut refusal = None;
        for fresh in [false, true] {
            let check = |is_free: &dyn Fn(SeatNo) -> bool| {
                let free =
                    |seat: SeatNo| is_free(seat) || given_back.contains(&seat) || chosen.contains(&seat);
                check_selection(layout, chosen, free, &rules)
            };
            let checked = self.engine.look(id, channel, fresh, check).await?;
            match checked.ok_or(not_found.clone())? {
                Ok(()) => return Ok(()),
                Err(orphan) if house && orphan.code == ErrorCode::OrphanSeat => {
                    let left: Vec<&str> = orphan.seats.iter().map(SeatId::as_str).collect();
                    tx.note(format!("leaves single: {}", left.join(", ")));
                    return Ok(());
                }
                Err(found) => refusal = Some(found),
            }
        }
        let Some(mut refusal) = refusal else { return Ok(()) };
        if refusal.instead.is_empty() {
            let mut free = self.engine.map(id).await?.ok_or(not_found)?.free(channel);
            for seat in chosen.iter().chain(given_back) {
                if let Some(place) = free.get_mut(seat.index()) {
                    *place = true;
                }
            }
            refusal.instead = alternative(layout, chosen, &free, &rules);
        }
        // Nobody is offered more than they may have.
        if !house && show.max_seats_per_customer.is_some_and(|most| refusal.instead.len() > most as usize) {
            refusal.instead.clear();
        }
        Err(refused(refusal))
    }

    /// Holds a show's limit of seats per customer: the guard row is read and rewritten by every hold of the customer.
    pub(super) async fn count_for_customer(
        &self,
        tx: &mut Tx<'_>,
        show: &Show,
        booking: &Booking,
    ) -> Result<(), BookingError> {
        let Some(most) = show.max_seats_per_customer else { return Ok(()) };
        let who = match (booking.holder, &booking.customer) {
            (Holder::Staff(_) | Holder::System, _) => return Ok(()),
            (Holder::User(id), _) => id.to_string(),
            (Holder::Guest, Some(customer)) => normal_email(&customer.email),
            (Holder::Guest, None) => {
                let detail = "this show limits seats per customer: customer is required";
                return Err(crate::error::Invalid::one("customer", "required", detail).into());
            }
        };
        let key = keys::cap(booking.show, &who);
        tx.more(vec![key.key.clone()]).await?;
        let earlier = tx.get(&key)?.map(|cap| cap.bookings).unwrap_or_default();
        tx.more(earlier.iter().map(|id| keys::booking(*id).key).collect()).await?;
        let (mut live, mut count) = (vec![booking.id], booking.seats.len());
        for id in earlier.into_iter().filter(|id| *id != booking.id) {
            let Some(other) = tx.get(&keys::booking(id))? else { continue };
            let takeable = rules::takeable_at(&other, &self.engine.policy);
            if !SeatState::of(&other, takeable).is_free(tx.now()) {
                live.push(id);
                count += other.seats.len();
            } else if other.status == BookingStatus::Held {
                // What is not counted must not be confirmed late, by whatever clock.
                tx.put(&keys::booking(id), &expired(other, tx.mark()))?;
            }
        }
        if count > most as usize {
            let detail = format!("a customer may have {most} seats for this show, this would make {count}");
            return Err(BookingError::TooManySeats { most, detail });
        }
        Ok(tx.put(&key, &CustomerCap { v: Form, bookings: live })?)
    }
}

/// A hold of nothing, which costs nothing.
pub(super) fn blank(
    id: BookingId,
    show_id: ShowId,
    show: &Show,
    holder: Holder,
    currency: Currency,
    now: Timestamp,
) -> Booking {
    Booking {
        v: Form,
        id,
        show: show_id,
        layout: show.layout,
        status: BookingStatus::Held,
        holder,
        channel: None,
        customer: None,
        seats: Vec::new(),
        house_seats: Vec::new(),
        changes: Vec::new(),
        ticket_fee_minor: 0,
        fees: Vec::new(),
        discount: None,
        tax: None,
        total: Money::new(0, currency),
        created_at: now,
        until: now,
        payment: None,
        decided_at: None,
        together: None,
        cancellation: None,
        returned: 0,
        mark: None,
    }
}

/// Who chooses seats, and where.
#[derive(Clone, Copy)]
pub(super) struct Choosing<'a> {
    pub(super) actor: &'a Actor,
    pub(super) channel: SalesChannel,
    pub(super) layout: &'a Layout,
    pub(super) show: &'a Show,
    pub(super) id: ShowId,
}

/// Who has the seats that a command wants.
pub(super) struct Claims {
    claims: BTreeMap<SeatNo, Claim>,
    /// Holds that are over.
    stale: Vec<Booking>,
    /// Those that the house keeps, or kept until a booking had them, and has not released.
    house: BTreeMap<SeatNo, HouseSeat>,
}

impl Claims {
    /// What a seat points to once a booking has it.
    pub(super) fn pointer(&self, seat: SeatNo, booking: BookingId) -> SeatPointer {
        match self.house.get(&seat) {
            Some(house) => SeatPointer::Lent { booking, house: house.clone() },
            None => SeatPointer::Booking(booking),
        }
    }

    /// Those that the house lends.
    pub(super) fn lent(&self) -> Vec<SeatNo> {
        self.house.keys().copied().collect()
    }

    pub(super) fn taken(&self, layout: &Layout) -> Vec<SeatId> {
        let taken = self.claims.iter().filter(|(_, claim)| **claim == Claim::Taken);
        taken.filter_map(|(seat, _)| Some(layout.seat(*seat)?.id.clone())).collect()
    }

    pub(super) fn is_taken(&self, seat: SeatNo) -> bool {
        self.claims.get(&seat) == Some(&Claim::Taken)
    }

    /// Ends the holds whose seats are taken over, in the same batch: their confirms will fail on their own version.
    pub(super) fn expire_stale(&self, tx: &mut Tx<'_>) -> Result<(), EngineError> {
        for booking in &self.stale {
            let key = keys::booking(booking.id);
            if tx.broken(Mutant::TakeoverUnchecked) {
                tx.uncheck(&key);
                continue;
            }
            tx.put(&key, &expired(booking.clone(), tx.mark()))?;
        }
        Ok(())
    }
}

/// A hold that gave way. Two who take it over write two different rows: what one of them finds after an unclear answer
/// must not be the other's.
pub(crate) fn expired(booking: Booking, mark: u32) -> Booking {
    Booking { status: BookingStatus::Expired, mark: Some(mark), ..booking }
}

pub(super) fn check_seat_list(seats: &[SeatId], most: usize, fields: &mut Validation) {
    if seats.is_empty() || seats.len() > most {
        fields.refuse("seats", "count", format!("{} seats, allowed are 1 to {most}", seats.len()));
    }
    for (at, seat) in seats.iter().enumerate().take(most) {
        if seats.iter().take(at).any(|other| other == seat) {
            fields.refuse(format!("seats[{at}]"), "duplicate", format!("seat {seat} is named twice"));
        }
    }
}

pub(super) fn check_seats(seats: &[SeatId], types: &[SeatTicketType], fields: &mut Validation) {
    let most = limits::MAX_SEATS_PER_BOOKING;
    check_seat_list(seats, most, fields);
    for (at, typed) in types.iter().enumerate().take(most + 1) {
        let path = format!("ticket_types[{at}]");
        if !seats.contains(&typed.seat) {
            fields.refuse(path, "unknown", format!("seat {} is not among the seats", typed.seat));
        } else if types.iter().take(at).any(|other| other.seat == typed.seat) {
            fields.refuse(path, "duplicate", format!("seat {} is named twice", typed.seat));
        }
    }
}

fn check_request(request: &HoldSeats) -> Result<(), BookingError> {
    let mut fields = Validation::default();
    match &request.best_available {
        None => check_seats(&request.seats, &request.ticket_types, &mut fields),
        Some(wish) => {
            let most = limits::MAX_SEATS_PER_BOOKING;
            if !request.seats.is_empty() {
                fields.refuse("best_available", "contradictory", "give either seats or best_available");
            }
            if !request.ticket_types.is_empty() {
                let detail = "ticket types go with named seats: change them after the hold";
                fields.refuse("ticket_types", "contradictory", detail);
            }
            if wish.count == 0 || wish.count as usize > most {
                let detail = format!("{} seats, allowed are 1 to {most}", wish.count);
                fields.refuse("best_available.count", "out_of_range", detail);
            }
            super::wish::check_price("best_available.max_price_minor", wish.max_price_minor, &mut fields);
        }
    }
    check_customer(request.customer.as_ref(), &mut fields);
    Ok(fields.finish()?)
}

pub(super) fn check_customer(customer: Option<&Customer>, fields: &mut Validation) {
    if let Some(customer) = customer {
        fields.text("customer.name", &customer.name, limits::MAX_NAME_CHARS);
        check_email("customer.email", &customer.email, fields);
    }
}

pub(super) fn with_types(layout: &Layout, chosen: &[SeatNo], types: &[SeatTicketType]) -> Vec<Wanted> {
    let type_of = |seat: SeatNo| {
        let id = &layout.seat(seat)?.id;
        types.iter().find(|typed| typed.seat == *id).map(|typed| typed.ticket_type.clone())
    };
    chosen.iter().map(|seat| (*seat, type_of(*seat))).collect()
}

fn refused(refusal: Refusal) -> BookingError {
    let Refusal { code, seats, instead, detail } = refusal;
    BookingError::Rule { code, seats, alternative: (!instead.is_empty()).then_some(instead), detail }
}
