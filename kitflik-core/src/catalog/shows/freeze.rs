//! A show of which nobody can take a seat for a moment, while somebody makes sure that nobody has.
//!
//! Every hold depends on the row of its show, but does not write it: that would make all customers of a show wait for
//! each other. So whoever must know that a show has no bookings first rewrites its row as frozen, after which no hold
//! is made, and looks then. A freeze that was forgotten, by a crash, is undone by `tick`; whoever comes back to it
//! finds the row changed.

use std::time::Duration;

use super::edit::current;
use crate::bookings::Bookings;
use crate::catalog::items::unused;
use crate::catalog::{Catalog, CatalogError};
use crate::error::EngineError;
use crate::ids::ShowId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, FrozenShow, Show};
use crate::store::tx::Loaded;
use crate::time::Timestamp;

/// How long whoever froze a show has to finish.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Frozen shows that one tick looks at.
const SHOWS_PER_TICK: u32 = 20;

impl Catalog<'_> {
    /// Lets nobody take a seat any more, and answers the revision that the show has then.
    pub(in crate::catalog) async fn freeze(
        &self,
        id: ShowId,
        revision: Option<u64>,
    ) -> Result<u64, CatalogError> {
        let (key, frozen) = (keys::show(id), keys::frozen_show(id));
        let mut tx = self.engine.begin();
        loop {
            let wanted = vec![key.key.clone(), frozen.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            let show = current(&tx, id, revision)?;
            if let (Some(_), Some(revision)) = (show.frozen, tx.revision(&key)) {
                return Ok(revision);
            }
            let mark = tx.mark();
            tx.put(&frozen, &FrozenShow { v: Form, at: tx.now(), mark })?;
            tx.put(&key, &Show { frozen: Some(mark), ..show })?;
            if let Some(version) = tx.commit(Durability::Durable, &()).await? {
                return Ok(version.0);
            }
        }
    }

    /// Lets seats be taken again.
    pub(in crate::catalog) async fn thaw(&self, id: ShowId) -> Result<(), CatalogError> {
        let (key, frozen) = (keys::show(id), keys::frozen_show(id));
        let mut tx = self.engine.begin();
        loop {
            let wanted = vec![key.key.clone(), frozen.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            tx.delete(&frozen);
            match tx.get(&key)? {
                Some(show) if show.frozen.is_some() => {
                    let mark = Some(tx.mark());
                    tx.put(&key, &Show { frozen: None, mark, ..show })?;
                }
                _ if tx.get(&frozen)?.is_none() => return Ok(()),
                _ => {}
            }
            // Its revision is another: editors have to see it.
            if self.publish(&mut tx, &()).await? {
                return Ok(());
            }
        }
    }

    /// Undoes freezes that were forgotten. Returns when to look again.
    pub(crate) async fn thaw_forgotten(&self) -> Result<Option<Timestamp>, EngineError> {
        let mut next: Option<Timestamp> = None;
        for (row, frozen) in self.engine.scan(&keys::frozen_shows(), SHOWS_PER_TICK, false).await? {
            let due = frozen.at.plus(FORGOTTEN);
            if due > self.engine.now() {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            let Some(id) = row.key.rsplit('/').next().and_then(|id| id.parse().ok()) else { continue };
            self.thaw(id).await.map_err(|error| match error {
                CatalogError::Engine(error) => error,
                other => EngineError::internal(other.to_string()),
            })?;
        }
        Ok(next)
    }

    /// Refuses if anybody has a seat of a frozen show, and lets it thaw then. Holds that are over are ended.
    /// `deleting`: blocked seats are let go, and sales that were undone count, too.
    pub(super) async fn refuse_bookings(&self, id: ShowId, deleting: bool) -> Result<(), CatalogError> {
        let bookings = Bookings { engine: self.engine };
        // Seats are let go last: a show that stays keeps those that the house keeps.
        let mut kept = bookings.live_for(id).await?;
        if kept.is_empty() && deleting {
            kept = bookings.sold_for(id).await?;
        }
        if kept.is_empty() {
            kept = bookings.clear_show(id, deleting).await?;
        }
        if !kept.is_empty() {
            self.thaw(id).await?;
        }
        refuse(&kept)
    }

    /// The same at a glance, before anything is frozen: mostly there is something, or there never was.
    pub(super) async fn refuse_live(&self, id: ShowId) -> Result<(), CatalogError> {
        refuse(&Bookings { engine: self.engine }.live_for(id).await?)
    }
}

fn refuse(bookings: &[String]) -> Result<(), CatalogError> {
    let instead = "close its sales, or move it where its seats are the same";
    unused("show", "bookings", bookings, instead)
}
