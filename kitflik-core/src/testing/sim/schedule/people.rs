//! Managers, who all work on the same days of the same halls, and customers.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::auditor::Auditor;
use crate::testing::ports::SeededEntropy;
use crate::testing::sim::turn;
use crate::{
    Actor, AuditoriumId, CancelBooking, CancelShow, CatalogError, ConfirmBooking, CopyWeek, Date, EditShow,
    HoldSeats, Kitflik, LocalTime, MoveShow, MovieId, NewPriceCard, NewShow, PriceCardId, RepeatShow, Role,
    ScheduleQuery, SelectionRules, ShowId, StaffId, TimeOfDay,
};

/// What is there before the managers come.
#[derive(Debug, Clone)]
pub(super) struct Halls {
    pub(super) movie: MovieId,
    pub(super) card: PriceCardId,
    pub(super) halls: Vec<AuditoriumId>,
}

/// The first day of the week that all work on.
const MONDAY: &str = "2026-11-30";
/// The first day of the week after.
const NEXT_MONDAY: &str = "2026-12-07";

pub(super) struct Person {
    pub(super) number: usize,
    pub(super) engine: Kitflik,
    pub(super) luck: Arc<SeededEntropy>,
    pub(super) halls: Halls,
    pub(super) auditor: Rc<RefCell<Auditor>>,
}

impl Person {
    fn date(&self, days: u64) -> Option<Date> {
        format!("2026-12-{:02}", 1 + days).parse().ok()
    }

    fn time(&self) -> Option<TimeOfDay> {
        format!("{:02}:{:02}", 12 + self.luck.below(11), 15 * self.luck.below(4)).parse().ok()
    }

    fn start(&self) -> Option<LocalTime> {
        Some(self.date(self.luck.below(3))?.at(self.time()?))
    }

    fn hall(&self) -> Option<AuditoriumId> {
        let which = usize::try_from(self.luck.below(self.halls.halls.len() as u64)).unwrap_or(0);
        self.halls.halls.get(which).copied()
    }

    fn manager(&self) -> Actor {
        let id = StaffId::from_bytes([u8::try_from(self.number % 2).unwrap_or(0) + 1; 16]);
        Actor::Staff { id, role: Role::Manager }
    }

    async fn idle(&self, most: u64) {
        for _ in 0..self.luck.below(most) {
            turn().await;
        }
    }

    /// A show as it is seen, with its revision.
    async fn some_show(&self) -> Option<(ShowId, u64)> {
        let (from, to) = ("2026-11-27".parse().ok()?, "2026-12-13".parse().ok()?);
        let query = ScheduleQuery { venue_id: None, auditorium_id: None, from, to };
        let told = self.engine.catalog().schedule(&query).await.ok()?;
        let days = told.auditoriums.into_iter().flat_map(|hall| hall.days);
        let shows: Vec<_> = days.flat_map(|day| day.shows).map(|show| (show.id, show.revision)).collect();
        let which = usize::try_from(self.luck.below(shows.len() as u64)).unwrap_or(0);
        shows.get(which).copied()
    }

    fn refused(&self, error: &CatalogError) {
        self.auditor.borrow_mut().refused(error);
    }

    pub(super) async fn manage(self) {
        for _ in 0..=self.luck.below(4) {
            self.idle(6).await;
            let _ = match self.luck.below(100) {
                0..=24 => self.add().await,
                25..=39 => self.repeat().await,
                40..=47 => self.copy().await,
                48..=69 => self.move_one().await,
                70..=79 => self.edit().await,
                80..=84 => self.edit_card().await,
                85..=89 => self.close_or_open().await,
                90..=92 => self.cancel().await,
                _ => self.delete().await,
            };
        }
    }

    async fn add(&self) -> Option<()> {
        let new = NewShow {
            duration_minutes: Some(90 + 30 * u32::try_from(self.luck.below(3)).unwrap_or(0)),
            selection: SelectionRules { orphans: false, ..SelectionRules::default() },
            ..NewShow::new(self.halls.movie, self.hall()?, self.halls.card, self.start()?)
        };
        match self.engine.catalog().add_show(&self.manager(), &new).await {
            Ok(show) => self.auditor.borrow_mut().added(&[show.id]),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn repeat(&self) -> Option<()> {
        let (first, times) = (self.luck.below(3), (0..=self.luck.below(2)).filter_map(|_| self.time()));
        let mut times: Vec<_> = times.collect();
        times.dedup();
        let (from, to) = (self.date(first)?, self.date(first + self.luck.below(2))?);
        let new = RepeatShow {
            skip_clashes: self.luck.chance(50),
            duration_minutes: Some(120),
            selection: SelectionRules { orphans: false, ..SelectionRules::default() },
            ..RepeatShow::daily(self.halls.movie, self.hall()?, self.halls.card, from, to, times)
        };
        match self.engine.catalog().add_shows(&self.manager(), &new).await {
            Ok(added) => self.auditor.borrow_mut().added(&added.shows),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn copy(&self) -> Option<()> {
        let copy = CopyWeek {
            command: None,
            venue_id: None,
            auditorium_id: Some(self.hall()?),
            from: MONDAY.parse().ok()?,
            to: NEXT_MONDAY.parse().ok()?,
            clock_change: None,
            skip_clashes: self.luck.chance(80),
        };
        match self.engine.catalog().copy_week(&self.manager(), &copy).await {
            Ok(added) => self.auditor.borrow_mut().added(&added.shows),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    /// The revision that a change names: mostly the one that was seen.
    fn named(&self, revision: u64) -> Option<u64> {
        self.luck.chance(70).then_some(revision)
    }

    async fn move_one(&self) -> Option<()> {
        let (id, revision) = self.some_show().await?;
        self.idle(4).await;
        let to = MoveShow {
            auditorium_id: if self.luck.chance(50) { self.hall() } else { None },
            starts_at_local: self.start(),
            ..MoveShow::default()
        };
        let revision = self.named(revision);
        match self.engine.catalog().move_show(&self.manager(), id, revision, &to).await {
            Ok(_) => {
                let mut auditor = self.auditor.borrow_mut();
                auditor.tally.moves += 1;
                auditor.changed("show", &id.to_string(), revision);
            }
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn edit(&self) -> Option<()> {
        let (id, revision) = self.some_show().await?;
        self.idle(4).await;
        let edit = EditShow {
            language: Some(format!("by {}", self.number)),
            selection: SelectionRules { orphans: false, ..SelectionRules::default() },
            ..EditShow::new(self.halls.card)
        };
        match self.engine.catalog().edit_show(&self.manager(), id, Some(revision), &edit).await {
            Ok(_) => self.edited("show", &id.to_string(), revision),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    fn edited(&self, what: &'static str, id: &str, revision: u64) {
        let mut auditor = self.auditor.borrow_mut();
        auditor.tally.edits += 1;
        auditor.changed(what, id, Some(revision));
    }

    async fn edit_card(&self) -> Option<()> {
        let catalog = self.engine.catalog();
        let card = catalog.price_card(self.halls.card).await.ok()?;
        self.idle(4).await;
        let prices: Vec<_> = card
            .prices
            .iter()
            .map(|price| {
                serde_json::json!({
                    "category": price.category, "ticket_type": price.ticket_type,
                    "amount_minor": 500 + self.luck.below(1_000),
                })
            })
            .collect();
        let name = format!("By {} at {}", self.number, card.revision);
        let edit = serde_json::json!({
            "name": name, "currency": card.currency, "prices": prices, "booking_fee_minor": 30,
        });
        let edit: NewPriceCard = serde_json::from_value(edit).ok()?;
        match catalog.edit_price_card(&self.manager(), card.id, Some(card.revision), &edit).await {
            Ok(_) => self.edited("price card", &card.id.to_string(), card.revision),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn close_or_open(&self) -> Option<()> {
        let (id, revision) = self.some_show().await?;
        let (catalog, manager) = (self.engine.catalog(), self.manager());
        let outcome = if self.luck.chance(30) {
            catalog.close_sales(&manager, id, Some(revision), None).await
        } else {
            catalog.open_sales(&manager, id, Some(revision), None).await
        };
        match outcome {
            Ok(_) => self.edited("show", &id.to_string(), revision),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn cancel(&self) -> Option<()> {
        let (id, _) = self.some_show().await?;
        let request = CancelShow::because(format!("by {}", self.number));
        match self.engine.catalog().cancel_show(&self.manager(), id, &request).await {
            Ok(_) => self.auditor.borrow_mut().cancelled(id),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    async fn delete(&self) -> Option<()> {
        let (id, revision) = self.some_show().await?;
        self.auditor.borrow_mut().doomed(id);
        let revision = self.named(revision);
        match self.engine.catalog().delete_show(&self.manager(), id, revision, None).await {
            Ok(()) => self.auditor.borrow_mut().deleted(id),
            Err(error) => self.refused(&error),
        }
        Some(())
    }

    pub(super) async fn buy(self) {
        for _ in 0..=self.luck.below(2) {
            self.idle(10).await;
            let Some((show, _)) = self.some_show().await else { continue };
            let bookings = self.engine.bookings();
            let email = format!("c{}@example.org", self.number);
            let request = HoldSeats::best(show, 1).customer("Somebody", email);
            let Ok(held) = bookings.hold(&Actor::System, &request).await else { continue };
            self.idle(10).await;
            // Some think better of it, and say nothing.
            if self.luck.chance(20) {
                continue;
            }
            let counter = self.luck.chance(50);
            let how = if counter { ConfirmBooking::counter() } else { ConfirmBooking::paid_by("test", None) };
            if bookings.confirm(&Actor::System, held.id, &how).await.is_err() {
                continue;
            }
            self.auditor.borrow_mut().tally.sales += 1;
            if self.luck.chance(10) {
                self.idle(20).await;
                let _ = bookings.cancel(&Actor::System, held.id, &CancelBooking::because("Ill")).await;
            }
        }
    }
}
