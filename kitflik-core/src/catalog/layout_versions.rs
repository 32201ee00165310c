//! Another layout for an auditorium, and which of its shows have it.

use std::collections::BTreeMap;

use super::cache::CachedLayout;
use super::items::Of;
use super::{
    AuditoriumView, Catalog, CatalogError, LayoutReport, MoveShows, SeatsOutcome, SetLayout, ShowSeats,
};
use crate::actor::{Actor, Permission};
use crate::bookings::maps::ShowHint;
use crate::bookings::{Relocation, relocate};
use crate::error::EngineError;
use crate::ids::{AuditoriumId, LayoutId, ShowId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::seats::layout::Layout;
use crate::store::keys;
use crate::store::records::{Auditorium, PriceCard, Show};
use crate::store::tx::{Loaded, Tx};

/// Earlier layouts that an auditorium knows.
const MOST_EARLIER: usize = 50;

/// Where a show is to be moved.
struct Target<'a> {
    hall: AuditoriumId,
    id: LayoutId,
    layout: &'a Layout,
    shows: MoveShows,
}

impl Catalog<'_> {
    /// Gives an auditorium other seats: a new version of its layout. Shows that are added from now on have it; which
    /// of those that there are have it too is for the caller to say, and the report tells of each.
    ///
    /// A show is moved as a whole or not at all. Whoever has a seat of it keeps that seat, by its id, and their
    /// tickets; a show of which a seat that is held or sold has no counterpart keeps its layout. The same command,
    /// sent again, moves what could not be moved before.
    ///
    /// `revision` is the one that the editor has seen; `None` changes whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn set_layout(
        &self,
        actor: &Actor,
        id: AuditoriumId,
        revision: Option<u64>,
        new: &SetLayout,
    ) -> Result<LayoutReport, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        self.auditorium(id).await?;
        let layout = self.store_layout(&new.layout).await?;
        let request = (id, revision, layout, new.shows);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "set_layout", &request)?;
        let (of, key) = (Of { what: "auditorium", revision }, keys::auditorium(id));
        while let Some(before) = self.current(&mut tx, of, &key).await? {
            if before.layout == layout {
                break;
            }
            let mut earlier = before.earlier.clone();
            earlier.push(before.layout);
            earlier.drain(..earlier.len().saturating_sub(MOST_EARLIER));
            let seats = u32::try_from(new.layout.seats().len()).unwrap_or(u32::MAX);
            tx.put(&key, &Auditorium { layout, seats, earlier, ..before })?;
            if self.publish(&mut tx, &()).await? {
                break;
            }
        }
        let target = Target { hall: id, id: layout, layout: &new.layout, shows: new.shows };
        let mut shows = Vec::new();
        for (show_id, show) in self.coming_in(id).await? {
            let seen = self.foresee(show_id, &show, &target).await?;
            let outcome = match seen.outcome {
                SeatsOutcome::Moved if show.layout != layout => {
                    self.move_show_seats(actor, show_id, &target).await?
                }
                outcome => outcome,
            };
            shows.push(ShowSeats { outcome, ..seen });
        }
        self.report(self.auditorium(id).await?, layout, shows)
    }

    /// What [`Catalog::set_layout`] would do. Nothing is changed.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn preview_layout(
        &self,
        actor: &Actor,
        id: AuditoriumId,
        new: &SetLayout,
    ) -> Result<LayoutReport, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let auditorium = self.auditorium(id).await?;
        let layout = super::layouts::id_of(&new.layout)?;
        let target = Target { hall: id, id: layout, layout: &new.layout, shows: new.shows };
        let mut shows = Vec::new();
        for (show_id, show) in self.coming_in(id).await? {
            shows.push(self.foresee(show_id, &show, &target).await?);
        }
        self.report(auditorium, layout, shows)
    }

    fn report(
        &self,
        auditorium: AuditoriumView,
        layout_id: LayoutId,
        mut shows: Vec<ShowSeats>,
    ) -> Result<LayoutReport, CatalogError> {
        shows.sort_by_key(|show| (show.starts_at, show.show_id));
        Ok(LayoutReport { auditorium, layout_id, shows })
    }

    async fn coming_in(&self, hall: AuditoriumId) -> Result<Vec<(ShowId, Show)>, EngineError> {
        let now = self.engine.now();
        let shows = self.engine.scan_all(&keys::shows()).await?;
        let coming = shows
            .into_iter()
            .filter(|(_, show)| show.auditorium == hall && show.ends_at > now && !show.cancelled);
        Ok(coming.filter_map(|(row, show)| Some((row.key.rsplit('/').next()?.parse().ok()?, show))).collect())
    }

    /// What would become of a show, by what its seats are a moment ago.
    async fn foresee(&self, id: ShowId, show: &Show, to: &Target<'_>) -> Result<ShowSeats, CatalogError> {
        let pointers = self.engine.scan_all(&keys::seats(id)).await?;
        let pointers: BTreeMap<_, _> = pointers
            .into_iter()
            .filter_map(|(row, pointer)| Some((keys::seat_number(&row.key)?, pointer)))
            .collect();
        let ids: std::collections::BTreeSet<_> =
            pointers.values().filter_map(|pointer| pointer.booking()).collect();
        let found = self.engine.get_many(ids.iter().map(|id| keys::booking(*id))).await?;
        let bookings = ids.into_iter().zip(found).filter_map(|(id, found)| Some((id, found?.0))).collect();
        let old = self.layout_of_show(show).await?;
        let (now, policy) = (self.engine.now(), &self.engine.policy);
        let plan = relocate((&old.layout, to.layout, to.id), &pointers, &bookings, now, policy);
        let card = self.engine.get(&keys::price_card(show.price_card)).await?;
        let outcome = decide(show, &plan, card.as_ref(), to);
        Ok(ShowSeats {
            show_id: id,
            starts_at: show.starts_at,
            outcome,
            taken: plan.taken,
            missing: if show.layout == to.id { Vec::new() } else { plan.missing },
        })
    }

    async fn layout_of_show(&self, show: &Show) -> Result<std::sync::Arc<CachedLayout>, EngineError> {
        let layout = self.engine.layout(show.layout).await?;
        layout.ok_or_else(|| EngineError::internal(format!("the layout {} is gone", show.layout)))
    }

    /// Moves a show, in one batch. Nobody can take a seat meanwhile, so what is found then is all there is.
    async fn move_show_seats(
        &self,
        actor: &Actor,
        id: ShowId,
        to: &Target<'_>,
    ) -> Result<SeatsOutcome, CatalogError> {
        let outcome = match self.try_move(actor, id, to).await {
            // It was deleted meanwhile, or too many others change it.
            Err(CatalogError::NotFound { .. } | CatalogError::Engine(EngineError::Contended)) => {
                SeatsOutcome::Busy
            }
            Err(other) => {
                self.thaw(id).await?;
                return Err(other);
            }
            Ok(outcome) => outcome,
        };
        // Whatever came of it, nobody has to wait any longer; mostly the move itself has seen to that.
        self.thaw(id).await?;
        Ok(outcome)
    }

    async fn try_move(
        &self,
        actor: &Actor,
        id: ShowId,
        to: &Target<'_>,
    ) -> Result<SeatsOutcome, CatalogError> {
        let (key, hall, frozen) = (keys::show(id), keys::auditorium(to.hall), keys::frozen_show(id));
        // Holds depend on the show's row, and blocks on this one.
        let house = keys::house_seats(id);
        let mut tx = self.engine.begin_command(actor, None, "set_layout", &())?;
        self.freeze(id, None).await?;
        loop {
            let wanted = vec![key.key.clone(), hall.key.clone(), frozen.key.clone(), house.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            let Some(show) = tx.get(&key)? else { return Ok(SeatsOutcome::Busy) };
            if show.layout == to.id {
                return Ok(SeatsOutcome::Moved);
            }
            let current = tx.get(&hall)?.is_some_and(|hall| hall.layout == to.id);
            if show.frozen.is_none() || !current || show.auditorium != to.hall {
                return Ok(SeatsOutcome::Busy);
            }
            let card_key = keys::price_card(show.price_card);
            tx.more(vec![card_key.key.clone()]).await?;
            let Some(plan) = self.plan_move(&mut tx, id, &show, to).await? else {
                return Ok(SeatsOutcome::TooLarge);
            };
            match decide(&show, &plan, tx.get(&card_key)?.as_ref(), to) {
                SeatsOutcome::Moved => {}
                other => return Ok(other),
            }
            self.write_move(&mut tx, id, &plan).await?;
            let hint = ShowHint { layout: to.id, price_card: show.price_card };
            tx.put(&key, &Show { layout: to.id, frozen: None, ..show })?;
            tx.delete(&frozen);
            if !tx.fits() {
                return Ok(SeatsOutcome::TooLarge);
            }
            if self.publish(&mut tx, &()).await? {
                self.engine.maps.correct(id, hint);
                return Ok(SeatsOutcome::Moved);
            }
        }
    }

    /// Reads who has the seats of a frozen show, and what they become; all of it becomes checks. `None`: too many.
    async fn plan_move(
        &self,
        tx: &mut Tx<'_>,
        id: ShowId,
        show: &Show,
        to: &Target<'_>,
    ) -> Result<Option<Relocation>, CatalogError> {
        let rows = self.engine.scan_rows(&keys::seats(id), limits::MAX_BATCH_CHECKS as u32, false).await?;
        if rows.len() >= limits::MAX_BATCH_CHECKS {
            return Ok(None);
        }
        tx.more(rows.iter().map(|row| row.key.clone()).collect()).await?;
        let mut pointers = BTreeMap::new();
        for row in &rows {
            let Some(seat) = keys::seat_number(&row.key) else { continue };
            if let Some(pointer) = tx.get(&keys::seat(id, seat))? {
                pointers.insert(seat, pointer);
            }
        }
        let mut bookings = BTreeMap::new();
        let ids: std::collections::BTreeSet<_> =
            pointers.values().filter_map(|pointer| pointer.booking()).collect();
        tx.more(ids.iter().map(|id| keys::booking(*id).key).collect()).await?;
        for id in ids {
            if let Some(booking) = tx.get(&keys::booking(id))? {
                bookings.insert(id, booking);
            }
        }
        let old = self.layout_of_show(show).await?;
        let (now, policy) = (tx.now(), &self.engine.policy);
        Ok(Some(relocate((&old.layout, to.layout, to.id), &pointers, &bookings, now, policy)))
    }

    async fn write_move(&self, tx: &mut Tx<'_>, id: ShowId, plan: &Relocation) -> Result<(), EngineError> {
        tx.more(plan.pointers.keys().map(|seat| keys::seat(id, *seat).key).collect()).await?;
        for (seat, pointer) in &plan.pointers {
            match pointer {
                Some(pointer) => tx.put(&keys::seat(id, *seat), pointer)?,
                None => tx.delete(&keys::seat(id, *seat)),
            }
        }
        for booking in &plan.moved {
            tx.put(&keys::booking(booking.id), booking)?;
        }
        for booking in &plan.over {
            let over = crate::bookings::expired(booking.clone(), tx.mark());
            tx.put(&keys::booking(booking.id), &over)?;
        }
        Ok(())
    }
}

fn decide(show: &Show, plan: &Relocation, card: Option<&PriceCard>, to: &Target<'_>) -> SeatsOutcome {
    if show.layout == to.id {
        return SeatsOutcome::Moved;
    }
    let categories = to.layout.categories();
    let priced = |card: &PriceCard| {
        categories.iter().all(|category| card.prices.iter().any(|price| price.category == category.id))
    };
    match to.shows {
        MoveShows::None => SeatsOutcome::Kept,
        MoveShows::Unsold if plan.taken > 0 => SeatsOutcome::Kept,
        _ if !plan.missing.is_empty() => SeatsOutcome::MissingSeats,
        _ if !card.is_some_and(priced) => SeatsOutcome::Unpriced,
        MoveShows::Unsold | MoveShows::All => SeatsOutcome::Moved,
    }
}
