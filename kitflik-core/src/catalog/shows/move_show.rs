//! Move: a show gets another time or place, and whoever has tickets is told.
//!
//! One commit moves the show and leaves a row from which each holder gets a mail, a bounded number at a time; what is
//! cut off in between, [`Kitflik::tick`](crate::Kitflik::tick) goes on with. Whoever buys after the move is told the
//! new time by the mail of the sale.

use std::collections::BTreeSet;
use std::time::Duration;

use super::edit::current;
use super::plan::{ambiguous, at, check_card};
use super::rules::minutes;
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingStatus, Bookings};
use crate::catalog::{Catalog, CatalogError, MoveShow, ShowView};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, MailId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{Form, MailContent, MovedShow, Outbox, Show};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;

/// Bookings whose holders are told in one commit.
const TOLD_AT_ONCE: usize = 32;
/// Steps that whoever moves a show takes before `tick` goes on.
const STEPS: u32 = 4;
/// Moved shows that one tick looks at.
const MOVES_PER_TICK: u32 = 8;
/// How far apart clocks may be, and how long a commit may take: what was sold so long after a move was sold after it.
const CLOCKS_APART: Duration = Duration::from_secs(60 * 60);

impl Catalog<'_> {
    /// Moves a show to another time or auditorium, or changes how long it takes. Holders of confirmed bookings get a
    /// mail with the new time and their tickets anew: those that they had are signed for the old time.
    ///
    /// Another auditorium must have the same layout; or the show has no bookings, and gets the seats of that
    /// auditorium. What of its sales goes with the start goes with it.
    ///
    /// `revision` is the one that the editor has seen; `None` moves whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::ShowOverlap`] names the show that is there, [`CatalogError::InUse`] (bookings that have no seats
    /// in the other auditorium), [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Invalid`],
    /// [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn move_show(
        &self,
        actor: &Actor,
        id: ShowId,
        revision: Option<u64>,
        request: &MoveShow,
    ) -> Result<ShowView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        check(request)?;
        let command = (id, revision, request);
        let mut tx = self.engine.begin_command(actor, request.command.as_ref(), "move_show", &command)?;
        let (key, frozen) = (keys::show(id), keys::frozen_show(id));
        let mut expected = revision;
        loop {
            // Who blocks seats rewrites the third: none may be of a layout that the show has not any more.
            let wanted = vec![key.key.clone(), frozen.key.clone(), keys::house_seats(id).key];
            if let Loaded::Replay(()) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.show(id).await;
            }
            let show = current(&tx, id, expected)?;
            if show.cancelled || show.ends_at <= tx.now() {
                let detail = "a show that is over or cancelled cannot be moved";
                return Err(Invalid::one("starts_at_local", "over", detail).into());
            }
            let moved = self.moved(&mut tx, id, &show, request).await?;
            if moved.layout != show.layout {
                if show.frozen.is_none() {
                    self.refuse_live(id).await?;
                    let revision = self.freeze(id, expected).await?;
                    expected = expected.map(|_| revision);
                    continue;
                }
                self.refuse_bookings(id, false).await?;
                tx.delete(&frozen);
            }
            let place = |show: &Show| (show.auditorium, show.starts_at);
            let told = if place(&moved) == place(&show) {
                None
            } else {
                tx.delete(&keys::scheduled_show(show.auditorium, show.starts_at, id));
                self.promise(&mut tx, id, &show).await?
            };
            if moved.auditorium == show.auditorium {
                self.guard(&mut tx, show.auditorium, 0)?;
            } else {
                self.guard(&mut tx, show.auditorium, -1)?;
                self.guard(&mut tx, moved.auditorium, 1)?;
            }
            self.put_show(&mut tx, id, &moved)?;
            if self.publish(&mut tx, &()).await? {
                self.engine.maps.forget(id);
                if let Some(told) = told {
                    self.tell_now(&told).await;
                }
                return self.show(id).await;
            }
        }
    }

    /// The show where it is wanted, if it can be there.
    async fn moved(
        &self,
        tx: &mut Tx<'_>,
        id: ShowId,
        show: &Show,
        request: &MoveShow,
    ) -> Result<Show, CatalogError> {
        let target = request.auditorium_id.unwrap_or(show.auditorium);
        tx.more(vec![keys::schedule(show.auditorium).key, keys::schedule(target).key]).await?;
        let (auditorium, venue) = self.place(tx, target).await?;
        if target != show.auditorium && (auditorium.archived || venue.archived) {
            let detail = "the auditorium is archived: restore it first";
            return Err(Invalid::one("auditorium_id", "archived", detail).into());
        }
        let zone = venue.zone;
        let starts_at = match request.starts_at_local {
            None => show.starts_at,
            Some(local) => local.resolve_as(zone, request.clock_change).map_err(|error| ambiguous(&error))?,
        };
        let mut moved = at(show, starts_at, false);
        moved.mark = Some(tx.mark());
        if let Some(length) = request.duration_minutes {
            moved.ends_at = starts_at.plus(minutes(length));
            moved.sales_close_at = moved.sales_close_at.min(moved.ends_at);
        }
        if moved.ends_at <= tx.now() {
            let detail = format!(
                "it would be over since {}: a show is moved to a time that is to come",
                moved.ends_at
            );
            return Err(Invalid::one("starts_at_local", "out_of_range", detail).into());
        }
        if moved.sales_open_at >= moved.sales_close_at && show.sales_open_at < show.sales_close_at {
            let (open, close) = (moved.sales_open_at, moved.sales_close_at);
            let detail = format!("sales would open at {open} and close at {close}: edit their window first");
            return Err(Invalid::one("starts_at_local", "out_of_range", detail).into());
        }
        if target != show.auditorium {
            moved.auditorium = target;
            if auditorium.layout != show.layout {
                moved.layout = auditorium.layout;
                moved.frozen = None;
                let card = keys::price_card(show.price_card);
                tx.more(vec![card.key.clone()]).await?;
                let card = tx.get(&card)?.ok_or(CatalogError::NotFound { what: "price card" })?;
                let mut fields = Validation::default();
                check_card(&card, &self.layout_of(&moved).await?.layout, &mut fields);
                fields.finish()?;
            }
        }
        if (moved.auditorium, starts_at) != (show.auditorium, show.starts_at) {
            moved.moved_at = Some(tx.now().millis());
        }
        let mut taken = self.taken(target, moved.starts_at, moved.ends_at).await?;
        taken.remove(id);
        if let Some(other) = taken.clash(moved.starts_at, moved.ends_at) {
            let clash = self.clash(other, zone).await?;
            return Err(CatalogError::ShowOverlap(Box::new(clash)));
        }
        Ok(moved)
    }

    /// Writes the row from which the holders are told.
    async fn promise(
        &self,
        tx: &mut Tx<'_>,
        id: ShowId,
        before: &Show,
    ) -> Result<Option<Typed<MovedShow>>, CatalogError> {
        if tx.broken(Mutant::MoveUntold) {
            return Ok(None);
        }
        let hall = keys::auditorium(before.auditorium);
        tx.more(vec![hall.key.clone()]).await?;
        let hall = tx.get(&hall)?;
        let catalogue = self.engine.catalogue().await?;
        // A venue is never moved.
        let venue = hall.as_ref().and_then(|hall| catalogue.venues.get(&hall.venue));
        let zone = venue.map(|venue| venue.zone);
        let auditorium = hall.map(|hall| hall.name).unwrap_or_default();
        // Not when the command began: whoever buys until it is done bought before the move.
        let (at, mark) = (self.engine.now(), tx.mark());
        let key = keys::moved_show(id, at, mark);
        let (from, looked_through) = (before.starts_at, None);
        tx.put(&key, &MovedShow { v: Form, show: id, at, from, auditorium, zone, mark, looked_through })?;
        Ok(Some(key))
    }

    /// The move is committed: whatever fails here, `tick` does later.
    async fn tell_now(&self, key: &Typed<MovedShow>) {
        for _ in 0..STEPS {
            if !matches!(self.tell(key).await, Ok(true)) {
                break;
            }
        }
    }

    /// Goes on with telling the holders of moved shows. Returns when to go on again.
    pub(crate) async fn tell_moved(&self) -> Result<Option<Timestamp>, EngineError> {
        let rows = self.engine.scan_rows(&keys::moved_shows(), MOVES_PER_TICK, false).await?;
        let any = !rows.is_empty();
        for row in rows {
            self.tell(&Typed::raw(row.key)).await?;
        }
        Ok(any.then(|| self.engine.now()))
    }

    /// One bounded step. Whether there are more. Several may take it at once: one of them commits.
    async fn tell(&self, key: &Typed<MovedShow>) -> Result<bool, EngineError> {
        let engine = self.engine;
        let mut tx = engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(true);
        };
        let Some(row) = tx.get(key)? else { return Ok(false) };
        let pointers = engine.scan_all(&keys::seats(row.show)).await?;
        let wanted: BTreeSet<BookingId> = pointers
            .iter()
            .filter_map(|(_, pointer)| pointer.booking())
            .filter(|id| row.looked_through.is_none_or(|last| *id > last))
            .collect();
        let wanted: Vec<BookingId> = wanted.into_iter().take(TOLD_AT_ONCE).collect();
        tx.more(wanted.iter().map(|id| keys::booking(*id).key).collect()).await?;
        let last = row.at.plus(CLOCKS_APART).millis();
        for id in &wanted {
            let Some(booking) = tx.get(&keys::booking(*id))? else { continue };
            let sold = booking.status == BookingStatus::Confirmed;
            if !sold || booking.decided_at.is_some_and(|decided| decided > last) {
                continue;
            }
            let address = Bookings { engine }.mail_address(&mut tx, &booking).await?;
            let Some((to, to_name)) = address else { continue };
            let mail = MailId::new(tx.now(), engine.random());
            let (from, zone) = (row.from, row.zone);
            let auditorium = row.auditorium.clone();
            let content = MailContent::ShowMoved { booking: *id, from, auditorium, zone };
            let to_name = Some(to_name);
            let outbox = Outbox::new(mail, to, to_name, content);
            tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
        }
        let more = wanted.len() == TOLD_AT_ONCE;
        match wanted.last().filter(|_| more) {
            Some(last) => tx.put(key, &MovedShow { looked_through: Some(*last), mark: tx.mark(), ..row })?,
            None => tx.delete(key),
        }
        let committed = tx.commit(Durability::Durable, &()).await?.is_some();
        Ok(more || !committed)
    }
}

fn check(request: &MoveShow) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    let MoveShow { auditorium_id, starts_at_local, duration_minutes, .. } = request;
    if auditorium_id.is_none() && starts_at_local.is_none() && duration_minutes.is_none() {
        let detail = "say where the show is moved to: auditorium_id, starts_at_local or duration_minutes";
        fields.refuse("starts_at_local", "required", detail);
    }
    if duration_minutes.is_some_and(|minutes| minutes == 0 || minutes > 24 * 60) {
        fields.refuse("duration_minutes", "out_of_range", "duration_minutes must be 1 to 1440");
    }
    fields.finish()
}
