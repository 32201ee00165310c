//! Cancel: a show will not take place. Nobody can buy a seat any more, all money goes back, and everybody is told.
//!
//! One commit marks the show as cancelled and leaves a row; from then on no hold is made. Every booking that there is
//! then has a seat that points to it: by that row they are undone, one commit each and a bounded number at a time. So
//! each is undone once, whoever does it, and what is cut off in between [`Kitflik::tick`](crate::Kitflik::tick) goes on
//! with.

use std::collections::BTreeSet;

use super::edit::current;
use crate::actor::{Actor, Permission};
use crate::bookings::Bookings;
use crate::catalog::{CancelShow, Catalog, CatalogError, ShowCancellationView};
use crate::error::{EngineError, Validation};
use crate::ids::{BookingId, ShowId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{CancelledShow, CancellingShow, Form, Show};
use crate::store::tx::{Loaded, Mutant};
use crate::time::Timestamp;

/// Bookings that are undone in one step.
const UNDONE_AT_ONCE: usize = 16;
/// Steps that whoever cancels a show takes before `tick` goes on.
const STEPS: u32 = 4;
/// Cancelled shows that one tick looks at.
const SHOWS_PER_TICK: u32 = 8;

impl Catalog<'_> {
    /// Cancels a show. From this commit on nobody can hold a seat of it; then every sale is undone, its money goes
    /// back with all fees, and its holder is told, a bounded number at a time: [`Catalog::show_cancellation`] says
    /// how far it is. Holds end, and a payment that is in flight for one is given back. The show stays to be seen,
    /// as cancelled; its auditorium is free for another.
    ///
    /// Cancelling what is cancelled changes nothing, and answers how far it is.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Invalid`] without a reason, [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn cancel_show(
        &self,
        actor: &Actor,
        id: ShowId,
        request: &CancelShow,
    ) -> Result<ShowCancellationView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let mut fields = Validation::default();
        fields.text("reason", &request.reason, limits::MAX_REASON_CHARS);
        fields.finish()?;
        let command = (id, request);
        let mut tx = self.engine.begin_command(actor, request.command.as_ref(), "cancel_show", &command)?;
        let (key, frozen) = (keys::show(id), keys::frozen_show(id));
        loop {
            let wanted = vec![key.key.clone(), frozen.key.clone()];
            if let Loaded::Replay(()) = tx.load(Durability::Durable, wanted).await? {
                self.engine.catalog.look_again(); // another process may have done it just now
                return self.cancellation_of(id).await;
            }
            let show = current(&tx, id, None)?;
            if show.cancelled {
                if request.command.is_none() {
                    // What is seen may not be durable yet.
                    tx.barrier(Durability::Durable).await?;
                } else if tx.commit(Durability::Durable, &()).await?.is_none() {
                    continue;
                }
                return self.cancellation_of(id).await;
            }
            let (at, mark, reason) = (tx.now(), tx.mark(), request.reason.clone());
            tx.more(vec![keys::schedule(show.auditorium).key]).await?;
            self.guard(&mut tx, show.auditorium, -1)?;
            tx.delete(&keys::scheduled_show(show.auditorium, show.starts_at, id));
            // Whoever froze it finds it changed, and looks again.
            tx.delete(&frozen);
            tx.put(&key, &Show { cancelled: true, frozen: None, mark: Some(mark), ..show })?;
            tx.put(&keys::cancelled_show(id), &CancelledShow { v: Form, at, reason: reason.clone() })?;
            let row = CancellingShow { v: Form, reason, mark, looked_through: None, again: false };
            if !tx.broken(Mutant::CancelForgotten) {
                tx.put(&keys::cancelling_show(id), &row)?;
            }
            if self.publish(&mut tx, &()).await? {
                self.engine.maps.forget(id);
                self.undo_now(id).await;
                return self.cancellation_of(id).await;
            }
        }
    }

    /// How far the cancellation of a show is.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`] unless the show is cancelled, [`CatalogError::Denied`] unless staff who manage
    /// bookings ask, or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn show_cancellation(
        &self,
        actor: &Actor,
        id: ShowId,
    ) -> Result<ShowCancellationView, CatalogError> {
        actor.may(Permission::ManageBookings)?;
        self.cancellation_of(id).await
    }

    async fn cancellation_of(&self, id: ShowId) -> Result<ShowCancellationView, CatalogError> {
        let engine = self.engine;
        let found = engine.get(&keys::cancelled_show(id)).await?;
        let found = found.ok_or(CatalogError::NotFound { what: "cancelled show" })?;
        let left = match engine.get(&keys::cancelling_show(id)).await? {
            Some(row) => {
                let from = row.looked_through.filter(|_| !row.again);
                Some(self.still_to_undo(id, from).await?.len())
            }
            None => None,
        };
        Ok(ShowCancellationView {
            show_id: id,
            cancelled_at: found.at,
            reason: found.reason,
            done: left.is_none(),
            left: u32::try_from(left.unwrap_or(0)).unwrap_or(u32::MAX),
        })
    }

    /// The cancellation is committed: whatever fails here, `tick` does later.
    async fn undo_now(&self, id: ShowId) {
        for _ in 0..STEPS {
            if !matches!(self.undo_some(id).await, Ok(true)) {
                break;
            }
        }
    }

    /// Goes on with undoing the bookings of cancelled shows. Returns when to go on again. What is wrong with one of
    /// them
    /// keeps no other waiting; the first fault is answered once all had their step.
    pub(crate) async fn undo_cancelled(&self) -> Result<Option<Timestamp>, EngineError> {
        let rows = self.engine.scan_rows(&keys::cancelling_shows(), SHOWS_PER_TICK, false).await?;
        let (any, mut fault) = (!rows.is_empty(), None);
        for row in rows {
            let Some(id) = row.key.rsplit('/').next().and_then(|id| id.parse().ok()) else { continue };
            if let Err(error) = self.undo_some(id).await {
                fault = fault.or(Some(error));
            }
        }
        fault.map_or_else(|| Ok(any.then(|| self.engine.now())), Err)
    }

    /// The bookings that seats of a show point to, from one on.
    async fn still_to_undo(
        &self,
        id: ShowId,
        looked_through: Option<BookingId>,
    ) -> Result<BTreeSet<BookingId>, EngineError> {
        let pointers = self.engine.scan_all(&keys::seats(id)).await?;
        let pointed = pointers.iter().filter_map(|(_, pointer)| pointer.booking());
        Ok(pointed.filter(|id| looked_through.is_none_or(|last| *id > last)).collect())
    }

    /// One bounded step. Whether there are more. Several may take it at once: each booking is undone once. One that
    /// cannot be undone is passed over, and looked at again once the others are done.
    async fn undo_some(&self, id: ShowId) -> Result<bool, EngineError> {
        let (engine, key): (_, Typed<CancellingShow>) = (self.engine, keys::cancelling_show(id));
        let mut tx = engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(true);
        };
        let Some(row) = tx.get(&key)? else { return Ok(false) };
        let left = self.still_to_undo(id, row.looked_through).await?;
        let some: Vec<BookingId> = left.iter().copied().take(UNDONE_AT_ONCE).collect();
        let mut fault = None;
        for booking in &some {
            if let Err(error) = (Bookings { engine }).cancel_for_show(*booking, &row.reason).await {
                fault = fault.or(Some(error));
            }
        }
        let (more, mark) = (left.len() > some.len(), tx.mark());
        let again = row.again || fault.is_some();
        match some.last().filter(|_| more) {
            Some(last) => {
                tx.put(&key, &CancellingShow { looked_through: Some(*last), mark, again, ..row })?;
            }
            None if again => {
                tx.put(&key, &CancellingShow { looked_through: None, mark, again: false, ..row })?;
            }
            None => tx.delete(&key),
        }
        let committed = tx.commit(Durability::Durable, &()).await?.is_some();
        fault.map_or(Ok(more || again || !committed), Err)
    }
}
