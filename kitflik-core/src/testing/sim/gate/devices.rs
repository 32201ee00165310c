//! Devices at the gate, and the staff behind them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::auditor::Auditor;
use crate::testing::ports::{ManualClock, SeededEntropy};
use crate::testing::sim::turn;
use crate::{
    Actor, BookingId, CancelBooking, CheckIn, Clock, Kitflik, MergeCheckIns, OfflineGate, RevokeTicket, Role,
    Scan, ShowId, StaffId, TicketId, UndoCheckIn,
};

/// What somebody carries.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) booking: BookingId,
    pub(super) id: TicketId,
    pub(super) token: String,
}

pub(super) struct Device {
    pub(super) number: usize,
    pub(super) engine: Kitflik,
    pub(super) luck: Arc<SeededEntropy>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) show: ShowId,
    pub(super) tickets: Rc<Vec<Ticket>>,
    pub(super) logs: Rc<RefCell<Vec<Scan>>>,
    pub(super) auditor: Rc<RefCell<Auditor>>,
}

impl Device {
    fn name(&self) -> String {
        format!("device {}", self.number)
    }

    /// All ushers of the evening are logged in as one.
    fn usher() -> Actor {
        Actor::Staff { id: StaffId::from_bytes([1; 16]), role: Role::Usher }
    }

    fn manager() -> Actor {
        Actor::Staff { id: StaffId::from_bytes([2; 16]), role: Role::Manager }
    }

    async fn idle(&self, most: u64) {
        for _ in 0..self.luck.below(most) {
            turn().await;
        }
    }

    fn some_ticket(&self) -> Option<Ticket> {
        let which = usize::try_from(self.luck.below(self.tickets.len() as u64)).unwrap_or(0);
        self.tickets.get(which).cloned()
    }

    /// Scans with a network. What is not known is asked again with the same nonce.
    pub(super) async fn scan(self) {
        for round in 0..=self.luck.below(3) {
            self.idle(4).await;
            let Some(ticket) = self.some_ticket() else { return };
            let request =
                CheckIn::token(self.show, &ticket.token, self.name(), format!("{}-{round}", self.number));
            for _ in 0..4 {
                match self.engine.bookings().check_in(&Self::usher(), &request).await {
                    Ok(_) => {
                        self.auditor.borrow_mut().admitted(ticket.id, &request.device, &request.nonce);
                        // Some answers are lost on the way to the device.
                        if self.luck.chance(70) {
                            break;
                        }
                    }
                    Err(error) => {
                        self.auditor.borrow_mut().refused(&error);
                        if !error.code().is_retryable() {
                            break;
                        }
                    }
                }
                self.idle(4).await;
            }
        }
    }

    /// Goes where there is no network, and comes back; or does not, and its log is read later.
    pub(super) async fn scan_offline(self) {
        let pack = self.engine.bookings().gate_pack(&Self::usher(), self.show).await;
        let Ok(Ok(mut gate)) = pack.map(|pack| OfflineGate::new(pack, self.name())) else { return };
        let off_by = i64::try_from(self.luck.below(60_000)).unwrap_or(0) - 30_000;
        for round in 0..=self.luck.below(3) {
            self.idle(6).await;
            let Some(ticket) = self.some_ticket() else { return };
            let now = crate::Timestamp::from_millis(self.clock.now().millis() + off_by);
            if let Ok(admitted) = gate.scan(&ticket.token, &format!("o{round}"), now) {
                self.logs.borrow_mut().push(admitted.scan);
                self.auditor.borrow_mut().tally.offline += 1;
            }
        }
        for _ in 0..self.luck.below(3) {
            self.idle(6).await;
            let scans = gate.scans().iter().filter(|_| self.luck.chance(70));
            let request = MergeCheckIns { scans: scans.cloned().collect() };
            match self.engine.bookings().merge_check_ins(&Self::usher(), &request).await {
                Ok(_) => self.auditor.borrow_mut().uploaded(&request.scans),
                Err(error) => self.auditor.borrow_mut().refused(&error),
            }
        }
    }

    /// Undoes, revokes and cancels.
    pub(super) async fn manage(self) {
        self.idle(12).await;
        let Some(ticket) = self.some_ticket() else { return };
        let (bookings, reason) = (self.engine.bookings(), "The wrong person".to_owned());
        let outcome = match self.luck.below(10) {
            0..=6 => {
                let request =
                    UndoCheckIn { command: None, booking_id: ticket.booking, ticket_id: ticket.id, reason };
                let outcome = bookings.undo_check_in(&Self::manager(), &request).await;
                self.auditor.borrow_mut().tally.undone += u64::from(outcome.is_ok());
                outcome
            }
            7..=8 => {
                let request = RevokeTicket::because(reason);
                bookings.revoke_ticket(&Self::manager(), ticket.booking, ticket.id, &request).await.map(drop)
            }
            _ => {
                let request = CancelBooking::because(reason);
                bookings.cancel(&Self::manager(), ticket.booking, &request).await.map(drop)
            }
        };
        if let Err(error) = outcome {
            self.auditor.borrow_mut().refused(&error);
        }
    }
}
