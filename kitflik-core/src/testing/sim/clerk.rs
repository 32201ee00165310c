//! Clerks: they keep seats for the house, for a while or until they think better of it, and sell some of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::auditor::Auditor;
use super::turn;
use crate::testing::ports::SeededEntropy;
use crate::{
    Actor, BlockSeats, ConfirmBooking, HoldSeats, Kitflik, Role, SalesChannel, SeatId, StaffId, UnblockSeats,
};

pub(super) struct Clerk {
    name: String,
    engine: Kitflik,
    luck: Arc<SeededEntropy>,
    auditor: Rc<RefCell<Auditor>>,
}

impl Clerk {
    pub(super) fn new(
        name: String,
        engine: Kitflik,
        luck: Arc<SeededEntropy>,
        auditor: Rc<RefCell<Auditor>>,
    ) -> Self {
        Self { name, engine, luck, auditor }
    }

    pub(super) async fn live(self) {
        let (engine, show) = (self.engine.clone(), self.auditor.borrow().show);
        let me = Actor::Staff {
            id: StaffId::from_bytes([u8::try_from(self.luck.below(3)).unwrap_or(0); 16]),
            role: Role::BoxOffice,
        };
        let seats = self.some_seats();
        let mut block = BlockSeats::new(seats.clone(), "For the house");
        if self.luck.chance(50) {
            block.channels = vec![SalesChannel::BoxOffice];
        }
        let released = self.luck.chance(75);
        if released {
            let later = Duration::from_secs(20 + self.luck.below(240));
            block.release_at = Some(engine.now().plus(later));
        }
        block.command = self.luck.chance(50).then(|| format!("block-{}", self.name).parse().ok()).flatten();
        for _ in 0..3 {
            match engine.bookings().block_seats(&me, show, &block).await {
                Ok(_) => {
                    self.auditor.borrow_mut().tally.blocks += 1;
                    break;
                }
                Err(error) => self.auditor.borrow_mut().refused(&error),
            }
            self.idle(10).await;
        }
        self.idle(30).await;
        if self.luck.chance(40) {
            self.sell(&me, &seats).await;
            self.idle(30).await;
        }
        // What has no end is given back, or the hall would fill up.
        if !released || self.luck.chance(30) {
            let unblock = UnblockSeats { command: None, seats };
            for _ in 0..5 {
                match engine.bookings().unblock_seats(&me, show, &unblock).await {
                    Ok(_) => break,
                    Err(error) => self.auditor.borrow_mut().refused(&error),
                }
                self.idle(10).await;
            }
        }
    }

    /// Sells house seats over the counter; some do not come for them.
    async fn sell(&self, me: &Actor, seats: &[SeatId]) {
        let (show, crashes) = (self.auditor.borrow().show, self.auditor.borrow().tally.crashes);
        let email = format!("{}@example.org", self.name);
        let request = HoldSeats::seats(show, seats.iter().cloned()).customer(&self.name, email);
        let held = match self.engine.bookings().hold(me, &request).await {
            Ok(held) => held,
            Err(error) => return self.auditor.borrow_mut().refused(&error),
        };
        self.auditor.borrow_mut().held(&held, None, crashes);
        self.idle(20).await;
        match self.luck.below(4) {
            0 => {}
            1 => {
                let _ = self.engine.bookings().release(me, held.id, None).await;
            }
            _ => {
                self.auditor.borrow_mut().trying(held.id);
                match self.engine.bookings().confirm(me, held.id, &ConfirmBooking::counter()).await {
                    Ok(sold) => self.auditor.borrow_mut().sold(&sold, None),
                    Err(error) => self.auditor.borrow_mut().refused(&error),
                }
            }
        }
    }

    async fn idle(&self, most: u64) {
        for _ in 0..self.luck.below(most) {
            turn().await;
        }
    }

    /// Whole couples among them, or none could be sold.
    fn some_seats(&self) -> Vec<SeatId> {
        let pairs = [["A1", "A2"], ["A3", "A4"], ["A5", "A6"], ["B1", "B2"], ["B3", "B4"], ["B5", "B6"]];
        let pair = pairs.get(usize::try_from(self.luck.below(6)).unwrap_or(0));
        pair.into_iter().flatten().filter_map(|seat| seat.parse().ok()).collect()
    }
}
